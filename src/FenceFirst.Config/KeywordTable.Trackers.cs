namespace FenceFirst.Config;

/// <content>Trackers other than scripts, and what else stands at the top level.</content>
internal static partial class KeywordTable
{
    private static IEnumerable<Keyword> TrackerRows() => new Keyword[]
    {
        Word(BlockKind.TrackFileDefinition, "file", "the file whose first number is the status; missing or empty = 0"),
        Row(BlockKind.TrackFileDefinition, "weight", ValueShape.Weight, "times the number, added to the priority; 0 = a number other than 0 means Fault") with { Min = -254, Max = 254, Default = "1" },
        Free(BlockKind.TrackFileDefinition, "init_file", "[VALUE] [overwrite]: makes the file at start"),
        Words(BlockKind.TrackProcessDefinition, "process", "NAME|PATH [ARGUMENTS]: the process to look for"),
        Row(BlockKind.TrackProcessDefinition, "param_match", ValueShape.Choice, "how arguments are compared; nothing = exactly") with { Choices = ["initial", "partial"], IsOptional = true },
        Flag(BlockKind.TrackProcessDefinition, "full_command", "compares argv[0] in full"),
        Row(BlockKind.TrackProcessDefinition, "weight", ValueShape.Weight, "0 = too few or too many means Fault; otherwise added to the priority") with { Min = -254, Max = 254, Default = "0" },
        Integer(BlockKind.TrackProcessDefinition, "quorum", 1, 65535, "1", "fewest processes"),
        Integer(BlockKind.TrackProcessDefinition, "quorum_max", 0, 65535, "unlimited", "most processes; 0 = must not run"),
        Seconds(BlockKind.TrackProcessDefinition, "delay", 0.000001m, 3600, "0", "both of the next two"),
        Seconds(BlockKind.TrackProcessDefinition, "fork_delay", 0.000001m, 3600, "0", "before a quorum that was reached counts"),
        Seconds(BlockKind.TrackProcessDefinition, "terminate_delay", 0.000001m, 3600, "0", "before a quorum that was lost counts"),
        Row(BlockKind.BfdInstance, "neighbor_ip", ValueShape.Address, "the other end"),
        Row(BlockKind.BfdInstance, "neighbour_ip", ValueShape.Address, "the other end"),
        Row(BlockKind.BfdInstance, "source_ip", ValueShape.Address, "this end"),
        Row(BlockKind.BfdInstance, "min_rx", ValueShape.Seconds, "shortest interval that is accepted") with { Min = 1, Max = 4_294_967, Unit = "ms", Default = "10", Decimals = 3 },
        Row(BlockKind.BfdInstance, "min_tx", ValueShape.Seconds, "interval of sending") with { Min = 1, Max = 4_294_967, Unit = "ms", Default = "10", Decimals = 3 },
        Row(BlockKind.BfdInstance, "idle_tx", ValueShape.Seconds, "interval of sending while down") with { Min = 1000, Max = 4_294_967, Unit = "ms", Default = "1000", Decimals = 3 },
        Integer(BlockKind.BfdInstance, "multiplier", 1, 255, "5", "missed packets before it is down"),
        Flag(BlockKind.BfdInstance, "passive", "does not begin"),
        Integer(BlockKind.BfdInstance, "ttl", 1, 255, "255, IPv6: 64", "TTL of packets"),
        Integer(BlockKind.BfdInstance, "hoplimit", 1, 255, "255, IPv6: 64", "as ttl"),
        Integer(BlockKind.BfdInstance, "max_hops", -1, 255, "0", "hops that a packet may have made"),
        Boolean(BlockKind.BfdInstance, "multihop", "port 4784 instead of 3784"),
        Row(BlockKind.BfdInstance, "weight", ValueShape.Weight, "0 = down means Fault; otherwise added to the priority") with { Min = -253, Max = 253, Default = "0" },
        Flag(BlockKind.BfdInstance, "vrrp", "events for instances only"),
        Flag(BlockKind.BfdInstance, "checker", "events for health checkers only"),
        Seconds(BlockKind.GarpGroup, "garp_interval", 0, 4294.967295m, "", "least spacing of gratuitous ARP over all members"),
        Seconds(BlockKind.GarpGroup, "gna_interval", 0, 4294.967295m, "", "least spacing of neighbour advertisements over all members"),
        Row(BlockKind.GarpGroup, "interface", ValueShape.Interface, "a member"),
        Block(BlockKind.GarpGroup, "interfaces", BlockKind.WordList, "members"),
        Block(BlockKind.TrackGroup, "group", BlockKind.WordList, "the instances"),
    }.Select(row => Awaits(row));
}
