using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Tests.Machine;

/// <summary>RFC 9568 section 6.4 and ours: every kind of event in every phase, plain, with a promotion and with a demotion: no exception, invariants, and a golden table.</summary>
public class EveryEventInEveryPhaseTests
{
    private static readonly (string Name, Action<SimulatedNode> Act)[] Events =
    [
        ("Started", m => m.Deliver(NodeEvent.Started())),
        ("DeadlineReached early", m => m.Deliver(NodeEvent.DeadlineReached(0))),
        ("DeadlineReached on time", m => m.Driver.RunNext(MonotonicInstant.Never)),
        ("DeadlineReached an hour late", Suspended),
        ("DeadlineReached of the leases", m => m.Deliver(NodeEvent.DeadlineReached(m.State.Armed.Length - 1))),
        ("RenewalPhaseFound", m => m.Deliver(NodeEvent.RenewalPhaseFound(TimeSpan.FromMilliseconds(250)))),
        ("AdvertReceived 0", m => m.Hear('z', 0)),
        ("AdvertReceived lower", m => m.Hear('z', 50)),
        ("AdvertReceived equal, smaller address", m => m.Hear('a', 100)),
        ("AdvertReceived equal, greater address", m => m.Hear('z', 100)),
        ("AdvertReceived higher", m => m.Hear('z', 200)),
        ("PacketRefused", m => m.Deliver(NodeEvent.PacketRefused(0, DecodeError.WrongChecksum, TestConfig.AddressOf('z')))),
        ("StepEnded success", m => End(m, StepOutcome.Success)),
        ("StepEnded failure", m => End(m, new StepOutcome(StepOutcomeKind.Exited, 1))),
        ("StepEnded signal", m => End(m, new StepOutcome(StepOutcomeKind.Signalled, 9))),
        ("StepEnded not started", m => End(m, new StepOutcome(StepOutcomeKind.CouldNotStart, 2))),
        ("StepEnded stale", m => m.Deliver(NodeEvent.StepEnded(0, 77, StepOutcome.Success))),
        ("AddressesProbed nobody", m => Probed(m, InternetAddress.None)),
        ("AddressesProbed in use", m => Probed(m, m.Config.Instances[0].Addresses[0].Address)),
        ("AddressesProbed stale", m => m.Deliver(NodeEvent.AddressesProbed(0, 77, InternetAddress.None))),
        ("KernelAnswered success", m => Acknowledge(m, 0)),
        ("KernelAnswered refusal", m => Acknowledge(m, 12)),
        ("KernelAnswered stale", m => m.Deliver(NodeEvent.KernelAnswered(0, 77, 0))),
        ("ScriptEnded stale", m => m.Deliver(NodeEvent.ScriptEnded(0, 77, StepOutcome.Success))),
        ("ScriptEnded failure", m => Check(m, 1)),
        ("LinkChanged down", m => m.Deliver(NodeEvent.LinkChanged(0, false))),
        ("LinkChanged up", m => m.Deliver(NodeEvent.LinkChanged(0, true))),
        ("SourceChanged none", m => m.Deliver(NodeEvent.SourceChanged(0, InternetAddress.None))),
        ("SourceChanged other", m => m.Deliver(NodeEvent.SourceChanged(0, TestConfig.AddressOf('k')))),
        ("AddressLost", m => m.Deliver(NodeEvent.AddressLost(0))),
        ("LeftoverEnded", m => m.Deliver(NodeEvent.LeftoverEnded(77))),
        ("OperatorRetry", m => m.Deliver(NodeEvent.OperatorRetry(0))),
        ("OperatorConfirmed", m => m.Deliver(NodeEvent.OperatorConfirmed(0, TestConfig.AddressOf('z')))),
        ("OperatorHandover", m => m.Deliver(NodeEvent.OperatorHandover(0, TimeSpan.FromSeconds(60)))),
        ("MaintenanceChanged on", m => m.Deliver(NodeEvent.MaintenanceChanged(-1, MonotonicInstant.Never))),
        ("MaintenanceChanged off", m => m.Deliver(NodeEvent.MaintenanceChanged(-1, MonotonicInstant.Zero))),
        ("FenceTestChanged", m => m.Deliver(NodeEvent.FenceTestChanged([TestConfig.AddressOf('z')]))),
        ("MemoryKept", Written),
        ("MemoryKept stale", m => m.Deliver(NodeEvent.MemoryKept(0, 77))),
        ("ReplayMarkForgotten", m => m.Deliver(NodeEvent.ReplayMarkForgotten(0, TestConfig.AddressOf('z')))),
        ("StopRequested", m => m.Deliver(NodeEvent.StopRequested())),
        ("StopRequested twice", StopTwice),
    ];

