using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim.Tests;

/// <summary>Sync groups (docs/sync-groups.md): each checker finds the story told by hand that tears a group, and passes the one beside it that does not.</summary>
public class GroupCheckerTests
{
    private const int Master = (int)Notification.Master;
    private const int Backup = (int)Notification.Backup;

    private static Told Raised(byte instance, Told told) => told.Add(0, instance: instance).See(SightingKind.Notified, 0, number: Master, instance: instance);

    private static Told Whole() => Raised(1, Raised(0, new Told(new Together(Told.Group())).AllUp()));

    private static Told Ended(Told told) => told.See(SightingKind.TurnEnded, 0);

    // One holds and the other does not: after a half promotion, and after a half demotion.
    [Fact]
    public void Together_finds_half_a_group()
    {
        Ended(Raised(0, new Told(new Together(Told.Group())).AllUp())).IsBroken("a (VI_1) holds its address and a (VI_2) does not");
        Ended(Whole().Remove(0, instance: 1)).IsBroken("a (VI_1) holds its address and a (VI_2) does not");
        Ended(Whole().Remove(0).Remove(0, instance: 1)).Holds();
        Ended(Whole()).Holds();
    }

    // What a stranger takes is still the daemon's to put back or to let go of; what the kernel keeps is excused; a new life begins with nothing.
    [Fact]
    public void Together_knows_who_took_an_address()
    {
        Told Taken() => Ended(Whole().Remove(0, cause: RemovalCause.Stranger, instance: 1));
        Taken().Holds();
        Ended(Taken().Add(0, instance: 1)).Holds();
        Ended(Taken().Remove(0)).IsBroken("a (VI_2) holds its address and a (VI_1) does not");
        Ended(Whole().Remove(0).See(SightingKind.Refused, 0, Thing.Addresses, instance: 1)).IsExcused("the kernel refused");
        Ended(Taken().See(SightingKind.DaemonEnded, 0).See(SightingKind.DaemonStarted, 0).Remove(0, cause: RemovalCause.Sweep)).Holds();
    }

    // In the order of the group, each complete and told of before the next; the group last, and not before all have left either.
    [Fact]
    public void Together_finds_a_member_before_its_turn()
    {
        Told New() => new Told(new Together(Told.Group())).AllUp();
        New().Add(0, instance: 1).IsBroken("adds its address before a (VI_1) has its own");
        New().Add(0).Add(0, instance: 1).IsBroken("adds its address before a (VI_1) has been told of");
        Raised(0, New()).See(SightingKind.GroupNotified, 0, number: Master).IsBroken("a (G1) is told to be Master before a (VI_2) is");
        Whole().Remove(0).See(SightingKind.GroupNotified, 0, number: Backup).IsBroken("a (G1) is told to be Backup while a (VI_2) holds");
        Whole().See(SightingKind.GroupNotified, 0, number: Master).Remove(0).Remove(0, instance: 1).See(SightingKind.GroupNotified, 0, number: Backup).Holds();
    }

    // The veto, by the journal's word and by the link that everybody can see; and nobody goes on holding beside a member in Fault.
    [Fact]
    public void Together_finds_a_group_that_goes_on_without_a_member()
    {
        Told Faulty() => new Told(new Together(Told.Group())).AllUp().Journal(0, TimelineKind.EnteredFault, instance: 1);
        Faulty().Journal(0, TimelineKind.PromotionStarted).IsBroken("starts a promotion while a (VI_2) is in Fault");
        Faulty().Journal(0, TimelineKind.EnteredMaster).IsBroken("becomes Master while a (VI_2) is in Fault");
        Faulty().Journal(0, TimelineKind.EnteredBackup, instance: 1).Journal(0, TimelineKind.PromotionStarted).Holds();

        Told Down(Told told) => told.See(SightingKind.LinkChanged, 0, attempt: 1);
        Ended(Ended(Down(new Told(new Together(Told.Group())).AllUp()))).Journal(0, TimelineKind.PromotionStarted).IsBroken("is in Fault");
        Ended(Ended(Down(Whole()))).IsBroken("holds its address while");
        Ended(Down(Whole())).Holds();
        Ended(Ended(Down(Whole().See(SightingKind.Maintained, 0, number: 60)))).Holds();
        Ended(Ended(Down(Whole()).Remove(0).Remove(0, instance: 1))).Holds();
    }

    // The veto of a member that hears a better master; one that has released, or is worse, or was heard long ago, is no reason.
    [Fact]
    public void Together_finds_a_promotion_beside_a_master_that_one_member_hears()
    {
        Told Heard(int priority) => new Told(new Together(Told.Group())).AllUp().See(SightingKind.AdvertHeard, 0, number: priority, by: 1, instance: 1).After(0.5);
        Heard(250).Journal(0, TimelineKind.PromotionStarted).IsBroken("although a (VI_2) has just heard a better master, b");
        Heard(100).Journal(0, TimelineKind.PromotionStarted).Holds();
        Heard(250).See(SightingKind.AdvertHeard, 0, number: 0, by: 1, instance: 1).Journal(0, TimelineKind.PromotionStarted).Holds();
        Heard(250).After(3).Journal(0, TimelineKind.PromotionStarted).Holds();
    }

