using System.Text;

namespace FenceFirst.Core.Wire;

/// <summary>A VRRP message in words, for people; not for the packet path, since it makes strings.</summary>
public static class PacketWords
{
    /// <summary>Several lines, separated by a line feed and without one at the end: the fields, then the verdict of <see cref="VrrpCodec"/>.</summary>
    /// <param name="message">The message; any bytes.</param>
    /// <param name="context">What the IP header said.</param>
    public static string Describe(ReadOnlySpan<byte> message, in PacketContext context)
    {
        VrrpCodec.TryDecode(message, context, out _, out DecodeError error);
        return DescribeFields(message, context) + "\n" + Verdict(error);
    }

    /// <summary>The fields as they stand, whether or not the message keeps the rules; what is missing is left out.</summary>
    public static string DescribeFields(ReadOnlySpan<byte> message, in PacketContext context)
    {
        if (message.Length < VrrpCodec.HeaderLength)
        {
            return $"VRRP message of {message.Length} bytes{Route(context)}";
        }

        int version = message[0] >> 4;
        int type = message[0] & 0x0f;
        StringBuilder text = new();
        text.Append($"VRRP version {version} {(type == 1 ? "advertisement" : $"message of unknown type {type}")}{Route(context)}\n");
        text.Append($"virtual router {message[1]}, priority {message[2]}{PriorityMeaning(message[2])}, {Interval(message, version)}\n");
        text.Append(Addresses(message, context.IsIPv6));
        if (version == 2)
        {
            text.Append('\n').Append(Authentication(message[4]));
        }

        return text.ToString();
    }

    /// <summary>The line that says whether a packet is refused, and why.</summary>
    public static string Verdict(DecodeError error) => error == DecodeError.None
        ? "well formed; whether an instance accepts it depends on its configuration too"
        : $"refused ({error}): {DecodeErrorText.Describe(error)}";

    /// <summary>An interval in seconds, without needless zeros: "1 s", "0.1 s".</summary>
    public static string Seconds(TimeSpan interval) => $"{interval.TotalSeconds:0.##} s";

    private static string Route(in PacketContext context)
    {
        string ttl = context.Ttl < 0 ? "" : $", {(context.IsIPv6 ? "hop limit" : "TTL")} {context.Ttl}";
        string cast = context.Destination.IsMulticast ? "" : " (unicast)";
        return context.Source.IsNone ? ttl : $" from {context.Source} to {context.Destination}{cast}{ttl}";
    }

    private static string PriorityMeaning(byte priority) => priority switch
    {
        0 => " (the sender releases its addresses)",
        255 => " (the sender owns its addresses)",
        _ => "",
    };

    private static string Interval(ReadOnlySpan<byte> message, int version) => version switch
    {
        2 => $"interval {message[5]} s",
        _ => $"interval {Seconds(TimeSpan.FromMilliseconds((((message[4] & 0x0f) << 8) | message[5]) * 10))}",
    };

    private static string Addresses(ReadOnlySpan<byte> message, bool isIPv6)
    {
        int length = isIPv6 ? 16 : 4;
        int count = message[3];
        int held = Math.Min(count, (message.Length - VrrpCodec.HeaderLength) / length);
        StringBuilder text = new(count == 1 ? "1 address" : $"{count} addresses");
        for (int i = 0; i < held; i++)
        {
            text.Append(i == 0 ? ": " : ", ").Append(InternetAddress.FromBytes(message.Slice(VrrpCodec.HeaderLength + (i * length), length)));
        }

        return held < count ? text.Append($" ({count - held} missing)").ToString() : text.ToString();
    }

    // The password itself is a secret and never shown, although everybody on the link can read it.
    private static string Authentication(byte type) => type switch
    {
        0 => "no authentication",
        1 => "simple password (not shown)",
        2 => "authentication header",
        _ => $"unknown authentication type {type}",
    };
}
