using System.Reflection;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;
using Xunit.Abstractions;

namespace FenceFirst.Sim.Tests;

/// <summary>Every state that a few nodes can reach, in every order and with any timing.</summary>
public class SmallWorldTests(ITestOutputHelper output)
{
    // Shown: two nodes that fence each other never own the address both (G10). How: every state there is. Packets are lost, late, doubled and replayed without bound;
    // clocks run freely and timers are late; fences succeed, fail, fail after having worked and strike after they are over; hosts and daemons die and come back.
    [Fact]
    public void Two_nodes_never_own_both_in_any_world()
    {
        SmallResult result = Walk(new SmallOptions(SmallOptions.Cluster(2)));
        Assert.True(result.IsComplete);
        Assert.Equal("", result.Story);
    }

    // Shown and how: as above with nopreempt.
    [Fact]
    public void Two_nodes_with_nopreempt_never_own_both_in_any_world()
    {
        SmallResult result = Walk(new SmallOptions(SmallOptions.Cluster(2, (instance, _) => instance with { IsPreempt = false })));
        Assert.True(result.IsComplete);
        Assert.Equal("", result.Story);
    }

    // Shown: three nodes, as far as the bound. How: a part of the states, the shortest ways first.
    [Fact]
    public void Three_nodes_never_own_twice_within_the_bound()
    {
        SmallResult result = Walk(new SmallOptions(SmallOptions.Cluster(3)) { StatesMax = 1_000_000 });
        Assert.False(result.IsComplete);
        Assert.Equal("", result.Story);
    }

    // Teeth: without promotion two timers are enough, and without a fence the probe does not help against a cut.
    [Fact]
    public void Plain_vrrp_has_two_owners_in_two_steps()
    {
        Assert.Equal(2, Walk(new SmallOptions(SmallOptions.Cluster(2, (instance, _) => instance with { Promotion = null }))).StoryLength);
        SmallResult probed = Walk(new SmallOptions(SmallOptions.Cluster(2, (instance, _) => instance with { Promotion = new PromotionPlan { IsProbing = true } })));
        Assert.Equal(4, probed.StoryLength);
        Assert.Contains("nobody answers for the address", probed.Story, StringComparison.Ordinal);
    }

    // Teeth: fences that lie.
    [Fact]
    public void A_lying_fence_has_two_owners_in_four_steps()
    {
        SmallResult result = Walk(new SmallOptions(SmallOptions.Cluster(2)) { IsLying = true });
        Assert.Equal(4, result.StoryLength);
        Assert.Contains("Entering MASTER STATE", result.Story, StringComparison.Ordinal);
    }

    // Teeth: three nodes of which each fences only one of the others.
    [Fact]
    public void Three_nodes_that_do_not_fence_all_own_twice()
    {
        NodeConfig[] nodes = SmallOptions.Cluster(3, (instance, _) => instance with
        {
            Promotion = instance.Promotion! with { Steps = [instance.Promotion!.Steps[0]] },
        });
        Assert.True(Walk(new SmallOptions(nodes)).StoryLength > 0);
    }

    // Shown: states are compared with all their times relative to now. How: every instant in a state, found by reflection, is shifted by the normalising; one that is
    // added later and forgotten there would make the worlds endless, or wrong.
    [Fact]
    public void Every_instant_of_a_state_is_relative()
    {
        NodeState state = new(SmallOptions.Cluster(2)[0], 0);
        MonotonicInstant now = new(77_000 * Nano.Second);
        MonotonicInstant soon = new(77_001 * Nano.Second);
        object instance = state.Instances[0];
        Instants(typeof(VrrpState)).ForEach(field => field.SetValue(instance, soon));
        List<FieldInfo> nested = [.. typeof(VrrpState).GetFields(BindingFlags.Public | BindingFlags.Instance)
            .Where(field => field.FieldType.IsValueType && !field.FieldType.IsEnum && Instants(field.FieldType).Count > 0)];
        Assert.Contains(nested, field => field.Name == nameof(VrrpState.Steps));
        foreach (FieldInfo part in nested)
        {
            object value = part.GetValue(instance)!;
            Instants(part.FieldType).ForEach(field => field.SetValue(value, soon));
            part.SetValue(instance, value);
        }

        state.Instances[0] = (VrrpState)instance;
        SmallNodes.Normalise(state, now);
        foreach (FieldInfo field in Instants(typeof(VrrpState)))
        {
            Assert.True((MonotonicInstant)field.GetValue(state.Instances[0])! < now, $"VrrpState.{field.Name} is not made relative");
        }

        foreach (FieldInfo part in nested)
        {
            foreach (FieldInfo field in Instants(part.FieldType))
            {
                Assert.True((MonotonicInstant)field.GetValue(part.GetValue(state.Instances[0]))! < now, $"VrrpState.{part.Name}.{field.Name} is not made relative");
            }
        }
    }

    private static List<FieldInfo> Instants(Type type) =>
        [.. type.GetFields(BindingFlags.Public | BindingFlags.Instance).Where(field => field.FieldType == typeof(MonotonicInstant))];

    private SmallResult Walk(SmallOptions options)
    {
        SmallResult result = new SmallWorld(options).Walk();
        output.WriteLine($"{result.States} states, {result.NodeStates} of single nodes, {result.Transitions} transitions, depth {result.Depth}, complete: {result.IsComplete}");
        output.WriteLine(result.Story);
        return result;
    }
}