    private static readonly (string Name, Action<SimulatedNode> Reach)[] Phases =
    [
        ("Initialize awaiting scripts", _ => { }),
        ("Backup", m => Check(m, 0)),
        ("Promoting", m => Raise(m, isAnswered: false)),
        ("Promoting awaiting the disk", m => { m.Driver.IsDiskQuick = false; Raise(m, isAnswered: true); }),
        ("Master raising", m => Raise(m, isAnswered: true)),
        ("Master", RaiseCompletely),
        ("Demoting removing", m => { RaiseCompletely(m); m.Deliver(NodeEvent.LinkChanged(0, false)); }),
        ("Demoting steps", m => { RaiseCompletely(m); m.Hear('z', 200); Acknowledge(m, 0); }),
        ("Backup handing over", m => { RaiseCompletely(m); m.Deliver(NodeEvent.OperatorHandover(0, TimeSpan.FromSeconds(60))); Acknowledge(m, 0); End(m, StepOutcome.Success); }),
        ("Backup in maintenance", m => { Check(m, 0); m.Deliver(NodeEvent.MaintenanceChanged(-1, MonotonicInstant.Never)); }),
        ("Fault", m => { Check(m, 0); m.Deliver(NodeEvent.LinkChanged(0, false)); }),
        ("Stopped", m => { Check(m, 0); m.Deliver(NodeEvent.StopRequested()); }),
    ];

    // Shown: phase after and effects of each pair, in a table that is reviewed like code.
    [Fact]
    public void Every_event_in_every_phase_does_what_the_table_says()
    {
        VrrpConfig plain = TestConfig.Instance() with { TrackScripts = [new TrackReference(0, 0, false)] };
        (string Name, VrrpConfig Config)[] configs =
        [
            ("plain", plain with { LeaseSeconds = 60 }),
            ("promotion", plain.Promote(TestConfig.Fence("z"))),
            ("levels", plain.Promote(TestConfig.Levels("a and b then c"))),
            ("probe", plain.Promote().Plan(plan => plan with { IsProbing = true })),
            ("demotion", plain.Promote(TestConfig.Run()).Demote(TestConfig.Run("stop_writes"))),
        ];
        StringBuilder table = new();
        foreach ((string configName, VrrpConfig config) in configs)
        {
            foreach ((string phaseName, Action<SimulatedNode> reach) in Phases)
            {
                table.Append($"{configName}, {phaseName}:\n");
                foreach ((string eventName, Action<SimulatedNode> act) in Events)
                {
                    SimulatedNode m = MachineDriver.Alone(TestConfig.Node(config) with { Scripts = [new ScriptTracker("check", TestConfig.Command("/check")) { Interval = TimeSpan.FromHours(20), Timeout = TimeSpan.FromHours(10) }] });
                    m.Driver.Kernel = (_, _) => null;
                    m.Driver.Probes = (_, _) => null;
                    m.Driver.Advance(0);
                    reach(m);
                    VrrpPhase before = m.Phase;
                    m.Last.Clear();
                    act(m);
                    string change = before == m.Phase ? "" : $" => {m.Phase}";
                    table.Append($"  {eventName,-40}{m.Seen}{change}".TrimEnd()).Append('\n');
                }
            }
        }

        GoldenFile.Check("every-event-every-phase.txt", table.ToString());
    }

    private static void Suspended(SimulatedNode m)
    {
        m.Driver.Suspend(3600);
        m.Driver.RunNext(MonotonicInstant.Never);
    }

    private static void StopTwice(SimulatedNode m)
    {
        m.Deliver(NodeEvent.StopRequested());
        m.Deliver(NodeEvent.StopRequested());
    }

    private static void Written(SimulatedNode m)
    {
        if (m.OpenKeeps.Count > 0)
        {
            m.AnswerDisk();
        }
    }

    private static void End(SimulatedNode m, StepOutcome outcome)
    {
        if (m.OpenSteps.Count == 1)
        {
            m.Answer(outcome);
        }
    }

    private static void Probed(SimulatedNode m, InternetAddress inUse)
    {
        if (m.OpenProbes.Count > 0)
        {
            m.AnswerProbe(inUse);
        }
    }

    private static void Acknowledge(SimulatedNode m, int errno)
    {
        if (m.OpenKernel.Count > 0)
        {
            m.AnswerKernel(errno);
        }
    }

    private static void Check(SimulatedNode m, int status)
    {
        if (m.OpenScripts.Count > 0)
        {
            m.AnswerScript(0, new StepOutcome(StepOutcomeKind.Exited, status));
        }
    }

    private static void Raise(SimulatedNode m, bool isAnswered)
    {
        Check(m, 0);
        m.Driver.AdvanceTo(m.First.MasterDownAt);
        if (isAnswered)
        {
            End(m, StepOutcome.Success);
            Probed(m, InternetAddress.None);
        }
    }

    private static void RaiseCompletely(SimulatedNode m)
    {
        Raise(m, isAnswered: true);
        Acknowledge(m, 0);
    }
}
