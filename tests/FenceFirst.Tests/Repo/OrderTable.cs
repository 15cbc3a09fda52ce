using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Repo;

/// <summary>What somebody outside of a daemon can see of a transition.</summary>
internal enum Sight
{
    Advert = 0,
    PriorityZero,
    AddressAdded,
    ExcludedAdded,
    RouteAdded,
    RuleAdded,
    Announced,
    OwnAnnounced,
    RuleRemoved,
    RouteRemoved,
    AddressRemoved,
    ExcludedRemoved,
    PipeLine,
    StateScript,
    NotifyScript,
    Filtered,
    ExcludedFiltered,
    Unfiltered,
    ExcludedUnfiltered,
    StaticAddressAdded,
    StaticRouteAdded,
    StaticAddressRemoved,
    StaticRouteRemoved,
}

/// <summary>One of the differences that docs/order.md lists: what it makes of keepalived's order.</summary>
/// <param name="Text">The sentence of the page.</param>
/// <param name="Apply">keepalived's order as it would be with this difference alone.</param>
internal sealed record OrderDifference(string Text, Func<IReadOnlyList<Sight>, IReadOnlyList<Sight>> Apply);

/// <summary>A transition as both daemons go through it.</summary>
/// <param name="Title">What happens.</param>
/// <param name="When">What brings it about.</param>
/// <param name="Transition">Ours.</param>
/// <param name="Keepalived">What 2.2.7 shows, in its order; <c>OrderTests</c> (system tests) records it.</param>
/// <param name="Differences">Every difference between the two, in the order in which they are applied.</param>
internal sealed record OrderRow(string Title, string When, Transition Transition, IReadOnlyList<Sight> Keepalived, params OrderDifference[] Differences)
{
    /// <summary>What somebody else has removed before a Restore; absent = nothing, a reload has brought an address.</summary>
    public Sight? TakenAway { get; init; }

    /// <summary>Whether an advert is noticed where none is expected; elsewhere those of the grid are passed over.</summary>
    public bool IsEveryAdvertNoticed { get; init; }

    /// <summary>Whether every advert of ours is noticed, since those of the grid are far away.</summary>
    public bool IsGridFar { get; init; }

    /// <summary>Whether the instance has no_accept.</summary>
    public bool IsFiltered { get; init; }

    /// <summary>Whether the drawing does without its cause: that of another row of the same transition is near enough.</summary>
    public bool IsVariant { get; init; }

    /// <summary>Whether the instance has unicast peers.</summary>
    public bool IsUnicast { get; init; }

    /// <summary>What comes before the table: an answer in advance, or what an earlier life has left.</summary>
    public IReadOnlyList<Sight> Before { get; init; } = [];

    /// <summary>What comes after the table: the end of the daemon.</summary>
    public IReadOnlyList<Sight> After { get; init; } = [];

    /// <summary>What cannot be seen of it.</summary>
    public IReadOnlyList<Sight> Hidden { get; init; } = [];

    /// <summary>What ours shows: made of the table that the machine walks.</summary>
    public IReadOnlyList<Sight> Ours => [.. Before, .. TransitionOrder.Of(Transition).ToArray().SelectMany(Shown).Where(sight => !Hidden.Contains(sight)), .. After];

