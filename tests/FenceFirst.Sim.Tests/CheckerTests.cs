using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim.Tests;

/// <summary>Checks that can fail: each checker finds the story told by hand that breaks its guarantee, and passes the one beside it that does not.</summary>
public class CheckerTests
{
    private static readonly StepOutcome Failure = new(StepOutcomeKind.Exited, 1);

    private static readonly PromotionStep StopWrites = new(StepKind.Run, "stop_writes", new CommandLine(["/stop_writes"]));

    /// <summary>Two power supplies that are switched off, and on again.</summary>
    private static VrrpConfig TwoSupplies(VrrpConfig instance, int node)
    {
        PromotionStep fence = instance.Promotion!.Steps[0];
        PromotionStep on = fence with { Agent = new FenceAgent { Action = FenceAction.On } };
        return instance with { Promotion = instance.Promotion with { Steps = [fence with { Levels = [new FenceLevel([fence, fence, on, on])] }] } };
    }

    // G10: b takes the address while a holds it; a fence that told the truth makes it worse, not better.
    [Fact]
    public void One_owner_finds_two_owners()
    {
        new Told(new OneOwner(Told.Cluster())).AllUp().Add(0).After(5).Add(1).IsBroken("that a (VI_1) still holds");
        new Told(new OneOwner(Told.Cluster())).AllUp().Add(0)
            .See(SightingKind.StepStarted, 1, attempt: 1).After(1).See(SightingKind.PowerOff, 0, by: 1).See(SightingKind.PowerOn, 0)
            .See(SightingKind.StepEnded, 1, attempt: 1, outcome: StepOutcome.Success).Add(1).IsBroken("still holds");
    }

    // G10: gone before taken.
    [Fact]
    public void One_owner_passes_a_failover()
    {
        new Told(new OneOwner(Told.Cluster())).AllUp().Add(0).Remove(0, cause: RemovalCause.Power).See(SightingKind.PowerOff, 0).Add(1).Holds();
    }

    // G10 is not given without a fence, with a fence that lies, with a confirmation that is not true, and with last_master among three.
    [Fact]
    public void One_owner_says_when_it_is_not_given()
    {
        new Told(new OneOwner(Told.Cluster(change: (instance, _) => instance with { Promotion = null }))).AllUp().Add(0).Add(1).IsExcused("no fence configured");
        new Told(new OneOwner(Told.Cluster())).AllUp().Add(0).Step(1, 0, 1, StepOutcome.Success).Add(1).IsExcused("had power");
        new Told(new OneOwner(Told.Cluster())).AllUp().Add(0).See(SightingKind.Confirmed, 1, by: 0).Add(1).IsExcused("had power");
        Cast three = Told.Cluster(3, (instance, _) => instance with { Promotion = instance.Promotion! with { Scope = FenceScope.LastMaster } });
        new Told(new OneOwner(three)).AllUp(3).Add(0).Add(1).IsExcused("last_master");
    }

    // G10: a lie belongs to the promotion in which it was told.
    [Fact]
    public void An_old_lie_excuses_nothing()
    {
        new Told(new OneOwner(Told.Cluster())).AllUp().Step(1, 0, 1, StepOutcome.Success).Journal(1, TimelineKind.PromotionStarted).Add(0).Add(1).IsBroken("still holds");
    }

    // G1: no step, a failed step, a step of another life, a step of an earlier promotion.
    [Fact]
    public void Permission_finds_an_address_without_its_steps()
    {
        Told New() => new Told(new Permission(Told.Cluster())).AllUp();
        New().Add(0).IsBroken("step 0 (b) has not succeeded");
        New().Step(0, 0, 1, Failure).Add(0).IsBroken("has not succeeded");
        New().Step(0, 0, 1, new StepOutcome(StepOutcomeKind.Signalled, 9)).Add(0).IsBroken("has not succeeded");
        New().Step(0, 0, 1, StepOutcome.Success).See(SightingKind.DaemonEnded, 0).See(SightingKind.DaemonStarted, 0).Add(0).IsBroken("has not succeeded");
        New().Step(0, 0, 1, StepOutcome.Success).Journal(0, TimelineKind.PromotionStarted).Add(0).IsBroken("has not succeeded");
        New().Step(0, 0, 1, StepOutcome.Success).Add(0).Remove(0).Add(0).IsBroken("has not succeeded");
        New().Step(0, 0, 1, StepOutcome.Success).Add(0).Holds();
    }

