using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>docs/notifications.md: after a conflict with another master that yielded, and an instance that a reload has removed.</summary>
public class ReassertTests
{
    // Every lower advert is answered, announced and told of (keepalived); notify_master runs once more when the other one has been silent for
    // three intervals and our skew.
    [Fact]
    public void Notify_master_runs_once_more_when_the_other_master_is_silent()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance() with { IsReasserting = true });
        m.Notifications.Clear();
        m.Hear('a', 50);
        Assert.Equal("advert:100 announce:5 notify:MasterHeardLower", m.Seen);
        m.Driver.Advance(2);
        m.Hear('a', 50);
        m.Driver.Advance(3.5);
        Assert.Equal([Notification.MasterHeardLower, Notification.MasterHeardLower], m.Notifications);
        m.Driver.Advance(0.2);
        Assert.Equal(Notification.Master, m.Notifications[^1]);
        Assert.True(m.Recorded(TimelineKind.ConflictWon));
        m.Driver.Advance(20);
        Assert.Equal(3, m.Notifications.Count);
    }

    // Whoever releases was master, although none of its adverts may have reached us: it heard ours first. Then at once, and once.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Its_priority_zero_ends_the_conflict_at_once(bool isHeardBefore)
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance() with { IsReasserting = true });
        if (isHeardBefore)
        {
            m.Hear('a', 50);
        }

        m.Hear('a', 0);
        Assert.Equal("advert:100 announce:5 notify:Master", m.Seen);
        m.Notifications.Clear();
        m.Driver.Advance(10);
        Assert.Empty(m.Notifications);
    }

    // keepalived's behaviour is the default, and a Master that has lost in the end asserts nothing.
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void Nothing_is_asserted_unless_asked_for_and_won(bool isAsked, bool isLost)
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance() with { IsReasserting = isAsked });
        m.Notifications.Clear();
        m.Hear('a', 50);
        if (isLost)
        {
            m.Hear('z', 200);
        }

        for (int i = 0; i < 10; i++)
        {
            m.Driver.Advance(0.9);
            if (isLost)
            {
                m.Hear('z', 200);
            }
        }

        Assert.DoesNotContain(Notification.Master, m.Notifications);
        Assert.False(m.Recorded(TimelineKind.ConflictWon));
    }

    // keepalived.conf(5), notify_deleted: DELETED where it is written, else FAULT; a plain stop is STOP.
    [Theory]
    [InlineData(true, true, Notification.Deleted)]
    [InlineData(true, false, Notification.Fault)]
    [InlineData(false, true, Notification.Stop)]
    public void A_removed_instance_says_how_it_went(bool isDeleted, bool isTold, Notification expected)
    {
        VrrpConfig instance = TestConfig.Instance() with { Notify = new NotifyScripts { IsDeletedTold = isTold } };
        SimulatedNode m = MachineDriver.Master(instance);
        m.Deliver(NodeEvent.StopRequested(0, isDeleted));
        Assert.Equal(expected, m.Notifications[^1]);
        Assert.True(m.First.IsStopped);
    }
}
