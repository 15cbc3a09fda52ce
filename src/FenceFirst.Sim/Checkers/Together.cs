using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim;

/// <summary>
/// docs/sync-groups.md: the members of a sync group hold their addresses together or not at all, whenever the daemon has done what there was to do. They are added member
/// after member in the order of the group, each complete and told of before the next; no promotion begins while a member is in Fault or hears a better master, and nobody
/// goes on holding with a member whose link is gone; the group is told of when all have arrived.
/// </summary>
/// <remarks>
/// What somebody else takes away counts as held until the daemon lets go of it. Excused: what the kernel refused to remove. In maintenance links demote nobody. An
/// operator who has confirmed that a master is down has looked: what a member heard of it may have been under way for long.
/// </remarks>
internal sealed class Together(Cast cast) : Checker(cast, "sync groups")
{
    /// <summary>Turns after which a daemon knows of a link: the one under way may have been halted before it went.</summary>
    private const int TurnsToKnow = 2;

    private readonly Member[] _members = new Member[cast.Nodes.Length * cast.Instances];
    private readonly Node[] _nodes = new Node[cast.Nodes.Length];

    /// <inheritdoc/>
    public override bool ReadsJournal => Cast.HasGroups;

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => Cast.HasGroups
        && kind is SightingKind.PowerOff or SightingKind.DaemonStarted or SightingKind.TurnEnded or SightingKind.Added or SightingKind.Removed or SightingKind.Refreshed or SightingKind.Refused
            or SightingKind.Notified or SightingKind.GroupNotified or SightingKind.Maintained or SightingKind.LinkChanged or SightingKind.AdvertHeard
            or SightingKind.Halted or SightingKind.Resumed;

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        ref Node node = ref _nodes[sighting.Node];
        ref Member member = ref _members[Slot(sighting.Node, sighting.Instance)];
        switch (sighting.Kind)
        {
            case SightingKind.PowerOff:
                _members.AsSpan(Slot(sighting.Node, 0), Cast.Instances).Clear();
                break;
            case SightingKind.DaemonStarted:
                BeginLife(sighting.Node);
                break;
            case SightingKind.Added:
                Add(sighting, ref member);
                node.IsChanged = true;
                break;
            case SightingKind.Removed:
                Remove(sighting, ref member);
                node.IsChanged = true;
                break;
            case SightingKind.Refused when sighting.Number == 0 && sighting.Thing == Thing.Addresses:
                member.IsStuck = true;
                break;
            case SightingKind.Refreshed when sighting.Number == 0:
                // It was asked for again, and is there.
                member.IsStuck = false;
                break;
            case SightingKind.Notified when sighting.Number == (int)Notification.Master:
                member.IsTold = true;
                break;
            case SightingKind.GroupNotified:
                Tell(sighting);
                break;
            case SightingKind.Maintained:
                node.IsMaintained = sighting.Number != 0 || (node.IsMaintained && sighting.Attempt != 0);
                break;
            case SightingKind.AdvertHeard:
                Hear(sighting, ref member);
                break;
            case SightingKind.Halted:
                node.IsMidTurn = sighting.Attempt == 1;
                break;
            case SightingKind.Resumed when node.IsMidTurn:
                // What is read in the rest of that turn is older than it looks.
                node.IsStale = true;
                break;
            case SightingKind.LinkChanged:
                node.LinksDown = sighting.Number == 0 ? node.LinksDown | sighting.Attempt : node.LinksDown & ~sighting.Attempt;
                node.KnownDown &= node.LinksDown;
                node.TurnsSince = 0;
                break;
            case SightingKind.TurnEnded:
                EndTurn(sighting, ref node);
                break;
        }
    }

    /// <inheritdoc/>
    public override void Read(int node, in TimelineEntry entry, long at, long clock)
    {
        switch (entry.Kind)
        {
            case TimelineKind.EnteredFault:
                _members[Slot(node, entry.Index)].IsInFault = true;
                _nodes[node].IsChanged = true;
                break;
            case TimelineKind.EnteredBackup:
            case TimelineKind.Stopped:
                _members[Slot(node, entry.Index)].IsInFault = false;
                break;
            case TimelineKind.PromotionStarted:
                JudgeVeto(node, entry.Index, "starts a promotion", at);
                if (entry.Reason != PromotionReason.Operator)
                {
                    JudgeSilence(node, entry.Index, at, clock);
                }

                break;
            case TimelineKind.EnteredMaster:
                JudgeVeto(node, entry.Index, "becomes Master", at);
                break;
        }
    }

    private void BeginLife(int node)
    {
        for (int i = 0; i < Cast.Instances; i++)
        {
            ref Member member = ref _members[Slot(node, i)];
            member = new Member { Things = member.Things };
        }

        // What it finds at its start is news for it.
        _nodes[node].IsMidTurn = false;
        _nodes[node].IsStale = false;
        _nodes[node].KnownDown = 0;
        _nodes[node].TurnsSince = 0;
    }

    private void Add(in Sighting sighting, ref Member member)
    {
        bool isNew = sighting.Thing == Thing.Addresses && !IsIn(member);
        member.Things |= sighting.Thing;
        if (sighting.Thing == Thing.Addresses)
        {
            member.IsTaken = false;
            member.IsStuck = false;
        }

        foreach (int before in isNew ? Cast.Together(sighting.Node, sighting.Instance) : default)
        {
            if (before == sighting.Instance)
            {
                break;
            }

            Judged++;
            ref readonly Member earlier = ref _members[Slot(sighting.Node, before)];
            if (!IsIn(earlier) || !earlier.IsTold)
            {
                Violate(sighting.At, $"{Who(sighting.Node, sighting.Instance)} adds its address before {Who(sighting.Node, before)} {(IsIn(earlier) ? "has been told of" : "has its own")}");
            }
        }
    }

    private static void Remove(in Sighting sighting, ref Member member)
    {
        member.Things &= ~sighting.Thing;
        if (sighting.Thing != Thing.Addresses)
        {
            return;
        }

        bool isTaken = (RemovalCause)sighting.Number is RemovalCause.Lease or RemovalCause.Stranger;
        member.IsTaken = isTaken && !member.IsStuck;
        member.IsStuck = false;
        member.IsTold &= isTaken;
    }

    private void Tell(in Sighting sighting)
    {
        foreach (int instance in Cast.Nodes[sighting.Node].Groups[sighting.Instance].Members)
        {
            ref readonly Member member = ref _members[Slot(sighting.Node, instance)];
            Judged++;
            if (sighting.Number == (int)Notification.Master && (!IsIn(member) || !member.IsTold))
            {
                Violate(sighting.At, $"{GroupOf(sighting.Node, instance)} is told to be Master before {Who(sighting.Node, instance)} is");
            }
            else if (sighting.Number != (int)Notification.Master && IsIn(member) && !member.IsStuck)
            {
                Violate(sighting.At, $"{GroupOf(sighting.Node, instance)} is told to be {(Notification)sighting.Number} while {Who(sighting.Node, instance)} holds its address");
            }
        }
    }

    private void JudgeVeto(int node, int instance, string what, long at)
    {
        foreach (int other in Cast.Together(node, instance))
        {
            Judged++;
            if (_members[Slot(node, other)].IsInFault || IsLinkGone(node, other))
            {
                Violate(at, $"{Who(node, instance)} {what} while {Who(node, other)} is in Fault");
            }
        }
    }

    /// <summary>A better master, until somebody releases: who was followed is not known from outside. Trackers that raise the priority make it unknown who is better.</summary>
    private void Hear(in Sighting sighting, ref Member member)
    {
        VrrpConfig config = Cast.Nodes[sighting.Node].Instances[sighting.Instance];
        if (sighting.Number == 0)
        {
            member.IsHeard = false;
        }
        else if (sighting.Number > config.BasePriority && !config.IsOwner && !IsRaisable(config))
        {
            member.IsHeard = !_nodes[sighting.Node].IsStale;
            member.HeardFrom = sighting.By;
            member.HeardAt = sighting.Clock;
        }
    }

    private static bool IsRaisable(VrrpConfig config)
    {
        foreach (ref readonly TrackReference script in config.TrackScripts.Span)
        {
            if (script.Weight > 0 || script.IsReversed)
            {
                return true;
            }
        }

        foreach (ref readonly TrackReference link in config.TrackLinks.Span)
        {
            if (link.Weight > 0 || link.IsReversed)
            {
                return true;
            }
        }

        return !config.TrackFiles.IsEmpty || !config.TrackProcesses.IsEmpty;
    }

    /// <summary>Silence of one member is not enough: three intervals have to pass for each, so one is certainly too few.</summary>
    private void JudgeSilence(int node, int instance, long at, long clock)
    {
        foreach (int other in Cast.Together(node, instance).Count > 1 ? Cast.Together(node, instance) : default)
        {
            Judged++;
            ref readonly Member member = ref _members[Slot(node, other)];
            if (member.IsHeard && clock - member.HeardAt <= Nano.Of(Cast.Nodes[node].Instances[other].AdvertInterval))
            {
                Violate(at, $"{Who(node, instance)} starts a promotion although {Who(node, other)} has just heard a better master, {SimCluster.NameOf(member.HeardFrom)}");
            }
        }
    }

    /// <summary>Whether a link is down without which a member is in Fault, and the daemon has had the time to notice.</summary>
    private bool IsLinkGone(int node, int instance)
    {
        if (_nodes[node].KnownDown == 0 || _nodes[node].IsMaintained)
        {
            return false;
        }

        foreach (ref readonly TrackReference link in Cast.Nodes[node].Instances[instance].TrackLinks.Span)
        {
            bool isDelayed = !Cast.Nodes[node].LinkDelays.IsEmpty;
            if (link is { Weight: 0, IsReversed: false } && !isDelayed && (_nodes[node].KnownDown & SimHost.LinkBit(link.Index)) != 0)
            {
                return true;
            }
        }

        return false;
    }

    private void EndTurn(in Sighting sighting, ref Node node)
    {
        node.IsStale = false;
        if (node.LinksDown != node.KnownDown && ++node.TurnsSince >= TurnsToKnow)
        {
            node.KnownDown = node.LinksDown;
            node.IsChanged = true;
        }

        if (!node.IsChanged)
        {
            return;
        }

        node.IsChanged = false;
        foreach (SyncGroupConfig group in Cast.Nodes[sighting.Node].Groups)
        {
            Compare(sighting, group);
        }
    }

    private void Compare(in Sighting sighting, SyncGroupConfig group)
    {
        int holder = -1;
        int other = -1;
        int faulty = -1;
        bool isStuck = false;
        foreach (int instance in group.Members)
        {
            ref readonly Member member = ref _members[Slot(sighting.Node, instance)];
            bool isLeft = IsIn(member) && member.IsStuck;
            isStuck |= isLeft;
            holder = IsIn(member) && !isLeft ? instance : holder;
            other = IsIn(member) ? other : instance;
            faulty = member.IsInFault || IsLinkGone(sighting.Node, instance) ? instance : faulty;
        }

        Judged++;
        if (holder >= 0 && other >= 0)
        {
            Violate(sighting.At, $"{Who(sighting.Node, holder)} holds its address and {Who(sighting.Node, other)} does not");
        }
        else if (holder >= 0 && faulty >= 0)
        {
            Violate(sighting.At, $"{Who(sighting.Node, holder)} holds its address while {Who(sighting.Node, faulty)} is in Fault");
        }
        else if (isStuck)
        {
            Excuse("the kernel refused to remove an address");
        }
    }

    private static bool IsIn(in Member member) => (member.Things & Thing.Addresses) != 0 || member.IsTaken;

    private string GroupOf(int node, int instance) => $"{SimCluster.NameOf(node)} ({Cast.Nodes[node].GroupNameOf(Cast.Nodes[node].Instances[instance])})";

    private struct Member
    {
        public Thing Things;
        public bool IsTaken;
        public bool IsStuck;
        public bool IsTold;
        public bool IsInFault;

        // The last better master.
        public bool IsHeard;
        public sbyte HeardFrom;
        public long HeardAt;
    }

    private struct Node
    {
        public bool IsChanged;
        public bool IsMaintained;
        public bool IsMidTurn;
        public bool IsStale;
        public uint LinksDown;
        public uint KnownDown;
        public int TurnsSince;
    }
}
