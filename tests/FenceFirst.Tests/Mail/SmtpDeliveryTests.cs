using FenceFirst.Core.Node;
using FenceFirst.Mail;

namespace FenceFirst.Tests.Mail;

/// <summary>One try to hand over a mail, against a server that does what the test says (RFC 5321, RFC 3207, RFC 4954).</summary>
public sealed class SmtpDeliveryTests
{
    private static readonly string[] StartTls = ["250-peer", "250-STARTTLS", "250 AUTH LOGIN PLAIN"];

    [Fact]
    public void A_mail_is_handed_over_in_the_order_of_the_protocol()
    {
        using SmtpPeer peer = SmtpPeer.Usual();
        Delivery delivery = new SmtpDelivery(Job(peer)).Send();
        Assert.Equal((MailStatus.Sent, "250 ok"), (delivery.Status, delivery.Text));
        Assert.Equal(["EHLO node1", "MAIL FROM:<root@node1>", "RCPT TO:<dba@example.org>", "RCPT TO:<ops@example.org>", "DATA", "QUIT"], peer.Heard);
        Assert.Contains("Subject: [node1] VRRP Instance VI_1 - Entering MASTER state\n", Assert.Single(peer.Messages), StringComparison.Ordinal);
    }

    // RFC 5321 section 4.1.1.1: a client that is told 500 or 502 begins again with HELO.
    [Fact]
    public void A_server_that_does_not_know_EHLO_is_greeted_with_HELO()
    {
        using SmtpPeer peer = SmtpPeer.Usual(("EHLO", "502 what?"));
        Assert.Equal(MailStatus.Sent, new SmtpDelivery(Job(peer)).Send().Status);
        Assert.Equal(["EHLO node1", "HELO node1"], peer.Heard.Take(2));
    }

    [Fact]
    public void Who_is_not_accepted_does_not_keep_the_mail_from_the_others()
    {
        // For good: told and done. For now: the next try goes to these alone.
        using SmtpPeer refusing = SmtpPeer.Usual(("RCPT TO:<dba", "550 no such user"));
        Delivery refused = new SmtpDelivery(Job(refusing)).Send();
        Assert.Equal((MailStatus.Refused, "sent to ops@example.org, not to dba@example.org: 550 no such user"), (refused.Status, refused.Text));
        Assert.Single(refusing.Messages);

        using SmtpPeer greylisting = SmtpPeer.Usual(("RCPT TO:<dba", "451 come back"));
        Delivery later = new SmtpDelivery(Job(greylisting)).Send();
        Assert.Equal(MailStatus.Later, later.Status);
        Assert.Equal(["dba@example.org"], later.Later);

        using SmtpPeer again = SmtpPeer.Usual();
        Assert.Equal(MailStatus.Sent, new SmtpDelivery(Job(again) with { Remaining = ["dba@example.org"] }).Send().Status);
        Assert.Equal(["RCPT TO:<dba@example.org>"], again.Heard.Where(line => line.StartsWith("RCPT", StringComparison.Ordinal)));
        Assert.Contains("To: dba@example.org, ops@example.org\n", Assert.Single(again.Messages), StringComparison.Ordinal);
    }

    // 4xx is worth another try, 5xx is not (RFC 5321 section 4.2.1).
    [Theory]
    [InlineData("", "421 too busy", MailStatus.Later, "the server answers the connection with 421 too busy")]
    [InlineData("", "554 go away", MailStatus.Refused, "the server answers the connection with 554 go away")]
    [InlineData("MAIL", "452 full", MailStatus.Later, "the server answers MAIL with 452 full")]
    [InlineData("MAIL", "550 spam", MailStatus.Refused, "the server answers MAIL with 550 spam")]
    [InlineData("RCPT", "550 nobody", MailStatus.Refused, "dba@example.org: 550 nobody; ops@example.org: 550 nobody")]
    [InlineData("RCPT", "450 later", MailStatus.Later, "dba@example.org: 450 later; ops@example.org: 450 later")]
    [InlineData("DATA", "451 disk", MailStatus.Later, "the server answers DATA with 451 disk")]
    [InlineData("(message)", "452 disk", MailStatus.Later, "the server answers the message with 452 disk")]
    [InlineData("(message)", "554 virus", MailStatus.Refused, "the server answers the message with 554 virus")]
    public void A_refusal_says_whether_another_try_is_worth_it(string command, string answer, int status, string text)
    {
        using SmtpPeer peer = SmtpPeer.Usual((command, answer));
        Delivery delivery = new SmtpDelivery(Job(peer)).Send();
        Assert.Equal((status, text), (delivery.Status, delivery.Text));
    }

