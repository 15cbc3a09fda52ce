using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace FenceFirst.Tests.Mail;

/// <summary>A server on the loopback interface that answers what the test tells it to; knows nothing of our code.</summary>
internal sealed class SmtpPeer : IDisposable
{
    /// <summary>An answer: says nothing, and goes on holding the connection.</summary>
    public const string Silence = "(silence)";

    /// <summary>An answer: closes the connection.</summary>
    public const string Close = "(close)";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Func<string, string> _answer;
    private readonly Task _work;

    /// <summary>Listens.</summary>
    /// <param name="answer">What is said to a line; the empty line is the connection, and "(message)" the whole message.</param>
    public SmtpPeer(Func<string, string> answer)
    {
        _answer = answer;
        _listener.Start();
        _work = Task.Run(ServeAsync);
    }

    /// <summary>Certificate of localhost, signed by itself.</summary>
    public static X509Certificate2 Certificate { get; } = MakeCertificate("localhost");

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Whether TLS fails: the connection is closed instead.</summary>
    public bool IsTlsBroken { get; init; }

    /// <summary>Whether TLS begins with the first byte.</summary>
    public bool IsTlsImplicit { get; init; }

    public int Connections { get; private set; }

    /// <summary>Every line that was heard, with "TLS" where encryption began.</summary>
    public ConcurrentQueue<string> Heard { get; } = new();

    /// <summary>The messages as they came, without their end.</summary>
    public ConcurrentQueue<string> Messages { get; } = new();

    /// <summary>The answers of a server that takes everything, but for these.</summary>
    public static SmtpPeer Usual(params (string Command, string Answer)[] exceptions) => new(UsualAnswer(exceptions));

    /// <summary>What a server says that takes everything, but for these.</summary>
    public static Func<string, string> UsualAnswer(params (string Command, string Answer)[] exceptions) => line =>
    {
        foreach ((string command, string answer) in exceptions)
        {
            if (command.Length == 0 ? line.Length == 0 : line.StartsWith(command, StringComparison.Ordinal))
            {
                return answer;
            }
        }

        return line.Split(' ')[0] switch { "" => "220 peer ready", "DATA" => "354 go on", "QUIT" => "221 bye", "EHLO" => "250-peer\r\n250 8BITMIME", "AUTH" => "235 welcome", _ => "250 ok" };
    };

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
        _work.Wait(TimeSpan.FromSeconds(20));
        _end.Dispose();
    }

    private static X509Certificate2 MakeCertificate(string name)
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), "");
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync(_end.Token);
                Connections++;
                await TalkAsync(client);
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or InvalidOperationException or SocketException)
        {
        }
    }

    private async Task TalkAsync(TcpClient client)
    {
        try
        {
            Stream stream = client.GetStream();
            if (IsTlsImplicit)
            {
                stream = await EncryptAsync(stream);
            }

            string line = "";
            bool isGreeted = false;
            while (true)
            {
                if (line == "STARTTLS" && IsTlsBroken)
                {
                    await SayAsync(stream, "220 go on");
                    return;
                }

                string answer = isGreeted && line.Length == 0 ? "" : _answer(line);
                isGreeted = true;
                if (answer == Close)
                {
                    return;
                }

                if (answer == Silence)
                {
                    await Task.Delay(Timeout.Infinite, _end.Token);
                }

                await SayAsync(stream, answer);
                if (line == "STARTTLS" && answer.StartsWith("220", StringComparison.Ordinal))
                {
                    stream = await EncryptAsync(stream);
                }

                if (answer.StartsWith("354", StringComparison.Ordinal))
                {
                    Messages.Enqueue(await MessageAsync(stream));
                    line = "(message)";
                    continue;
                }

                if (await LineAsync(stream) is not { } next)
                {
                    return;
                }

                line = next;
                Heard.Enqueue(line);
            }
        }
        catch (Exception failure) when (failure is IOException or System.Security.Authentication.AuthenticationException)
        {
        }
    }

    private async Task<Stream> EncryptAsync(Stream stream)
    {
        SslStream encrypted = new(stream);
        await encrypted.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = Certificate }, _end.Token);
        Heard.Enqueue("TLS");
        return encrypted;
    }

    private async Task SayAsync(Stream stream, string text)
    {
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text + "\r\n"), _end.Token);
        await stream.FlushAsync(_end.Token);
    }

    private async Task<string> MessageAsync(Stream stream)
    {
        StringBuilder text = new();
        while (await LineAsync(stream) is { } line && line != ".")
        {
            text.Append(line).Append('\n');
        }

        return text.ToString();
    }

    private async Task<string?> LineAsync(Stream stream)
    {
        List<byte> line = [];
        byte[] one = new byte[1];
        while (await stream.ReadAsync(one, _end.Token) == 1)
        {
            if (one[0] == '\n')
            {
                return Encoding.Latin1.GetString([.. line]).TrimEnd('\r');
            }

            line.Add(one[0]);
        }

        return null;
    }
}
