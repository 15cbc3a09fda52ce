namespace FenceFirst.Sim;

/// <summary>What a scenario does to the nodes.</summary>
internal enum ActionKind : byte
{
    /// <summary>The path from <c>Node</c> to <c>Other</c> is cut.</summary>
    Cut = 0,

    /// <summary>The path from <c>Node</c> to <c>Other</c> loses adverts only: ARP goes on.</summary>
    CutAdverts,

    /// <summary>The path is whole again.</summary>
    Heal,

    /// <summary>The power goes.</summary>
    PowerOff,

    /// <summary>The power comes, and with it the daemon.</summary>
    PowerOn,

    /// <summary>The daemon dies; what it put into the kernel stays.</summary>
    Kill,

    /// <summary>The daemon is started.</summary>
    Start,

    /// <summary>The daemon is asked to stop, in order.</summary>
    Stop,

    /// <summary>The daemon does not run for <c>Duration</c> (SIGSTOP); the machine goes on.</summary>
    Pause,

    /// <summary>The whole machine does not run for <c>Duration</c>, its clock stands still.</summary>
    Suspend,

    /// <summary>The cable is pulled.</summary>
    LinkDown,

    /// <summary>The cable is put back.</summary>
    LinkUp,

    /// <summary>fencefirst handover.</summary>
    Handover,

    /// <summary>fencefirst maintenance on, for <c>Duration</c>.</summary>
    MaintenanceOn,

    /// <summary>fencefirst maintenance off.</summary>
    MaintenanceOff,

    /// <summary>fencefirst confirm: on <c>Node</c>, that <c>Other</c> is down.</summary>
    Confirm,

    /// <summary>fencefirst retry.</summary>
    Retry,

    /// <summary>The fences of target <c>Other</c> (by <c>Node</c>; -1 = by whomever), or those of device <c>Name</c>, do <c>Behaviour</c>.</summary>
    Fence,

    /// <summary>The script or step <c>Name</c> of <c>Node</c> (-1 = of all) does <c>Behaviour</c>.</summary>
    Script,

    /// <summary><c>Number</c> of 1000 packets from <c>Node</c> to <c>Other</c> are lost.</summary>
    Loss,

    /// <summary>Packets from <c>Node</c> to <c>Other</c> take <c>Duration</c> longer.</summary>
    Delay,
}

/// <summary>What a fence, script or step does when it is started.</summary>
internal enum BehaviourKind : byte
{
    /// <summary>It succeeds.</summary>
    Works = 0,

    /// <summary>It ends with failure and has done nothing.</summary>
    Fails,

    /// <summary>It never ends by itself and does nothing.</summary>
    Hangs,

    /// <summary>A fence reports success and has done nothing.</summary>
    Lies,

    /// <summary>A fence reports success before the power is gone.</summary>
    ReportsEarly,

    /// <summary>The management board does not answer: failure, after a while.</summary>
    Unreachable,

    /// <summary>A fence takes the power and gives it back.</summary>
    Reboots,
}

/// <summary>A behaviour, and how long it takes.</summary>
/// <param name="Kind">What.</param>
/// <param name="Takes">Nanoseconds; 0 = what is usual.</param>
internal readonly record struct Behaviour(BehaviourKind Kind, long Takes = 0);

/// <summary>One thing that happens at its time.</summary>
/// <param name="At">Nanoseconds from the beginning; what has no time stands at 0.</param>
/// <param name="Kind">What happens.</param>
internal sealed record ScenarioAction(long At, ActionKind Kind)
{
    /// <summary>To whom; -1 = to all.</summary>
    public int Node { get; init; } = -1;

    /// <summary>The other node; -1 = all others.</summary>
    public int Other { get; init; } = -1;

    /// <summary>Which instance; -1 = all.</summary>
    public int Instance { get; init; } = -1;

    /// <summary>How long, nanoseconds; Never = until something else is said.</summary>
    public long Duration { get; init; } = Nano.Never;

    /// <summary>A number.</summary>
    public int Number { get; init; }

    /// <summary>Name of a script, step or device.</summary>
    public string Name { get; init; } = "";

    /// <summary>What a fence or script does from now on.</summary>
    public Behaviour Behaviour { get; init; }

    /// <summary>The words of the scenario, for the timeline; empty = part of another one.</summary>
    public string Text { get; init; } = "";
}

/// <summary>What can be expected.</summary>
internal enum ClaimKind : byte
{
    /// <summary><c>Node</c> is <c>State</c>.</summary>
    State = 0,

    /// <summary>Somebody holds the address.</summary>
    Owned,

    /// <summary>Two nodes hold the same address.</summary>
    TwoOwners,

    /// <summary><c>Node</c> has lost its power to a fence, at some time since the beginning.</summary>
    Fenced,
}

/// <summary>In what a node can be seen.</summary>
internal enum ClaimState : byte
{
    /// <summary>State Master.</summary>
    Master = 0,

    /// <summary>State Backup.</summary>
    Backup,

    /// <summary>State Promoting.</summary>
    Promoting,

    /// <summary>State Demoting.</summary>
    Demoting,

    /// <summary>State Fault.</summary>
    Fault,

    /// <summary>The kernel has the address.</summary>
    Owner,

    /// <summary>The machine has no power.</summary>
    Off,

    /// <summary>The machine has power and no daemon runs.</summary>
    Dead,
}

/// <summary>When a claim has to be true.</summary>
internal enum ClaimMode : byte
{
    /// <summary>At <c>At</c>.</summary>
    Instant = 0,

    /// <summary>At some time from <c>At</c> on, for no longer than <c>Within</c> later.</summary>
    Within,

    /// <summary>At no time from <c>At</c> on.</summary>
    Never,

    /// <summary>Again and again: never false for longer than <c>Within</c>.</summary>
    NeverLongerWithout,
}

/// <summary>One expectation.</summary>
/// <param name="Kind">What is expected.</param>
/// <param name="Mode">When.</param>
/// <param name="At">Nanoseconds from the beginning; Never = the end.</param>
internal sealed record ScenarioClaim(ClaimKind Kind, ClaimMode Mode, long At)
{
    /// <summary>Nanoseconds.</summary>
    public long Within { get; init; } = Nano.Never;

    /// <summary>Whom it is about; -1 = anybody.</summary>
    public int Node { get; init; } = -1;

    /// <summary>Which instance; -1 = every one.</summary>
    public int Instance { get; init; } = -1;

    /// <summary>In what state.</summary>
    public ClaimState State { get; init; }

    /// <summary>The words of the scenario.</summary>
    public required string Text { get; init; }

    /// <summary>Its line in the scenario.</summary>
    public int Line { get; init; }
}

/// <summary>A story: what happens to the nodes, and what is expected of them.</summary>
internal sealed record Scenario
{
    /// <summary>How long it lasts when it does not say: this much after its last statement.</summary>
    public const long DurationAfterLast = 60 * Nano.Second;

    /// <summary>Nanoseconds from the beginning to the end.</summary>
    public long Duration { get; init; } = DurationAfterLast;

    /// <summary>Whether all nodes are switched on at the beginning. Otherwise one is master already and the others follow it.</summary>
    public bool IsCold { get; init; }

    /// <summary>Who is master at the beginning; -1 = the one with the highest priority.</summary>
    public int FirstMaster { get; init; } = -1;

    /// <summary>What happens, by time.</summary>
    public IReadOnlyList<ScenarioAction> Actions { get; init; } = [];

    /// <summary>What is expected, in the order of the file.</summary>
    public IReadOnlyList<ScenarioClaim> Claims { get; init; } = [];
}
