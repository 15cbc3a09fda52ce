using System.Globalization;
using System.Text;
using FenceFirst.Core.Node;

namespace FenceFirst.Mail;

/// <summary>A mail as it goes over the line (RFC 5322; encoded words RFC 2047, MIME RFC 2045).</summary>
internal static class MailMessage
{
    /// <summary>Longest line without its end (RFC 5322 section 2.1.1).</summary>
    private const int LineLengthMax = 998;

    /// <summary>Where header lines are folded (the same section).</summary>
    private const int FoldAt = 76;

    /// <summary>Bytes of text in one encoded word of at most 75 characters: "=?utf-8?B?" and "?=" take twelve.</summary>
    private const int EncodedBytesMax = 45;

    /// <summary>The whole message with its end, ready for DATA: lines end with CR LF, and one that begins with a dot has another before it.</summary>
    public static byte[] Compose(MailJob job)
    {
        bool isPlain = job.Body.All(c => c is '\n' or '\t' or (>= ' ' and <= '~')) && job.Body.Split('\n').All(line => line.Length <= LineLengthMax - 1);
        List<string> lines =
        [
            $"Date: {DateTimeOffset.FromUnixTimeMilliseconds(job.WallMilliseconds).ToLocalTime().ToString("ddd, dd MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture)} {Zone(job.WallMilliseconds)}",
            $"From: {Printable(job.Sender)}",
            .. Header("Subject", job.Subject),
            "X-Mailer: FenceFirst",
            .. Addresses("To", job.Recipients),
            $"Message-ID: <{Token(job.Id)}@{Token(job.HeloName)}>",
            "Auto-Submitted: auto-generated",
        ];
        if (!isPlain)
        {
            lines.AddRange(["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64"]);
        }

        lines.Add("");
        lines.AddRange(isPlain ? job.Body.Split('\n') : Chunks(Encoding.UTF8.GetBytes(job.Body.ReplaceLineEndings("\r\n"))));
        StringBuilder text = new();
        foreach (string line in lines)
        {
            text.Append(line.StartsWith('.') ? "." : "").Append(line).Append("\r\n");
        }

        return Encoding.ASCII.GetBytes(text.Append(".\r\n").ToString());
    }

    /// <summary>What stands between angle brackets: the address of NAME &lt;ADDRESS&gt;.</summary>
    public static string Bare(string address)
    {
        string text = Printable(address);
        int open = text.LastIndexOf('<');
        return (open >= 0 && text.EndsWith('>') ? text[(open + 1)..^1] : text).Replace("<", "", StringComparison.Ordinal).Replace(">", "", StringComparison.Ordinal);
    }

    /// <summary>The characters that may stand in a command or a header as they are; nobody adds lines.</summary>
    public static string Printable(string text) => string.Concat(text.Where(c => c is >= ' ' and <= '~'));

    private static string Token(string text)
    {
        string token = string.Concat(text.Where(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'));
        return token.Length > 0 ? token : "localhost";
    }

    private static string Zone(long wallMilliseconds)
    {
        TimeSpan offset = TimeZoneInfo.Local.GetUtcOffset(DateTimeOffset.FromUnixTimeMilliseconds(wallMilliseconds));
        return $"{(offset < TimeSpan.Zero ? '-' : '+')}{offset.Duration():hhmm}";
    }

    /// <summary>A header of any text; what is not ASCII, or would be too long for a line, becomes encoded words.</summary>
    private static IEnumerable<string> Header(string name, string value)
    {
        string text = string.Concat(value.Select(c => char.IsControl(c) ? ' ' : c));
        if (text.All(char.IsAscii) && name.Length + text.Length + 2 <= LineLengthMax && !text.Contains("=?", StringComparison.Ordinal))
        {
            yield return $"{name}: {text}";
            yield break;
        }

        string start = $"{name}: ";
        StringBuilder word = new();
        int bytes = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (bytes + rune.Utf8SequenceLength > EncodedBytesMax)
            {
                yield return start + Encoded(word);
                (start, bytes) = (" ", 0);
                word.Clear();
            }

            word.Append(rune.ToString());
            bytes += rune.Utf8SequenceLength;
        }

        yield return start + Encoded(word);
    }

    private static string Encoded(StringBuilder word) => $"=?utf-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(word.ToString()))}?=";

    private static IEnumerable<string> Addresses(string name, IEnumerable<string> addresses)
    {
        StringBuilder line = new($"{name}: ");
        int written = 0;
        foreach (string address in addresses.Select(Printable))
        {
            if (written > 0 && line.Length + address.Length + 2 > FoldAt)
            {
                yield return line.Append(',').ToString();
                line.Clear().Append(' ');
                written = 0;
            }

            line.Append(written++ > 0 ? ", " : "").Append(address);
        }

        yield return line.ToString();
    }

    private static IEnumerable<string> Chunks(byte[] bytes) => bytes.Chunk(57).Select(Convert.ToBase64String);
}