    // G1: the one promotion is permission for all members, each of which asks for its own addresses; what ends for one has ended for all.
    [Fact]
    public void Permission_finds_a_member_without_the_promotion_of_the_group()
    {
        Told New(bool isProbing = false) => new Told(new Permission(Told.Group(instance => instance with { Promotion = instance.Promotion! with { IsProbing = isProbing } }))).AllUp();
        New().Add(0, instance: 1).IsBroken("a (VI_2) adds an address although step 0 (b) has not succeeded");
        New().Step(0, 0, 1, StepOutcome.Success).Add(0).Add(0, instance: 1).Holds();
        New().Step(0, 0, 1, StepOutcome.Success).Journal(0, TimelineKind.EnteredBackup, instance: 1).Add(0).IsBroken("has not succeeded");
        New().Step(0, 0, 1, StepOutcome.Success).Add(0).Remove(0).Add(0, instance: 1).IsBroken("has not succeeded");
        Told asked = New(isProbing: true).Step(0, 0, 1, StepOutcome.Success).See(SightingKind.ProbeStarted, 0, attempt: 2).See(SightingKind.ProbeEnded, 0, attempt: 2, number: 1).Add(0);
        asked.Add(0, instance: 1).IsBroken("a (VI_2) adds an address although nobody was asked");
    }

    // A step that has succeeded in the eyes of the daemon has done so for every member, and is not run again.
    [Fact]
    public void Permission_finds_a_step_that_runs_for_each_member()
    {
        Told New() => new Told(new Permission(Told.Group())).AllUp().Step(0, 0, 1, StepOutcome.Success);
        New().Journal(0, TimelineKind.StepEnded, outcome: StepOutcome.Success).See(SightingKind.StepStarted, 0, attempt: 2, instance: 1).IsBroken("once more");
        New().Journal(0, TimelineKind.StepEnded, outcome: StepOutcome.Success).Journal(0, TimelineKind.PromotionStarted).See(SightingKind.StepStarted, 0, attempt: 2).Holds();

        // Its answer came too late for the daemon, which tries again.
        New().Journal(0, TimelineKind.StepEnded, outcome: new StepOutcome(StepOutcomeKind.TimedOut)).See(SightingKind.StepStarted, 0, attempt: 2).Holds();
    }

    // G3: of a group one fence or run is under way at a time, whichever member has started it.
    [Fact]
    public void Remembered_finds_two_steps_of_one_promotion()
    {
        PromotionStep run = new(StepKind.Run, "promote", new CommandLine(["/promote"]));
        Told New() => new Told(new Remembered(Told.Group(instance => instance with { Promotion = instance.Promotion! with { Steps = [run] } }))).AllUp();
        New().See(SightingKind.StepStarted, 0, attempt: 1).See(SightingKind.StepStarted, 0, attempt: 2, instance: 1).IsBroken("while attempt 1 of its promotion is under way");
        New().Step(0, 0, 1, StepOutcome.Success).See(SightingKind.StepStarted, 0, attempt: 2, instance: 1).Holds();
        New().See(SightingKind.StepStarted, 0, attempt: 1).See(SightingKind.StepStarted, 1, attempt: 1).Holds();
    }

    // G5: the demotion runs once, when everything of all is gone, and nobody says priority 0 before.
    [Fact]
    public void Order_finds_a_member_that_is_demoted_or_releases_before_the_others()
    {
        DemotionPlan demotion = new() { Steps = [new PromotionStep(StepKind.Run, "stop_writes", new CommandLine(["/stop_writes"]))] };
        Told New() => new Told(new Order(Told.Group(instance => instance with { Demotion = demotion }))).Add(0).Add(0, instance: 1).Remove(0);
        New().See(SightingKind.StepStarted, 0, isDemotion: true, attempt: 1).IsBroken("starts a demotion step while Addresses are there");
        New().Advert(0, priority: 0).IsBroken("sends priority 0 while Addresses are there");
        New().Remove(0, instance: 1).Advert(0, priority: 0, instance: 1).IsBroken("a (VI_2) sends priority 0 although its demotion has not succeeded");
        Told Demoted() => New().Remove(0, instance: 1).See(SightingKind.StepStarted, 0, isDemotion: true, attempt: 1)
            .See(SightingKind.StepEnded, 0, isDemotion: true, attempt: 1, outcome: StepOutcome.Success);
        Demoted().Advert(0, priority: 0).Advert(0, priority: 0, instance: 1).Holds();
        Demoted().See(SightingKind.StepStarted, 0, isDemotion: true, attempt: 2, instance: 1).IsBroken("demotion step 0 once more");
    }

    // G4 and docs/promotion.md 8: members are candidates together, and in maintenance together.
    [Fact]
    public void Other_checkers_take_the_promotion_of_one_member_for_that_of_all()
    {
        new Told(new NoStarvation(Told.Group())).AllUp().Journal(0, TimelineKind.PromotionStarted).Advert(0).Advert(0, instance: 1).After(1.1).Advert(0, instance: 1).IsBroken("a (VI_2) is a candidate");
        new Told(new Maintenance(Told.Group())).AllUp().See(SightingKind.Maintained, 0, number: 10, attempt: 1, instance: 1).Journal(0, TimelineKind.PromotionStarted).IsBroken("in maintenance");
    }

    // Shown: half a group is found in real runs too. How: the same worlds with daemons that know of no group; the checker still does.
    [Fact]
    public void Instances_without_their_group_are_torn_in_the_same_runs()
    {
        int torn = 0;
        for (ulong seed = 1; seed <= 40; seed++)
        {
            SimOptions options = SimCluster.FromSeed(seed, isGrouped: true);
            NodeConfig[] apart = [.. options.Nodes.Select(node => node with { Groups = default, Instances = [.. node.Instances.Select(instance => instance with { SyncGroup = -1 })] })];
            Watch watch = new([new Together(Cast.Of(options))]);
            new SimWorld(options with { Nodes = apart }, watch).Run();
            torn += watch.Violation is null ? 0 : 1;
        }

        Assert.True(torn > 36, $"torn in only {torn} of 40 runs");
    }
}
