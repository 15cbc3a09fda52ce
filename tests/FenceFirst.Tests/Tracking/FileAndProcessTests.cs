using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Tracking;
using FenceFirst.Core.Vrrp;
using FenceFirst.Tests.Machine;

namespace FenceFirst.Tests.Tracking;

/// <summary>keepalived: tracked files, tracked processes, and interfaces that are debounced.</summary>
public class FileAndProcessTests
{
    // keepalived, the row for files: number, weight, reverse; base priority 100.
    [Theory]
    [InlineData(0, 0, false, 100, false)]
    [InlineData(1, 0, false, 100, true)]
    [InlineData(-7, 0, false, 100, true)]
    [InlineData(0, 0, true, 100, true)]
    [InlineData(5, 0, true, 100, false)]
    [InlineData(5, 1, false, 105, false)]
    [InlineData(5, 3, false, 115, false)]
    [InlineData(-5, 3, false, 85, false)]
    [InlineData(5, -3, false, 85, false)]
    [InlineData(5, 3, true, 85, false)]
    [InlineData(500, 1, false, 254, false)]
    [InlineData(-253, 1, false, 1, false)]
    [InlineData(-254, 1, false, 100, true)]
    [InlineData(127, -2, false, 100, true)]
    [InlineData(int.MaxValue, 254, false, 254, false)]
    [InlineData(int.MaxValue, 254, true, 100, true)]
    public void A_file_contributes_its_number_times_the_weight(int number, int weight, bool isReversed, int priority, bool isFault)
    {
        VrrpConfig instance = TestConfig.Instance() with { TrackLinks = default, TrackFiles = [new TrackReference(0, weight, isReversed)] };
        NodeState state = new(TestConfig.Node(instance) with { Files = [File()] }, 0);
        state.Files[0] = number;
        Assert.Equal(new TrackingResult((byte)priority, isFault ? FaultCauses.File : FaultCauses.None, false), TrackingRules.Evaluate(instance, state));
    }

    // strtol with base 0, of the first bytes only; what is no number is none (keepalived takes 0 then, and so does the daemon, with a warning).
    [Theory]
    [InlineData("5\n", 5)]
    [InlineData("  -12 and more", -12)]
    [InlineData("+7", 7)]
    [InlineData("0x1F", 31)]
    [InlineData("0x", 0)]
    [InlineData("010", 8)]
    [InlineData("08", 0)]
    [InlineData("99999999999999999999", int.MaxValue)]
    [InlineData("-99999999999999999999", -int.MaxValue)]
    [InlineData("", null)]
    [InlineData("\n", null)]
    [InlineData("up", null)]
    [InlineData("-", null)]
    public void The_number_is_the_first_one(string text, int? expected)
    {
        bool isNumber = TrackedNumber.TryParse(Encoding.UTF8.GetBytes(text), out int value);
        Assert.Equal(expected, isNumber ? value : null);
    }

