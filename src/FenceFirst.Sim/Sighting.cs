using FenceFirst.Core.Promotion;

namespace FenceFirst.Sim;

/// <summary>What somebody who watches the nodes from outside can see.</summary>
internal enum SightingKind : byte
{
    /// <summary>A host has power.</summary>
    PowerOn = 0,

    /// <summary>A host has no power; <c>By</c> is the node that fenced it, -1 = nobody.</summary>
    PowerOff,

    /// <summary>A daemon begins a life.</summary>
    DaemonStarted,

    /// <summary>What the last life of a daemon knew was not all on the disk when it ended; told as the next one begins. <c>Number</c> 1 = the disk had failed or not answered in time.</summary>
    MemoryLost,

    /// <summary>A daemon's life has ended; <c>Number</c> 1 = in order.</summary>
    DaemonEnded,

    /// <summary>A daemon does not run from now on; <c>Number</c> 1 = its clock stands too, <c>Attempt</c> 1 = between two effects of one decision.</summary>
    Halted,

    /// <summary>It runs again; <c>Number</c> as above.</summary>
    Resumed,

    /// <summary>A daemon has done what there was to do at this instant.</summary>
    TurnEnded,

    /// <summary>A <c>Thing</c> of an instance came into the kernel.</summary>
    Added,

    /// <summary>A <c>Thing</c> of an instance left the kernel; <c>Number</c> is the <see cref="RemovalCause"/>.</summary>
    Removed,

    /// <summary>The lifetime of the addresses was set anew, by an addition or a renewal; <c>Number</c> 1 = a renewal.</summary>
    Refreshed,

    /// <summary>The kernel refused to add or remove <c>Thing</c>; <c>Number</c> 1 = to add.</summary>
    Refused,

    /// <summary>An advert left the host; <c>Number</c> is its priority.</summary>
    AdvertSent,

    /// <summary>A daemon has read and accepted an advert of node <c>By</c>; <c>Number</c> is its priority.</summary>
    AdvertHeard,

    /// <summary>The addresses were announced.</summary>
    Announced,

    /// <summary>The link is asked for the addresses.</summary>
    ProbeStarted,

    /// <summary>The probe ended; <c>Number</c> 1 = nobody answered.</summary>
    ProbeEnded,

    /// <summary>A step's program was started; <c>Number</c> its index, <c>IsDemotion</c>.</summary>
    StepStarted,

    /// <summary>A step's program ended, which the daemon may learn later; <c>Outcome</c>.</summary>
    StepEnded,

    /// <summary>A program that an earlier life of the daemon had started ended; <c>Attempt</c>.</summary>
    LeftoverEnded,

    /// <summary>A notify script runs; <c>Number</c> is the notification.</summary>
    Notified,

    /// <summary>The notify scripts of a sync group run: <c>Instance</c> is the group, <c>Number</c> the notification.</summary>
    GroupNotified,

    /// <summary>An operator confirmed that <c>By</c> is down; <c>Number</c> 1 = which is true.</summary>
    Confirmed,

    /// <summary>Somebody set a wall clock.</summary>
    WallClockSet,

    /// <summary>An operator begins maintenance for <c>Number</c> seconds, or ends it (0); <c>Attempt</c> 1 = of one instance only.</summary>
    Maintained,

    /// <summary>An operator said retry.</summary>
    Retried,

    /// <summary>Links went up (<c>Number</c> 1) or down; <c>Attempt</c> says which, a bit each.</summary>
    LinkChanged,

    /// <summary>The faults have ended: from now on things have to come right.</summary>
    Healed,
}

/// <summary>What a virtual router has in the kernel.</summary>
[Flags]
internal enum Thing : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The advertised addresses.</summary>
    Addresses = 1,

    /// <summary>The excluded addresses.</summary>
    Excluded = 2,

    /// <summary>The routes.</summary>
    Routes = 4,

    /// <summary>The rules.</summary>
    Rules = 8,
}

/// <summary>Who took something out of the kernel.</summary>
internal enum RemovalCause : byte
{
    /// <summary>The daemon.</summary>
    Daemon = 0,

    /// <summary>The daemon as it started: what an earlier life had left.</summary>
    Sweep,

    /// <summary>The kernel, because the lifetime was over.</summary>
    Lease,

    /// <summary>The power went.</summary>
    Power,

    /// <summary>Somebody else.</summary>
    Stranger,
}

/// <summary>One sighting: a small value.</summary>
internal struct Sighting
{
    /// <summary>What was seen.</summary>
    public SightingKind Kind;

    /// <summary>On which node.</summary>
    public byte Node;

    /// <summary>Of which instance.</summary>
    public byte Instance;

    /// <summary>What it is about.</summary>
    public Thing Thing;

    /// <summary>Whether a step belongs to the demotion.</summary>
    public bool IsDemotion;

    /// <summary>Level of a fence.</summary>
    public byte Level;

    /// <summary>Device in its level.</summary>
    public byte Device;

    /// <summary>Another node concerned; -1 = none.</summary>
    public sbyte By;

    /// <summary>A number.</summary>
    public int Number;

    /// <summary>Attempt number.</summary>
    public uint Attempt;

    /// <summary>How a program ended.</summary>
    public StepOutcome Outcome;

    /// <summary>When, in simulated time, nanoseconds.</summary>
    public long At;

    /// <summary>When, on the node's own clock.</summary>
    public long Clock;
}