    // G1: one after the other, in order.
    [Fact]
    public void Permission_finds_a_step_before_its_turn()
    {
        Told New() => new Told(new Permission(Told.Cluster(3))).AllUp(3);
        New().See(SightingKind.StepStarted, 0, number: 1, attempt: 1).IsBroken("starts step 1 although step 0");
        New().Step(0, 0, 1, StepOutcome.Success).See(SightingKind.StepStarted, 0, number: 1, attempt: 2).Add(0).IsBroken("step 1");
        New().Step(0, 0, 1, StepOutcome.Success).Step(0, 1, 2, StepOutcome.Success).Add(0).Holds();
    }

    // G2: success after the bound is no success; a renewal needs the same permission.
    [Fact]
    public void Permission_finds_success_after_the_bound()
    {
        new Told(new Permission(Told.Cluster())).AllUp().Step(0, 0, 1, StepOutcome.Success, seconds: 2.1).Add(0).IsBroken("within its bound");
        new Told(new Permission(Told.Cluster())).AllUp().See(SightingKind.Refreshed, 0, number: 1).IsBroken("renews");
    }

    // docs/promotion.md 6.3: with probe nothing is added before the link was asked, or after somebody answered.
    [Fact]
    public void Permission_finds_an_address_that_nobody_asked_for()
    {
        Told New() => new Told(new Permission(Told.Cluster(change: (instance, _) => instance with { Promotion = instance.Promotion! with { IsProbing = true } })))
            .AllUp().Step(0, 0, 1, StepOutcome.Success);
        New().Add(0).IsBroken("nobody was asked");
        New().See(SightingKind.ProbeStarted, 0, attempt: 2).See(SightingKind.ProbeEnded, 0, attempt: 2, number: 0).Add(0).IsBroken("somebody has it");
        New().See(SightingKind.ProbeStarted, 0, attempt: 2).See(SightingKind.ProbeEnded, 0, attempt: 2, number: 1).Add(0).Holds();
    }

    // G3: two attempts on one target at once; a number used twice.
    [Fact]
    public void Remembered_finds_a_second_fence_and_a_second_number()
    {
        Told New() => new Told(new Remembered(Told.Cluster())).AllUp();
        New().See(SightingKind.StepStarted, 0, attempt: 1).After(3).See(SightingKind.StepStarted, 0, attempt: 2).IsBroken("while attempt 1 on the same target");
        New().Step(0, 0, 1, Failure).See(SightingKind.StepStarted, 0, attempt: 1).IsBroken("again");
        New().Step(0, 0, 1, Failure).See(SightingKind.StepStarted, 0, attempt: 2).Holds();
        Told Died() => New().See(SightingKind.StepStarted, 0, attempt: 5).See(SightingKind.DaemonEnded, 0).See(SightingKind.DaemonStarted, 0);
        Died().See(SightingKind.StepStarted, 0, attempt: 6).IsBroken("while attempt 5 on the same target");
        Died().See(SightingKind.LeftoverEnded, 0, attempt: 5).See(SightingKind.StepStarted, 0, attempt: 1).IsBroken("again");
        Died().See(SightingKind.LeftoverEnded, 0, attempt: 5).See(SightingKind.StepStarted, 0, attempt: 6).Holds();
    }

    // G1: a fence of two power supplies has succeeded when both are off, in their order; what switches them on again changes nothing.
    [Fact]
    public void Permission_finds_half_a_fence()
    {
        Told New() => new Told(new Permission(Told.Cluster(change: TwoSupplies))).AllUp();
        Told Off(Told told, byte device, StepOutcome outcome) =>
            told.See(SightingKind.StepStarted, 0, attempt: device + 1u, device: device).See(SightingKind.StepEnded, 0, attempt: device + 1u, device: device, outcome: outcome);
        Off(New(), 0, StepOutcome.Success).Add(0).IsBroken("has not succeeded");
        Off(Off(New(), 0, StepOutcome.Success), 1, Failure).Add(0).IsBroken("has not succeeded");
        Off(New(), 1, StepOutcome.Success).IsBroken("before the others of its level");
        Off(Off(Off(New(), 0, StepOutcome.Success), 1, StepOutcome.Success), 2, Failure).Add(0).Holds();
    }

