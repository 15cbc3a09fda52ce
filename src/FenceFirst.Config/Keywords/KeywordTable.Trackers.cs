using FenceFirst.Config.Binding;

namespace FenceFirst.Config.Keywords;

/// <content>Blocks of the top level whose behaviour is not built: BFD sessions, groups.</content>
internal static partial class KeywordTable
{
    private static IEnumerable<Keyword> TrackerRows() => new Keyword[]
    {
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
        Row(BlockKind.BfdInstance, "weight", ValueShape.Weight, "0 = down means Fault; otherwise added to the priority") with { Min = -ValueReader.WeightMax, Max = ValueReader.WeightMax, Default = "0" },
        Flag(BlockKind.BfdInstance, "vrrp", "events for instances only"),
        Flag(BlockKind.BfdInstance, "checker", "events for health checkers only"),
        Seconds(BlockKind.GarpGroup, "garp_interval", 0, 4294.967295m, "", "least spacing of gratuitous ARP over all members"),
        Seconds(BlockKind.GarpGroup, "gna_interval", 0, 4294.967295m, "", "least spacing of neighbour advertisements over all members"),
        Row(BlockKind.GarpGroup, "interface", ValueShape.Interface, "a member"),
        Block(BlockKind.GarpGroup, "interfaces", BlockKind.WordList, "members"),
        Block(BlockKind.TrackGroup, "group", BlockKind.WordList, "the instances"),
    }.Select(row => row.Block switch
    {
        BlockKind.BfdInstance => row with { Support = Support.Refused, Advice = NoBfd },
        _ => row,
    });
}
