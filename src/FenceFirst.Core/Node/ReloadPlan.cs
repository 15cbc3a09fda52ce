using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <summary>How the instances of two configurations match: from the files alone, so that another thread than the loop's can find it out.</summary>
/// <remarks>
/// The same instance has the same Vrid, family, interface and, with unicast, source, whatever its name (keepalived). It goes on in place, unless its
/// version, its <c>accept</c>, its virtual MAC address or its group of peers is of another kind, or steps of a changed plan are under way: then it is stopped in order and starts anew.
/// </remarks>
public sealed class ReloadPlan
{
    private readonly int[] _oldOf;
    private readonly Difference[] _differences;

    private ReloadPlan(NodeConfig old, NodeConfig next, int[] oldOf, Difference[] differences)
    {
        (Old, Next, _oldOf, _differences) = (old, next, oldOf, differences);
    }

    /// <summary>What is different about an instance that is in both configurations.</summary>
    [Flags]
    private enum Difference : byte
    {
        None = 0,

        /// <summary>Anything at all.</summary>
        Any = 1,

        /// <summary>Addresses, routes or rules.</summary>
        Held = 2,

        /// <summary>The steps of its promotion or demotion.</summary>
        Plan = 4,

        /// <summary>Something that a running instance cannot take over.</summary>
        Nature = 8,
    }

    /// <summary>The configuration in force.</summary>
    public NodeConfig Old { get; }

    /// <summary>The one that follows.</summary>
    public NodeConfig Next { get; }

    /// <summary>Compares two configurations.</summary>
    public static ReloadPlan Make(NodeConfig old, NodeConfig next)
    {
        LinkMap links = new(old, next);
        Dictionary<Identity, Queue<int>> known = [];
        for (int o = 0; o < old.Instances.Count; o++)
        {
            Identity identity = Identity.Of(old.Instances[o], links.Of(old.Instances[o].Link));
            if (!known.TryGetValue(identity, out Queue<int>? indexes))
            {
                known[identity] = indexes = [];
            }

            indexes.Enqueue(o);
        }

        int[] oldOf = new int[next.Instances.Count];
        Difference[] differences = new Difference[oldOf.Length];
        for (int i = 0; i < oldOf.Length; i++)
        {
            VrrpConfig after = next.Instances[i];
            oldOf[i] = known.TryGetValue(Identity.Of(after, after.Link), out Queue<int>? indexes) && indexes.TryDequeue(out int found) ? found : -1;
            differences[i] = oldOf[i] < 0 ? Difference.None : Compare(links.Translate(old.Instances[oldOf[i]]), after);
        }

        return new ReloadPlan(old, next, oldOf, differences);
    }

    /// <summary>For every instance of the new configuration the index of the instance in the old one whose state it takes over, or -1.</summary>
    public int[] Kept(NodeState state)
    {
        int[] kept = new int[_oldOf.Length];
        for (int i = 0; i < kept.Length; i++)
        {
            int o = _oldOf[i];
            kept[i] = o >= 0 && !state.Instances[o].IsStopping && CanGoOn(_differences[i], state.Instances[o]) ? o : -1;
        }

        ForgetBrokenGroups(kept);
        return kept;
    }

    /// <summary>Whether anything about an instance of the new configuration is different.</summary>
    public bool IsChanged(int instance) => _differences[instance] != Difference.None;

    /// <summary>Whether an instance of the new configuration holds other addresses, routes or rules than before.</summary>
    public bool HoldsOther(int instance) => (_differences[instance] & Difference.Held) != 0;

    /// <summary>Whether an instance of the old configuration is in the new one no more; one of the same name with another Vrid, family or interface is another one (keepalived).</summary>
    public bool IsRemoved(int old) => !_oldOf.Contains(old);

    /// <summary>What the old instance of a new one holds and the new one does not: to be removed under the old configuration.</summary>
    public VrrpConfig Dropped(int instance)
    {
        VrrpConfig before = Old.Instances[_oldOf[instance]], after = Next.Instances[instance];
        VrrpConfig now = new LinkMap(Old, Next).Translate(before);
        return before with
        {
            Addresses = Without(before.Addresses, now.Addresses, after.Addresses.Concat(after.ExcludedAddresses)),
            ExcludedAddresses = Without(before.ExcludedAddresses, now.ExcludedAddresses, after.Addresses.Concat(after.ExcludedAddresses)),
            Routes = Enumerable.Range(0, before.Routes.Count).Where(i => !after.Routes.Contains(now.Routes[i])).Select(i => before.Routes[i]).ToEquatableArray(),
            Rules = before.Rules.Where(rule => !after.Rules.Contains(rule)).ToEquatableArray(),
        };
    }

    /// <summary>The members of a sync group go on together or not at all: one that starts anew would make the others leave Master anyway.</summary>
    private void ForgetBrokenGroups(int[] kept)
    {
        for (bool hasForgotten = true; hasForgotten;)
        {
            hasForgotten = false;
            for (int i = 0; i < kept.Length; i++)
            {
                if (kept[i] >= 0 && !IsGroupKept(kept, i))
                {
                    kept[i] = -1;
                    hasForgotten = true;
                }
            }
        }
    }

