using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim;

/// <summary>G7: who holds an address and has not run for longer than its peers wait removes it before it does anything else.</summary>
/// <remarks>Excused: a halt in the middle of a decision, after which the rest of that decision is carried out first; a machine whose clock stood still
/// too, which cannot know; and an address that the kernel would not remove before.</remarks>
internal sealed class Stall(Cast cast) : Checker(cast, "G7")
{
    private readonly Watched[] _watched = new Watched[cast.Nodes.Length * cast.Instances];
    private readonly bool[] _isMidTurn = new bool[cast.Nodes.Length];

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => kind is SightingKind.DaemonEnded or SightingKind.PowerOff or SightingKind.Halted or SightingKind.Resumed or SightingKind.TurnEnded
        or SightingKind.Added or SightingKind.Removed or SightingKind.Refused or SightingKind.Refreshed or SightingKind.AdvertSent or SightingKind.Announced or SightingKind.Notified or SightingKind.StepStarted;

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        ref Watched watched = ref _watched[Slot(sighting.Node, sighting.Instance)];
        switch (sighting.Kind)
        {
            case SightingKind.DaemonEnded:
            case SightingKind.PowerOff:
                _watched.AsSpan(Slot(sighting.Node, 0), Cast.Instances).Clear();
                break;
            case SightingKind.Halted:
                _isMidTurn[sighting.Node] = sighting.Attempt == 1;
                break;
            case SightingKind.Resumed:
                Resume(sighting);
                break;
            case SightingKind.TurnEnded:
                EndTurn(sighting);
                break;
            case SightingKind.Added when sighting.Thing == Thing.Addresses:
                watched.IsThere = true;
                watched.IsStuck = false;
                break;
            case SightingKind.Removed:
                watched.MustRemove = false;
                watched.IsThere &= sighting.Thing != Thing.Addresses;
                break;
            case SightingKind.Refused when sighting.Number == 0:
                watched.MustRemove = false;
                watched.IsStuck |= sighting.Thing == Thing.Addresses;
                break;
            case SightingKind.AdvertSent:
                Judge(sighting, watched, "sends an advert");
                watched.AdvertAt = sighting.Clock;
                break;
            case SightingKind.Refreshed:
                watched.IsStuck = false;
                Judge(sighting, watched, "renews its lease");
                break;
            case SightingKind.Announced:
                Judge(sighting, watched, "announces its address");
                break;
            case SightingKind.Notified when sighting.Number != (int)Notification.MasterHeardLower:
                Judge(sighting, watched, "runs a notify script");
                break;
            case SightingKind.StepStarted:
                Judge(sighting, watched, "starts a step");
                break;
        }
    }

    private void Resume(in Sighting sighting)
    {
        for (int i = 0; i < Cast.Nodes[sighting.Node].Instances.Count; i++)
        {
            ref Watched watched = ref _watched[Slot(sighting.Node, i)];
            VrrpConfig config = Cast.Nodes[sighting.Node].Instances[i];

            // With the lowest priority the interval is longest: nobody waits longer than that.
            long longest = Nano.Of(VrrpTimers.MasterDown(config.Version, 1, config.AdvertInterval, config.DownTimerAdverts));
            if (!watched.IsThere || sighting.Clock - watched.AdvertAt <= longest)
            {
                continue;
            }

            if (_isMidTurn[sighting.Node])
            {
                Excuse("halted between a decision and its last effect");
                continue;
            }

            if (watched.IsStuck)
            {
                Excuse("the kernel had refused to remove the address before");
                continue;
            }

            Judged++;
            watched.MustRemove = true;
        }
    }

    private void EndTurn(in Sighting sighting)
    {
        for (int i = 0; i < Cast.Instances; i++)
        {
            if (_watched[Slot(sighting.Node, i)].MustRemove)
            {
                Violate(sighting.At, $"{Who(sighting.Node, i)} runs again after a stall and still holds its address");
            }
        }
    }

    private void Judge(in Sighting sighting, in Watched watched, string what)
    {
        if (watched.MustRemove)
        {
            Violate(sighting.At, $"{Who(sighting.Node, sighting.Instance)} runs again after a stall and {what} before its address is gone");
        }
    }

    private struct Watched
    {
        public bool IsThere;
        public bool IsStuck;
        public bool MustRemove;
        public long AdvertAt;
    }
}
