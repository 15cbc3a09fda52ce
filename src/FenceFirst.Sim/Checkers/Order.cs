using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim;

/// <summary>
/// G5: addresses, excluded addresses, routes, rules, announcement, notify_master, in this order; and back: rules, routes, addresses, excluded addresses are gone
/// before the demotion steps, these before priority 0, this before notify.
/// </summary>
/// <remarks>
/// Excused: what the kernel refused to remove is still there when the instance goes on; and priority 0 without the demotion of an earlier life, whose disk had
/// failed, or not answered in time, when that life ended.
/// </remarks>
internal sealed class Order(Cast cast) : Checker(cast, "G5")
{
    private readonly Held[] _held = new Held[cast.Nodes.Length * cast.Instances];

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => kind is SightingKind.Added or SightingKind.Removed or SightingKind.Refused or SightingKind.AdvertSent or SightingKind.Announced
        or SightingKind.Notified or SightingKind.StepStarted or SightingKind.StepEnded or SightingKind.MemoryLost or SightingKind.DaemonEnded
        or SightingKind.PowerOff;

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        ref Held held = ref _held[Slot(sighting.Node, sighting.Instance)];
        switch (sighting.Kind)
        {
            case SightingKind.Added:
                Add(sighting, ref held);
                break;
            case SightingKind.Removed:
                Remove(sighting, ref held);
                break;
            case SightingKind.Refused when sighting.Number == 0:
                held.Stuck |= sighting.Thing;
                break;
            case SightingKind.Announced:
                Expect(sighting, held, Configured(sighting) & (Thing.Addresses | Thing.Excluded), "announces its addresses");
                break;
            case SightingKind.Notified when sighting.Number == (int)Notification.Master:
                Expect(sighting, held, Configured(sighting), "runs notify_master");
                break;
            case SightingKind.Notified when sighting.Number is (int)Notification.Backup or (int)Notification.Fault or (int)Notification.Stop:
                ExpectNothing(sighting, held, "runs notify");
                break;
            case SightingKind.StepStarted when sighting.IsDemotion:
                ExpectNothing(sighting, held, "starts a demotion step");
                break;
            case SightingKind.StepEnded when sighting.IsDemotion:
                held.Ended |= 1UL << sighting.Number;
                held.Succeeded |= sighting.Outcome.IsSuccess ? 1UL << sighting.Number : 0;
                break;
            case SightingKind.AdvertSent when sighting.Number == 0:
                Release(sighting, ref held);
                break;
            case SightingKind.MemoryLost when sighting.Number == 1:
                for (int i = 0; i < Cast.Instances; i++)
                {
                    _held[Slot(sighting.Node, i)].IsForgotten = _held[Slot(sighting.Node, i)].IsDue;
                }

                break;
            case SightingKind.DaemonEnded:
                for (int i = 0; i < Cast.Instances; i++)
                {
                    _held[Slot(sighting.Node, i)].Stuck = Thing.None;
                }

                break;
            case SightingKind.PowerOff:
                _held.AsSpan(Slot(sighting.Node, 0), Cast.Instances).Clear();
                break;
        }
    }

    private void Add(in Sighting sighting, ref Held held)
    {
        Thing before = (Thing)((int)sighting.Thing - 1) & Configured(sighting);
        if (held.Things == Thing.None)
        {
            held.Ended = 0;
            held.Succeeded = 0;
        }

        Expect(sighting, held, before, $"adds {sighting.Thing}");
        held.Things |= sighting.Thing;
        held.Lost &= ~sighting.Thing;
        held.IsDue = true;
        held.IsForgotten = false;
    }

    private void Remove(in Sighting sighting, ref Held held)
    {
        if ((RemovalCause)sighting.Number is RemovalCause.Lease or RemovalCause.Stranger)
        {
            held.Lost |= sighting.Thing;
        }

        if ((RemovalCause)sighting.Number == RemovalCause.Daemon)
        {
            Judged++;
            Thing before = sighting.Thing switch
            {
                Thing.Rules => Thing.None,
                Thing.Routes => Thing.Rules,
                Thing.Addresses => Thing.Rules | Thing.Routes,
                _ => Thing.Rules | Thing.Routes | Thing.Addresses,
            };
            if ((held.Things & before & ~held.Stuck) != 0)
            {
                Violate(sighting.At, $"{Who(sighting.Node, sighting.Instance)} removes {sighting.Thing} while {held.Things & before} are there");
            }

            held.Lost = Thing.None;
        }

        held.Things &= ~sighting.Thing;
        held.Stuck &= ~sighting.Thing;
    }

    private void Release(in Sighting sighting, ref Held held)
    {
        ExpectNothing(sighting, held, "sends priority 0", isExcusable: false);
        if (!held.IsDue || Cast.Nodes[sighting.Node].Instances[sighting.Instance].Demotion is not { } demotion)
        {
            return;
        }

        ulong all = (1UL << demotion.Steps.Count) - 1;
        ulong done = demotion.IsReleasedOnFailure ? held.Ended : held.Succeeded;
        if ((done & all) == all)
        {
            held.IsDue = false;
        }
        else if (held.IsForgotten)
        {
            Excuse("a disk that failed had not been told of the promotion when the daemon died");
            held.IsDue = false;
        }
        else
        {
            Violate(sighting.At, $"{Who(sighting.Node, sighting.Instance)} sends priority 0 although its demotion has not succeeded");
        }
    }

    private void Expect(in Sighting sighting, in Held held, Thing expected, string what)
    {
        Judged++;
        Thing missing = expected & ~held.Things & ~held.Lost;
        if (missing != Thing.None)
        {
            Violate(sighting.At, $"{Who(sighting.Node, sighting.Instance)} {what} before {missing} are there");
        }
    }

    private void ExpectNothing(in Sighting sighting, in Held held, string what, bool isExcusable = true)
    {
        Judged++;
        Thing left = held.Things & ~(isExcusable ? held.Stuck : Thing.None);
        if (left != Thing.None)
        {
            Violate(sighting.At, $"{Who(sighting.Node, sighting.Instance)} {what} while {left} are there");
        }
        else if (held.Things != Thing.None)
        {
            Excuse("the kernel refused to remove something");
        }
    }

    private Thing Configured(in Sighting sighting)
    {
        VrrpConfig config = Cast.Nodes[sighting.Node].Instances[sighting.Instance];
        return (config.Addresses.IsEmpty ? Thing.None : Thing.Addresses)
            | (config.ExcludedAddresses.IsEmpty ? Thing.None : Thing.Excluded)
            | (config.Routes.IsEmpty ? Thing.None : Thing.Routes)
            | (config.Rules.IsEmpty ? Thing.None : Thing.Rules);
    }

    private struct Held
    {
        public Thing Things;
        public Thing Lost;
        public Thing Stuck;
        public bool IsDue;
        public bool IsForgotten;
        public ulong Ended;
        public ulong Succeeded;
    }
}
