using FenceFirst.Core.Node;

namespace FenceFirst.Core.Vrrp;

/// <content>
/// Leased addresses (G6): the kernel removes them unless they are renewed, so a daemon that is killed, stopped or hangs holds nothing for long.
/// When is decided for the whole node (<see cref="LeaseRules"/>); whether, by each instance for itself.
/// </content>
public ref partial struct VrrpMachine
{
    /// <summary>The addresses are held and carry the lifetime that they were added with; the next round renews it.</summary>
    private readonly void BeginLease()
    {
        if (_config.LeaseSeconds > 0)
        {
            _state.IsLeased = true;
            LeaseRules.Begin(_node, _now);
        }
    }

    /// <summary>One round of renewals. The stall check (G7) comes first, for all members of a sync group: who has stood down, or is about to, renews nothing.</summary>
    internal void RenewLease()
    {
        bool isLeaving = false;
        for (int i = 0; i < GroupSize; i++)
        {
            VrrpMachine member = Member(i);
            member.ReleaseAfterStall();
            isLeaving |= member._state.Phase == VrrpPhase.Demoting;
        }

        if (isLeaving || _state.Phase != VrrpPhase.Master || _state.Transition != Transition.None)
        {
            return;
        }

        _effects.Add(new NodeEffect { Kind = NodeEffectKind.RenewAddresses, Index = _index });

        // Without a lease this is what a reload left to do: the lifetime has been taken off once.
        _state.IsLeased = _config.LeaseSeconds > 0;
    }
}