    // docs/promotion.md 2.1, G3: between two devices of a level no other instance touches the target.
    [Fact]
    public void Remembered_finds_a_fence_between_two_devices()
    {
        NodeConfig[] nodes = [.. SmallOptions.Cluster(2, TwoSupplies).Select(node => node with { Instances = [node.Instances[0], node.Instances[0]] })];
        Told New() => new Told(new Remembered(new Cast(nodes, [SimCluster.AddressOf(0), SimCluster.AddressOf(1)]))).AllUp();
        Told Half() => New().See(SightingKind.StepStarted, 0, attempt: 1).See(SightingKind.StepEnded, 0, attempt: 1).Journal(0, TimelineKind.StepEnded, outcome: StepOutcome.Success);
        Half().See(SightingKind.StepStarted, 0, attempt: 2, instance: 1).IsBroken("between two devices");
        Half().Journal(0, TimelineKind.FenceLevelFailed).See(SightingKind.StepStarted, 0, attempt: 2, instance: 1).Holds();
        Half().Journal(0, TimelineKind.StepEnded, device: 3, outcome: StepOutcome.Success).See(SightingKind.StepStarted, 0, attempt: 2, instance: 1).Holds();
    }

    // G3: a number that a disk that failed had not been told of may come again, but not while its program lives.
    [Fact]
    public void Remembered_excuses_a_number_that_was_lost_with_the_disk()
    {
        Told Lost(Told told, bool hasFailed = true) => told.See(SightingKind.DaemonEnded, 0).See(SightingKind.MemoryLost, 0, number: hasFailed ? 1 : 0).See(SightingKind.StepStarted, 0, attempt: 5);
        Told New() => new Told(new Remembered(Told.Cluster())).AllUp();
        Lost(New().Step(0, 0, 5, Failure)).IsExcused("a disk that failed");
        Lost(New().Step(0, 0, 5, Failure), hasFailed: false).IsBroken("again");
        Lost(New().See(SightingKind.StepStarted, 0, attempt: 5)).IsBroken("again");
    }

    // docs/promotion.md 8: nothing starts in maintenance.
    [Fact]
    public void Maintenance_finds_a_promotion()
    {
        Told New() => new Told(new Maintenance(Told.Cluster())).AllUp().See(SightingKind.Maintained, 0, number: 10).After(5);
        New().Journal(0, TimelineKind.PromotionStarted).IsBroken("starts a promotion in maintenance");
        New().Journal(0, TimelineKind.StepStarted).IsBroken("starts a step in maintenance");
        New().Journal(0, TimelineKind.StepStarted, phase: VrrpPhase.Demoting).Journal(1, TimelineKind.PromotionStarted).After(6).Journal(0, TimelineKind.PromotionStarted).Holds();
        New().See(SightingKind.Maintained, 0, number: 0).Journal(0, TimelineKind.PromotionStarted).Holds();
    }

    // docs/promotion.md 4.1: priority 0 replaces a fence with release_is_enough only, and only until its sender holds the address again.
    [Fact]
    public void Permission_knows_what_a_release_replaces()
    {
        Told New(bool isEnough) => new Told(new Permission(Told.Cluster(change: (instance, _) => instance with { Promotion = instance.Promotion! with { IsReleaseEnough = isEnough } }))).AllUp();
        New(true).Advert(1, priority: 0).Add(0).IsExcused("release_is_enough");
        New(false).Advert(1, priority: 0).Add(0).IsBroken("has not succeeded");
        New(true).Advert(1, priority: 0).Step(1, 0, 1, StepOutcome.Success).Add(1).Add(0).IsBroken("has not succeeded");
    }

    // G4: a master or a candidate that is silent for longer than an interval, unless it did not run.
    [Fact]
    public void No_starvation_finds_a_missing_advert()
    {
        Told New() => new Told(new NoStarvation(Told.Cluster())).AllUp();
        New().Advert(0).Add(0).After(1).Advert(0).After(1.1).Advert(0).IsBroken("sent no advert for 1.100 s");
        New().Advert(0).Add(0).After(30).Remove(0).IsBroken("sent no advert for 30.000 s");
        New().Journal(0, TimelineKind.PromotionStarted).Advert(0).After(1.1).Advert(0).IsBroken("is a candidate");
        New().Advert(0).Add(0).See(SightingKind.Halted, 0).After(9).See(SightingKind.Resumed, 0).Advert(0).After(1).Advert(0).Holds();
    }

