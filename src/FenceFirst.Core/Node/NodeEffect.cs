using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <summary>What the host shall do, in the imperative.</summary>
public enum NodeEffectKind : byte
{
    /// <summary>Wake timer <c>Index</c> at <c>Deadline</c>; Never = disarm.</summary>
    ArmTimer = 0,

    /// <summary>Send one advert of instance <c>Index</c> with <c>Priority</c>, to every unicast peer or the group.</summary>
    SendAdvert,

    /// <summary>Ask the kernel for <c>Effect</c> of instance <c>Index</c>; answer with KernelAnswered(<c>Attempt</c>).</summary>
    AskKernel,

    /// <summary>Announce every address of instance <c>Index</c>, <c>Count</c> rounds.</summary>
    Announce,

    /// <summary>Start step <c>Step</c> (of a fence: its device <c>Device</c> of level <c>Level</c>) of the promotion (or demotion, as <c>IsDemotion</c> says) of instance <c>Index</c>; answer with StepEnded(<c>Attempt</c>).</summary>
    StartStep,

    /// <summary>End the step <c>Attempt</c> of instance <c>Index</c>: SIGTERM, then SIGKILL to its process group. It still answers.</summary>
    KillStep,

    /// <summary>Ask the link for every address of instance <c>Index</c>; answer with AddressesProbed(<c>Attempt</c>).</summary>
    ProbeAddresses,

    /// <summary>Run check script <c>Index</c>; answer with ScriptEnded(<c>Attempt</c>).</summary>
    StartScript,

    /// <summary>End the run <c>Attempt</c> of check script <c>Index</c>. It still answers.</summary>
    KillScript,

    /// <summary>Run the notify scripts of instance <c>Index</c> for <c>Notification</c>.</summary>
    Notify,

    /// <summary>Run the notify scripts of sync group <c>Index</c> for <c>Notification</c>.</summary>
    NotifyGroup,

    /// <summary>Append <c>Entry</c> to the journal and the log.</summary>
    Record,

    /// <summary>Give every address of instance <c>Index</c> its lifetime anew (G6); nothing is answered: a lost address is told of by its own event.</summary>
    RenewAddresses,

    /// <summary>
    /// Listen on the link, without sending, for whoever claims an address of instance <c>Index</c>; answer the first claim, or that it is impossible, with
    /// AddressesProbed(<c>Attempt</c>), once. It goes on until it is ended: <c>Attempt</c> 0 ends it, without an answer.
    /// </summary>
    WatchAddresses,

    /// <summary>Open the watchdog and keep it fed as long as the loop is on time; answer with WatchdogAnswered(<c>Attempt</c>).</summary>
    ArmWatchdog,

    /// <summary>Disarm the watchdog; nothing is answered.</summary>
    DisarmWatchdog,

    /// <summary>
    /// Write to the disk what has to survive the daemon, as it is now; answer with MemoryKept(<c>Attempt</c>) when it is there, cannot be written, or has
    /// taken longer than a bound of the host's.
    /// </summary>
    KeepMemory,

    /// <summary>Announce the own source address of instance <c>Index</c> once, on the interface that its adverts leave by.</summary>
    AnnounceOwn,
}

/// <summary>What notify scripts are told.</summary>
public enum Notification : byte
{
    /// <summary>MASTER.</summary>
    Master = 0,

    /// <summary>BACKUP.</summary>
    Backup,

    /// <summary>FAULT.</summary>
    Fault,

    /// <summary>STOP.</summary>
    Stop,

    /// <summary>MASTER_RX_LOWER_PRI.</summary>
    MasterHeardLower,

    /// <summary>DELETED: a reload has removed the instance.</summary>
    Deleted,

    /// <summary>MASTER_PRIORITY: the effective priority of a Master changed. Told to named pipes only.</summary>
    MasterPriority,

    /// <summary>BACKUP_PRIORITY: the effective priority of a Backup changed. Told to named pipes only.</summary>
    BackupPriority,
}

/// <summary>One effect: a small value in a buffer that the caller reuses.</summary>
public readonly record struct NodeEffect
{
    /// <summary>What to do.</summary>
    public NodeEffectKind Kind { get; init; }

    /// <summary>Instance, script or timer.</summary>
    public int Index { get; init; }

    /// <summary>Attempt number to answer with.</summary>
    public uint Attempt { get; init; }

    /// <summary>When to wake.</summary>
    public MonotonicInstant Deadline { get; init; }

    /// <summary>Priority to advertise, 0..255.</summary>
    public byte Priority { get; init; }

    /// <summary>Whether the advert is that of a router which holds the addresses, or did: it comes from the virtual MAC address where there is one. A candidate's does not.</summary>
    public bool IsOfMaster { get; init; }

    /// <summary>How many rounds of announcements.</summary>
    public int Count { get; init; }

    /// <summary>What to ask of the kernel.</summary>
    public SideEffect Effect { get; init; }

    /// <summary>Index of the step in its plan.</summary>
    public byte Step { get; init; }

    /// <summary>Index of the level of a fence; 0 for everything else.</summary>
    public byte Level { get; init; }

    /// <summary>Index of the device in its level; 0 for everything else.</summary>
    public byte Device { get; init; }

    /// <summary>Whether the step belongs to the demotion plan.</summary>
    public bool IsDemotion { get; init; }

    /// <summary>What to tell notify scripts.</summary>
    public Notification Notification { get; init; }

    /// <summary>What to record.</summary>
    public TimelineEntry Entry { get; init; }
}

/// <summary>Effects in the order in which they are to be carried out. Reused by the caller: a step allocates nothing once it has grown.</summary>
public sealed class EffectBuffer
{
    private NodeEffect[] _items = new NodeEffect[64];

    /// <summary>Number of effects held.</summary>
    public int Count { get; private set; }

    /// <summary>The effects held.</summary>
    public ReadOnlySpan<NodeEffect> Span => _items.AsSpan(0, Count);

    /// <summary>The effect at the index.</summary>
    public ref readonly NodeEffect this[int index] => ref _items[index];

    /// <summary>Forgets all effects and keeps the memory.</summary>
    public void Clear() => Count = 0;

    /// <summary>Appends an effect.</summary>
    public void Add(in NodeEffect effect)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, _items.Length * 2);
        }

        _items[Count++] = effect;
    }
}
