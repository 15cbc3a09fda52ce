using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>Which changes are mailed and in which words (keepalived's vrrp_notify.c and smtp.c).</summary>
public sealed class MailRulesTests
{
    [Theory]
    [InlineData(Notification.Master, "[db1] VRRP Instance VI_1 - Entering MASTER state", "=> VRRP Instance is now owning VRRP VIPs <=")]
    [InlineData(Notification.Backup, "[db1] VRRP Instance VI_1 - Entering BACKUP state", "=> VRRP Instance is no longer owning VRRP VIPs <=")]
    [InlineData(Notification.Fault, "[db1] VRRP Instance VI_1 - Entering FAULT state", "=> VRRP Instance is no longer owning VRRP VIPs <=")]
    [InlineData(Notification.Stop, "[db1] VRRP Instance VI_1 - Stopping", "=> VRRP Instance stopping <=")]
    [InlineData(Notification.Deleted, "[db1] VRRP Instance VI_1 - Deleted", "=> VRRP Deleted at reload <=")]
    public void An_instance_is_told_of_in_keepaliveds_words(Notification notification, string subject, string body) =>
        Assert.Equal(new MailText(subject, body), MailRules.OfInstance(Node(), Instance(), notification, null));

    [Theory]
    [InlineData(Notification.Master, "[db1] VRRP Group G - Entering MASTER state", "=> All VRRP group instances are now in MASTER state <=")]
    [InlineData(Notification.Backup, "[db1] VRRP Group G - Entering BACKUP state", "=> All VRRP group instances are now in BACKUP state <=")]
    [InlineData(Notification.Fault, "[db1] VRRP Group G - Entering FAULT state", "=> All VRRP group instances are now in FAULT state <=")]
    [InlineData(Notification.Stop, "[db1] VRRP Group G - Stopping", "=> All VRRP group instances are now stopping <=")]
    public void A_group_is_told_of_in_keepaliveds_words(Notification notification, string subject, string body) =>
        Assert.Equal(new MailText(subject, body), MailRules.OfGroup(Node(), Group(), notification, null));

    [Fact]
    public void What_is_no_change_of_state_is_not_mailed()
    {
        foreach (Notification notification in (Notification[])[Notification.MasterHeardLower, Notification.MasterPriority, Notification.BackupPriority])
        {
            Assert.Null(MailRules.OfInstance(Node(), Instance(), notification, null));
            Assert.Null(MailRules.OfGroup(Node(), Group(), notification, null));
        }

        Assert.Null(MailRules.OfGroup(Node(), Group(), Notification.Deleted, null));
    }

    [Fact]
    public void The_same_state_is_mailed_once()
    {
        // With reassert notify_master runs a second time; the mail says nothing new.
        Assert.Null(MailRules.OfInstance(Node(), Instance(), Notification.Master, Notification.Master));
        Assert.Null(MailRules.OfGroup(Node(), Group(), Notification.Fault, Notification.Fault));
        Assert.NotNull(MailRules.OfInstance(Node(), Instance(), Notification.Master, Notification.Backup));
    }

    [Fact]
    public void Faults_can_be_left_out()
    {
        NodeConfig node = Node() with { Mail = Node().Mail with { IsFaultLeftOut = true } };
        Assert.Null(MailRules.OfInstance(node, Instance(), Notification.Fault, Notification.Master));
        Assert.Null(MailRules.OfGroup(node, Group(), Notification.Fault, Notification.Master));
        Assert.NotNull(MailRules.OfInstance(node, Instance(), Notification.Backup, Notification.Master));
    }

    [Fact]
    public void Nothing_is_mailed_without_being_asked_for_or_without_a_place_to_go()
    {
        VrrpConfig silent = Instance() with { Notify = new NotifyScripts() };
        NodeConfig noServer = Node() with { Mail = Node().Mail with { Server = "" } };
        NodeConfig noRecipient = Node() with { Mail = Node().Mail with { Recipients = [] } };
        Assert.Null(MailRules.OfInstance(Node(), silent, Notification.Master, null));
        Assert.Null(MailRules.OfGroup(Node(), Group() with { Notify = new NotifyScripts() }, Notification.Master, null));
        foreach (NodeConfig node in (NodeConfig[])[noServer, noRecipient])
        {
            Assert.Null(MailRules.OfInstance(node, Instance(), Notification.Master, null));
            Assert.Null(MailRules.OfGroup(node, Group(), Notification.Master, null));
            Assert.Null(MailRules.OfAlarm(node, new TimelineEntry { Kind = TimelineKind.PromotionFailed }));
        }
    }

    [Fact]
    public void A_failed_fence_is_an_alarm_with_the_words_of_the_log()
    {
        // The whole way: the machine decides, and what it records is mailed. The fence fails once; then the promotion has failed.
        NodeConfig node = Node() with { Instances = [Instance().Promote(TestConfig.Fence("a"))] };
        TimelineEntry failed = new() { Kind = TimelineKind.PromotionFailed, Duration = TimeSpan.FromSeconds(5) };
        MailText? mail = MailRules.OfAlarm(node, failed);
        Assert.Equal(new MailText("[db1] VRRP Instance VI_1 - ALARM: promotion failed", TimelineText.Describe(node, failed)), mail);
    }

    [Fact]
    public void Alarms_are_errors_of_an_instance_and_nothing_else()
    {
        foreach (TimelineKind kind in Enum.GetValues<TimelineKind>())
        {
            TimelineEntry entry = new() { Kind = kind };
            if (!entry.IsOfTracker && MailRules.OfAlarm(Node() with { Instances = [Instance().Promote(TestConfig.Fence("a"))] }, entry) is { } mail)
            {
                Assert.Equal(TimelineLevel.Error, TimelineText.LevelOf(entry));
                Assert.StartsWith("[db1] VRRP Instance VI_1 - ALARM: ", mail.Subject, StringComparison.Ordinal);
            }

            Assert.Null(MailRules.OfAlarm(Node(), entry with { Index = -1 }));
        }
    }

    [Fact]
    public void A_member_is_alarmed_about_where_its_group_is_mailed()
    {
        VrrpConfig member = Instance() with { Notify = new NotifyScripts(), SyncGroup = 0 };
        TimelineEntry entry = new() { Kind = TimelineKind.AddressInUse };
        Assert.NotNull(MailRules.OfAlarm(Node() with { Instances = [member], Groups = [Group()] }, entry));
        Assert.Null(MailRules.OfAlarm(Node() with { Instances = [member], Groups = [Group() with { Notify = new NotifyScripts() }] }, entry));
    }

    private static VrrpConfig Instance() => TestConfig.Instance() with { Notify = new NotifyScripts { IsMailed = true } };

    private static SyncGroupConfig Group() => new("G", [0]) { Notify = new NotifyScripts { IsMailed = true } };

    private static NodeConfig Node() => TestConfig.Node(Instance()) with
    {
        RouterId = "db1",
        Mail = new MailConfig { Server = "mail.example.org", Recipients = ["dba@example.org"] },
    };
}
