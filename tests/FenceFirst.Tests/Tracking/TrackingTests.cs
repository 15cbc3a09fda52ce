using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Tracking;
using FenceFirst.Core.Vrrp;
using FenceFirst.Tests.Machine;

namespace FenceFirst.Tests.Tracking;

/// <summary>keepalived: contributions, the result counter, bounds on check scripts.</summary>
public class TrackingTests
{
    private static readonly StepOutcome Failure = new(StepOutcomeKind.Exited, 1);

    // keepalived, every cell of the row for scripts and interfaces: weight, reverse, good or bad; base priority 100.
    [Theory]
    [InlineData(0, false, true, 100, false)]
    [InlineData(0, false, false, 100, true)]
    [InlineData(0, true, true, 100, true)]
    [InlineData(0, true, false, 100, false)]
    [InlineData(10, false, true, 110, false)]
    [InlineData(10, false, false, 100, false)]
    [InlineData(10, true, true, 90, false)]
    [InlineData(10, true, false, 100, false)]
    [InlineData(-10, false, true, 100, false)]
    [InlineData(-10, false, false, 90, false)]
    [InlineData(-10, true, true, 100, false)]
    [InlineData(-10, true, false, 110, false)]
    [InlineData(253, false, true, 254, false)]
    [InlineData(-253, false, false, 1, false)]
    public void A_tracker_contributes_what_the_table_says(int weight, bool isReversed, bool isGood, int priority, bool isFault)
    {
        VrrpConfig onLink = TestConfig.Instance() with { TrackLinks = [new TrackReference(0, weight, isReversed)] };
        NodeState state = new(TestConfig.Node(onLink), 0);
        state.LinksUp[0] = isGood;
        Assert.Equal(new TrackingResult((byte)priority, isFault ? FaultCauses.Link : FaultCauses.None, false), TrackingRules.Evaluate(onLink, state));
        VrrpConfig onScript = TestConfig.Instance() with { TrackLinks = default, TrackScripts = [new TrackReference(0, weight, isReversed)] };
        state = new NodeState(TestConfig.Node(onScript) with { Scripts = [Script()] }, 0);
        state.Scripts[0].Count(Script(), isGood);
        Assert.Equal(new TrackingResult((byte)priority, isFault ? FaultCauses.Script : FaultCauses.None, false), TrackingRules.Evaluate(onScript, state));
    }

    // keepalived: weights do not move an owner.
    [Fact]
    public void Weights_do_not_move_an_owner()
    {
        VrrpConfig owner = TestConfig.Instance(255) with { TrackLinks = [new TrackReference(0, -50, false)] };
        Assert.Equal(255, TrackingRules.Evaluate(owner, new NodeState(TestConfig.Node(owner), 0)).Priority);
    }

    // keepalived: s = success, f = failure; G = good, b = bad after each.
    [Theory]
    [InlineData(1, 1, "sfsf", "GbGb")]
    [InlineData(1, 3, "sffsfff", "GGGGGGb")]
    [InlineData(3, 1, "sfsss", "GbbbG")]
    [InlineData(3, 2, "sffssfsss", "GGbbbbbbG")]
    [InlineData(2, 2, "fss", "bbG")]
    [InlineData(3, 3, "fssfsss", "bbbbbbG")]
    public void Rise_and_fall_debounce_the_result(int rise, int fall, string results, string expected)
    {
        ScriptTracker script = Script() with { Rise = rise, Fall = fall };
        ScriptState state = ScriptState.Initial(script);
        string seen = "";
        foreach (char result in results)
        {
            state.Count(script, result == 's');
            seen += state.IsGood ? 'G' : 'b';
        }

        Assert.Equal(expected, seen);
    }

    // keepalived's manual: init_fail counts as bad before the first run, and rise successes are needed.
    [Fact]
    public void Init_fail_is_bad_from_the_start()
    {
        SimulatedNode m = Tracked(Script() with { IsInitiallyFailed = true, Rise = 2 });
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        m.Driver.Advance(0);
        m.AnswerScript(0, StepOutcome.Success);
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        m.Driver.Advance(1);
        m.AnswerScript(0, StepOutcome.Success);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // keepalived: weight 0 scripts hold the instance back until the first result; one success is enough, one failure as well.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_first_result_decides(bool isSuccess)
    {
        SimulatedNode m = Tracked(Script() with { Rise = 3, Fall = 3 });
        m.Driver.Advance(0);
        Assert.Equal(VrrpPhase.Initialize, m.Phase);
        m.AnswerScript(0, isSuccess ? StepOutcome.Success : Failure);
        Assert.Equal(isSuccess ? VrrpPhase.Backup : VrrpPhase.Fault, m.Phase);
    }

    // A script that cannot be started, or is killed by a signal, has failed.
    [Theory]
    [InlineData(StepOutcomeKind.CouldNotStart, 2)]
    [InlineData(StepOutcomeKind.CouldNotStart, 11)]
    [InlineData(StepOutcomeKind.Signalled, 15)]
    [InlineData(StepOutcomeKind.Exited, 126)]
    [InlineData(StepOutcomeKind.Exited, 127)]
    public void A_script_that_does_not_exit_with_zero_has_failed(StepOutcomeKind kind, int code)
    {
        SimulatedNode m = Tracked(Script());
        m.Driver.Advance(0);
        m.AnswerScript(0, new StepOutcome(kind, code));
        Assert.Equal(VrrpPhase.Fault, m.Phase);
    }

    // The bound itself counts as a failure, once, although the bound and the next start fall together; the late exit counts no more.
    [Fact]
    public void A_timeout_counts_once_and_at_once()
    {
        SimulatedNode m = Tracked(Script() with { Fall = 2 });
        m.Driver.Advance(0);
        m.AnswerScript(0, StepOutcome.Success);
        m.Driver.Advance(2.1);
        Assert.True(m.Recorded(TimelineKind.ScriptTimedOut));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.AnswerScript(0, StepOutcome.Success);
        Assert.True(m.State.Scripts[0].IsGood);
        m.Driver.Advance(1);
        m.AnswerScript(0, Failure);
        Assert.Equal(VrrpPhase.Fault, m.Phase);
    }

    // A script that cannot be killed counts as one more failure at each tick.
    [Fact]
    public void A_script_that_does_not_die_goes_on_failing()
    {
        SimulatedNode m = Tracked(Script() with { Fall = 3 });
        m.Driver.Advance(0);
        m.AnswerScript(0, StepOutcome.Success);
        m.Driver.Advance(3.5);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.Advance(1);
        Assert.Equal(VrrpPhase.Fault, m.Phase);
    }

    // keepalived: starts stay on the grid of the interval, and a run that is still under way skips its tick.
    [Fact]
    public void A_running_script_is_not_started_twice()
    {
        SimulatedNode m = Tracked(Script() with { Timeout = TimeSpan.FromSeconds(10) });
        m.Driver.Advance(5.5);
        Assert.Single(m.OpenScripts);
        m.AnswerScript(0, StepOutcome.Success);
        m.Driver.Advance(0.4);
        Assert.Empty(m.OpenScripts);
        m.Driver.Advance(0.1);
        Assert.Single(m.OpenScripts);
    }

    private static ScriptTracker Script() => new("check", TestConfig.Command("/check"));

    private static SimulatedNode Tracked(ScriptTracker script) =>
        MachineDriver.Alone(TestConfig.Node(TestConfig.Instance() with { TrackScripts = [new TrackReference(0, 0, false)] }) with { Scripts = [script] });
}
