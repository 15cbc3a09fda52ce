using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim;

/// <summary>G6: with vip_lease an address outlives its last renewal by no more than the lease; it is renewed in time while the daemon runs, and not after a stall.</summary>
/// <remarks>Excused: a halt between the decision to renew and the renewal; and an address that the kernel would not remove and then lets expire.</remarks>
internal sealed class Lease(Cast cast) : Checker(cast, "G6")
{
    /// <summary>How much longer than the lease the kernel may keep an address.</summary>
    private const long KernelSlack = 500 * Nano.Millisecond;

    private readonly Leased[] _leased = new Leased[cast.Nodes.Length * cast.Instances];
    private readonly long[] _ranSince = new long[cast.Nodes.Length];
    private readonly bool[] _isHalted = new bool[cast.Nodes.Length];
    private readonly bool[] _isUp = new bool[cast.Nodes.Length];
    private readonly bool[] _isMidTurn = new bool[cast.Nodes.Length];

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => kind is SightingKind.DaemonStarted or SightingKind.DaemonEnded or SightingKind.PowerOff or SightingKind.Halted or SightingKind.Resumed
        or SightingKind.Added or SightingKind.Removed or SightingKind.Refused or SightingKind.Refreshed or SightingKind.AdvertSent or SightingKind.TurnEnded;

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        ref Leased leased = ref _leased[Slot(sighting.Node, sighting.Instance)];
        switch (sighting.Kind)
        {
            case SightingKind.DaemonStarted:
                _isUp[sighting.Node] = true;
                _isHalted[sighting.Node] = false;
                _ranSince[sighting.Node] = sighting.Clock;
                break;
            case SightingKind.DaemonEnded:
            case SightingKind.PowerOff:
                _isUp[sighting.Node] = false;
                _isMidTurn[sighting.Node] = false;
                break;
            case SightingKind.Halted:
                _isHalted[sighting.Node] = true;
                _isMidTurn[sighting.Node] |= sighting.Attempt == 1;
                break;
            case SightingKind.TurnEnded:
                _isMidTurn[sighting.Node] = false;
                break;
            case SightingKind.Refused when sighting.Number == 0 && sighting.Thing == Thing.Addresses:
                leased.IsStuck = true;
                break;
            case SightingKind.Resumed:
                _isHalted[sighting.Node] = false;
                _ranSince[sighting.Node] = sighting.Clock;
                break;
            case SightingKind.AdvertSent:
                JudgeAge(sighting, leased);
                leased.AdvertAt = sighting.Clock;
                break;
            case SightingKind.Added when sighting.Thing == Thing.Addresses:
                leased.IsThere = true;
                leased.IsStuck = false;
                leased.RefreshedAt = sighting.Clock;
                break;
            case SightingKind.Refreshed:
                Refresh(sighting, ref leased);
                break;
            case SightingKind.Removed when sighting.Thing == Thing.Addresses:
                JudgeAge(sighting, leased);
                JudgeLoss(sighting, leased);
                leased.IsThere = false;
                break;
        }
    }

    private void Refresh(in Sighting sighting, ref Leased leased)
    {
        VrrpConfig config = Cast.Nodes[sighting.Node].Instances[sighting.Instance];
        if (sighting.Number == 1)
        {
            Judged++;
            TimeSpan longest = VrrpTimers.MasterDown(config.Version, 1, config.AdvertInterval, config.DownTimerAdverts);
            if (sighting.Clock - leased.AdvertAt > Nano.Of(longest) && _isMidTurn[sighting.Node])
            {
                Excuse("halted between a decision and its last effect");
            }
            else if (sighting.Clock - leased.AdvertAt > Nano.Of(longest))
            {
                Violate(sighting.At, $"{Who(sighting.Node, sighting.Instance)} renews although it sent no advert for {Nano.Text(sighting.Clock - leased.AdvertAt)} s");
            }
        }

        leased.IsStuck = false;
        leased.RefreshedAt = sighting.Clock;
    }

    private void JudgeAge(in Sighting sighting, in Leased leased)
    {
        int lease = Cast.Nodes[sighting.Node].Instances[sighting.Instance].LeaseSeconds;
        if (lease == 0 || !leased.IsThere)
        {
            return;
        }

        Judged++;
        if (sighting.Clock - leased.RefreshedAt > (lease * Nano.Second) + KernelSlack)
        {
            Violate(sighting.At, $"{Who(sighting.Node, sighting.Instance)} has held an address for {Nano.Text(sighting.Clock - leased.RefreshedAt)} s on a lease of {lease} s");
        }
    }

    private void JudgeLoss(in Sighting sighting, in Leased leased)
    {
        bool didRun = _isUp[sighting.Node] && !_isHalted[sighting.Node] && _ranSince[sighting.Node] <= leased.RefreshedAt;
        if ((RemovalCause)sighting.Number != RemovalCause.Lease || !didRun)
        {
            return;
        }

        if (leased.IsStuck)
        {
            Excuse("the kernel refused to remove an address, and its lease took it");
        }
        else
        {
            Violate(sighting.At, $"{Who(sighting.Node, sighting.Instance)} lost its address to its own lease although the daemon ran all the time");
        }
    }

    private struct Leased
    {
        public bool IsThere;
        public bool IsStuck;
        public long RefreshedAt;
        public long AdvertAt;
    }
}
