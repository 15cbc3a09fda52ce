namespace FenceFirst.Config;

/// <content>FenceFirst's extension of the language: fence_device, promotion, demotion and what goes with them.</content>
internal static partial class KeywordTable
{
    private static IEnumerable<Keyword> OwnRows() => Extension().Select(row => row with { IsOwn = true });

    private static IEnumerable<Keyword> Extension() =>
    [
        Block(BlockKind.Root, "fence_device", BlockKind.FenceDevice, "a way to make sure that a peer is down", isNamed: true),
        Row(BlockKind.FenceDevice, "script", ValueShape.Script, "the command line; exit status 0 within the time bound = the targets are down"),
        Row(BlockKind.FenceDevice, "user", ValueShape.User, "identity the script runs as") with { Default = "script_user" },
        Row(BlockKind.FenceDevice, "targets", ValueShape.Words, "primary addresses of the peers that this device can fence"),
        Row(BlockKind.FenceDevice, "delay", ValueShape.Words, "N [random M]: seconds before the first attempt; breaks fence races") with { Default = "0" },
        Seconds(BlockKind.FenceDevice, "timeout", 0.001m, 86400, "60", "bound on one attempt", 3),
        Integer(BlockKind.FenceDevice, "attempts", 1, 1000, "3", "tries before the fence has failed"),
        Seconds(BlockKind.FenceDevice, "retry_interval", 0, 86400, "2", "pause between two attempts", 3),
        Row(BlockKind.FenceDevice, "action", ValueShape.Choice, "what an agent is asked to do") with { Choices = ["off", "reboot"], Default = "off" },
        Row(BlockKind.FenceDevice, "verify", ValueShape.Boolean, "an agent is asked for the status afterwards"),
        NotYet(BlockKind.FenceDevice, "agent", "a ClusterLabs fence agent", "write a script that calls the agent with its options on standard input"),
        NotYet(BlockKind.FenceDevice, "option", "an option of the agent", "it belongs to `agent`"),
        NotYet(BlockKind.FenceDevice, "option_file", "an option of the agent, read from a file", "it belongs to `agent`"),

        Block(BlockKind.VrrpInstance, "promotion", BlockKind.Promotion, "what must succeed, in this order, before any address is added"),
        Row(BlockKind.Promotion, "check", ValueShape.Words, "\"COMMAND\" [timeout N] [attempts N] [retry_interval N] [user NAME [group NAME]]: changes nothing, may be given up"),
        Row(BlockKind.Promotion, "fence", ValueShape.Words, "fence_device names, in order"),
        Row(BlockKind.Promotion, "run", ValueShape.Words, "as check, but changes something: once started its outcome is awaited"),
        Row(BlockKind.Promotion, "on_failure", ValueShape.Words, "retry_after SECONDS | fault") with { Default = "retry_after 30" },
        Row(BlockKind.Promotion, "advertise", ValueShape.Boolean, "holds lower backups back while promoting") with { Default = "yes" },
        Row(BlockKind.Promotion, "fence_scope", ValueShape.Choice, "which of several targets are fenced; mandatory with two or more") with { Choices = ["all", "last_master"] },
        Seconds(BlockKind.Promotion, "preempt_wait", 0, 86400, "30", "how long a living lower-priority master may take to release", 3),
        Row(BlockKind.Promotion, "release_is_enough", ValueShape.Boolean, "a release replaces the fence; only `no` is accepted") with
        {
            Default = "no",
            Advice = "a priority-0 packet that is delayed, replayed or forged would be a false release; what makes a release trustworthy is not built yet",
        },
        Warned(BlockKind.Promotion, "probe", "asks the link for the address before adding it", "the address is not probed yet: nothing looks for a station that still answers for it"),
        Warned(BlockKind.Promotion, "listen_after", "listens for a fenced target after the fence", "nothing listens after the fence yet"),

        Block(BlockKind.VrrpInstance, "demotion", BlockKind.Demotion, "what runs, in order, after the addresses are gone"),
        Row(BlockKind.Demotion, "run", ValueShape.Words, "as in promotion"),
        Row(BlockKind.Demotion, "on_failure", ValueShape.Choice, "whether `released` is sent although a step failed") with { Choices = ["silent", "release"], Default = "silent" },
        Row(BlockKind.VrrpInstance, "notify_master_before_vip", ValueShape.Free, "[timeout N]: notify_master is awaited before the address is added"),
        Row(BlockKind.VrrpInstance, "vip_lease", ValueShape.Word, "SECONDS | off: the kernel removes the addresses when the daemon dies; only `off` is accepted") with
        {
            Default = "off", Advice = "addresses do not carry a lifetime yet, so a daemon that is killed would leave them in place",
        },
    ];
}
