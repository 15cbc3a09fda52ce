using System.Globalization;
using System.Text;

namespace FenceFirst.Core.Node;

/// <summary>One mail for <c>fencefirst-mail</c>, as text on its standard input: a line per value, its name first; text in base64.</summary>
/// <remarks>Nothing of it is ever an argument or in the environment, where other users could read the password.</remarks>
public sealed record MailJob
{
    /// <summary>Longest text that is read; what the daemon writes is far below.</summary>
    public const int TextLengthMax = 1 << 20;

    /// <summary>The end of the year 9999, which a date can still say.</summary>
    private const long WallMillisecondsMax = 253_402_300_799_999;

    /// <summary>Name or address of the server.</summary>
    public string Server { get; init; } = "";

    /// <summary>Its port, 1..65535; default 25.</summary>
    public int Port { get; init; } = 25;

    /// <summary>How we name ourselves.</summary>
    public string HeloName { get; init; } = "";

    /// <summary>The sender.</summary>
    public string Sender { get; init; } = "";

    /// <summary>Everybody who is named in the header.</summary>
    public EquatableArray<string> Recipients { get; init; }

    /// <summary>Who has not got it yet; empty = all of them.</summary>
    public EquatableArray<string> Remaining { get; init; }

    /// <summary>One line, any characters.</summary>
    public string Subject { get; init; } = "";

    /// <summary>Lines separated by a line feed, any characters.</summary>
    public string Body { get; init; } = "";

    /// <summary>When it happened, in milliseconds since 1970 (UTC).</summary>
    public long WallMilliseconds { get; init; }

    /// <summary>What is the same in every try, and in no other mail of this node.</summary>
    public string Id { get; init; } = "";

    /// <summary>Bound on the connection and on each answer, in seconds; 1..4294, default 30.</summary>
    public int TimeoutSeconds { get; init; } = 30;

    /// <summary>Name for the login; empty = none.</summary>
    public string User { get; init; } = "";

    /// <summary>Password for the login.</summary>
    public string Password { get; init; } = "";

    /// <summary>Bound on everything together: four times the bound on one answer, 20 s to 300 s.</summary>
    public TimeSpan Bound => TimeSpan.FromSeconds(Math.Clamp(4L * TimeoutSeconds, 20, 300));

    /// <summary>Says nothing that is secret.</summary>
    public override string ToString() => $"mail {Id} for {Server}";

    /// <summary>The text form.</summary>
    public string Format()
    {
        StringBuilder text = new();
        Add("server", Server);
        Add("port", Number(Port));
        Add("helo", HeloName);
        Add("from", Sender);
        foreach (string recipient in Recipients)
        {
            Add("to", recipient);
        }

        foreach (string recipient in Remaining)
        {
            Add("remaining", recipient);
        }

        Add("subject", Subject);
        Add("body", Body);
        Add("time", Number(WallMilliseconds));
        Add("id", Id);
        Add("timeout", Number(TimeoutSeconds));
        Add("user", User);
        Add("password", Password);
        return text.ToString();

        void Add(string name, string value) => text.Append(name).Append(' ').Append(Convert.ToBase64String(Encoding.UTF8.GetBytes(value))).Append('\n');
    }

    /// <summary>Reads the text form; absent = it is not one.</summary>
    public static MailJob? Parse(string text)
    {
        if (text.Length > TextLengthMax)
        {
            return null;
        }

        MailJob job = new();
        List<string> recipients = [];
        List<string> remaining = [];
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int blank = line.IndexOf(' ');
            byte[] bytes = new byte[line.Length];
            if (blank < 0 || !Convert.TryFromBase64String(line[(blank + 1)..], bytes, out int length))
            {
                return null;
            }

            string value = Encoding.UTF8.GetString(bytes, 0, length);
            bool isNumber = long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number);
            switch (line[..blank])
            {
                case "server":
                    job = job with { Server = value };
                    break;
                case "port" when isNumber && number is > 0 and <= ushort.MaxValue:
                    job = job with { Port = (int)number };
                    break;
                case "helo":
                    job = job with { HeloName = value };
                    break;
                case "from":
                    job = job with { Sender = value };
                    break;
                case "to":
                    recipients.Add(value);
                    break;
                case "remaining":
                    remaining.Add(value);
                    break;
                case "subject":
                    job = job with { Subject = value };
                    break;
                case "body":
                    job = job with { Body = value };
                    break;
                case "time" when isNumber && number is >= 0 and <= WallMillisecondsMax:
                    job = job with { WallMilliseconds = number };
                    break;
                case "id":
                    job = job with { Id = value };
                    break;
                case "timeout" when isNumber && number is > 0 and <= 4294:
                    job = job with { TimeoutSeconds = (int)number };
                    break;
                case "user":
                    job = job with { User = value };
                    break;
                case "password":
                    job = job with { Password = value };
                    break;
                default:
                    return null;
            }
        }

        return job.Server.Length == 0 || recipients.Count == 0
            ? null
            : job with { Recipients = recipients.ToEquatableArray(), Remaining = remaining.ToEquatableArray() };
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