    // docs/promotion.md 6.1: refused packets are a reason for a candidate, not for a holder, and only while they come.
    [Fact]
    public void No_starvation_knows_when_a_candidate_holds_back()
    {
        Told New() => new Told(new NoStarvation(Told.Cluster())).AllUp();
        Told held = New().Journal(0, TimelineKind.PromotionStarted).Advert(0).After(0.5).Journal(0, TimelineKind.PacketRefused);
        held.After(3).Journal(0, TimelineKind.PacketRefused).After(9).Advert(0).IsExcused("while refused packets come");
        New().Journal(0, TimelineKind.PromotionStarted).Advert(0).After(0.5).Journal(0, TimelineKind.PacketRefused).After(6).Advert(0).IsBroken("is a candidate");
        New().Journal(0, TimelineKind.PromotionStarted).Advert(0).After(2).Journal(0, TimelineKind.PacketRefused).IsBroken("sent no advert for 2.000 s");
        New().Advert(0).Add(0).Journal(0, TimelineKind.PacketRefused).After(1.1).Advert(0).IsBroken("holds the address");

        // A packet that was overtaken is no reason to be silent.
        New().Journal(0, TimelineKind.PromotionStarted).Advert(0).After(0.5).Journal(0, TimelineKind.PacketRefused, first: 1).After(3).Advert(0).IsBroken("is a candidate");
    }

    // docs/promotion.md 6.1: what a target sends while its own fence runs changes nothing, so it does not end the rhythm of another sender either (seed 15885).
    [Fact]
    public void No_starvation_keeps_a_rhythm_beside_the_packets_of_a_target()
    {
        Told New() => new Told(new NoStarvation(Told.Cluster(3))).AllUp(3).Journal(1, TimelineKind.PromotionStarted).Advert(1).After(0.5);
        Told Heard() => New().Journal(1, TimelineKind.PacketRefused, by: 0).Journal(1, TimelineKind.StepStarted, first: 1).After(1).Journal(1, TimelineKind.PacketRefused, by: 2).After(1);
        Heard().Journal(1, TimelineKind.PacketRefused, by: 0).After(6).Advert(1).IsExcused("while refused packets come");
        Heard().Journal(1, TimelineKind.PacketRefused, by: 0).After(7.1).Advert(1).IsBroken("is a candidate");
        New().Journal(1, TimelineKind.StepStarted, first: 1).Journal(1, TimelineKind.PacketRefused, by: 2).After(1).Advert(1).IsBroken("is a candidate");
    }

    // docs/promotion.md 6.1: the reason ends when its sender is understood, when it has been fenced, and when a rival takes its place.
    [Fact]
    public void No_starvation_knows_when_the_reason_ends()
    {
        Told New() => new Told(new NoStarvation(Told.Cluster())).AllUp().Journal(0, TimelineKind.PromotionStarted).Advert(0).After(0.5).Journal(0, TimelineKind.PacketRefused, by: 1);
        New().After(1).Advert(0).IsExcused("while refused packets come");
        New().See(SightingKind.AdvertHeard, 0, by: 1).After(1.1).Advert(0).IsBroken("is a candidate");
        New().Journal(0, TimelineKind.StepEnded, outcome: StepOutcome.Success).After(1.1).Advert(0).IsBroken("is a candidate");
        New().Journal(0, TimelineKind.StepEnded, outcome: Failure).After(1.1).Advert(0).IsExcused("while refused packets come");
        New().Journal(0, TimelineKind.RivalHeard, by: 1).After(1.1).Advert(0).IsBroken("is a candidate");
    }

