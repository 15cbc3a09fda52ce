using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using FenceFirst.Core.Node;

namespace FenceFirst.Mail;

/// <summary>How one try ended.</summary>
/// <param name="Status">One of <see cref="MailStatus"/>.</param>
/// <param name="Text">What happened, in one line.</param>
/// <param name="Later">Who may get it in another try; empty = everybody who was tried, if any.</param>
internal sealed record Delivery(int Status, string Text, IReadOnlyList<string> Later);

/// <summary>One try to hand a mail to the server (RFC 5321; STARTTLS RFC 3207, AUTH RFC 4954).</summary>
/// <remarks>
/// Encryption: used where it is offered. Without a login any certificate will do, and where encryption fails the mail goes unencrypted, as it
/// does with keepalived. With a login the certificate must be good and encryption must succeed; otherwise the password is not sent, nor the mail.
/// </remarks>
internal sealed class SmtpDelivery(MailJob job)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private bool _isPlain;

    /// <summary>Whom to trust instead of the machine's list; null = the machine's list.</summary>
    public X509Certificate2Collection? Roots { get; init; }

    /// <summary>Whether TLS begins with the first byte; default by the port.</summary>
    public bool IsTlsImplicit { get; init; } = job.Port == MailConfig.ImplicitTlsPort;

    /// <summary>Bound on everything together.</summary>
    public TimeSpan Bound { get; init; } = job.Bound;

    private bool HasLogin => job.User.Length > 0;

    private TimeSpan StepBound => TimeSpan.FromSeconds(job.TimeoutSeconds);

    private IReadOnlyList<string> Wanted => job.Remaining.IsEmpty ? [.. job.Recipients] : [.. job.Remaining];

    /// <summary>Tries; never throws for anything that a server or a network does.</summary>
    public Delivery Send()
    {
        try
        {
            using SmtpConnection first = Connect();
            try
            {
                return Talk(first);
            }
            catch (EncryptionFailedException failure) when (!HasLogin && !IsTlsImplicit)
            {
                // What was begun cannot be taken back: unencrypted means a new connection.
                first.Dispose();
                _isPlain = true;
                using SmtpConnection second = Connect();
                Delivery delivery = Talk(second);
                return delivery with { Text = $"{delivery.Text} (unencrypted: {failure.Message})" };
            }
        }
        catch (Exception failure) when (failure is SmtpException or EncryptionFailedException)
        {
            return new Delivery(MailStatus.Later, failure.Message, []);
        }
    }

    private SmtpConnection Connect()
    {
        string last = $"{job.Server} has no address";
        foreach (IPAddress address in Resolve())
        {
            try
            {
                return SmtpConnection.Open(new IPEndPoint(address, job.Port), StepBound, Bound, _clock);
            }
            catch (SmtpException failure)
            {
                last = failure.Message;
            }
        }

        throw new SmtpException(last);
    }

    private IPAddress[] Resolve()
    {
        if (IPAddress.TryParse(job.Server, out IPAddress? address))
        {
            return [address];
        }

        try
        {
            using CancellationTokenSource timeout = new(StepBound);
            return Dns.GetHostAddressesAsync(job.Server, timeout.Token).GetAwaiter().GetResult();
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException or ArgumentException)
        {
            throw new SmtpException($"{job.Server} cannot be resolved: {failure.Message}");
        }
    }

    private Delivery Talk(SmtpConnection server)
    {
        if (IsTlsImplicit)
        {
            Encrypt(server);
        }

        SmtpReply greeting = server.Hear("the connection");
        if (!greeting.IsGood)
        {
            return Failed("the connection", greeting);
        }

        SmtpReply hello = Greet(server);
        if (!hello.IsGood)
        {
            return Failed("HELO", hello);
        }

        if (!server.IsEncrypted && !_isPlain && hello.Extension("STARTTLS") is not null)
        {
            SmtpReply ready = server.Say("STARTTLS", "STARTTLS");
            if (!ready.IsGood)
            {
                throw new EncryptionFailedException($"the server offers STARTTLS and answers {ready.Words}");
            }

            Encrypt(server);
            hello = Greet(server);
        }

        if (HasLogin && LogIn(server, hello) is { } refused)
        {
            return refused;
        }

        return Hand(server);
    }

    /// <summary>EHLO, or HELO where that is not understood (RFC 5321 section 4.1.1.1).</summary>
    private SmtpReply Greet(SmtpConnection server)
    {
        string name = MailMessage.Printable(job.HeloName).Replace(" ", "", StringComparison.Ordinal);
        SmtpReply hello = server.Say($"EHLO {(name.Length > 0 ? name : "localhost")}", "EHLO");
        return hello.Code is >= 500 ? server.Say($"HELO {(name.Length > 0 ? name : "localhost")}", "HELO") with { Lines = [] } : hello;
    }

    private void Encrypt(SmtpConnection server)
    {
        try
        {
            server.Encrypt(job.Server, isVerified: HasLogin, Roots);
        }
        catch (SmtpException failure)
        {
            throw new EncryptionFailedException(failure.Message);
        }
    }

    private Delivery? LogIn(SmtpConnection server, SmtpReply hello)
    {
        if (!server.IsEncrypted)
        {
            return new Delivery(MailStatus.Later, "there is a login for the server, but it offers no STARTTLS: the password is not sent unencrypted", []);
        }

        string[] offered = hello.Extension("AUTH")?.ToUpperInvariant().Split(' ') ?? [];
        SmtpReply answer;
        if (offered.Contains("PLAIN"))
        {
            answer = server.Say($"AUTH PLAIN {Base64($"\0{job.User}\0{job.Password}")}", "AUTH");
        }
        else if (offered.Contains("LOGIN"))
        {
            answer = server.Say("AUTH LOGIN", "AUTH");
            answer = answer.Code == 334 ? server.Say(Base64(job.User), "AUTH") : answer;
            answer = answer.Code == 334 ? server.Say(Base64(job.Password), "AUTH") : answer;
        }
        else
        {
            return new Delivery(MailStatus.Later, $"there is a login for the server, but it offers neither AUTH PLAIN nor AUTH LOGIN ({string.Join(' ', offered)})", []);
        }

        return answer.Code is >= 200 and < 300 ? null : Failed("AUTH", answer);
    }

    private Delivery Hand(SmtpConnection server)
    {
        SmtpReply answer = server.Say($"MAIL FROM:<{MailMessage.Bare(job.Sender)}>", "MAIL");
        if (!answer.IsGood)
        {
            return Failed("MAIL", answer);
        }

        List<string> accepted = [];
        List<string> later = [];
        List<string> words = [];
        foreach (string recipient in Wanted)
        {
            answer = server.Say($"RCPT TO:<{MailMessage.Bare(recipient)}>", "RCPT");
            if (answer.IsGood)
            {
                accepted.Add(recipient);
                continue;
            }

            words.Add($"{recipient}: {answer.Words}");
            if (answer.IsTransient)
            {
                later.Add(recipient);
            }
        }

        string refusals = string.Join("; ", words);
        if (accepted.Count == 0)
        {
            Leave(server);
            return new Delivery(later.Count > 0 ? MailStatus.Later : MailStatus.Refused, refusals, later);
        }

        answer = server.Say("DATA", "DATA");
        if (answer.Code != 354)
        {
            return Failed("DATA", answer);
        }

        server.Write(MailMessage.Compose(job), "the message");
        answer = server.Hear("the message");
        if (!answer.IsGood)
        {
            return Failed("the message", answer);
        }

        Leave(server);
        return words.Count == 0
            ? new Delivery(MailStatus.Sent, answer.Words, [])
            : new Delivery(later.Count > 0 ? MailStatus.Later : MailStatus.Refused, $"sent to {string.Join(", ", accepted)}, not to {refusals}", later);
    }

    /// <summary>The mail is settled: whatever the end of the conversation brings changes nothing.</summary>
    private static void Leave(SmtpConnection server)
    {
        try
        {
            server.Say("QUIT", "QUIT");
        }
        catch (SmtpException)
        {
        }
    }

    private static Delivery Failed(string command, SmtpReply answer) =>
        new(answer.Code >= 500 ? MailStatus.Refused : MailStatus.Later, $"the server answers {command} with {answer.Words}", []);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>Encryption was offered and did not come about.</summary>
    private sealed class EncryptionFailedException(string message) : Exception(message);
}
