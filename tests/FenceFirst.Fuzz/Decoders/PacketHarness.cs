using System.Buffers.Binary;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Fuzz.Decoders;

/// <summary>VRRP packets. The first byte of an input says how it is read: IPv4 packet or IPv6 message, settings, configured version.</summary>
internal sealed class PacketHarness : Harness
{
    private const int IsIPv6 = 1;
    private const int IsChecksumAsV2 = 2;
    private const int IsTrailerAllowed = 4;
    private const int IsChecksumVerified = 8;
    private const int IsUnicast = 16;
    private const int IsVersion2 = 32;

    private static readonly InternetAddress Node = InternetAddress.Parse("10.99.0.1");
    private static readonly InternetAddress Own = InternetAddress.Parse("10.99.0.2");
    private static readonly InternetAddress LinkLocal = InternetAddress.Parse("fe80::1");
    private static readonly InternetAddress Group = InternetAddress.Parse("224.0.0.18");
    private static readonly InternetAddress GroupIPv6 = InternetAddress.Parse("ff02::12");

    public override string Name => "packet";

    public override string What => "VRRP packets: versions 2 and 3, IPv4 and IPv6, with and without auth_hmac trailer";

    public override int QuickCount => 20_000;

    public override IReadOnlyList<byte[]> Samples()
    {
        List<byte[]> samples = [];
        byte[] buffer = new byte[AdvertWriter.IPv6BytesMax];
        for (int flags = 0; flags < 64; flags++)
        {
            bool isIPv6 = (flags & IsIPv6) != 0;
            if (isIPv6 && (flags & IsVersion2) != 0)
            {
                continue;
            }

            VrrpConfig config = Config(flags, count: 1 + (flags % 3));
            int length = isIPv6
                ? AdvertWriter.WriteIPv6(buffer, config, 150, LinkLocal, Target(flags))
                : AdvertWriter.WriteIPv4(buffer, config, (byte)flags, Node, Target(flags), 7);
            byte[] trailer = (flags & IsTrailerAllowed) != 0 ? new byte[HmacTrailer.Length] : [];
            byte[] input = [(byte)flags, .. buffer[..length], .. trailer];
            samples.Add(Repair(input, new Chance(1)));
        }

        return samples;
    }

    public override bool Try(byte[] input)
    {
        if (input.Length == 0)
        {
            return false;
        }

        int flags = input[0];
        ReadOnlySpan<byte> packet = input.AsSpan(1);
        ReadOnlySpan<byte> message = packet;
        PacketContext context;
        VrrpAdvert advert;
        DecodeError error;
        bool isGood;
        if ((flags & IsIPv6) != 0)
        {
            context = new PacketContext(
                LinkLocal, Target(flags), 255, (flags & IsChecksumVerified) != 0, (flags & IsChecksumAsV2) != 0, (flags & IsTrailerAllowed) != 0);
            isGood = VrrpCodec.TryDecode(message, context, out advert, out error);
        }
        else
        {
            isGood = VrrpCodec.TryDecodeIPv4(
                packet, (flags & IsChecksumAsV2) != 0, (flags & IsTrailerAllowed) != 0, out advert, out context, out Range range, out error);
            message = packet[range];
        }

        Demand(isGood == (error == DecodeError.None), "a value and an error at the same time, or neither");
        Demand(Enum.IsDefined(error) && DecodeErrorText.Describe(error).Length > 0, "a refusal without a name");
        Demand(PacketWords.Describe(message, context).Length > 0, "no words for it");
        VrrpConfig config = Config(flags, 1);
        DecodeError refusal = AdvertAcceptance.Check(config, advert, message, context, Own, out bool isDifferent);
        Demand(Enum.IsDefined(refusal) && (refusal == DecodeError.None || !isDifferent), "an address list is compared although the advert is refused");
        if (isGood)
        {
            CheckRoundTrip(advert, message, context);
        }

        return isGood;
    }

    public override byte[] Repair(byte[] input, Chance chance)
    {
        if (input.Length < 9)
        {
            return input;
        }

        int flags = input[0];
        bool isIPv6 = (flags & IsIPv6) != 0;
        int start = isIPv6 ? 1 : 21;
        if (input.Length < start + 8)
        {
            return input;
        }

        PacketContext context = new(LinkLocal, Target(flags));
        if (!isIPv6)
        {
            input[1] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(input.AsSpan(3), (ushort)Math.Min(ushort.MaxValue, input.Length - 1));
            input[10] = VrrpCodec.Protocol;
            context = new PacketContext(InternetAddress.FromBytes(input.AsSpan(13, 4)), InternetAddress.FromBytes(input.AsSpan(17, 4)));
        }

        Span<byte> message = input.AsSpan(start);
        int length = VrrpCodec.MessageLength((byte)(message[0] >> 4), message[3], isIPv6);
        bool hasTrailer = message.Length == length + HmacTrailer.Length;
        Span<byte> covered = hasTrailer && !isIPv6 ? message[..length] : message;
        message[6] = message[7] = 0;
        InternetChecksum checksum = default;
        if (message[0] >> 4 != 2)
        {
            checksum.AddPseudoHeader(context.Source, context.Destination, VrrpCodec.Protocol, covered.Length);
        }

        checksum.Add(covered);
        BinaryPrimitives.WriteUInt16BigEndian(message[6..], checksum.Value);
        return input;
    }