    private IEnumerable<Sight> Shown(SideEffect effect) => effect switch
    {
        SideEffect.Advertise => [Sight.Advert],
        SideEffect.AddAddresses => [.. Filter(Sight.Filtered), .. Added(Sight.AddressAdded)],
        SideEffect.AddExcluded => [.. Filter(Sight.ExcludedFiltered), .. Added(Sight.ExcludedAdded)],
        SideEffect.AddRoutes => Added(Sight.RouteAdded),
        SideEffect.AddRules => Added(Sight.RuleAdded),
        SideEffect.Announce => [Sight.Announced],
        SideEffect.AnnounceOwn => IsUnicast ? [Sight.OwnAnnounced] : [],
        SideEffect.RemoveRules => [Sight.RuleRemoved],
        SideEffect.RemoveRoutes => [Sight.RouteRemoved],
        SideEffect.RemoveExcluded => [Sight.ExcludedRemoved, .. Filter(Sight.ExcludedUnfiltered)],
        SideEffect.RemoveAddresses => [Sight.AddressRemoved, .. Filter(Sight.Unfiltered)],

        // An instance without promotion and demotion: it has no steps, and yields in silence (decision 6).
        SideEffect.Demote => [],
        SideEffect.Release => Transition == Transition.Yield ? [] : [Sight.PriorityZero, Sight.PriorityZero],
        SideEffect.Notify => Transition == Transition.Assert ? [Sight.PipeLine, Sight.StateScript] : [Sight.PipeLine, Sight.StateScript, Sight.NotifyScript],
        SideEffect.Enter => [],
    };

    private IEnumerable<Sight> Filter(Sight sight) => IsFiltered ? [sight] : [];

    /// <summary>In a Restore only what is missing shows.</summary>
    private IEnumerable<Sight> Added(Sight sight) => Transition != Transition.Restore || sight == OrderTable.BackOf(TakenAway ?? Sight.AddressRemoved) ? [sight] : [];
}

/// <summary>Every transition of both daemons: docs/order.md is made of it, and the tests with the real kernel look for it.</summary>
internal static class OrderTable
{
    public static readonly OrderDifference PriorityZeroLast = new(
        "keepalived says priority 0 first and removes afterwards; a fault says it twice. Here it is the last word, twice, because it means \"I hold nothing and my demotion has succeeded\" "
        + "([decision 5](decisions/005-order-also-where-keepalived-releases-first.md)). Release goes on advertising until then; Yield is silent from the beginning, and a plain instance that yields says no priority 0, as in keepalived "
        + "([decision 6](decisions/006-plain-instances-yield-in-silence.md)).",
        theirs =>
        {
            List<Sight> ours = [.. theirs.Where(sight => sight != Sight.PriorityZero)];
            int told = ours.FindIndex(sight => sight is Sight.StateScript or Sight.NotifyScript or Sight.PipeLine);
            ours.InsertRange(told, [Sight.PriorityZero, Sight.PriorityZero]);
            return ours;
        });

    public static readonly OrderDifference PipeFirst = new(
        "The line in the named pipe is written first; the scripts are started one after the other ([notifications.md](notifications.md)). keepalived starts them at once, beside each other, so that they may overtake, and then writes the line.",
        theirs => [.. theirs.Where(sight => !IsTold(sight)), .. theirs.Where(sight => sight == Sight.PipeLine), .. theirs.Where(sight => IsTold(sight) && sight != Sight.PipeLine)]);

    public static readonly OrderDifference RestoredInPlace = new(
        "What somebody removes, address, route or rule, is put back in place ([decision 10](decisions/010-a-removed-address-is-put-back.md)). keepalived goes to Backup with everything that belongs to it, and comes back after the skew.",
        theirs => [.. theirs.Where(sight => sight == Sight.Announced || (IsAdded(sight) && !theirs.Any(gone => BackOf(gone) == sight)))]);

    public static readonly OrderDifference StallYields = new(
        "A master that was stopped, or starved, for longer than its peers wait gives everything up before it does anything else, whoever has taken over meanwhile. keepalived 2.2.7 goes on where it was, with an advert, "
        + "until it hears somebody better; from 2.2.8 on it gives up too where `timer_expired_backup` is written, but each member of a sync group for itself.",
        theirs => [Sight.RuleRemoved, Sight.RouteRemoved, Sight.AddressRemoved, Sight.ExcludedRemoved, Sight.StateScript, Sight.NotifyScript, Sight.PipeLine]);

    public static readonly OrderDifference OwnAnnouncedFirst = new(
        "It does so before anybody is told, as with the virtual ones, after a fault too; keepalived afterwards.",
        theirs => [Sight.OwnAnnounced, .. theirs.Where(sight => sight != Sight.OwnAnnounced)]);

