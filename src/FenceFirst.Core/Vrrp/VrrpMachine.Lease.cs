using FenceFirst.Core.Node;

namespace FenceFirst.Core.Vrrp;

/// <content>
/// Leased addresses (G6): the kernel removes them unless they are renewed, so a daemon that is killed, stopped or hangs holds nothing for long.
/// Renewal rides on the advert grid: who has just told the others that it is Master may keep the addresses, and nobody else.
/// </content>
public ref partial struct VrrpMachine
{
    /// <summary>Renewals in one lifetime, as long as the grid is fine enough: two may come to nothing and the third is still in time.</summary>
    private const int RenewalsPerLease = 3;

    /// <summary>The addresses are held and carry the lifetime that they were added with; the next advert renews it.</summary>
    private readonly void BeginLease()
    {
        if (_config.LeaseSeconds > 0)
        {
            _state.RenewAt = MonotonicInstant.Zero;
        }
    }

    /// <summary>Follows an advert of the grid. The stall check (G7) has come before it: who has stood down renews nothing.</summary>
    private readonly void RenewIfDue()
    {
        if (_state.Phase != VrrpPhase.Master || _state.Transition != Transition.None || _state.RenewAt > _now)
        {
            return;
        }

        _effects.Add(new NodeEffect { Kind = NodeEffectKind.RenewAddresses, Index = _index });

        // Without a lease this is what a reload left to do: the lifetime has been taken off once.
        _state.RenewAt = _config.LeaseSeconds == 0 ? MonotonicInstant.Never : _state.AdvertAt + (RenewalInterval - _config.AdvertInterval);
    }

    /// <summary>The longest multiple of the advert interval within a third of the lease, at least one.</summary>
    private readonly TimeSpan RenewalInterval
    {
        get
        {
            long third = TimeSpan.FromSeconds(_config.LeaseSeconds).Ticks / RenewalsPerLease;
            return new TimeSpan(Math.Max(1, third / _config.AdvertInterval.Ticks) * _config.AdvertInterval.Ticks);
        }
    }
}