    /// <summary>What was read, written and read again, is the same.</summary>
    private static void CheckRoundTrip(in VrrpAdvert advert, ReadOnlySpan<byte> message, in PacketContext context)
    {
        ReadOnlySpan<byte> addresses = VrrpCodec.AddressesOf(message, advert, context.IsIPv6);
        ReadOnlySpan<byte> password = VrrpCodec.AuthenticationDataOf(message, advert);
        int size = context.IsIPv6 ? 16 : 4;
        Demand(addresses.Length == advert.AddressCount * size, "an accepted message without all its addresses");
        Demand(password.Length == (advert.Version == 2 ? 8 : 0), "an accepted message without its authentication data");
        Demand(VrrpCodec.TrailerOf(message, advert, context.IsIPv6).Length is 0 or HmacTrailer.Length, "half a trailer");
        VirtualAddress[] list = new VirtualAddress[advert.AddressCount];
        for (int i = 0; i < list.Length; i++)
        {
            list[i] = new VirtualAddress(InternetAddress.FromBytes(addresses.Slice(i * size, size)), 24, 0);
        }

        VrrpConfig config = new()
        {
            Name = "VI",
            Vrid = advert.Vrid,
            Version = advert.Version,
            AdvertInterval = advert.AdvertInterval,
            Authentication = advert.Authentication,
            Password = EquatableArray.Create(password),
            Addresses = EquatableArray.Create<VirtualAddress>(list),
        };
        byte[] buffer = new byte[AdvertWriter.IPv6BytesMax];
        VrrpAdvert again;
        ReadOnlySpan<byte> written;
        if (context.IsIPv6)
        {
            int length = AdvertWriter.WriteIPv6(buffer, config, advert.Priority, context.Source, context.Destination);
            written = buffer.AsSpan(0, length);
            Demand(VrrpCodec.TryDecode(written, context with { IsChecksumVerified = false }, out again, out _), "what is written again is refused");
        }
        else
        {
            int length = AdvertWriter.WriteIPv4(buffer, config, advert.Priority, context.Source, context.Destination, 1);
            Demand(VrrpCodec.TryDecodeIPv4(buffer.AsSpan(0, length), false, out again, out _, out Range range, out _), "what is written again is refused");
            written = buffer.AsSpan(range);
        }

        Demand(again == advert, "what is written again reads differently");
        Demand(VrrpCodec.AddressesOf(written, again, context.IsIPv6).SequenceEqual(addresses), "addresses change when they are written again");
    }

    private static InternetAddress Target(int flags) => (flags & (IsIPv6 | IsUnicast)) switch
    {
        0 => Group,
        IsIPv6 => GroupIPv6,
        IsUnicast => Own,
        _ => InternetAddress.Parse("fe80::2"),
    };

    private static VrrpConfig Config(int flags, int count)
    {
        bool isIPv6 = (flags & IsIPv6) != 0;
        bool isUnicast = (flags & IsUnicast) != 0;
        byte version = (flags & IsVersion2) != 0 ? (byte)2 : (byte)3;
        bool hasPassword = version == 2 && (flags & IsChecksumVerified) != 0;
        return new VrrpConfig
        {
            Name = "VI",
            Vrid = 51,
            Version = version,
            IsIPv6 = isIPv6,
            IsUnicast = isUnicast,
            UnicastPeers = isUnicast ? [new UnicastPeer(isIPv6 ? LinkLocal : Node, 1, 255)] : default,
            IsChecksumAsV2 = !isIPv6 && (flags & IsChecksumAsV2) != 0,
            Authentication = hasPassword ? AuthenticationType.SimplePassword : AuthenticationType.None,
            Password = hasPassword ? EquatableArray.Create("secret12"u8) : default,
            Addresses = Enumerable.Range(1, count).Select(i => new VirtualAddress(InternetAddress.Parse(isIPv6 ? $"fd99::{i}" : $"10.99.1.{i}"), 24, 0)).ToEquatableArray(),
        };
    }
}
