using System.Text;
using FenceFirst.Core.Node;
using FenceFirst.Mail;

namespace FenceFirst.Tests.Mail;

/// <summary>A mail as bytes (RFC 5322, RFC 2047), and as the text that the daemon hands to fencefirst-mail.</summary>
public sealed class MailMessageTests
{
    private static MailJob Plain => new()
    {
        Server = "mail.example.org",
        HeloName = "node1",
        Sender = "FenceFirst <root@node1>",
        Recipients = ["dba@example.org", "ops@example.org"],
        Subject = "[node1] VRRP Instance VI_1 - Stopping",
        Body = "=> VRRP Instance stopping <=",
        WallMilliseconds = 1_700_000_000_000,
        Id = "1700000000000.12.1",
    };

    [Fact]
    public void Headers_are_those_of_keepalived_and_three_of_ours()
    {
        string[] lines = Encoding.ASCII.GetString(MailMessage.Compose(Plain)).Split("\r\n");
        Assert.Matches("^Date: (Tue|Wed), 1[45] Nov 2023 [0-9:]{8} [+-][0-9]{4}$", lines[0]);
        Assert.Equal(
            [
                "From: FenceFirst <root@node1>", "Subject: [node1] VRRP Instance VI_1 - Stopping", "X-Mailer: FenceFirst", "To: dba@example.org, ops@example.org",
                "Message-ID: <1700000000000.12.1@node1>", "Auto-Submitted: auto-generated", "", "=> VRRP Instance stopping <=", ".", "",
            ],
            lines[1..]);
    }

    [Fact]
    public void Nobody_adds_a_header_or_ends_the_message()
    {
        MailJob job = Plain with { Subject = "a\r\nBcc: x@example.org", Sender = "a@b\r\nX: y", Recipients = ["dba@example.org\r\nBcc: z@example.org"], Body = "one\n.\n..two\nRSET", Id = "1>\r\nX: y", HeloName = "h\r\nQUIT" };
        string text = Encoding.ASCII.GetString(MailMessage.Compose(job));
        string[] headers = text[..text.IndexOf("\r\n\r\n", StringComparison.Ordinal)].Split("\r\n");
        Assert.Equal(["Date", "From", "Subject", "X-Mailer", "To", "Message-ID", "Auto-Submitted"], headers.Select(line => line.Split(':')[0]));
        Assert.EndsWith("\r\n\r\none\r\n..\r\n...two\r\nRSET\r\n.\r\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', MailMessage.Bare("a@b>\r\nRCPT TO:<c@d"));
        Assert.Equal("root@node1", MailMessage.Bare(Plain.Sender));
    }

    [Fact]
    public void Other_characters_travel_as_encoded_words_and_base64()
    {
        string name = string.Concat(Enumerable.Repeat("Größe-日本-", 12));
        MailJob job = Plain with { Subject = $"[{name}] VRRP", Body = "Zürich\nwait" };
        string text = Encoding.ASCII.GetString(MailMessage.Compose(job));
        string[] lines = text.Split("\r\n");
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 85));
        string[] words = [.. lines.SkipWhile(line => !line.StartsWith("Subject:", StringComparison.Ordinal)).TakeWhile(line => !line.StartsWith("X-Mailer", StringComparison.Ordinal))];
        string subject = string.Concat(words.Select(word => Encoding.UTF8.GetString(Convert.FromBase64String(word.Split('?')[3]))));
        Assert.Equal($"[{name}] VRRP", subject);
        Assert.All(words, word => Assert.InRange(word.Trim().Replace("Subject: ", "", StringComparison.Ordinal).Length, 1, 75));
        Assert.Contains("Content-Transfer-Encoding: base64", lines);
        Assert.Contains(Convert.ToBase64String("Zürich\r\nwait"u8), lines);
    }

    // RFC 5322 section 2.1.1: lines should have at most 78 characters.
    [Fact]
    public void Many_recipients_stand_on_several_lines()
    {
        MailJob job = Plain with { Recipients = [.. Enumerable.Range(0, 40).Select(i => $"person{i}@example.org")] };
        string[] lines = Encoding.ASCII.GetString(MailMessage.Compose(job)).Split("\r\n");
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 78));
        Assert.Equal(40, lines.Sum(line => line.Split('@').Length - 1) - 2);
    }

    [Fact]
    public void The_job_is_read_as_it_was_written()
    {
        MailJob job = Plain with { Port = 587, TimeoutSeconds = 7, Remaining = ["dba@example.org"], User = "u\nx", Password = "p: ä\n", Subject = "日本", Body = "a\n\nb\n" };
        string text = job.Format();
        Assert.Equal(job, MailJob.Parse(text));
        Assert.DoesNotContain("p: ä", text, StringComparison.Ordinal);
        Assert.DoesNotContain(job.Password, job.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("server")]
    [InlineData("server !!!")]
    [InlineData("server bQ==\n")]
    [InlineData("server bQ==\nto YUBi\nport MA==\n")]
    [InlineData("server bQ==\nto YUBi\nnonsense bQ==\n")]
    public void What_is_no_job_is_refused(string text) => Assert.Null(MailJob.Parse(text));
}
