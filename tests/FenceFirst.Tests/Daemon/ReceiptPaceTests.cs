using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using FenceFirst.Daemon.Packets;
using FenceFirst.Tests.Machine;

namespace FenceFirst.Tests.Daemon;

/// <summary>Decision 104: how long adverts may wait in their sockets.</summary>
public sealed class ReceiptPaceTests
{
    private const int Many = 250;

    /// <summary>Backups of one interval that have all heard their master.</summary>
    private static SimulatedNode Backups(int count = Many, int milliseconds = 1000, byte priority = 100)
    {
        SimulatedNode node = MachineDriver.Alone(TestConfig.Node([.. Enumerable.Range(0, count).Select(i => TestConfig.Instance(priority, $"VI_{i}", (byte)(i + 1)).Version3(milliseconds))]));
        for (int i = 0; i < count; i++)
        {
            node.Hear('a', 255, i);
        }

        return node;
    }

    private static int Longest(SimulatedNode node) => ReceiptPace.Longest(node.Config, node.State, out _);

    // Shown: intervals, numbers and priorities. Short intervals are never waited for, few adverts are not worth a wait, and no wait is longer than half the skew.
    [Theory]
    [InlineData(250, 1000, 100, 10)]
    [InlineData(250, 500, 100, 10)]
    [InlineData(250, 499, 100, 0)]
    [InlineData(250, 100, 100, 0)]
    [InlineData(200, 1000, 100, 10)]
    [InlineData(199, 1000, 100, 0)]
    [InlineData(1, 1000, 100, 0)]
    [InlineData(250, 1000, 251, 9)]
    [InlineData(250, 1000, 254, 3)]
    [InlineData(250, 500, 255, 0)]
    public void Undisturbed_backups_may_wait(int count, int milliseconds, byte priority, int pause) => Assert.Equal(pause, Longest(Backups(count, milliseconds, priority)));

    // Shown: one instance of many that has something to react to is enough.
    [Fact]
    public void One_that_is_disturbed_is_waited_for_by_nobody()
    {
        Action<SimulatedNode>[] disturbances =
        [
            node => node.Hear('a', 0, 7),
            node => node.Hear('b', 50, 7),
            node => node.Hear('a', 255, 7, TimeSpan.FromMilliseconds(100)),
            node => node.State.Instances[7].Phase = VrrpPhase.Promoting,
            node => node.State.Instances[7].Phase = VrrpPhase.Master,
            node => node.State.Instances[7].Phase = VrrpPhase.Demoting,
            node => node.State.Instances[7].Master = InternetAddress.None,
            node => node.State.Instances[7].IsWantingMaster = true,
            node => node.State.Instances[7].Handover.Number = 1,
        ];
        Assert.All(disturbances, disturb =>
        {
            SimulatedNode node = Backups();
            Assert.Equal(10, Longest(node));
            disturb(node);
            Assert.Equal(0, Longest(node));
        });
    }

    // Adverts mean nothing to an instance that takes no part: it does not keep the others from waiting.
    [Theory]
    [InlineData(VrrpPhase.Fault)]
    [InlineData(VrrpPhase.Initialize)]
    public void One_that_takes_no_part_does_not_matter(VrrpPhase phase)
    {
        SimulatedNode node = Backups();
        node.State.Instances[7].Phase = phase;
        Assert.Equal(10, Longest(node));
    }

    // Shown: nothing waits after a turn in which nothing was received, or in which more was left in the socket.
    [Fact]
    public void Only_a_turn_that_has_emptied_the_sockets_is_followed_by_a_wait()
    {
        SimulatedNode node = Backups();
        ReceiptPace pace = new();
        Assert.Equal(0, pace.Next(node.Config, node.State));
        pace.Received((1, false));
        Assert.Equal(10, pace.Next(node.Config, node.State));
        pace.Received((64, true));
        pace.Received((2, false));
        Assert.Equal(0, pace.Next(node.Config, node.State));
        pace.Received((30, false));
        Assert.Equal(10, pace.Next(node.Config, node.State));
    }

    // Each wait is a wake-up of its own. Shown: one that brings nothing is followed by sixteen wake-ups without, and then tried again.
    [Fact]
    public void Waits_that_bring_nothing_are_rare()
    {
        SimulatedNode node = Backups();
        ReceiptPace pace = new();
        List<int> waited = [];
        for (int i = 0; i < 40; i++)
        {
            pace.Received((1, false));
            waited.Add(pace.Next(node.Config, node.State));
            if (waited[^1] > 0)
            {
                Assert.Equal(0, pace.Next(node.Config, node.State));
            }
        }

        Assert.Equal([0, 16, 32], Enumerable.Range(0, 40).Where(i => waited[i] > 0));
    }

    // Shown: what is known goes on for adverts that move their timers, and is looked up anew after anything else, an advert with another interval among them.
    [Fact]
    public void What_happens_between_is_not_overlooked()
    {
        SimulatedNode node = Backups();
        (NodeEvent Event, bool IsRoutine)[] happenings =
        [
            (Advert(255, 1000), true),
            (NodeEvent.StopRequested(7), false),
            (Advert(0, 1000), false),
            (Advert(255, 400), false),
            (NodeEvent.LinkChanged(0, true), false),
        ];
        Assert.All(happenings, happening =>
        {
            ReceiptPace pace = new();
            pace.Received((5, false));
            Assert.Equal(10, pace.Next(node.Config, node.State));
            EffectBuffer effects = new();
            NodeState state = Backups().State;
            NodeMachine.Step(node.Config, state, happening.Event, node.Driver.Now + TimeSpan.FromMilliseconds(5), effects);
            pace.Look(happening.Event, effects);

            // Another state in the place of the first: whether it is looked at shows.
            state.Instances[8].Phase = VrrpPhase.Master;
            pace.Received((5, false));
            Assert.Equal(happening.IsRoutine ? 10 : 0, pace.Next(node.Config, state));
        });

        static NodeEvent Advert(byte priority, int milliseconds) =>
            NodeEvent.AdvertReceived(7, new VrrpAdvert(3, 8, priority, 1, TimeSpan.FromMilliseconds(milliseconds), default), TestConfig.AddressOf('a'));
    }
}