    // G5, up: the announcement before the address, notify before the routes.
    [Fact]
    public void Order_finds_what_comes_too_early()
    {
        Cast cast = Told.Cluster(change: (instance, _) => instance with { Routes = [new VirtualRoute(InternetAddress.FromIPv4(0x0b000000), 8)] });
        new Told(new Order(cast)).See(SightingKind.Announced, 0).IsBroken("announces its addresses before Addresses");
        new Told(new Order(cast)).Add(0, Thing.Routes).IsBroken("adds Routes before Addresses");
        new Told(new Order(cast)).Add(0).See(SightingKind.Notified, 0, number: (int)Notification.Master).IsBroken("runs notify_master before Routes");
        new Told(new Order(cast)).Add(0).Add(0, Thing.Routes).See(SightingKind.Announced, 0).See(SightingKind.Notified, 0, number: (int)Notification.Master).Holds();
    }

    // G5, down: addresses before routes, a demotion step or priority 0 while something is held, priority 0 without a demotion that succeeded.
    [Fact]
    public void Order_finds_a_release_that_is_a_lie()
    {
        Cast cast = Told.Cluster(change: (instance, _) => instance with
        {
            Routes = [new VirtualRoute(InternetAddress.FromIPv4(0x0b000000), 8)],
            Demotion = new DemotionPlan { Steps = [StopWrites] },
        });
        Told New() => new Told(new Order(cast)).Add(0).Add(0, Thing.Routes);
        New().Remove(0).IsBroken("removes Addresses while Routes");
        New().See(SightingKind.StepStarted, 0, isDemotion: true, attempt: 1).IsBroken("starts a demotion step while");
        New().Advert(0, priority: 0).IsBroken("sends priority 0 while");
        New().Remove(0, Thing.Routes).Remove(0).Advert(0, priority: 0).IsBroken("its demotion has not succeeded");
        Told removed = New().Remove(0, Thing.Routes).Remove(0).See(SightingKind.StepStarted, 0, isDemotion: true, attempt: 1);
        removed.See(SightingKind.StepEnded, 0, isDemotion: true, attempt: 1, outcome: StepOutcome.Success).Advert(0, priority: 0)
            .See(SightingKind.Notified, 0, number: (int)Notification.Backup).Holds();
        New().Remove(0, Thing.Routes).Remove(0).See(SightingKind.StepEnded, 0, isDemotion: true, attempt: 1, outcome: Failure).Advert(0, priority: 0)
            .IsBroken("its demotion has not succeeded");
    }

    // G5: priority 0 without the demotion of an earlier life is excused by a disk that had failed, and by nothing else.
    [Fact]
    public void Order_excuses_a_forgotten_demotion_by_a_disk_that_failed_only()
    {
        Cast cast = Told.Cluster(change: (instance, _) => instance with { Demotion = new DemotionPlan { Steps = [StopWrites] } });
        Told Dead(int number) => new Told(new Order(cast)).Add(0).See(SightingKind.DaemonEnded, 0).See(SightingKind.MemoryLost, 0, number: number)
            .Remove(0, cause: RemovalCause.Sweep).Advert(0, priority: 0);
        Dead(0).IsBroken("its demotion has not succeeded");
        Dead(1).IsExcused("a disk that failed");
        new Told(new Order(cast)).Add(0).See(SightingKind.DaemonEnded, 0).Remove(0, cause: RemovalCause.Sweep).Advert(0, priority: 0).IsBroken("its demotion has not succeeded");
    }

    // G6: an address that outlives its lease, is lost although the daemon ran, or is renewed by a daemon that has stalled.
    [Fact]
    public void Lease_finds_a_renewal_too_late_and_one_too_many()
    {
        Told New() => new Told(new Lease(Told.Cluster(change: (instance, _) => instance with { LeaseSeconds = 4 }))).AllUp().Advert(0).Add(0).See(SightingKind.Refreshed, 0);
        New().See(SightingKind.Halted, 0).After(5).Remove(0, cause: RemovalCause.Power).IsBroken("on a lease of 4 s");
        New().After(4).Remove(0, cause: RemovalCause.Lease).IsBroken("although the daemon ran all the time");
        New().See(SightingKind.Halted, 0).After(4.2).Remove(0, cause: RemovalCause.Lease).After(1).See(SightingKind.Resumed, 0).See(SightingKind.Refreshed, 0, number: 1)
            .IsBroken("sent no advert for 5.200 s");
        New().See(SightingKind.Halted, 0).After(4.1).Remove(0, cause: RemovalCause.Lease).Holds();
    }

