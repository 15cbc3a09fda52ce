using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Mail;

namespace FenceFirst.Fuzz.Decoders;

/// <summary>What the daemon hands to <c>fencefirst-mail</c>, and the message that it makes of it.</summary>
internal sealed class MailHarness : Harness
{
    private const string Texts = "A|\u00e4|=?|.|..|\n.\n|\r\n|<a@b>|,|\0|\ud83d\ude00|Bcc: x@y";

    public override string Name => "mail";

    public override string What => "mails on their way to fencefirst-mail, and the messages made of them";

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. Texts.Split('|').Select(text => Encoding.ASCII.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes(text)))),
        .. ((string[])["server ", "port ", "helo ", "from ", "to ", "remaining ", "subject ", "body ", "time ", "id ", "timeout ", "user ", "password ", "\n"]).Select(Encoding.ASCII.GetBytes),
    ];

    public override IReadOnlyList<byte[]> Samples() =>
    [
        Encoding.UTF8.GetBytes(Job("db1", "VI_1 is now MASTER", "=> VRRP Instance is now owning VRRP VIPs <=\n").Format()),
        Encoding.UTF8.GetBytes(Job("Knoten \u00e4", "\u00e4 " + new string('x', 1200), ".\n..\n\u00e4\n" + new string('y', 1200)).Format()),
    ];

    public override bool Try(byte[] input)
    {
        if (MailJob.Parse(Encoding.UTF8.GetString(input)) is not { } job)
        {
            return false;
        }

        Demand(MailJob.Parse(job.Format()) == job, "a mail changes when it is written again");
        string message = Encoding.Latin1.GetString(MailMessage.Compose(job));
        string[] lines = message.Split("\r\n");
        Demand(message.EndsWith("\r\n.\r\n", StringComparison.Ordinal), "a message without its end");
        Demand(lines.All(line => !line.Contains('\n') && !line.Contains('\r') && line.All(char.IsAscii)), "a line with another end in it, or one that is not ASCII");
        Demand(Array.IndexOf(lines, ".") == lines.Length - 2, "a message that ends before its end");
        string[] header = lines[..Array.IndexOf(lines, "")];
        string[] allowed = ["Date", "From", "Subject", "X-Mailer", "To", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"];
        string[] names = [.. header.Where(line => line[0] != ' ').Select(line => line[..line.IndexOf(':')])];
        Demand(names.Distinct().Count() == names.Length && names.All(allowed.Contains), "a header that nobody wrote");
        return true;
    }

    private static MailJob Job(string name, string subject, string body) => new()
    {
        Server = "mail.example.org",
        Sender = $"{name} <{name}@example.org>",
        HeloName = name,
        Recipients = new EquatableArray<string>(["a@example.org", "b@example.org"]),
        Remaining = new EquatableArray<string>(["b@example.org"]),
        Subject = subject,
        Body = body,
        WallMilliseconds = 1_800_000_000_000,
        Id = "1.2",
        User = "u",
        Password = "p",
    };
}
