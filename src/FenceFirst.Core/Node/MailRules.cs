using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <summary>A mail before it has an envelope.</summary>
/// <param name="Subject">One line.</param>
/// <param name="Body">One or several lines, separated by a line feed.</param>
public sealed record MailText(string Subject, string Body);

/// <summary>Which changes are mailed, and in which words (keepalived's vrrp_notify.c, vrrp_smtp_notifier, and smtp.c, smtp_alert).</summary>
public static class MailRules
{
    /// <summary>The mail about a change of an instance; absent = none is due.</summary>
    /// <param name="config">The node.</param>
    /// <param name="instance">The instance.</param>
    /// <param name="notification">What is told.</param>
    /// <param name="last">What the last mail about it told; absent = there was none.</param>
    public static MailText? OfInstance(NodeConfig config, VrrpConfig instance, Notification notification, Notification? last)
    {
        if (!instance.Notify.IsMailed || !IsDue(config.Mail, notification, last))
        {
            return null;
        }

        string? body = notification switch
        {
            Notification.Master => "=> VRRP Instance is now owning VRRP VIPs <=",
            Notification.Backup or Notification.Fault => "=> VRRP Instance is no longer owning VRRP VIPs <=",
            Notification.Stop => "=> VRRP Instance stopping <=",
            Notification.Deleted => "=> VRRP Deleted at reload <=",
            Notification.MasterHeardLower or Notification.MasterPriority or Notification.BackupPriority => null,
        };
        return body is null ? null : new MailText($"[{config.RouterId}] VRRP Instance {instance.Name} - {Words(notification)}", body);
    }

    /// <summary>The mail about a change of a sync group; absent = none is due.</summary>
    /// <param name="config">The node.</param>
    /// <param name="group">The group.</param>
    /// <param name="notification">What is told.</param>
    /// <param name="last">What the last mail about it told; absent = there was none.</param>
    public static MailText? OfGroup(NodeConfig config, SyncGroupConfig group, Notification notification, Notification? last)
    {
        if (!group.Notify.IsMailed || !IsDue(config.Mail, notification, last))
        {
            return null;
        }

        string? body = notification switch
        {
            Notification.Master => "=> All VRRP group instances are now in MASTER state <=",
            Notification.Backup => "=> All VRRP group instances are now in BACKUP state <=",
            Notification.Fault => "=> All VRRP group instances are now in FAULT state <=",
            Notification.Stop => "=> All VRRP group instances are now stopping <=",
            Notification.Deleted or Notification.MasterHeardLower or Notification.MasterPriority or Notification.BackupPriority => null,
        };
        return body is null ? null : new MailText($"[{config.RouterId}] VRRP Group {group.Name} - {Words(notification)}", body);
    }

    /// <summary>The mail about something that needs a person; absent = none is due. Ours: keepalived has nothing that can fail like this.</summary>
    /// <remarks>Mailed where the instance or its sync group has smtp_alert. How often the same one may be mailed is the host's to bound.</remarks>
    /// <param name="config">The node.</param>
    /// <param name="entry">What was decided.</param>
    public static MailText? OfAlarm(NodeConfig config, in TimelineEntry entry)
    {
        if (entry.Index < 0 || entry.IsOfTracker || !config.Mail.IsComplete || AlarmWords(entry.Kind) is not { } words)
        {
            return null;
        }

        VrrpConfig instance = config.Instances[entry.Index];
        bool isMailed = instance.Notify.IsMailed || (instance.SyncGroup >= 0 && config.Groups[instance.SyncGroup].Notify.IsMailed);
        return isMailed ? new MailText($"[{config.RouterId}] VRRP Instance {instance.Name} - ALARM: {words}", TimelineText.Describe(config, entry)) : null;
    }

    private static bool IsDue(MailConfig mail, Notification notification, Notification? last) =>
        mail.IsComplete && notification != last && !(mail.IsFaultLeftOut && notification == Notification.Fault);

    private static string Words(Notification notification) => notification switch
    {
        Notification.Master => "Entering MASTER state",
        Notification.Backup => "Entering BACKUP state",
        Notification.Fault => "Entering FAULT state",
        Notification.Stop => "Stopping",
        Notification.Deleted => "Deleted",
        Notification.MasterHeardLower or Notification.MasterPriority or Notification.BackupPriority => "",
    };

    private static string? AlarmWords(TimelineKind kind) => kind switch
    {
        TimelineKind.PromotionFailed => "promotion failed",
        TimelineKind.StepStuck => "a step does not end",
        TimelineKind.FenceLied => "a fenced node is alive",
        TimelineKind.ConfirmationVoid => "a node confirmed down is alive",
        TimelineKind.HoldFailed => "promotion failed: refused packets",
        TimelineKind.AddressInUse => "promotion failed: address in use",
        TimelineKind.ProbeFailed => "promotion failed: link not asked",
        TimelineKind.PromotionHeldBack => "no master, and maintenance forbids a promotion",
        TimelineKind.KernelRefused => "the kernel refuses",
        TimelineKind.ReleaseWithheld => "demotion failed",
        TimelineKind.StillHeld => "addresses cannot be removed",
        TimelineKind.Stalled => "this node was stalled",
        TimelineKind.OwnAddressHeard => "another node uses our address",
        _ => null,
    };
}
