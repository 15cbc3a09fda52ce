using FenceFirst.Core;
using FenceFirst.Core.Wire;

namespace FenceFirst.Cli;

/// <summary>What a packet turned out to be.</summary>
internal enum PacketKind
{
    Other,
    Malformed,
    Vrrp,
    GratuitousArp,
    NeighborAdvertisement,
}

/// <summary>Where the given bytes begin.</summary>
internal enum PacketStart
{
    EthernetHeader,
    LinuxCookedHeader,
    IPHeader,
    VrrpMessage,
}

/// <summary>One packet taken apart; text and JSON are views of it.</summary>
internal sealed record Dissection(PacketStart Start)
{
    public PacketKind Kind { get; init; }

    /// <summary>For <see cref="PacketKind.Other"/> and <see cref="PacketKind.Malformed"/>: what it is, or what is wrong.</summary>
    public string Summary { get; init; } = "";

    /// <summary>Hardware addresses as text; empty = not in the bytes.</summary>
    public string EthernetSource { get; init; } = "";

    /// <summary>See <see cref="EthernetSource"/>.</summary>
    public string EthernetDestination { get; init; } = "";

    /// <summary>The VRRP message without what surrounds it, for <see cref="PacketKind.Vrrp"/>.</summary>
    public byte[] Message { get; init; } = [];

    /// <summary>What the IP header said, for <see cref="PacketKind.Vrrp"/>.</summary>
    public PacketContext Context { get; init; } = new(InternetAddress.None, InternetAddress.None);

    /// <summary>The daemon's verdict on a VRRP packet.</summary>
    public DecodeError Error { get; init; }

    /// <summary>The address that a gratuitous ARP or a neighbour advertisement claims.</summary>
    public InternetAddress Claimed { get; init; }

    /// <summary>The hardware address it is claimed for, as text.</summary>
    public string ClaimedBy { get; init; } = "";

    /// <summary>Sentences about what is unusual.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public bool IsRefused => Kind == PacketKind.Malformed || (Kind == PacketKind.Vrrp && Error != DecodeError.None);

    /// <summary>Whether the packet matters here at all; the rest of a capture is only counted.</summary>
    public bool IsOfInterest => Kind != PacketKind.Other;
}