    private bool IsGroupKept(int[] kept, int instance)
    {
        VrrpConfig before = Old.Instances[kept[instance]];
        if (before.SyncGroup < 0 && Next.Instances[instance].SyncGroup < 0)
        {
            return true;
        }

        return before.SyncGroup >= 0
            && Next.Instances[instance].SyncGroup >= 0
            && Next.Together(instance).Select(member => kept[member]).SequenceEqual(Old.Together(kept[instance]));
    }

    /// <summary>An address that stays with another label, scope or lifetime is the same for the kernel only when it is removed first.</summary>
    private static EquatableArray<VirtualAddress> Without(EquatableArray<VirtualAddress> before, EquatableArray<VirtualAddress> now, IEnumerable<VirtualAddress> after)
    {
        HashSet<VirtualAddress> stays = [.. after];
        return Enumerable.Range(0, before.Count).Where(i => !stays.Contains(now[i])).Select(i => before[i]).ToEquatableArray();
    }

    private static Difference Compare(VrrpConfig before, VrrpConfig after)
    {
        if (before == after)
        {
            return Difference.None;
        }

        bool isHoldingSame = before.Addresses == after.Addresses
            && before.ExcludedAddresses == after.ExcludedAddresses
            && before.Routes == after.Routes
            && before.Rules == after.Rules;
        bool isPlanSame = before.Promotion == after.Promotion && before.Demotion == after.Demotion;
        return Difference.Any
            | (isHoldingSame ? 0 : Difference.Held)
            | (isPlanSame ? 0 : Difference.Plan)
            | (before.Version == after.Version && before.IsFiltered == after.IsFiltered && before.Vmac == after.Vmac && before.AddressVmacs == after.AddressVmacs ? 0 : Difference.Nature);
    }

    private static bool CanGoOn(Difference difference, in VrrpState state)
    {
        bool isAtRest = state.Phase is VrrpPhase.Initialize or VrrpPhase.Backup or VrrpPhase.Fault
            || (state.Phase == VrrpPhase.Master && state.Transition == Transition.None);
        return (difference & Difference.Nature) == 0 && (isAtRest || (difference & (Difference.Held | Difference.Plan)) == 0);
    }

    private readonly record struct Identity(byte Vrid, bool IsIPv6, int Link, bool IsUnicast, InternetAddress Source)
    {
        public static Identity Of(VrrpConfig instance, int link) =>
            new(instance.Vrid, instance.IsIPv6, link, instance.IsUnicast, instance.IsUnicast ? instance.Source : InternetAddress.None);
    }

    /// <summary>Turns what the old configuration refers to by index into the indexes of the new one; -2 = it is not there any more.</summary>
    private sealed class LinkMap(NodeConfig old, NodeConfig next)
    {
        private readonly int[] _links = Indexes(old.Links, next.Links);
        private readonly int[] _scripts = Indexes(old.Scripts, next.Scripts);
        private readonly int[] _files = Indexes(old.Files, next.Files);
        private readonly int[] _processes = Indexes(old.Processes, next.Processes);

        private readonly int[] _groups = Groups(old, next);

        public int Of(int link) => link < 0 ? link : _links[link];

        public VrrpConfig Translate(VrrpConfig instance) => instance with
        {
            Link = Of(instance.Link),
            Vmac = instance.Vmac is { } vmac ? Virtual(vmac) : null,
            AddressVmacs = instance.AddressVmacs.Select(Virtual).ToEquatableArray(),
            SyncGroup = instance.SyncGroup < 0 ? instance.SyncGroup : _groups[instance.SyncGroup],
            Addresses = Addresses(instance.Addresses),
            ExcludedAddresses = Addresses(instance.ExcludedAddresses),
            Routes = instance.Routes.Select(route => route with
            {
                Link = Of(route.Link),
                NextHops = route.NextHops.Select(hop => hop with { Link = Of(hop.Link) }).ToEquatableArray(),
            }).ToEquatableArray(),
            TrackLinks = instance.TrackLinks.Select(track => track with { Index = Of(track.Index) }).ToEquatableArray(),
            TrackScripts = instance.TrackScripts.Select(track => track with { Index = _scripts[track.Index] }).ToEquatableArray(),
            TrackFiles = instance.TrackFiles.Select(track => track with { Index = _files[track.Index] }).ToEquatableArray(),
            TrackProcesses = instance.TrackProcesses.Select(track => track with { Index = _processes[track.Index] }).ToEquatableArray(),
        };

        private VirtualLink Virtual(VirtualLink link) => link with { Link = Of(link.Link), Lower = Of(link.Lower) };

        private EquatableArray<VirtualAddress> Addresses(EquatableArray<VirtualAddress> addresses) =>
            addresses.Select(address => address with { Link = Of(address.Link) }).ToEquatableArray();

        private static int[] Groups(NodeConfig old, NodeConfig next) =>
            Indexes(old.Groups.Select(group => group.Name).ToEquatableArray(), next.Groups.Select(group => group.Name).ToEquatableArray());

        private static int[] Indexes<T>(EquatableArray<T> old, EquatableArray<T> next)
            where T : IEquatable<T>
        {
            Dictionary<T, int> known = [];
            for (int i = 0; i < next.Count; i++)
            {
                known.TryAdd(next[i], i);
            }

            int[] indexes = new int[old.Count];
            for (int i = 0; i < indexes.Length; i++)
            {
                indexes[i] = known.GetValueOrDefault(old[i], -2);
            }

            return indexes;
        }
    }
}
