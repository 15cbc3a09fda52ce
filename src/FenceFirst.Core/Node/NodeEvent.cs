using FenceFirst.Core.Promotion;
using FenceFirst.Core.Wire;

namespace FenceFirst.Core.Node;

/// <summary>What happened, in the past tense.</summary>
public enum NodeEventKind : byte
{
    /// <summary>The daemon is ready: links and source addresses are known.</summary>
    Started = 0,

    /// <summary>The deadline of timer <c>Index</c> has been reached.</summary>
    DeadlineReached,

    /// <summary>An accepted advert for instance <c>Index</c>.</summary>
    AdvertReceived,

    /// <summary>A refused packet for instance <c>Index</c>: proof of somebody alive, never of who is master; <c>Number</c> 1 = overtaken, proof of nothing.</summary>
    PacketRefused,

    /// <summary>The step with <c>Attempt</c> of instance <c>Index</c> ended.</summary>
    StepEnded,

    /// <summary>The kernel answered request <c>Attempt</c> of instance <c>Index</c> with errno <c>Number</c>.</summary>
    KernelAnswered,

    /// <summary>The run <c>Attempt</c> of check script <c>Index</c> ended.</summary>
    ScriptEnded,

    /// <summary>Link <c>Index</c> went up (<c>Number</c> 1) or down or away (0).</summary>
    LinkChanged,

    /// <summary>Tracked file <c>Index</c> holds <c>Number</c> now.</summary>
    FileChanged,

    /// <summary>There are <c>Number</c> processes of tracker <c>Index</c> now.</summary>
    ProcessesCounted,

    /// <summary>The source address of instance <c>Index</c> is now <c>Address</c>; absent = none.</summary>
    SourceChanged,

    /// <summary>Somebody else removed an address, route or rule of instance <c>Index</c>.</summary>
    AddressLost,

    /// <summary>The probe <c>Attempt</c> of the addresses of instance <c>Index</c> ended: <c>Address</c> is in use by <c>Station</c>; absent = none is.</summary>
    AddressesProbed,

    /// <summary>Instance <c>Index</c> shall stop in order; -1 = all. <c>Number</c> 1 = a reload has removed it.</summary>
    StopRequested,

    /// <summary>The last process of <c>Attempt</c>, which an earlier life of the daemon started, has ended.</summary>
    LeftoverEnded,

    /// <summary>The watchdog was armed, as <c>Attempt</c> asked for, or could not be: errno <c>Number</c>.</summary>
    WatchdogAnswered,

    /// <summary>Leases are best renewed <c>Number</c> nanoseconds after a full second of the clock.</summary>
    RenewalPhaseFound,

    /// <summary>An operator wants instance <c>Index</c> to try again now (<c>fencefirst retry</c>).</summary>
    OperatorRetry,

    /// <summary>An operator says that <c>Address</c> is certainly down (<c>fencefirst confirm</c>).</summary>
    OperatorConfirmed,

    /// <summary>auth_hmac: what protects instance <c>Index</c> from replays of <c>Address</c> was forgotten; told before the advert that it came with.</summary>
    ReplayMarkForgotten,

    /// <summary>An operator wants instance <c>Index</c> to hand the addresses over and to hold itself back for <c>Duration</c> (<c>fencefirst handover</c>).</summary>
    OperatorHandover,

    /// <summary>Maintenance of instance <c>Index</c> (-1 = all) lasts until <c>Until</c>: by an operator, or restored after a restart (<c>fencefirst maintenance</c>).</summary>
    MaintenanceChanged,

    /// <summary>A fence of <c>Targets</c> runs outside of any promotion (<c>fencefirst fence-test</c>); none = it has ended.</summary>
    FenceTestChanged,

    /// <summary>What instance <c>Index</c> asked to be kept as <c>Attempt</c> is on the disk, or is not waited for any longer.</summary>
    MemoryKept,
}