    [Theory]
    [InlineData("", "SSH-2.0-OpenSSH_9.2", "the answer to the connection is not SMTP: 'SSH-2.0-OpenSSH_9.2'")]
    [InlineData("", "25", "the answer to the connection is not SMTP: '25'")]
    [InlineData("EHLO", "250-a\r\n251 b", "the answer to EHLO is not SMTP: '251 b'")]
    [InlineData("MAIL", "\u0001\u0002\u0003\u0004", "the answer to MAIL is not SMTP: '????'")]
    public void Garbage_is_told_and_tried_again(string command, string answer, string text)
    {
        using SmtpPeer peer = SmtpPeer.Usual((command, answer));
        Delivery delivery = new SmtpDelivery(Job(peer)).Send();
        Assert.Equal((MailStatus.Later, text), (delivery.Status, delivery.Text));
    }

    // RFC 5321 section 4.5.3.1.5 has lines of 512 bytes; eight times as much is read, and not more.
    [Fact]
    public void An_answer_without_end_is_no_answer()
    {
        using SmtpPeer lines = SmtpPeer.Usual(("EHLO", string.Join("\r\n", Enumerable.Repeat("250-more", 5000))));
        Assert.Equal("the answer to EHLO has more than 128 lines", new SmtpDelivery(Job(lines)).Send().Text);
        using SmtpPeer line = SmtpPeer.Usual(("", new string('2', 100_000)));
        Assert.Equal("a line of the answer to the connection is longer than 4096 bytes", new SmtpDelivery(Job(line)).Send().Text);
    }

    [Theory]
    [InlineData("", "the server closed the connection at the connection")]
    [InlineData("MAIL", "the server closed the connection at MAIL")]
    [InlineData("(message)", "the server closed the connection at the message")]
    public void A_server_that_closes_in_the_middle_is_tried_again(string command, string text)
    {
        using SmtpPeer peer = SmtpPeer.Usual((command, SmtpPeer.Close));
        Delivery delivery = new SmtpDelivery(Job(peer)).Send();
        Assert.Equal((MailStatus.Later, text), (delivery.Status, delivery.Text));
    }

    [Theory]
    [InlineData("", "no answer to the connection within 1 s")]
    [InlineData("RCPT", "no answer to RCPT within 1 s")]
    [InlineData("(message)", "no answer to the message within 1 s")]
    public void A_server_that_hangs_has_its_time(string command, string text)
    {
        using SmtpPeer peer = SmtpPeer.Usual((command, SmtpPeer.Silence));
        Delivery delivery = new SmtpDelivery(Job(peer) with { TimeoutSeconds = 1 }).Send();
        Assert.Equal((MailStatus.Later, text), (delivery.Status, delivery.Text));
    }

    [Fact]
    public void Everything_together_has_its_time_too()
    {
        // A server that answers at the last moment each time would hold the queue for minutes.
        using SmtpPeer peer = SmtpPeer.Usual(("MAIL", SmtpPeer.Silence));
        Delivery delivery = new SmtpDelivery(Job(peer)) { Bound = TimeSpan.FromSeconds(1) }.Send();
        Assert.Equal(MailStatus.Later, delivery.Status);
        Assert.Equal(20, Job(peer) with { TimeoutSeconds = 1 } is var quick ? quick.Bound.TotalSeconds : 0);
        Assert.Equal(300, (Job(peer) with { TimeoutSeconds = 4000 }).Bound.TotalSeconds);
    }