    public static readonly OrderDifference OwnAnnouncedAtStart = new(
        "A node with unicast peers announces its own address at every start; keepalived only where checks had to be waited for ([decision 96](decisions/096-a-unicast-node-announces-itself.md)).",
        theirs => [Sight.OwnAnnounced, .. theirs]);

    public static readonly OrderDifference RoutesRemovedToo = new(
        "What a killed life has left is removed at the start, routes too; keepalived 2.2.7 leaves the routes.",
        theirs => [Sight.RuleRemoved, Sight.RouteRemoved, .. theirs.Skip(1)]);

    public static readonly OrderDifference GroupStays = new(
        "The other members of a sync group stay too. keepalived takes all of them down, each with priority 0, and up again; the group is told of the way up alone.",
        _ => []);

    public static readonly OrderDifference ReloadAnnounces = new(
        "After a reload that changes what a Master holds everything is announced, also where something was only taken away; in keepalived only where something was added.",
        theirs => [.. theirs, Sight.Announced]);

    public static readonly OrderDifference ReloadKeepsGrid = new(
        "At a reload the adverts of a Master stay on their grid. keepalived sends one before it reads the file and one when it has read it.",
        theirs => [.. theirs.Where(sight => sight != Sight.Advert)]);

    public static readonly OrderDifference FilteredInTurn = new(
        "The filter of `no_accept` is set right before the addresses it is for, and lifted right after they are gone: first for those of `virtual_ipaddress`, then for the excluded ones. keepalived sets it for all of them before the first one comes, and lifts it when the last one is gone.",
        theirs => [.. theirs.Where(sight => !IsOfFilter(sight)).SelectMany(sight => (IEnumerable<Sight>)(sight switch
        {
            Sight.AddressAdded => [Sight.Filtered, sight],
            Sight.ExcludedAdded => [Sight.ExcludedFiltered, sight],
            Sight.AddressRemoved => [sight, Sight.Unfiltered],
            Sight.ExcludedRemoved => [sight, Sight.ExcludedUnfiltered],
            _ => [sight],
        }))]);

    public static readonly OrderDifference StaticLast = new(
        "Static addresses, routes and rules are removed last of all, when the scripts of the stop have ended: these may need them. keepalived removes them before it starts the scripts.",
        theirs => [.. theirs.Where(sight => !IsStatic(sight)), .. theirs.Where(IsStatic)]);

    /// <summary>Differences that cannot be seen in the order of one plain instance; each has its own tests.</summary>
    public static readonly string[] Others =
    [
        "keepalived asks the kernel and goes on, whatever it answers. Here an address that cannot be added fails the promotion, and one that cannot be removed keeps priority 0 back.",
    ];

    private static readonly Sight[] Told = [Sight.StateScript, Sight.NotifyScript, Sight.PipeLine];

    private static readonly Sight[] Removed = [Sight.RuleRemoved, Sight.RouteRemoved, Sight.AddressRemoved, Sight.ExcludedRemoved];

    private static readonly Sight[] RemovedFiltered = [.. Removed, Sight.Unfiltered, Sight.ExcludedUnfiltered];

    private static readonly Sight[] Raised =
        [Sight.Advert, Sight.AddressAdded, Sight.ExcludedAdded, Sight.RouteAdded, Sight.RuleAdded, Sight.Announced, .. Told];

    public static readonly OrderRow Start = new("Start", "Initialize to Backup", Transition.Start, Told, PipeFirst);

    public static readonly OrderRow StartStatic = new("Start", "static addresses and routes are configured", Transition.Start, [Sight.StaticAddressAdded, Sight.StaticRouteAdded, .. Told], PipeFirst)
    {
        Before = [Sight.StaticAddressAdded, Sight.StaticRouteAdded],
        IsVariant = true,
    };

    public static readonly OrderRow StartAnew = new("Start", "a life that was killed has left everything", Transition.Start, [.. RemovedWithout(Sight.RouteRemoved), .. Told], RoutesRemovedToo, PipeFirst)
    {
        Before = Removed,
        IsVariant = true,
    };