    // The running Master advertises the new priority with its next regular advert, not earlier, and recomputes from the number alone.
    [Fact]
    public void A_master_advertises_what_the_file_says_with_its_next_advert()
    {
        VrrpConfig instance = TestConfig.Instance() with { TrackFiles = [new TrackReference(0, -2, false)] };
        SimulatedNode m = MachineDriver.Alone(TestConfig.Node(instance) with { Files = [File()] });
        m.Driver.Advance(4);
        Assert.Equal(VrrpPhase.Master, m.Phase);
        int sent = m.Sent.Count;
        m.Deliver(NodeEvent.FileChanged(0, 10));
        Assert.Equal(sent, m.Sent.Count);
        m.Driver.Advance(1);
        Assert.Equal(80, m.Sent[^1].Priority);
        m.Deliver(NodeEvent.FileChanged(0, 3));
        m.Driver.Advance(1);
        Assert.Equal(94, m.Sent[^1].Priority);
        m.Deliver(NodeEvent.FileChanged(0, 200));
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        m.Deliver(NodeEvent.FileChanged(0, 0));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // Weight 0: until the processes have been counted the instance waits, then their number decides.
    [Theory]
    [InlineData(1, VrrpPhase.Backup)]
    [InlineData(0, VrrpPhase.Fault)]
    public void An_instance_waits_until_its_processes_are_counted(int count, VrrpPhase expected)
    {
        SimulatedNode m = Tracked(Process());
        Assert.Equal(VrrpPhase.Initialize, m.Phase);
        m.Deliver(NodeEvent.ProcessesCounted(0, count));
        Assert.Equal(expected, m.Phase);
    }

    // keepalived: the quorum is a range, and quorum_max 0 means that none may run.
    [Theory]
    [InlineData(1, int.MaxValue, 0, false)]
    [InlineData(1, int.MaxValue, 1, true)]
    [InlineData(2, 3, 1, false)]
    [InlineData(2, 3, 3, true)]
    [InlineData(2, 3, 4, false)]
    [InlineData(0, 0, 0, true)]
    [InlineData(0, 0, 1, false)]
    public void Processes_are_good_within_their_quorum(int least, int most, int count, bool isGood)
    {
        SimulatedNode m = Tracked(Process() with { Quorum = least, QuorumMax = most });
        m.Deliver(NodeEvent.ProcessesCounted(0, count));
        Assert.Equal(isGood, m.Phase == VrrpPhase.Backup);
    }

    // Both delays: a process that comes back in time changes nothing, one that does not is a fault when the delay ends.
    [Fact]
    public void Delays_swallow_a_restart()
    {
        SimulatedNode m = Tracked(Process() with { ForkDelay = TimeSpan.FromSeconds(0.5), TerminateDelay = TimeSpan.FromSeconds(2) });
        m.Deliver(NodeEvent.ProcessesCounted(0, 1));
        m.Deliver(NodeEvent.ProcessesCounted(0, 0));
        m.Driver.Advance(1.9);
        m.Deliver(NodeEvent.ProcessesCounted(0, 1));
        m.Driver.Advance(5);
        Assert.NotEqual(VrrpPhase.Fault, m.Phase);
        m.Deliver(NodeEvent.ProcessesCounted(0, 0));
        m.Driver.Advance(1.99);
        Assert.NotEqual(VrrpPhase.Fault, m.Phase);
        m.Driver.Advance(0.02);
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        m.Deliver(NodeEvent.ProcessesCounted(0, 1));
        m.Driver.Advance(0.49);
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        m.Driver.Advance(0.02);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // keepalived.conf(5): one process too many is caused by a fork, so it is fork_delay that it has to last.
    [Fact]
    public void One_process_too_many_has_to_last_for_the_fork_delay()
    {
        SimulatedNode m = Tracked(Process() with { QuorumMax = 1, ForkDelay = TimeSpan.FromSeconds(1) });
        m.Deliver(NodeEvent.ProcessesCounted(0, 1));
        m.Deliver(NodeEvent.ProcessesCounted(0, 2));
        m.Driver.Advance(0.9);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.Advance(0.2);
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        m.Deliver(NodeEvent.ProcessesCounted(0, 1));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // docs/promotion.md 8: in maintenance neither a file nor a process demotes a master; both count again at its end.
    [Fact]
    public void Maintenance_holds_for_files_and_processes_too()
    {
        VrrpConfig instance = TestConfig.Instance() with { TrackFiles = [new TrackReference(0, 0, false)], TrackProcesses = [new TrackReference(0, 0, false)] };
        SimulatedNode m = MachineDriver.Alone(TestConfig.Node(instance) with { Files = [File()], Processes = [Process()] });
        m.Deliver(NodeEvent.ProcessesCounted(0, 1));
        m.Driver.Advance(10);
        Assert.Equal(VrrpPhase.Master, m.Phase);
        m.Deliver(NodeEvent.MaintenanceChanged(-1, MonotonicInstant.Never));
        m.Deliver(NodeEvent.FileChanged(0, 1));
        m.Deliver(NodeEvent.ProcessesCounted(0, 0));
        Assert.Equal(VrrpPhase.Master, m.Phase);
        m.Deliver(NodeEvent.MaintenanceChanged(-1, MonotonicInstant.Zero));
        Assert.Equal((VrrpPhase.Fault, FaultCauses.File | FaultCauses.Process), (m.Phase, m.First.Faults));
    }

    // keepalived.conf(5), vrrp_track_process: what is compared, for each way of comparing. | stands for the zero between arguments.
    [Theory]
    [InlineData("nginx", "", ParameterMatch.None, false, "nginx", "anything|", true)]
    [InlineData("nginx", "", ParameterMatch.None, false, "nginx2", "nginx|", false)]
    [InlineData("/usr/sbin/x", "", ParameterMatch.None, true, "x", "/usr/sbin/x|-d|", true)]
    [InlineData("/usr/sbin/x", "", ParameterMatch.None, true, "x", "x|-d|", false)]
    [InlineData("x", "", ParameterMatch.Exact, true, "x", "x|", true)]
    [InlineData("x", "", ParameterMatch.Exact, true, "x", "x|-d|", false)]
    [InlineData("x", "-d -p", ParameterMatch.Exact, true, "x", "x|-d|-p|", true)]
    [InlineData("x", "-d -p", ParameterMatch.Exact, true, "x", "x|-d|-p|-q|", false)]
    [InlineData("x", "-d -p", ParameterMatch.Exact, true, "x", "x|-d|", false)]
    [InlineData("x", "-d", ParameterMatch.Partial, true, "x", "x|-d|-p|", true)]
    [InlineData("x", "-d", ParameterMatch.Partial, true, "x", "x|-dp|", false)]
    [InlineData("x", "-d", ParameterMatch.Initial, true, "x", "x|-dp|-q|", true)]
    [InlineData("x", "-d", ParameterMatch.Initial, true, "x", "x|d|", false)]
    [InlineData("x", "", ParameterMatch.Initial, true, "x", "x|d|", true)]
    [InlineData("x", "", ParameterMatch.None, true, "x", "", false)]
    public void A_process_is_found_by_name_or_command_line(
        string process, string parameters, ParameterMatch match, bool isFull, string name, string commandLine, bool isFound)
    {
        ProcessPattern pattern = new(new ProcessTracker("p", process)
        {
            Parameters = parameters.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToEquatableArray(),
            Match = match,
            IsFullCommand = isFull,
        });
        byte[] line = Encoding.UTF8.GetBytes(commandLine.Replace('|', '\0'));

        // Only as many bytes as the pattern asks for are ever read.
        int read = Math.Min(line.Length, pattern.CommandLineBytes);
        Assert.Equal(isFound, pattern.Matches(Encoding.UTF8.GetBytes(name), line.AsSpan(0, read)));
    }

    // keepalived.conf(5), interface_up_down_delays: back before the delay ends, nothing has happened; the start itself is not delayed.
    [Fact]
    public void A_delayed_interface_that_comes_back_was_never_down()
    {
        NodeConfig config = TestConfig.Node(TestConfig.Instance()) with
        {
            LinkDelays = [new LinkDelay(0, TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(0.5))],
        };
        SimulatedNode m = MachineDriver.Alone(config);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Deliver(NodeEvent.LinkChanged(0, false));
        Assert.True(m.Recorded(TimelineKind.LinkDelayed));
        m.Driver.Advance(1.4);
        m.Deliver(NodeEvent.LinkChanged(0, true));
        m.Driver.Advance(1.4);
        Assert.NotEqual(VrrpPhase.Fault, m.Phase);
        m.Deliver(NodeEvent.LinkChanged(0, false));
        m.Driver.Advance(1.6);
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        m.Deliver(NodeEvent.LinkChanged(0, true));
        m.Driver.Advance(0.4);
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        m.Driver.Advance(0.2);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // keepalived has one bit for all interfaces with weight 0: when one of two comes back its fault is gone. Here each has its own.
    [Fact]
    public void Two_interfaces_down_and_one_back_is_still_a_fault()
    {
        VrrpConfig instance = TestConfig.Instance() with { TrackLinks = [new TrackReference(0, 0, false), new TrackReference(1, 0, false)] };
        SimulatedNode m = MachineDriver.Alone(TestConfig.Node(instance) with { Links = ["eth0", "eth1"] }, isBooted: false);
        m.Boot();
        m.Deliver(NodeEvent.LinkChanged(1, true));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Deliver(NodeEvent.LinkChanged(0, false));
        m.Deliver(NodeEvent.LinkChanged(1, false));
        m.Deliver(NodeEvent.LinkChanged(1, true));
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        m.Deliver(NodeEvent.LinkChanged(0, true));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // notify_priority_changes: MASTER_PRIORITY and BACKUP_PRIORITY, only where it is asked for.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Changes_of_the_priority_are_told_where_asked_for(bool isAsked)
    {
        VrrpConfig instance = TestConfig.Instance() with { TrackFiles = [new TrackReference(0, 1, false)], IsPriorityNotified = isAsked };
        SimulatedNode m = MachineDriver.Alone(TestConfig.Node(instance) with { Files = [File()] });
        m.Deliver(NodeEvent.FileChanged(0, 1));
        m.Driver.Advance(4);
        m.Deliver(NodeEvent.FileChanged(0, 2));
        Notification[] expected = isAsked
            ? [Notification.Backup, Notification.BackupPriority, Notification.Master, Notification.MasterPriority]
            : [Notification.Backup, Notification.Master];
        Assert.Equal(expected, m.Notifications);
    }

    private static FileTracker File() => new("status", "/run/status");

    private static ProcessTracker Process() => new("web", "nginx");

    private static SimulatedNode Tracked(ProcessTracker tracker) =>
        MachineDriver.Alone(TestConfig.Node(TestConfig.Instance() with { TrackProcesses = [new TrackReference(0, 0, false)] }) with { Processes = [tracker] });
}
