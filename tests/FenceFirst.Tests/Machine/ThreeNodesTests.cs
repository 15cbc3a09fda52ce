using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>Three nodes a (150), b (101), c (100) that hear each other, as golden transcripts.</summary>
public class ThreeNodesTests
{
    // Issue 2, "Shown by": b promotes with a 10 s fence, c stays Backup throughout.
    [Fact]
    public void The_first_backup_promotes_and_the_second_stays_backup()
    {
        MachineDriver driver = Story(_ => true);
        bool hasLeft = false;
        driver.AfterEvent = node => hasLeft |= node.Name == 'c' && node.Phase != VrrpPhase.Backup;
        driver['a'].Crash();
        driver.Advance(30);
        Assert.False(hasLeft);
        Assert.Equal(VrrpPhase.Master, driver['b'].Phase);
        GoldenFile.Check("three-nodes-first-backup-promotes.txt", driver.Transcript);
    }

    // Issue 2, "Shown by": b's fence fails; c takes over promptly, after its own fences.
    [Fact]
    public void The_second_backup_takes_over_when_the_fence_of_the_first_fails()
    {
        MachineDriver driver = Story(node => node.Name == 'c');
        driver['a'].Crash();
        driver.Advance(40);
        Assert.Equal(VrrpPhase.Master, driver['c'].Phase);
        Assert.Equal(VrrpPhase.Backup, driver['b'].Phase);
        GoldenFile.Check("three-nodes-first-fence-fails.txt", driver.Transcript);
    }

    // Equal priorities: the one with the greater address becomes master, and nobody flaps.
    [Fact]
    public void A_tie_of_three_is_won_by_the_greatest_address()
    {
        MachineDriver driver = new MachineDriver(Enumerable.Repeat(TestConfig.Node(TestConfig.Instance()), 3).ToArray()).Connected().Start();
        driver.Advance(20);
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup, VrrpPhase.Master], driver.Nodes.Select(node => node.Phase));
        GoldenFile.Check("three-nodes-tie.txt", driver.Transcript);
    }

    // Crash and return: a comes back, preempts b without shooting it, because b releases.
    [Fact]
    public void A_crashed_master_returns_and_waits_for_the_release()
    {
        MachineDriver driver = Story(_ => true);
        driver['a'].Crash();
        driver.Advance(30);
        driver['a'].Boot();
        driver.Advance(6);
        Assert.Equal(VrrpPhase.Promoting, driver['a'].Phase);
        Assert.Equal(VrrpPhase.Backup, driver['b'].Phase);
        driver.Advance(30);
        Assert.Equal(VrrpPhase.Master, driver['a'].Phase);
        GoldenFile.Check("three-nodes-crash-and-return.txt", driver.Transcript);
    }

    private static MachineDriver Story(Func<SimulatedNode, bool> isFenceWorking)
    {
        MachineDriver driver = new(
            TestConfig.Node(TestConfig.Instance(150).Promote(TestConfig.Fence("bc"))),
            TestConfig.Node(TestConfig.Instance(101).Promote(TestConfig.Fence("a"))),
            TestConfig.Node(TestConfig.Instance(100).Promote(TestConfig.Fence("a"))));
        driver.Connected();
        driver.Steps = (_, _) => (TimeSpan.FromSeconds(0.1), StepOutcome.Success);
        driver.Start();
        driver.Advance(5);
        Assert.Equal(VrrpPhase.Master, driver['a'].Phase);
        driver.Steps = (node, _) => (TimeSpan.FromSeconds(10), isFenceWorking(node) ? StepOutcome.Success : new StepOutcome(StepOutcomeKind.Exited, 1));
        return driver;
    }
}
