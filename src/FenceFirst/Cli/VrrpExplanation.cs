using System.Buffers.Binary;
using FenceFirst.Core;
using FenceFirst.Core.Wire;

namespace FenceFirst.Cli;

/// <summary>The daemon's verdict on a VRRP message, and what keepalived feature may be behind a refusal.</summary>
internal static class VrrpExplanation
{
    /// <summary>Length in bytes of keepalived's auth_hmac trailer.</summary>
    public const int TrailerLength = HmacTrailer.Length;

    private const int AuthenticationHeaderLength = 12;

    /// <summary>A message directly behind the IP header, or bare.</summary>
    public static Dissection Explain(ReadOnlySpan<byte> message, Dissection dissection)
    {
        PacketContext context = dissection.Context;
        bool isGood = VrrpCodec.TryDecode(message, context, out VrrpAdvert advert, out DecodeError error);
        List<string> notes = [.. dissection.Notes];
        ReadOnlySpan<byte> shown = message;
        if (error == DecodeError.WrongLength && HasTrailer(message, context.IsIPv6, out int length))
        {
            shown = message[..length];
            notes.Add(Trailer(message[length..]));
            AddTrailerCheck(message, length, context, notes);
        }
        else if (error == DecodeError.WrongChecksum && VrrpCodec.TryDecode(message, context with { IsChecksumAsV2 = true }, out _, out _))
        {
            notes.Add("the checksum agrees without pseudo header: the sender has v3_checksum_as_v2, and a receiver needs it too");
        }
        else if (isGood && advert.Version == 3 && IsOldUnicastChecksum(message, context))
        {
            notes.Add("the checksum covers 224.0.0.18 instead of the destination: the sender is an old keepalived");
        }

        return dissection with { Kind = PacketKind.Vrrp, Message = shown.ToArray(), Error = error, Notes = notes };
    }

    /// <summary>A message behind the IPv4 authentication header of auth_type AH, which <see cref="VrrpCodec"/> has found.</summary>
    public static Dissection ExplainAuthenticated(ReadOnlySpan<byte> header, ReadOnlySpan<byte> message, Dissection dissection)
    {
        InternetAddress index = AuthenticationHeader.IndexOf(header);
        string stranger = index == dissection.Context.Source ? "" : ", not the sender: it is refused";
        string[] notes =
        [
            .. dissection.Notes,
            $"authentication header (auth_type AH): SPI {index}{stranger}, sequence {AuthenticationHeader.SequenceOf(header)}; the code is not compared, that needs the password",
        ];
        return Explain(message, dissection with { Notes = notes });
    }

    /// <summary>A message behind another IP authentication header, which the daemon does not accept; RFC 2402 section 2.</summary>
    public static Dissection ExplainAuthenticated(ReadOnlySpan<byte> payload, Dissection dissection)
    {
        int length = payload.Length < AuthenticationHeaderLength ? 0 : (payload[1] + 2) * 4;
        if (length < AuthenticationHeaderLength || length > payload.Length)
        {
            return dissection with { Kind = PacketKind.Malformed, Summary = "authentication header (IP protocol 51) that is cut short" };
        }

        if (payload[0] != VrrpCodec.Protocol)
        {
            return dissection with { Summary = $"authentication header in front of protocol {payload[0]}" };
        }

        uint index = BinaryPrimitives.ReadUInt32BigEndian(payload[4..]);
        uint sequence = BinaryPrimitives.ReadUInt32BigEndian(payload[8..]);
        List<string> notes =
        [
            .. dissection.Notes,
            $"authentication header (auth_type AH): SPI {InternetAddress.FromIPv4(index)}, sequence {sequence}; the daemon does not accept it",
        ];
        ReadOnlySpan<byte> message = payload[length..];
        if (!VrrpCodec.TryDecode(message, dissection.Context, out _, out DecodeError inner))
        {
            notes.Add($"apart from that: {DecodeErrorText.Describe(inner)}");
        }

        return dissection with { Kind = PacketKind.Vrrp, Message = message.ToArray(), Error = DecodeError.WrongProtocol, Notes = notes };
    }

    private static bool HasTrailer(ReadOnlySpan<byte> message, bool isIPv6, out int length)
    {
        length = VrrpCodec.MessageLength((byte)(message[0] >> 4), message[3], isIPv6);

        // Type 1 and two reserved bytes of 0, as keepalived 2.4.1 sends them.
        return message.Length == length + TrailerLength && message[length] == 1 && message[length + 2] == 0 && message[length + 3] == 0;
    }

    private static string Trailer(ReadOnlySpan<byte> trailer)
    {
        uint seconds = BinaryPrimitives.ReadUInt32BigEndian(trailer[4..]);
        ushort counter = BinaryPrimitives.ReadUInt16BigEndian(trailer[10..]);
        string time = DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss");
        return $"auth_hmac trailer (keepalived 2.4.1): key {trailer[1]}, time {time} UTC, counter {counter}; only an instance with auth_hmac accepts it";
    }

    // The trailer is outside the IPv4 checksum and inside the IPv6 one, which the kernel computes over the whole payload.
    private static void AddTrailerCheck(ReadOnlySpan<byte> message, int length, in PacketContext context, List<string> notes)
    {
        PacketContext inner = context;
        if (context.IsIPv6 && !context.IsChecksumVerified)
        {
            InternetChecksum checksum = default;
            checksum.AddPseudoHeader(context.Source, context.Destination, VrrpCodec.Protocol, message.Length);
            checksum.Add(message);
            if (checksum.Value != 0)
            {
                notes.Add($"apart from that: {DecodeErrorText.Describe(DecodeError.WrongChecksum)}");
                return;
            }

            inner = context with { IsChecksumVerified = true };
        }

        if (!VrrpCodec.TryDecode(message[..length], inner, out _, out DecodeError error))
        {
            notes.Add($"apart from that: {DecodeErrorText.Describe(error)}");
        }
    }

    private static bool IsOldUnicastChecksum(ReadOnlySpan<byte> message, in PacketContext context)
    {
        if (context.IsChecksumVerified || !context.Destination.IsIPv4 || context.Destination.IsMulticast)
        {
            return false;
        }

        int length = VrrpCodec.MessageLength(3, message[3], isIPv6: false);
        InternetChecksum checksum = default;
        checksum.AddPseudoHeader(context.Source, context.Destination, VrrpCodec.Protocol, length);
        checksum.Add(message[..length]);
        return checksum.Value != 0;
    }
}
