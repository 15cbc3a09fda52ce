using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim;

/// <summary>
/// G5: addresses, excluded addresses, routes, rules, announcement, notify_master, in this order; and back: rules, routes, addresses, excluded addresses are gone
/// before the demotion steps, these before priority 0, this before notify. The demotion of a sync group runs once, when everything of all members is gone, and none of them
/// says priority 0 before it has succeeded (docs/sync-groups.md).
/// </summary>
/// <remarks>
/// Excused: what the kernel refused to remove is still there when the instance goes on; and priority 0 without the demotion of an earlier life, whose disk had
/// failed, or not answered in time, when that life ended.
/// </remarks>
internal sealed class Order(Cast cast) : Checker(cast, "G5")
{
    private readonly Held[] _held = new Held[cast.Nodes.Length * cast.Instances];

    // Of the demotion, which is one for all members of a sync group.
    private readonly Due[] _due = new Due[cast.Nodes.Length * cast.Instances];

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => kind is SightingKind.Added or SightingKind.Removed or SightingKind.Refused or SightingKind.AdvertSent or SightingKind.Announced
        or SightingKind.Notified or SightingKind.StepStarted or SightingKind.StepEnded or SightingKind.MemoryLost or SightingKind.DaemonEnded
        or SightingKind.PowerOff or SightingKind.Refreshed;

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        ref Held held = ref _held[Slot(sighting.Node, sighting.Instance)];
        ref Due due = ref _due[PlanSlot(sighting.Node, sighting.Instance)];
        switch (sighting.Kind)
        {
            case SightingKind.Added:
                Add(sighting, ref held, ref due);
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
                BeginDemotion(sighting, ref due);
                break;
            case SightingKind.Refused:
                // Whoever could not add anything has been Master all the same, and is demoted.
                due.Begun = 0;
                break;
            case SightingKind.Refreshed when sighting.Number == 0:
                due.Begun = 0;
                break;
            case SightingKind.StepEnded when sighting.IsDemotion:
                due.Ended |= 1UL << sighting.Number;
                due.Succeeded |= sighting.Outcome.IsSuccess ? 1UL << sighting.Number : 0;
                break;
            case SightingKind.AdvertSent when sighting.Number == 0:
                Release(sighting, ref due);
                break;
            case SightingKind.MemoryLost when sighting.Number == 1:
                for (int i = 0; i < Cast.Instances; i++)
                {
                    _due[Slot(sighting.Node, i)].IsForgotten = _due[Slot(sighting.Node, i)].IsDue;
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
                _due.AsSpan(Slot(sighting.Node, 0), Cast.Instances).Clear();
                break;
        }
    }

    private void Add(in Sighting sighting, ref Held held, ref Due due)
    {
        Thing before = (Thing)((int)sighting.Thing - 1) & Configured(sighting);
        due.Begun = 0;
        if (!IsAnyHeld(sighting))
        {
            due.Ended = 0;
            due.Succeeded = 0;
        }

        Expect(sighting, held, before, $"adds {sighting.Thing}");
        held.Things |= sighting.Thing;
        held.Lost &= ~sighting.Thing;
        due.IsDue = true;
        due.IsForgotten = false;
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

    /// <summary>Whether any of those that are demoted together holds anything.</summary>
    private bool IsAnyHeld(in Sighting sighting)
    {
        foreach (int member in Cast.Together(sighting.Node, sighting.Instance))
        {
            if (_held[Slot(sighting.Node, member)].Things != Thing.None)
            {
                return true;
            }
        }

        return false;
    }

    private void BeginDemotion(in Sighting sighting, ref Due due)
    {
        ExpectNothingOfAll(sighting, "starts a demotion step");
        ulong step = 1UL << sighting.Number;
        if ((due.Begun & due.Succeeded & step) != 0)
        {
            Violate(sighting.At, $"{Who(sighting.Node, sighting.Instance)} starts demotion step {sighting.Number} once more");
        }

        due.Begun |= step;
    }

    private void Release(in Sighting sighting, ref Due due)
    {
        ExpectNothingOfAll(sighting, "sends priority 0", isExcusable: false);
        if (!due.IsDue || Cast.Nodes[sighting.Node].Instances[sighting.Instance].Demotion is not { } demotion)
        {
            return;
        }

        ulong all = (1UL << demotion.Steps.Count) - 1;
        ulong done = demotion.IsReleasedOnFailure ? due.Ended : due.Succeeded;
        if ((done & all) == all)
        {
            due.IsDue = false;
        }
        else if (due.IsForgotten)
        {
            Excuse("a disk that failed had not been told of the promotion when the daemon died");
            due.IsDue = false;
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

    private void ExpectNothingOfAll(in Sighting sighting, string what, bool isExcusable = true)
    {
        foreach (int member in Cast.Together(sighting.Node, sighting.Instance))
        {
            ExpectNothing(sighting, _held[Slot(sighting.Node, member)], what, isExcusable);
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
    }

    private struct Due
    {
        public bool IsDue;
        public bool IsForgotten;
        public ulong Ended;
        public ulong Succeeded;

        // Steps since anything was last added, or was to be.
        public ulong Begun;
    }
}