    public static readonly OrderRow Raise = new("Raise", "becoming Master", Transition.Raise, Raised, PipeFirst);

    public static readonly OrderRow RaiseFiltered = new(
        "Raise", "becoming Master, with no_accept", Transition.Raise, [Sight.Advert, Sight.Filtered, Sight.ExcludedFiltered, .. Raised.Skip(1)], FilteredInTurn, PipeFirst)
    {
        IsFiltered = true,
        IsVariant = true,
    };

    public static readonly OrderRow Assert = new("Assert", "a lower priority is heard", Transition.Assert, [Sight.Advert, Sight.Announced, Sight.StateScript, Sight.PipeLine], PipeFirst);

    public static readonly OrderRow Answer = new("Answer", "priority 0 of another one", Transition.Answer, [Sight.Advert]);

    public static readonly OrderRow Fault = new(
        "Release", "a fault of a Master", Transition.Release, [Sight.PriorityZero, Sight.PriorityZero, .. Removed, .. Told], PriorityZeroLast, PipeFirst);

    public static readonly OrderRow FaultOfCable = new("Release", "a fault of a Master whose cable is pulled", Transition.Release, [.. Removed, .. Told], PipeFirst)
    {
        Hidden = [Sight.PriorityZero],
        IsVariant = true,
    };

    public static readonly OrderRow Leave = new(
        "Release", "a stop, or a reload that removes a Master", Transition.Release, [Sight.PriorityZero, .. Removed, .. Told], PriorityZeroLast, PipeFirst);

    public static readonly OrderRow LeaveFiltered = new(
        "Release", "a stop, with no_accept", Transition.Release, [Sight.PriorityZero, .. RemovedFiltered, .. Told], PriorityZeroLast, FilteredInTurn, PipeFirst)
    {
        IsFiltered = true,
        IsVariant = true,
    };

    public static readonly OrderRow LeaveStatic = new(
        "Release",
        "a stop, with static addresses and routes",
        Transition.Release,
        [Sight.PriorityZero, .. Removed, Sight.StaticRouteRemoved, Sight.StaticAddressRemoved, .. Told],
        PriorityZeroLast,
        PipeFirst,
        StaticLast)
    {
        After = [Sight.StaticRouteRemoved, Sight.StaticAddressRemoved],
        IsVariant = true,
    };

    public static readonly OrderRow Yield = new("Yield", "a better one is heard", Transition.Yield, [.. Removed, .. Told], PipeFirst);

    public static readonly OrderRow Stall = new("Yield", "a stall, and nobody has taken over", Transition.Yield, [Sight.Advert], StallYields, PipeFirst) { IsEveryAdvertNoticed = true };

    public static readonly OrderRow StallLower = new(
        "Yield", "a stall, and a lower priority has taken over", Transition.Yield, [Sight.Advert, Sight.Announced, Sight.StateScript, Sight.PipeLine], StallYields, PipeFirst)
    {
        IsEveryAdvertNoticed = true,
        IsVariant = true,
    };

    public static readonly OrderRow StallBetter = new("Yield", "a stall, and a better one has taken over", Transition.Yield, [.. Removed, .. Told], PipeFirst) { IsEveryAdvertNoticed = true, IsVariant = true };

    /// <summary>Of keepalived 2.4 alone, and therefore not on the page.</summary>
    public static readonly OrderRow StallKnown = new("Yield", "a stall, with timer_expired_backup", Transition.Yield, [.. Removed, .. Told], PipeFirst) { IsEveryAdvertNoticed = true };

    public static readonly OrderRow YieldAloud = new("Yield", "a better one is heard, with higher_prio_send_advert", Transition.Yield, [Sight.Advert, .. Removed, .. Told], PipeFirst)
    {
        Before = [Sight.Advert],
        IsVariant = true,
    };

    public static readonly OrderRow Restore = new(
        "Restore", "somebody has removed an address", Transition.Restore, [Sight.PriorityZero, .. RemovedWithout(Sight.AddressRemoved), .. Told, .. Raised], RestoredInPlace)
    {
        TakenAway = Sight.AddressRemoved,
    };

