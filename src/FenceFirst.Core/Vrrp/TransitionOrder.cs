namespace FenceFirst.Core.Vrrp;

/// <summary>One side effect of a transition.</summary>
public enum SideEffect : byte
{
    /// <summary>Send an advert with our priority and start the advert grid.</summary>
    Advertise = 0,

    /// <summary>Add the advertised addresses; acknowledged by the kernel.</summary>
    AddAddresses,

    /// <summary>Add the excluded addresses; acknowledged.</summary>
    AddExcluded,

    /// <summary>Add the routes; acknowledged.</summary>
    AddRoutes,

    /// <summary>Add the rules; acknowledged.</summary>
    AddRules,

    /// <summary>Send gratuitous ARP or unsolicited neighbour advertisements and arm the second burst.</summary>
    Announce,

    /// <summary>Send one gratuitous ARP or unsolicited neighbour advertisement for the instance's own source address, where it has unicast peers.</summary>
    AnnounceOwn,

    /// <summary>Remove the rules; acknowledged.</summary>
    RemoveRules,

    /// <summary>Remove the routes; acknowledged.</summary>
    RemoveRoutes,

    /// <summary>Remove the excluded addresses; acknowledged.</summary>
    RemoveExcluded,

    /// <summary>Remove the advertised addresses; acknowledged.</summary>
    RemoveAddresses,

    /// <summary>Run the demotion steps, awaited.</summary>
    Demote,

    /// <summary>Send priority 0: "I hold nothing and my demotion succeeded".</summary>
    Release,

    /// <summary>Run the notify scripts for the new state; nothing waits for them.</summary>
    Notify,

    /// <summary>Be in the new state, and say so in the log: Master, Backup, Fault or rest.</summary>
    Enter,
}

/// <summary>The order of every transition's side effects, as data (guarantee G5): the machine walks these tables and nothing else.</summary>
public static class TransitionOrder
{
    /// <summary>
    /// Whether the kernel's error number for a removal says that nothing is there, which is what was asked for: ENOENT, ESRCH, ENXIO, ENODEV,
    /// EADDRNOTAVAIL.
    /// </summary>
    public static bool IsGone(int errno) => errno is 2 or 3 or 6 or 19 or 99;

    private static readonly SideEffect[] RaiseOrder =
    [
        SideEffect.Enter,
        SideEffect.Advertise,
        SideEffect.AddAddresses,
        SideEffect.AddExcluded,
        SideEffect.AddRoutes,
        SideEffect.AddRules,
        SideEffect.Announce,
        SideEffect.Notify,
    ];

    private static readonly SideEffect[] LeaveOrder =
    [
        SideEffect.RemoveRules,
        SideEffect.RemoveRoutes,
        SideEffect.RemoveAddresses,
        SideEffect.RemoveExcluded,
        SideEffect.Demote,
        SideEffect.Release,
        SideEffect.Enter,
        SideEffect.Notify,
    ];

    private static readonly SideEffect[] RestoreOrder =
    [
        SideEffect.AddAddresses,
        SideEffect.AddExcluded,
        SideEffect.AddRoutes,
        SideEffect.AddRules,
        SideEffect.Announce,
    ];

    private static readonly SideEffect[] ListenOrder = [SideEffect.Enter, SideEffect.AnnounceOwn, SideEffect.Notify];

    private static readonly SideEffect[] ChangeOrder = [SideEffect.Enter, SideEffect.Notify];

    private static readonly SideEffect[] WithdrawOrder = [SideEffect.Enter];

    private static readonly SideEffect[] AssertOrder = [SideEffect.Advertise, SideEffect.Announce, SideEffect.Notify];

    private static readonly SideEffect[] AnswerOrder = [SideEffect.Advertise];

    private static readonly SideEffect[] ReassertOrder = [SideEffect.Announce, SideEffect.Notify];

    /// <summary>The side effects of a transition in their order.</summary>
    public static ReadOnlySpan<SideEffect> Of(Transition transition) => transition switch
    {
        Transition.None => [],
        Transition.Raise => RaiseOrder,
        Transition.Release => LeaveOrder,
        Transition.Yield => LeaveOrder,
        Transition.Restore => RestoreOrder,
        Transition.Start or Transition.Recover => ListenOrder,
        Transition.Fail or Transition.Stop or Transition.Delete => ChangeOrder,
        Transition.Withdraw => WithdrawOrder,
        Transition.Assert => AssertOrder,
        Transition.Answer => AnswerOrder,
        Transition.Reassert => ReassertOrder,
    };
}
