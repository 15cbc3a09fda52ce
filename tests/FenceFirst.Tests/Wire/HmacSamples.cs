using FenceFirst.Cli;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Tests.Wire;

/// <summary>Keys, configurations and round trips that the tests of auth_hmac share.</summary>
internal static class HmacSamples
{
    public static readonly UtcInstant Start = new(1_800_000_000, 0x8000);

    /// <summary>The key of the captures: bytes 00 to 1f.</summary>
    public static HmacKey Key7 { get; } = Key(7, 0);

    public static HmacKey Key(byte id, byte first, int length = 32) =>
        new(id, Enumerable.Range(first, length).Select(value => (byte)value).ToEquatableArray());

    public static HmacAuthentication Hmac(
        HmacMode mode = HmacMode.Enforce, HmacAntiReplay antiReplay = HmacAntiReplay.Time, int window = 5, byte active = 7, params HmacKey[] keys)
    {
        EquatableArray<HmacKey> all = keys.Length == 0 ? [Key7] : EquatableArray.Create<HmacKey>(keys);
        Assert.True(HmacAuthentication.TryCreate(all, active, window, antiReplay, mode, out HmacAuthentication? hmac, out HmacProblem problem));
        Assert.Equal(HmacProblem.None, problem);
        return hmac!; // TryCreate said so.
    }

    public static VrrpConfig Signed(byte version = 3, params string[] addresses) => WireSamples.InstanceOf(version, addresses) with { Hmac = Hmac() };

    public static UtcInstant After(double seconds)
    {
        double sum = Start.Seconds + (Start.Fraction / 65536.0) + seconds;
        return new UtcInstant((uint)sum, (ushort)((sum - Math.Floor(sum)) * 65536));
    }

    /// <summary>One advert over IPv4 with its header.</summary>
    public static byte[] Write(
        VrrpConfig config, UtcInstant now, ref HmacSenderState state, byte priority = 150, InternetAddress? source = null, InternetAddress? target = null)
    {
        byte[] trailer = new byte[HmacTrailer.Length];
        InternetAddress from = source ?? WireSamples.Node1;
        int length = HmacTrailer.Sign(trailer, config, priority, from, now, ref state);
        byte[] packet = new byte[AdvertWriter.IPv4BytesMax];
        InternetAddress to = target ?? (config.IsUnicast ? WireSamples.Node2 : WireSamples.GroupIPv4);
        int total = AdvertWriter.WriteIPv4(packet, config, priority, from, to, 1, trailer.AsSpan(0, length));
        return packet[..total];
    }

    /// <summary>What a receiver makes of an IPv4 packet, from its first byte on.</summary>
    public static DecodeError Receive(VrrpConfig config, byte[] packet, UtcInstant now, ref HmacReceiverState state) =>
        Receive(config, packet, now, ref state, out _);

    public static DecodeError Receive(VrrpConfig config, byte[] packet, UtcInstant now, ref HmacReceiverState state, out HmacNotice notice)
    {
        notice = HmacNotice.None;
        if (!VrrpCodec.TryDecodeIPv4(
            packet, false, config.Hmac is not null, out VrrpAdvert advert, out PacketContext context, out Range range, out DecodeError error))
        {
            return error;
        }

        return AdvertAcceptance.Check(
            config, advert, packet.AsSpan(range), context, InternetAddress.Parse("10.99.0.9"), now, ref state, out _, out notice);
    }

    /// <summary>The VRRP frames of a capture, from the IP header on.</summary>
    public static List<byte[]> Captured(string name)
    {
        using FileStream stream = File.OpenRead(Path.Combine(WireSamples.VectorsFolder, name));
        Assert.True(Pcap.TryOpen(stream, out Pcap? pcap, out _));
        List<byte[]> packets = [];
        while (pcap!.TryReadNext(out PcapPacket packet, out _)) // TryOpen said so.
        {
            byte[] payload = packet.Bytes[14..].ToArray();
            bool isVrrp = payload[0] >> 4 == 4 ? payload[9] is 112 or 51 : payload[0] >> 4 == 6 && payload[6] == 112;
            if (isVrrp)
            {
                packets.Add(payload);
            }
        }

        return packets;
    }
}
