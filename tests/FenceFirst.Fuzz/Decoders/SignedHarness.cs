using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Fuzz.Decoders;

/// <summary>Packets with auth_hmac, read by an instance that enforces it: nothing is accepted but what was signed.</summary>
internal sealed class SignedHarness : Harness
{
    private static readonly UtcInstant Now = new(1_800_000_000, 0x8000);
    private static readonly InternetAddress Node = InternetAddress.Parse("10.99.0.1");
    private static readonly InternetAddress Own = InternetAddress.Parse("10.99.0.2");
    private static readonly InternetAddress Group = InternetAddress.Parse("224.0.0.18");

    private readonly VrrpConfig[] _configs = [Config(2), Config(3)];
    private readonly List<byte[]> _signed = [];

    public SignedHarness()
    {
        byte[] buffer = new byte[AdvertWriter.IPv4BytesMax];
        byte[] trailer = new byte[HmacTrailer.Length];
        HmacSenderState sender = default;
        foreach (VrrpConfig config in _configs)
        {
            foreach (byte priority in (byte[])[150, 0])
            {
                int signed = HmacTrailer.Sign(trailer, config, priority, Node, Now, ref sender);
                int length = AdvertWriter.WriteIPv4(buffer, config, priority, Node, Group, 1, trailer.AsSpan(0, signed));
                _signed.Add(buffer[..length]);
            }
        }
    }

    public override string Name => "signed";

    public override string What => "packets with an auth_hmac trailer, against forgery";

    public override int QuickCount => 20_000;

    public override IReadOnlyList<byte[]> Samples() => _signed;

    public override bool Try(byte[] input)
    {
        bool isAccepted = false;
        if (!VrrpCodec.TryDecodeIPv4(input, false, true, out VrrpAdvert advert, out PacketContext context, out Range range, out _))
        {
            return false;
        }

        ReadOnlySpan<byte> message = input.AsSpan(range);
        foreach (VrrpConfig config in _configs)
        {
            HmacReceiverState state = HmacReceiverState.Create(config);
            DecodeError error = AdvertAcceptance.Check(config, advert, message, context, Own, Now, ref state, out _, out _);
            if (error != DecodeError.None)
            {
                continue;
            }

            isAccepted = true;
            bool isOriginal = false;
            foreach (byte[] signed in _signed)
            {
                // The checksum covers the destination too, which is not signed.
                ReadOnlySpan<byte> original = signed.AsSpan(VrrpCodec.IPv4HeaderLength);
                isOriginal |= message.Length == original.Length && message[..6].SequenceEqual(original[..6]) && message[8..].SequenceEqual(original[8..]);
            }

            Demand(isOriginal && context.Source == Node, "a forged packet is accepted");
            error = AdvertAcceptance.Check(config, advert, message, context, Own, Now, ref state, out _, out _);
            Demand(error == DecodeError.AuthenticationReplayed, "a packet is accepted twice");
        }

        return isAccepted;
    }

    public override byte[] Repair(byte[] input, Chance chance)
    {
        // The checksum is public: a forger makes it right.
        byte[] repaired = new PacketHarness().Repair([4, .. input], chance);
        return repaired[1..];
    }

    private static VrrpConfig Config(byte version)
    {
        HmacKey key = new(7, Enumerable.Range(0, 32).Select(value => (byte)value).ToEquatableArray());
        HmacAuthentication.TryCreate([key], 7, 5, HmacAntiReplay.Time, HmacMode.Enforce, out HmacAuthentication? hmac, out _);
        return new VrrpConfig
        {
            Name = "VI",
            Vrid = 51,
            Version = version,
            Group = Group,
            Addresses = [new VirtualAddress(InternetAddress.Parse("10.99.1.51"), 24, 0)],
            Hmac = hmac,
        };
    }
}