    public static readonly OrderRow RestoreExcluded = new(
        "Restore", "somebody has removed an excluded address", Transition.Restore, [Sight.PriorityZero, .. RemovedWithout(Sight.ExcludedRemoved), .. Told, .. Raised], RestoredInPlace)
    {
        TakenAway = Sight.ExcludedRemoved,
        IsVariant = true,
    };

    public static readonly OrderRow RestoreRoute = new(
        "Restore", "somebody has removed a route", Transition.Restore, [Sight.PriorityZero, .. RemovedWithout(Sight.RouteRemoved), .. Told, .. Raised], RestoredInPlace)
    {
        TakenAway = Sight.RouteRemoved,
        IsVariant = true,
    };

    public static readonly OrderRow RestoreRule = new(
        "Restore", "somebody has removed a rule", Transition.Restore, [Sight.PriorityZero, .. RemovedWithout(Sight.RuleRemoved), .. Told, .. Raised], RestoredInPlace)
    {
        TakenAway = Sight.RuleRemoved,
        IsVariant = true,
    };

    public static readonly OrderRow Reload = new("Restore", "a reload adds an address", Transition.Restore, [Sight.AddressAdded, Sight.Announced]);

    public static readonly OrderRow ReloadLess = new("Restore", "a reload takes an address away", Transition.Restore, [Sight.AddressRemoved], ReloadAnnounces)
    {
        Before = [Sight.AddressRemoved],
        Hidden = [Sight.AddressAdded],
        IsVariant = true,
    };

    public static readonly OrderRow ReloadHeard = new(
        "Restore", "a reload adds an address, and adverts are looked for", Transition.Restore, [Sight.Advert, Sight.AddressAdded, Sight.Announced, Sight.Advert], ReloadKeepsGrid)
    {
        IsGridFar = true,
        IsVariant = true,
    };

    public static readonly OrderRow Fail = new("Fail", "Initialize or Backup to Fault", Transition.Fail, Told, PipeFirst);

    public static readonly OrderRow Recover = new("Recover", "Fault to Backup", Transition.Recover, Told, PipeFirst);

    public static readonly OrderRow StartUnicast = new("Start", "Initialize to Backup, with unicast peers", Transition.Start, Told, OwnAnnouncedAtStart, PipeFirst) { IsUnicast = true, IsVariant = true };

    public static readonly OrderRow StartUnicastAfterChecks = new(
        "Start", "Initialize to Backup, with unicast peers, when checks have run", Transition.Start, [.. Told, Sight.OwnAnnounced], OwnAnnouncedFirst, PipeFirst)
    {
        IsUnicast = true,
        IsVariant = true,
    };

    public static readonly OrderRow RecoverUnicast = new("Recover", "Fault to Backup, with unicast peers", Transition.Recover, [.. Told, Sight.OwnAnnounced], OwnAnnouncedFirst, PipeFirst) { IsUnicast = true, IsVariant = true };

    public static readonly OrderRow Stop = new("Stop", "a stop that finds nothing held", Transition.Stop, Told, PipeFirst);

    public static readonly OrderRow Delete = new("Delete", "removed by a reload, nothing held", Transition.Delete, Told, PipeFirst);

    /// <summary>Of an instance that is not concerned.</summary>
    public static readonly OrderRow Nothing = new("Nothing", "it is not concerned", Transition.None, []);

    /// <summary>The group is told nothing of it.</summary>
    public static readonly OrderRow RestoreMember = new(
        "Restore", "somebody has removed an address of another member of the group", Transition.None, [Sight.PriorityZero, .. Removed, .. Told, .. Raised], GroupStays);

    /// <summary>What walks no table.</summary>
    public static readonly OrderRow Priority = new("Priority", "the priority of a Master changes", Transition.None, [Sight.PipeLine, Sight.Advert]) { Before = [Sight.PipeLine, Sight.Advert] };