    // G7: the first thing after a stall has to be the removal.
    [Fact]
    public void Stall_finds_whoever_does_something_else_first()
    {
        Told New(double seconds) => new Told(new Stall(Told.Cluster())).AllUp().Advert(0).Add(0).See(SightingKind.Halted, 0).After(seconds).See(SightingKind.Resumed, 0);
        New(10).Advert(0).IsBroken("sends an advert before its address is gone");
        New(10).See(SightingKind.TurnEnded, 0).IsBroken("still holds its address");
        New(10).See(SightingKind.Refreshed, 0, number: 1).IsBroken("renews its lease");
        New(10).Remove(0).Advert(0, priority: 0).See(SightingKind.TurnEnded, 0).Holds();
        New(2).Advert(0).See(SightingKind.TurnEnded, 0).Holds();
    }

    // G8: a journal that does not say what is held, or says what is not.
    [Fact]
    public void Story_finds_a_journal_that_does_not_tell_the_truth()
    {
        Told New() => new Told(new Story(Told.Cluster())).AllUp();
        New().Add(0).See(SightingKind.TurnEnded, 0).IsBroken("says that the address is not held, and it is");
        New().Journal(0, TimelineKind.KernelAsked, SideEffect.AddAddresses).See(SightingKind.TurnEnded, 0).IsBroken("says that the address is held, and it is not");
        New().Add(0).Journal(0, TimelineKind.KernelAsked, SideEffect.AddAddresses).See(SightingKind.TurnEnded, 0)
            .Remove(0).Journal(0, TimelineKind.KernelAsked, SideEffect.RemoveAddresses).See(SightingKind.TurnEnded, 0).Holds();
        New().Journal(0, TimelineKind.KernelAsked, SideEffect.AddAddresses).Journal(0, TimelineKind.KernelRefused, SideEffect.AddAddresses).See(SightingKind.TurnEnded, 0).Holds();
    }

    // G8: a stall between a request and its answer. A refused removal leaves held what the journal says was held, and nothing else excuses a journal that says so.
    [Fact]
    public void Story_goes_by_the_answers_in_whatever_order_they_are_told()
    {
        Told New() => new Told(new Story(Told.Cluster())).AllUp().Journal(0, TimelineKind.KernelAsked, SideEffect.AddAddresses);
        Told Removing(Told told) => told.Journal(0, TimelineKind.KernelAsked, SideEffect.RemoveAddresses);
        Told Refusing(Told told, SideEffect what) => told.Journal(0, TimelineKind.KernelRefused, what);
        Told Ended(Told told) => told.See(SightingKind.TurnEnded, 0);

        // Nothing was added, nothing could be removed: with the first answer the story is true, without it it is not.
        Ended(Refusing(Refusing(Removing(New()), SideEffect.AddAddresses), SideEffect.RemoveAddresses)).Holds();
        Ended(Refusing(Removing(New()), SideEffect.RemoveAddresses)).IsBroken("says that the address is held, and it is not");

        // It was added, and could not be removed.
        Ended(Refusing(Removing(New().Add(0)), SideEffect.RemoveAddresses)).Holds();
        Ended(Removing(New().Add(0))).IsBroken("says that the address is not held, and it is");
    }

    // Liveness: nobody, or two, at the end; an address that moves when all is quiet.
    [Fact]
    public void Liveness_finds_nobody_and_no_rest()
    {
        new Told(new EventuallyOwned(Told.Cluster())).See(SightingKind.Healed, 0).After(100).End().IsBroken("0 nodes hold");
        new Told(new EventuallyOwned(Told.Cluster())).See(SightingKind.Healed, 0).Add(0).Add(1).End().IsBroken("2 nodes hold");
        new Told(new EventuallyOwned(Told.Cluster())).Add(0).See(SightingKind.Refused, 0, Thing.Addresses).See(SightingKind.Healed, 0).Add(1).End().IsBroken("2 nodes hold");
        new Told(new EventuallyOwned(Told.Cluster())).See(SightingKind.Healed, 0).Add(0).End().Holds();
        new Told(new NoFlapping(Told.Cluster(), 100 * Nano.Second)).See(SightingKind.Healed, 0).After(101).Remove(0).IsBroken("the address still moves");
        new Told(new NoFlapping(Told.Cluster(), 100 * Nano.Second)).See(SightingKind.Healed, 0).After(99).Remove(0).Add(1).Holds();
    }
}
