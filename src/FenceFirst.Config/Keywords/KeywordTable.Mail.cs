namespace FenceFirst.Config.Keywords;

/// <content>Mail.</content>
internal static partial class KeywordTable
{
    private static IEnumerable<Keyword> MailRows() =>
    [
        Block(BlockKind.GlobalDefs, "notification_email", BlockKind.WordList, "who gets mails about changes; without it none is sent"),
        Word(BlockKind.GlobalDefs, "notification_email_from", "the sender of mails") with { Default = "user and host name" },
        Words(BlockKind.GlobalDefs, "smtp_server", "HOST [PORT]: the mail server; without it none is sent. Port 25 unless given; on 465 TLS begins at once"),
        Word(BlockKind.GlobalDefs, "smtp_helo_name", "what this node calls itself to the mail server") with { Default = "host name" },
        Integer(BlockKind.GlobalDefs, "smtp_connect_timeout", 0, 4294, "30", "bound on the connection and on each answer; 0 means 1", "s") with { IsZeroOne = true },
        Word(BlockKind.GlobalDefs, "smtp_login_file", "a private file with user and password for the mail server, a line each; both are sent over verified TLS only") with { IsOwn = true },
        Boolean(BlockKind.GlobalDefs, "smtp_alert", "changes are mailed, unless set otherwise"),
        Boolean(BlockKind.GlobalDefs, "smtp_alert_vrrp", "the same for instances and sync groups") with { Default = "smtp_alert" },
        Flag(BlockKind.GlobalDefs, "no_email_faults", "entering Fault is not mailed"),
        Boolean(BlockKind.VrrpInstance, "smtp_alert", "its changes are mailed") with { Default = "smtp_alert_vrrp" },
        Boolean(BlockKind.VrrpSyncGroup, "smtp_alert", "its changes are mailed") with { Default = "smtp_alert_vrrp" },
    ];
}