    public static readonly OrderRow SecondBurst = new("Burst", "garp_master_delay is over", Transition.None, [Sight.Announced]) { Before = [Sight.Announced] };

    public static readonly OrderRow ReloadOfNothing = new("Reload", "nothing is different", Transition.None, [Sight.Advert, Sight.Advert], ReloadKeepsGrid) { IsGridFar = true };

    /// <summary>Rows of <see cref="OrderTests"/> that do not stand on the page as sections.</summary>
    public static readonly OrderRow[] Besides = [StallKnown, RestoreMember, Priority, SecondBurst, ReloadOfNothing];

    /// <summary>All rows, in the order of the page.</summary>
    public static readonly OrderRow[] Rows = [Start, StartStatic, StartAnew, StartUnicast, StartUnicastAfterChecks, Raise, RaiseFiltered, Assert, Answer, Fault, FaultOfCable, Leave, LeaveFiltered, LeaveStatic, Yield, YieldAloud, Stall, StallLower, StallBetter, Restore, RestoreExcluded, RestoreRoute, RestoreRule, Reload, ReloadHeard, ReloadLess, Fail, Recover, RecoverUnicast, Stop, Delete];

    /// <summary>Transitions that keepalived does not have.</summary>
    public static readonly (Transition Transition, string Title, string When)[] OursAlone =
    [
        (Transition.Withdraw, "Withdraw", "a promotion comes to nothing"),
        (Transition.Reassert, "Reassert", "another master has yielded (reassert yes)"),
    ];

    /// <summary>In words, for the page.</summary>
    public static string Words(Sight sight) => sight switch
    {
        Sight.Advert => "advert",
        Sight.PriorityZero => "priority 0",
        Sight.AddressAdded => "addresses added",
        Sight.ExcludedAdded => "excluded addresses added",
        Sight.RouteAdded => "routes added",
        Sight.RuleAdded => "rules added",
        Sight.Announced => "gratuitous ARP",
        Sight.OwnAnnounced => "gratuitous ARP for its own address",
        Sight.RuleRemoved => "rules removed",
        Sight.RouteRemoved => "routes removed",
        Sight.AddressRemoved => "addresses removed",
        Sight.ExcludedRemoved => "excluded addresses removed",
        Sight.PipeLine => "line in the pipe",
        Sight.StateScript => "notify of the state",
        Sight.NotifyScript => "notify",
        Sight.Filtered => "filter of the addresses set",
        Sight.ExcludedFiltered => "filter of the excluded addresses set",
        Sight.Unfiltered => "filter of the addresses lifted",
        Sight.ExcludedUnfiltered => "filter of the excluded addresses lifted",
        Sight.StaticAddressAdded => "static addresses added",
        Sight.StaticRouteAdded => "static routes added",
        Sight.StaticAddressRemoved => "static addresses removed",
        Sight.StaticRouteRemoved => "static routes removed",
    };

    /// <summary>What brings back what is removed; absent for everything else.</summary>
    public static Sight? BackOf(Sight removed) => removed switch
    {
        Sight.AddressRemoved => Sight.AddressAdded,
        Sight.ExcludedRemoved => Sight.ExcludedAdded,
        Sight.RouteRemoved => Sight.RouteAdded,
        Sight.RuleRemoved => Sight.RuleAdded,
        _ => null,
    };

    private static IEnumerable<Sight> RemovedWithout(Sight gone) => Removed.Where(sight => sight != gone);

    private static bool IsAdded(Sight sight) => sight is Sight.AddressAdded or Sight.ExcludedAdded or Sight.RouteAdded or Sight.RuleAdded;

    private static bool IsOfFilter(Sight sight) => sight is Sight.Filtered or Sight.ExcludedFiltered or Sight.Unfiltered or Sight.ExcludedUnfiltered;

    private static bool IsStatic(Sight sight) => sight is Sight.StaticAddressRemoved or Sight.StaticRouteRemoved;

    private static bool IsTold(Sight sight) => sight is Sight.StateScript or Sight.NotifyScript or Sight.PipeLine;
}
