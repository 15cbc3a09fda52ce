namespace FenceFirst.Config.Keywords;

/// <content>Tracked files and processes, and how everybody is told of changes.</content>
internal static partial class KeywordTable
{
    private static IEnumerable<Keyword> TrackingRows() =>
    [
        Row(BlockKind.TrackFileDefinition, "file", ValueShape.Word, "the file whose first number is the status; missing or empty = 0") with { IsFirstHeld = true },
        Row(BlockKind.TrackFileDefinition, "weight", ValueShape.Weight, "times the number, added to the priority; 0 = a number other than 0 means Fault") with { Min = -254, Max = 254, Default = "1", IsFirstHeld = true },
        Row(BlockKind.TrackFileDefinition, "init_file", ValueShape.Free, "[VALUE] [overwrite]: makes the file at start"),
        Row(BlockKind.TrackProcessDefinition, "process", ValueShape.Words, "NAME|PATH [ARGUMENTS]: the process to look for") with { IsFirstHeld = true },
        Row(BlockKind.TrackProcessDefinition, "param_match", ValueShape.Choice, "how arguments are compared; nothing = exactly") with { Choices = ["initial", "partial"], IsOptional = true },
        Row(BlockKind.TrackProcessDefinition, "full_command", ValueShape.Flag, "compares argv[0] in full"),
        Row(BlockKind.TrackProcessDefinition, "weight", ValueShape.Weight, "0 = too few or too many means Fault; otherwise added to the priority") with { Min = -254, Max = 254, Default = "0", IsFirstHeld = true },
        Integer(BlockKind.TrackProcessDefinition, "quorum", 1, 65535, "1", "fewest processes"),
        Integer(BlockKind.TrackProcessDefinition, "quorum_max", 0, 65535, "unlimited", "most processes; 0 = must not run"),
        Seconds(BlockKind.TrackProcessDefinition, "delay", 0.000001m, 3600, "0", "both of the next two"),
        Seconds(BlockKind.TrackProcessDefinition, "fork_delay", 0.000001m, 3600, "0", "before a change caused by a process that began counts"),
        Seconds(BlockKind.TrackProcessDefinition, "terminate_delay", 0.000001m, 3600, "0", "before a change caused by a process that ended counts"),
    ];

    private static IEnumerable<Keyword> NotifyRows() =>
    [
        Row(BlockKind.GlobalDefs, "notify_fifo", ValueShape.Words, "PATH [USER [GROUP]]: state changes as lines in a named pipe"),
        Row(BlockKind.GlobalDefs, "vrrp_notify_fifo", ValueShape.Words, "PATH [USER [GROUP]]: the same for VRRP alone"),
        Row(BlockKind.GlobalDefs, "notify_fifo_script", ValueShape.Script, "is kept running, with the path of the pipe as last argument"),
        Row(BlockKind.GlobalDefs, "vrrp_notify_fifo_script", ValueShape.Script, "is kept running, with the path of the pipe as last argument"),
        Row(BlockKind.GlobalDefs, "vrrp_notify_priority_changes", ValueShape.Boolean, "priority changes in the named pipe"),
        Row(BlockKind.GlobalDefs, "fifo_write_vrrp_states_on_reload", ValueShape.Flag, "states in the named pipe after a reload"),
        Row(BlockKind.VrrpInstance, "notify_deleted", ValueShape.Script, "a reload that removes the instance is told of as DELETED, not as FAULT; what runs then") with { IsOptional = true },
        Row(BlockKind.VrrpInstance, "notify_priority_changes", ValueShape.Boolean, "priority changes in the named pipe") with { Default = "vrrp_notify_priority_changes" },
        Row(BlockKind.GlobalDefs, "notify_parallel", ValueShape.Boolean, "notify scripts are started at once and beside each other, as keepalived does") with { IsOwn = true },
        Row(BlockKind.VrrpInstance, "notify_parallel", ValueShape.Boolean, "as in global_defs, for this instance") with { IsOwn = true, Default = "as in global_defs" },
        Seconds(BlockKind.GlobalDefs, "notify_timeout", 1, 3600, "60", "how long a notify script may go on when the script of a newer state waits for it") with { IsOwn = true },
        Seconds(BlockKind.GlobalDefs, "notify_stop_timeout", 1, 600, "10", "how long the notify scripts of a stop are awaited") with { IsOwn = true },
        Row(BlockKind.VrrpInstance, "reassert", ValueShape.Boolean, "after another master has yielded, the addresses are announced and notify_master runs once more") with { IsOwn = true },
    ];
}
