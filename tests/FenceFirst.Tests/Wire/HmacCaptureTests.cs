using System.Buffers.Binary;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using static FenceFirst.Tests.Wire.HmacSamples;
using static FenceFirst.Tests.Wire.WireSamples;

namespace FenceFirst.Tests.Wire;

/// <summary>auth_hmac against what keepalived 2.4.3 sent: its adverts verify, and with the same clock we write the same bytes.</summary>
public sealed class HmacCaptureTests
{
    // Each capture is of one start, some adverts and one stop; a new one needs a row below.
    [Fact]
    public void Every_capture_of_signed_adverts_is_read_here_and_ends_with_a_release()
    {
        string[] names = ["ka24-v2-ip4-hmac.pcap", "ka24-v3-ip4-hmac.pcap", "ka24-v3-ip6-hmac.pcap"];
        Assert.Equal(names, Directory.GetFiles(VectorsFolder, "*hmac*.pcap").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.All(names, name =>
        {
            byte[] last = Captured(name)[^1];
            Assert.Equal(0, last[(last[0] >> 4 == 6 ? 40 : VrrpCodec.IPv4HeaderLength) + 2]);
        });
    }

    [Theory]
    [InlineData("ka24-v2-ip4-hmac.pcap", 2)]
    [InlineData("ka24-v3-ip4-hmac.pcap", 3)]
    public void Captured_IPv4_adverts_verify_and_are_what_we_write(string name, byte version)
    {
        VrrpConfig config = Signed(version);
        HmacReceiverState receiver = HmacReceiverState.Create(config);
        HmacSenderState sender = default;
        List<byte[]> packets = Captured(name);
        Assert.True(packets.Count >= 3);
        foreach (byte[] packet in packets)
        {
            ReadOnlySpan<byte> trailer = packet.AsSpan(packet.Length - HmacTrailer.Length);
            UtcInstant now = ClockOf(trailer);
            Assert.Equal(DecodeError.None, Receive(config, packet, now, ref receiver));
            Assert.Equal(DecodeError.AuthenticationReplayed, Receive(config, packet, now, ref receiver));

            byte[] ours = Write(config, now, ref sender, packet[22]);
            Assert.Equal(packet.AsSpan(VrrpCodec.IPv4HeaderLength), ours.AsSpan(VrrpCodec.IPv4HeaderLength));
            Assert.Equal(packet[2..4], ours[2..4]);
        }
    }

    [Fact]
    public void Captured_IPv6_adverts_verify_and_are_what_we_write()
    {
        VrrpConfig config = Signed(3, "fe80::33:51", "fd99::1:33");
        HmacReceiverState receiver = HmacReceiverState.Create(config);
        HmacSenderState sender = default;
        List<byte[]> packets = Captured("ka24-v3-ip6-hmac.pcap");
        Assert.True(packets.Count >= 3);
        foreach (byte[] packet in packets)
        {
            PacketContext context = new(
                InternetAddress.FromBytes(packet.AsSpan(8, 16)), InternetAddress.FromBytes(packet.AsSpan(24, 16)), packet[7], IsTrailerAllowed: true);
            byte[] message = packet[40..];
            UtcInstant now = ClockOf(message.AsSpan(message.Length - HmacTrailer.Length));

            // The checksum is the kernel's and covers the trailer.
            Assert.True(VrrpCodec.TryDecode(message, context, out VrrpAdvert advert, out _));
            Assert.False(VrrpCodec.TryDecode(message, context with { IsTrailerAllowed = false }, out _, out DecodeError error));
            Assert.Equal(DecodeError.WrongLength, error);
            Assert.Equal(
                DecodeError.None, AdvertAcceptance.Check(config, advert, message, context, InternetAddress.None, now, ref receiver, out bool isDifferent, out _));
            Assert.False(isDifferent);

            byte[] trailer = new byte[HmacTrailer.Length];
            byte[] ours = new byte[AdvertWriter.IPv6BytesMax];
            Assert.Equal(trailer.Length, HmacTrailer.Sign(trailer, config, message[2], context.Source, now, ref sender));
            int length = AdvertWriter.WriteIPv6(ours, config, message[2], context.Source, context.Destination, trailer);
            Assert.Equal(message, ours[..length]);
        }
    }

    [Fact]
    public void Another_key_another_router_or_another_source_does_not_verify()
    {
        byte[] packet = Captured("ka24-v3-ip4-hmac.pcap")[0];
        UtcInstant now = ClockOf(packet.AsSpan(packet.Length - HmacTrailer.Length));
        VrrpConfig config = Signed();
        HmacReceiverState state = HmacReceiverState.Create(config);
        VrrpConfig otherKey = config with { Hmac = Hmac(keys: [Key(7, 1)]) };
        Assert.Equal(DecodeError.AuthenticationFailed, Receive(otherKey, packet, now, ref state));
        VrrpConfig otherId = config with { Hmac = Hmac(active: 8, keys: [Key(8, 0)]) };
        Assert.Equal(DecodeError.AuthenticationUnknownKey, Receive(otherId, packet, now, ref state));

        // The same bytes from another address: only the IP header and the checksum differ.
        byte[] moved = [.. packet];
        Node2.WriteTo(moved.AsSpan(12));
        byte[] message = WithChecksum(moved[20..^28], Node2, GroupIPv4);
        message.CopyTo(moved, 20);
        Assert.Equal(DecodeError.AuthenticationFailed, Receive(config, moved, now, ref state));
        Assert.Equal(DecodeError.None, Receive(config, packet, now, ref state));
    }

    // RFC 4231 section 4.3, test case 2.
    [Fact]
    public void The_cryptography_of_the_system_works() => Assert.True(HmacTrailer.IsWorking());

    private static UtcInstant ClockOf(ReadOnlySpan<byte> trailer) =>
        new(BinaryPrimitives.ReadUInt32BigEndian(trailer[4..]), BinaryPrimitives.ReadUInt16BigEndian(trailer[8..]));
}
