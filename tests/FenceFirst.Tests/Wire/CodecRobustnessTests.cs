using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using FsCheck;
using FsCheck.Fluent;
using static FenceFirst.Tests.Wire.WireSamples;

namespace FenceFirst.Tests.Wire;

/// <summary>The promise about bytes from outside: a value or a <see cref="DecodeError"/>, nothing else; and what we write we read.</summary>
public sealed class CodecRobustnessTests
{
    public static TheoryData<string> IPv4Rows => [Version2, Version2Password, Version2Release, Version3, Version3Fast, Version3Release, Version3ThreeAddresses];

    [Theory]
    [MemberData(nameof(IPv4Rows))]
    public void Every_truncation_of_a_packet_is_refused(string row)
    {
        byte[] packet = Bytes(row);
        for (int length = 0; length < packet.Length; length++)
        {
            Assert.False(VrrpCodec.TryDecodeIPv4(packet.AsSpan(0, length), false, out _, out _, out _, out DecodeError error));
            Assert.Equal(DecodeError.Truncated, error);
        }

        byte[] message = Message(row);
        for (int length = 0; length < message.Length; length++)
        {
            Assert.NotEqual(DecodeError.None, Decode(message[..length], MulticastIPv4));
        }
    }

    [Fact]
    public void Every_truncation_of_an_IPv6_message_is_refused()
    {
        byte[] message = Bytes(Version3IPv6);
        for (int length = 0; length < message.Length; length++)
        {
            Assert.NotEqual(DecodeError.None, Decode(message[..length], new PacketContext(LinkLocal1, GroupIPv6, 255)));
        }
    }

    [Theory]
    [MemberData(nameof(IPv4Rows))]
    public void Every_corruption_of_one_byte_gives_a_value_or_an_error(string row)
    {
        // All 255 wrong values of every byte; in the message itself the checksum notices each of them.
        byte[] packet = Bytes(row);
        for (int position = 0; position < packet.Length; position++)
        {
            for (int change = 1; change < 256; change++)
            {
                byte[] corrupted = [.. packet];
                corrupted[position] ^= (byte)change;
                bool isGood = VrrpCodec.TryDecodeIPv4(corrupted, false, out VrrpAdvert advert, out PacketContext context, out Range range, out DecodeError error);
                Assert.Equal(isGood, error == DecodeError.None);
                Assert.False(isGood && position >= 20, $"byte {position} changed by {change:x2} went unnoticed");
                PacketWords.Describe(corrupted.AsSpan(range), context);
                VrrpCodec.AddressesOf(corrupted.AsSpan(range), advert, isIPv6: true);
                AdvertAcceptance.Check(InstanceOf(3), advert, corrupted.AsSpan(range), context, Node2, out _);
            }
        }
    }

    [Fact]
    public void Any_bytes_give_a_value_or_an_error() => Prop.ForAll<byte[], bool>((bytes, isIPv6) =>
    {
        PacketContext context = isIPv6 ? new(LinkLocal1, GroupIPv6, 255, IsChecksumVerified: true) : MulticastIPv4 with { IsChecksumVerified = true };
        bool isGood = VrrpCodec.TryDecode(bytes, context, out VrrpAdvert advert, out DecodeError error);
        VrrpCodec.TryDecodeIPv4(bytes, true, out _, out _, out _, out _);
        AdvertAcceptance.Check(InstanceOf(2).WithPassword("x"), advert, bytes, context, Node2, out _);
        return isGood == (error == DecodeError.None) && PacketWords.Describe(bytes, context).Length > 0;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_written_over_IPv4_is_read_and_accepted() =>
        Prop.ForAll(Configs(isIPv6: false).ToArbitrary(), Gen.Choose(0, 255).ToArbitrary(), (config, priority) =>
        {
            byte[] buffer = new byte[AdvertWriter.IPv4BytesMax];
            InternetAddress target = config.IsUnicast ? Node2 : GroupIPv4;
            int length = AdvertWriter.WriteIPv4(buffer, config, (byte)priority, Node1, target, 1);
            bool isGood = VrrpCodec.TryDecodeIPv4(
                buffer.AsSpan(0, length), config.IsChecksumAsV2, out VrrpAdvert advert, out PacketContext context, out Range message, out _);
            return isGood && IsSame(config, (byte)priority, advert, buffer.AsSpan(message), context);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_written_over_IPv6_is_read_and_accepted() =>
        Prop.ForAll(Configs(isIPv6: true).ToArbitrary(), Gen.Choose(0, 255).ToArbitrary(), (config, priority) =>
        {
            byte[] buffer = new byte[AdvertWriter.IPv6BytesMax];
            InternetAddress target = config.IsUnicast ? InternetAddress.Parse("fd99::2") : GroupIPv6;
            int length = AdvertWriter.WriteIPv6(buffer, config, (byte)priority, LinkLocal1, target);
            PacketContext context = new(LinkLocal1, target, 255);
            bool isGood = VrrpCodec.TryDecode(buffer.AsSpan(0, length), context, out VrrpAdvert advert, out _);
            return isGood && IsSame(config, (byte)priority, advert, buffer.AsSpan(0, length), context);
        }).QuickCheckThrowOnFailure();

    private static bool IsSame(VrrpConfig config, byte priority, in VrrpAdvert advert, ReadOnlySpan<byte> message, in PacketContext context)
    {
        VrrpAdvert expected = new(
            config.Version, config.Vrid, priority, (byte)config.Addresses.Count, config.AdvertInterval, config.Authentication);
        DecodeError error = AdvertAcceptance.Check(config, advert, message, context, InternetAddress.Parse("10.99.0.9"), out bool isDifferent);
        return advert == expected && error == DecodeError.None && !isDifferent;
    }

    private static Gen<VrrpConfig> Configs(bool isIPv6) =>
        from version in isIPv6 ? Gen.Constant(3) : Gen.Elements(2, 3)
        from vrid in Gen.Choose(1, 255)
        from interval in Gen.Choose(1, version == 2 ? 255 : 4095)
        from count in Gen.Choose(0, 255)
        from first in Gen.Choose(0, int.MaxValue / 2)
        from flags in Gen.Choose(0, 7)
        from password in Gen.ArrayOf(Gen.Choose(0, 255), 8)
        let hasPassword = version == 2 && (flags & 1) != 0
        select InstanceOf((byte)version, isIPv6 ? "fe80::1" : "10.0.0.1") with
        {
            Vrid = (byte)vrid,
            AdvertInterval = version == 2 ? TimeSpan.FromSeconds(interval) : TimeSpan.FromMilliseconds(interval * 10),
            IsUnicast = (flags & 2) != 0,
            IsChecksumAsV2 = !isIPv6 && (flags & 4) != 0,
            Addresses = Enumerable.Range(first, count).Select(i => new VirtualAddress(Address(isIPv6, (uint)i), 24, 0)).ToEquatableArray(),
            Authentication = hasPassword ? AuthenticationType.SimplePassword : AuthenticationType.None,
            Password = hasPassword ? password.Select(value => (byte)value).ToEquatableArray() : default,
        };

    private static InternetAddress Address(bool isIPv6, uint number) => isIPv6
        ? InternetAddress.FromBytes([0xfd, 0x99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number])
        : InternetAddress.FromIPv4(number);
}