/// <summary>One event: a small value, so that none is allocated per packet. Made by the factory methods only.</summary>
public readonly record struct NodeEvent
{
    private NodeEvent(NodeEventKind kind, int index)
    {
        Kind = kind;
        Index = index;
    }

    /// <summary>What happened.</summary>
    public NodeEventKind Kind { get; }

    /// <summary>Instance, script, link, file, process tracker or timer, as <see cref="Kind"/> says; -1 = all.</summary>
    public int Index { get; }

    /// <summary>The accepted advert.</summary>
    public VrrpAdvert Advert { get; private init; }

    /// <summary>Sender of a packet, or a source address.</summary>
    public InternetAddress Address { get; private init; }

    /// <summary>Attempt number answered.</summary>
    public uint Attempt { get; private init; }

    /// <summary>How a program ended.</summary>
    public StepOutcome Outcome { get; private init; }

    /// <summary>Errno, or a truth value.</summary>
    public int Number { get; private init; }

    /// <summary>Ethernet address of a station, in the lower six bytes, first byte highest.</summary>
    public ulong Station { get; private init; }

    /// <summary>Why a packet was refused.</summary>
    public DecodeError Error { get; private init; }

    /// <summary>How long an instance holds itself back; of an advert: how long it had waited when it was handed in.</summary>
    public TimeSpan Duration { get; private init; }

    /// <summary>When something ends by itself; Never = it does not, Zero = it has ended.</summary>
    public MonotonicInstant Until { get; private init; }

    /// <summary>Who is being fenced.</summary>
    public EquatableArray<InternetAddress> Targets { get; private init; }

    /// <summary>An event with all its parts, as a record holds it.</summary>
    internal static NodeEvent Restore(
        NodeEventKind kind,
        int index,
        in VrrpAdvert advert,
        InternetAddress address,
        uint attempt,
        StepOutcome outcome,
        int number,
        ulong station,
        DecodeError error,
        TimeSpan duration,
        MonotonicInstant until,
        in EquatableArray<InternetAddress> targets) => new(kind, index)
        {
            Advert = advert,
            Address = address,
            Attempt = attempt,
            Outcome = outcome,
            Number = number,
            Station = station,
            Error = error,
            Duration = duration,
            Until = until,
            Targets = targets,
        };

    /// <summary>The daemon is ready.</summary>
    public static NodeEvent Started() => new(NodeEventKind.Started, -1);

    /// <summary>A timer's deadline has been reached. Timers 0..n-1 are the instances, then follow check scripts, links and processes, then one for all leases.</summary>
    public static NodeEvent DeadlineReached(int timer) => new(NodeEventKind.DeadlineReached, timer);

    /// <summary>An accepted advert.</summary>
    /// <param name="instance">Index of the instance.</param>
    /// <param name="advert">What it says.</param>
    /// <param name="source">Who sent it.</param>
    /// <param name="waited">How long ago it was received; zero (the default) = now. Only a part is believed: <see cref="Vrrp.VrrpTimers.Waited"/>.</param>
    public static NodeEvent AdvertReceived(int instance, in VrrpAdvert advert, InternetAddress source, TimeSpan waited = default) =>
        new(NodeEventKind.AdvertReceived, instance) { Advert = advert, Address = source, Duration = waited };

    /// <summary>A refused packet; one that was overtaken (<see cref="HmacNotice.Overtaken"/>) proves nobody alive.</summary>
    public static NodeEvent PacketRefused(int instance, DecodeError error, InternetAddress source, bool isOvertaken = false) =>
        new(NodeEventKind.PacketRefused, instance) { Error = error, Address = source, Number = isOvertaken ? 1 : 0 };

    /// <summary>A step ended.</summary>
    public static NodeEvent StepEnded(int instance, uint attempt, StepOutcome outcome) =>
        new(NodeEventKind.StepEnded, instance) { Attempt = attempt, Outcome = outcome };

    /// <summary>The kernel answered; errno 0 = done.</summary>
    public static NodeEvent KernelAnswered(int instance, uint attempt, int errno) =>
        new(NodeEventKind.KernelAnswered, instance) { Attempt = attempt, Number = errno };

    /// <summary>A check script run ended.</summary>
    public static NodeEvent ScriptEnded(int script, uint attempt, StepOutcome outcome) =>
        new(NodeEventKind.ScriptEnded, script) { Attempt = attempt, Outcome = outcome };

    /// <summary>A link went up or down.</summary>
    public static NodeEvent LinkChanged(int link, bool isUp) => new(NodeEventKind.LinkChanged, link) { Number = isUp ? 1 : 0 };

    /// <summary>An instance's source address changed.</summary>
    public static NodeEvent SourceChanged(int instance, InternetAddress source) =>
        new(NodeEventKind.SourceChanged, instance) { Address = source };

    /// <summary>Somebody else removed something of ours.</summary>
    public static NodeEvent AddressLost(int instance) => new(NodeEventKind.AddressLost, instance);

    /// <summary>The link was asked for the addresses of an instance.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="attempt">Number of the probe.</param>
    /// <param name="inUse">The address that somebody else has; absent = nobody answered for any.</param>
    /// <param name="station">Who has it.</param>
    /// <param name="errno">Why the link could not be asked; 0 = it was.</param>
    public static NodeEvent AddressesProbed(int instance, uint attempt, InternetAddress inUse, ulong station = 0, int errno = 0) =>
        new(NodeEventKind.AddressesProbed, instance) { Attempt = attempt, Address = inUse, Station = station, Number = errno };

    /// <summary>The host has found out when the kernel is most exact about lifetimes.</summary>
    /// <param name="phase">Time after a full second of the clock, 0 up to 1 s.</param>
    public static NodeEvent RenewalPhaseFound(TimeSpan phase) => new(NodeEventKind.RenewalPhaseFound, -1) { Number = (int)(phase.Ticks % TimeSpan.TicksPerSecond) * 100 };

    /// <summary>Stop one instance, or all with -1.</summary>
    /// <param name="instance">The instance, or -1.</param>
    /// <param name="isDeleted">Whether a reload has removed it from the configuration.</param>
    public static NodeEvent StopRequested(int instance = -1, bool isDeleted = false) =>
        new(NodeEventKind.StopRequested, instance) { Number = isDeleted ? 1 : 0 };

    /// <summary>A tracked file holds another number.</summary>
    public static NodeEvent FileChanged(int file, int value) => new(NodeEventKind.FileChanged, file) { Number = value };

    /// <summary>There are more or fewer processes of a tracker.</summary>
    public static NodeEvent ProcessesCounted(int tracker, int count) => new(NodeEventKind.ProcessesCounted, tracker) { Number = count };

    /// <summary>What an earlier life of the daemon had started has ended.</summary>
    public static NodeEvent LeftoverEnded(uint attempt) => new(NodeEventKind.LeftoverEnded, -1) { Attempt = attempt };

    /// <summary>What an instance asked to be kept is on the disk, or is not waited for any longer.</summary>
    public static NodeEvent MemoryKept(int instance, uint attempt) => new(NodeEventKind.MemoryKept, instance) { Attempt = attempt };

    /// <summary>The watchdog was armed (errno 0) or could not be.</summary>
    public static NodeEvent WatchdogAnswered(uint attempt, int errno) => new(NodeEventKind.WatchdogAnswered, -1) { Attempt = attempt, Number = errno };

    /// <summary>An operator wants an instance to try again now.</summary>
    public static NodeEvent OperatorRetry(int instance) => new(NodeEventKind.OperatorRetry, instance);

    /// <summary>An operator answers for the fence of a target.</summary>
    public static NodeEvent OperatorConfirmed(int instance, InternetAddress target) =>
        new(NodeEventKind.OperatorConfirmed, instance) { Address = target };

    /// <summary>What protects from replays of a station was forgotten (<see cref="HmacNotice.ReplayMarkForgotten"/>).</summary>
    public static NodeEvent ReplayMarkForgotten(int instance, InternetAddress source) =>
        new(NodeEventKind.ReplayMarkForgotten, instance) { Address = source };

    /// <summary>An operator wants another node to be Master.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="within">How long it holds itself back after its release; more than zero.</param>
    public static NodeEvent OperatorHandover(int instance, TimeSpan within) => new(NodeEventKind.OperatorHandover, instance) { Duration = within };

    /// <summary>Maintenance begins, ends, or ends at another time than before.</summary>
    /// <param name="instance">The instance, or -1 for the whole node.</param>
    /// <param name="until">When it ends by itself; Never = it does not, Zero or any past instant = it ends now.</param>
    public static NodeEvent MaintenanceChanged(int instance, MonotonicInstant until) => new(NodeEventKind.MaintenanceChanged, instance) { Until = until };

    /// <summary>A fence runs outside of any promotion; one at a time.</summary>
    /// <param name="targets">Whom it fences; empty = it has ended.</param>
    public static NodeEvent FenceTestChanged(EquatableArray<InternetAddress> targets) => new(NodeEventKind.FenceTestChanged, -1) { Targets = targets };
}
