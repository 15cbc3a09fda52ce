using System.Text.Json;
using FenceFirst.Cli;
using FenceFirst.Tests.Wire;

namespace FenceFirst.Tests.Cli;

/// <summary>What <c>fencefirst decode</c> prints, as transcripts; UPDATE_GOLDEN=1 rewrites them.</summary>
public sealed class DecodeVerbTests
{
    public static TheoryData<string, string> HexTranscripts => new()
    {
        { "message-v3", "31 33 96 01 00 64 41de 0a630133" },
        { "message-v2-password", "0x21339601 0x0101ceb5 0x0a630133 0x73656372 0x65743132" },
        { "message-v3-ipv6", WireSamples.Version3IPv6 },
        { "message-v3-ipv6-hmac", WireSamples.Version3IPv6 + "0107 0000 6b023a2e 3a6f 0000 a6f2c51d226cae5112 64537a3022611a" },
        { "message-too-short", "31:33:96" },
        { "ip-v3", WireSamples.Version3 },
        { "ip-v3-release", WireSamples.Version3Release },
        { "ip-v2-wrong-ttl", WireSamples.Version2.Replace("ff70", "fe70", StringComparison.Ordinal) },
        { "ip-v3-wrong-checksum", WireSamples.Version3.Replace("41de", "41df", StringComparison.Ordinal) },
        { "ip-v3-checksum-as-v2", WireSamples.Version3.Replace("41de", "2cd1", StringComparison.Ordinal) },
        { "ip-v3-old-unicast", WireSamples.Version3.Replace("e0000012", "0a630002", StringComparison.Ordinal) },
        { "ip-v3-cut", WireSamples.Version3[..^4] },
        { "ip-udp", "4500001c 0000 0000 4011 0000 0a630001 0a630002 1234 1234 0008 0000" },
        { "ethernet-v3-vlan-owner", "01005e000012 00005e000133 8100 0007 0800 " + WireSamples.Version3.Replace("96 01 00 64 41de", "ff 01 00 64 d8dd", StringComparison.Ordinal) },
        { "ethernet-gratuitous-arp", "ffffffffffff72be1de851e0 0806 0001 0800 06 04 0001 72be1de851e0 0a630133 ffffffffffff 0a630133" },
        { "tcpdump-lines", "\n\t0x0000:  45c0 0028 0001 0000 ff70 d02e 0a63 0001\n\t0x0010:  e000 0012 2133 9601 0101 77d1 0a63 0133\n\t0x0020:  6162 6300 0000 0000\n" },
    };

    [Theory]
    [MemberData(nameof(HexTranscripts))]
    public void Hexadecimal_is_explained(string name, string hex) => Golden.Check($"decode-{name}.txt", Transcript(hex, json: false));

    [Theory]
    [InlineData("ka24-v2-mcast-pass")]
    [InlineData("ka24-v2-mcast-ah")]
    [InlineData("ka24-v3-ip4-hmac")]
    [InlineData("ka24-v3-ip4-ucast")]
    [InlineData("ka24-v3-ip6-mcast")]
    [InlineData("ka24-v3-ip6-hmac")]
    public void A_capture_is_explained(string name) => Golden.Check($"decode-{name}.txt", Transcript(Vector(name), json: false));

    [Theory]
    [InlineData("ka24-v2-mcast-ah")]
    [InlineData("ka24-v3-ip6-mcast")]
    public void A_capture_is_explained_in_JSON(string name) => Golden.Check($"decode-{name}.json", Transcript(Vector(name), json: true));

    [Fact]
    public void JSON_is_one_document_with_the_fields_of_the_packet()
    {
        StringWriter output = new();
        Assert.Equal(0, DecodeVerb.Run(WireSamples.Version3ThreeAddresses, json: true, output, TextWriter.Null));
        JsonElement packet = JsonDocument.Parse(output.ToString()).RootElement.GetProperty("packets")[0];
        Assert.Equal("vrrp", packet.GetProperty("kind").GetString());
        Assert.Equal(51, packet.GetProperty("vrid").GetInt32());
        Assert.Equal(100, packet.GetProperty("intervalCentiseconds").GetInt32());
        Assert.Equal("10.99.1.10", packet.GetProperty("addresses")[1].GetString());
        Assert.True(packet.GetProperty("isWellFormed").GetBoolean());
    }

    [Theory]
    [InlineData("no-such-file.pcap")]
    [InlineData("31 33 9")]
    [InlineData("")]
    public void What_is_neither_file_nor_hexadecimal_is_unusable(string argument)
    {
        StringWriter error = new();
        Assert.Equal(2, DecodeVerb.Run(argument, json: false, TextWriter.Null, error));
        Assert.StartsWith("fencefirst decode: the argument is neither", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_truncation_and_corruption_of_a_frame_is_explained()
    {
        // The dissector walks bytes from outside too: no input may throw.
        string[] rows =
        [
            "01005e000012 00005e000133 8100 0007 0800 " + WireSamples.Version2Password,
            "333300000012 e674c26a77ca 86dd 6c011f9f 0028 70 ff fe80000000000000e474c2fffe6a77ca ff020000000000000000000000000012 " + WireSamples.Version3IPv6,
            "333300000001 e674c26a77ca 86dd 60000000 0020 3a ff fd990000000000000000000000010033 ff020000000000000000000000000001"
                + "88003a5a20000000 fd990000000000000000000000010033 0201e674c26a77ca",
            "ffffffffffff72be1de851e0 0806 0001 0800 06 04 0001 72be1de851e0 0a630133 ffffffffffff 0a630133",
            "45c00040 0001 0000 ff33 0000 0a630001 e0000012 70040000 0a630001 00000001 000000000000000000000000 "
                + "21 33 96 01 02 01 3b34 0a630133 0000000000000000",
        ];
        foreach (byte[] frame in rows.Select(WireSamples.Bytes))
        {
            for (int length = 0; length <= frame.Length; length++)
            {
                foreach (PcapLink link in Enum.GetValues<PcapLink>())
                {
                    Dissector.FromCapture(frame.AsSpan(0, length), link);
                }

                Dissector.FromBytes(frame.AsSpan(0, length));
            }

            for (int position = 0; position < frame.Length * 256; position++)
            {
                byte[] corrupted = [.. frame];
                corrupted[position / 256] = (byte)position;
                Dissector.FromCapture(corrupted, PcapLink.Ethernet);
                Dissector.FromBytes(corrupted);
            }
        }
    }

    private static string Vector(string name) => Path.Combine(WireSamples.VectorsFolder, name + ".pcap");

    private static string Transcript(string argument, bool json)
    {
        StringWriter output = new();
        StringWriter error = new();
        int status = DecodeVerb.Run(argument, json, output, error);
        return json ? output.ToString() : $"{output}{error}exit status {status}\n";
    }
}
