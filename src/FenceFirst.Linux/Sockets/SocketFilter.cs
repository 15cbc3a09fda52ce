using System.Buffers.Binary;
using FenceFirst.Core.Wire;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;

namespace FenceFirst.Linux.Sockets;

/// <summary>Classic BPF programs that run in the kernel before a packet is queued on one of our sockets.</summary>
/// <remarks>Pure: a program is a list of instructions; <see cref="VrrpSocket"/> attaches it.</remarks>
internal static class SocketFilter
{
    // Operations of linux/bpf_common.h.
    private const ushort LoadWordAbsolute = 0x20;
    private const ushort LoadHalfAbsolute = 0x28;
    private const ushort LoadByteAbsolute = 0x30;
    private const ushort LoadByteIndexed = 0x50;
    private const ushort LoadHalfIndexed = 0x48;
    private const ushort LoadImmediate = 0x00;
    private const ushort LoadIndexImmediate = 0x01;
    private const ushort LoadScratch = 0x60;
    private const ushort LoadIndexFromHeaderLength = 0xb1;
    private const ushort Store = 0x02;
    private const ushort And = 0x54;
    private const ushort ShiftRight = 0x74;
    private const ushort ShiftRightByIndex = 0x7c;
    private const ushort JumpIfEqual = 0x15;
    private const ushort JumpIfAnyBit = 0x45;
    private const ushort CopyToIndex = 0x07;
    private const ushort Return = 0x06;

    private const uint WholePacket = 0xffff_ffff;

    /// <summary>Drops every packet: attached while a socket is being set up, so that nothing is queued from the wrong interface.</summary>
    internal static FilterInstruction[] DropAll => [new(Return, 0, 0, 0)];

    /// <summary>Passes every packet.</summary>
    internal static FilterInstruction[] PassAll => [new(Return, 0, 0, WholePacket)];

    /// <summary>Passes ARP, and the neighbour solicitations and advertisements of IPv6, of a packet socket that sees the Ethernet header.</summary>
    internal static FilterInstruction[] ForAddressClaims =>
    [
        new(LoadHalfAbsolute, 0, 0, 12),
        new(JumpIfEqual, 6, 0, 0x0806),
        new(JumpIfEqual, 0, 6, 0x86dd),
        new(LoadByteAbsolute, 0, 0, 20),
        new(JumpIfEqual, 0, 4, 58),
        new(LoadByteAbsolute, 0, 0, 54),
        new(JumpIfEqual, 1, 0, 135),
        new(JumpIfEqual, 0, 1, 136),
        new(Return, 0, 0, WholePacket),
        new(Return, 0, 0, 0),
    ];

    /// <summary>
    /// Drops the messages of rtnetlink that tell of addresses which the socket with the number has added or renewed (IPv6 does not say who has), and
    /// of routes that are not keepalived's: a router with a full table tells of thousands.
    /// </summary>
    internal static FilterInstruction[] ForMonitor(uint portId) =>
    [
        // Netlink is in the machine's byte order, and a load reads network order. The last byte of struct rtmsg that is read is rtm_protocol.
        new(LoadHalfAbsolute, 0, 0, 4),
        new(JumpIfEqual, 0, 2, NetworkOrder(Netlink.NewAddress)),
        new(LoadWordAbsolute, 0, 0, 12),
        new(JumpIfEqual, 4, 5, BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(portId) : portId),
        new(JumpIfEqual, 1, 0, NetworkOrder(Netlink.NewRoute)),
        new(JumpIfEqual, 0, 3, NetworkOrder(Netlink.DeleteRoute)),
        new(LoadByteAbsolute, 0, 0, 21),
        new(JumpIfEqual, 1, 0, LinkMonitor.KeepalivedProtocol),
        new(Return, 0, 0, 0),
        new(Return, 0, 0, WholePacket),
    ];

    private static ushort NetworkOrder(ushort value) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;

    /// <summary>Passes the echo replies with the identifier; a raw ICMP socket sees those of every program.</summary>
    internal static FilterInstruction[] ForEchoReplies(ushort identifier, bool isIPv6) =>
    [
        // An IPv6 raw socket's filter begins behind the IP header: the index is 0.
        isIPv6 ? new(LoadIndexImmediate, 0, 0, 0) : new(LoadIndexFromHeaderLength, 0, 0, 0),
        new(LoadByteIndexed, 0, 0, 0),
        new(JumpIfEqual, 0, 3, EchoMessage.ReplyType(isIPv6)),
        new(LoadHalfIndexed, 0, 0, 4),
        new(JumpIfEqual, 0, 1, identifier),
        new(Return, 0, 0, WholePacket),
        new(Return, 0, 0, 0),
    ];

    /// <summary>Passes the adverts of the given virtual routers; the others never reach the process.</summary>
    /// <remarks>
    /// An IPv4 raw socket's filter sees the IP header, an IPv6 one's begins behind it. The Vrid is the second byte of the VRRP header. The set
    /// is a bitmap of eight words, so that 255 virtual routers cost no more than about 20 instructions. A packet too short for a load is dropped.
    /// With an authentication header VRRP begins behind it; what IPsec of others carries is dropped.
    /// </remarks>
    internal static FilterInstruction[] ForVrids(ReadOnlySpan<byte> vrids, bool isIPv6, bool hasHeader = false)
    {
        Span<uint> words = stackalloc uint[8];
        foreach (byte vrid in vrids)
        {
            words[vrid >> 5] |= 1u << (vrid & 31);
        }

        List<FilterInstruction> program = [];
        if (isIPv6)
        {
            program.Add(new(LoadByteAbsolute, 0, 0, 1));
        }
        else
        {
            program.Add(new(LoadIndexFromHeaderLength, 0, 0, 0));
            if (hasHeader)
            {
                program.Add(new(LoadByteIndexed, 0, 0, 0));
                program.Add(new(JumpIfEqual, 1, 0, VrrpCodec.Protocol));
                program.Add(new(Return, 0, 0, 0));
            }

            program.Add(new(LoadByteIndexed, 0, 0, hasHeader ? (uint)AuthenticationHeader.Length + 1 : 1));
        }

        program.Add(new(Store, 0, 0, 0));
        program.Add(new(And, 0, 0, 31));
        program.Add(new(CopyToIndex, 0, 0, 0));
        program.Add(new(LoadScratch, 0, 0, 0));
        program.Add(new(ShiftRight, 0, 0, 5));
        for (int word = 0; word < words.Length; word++)
        {
            if (words[word] != 0)
            {
                program.Add(new(JumpIfEqual, 0, 5, (uint)word));
                program.Add(new(LoadImmediate, 0, 0, words[word]));
                program.Add(new(ShiftRightByIndex, 0, 0, 0));
                program.Add(new(JumpIfAnyBit, 0, 1, 1));
                program.Add(new(Return, 0, 0, WholePacket));
                program.Add(new(Return, 0, 0, 0));
            }
        }

        program.Add(new(Return, 0, 0, 0));
        return [.. program];
    }
}
