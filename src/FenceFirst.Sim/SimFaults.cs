namespace FenceFirst.Sim;

/// <summary>What may go wrong in a run, each on or off on its own.</summary>
[Flags]
internal enum SimFaults : ulong
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Packets are lost, on each path with its own probability.</summary>
    Loss = 1UL << 0,

    /// <summary>Packets arrive twice, the second time up to 20 s later: a replay.</summary>
    Duplication = 1UL << 1,

    /// <summary>Packets take up to 4 s, and so overtake each other.</summary>
    Delay = 1UL << 2,

    /// <summary>Some nodes do not reach others, in both directions.</summary>
    Cuts = 1UL << 3,

    /// <summary>A path is cut in one direction only.</summary>
    OneWayCuts = 1UL << 4,

    /// <summary>A path loses protocol 112 only: ARP goes on.</summary>
    AdvertCuts = 1UL << 5,

    /// <summary>Packets arrive damaged.</summary>
    Damage = 1UL << 6,

    /// <summary>A host loses its power.</summary>
    PowerLoss = 1UL << 7,

    /// <summary>A daemon is killed; what it put into the kernel stays there.</summary>
    DaemonCrash = 1UL << 8,

    /// <summary>A daemon or host ends, or stops running, between two effects of one decision.</summary>
    MidTurn = 1UL << 9,

    /// <summary>An operator stops a daemon in order and starts it again later.</summary>
    Stop = 1UL << 10,

    /// <summary>A daemon does not run for a while, and its clock goes on.</summary>
    Pause = 1UL << 11,

    /// <summary>A whole machine is paused from outside: its clock stops too, and the kernel's leases with it.</summary>
    FrozenClock = 1UL << 12,

    /// <summary>A daemon's loop is late by up to a second, again and again.</summary>
    SlowLoop = 1UL << 13,

    /// <summary>Clocks run up to 1 % fast or slow.</summary>
    Drift = 1UL << 14,

    /// <summary>Wall clocks differ by up to 20 s and are set.</summary>
    WallClock = 1UL << 15,

    /// <summary>Links go down and up.</summary>
    LinkFlaps = 1UL << 16,

    /// <summary>A station that is none of ours uses a virtual address.</summary>
    Thief = 1UL << 17,

    /// <summary>Somebody on the host removes a virtual address.</summary>
    Removal = 1UL << 18,

    /// <summary>The kernel refuses to add or to remove.</summary>
    Kernel = 1UL << 19,

    /// <summary>Fences fail, with and without having worked.</summary>
    FenceFails = 1UL << 20,

    /// <summary>Fences take longer than their bound, or hang, and may strike late.</summary>
    FenceHangs = 1UL << 21,

    /// <summary>Fences report success and do nothing.</summary>
    FenceLies = 1UL << 22,

    /// <summary>Fences report success before the power is gone.</summary>
    FenceEarly = 1UL << 23,

    /// <summary>Fences power the target on again.</summary>
    FenceReboots = 1UL << 24,

    /// <summary>Check, run and demotion steps fail.</summary>
    StepFails = 1UL << 25,

    /// <summary>Steps hang, and some do not die when killed.</summary>
    StepHangs = 1UL << 26,

    /// <summary>Check scripts of the node change their results.</summary>
    Scripts = 1UL << 27,

    /// <summary>An operator says retry and confirm; a confirm is true.</summary>
    Operator = 1UL << 28,

    /// <summary>One node's adverts are refused by the others and theirs by it: another password, say.</summary>
    Mismatch = 1UL << 29,

    /// <summary>The disk of the state file is slow, refuses, or gives back what cannot be read.</summary>
    Disk = 1UL << 30,

    /// <summary>An operator begins and ends maintenance.</summary>
    Maintenance = 1UL << 31,

    /// <summary>An operator hands over.</summary>
    Handover = 1UL << 32,

    /// <summary>Everything with which G10 still has to hold.</summary>
    Truthful = All & ~(FenceLies | FenceEarly),

    /// <summary>Everything.</summary>
    All = (1UL << 33) - 1,
}
