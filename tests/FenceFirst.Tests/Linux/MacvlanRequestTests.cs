using FenceFirst.Linux.Files;
using FenceFirst.Linux.Filters;
using FenceFirst.Linux.Network;

namespace FenceFirst.Tests.Linux;

/// <summary>The requests behind use_vmac, byte by byte (linux/if_link.h, linux/netfilter/nf_tables.h); that the kernel understands them is shown in the system tests.</summary>
public sealed class MacvlanRequestTests
{
    private delegate void Writing(ref NetlinkWriter writer);

    [Fact]
    public void A_macvlan_is_asked_for_in_private_mode_with_its_MAC_address()
    {
        MacvlanRequest request = new("vrrp.51", 2, MacAddress.FromNumber(0x00005e000133)) { MasterIndex = 9, Group = 4 };
        Assert.Equal(
            "6c000000 10000506 07000000 00000000" + " 00000000 00000000 00000000 00000000" // ifinfomsg
            + " 0c000300 76727270 2e353100" // IFLA_IFNAME vrrp.51
            + " 08000500 02000000" // IFLA_LINK 2
            + " 0a000100 00005e00 01330000" // IFLA_ADDRESS
            + " 08000a00 09000000" // IFLA_MASTER 9
            + " 08001b00 04000000" // IFLA_GROUP 4
            + " 1c001200 0c000100 6d616376 6c616e00 0c000200 08000100 01000000", // IFLA_LINKINFO macvlan, mode private
            Hex((ref NetlinkWriter writer) => LinkRequests.WriteCreateMacvlan(ref writer, in request, 7)));
    }

    // RFC 9568 section 7.4: interface identifiers are not made of the virtual MAC address: no generated address.
    [Fact]
    public void Settings_of_an_interface_are_changed_without_a_file()
    {
        Assert.Equal(
            "3c000000 10000500 03000000 00000000 00000000 04000000 00000000 00000000 1c001a00 18000200 14000100 08001300 01000000 08001700 01000000",
            Hex((ref NetlinkWriter writer) => LinkRequests.WriteIPv4Settings(ref writer, 4, [(IPv4Setting.ArpIgnore, 1), (IPv4Setting.AcceptLocal, 1)], 3)));
        Assert.Equal(
            "30000000 10000500 03000000 00000000 00000000 04000000 00000000 00000000 10001a00 0c000a00 05000800 01000000",
            Hex((ref NetlinkWriter writer) => LinkRequests.WriteNoGeneratedAddress(ref writer, 4, 3)));
    }

    // Shown: kind, mode, group and the settings of net.ipv4.conf are found in messages of the shape that we write.
    [Fact]
    public void A_macvlan_is_read_back()
    {
        byte[] buffer = new byte[512];
        NetlinkWriter writer = new(buffer);
        MacvlanRequest request = new("vrrp.51", 2, MacAddress.FromNumber(0x00005e000133)) { Group = 4 };
        LinkRequests.WriteCreateMacvlan(ref writer, in request, 7);
        buffer[20] = 5; // The kernel names the index, a request does not.
        Assert.True(NetlinkFacts.TryReadLink(buffer.AsSpan(16, writer.Length - 16), out LinkFacts link));
        Assert.Equal((5, 2, 1, 4u, "macvlan"), (link.Index, link.LowerIndex, link.MacvlanMode, link.Group, NetlinkFacts.Text(link.Kind)));
        Assert.False(NetlinkFacts.TryReadIPv4Settings(buffer.AsSpan(16, writer.Length - 16), out _, out _));

        byte[] settings = Convert.FromHexString("0000000004000000000000000000000014001a0010000200" + "0c0001000100000002000000");
        Assert.True(NetlinkFacts.TryReadIPv4Settings(settings, out int index, out uint[] values));
        Assert.Equal(4, index);
        Assert.Equal([1u, 2u], values);
        for (int length = 0; length < settings.Length; length++)
        {
            NetlinkFacts.TryReadIPv4Settings(settings.AsSpan(0, length), out _, out _);
        }
    }

    // Shown: table, set, names, chain and rules in one transaction; without names the table goes; one message asks for an answer.
    [Theory]
    [InlineData(false, "0010 0a00 0a02 0a00 0a09 0a0c 0a03 0a06 0011")]
    [InlineData(true, "0010 0a00 0a02 0a00 0a09 0a0c 0a03 0a06 0a06 0a06 0a06 0011")]
    public void The_filter_of_reports_is_one_transaction(bool isIPv6, string types)
    {
        Assert.Equal(types, Types(isIPv6, ["vrrp.51", "vrrp6.51"], out int answers));
        Assert.Equal(1, answers);
        Assert.Equal("0010 0a00 0a02 0011", Types(isIPv6, [], out answers));
        Assert.Equal(1, answers);
        Assert.Contains("0a0c 0a0c 0a0c", Types(isIPv6, [.. Enumerable.Range(0, 2500).Select(i => $"v{i}")], out _), StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_local_address_is_made_of_a_MAC_address()
    {
        // RFC 4291 appendix A.
        Assert.Equal("fe80::f0ce:a6ff:fedb:39f6", LinkLocalAddress.Of(MacAddress.FromNumber(0xf2cea6db39f6)).ToString());
    }

    private static string Types(bool isIPv6, string[] names, out int answers)
    {
        ReportTable table = new(isIPv6, names);
        byte[] buffer = new byte[table.BytesMax];
        NetlinkWriter writer = new(buffer);
        table.Write(ref writer, 0);
        Assert.False(writer.IsOverflowed);
        List<string> types = [];
        answers = 0;
        NetlinkReader reader = new(buffer.AsSpan(0, writer.Length));
        while (reader.TryNext(out NetlinkMessage message))
        {
            types.Add(message.Type.ToString("x4", null));
            answers += (message.Flags & Netlink.Acknowledge) == 0 ? 0 : 1;
        }

        return string.Join(' ', types);
    }

    private static string Hex(Writing write)
    {
        byte[] buffer = new byte[512];
        NetlinkWriter writer = new(buffer);
        write(ref writer);
        Assert.False(writer.IsOverflowed);
        return string.Join(' ', buffer[..writer.Length].Chunk(4).Select(Convert.ToHexStringLower));
    }
}
