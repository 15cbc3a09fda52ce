using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Fuzz.Decoders;

/// <summary>Packets with an authentication header, read by an instance with auth_type AH: nothing is accepted but what was sent.</summary>
internal sealed class HeaderHarness : Harness
{
    private static readonly InternetAddress Node = InternetAddress.Parse("10.99.0.1");
    private static readonly InternetAddress Own = InternetAddress.Parse("10.99.0.2");
    private static readonly InternetAddress Group = InternetAddress.Parse("224.0.0.18");

    private readonly VrrpConfig[] _configs = [Config(isUnicast: false), Config(isUnicast: true)];
    private readonly List<byte[]> _sent = [];

    public HeaderHarness()
    {
        byte[] buffer = new byte[AdvertWriter.IPv4BytesMax];
        AuthenticationHeaderState sender = default;
        foreach (VrrpConfig config in _configs)
        {
            foreach (byte priority in (byte[])[150, 0])
            {
                int length = AdvertWriter.WriteIPv4(buffer, config, priority, Node, config.IsUnicast ? Own : Group, 1, sequence: sender.Next());
                _sent.Add(buffer[..length]);
            }
        }
    }

    public override string Name => "header";

    public override string What => "packets with an authentication header, against forgery";

    public override int QuickCount => 20_000;

    public override IReadOnlyList<byte[]> Samples() => _sent;

    public override bool Try(byte[] input)
    {
        bool isGood = VrrpCodec.TryDecodeIPv4(input, false, out VrrpAdvert advert, out PacketContext context, out Range range, out DecodeError error);
        Demand(isGood == (error == DecodeError.None), "a value and an error at the same time, or neither");
        Demand(Enum.IsDefined(error) && DecodeErrorText.Describe(error).Length > 0, "a refusal without a name");
        if (!isGood)
        {
            return false;
        }

        bool isAccepted = false;
        foreach (VrrpConfig config in _configs)
        {
            AuthenticationHeaderState state = default;
            error = AdvertAcceptance.Check(config, advert, input, input.AsSpan(range), context, Own, 0, ref state, out _);
            if (error != DecodeError.None)
            {
                Demand(state.Sequence == 0, "a refused packet raises the count");
                continue;
            }

            isAccepted = true;
            Demand(_sent.Exists(sent => IsSame(sent, input, config.IsUnicast)), "a forged packet is accepted");
            error = AdvertAcceptance.Check(config, advert, input, input.AsSpan(range), context, Own, 0, ref state, out _);
            Demand(error == DecodeError.SequenceNotGrown, "a packet is accepted twice");
        }

        return isAccepted;
    }

    // TOS, fragment field (a fragment is refused), header checksum and, over unicast, TTL are not covered; nor is what lies behind the packet.
    private static bool IsSame(byte[] sent, byte[] input, bool isUnicast)
    {
        byte[] open = [1, 6, 7, 10, 11, .. isUnicast ? (byte[])[8] : []];
        return input.Length >= sent.Length && Enumerable.Range(0, sent.Length).All(i => sent[i] == input[i] || open.Contains((byte)i));
    }

    private static VrrpConfig Config(bool isUnicast) => new()
    {
        Name = "VI",
        Vrid = 51,
        Version = 2,
        Group = Group,
        IsUnicast = isUnicast,
        UnicastPeers = isUnicast ? [new UnicastPeer(Node)] : default,
        Authentication = AuthenticationType.AuthenticationHeader,
        Password = EquatableArray.Create("secret12"u8),
        Addresses = [new VirtualAddress(InternetAddress.Parse("10.99.1.51"), 24, 0)],
    };
}
