namespace FenceFirst.Config.Keywords;

/// <content>FenceFirst's extension of the language: fence_device, promotion, demotion and what goes with them.</content>
internal static partial class KeywordTable
{
    private const string LeaseMeaning =
        "SECONDS (1 to 3600) | off: the kernel removes the addresses this long after their last renewal, when the daemon was killed, stopped or hangs; renewed twice in that time";

    private const string CheckMeaning =
        "\"COMMAND\" [timeout N] [attempts N] [retry_interval N] [user NAME [group NAME]]: changes nothing, may be given up. "
        + "Or built in: ping ADDRESS ... or tcp ADDRESS:PORT ..., [at_least N] (1) [timeout N] (3) [attempts N] [retry_interval N] [delay N] [dev NAME]";

    private static IEnumerable<Keyword> OwnRows() => Extension().Select(row => row with { IsOwn = true });

    private static IEnumerable<Keyword> Extension() =>
    [
        Block(BlockKind.Root, "fence_device", BlockKind.FenceDevice, "a way to make sure that a peer is down", isNamed: true),
        Row(BlockKind.FenceDevice, "script", ValueShape.Script, "the command line; exit status 0 within the time bound = the targets are down"),
        Row(BlockKind.FenceDevice, "user", ValueShape.User, "identity the script runs as") with { Default = "script_user" },
        Row(BlockKind.FenceDevice, "targets", ValueShape.Words, "primary addresses of the peers that this device can fence"),
        Row(BlockKind.FenceDevice, "delay", ValueShape.Words, "N [random M] [priority P]: seconds before the first attempt, so that two nodes do not shoot each other; P counts less the better the priority: P * (256 - priority) / 256") with { Default = "0" },
        Seconds(BlockKind.FenceDevice, "timeout", 0.001m, 86400, "60", "bound on one attempt", 3),
        Integer(BlockKind.FenceDevice, "attempts", 1, 1000, "3", "tries before the fence has failed"),
        Seconds(BlockKind.FenceDevice, "retry_interval", 0, 86400, "2", "pause between two attempts", 3),
        Row(BlockKind.FenceDevice, "action", ValueShape.Choice, "what an agent is asked to do") with { Choices = ["off", "reboot"], Default = "off" },
        Row(BlockKind.FenceDevice, "verify", ValueShape.Boolean, "the agent's status has to say off before the fence has succeeded") with { Default = "yes" },
        Integer(BlockKind.FenceDevice, "monitor_interval", 0, 604800, "0", "how often the daemon asks the agent for its status, so that a device that fails is noticed before it is needed; 0 = never", "s"),
        Row(BlockKind.FenceDevice, "agent", ValueShape.Word, "a ClusterLabs fence agent in place of a script: a name in /usr/sbin or /usr/bin, or a path"),
        Row(BlockKind.FenceDevice, "option", ValueShape.Words, "NAME VALUE: an option of the agent, given on its standard input"),
        Row(BlockKind.FenceDevice, "option_file", ValueShape.Words, "NAME PATH: an option whose value is the first line of a private file"),

        Block(BlockKind.VrrpInstance, "promotion", BlockKind.Promotion, "what must succeed, in this order, before any address is added"),
        Row(BlockKind.Promotion, "check", ValueShape.Words, CheckMeaning),
        Row(BlockKind.Promotion, "fence", ValueShape.Words, "fence_device names, in order: `a b` one after the other; `a and b` needs both; `a then b` the second when the first has failed"),
        Row(BlockKind.Promotion, "run", ValueShape.Words, "as check, but changes something: once started its outcome is awaited"),
        Row(BlockKind.Promotion, "on_failure", ValueShape.Words, "retry_after SECONDS | fault") with { Default = "retry_after 30" },
        Row(BlockKind.Promotion, "advertise", ValueShape.Boolean, "holds lower backups back while promoting") with { Default = "yes" },
        Row(BlockKind.Promotion, "fence_scope", ValueShape.Choice, "which of several targets are fenced; mandatory with two or more") with { Choices = ["all", "last_master"] },
        Seconds(BlockKind.Promotion, "preempt_wait", 0, 86400, "30", "how long a living lower-priority master may take to release", 3),
        Row(BlockKind.Promotion, "release_is_enough", ValueShape.Boolean, "a release (priority 0) of the master that was followed replaces its fence; needs auth_hmac with mode enforce and anti_replay time") with { Default = "no" },
        Row(BlockKind.Promotion, "probe", ValueShape.Boolean, "asks the link for every address before adding it; who answers ends the promotion") with { Default = "yes" },
        Seconds(BlockKind.Promotion, "listen_after", 0, 60, "0 when every fence is verified, else the lost master's advert interval, at most 3", "how long a fenced target is listened for after the last fence", 3),

        Block(BlockKind.VrrpInstance, "demotion", BlockKind.Demotion, "what runs, in order, after the addresses are gone"),
        Row(BlockKind.Demotion, "run", ValueShape.Words, "as in promotion"),
        Row(BlockKind.Demotion, "on_failure", ValueShape.Choice, "whether `released` is sent although a step failed") with { Choices = ["silent", "release"], Default = "silent" },
        Row(BlockKind.VrrpInstance, "notify_master_before_vip", ValueShape.Free, "[timeout N]: notify_master is awaited before the address is added"),
        Block(BlockKind.VrrpSyncGroup, "promotion", BlockKind.Promotion, "as in vrrp_instance: runs once, before any address of any member is added"),
        Block(BlockKind.VrrpSyncGroup, "demotion", BlockKind.Demotion, "as in vrrp_instance: runs once, after the addresses of all members are gone"),
        Row(BlockKind.VrrpSyncGroup, "notify_master_before_vip", ValueShape.Free, "[timeout N]: notify_master of the group is awaited before any address is added"),
        Row(BlockKind.VrrpSyncGroup, "notify_parallel", ValueShape.Boolean, "as in global_defs, for this group") with { Default = "as in global_defs" },
        Row(BlockKind.VrrpInstance, "vip_lease", ValueShape.Word, LeaseMeaning) with { Default = "off, or what global_defs say" },
        Row(BlockKind.GlobalDefs, "watchdog", ValueShape.Words, "DEVICE [required]: resets the machine when the loop hangs while an instance promotes or holds anything; required = no promotion without it"),
        Row(BlockKind.GlobalDefs, "vip_lease", ValueShape.Word, "vip_lease of instances that name none") with { Default = "off" },
    ];
}
