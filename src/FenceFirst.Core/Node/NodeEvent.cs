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

    /// <summary>A refused packet for instance <c>Index</c>: proof of somebody alive, never of who is master.</summary>
    PacketRefused,

    /// <summary>The step with <c>Attempt</c> of instance <c>Index</c> ended.</summary>
    StepEnded,

    /// <summary>The kernel answered request <c>Attempt</c> of instance <c>Index</c> with errno <c>Number</c>.</summary>
    KernelAnswered,

    /// <summary>The run <c>Attempt</c> of check script <c>Index</c> ended.</summary>
    ScriptEnded,

    /// <summary>Link <c>Index</c> went up (<c>Number</c> 1) or down or away (0).</summary>
    LinkChanged,

    /// <summary>The source address of instance <c>Index</c> is now <c>Address</c>; absent = none.</summary>
    SourceChanged,

    /// <summary>Somebody else removed an address, route or rule of instance <c>Index</c>.</summary>
    AddressLost,

    /// <summary>The probe <c>Attempt</c> of the addresses of instance <c>Index</c> ended: <c>Address</c> is in use by <c>Station</c>; absent = none is.</summary>
    AddressesProbed,

    /// <summary>Instance <c>Index</c> shall stop in order; -1 = all.</summary>
    StopRequested,

    /// <summary>Leases are best renewed <c>Number</c> nanoseconds after a full second of the clock.</summary>
    RenewalPhaseFound,

    /// <summary>An operator wants instance <c>Index</c> to try again now (<c>fencefirst retry</c>).</summary>
    OperatorRetry,

    /// <summary>An operator says that <c>Address</c> is certainly down (<c>fencefirst confirm</c>).</summary>
    OperatorConfirmed,
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

    /// <summary>Instance, script, link or timer, as <see cref="Kind"/> says; -1 = all.</summary>
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

    /// <summary>The daemon is ready.</summary>
    public static NodeEvent Started() => new(NodeEventKind.Started, -1);

    /// <summary>A timer's deadline has been reached. Timers 0..n-1 are the instances, then follow the check scripts, then one for all leases.</summary>
    public static NodeEvent DeadlineReached(int timer) => new(NodeEventKind.DeadlineReached, timer);

    /// <summary>An accepted advert.</summary>
    public static NodeEvent AdvertReceived(int instance, in VrrpAdvert advert, InternetAddress source) =>
        new(NodeEventKind.AdvertReceived, instance) { Advert = advert, Address = source };

    /// <summary>A refused packet.</summary>
    public static NodeEvent PacketRefused(int instance, DecodeError error, InternetAddress source) =>
        new(NodeEventKind.PacketRefused, instance) { Error = error, Address = source };

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
    public static NodeEvent StopRequested(int instance = -1) => new(NodeEventKind.StopRequested, instance);

    /// <summary>An operator wants an instance to try again now.</summary>
    public static NodeEvent OperatorRetry(int instance) => new(NodeEventKind.OperatorRetry, instance);

    /// <summary>An operator answers for the fence of a target.</summary>
    public static NodeEvent OperatorConfirmed(int instance, InternetAddress target) =>
        new(NodeEventKind.OperatorConfirmed, instance) { Address = target };
}