    [Fact]
    public void Nobody_listens_or_the_name_is_unknown()
    {
        SmtpPeer gone = SmtpPeer.Usual();
        MailJob job = Job(gone);
        gone.Dispose();
        Delivery refused = new SmtpDelivery(job with { Server = "127.0.0.1" }).Send();
        Assert.Equal(MailStatus.Later, refused.Status);
        Assert.StartsWith($"cannot connect to 127.0.0.1:{job.Port}: ", refused.Text, StringComparison.Ordinal);
        Delivery unknown = new SmtpDelivery(job with { Server = "no-such-host.invalid", TimeoutSeconds = 5 }).Send();
        Assert.Equal(MailStatus.Later, unknown.Status);
        Assert.StartsWith("no-such-host.invalid cannot be resolved: ", unknown.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Encryption_is_used_where_it_is_offered_whatever_the_certificate()
    {
        using SmtpPeer peer = SmtpPeer.Usual(("EHLO", string.Join("\r\n", StartTls)), ("STARTTLS", "220 go on"));
        Assert.Equal(MailStatus.Sent, new SmtpDelivery(Job(peer)).Send().Status);
        Assert.Equal(["EHLO node1", "STARTTLS", "TLS", "EHLO node1", "MAIL FROM:<root@node1>"], peer.Heard.Take(5));
    }

    [Fact]
    public void Where_encryption_fails_a_mail_without_login_goes_unencrypted()
    {
        using SmtpPeer broken = new(SmtpPeer.UsualAnswer(("EHLO", string.Join("\r\n", StartTls)))) { IsTlsBroken = true };
        Delivery delivery = new SmtpDelivery(Job(broken)).Send();
        Assert.Equal((MailStatus.Sent, 2), (delivery.Status, broken.Connections));
        Assert.Contains("(unencrypted: ", delivery.Text, StringComparison.Ordinal);
        using SmtpPeer refusing = SmtpPeer.Usual(("EHLO", string.Join("\r\n", StartTls)), ("STARTTLS", "454 not now"));
        Assert.Equal(MailStatus.Sent, new SmtpDelivery(Job(refusing)).Send().Status);
    }

    [Fact]
    public void What_is_said_before_the_encryption_does_not_count()
    {
        // CVE-2011-0411: somebody in between adds answers that would be read after the handshake.
        using SmtpPeer peer = SmtpPeer.Usual(("EHLO", string.Join("\r\n", StartTls)), ("STARTTLS", "220 go on\r\n250 injected"));
        Delivery delivery = new SmtpDelivery(Login(peer)) { Roots = [SmtpPeer.Certificate] }.Send();
        Assert.Equal((MailStatus.Later, "the server went on talking before the encryption that it was asked for"), (delivery.Status, delivery.Text));
    }

    [Fact]
    public void A_login_goes_to_a_verified_server_only()
    {
        using SmtpPeer peer = SmtpPeer.Usual(("EHLO", string.Join("\r\n", StartTls)), ("STARTTLS", "220 go on"));
        Delivery unknown = new SmtpDelivery(Login(peer)).Send();
        Assert.Equal(MailStatus.Later, unknown.Status);
        Assert.StartsWith("TLS: ", unknown.Text, StringComparison.Ordinal);
        Delivery otherName = new SmtpDelivery(Login(peer) with { Server = "127.0.0.1" }) { Roots = [SmtpPeer.Certificate] }.Send();
        Assert.StartsWith("TLS: ", otherName.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(peer.Heard, line => line.StartsWith("AUTH", StringComparison.Ordinal));
        Delivery known = new SmtpDelivery(Login(peer)) { Roots = [SmtpPeer.Certificate] }.Send();
        Assert.Equal((MailStatus.Sent, "250 ok"), (known.Status, known.Text));
        Assert.Contains($"AUTH PLAIN {Base64("\0dba\0s3cret")}", peer.Heard);
    }

    [Theory]
    [InlineData("250-peer\r\n250 AUTH PLAIN", "it offers no STARTTLS: the password is not sent unencrypted")]
    [InlineData("250-peer\r\n250 STARTTLS", "neither AUTH PLAIN nor AUTH LOGIN")]
    [InlineData("250-peer\r\n250-STARTTLS\r\n250 AUTH CRAM-MD5", "neither AUTH PLAIN nor AUTH LOGIN (CRAM-MD5)")]
    public void Without_encryption_or_a_known_way_no_password_is_sent(string hello, string text)
    {
        using SmtpPeer peer = SmtpPeer.Usual(("EHLO", hello), ("STARTTLS", "220 go on"));
        Delivery delivery = new SmtpDelivery(Login(peer)) { Roots = [SmtpPeer.Certificate] }.Send();
        Assert.Equal(MailStatus.Later, delivery.Status);
        Assert.Contains(text, delivery.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(peer.Heard, line => line.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Fact]
    public void A_login_in_three_lines_and_one_that_is_refused()
    {
        using SmtpPeer peer = SmtpPeer.Usual(
            ("EHLO", "250-peer\r\n250-STARTTLS\r\n250 AUTH=LOGIN"), ("STARTTLS", "220 go on"), ("AUTH LOGIN", "334 VXNlcm5hbWU6"), (Base64("dba"), "334 UGFzc3dvcmQ6"), (Base64("s3cret"), "535 wrong"));
        Delivery delivery = new SmtpDelivery(Login(peer)) { Roots = [SmtpPeer.Certificate] }.Send();
        Assert.Equal((MailStatus.Refused, "the server answers AUTH with 535 wrong"), (delivery.Status, delivery.Text));
    }

    // RFC 8314 section 3.3: on port 465 the handshake comes before the greeting.
    [Fact]
    public void Encryption_from_the_first_byte()
    {
        using SmtpPeer peer = new(SmtpPeer.UsualAnswer(("EHLO", "250-peer\r\n250 AUTH PLAIN"))) { IsTlsImplicit = true };
        SmtpDelivery delivery = new(Login(peer)) { Roots = [SmtpPeer.Certificate], IsTlsImplicit = true };
        Assert.Equal(MailStatus.Sent, delivery.Send().Status);
        Assert.True(new SmtpDelivery(Job(peer) with { Port = 465 }).IsTlsImplicit);
        Assert.False(new SmtpDelivery(Job(peer) with { Port = 587 }).IsTlsImplicit);
    }

    private static MailJob Login(SmtpPeer peer) => Job(peer) with { User = "dba", Password = "s3cret" };

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));

    private static MailJob Job(SmtpPeer peer) => new()
    {
        Server = "localhost",
        Port = peer.Port,
        HeloName = "node1",
        Sender = "root@node1",
        Recipients = ["dba@example.org", "ops@example.org"],
        Subject = "[node1] VRRP Instance VI_1 - Entering MASTER state",
        Body = "=> VRRP Instance is now owning VRRP VIPs <=",
        WallMilliseconds = 1_700_000_000_000,
        Id = "1.2.3",
        TimeoutSeconds = 20,
    };
}
