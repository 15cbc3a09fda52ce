using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace FenceFirst.Mail;

/// <summary>One connection to the server: lines out, answers in, each wait bounded by its own time and by that of the whole delivery.</summary>
internal sealed class SmtpConnection : IDisposable
{
    /// <summary>Longest line of an answer; RFC 5321 section 4.5.3.1.5 has 512.</summary>
    private const int LineLengthMax = 4096;

    /// <summary>Most lines of an answer.</summary>
    private const int LinesMax = 128;

    private readonly Socket _socket;
    private readonly TimeSpan _stepBound;
    private readonly TimeSpan _bound;
    private readonly Stopwatch _clock;
    private readonly byte[] _buffer = new byte[LineLengthMax];
    private Stream _stream;
    private int _start;
    private int _end;

    private SmtpConnection(Socket socket, TimeSpan stepBound, TimeSpan bound, Stopwatch clock)
    {
        (_socket, _stepBound, _bound, _clock) = (socket, stepBound, bound, clock);
        _stream = new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>Whether what is said is encrypted.</summary>
    public bool IsEncrypted { get; private set; }

    /// <summary>Connects to an address.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="stepBound">Bound on the connection and on each answer.</param>
    /// <param name="bound">Bound on everything, from the start of the clock.</param>
    /// <param name="clock">Runs since the delivery began.</param>
    /// <exception cref="SmtpException">It did not succeed, or not in time.</exception>
    public static SmtpConnection Open(IPEndPoint address, TimeSpan stepBound, TimeSpan bound, Stopwatch clock)
    {
        Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using CancellationTokenSource timeout = new(Remaining(stepBound, bound, clock));
            socket.ConnectAsync(address, timeout.Token).AsTask().GetAwaiter().GetResult();
            return new SmtpConnection(socket, stepBound, bound, clock);
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException or SmtpException)
        {
            socket.Dispose();
            throw failure as SmtpException
                ?? new SmtpException(failure is SocketException refused ? $"cannot connect to {address}: {refused.Message}" : $"{address} does not answer a connection within {stepBound.TotalSeconds} s");
        }
    }

    /// <summary>Says one line and hears the answer.</summary>
    /// <param name="line">Without its end.</param>
    /// <param name="shown">How it is named when the answer does not come.</param>
    public SmtpReply Say(string line, string shown)
    {
        Write(Encoding.UTF8.GetBytes(line + "\r\n"), shown);
        return Hear(shown);
    }

    /// <summary>Sends bytes as they are.</summary>
    public void Write(ReadOnlySpan<byte> bytes, string shown)
    {
        try
        {
            _socket.SendTimeout = Milliseconds(shown);
            _stream.Write(bytes);
            _stream.Flush();
        }
        catch (IOException failure)
        {
            throw Failed(shown, failure);
        }
    }

    /// <summary>Hears an answer, of one or several lines.</summary>
    /// <param name="shown">To what, for words about a failure.</param>
    /// <exception cref="SmtpException">None came in time, the connection ended, or it is not one of SMTP.</exception>
    public SmtpReply Hear(string shown)
    {
        List<string> lines = [];
        int code = 0;
        while (lines.Count < LinesMax)
        {
            string line = ReadLine(shown);
            bool isCode = line.Length >= 3 && line[0] is >= '2' and <= '5' && char.IsAsciiDigit(line[1]) && char.IsAsciiDigit(line[2]);
            bool isLast = line.Length == 3 || (line.Length > 3 && line[3] == ' ');
            int now = isCode ? int.Parse(line.AsSpan(0, 3)) : 0;
            if (!isCode || (!isLast && line[3] != '-') || (code != 0 && now != code))
            {
                throw new SmtpException($"the answer to {shown} is not SMTP: '{new SmtpReply(0, [line]).Words[2..]}'");
            }

            code = now;
            lines.Add(line.Length > 4 ? line[4..] : "");
            if (isLast)
            {
                return new SmtpReply(code, lines);
            }
        }

        throw new SmtpException($"the answer to {shown} has more than {LinesMax} lines");
    }

    /// <summary>Encrypts from here on.</summary>
    /// <param name="host">Whose certificate is expected.</param>
    /// <param name="isVerified">Whether it must be good; otherwise any is taken, which keeps listeners out and nobody else.</param>
    /// <param name="roots">Whom to trust besides the machine's own list; null = nobody.</param>
    public void Encrypt(string host, bool isVerified, X509Certificate2Collection? roots)
    {
        // What was said before encryption must not count afterwards (CVE-2011-0411).
        if (_end > _start)
        {
            throw new SmtpException("the server went on talking before the encryption that it was asked for");
        }

        SslClientAuthenticationOptions options = new() { TargetHost = host };
        if (!isVerified)
        {
            // Reading the machine's list of authorities is most of the work of a handshake, for an answer that does not count.
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
#pragma warning disable CA5359 // Without a login there is no secret to lose: an unverified server is better than no encryption (RFC 7435).
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (roots is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        }

        SslStream encrypted = new(_stream);
        try
        {
            _socket.ReceiveTimeout = _socket.SendTimeout = Milliseconds("TLS");
            encrypted.AuthenticateAsClient(options);
        }
        catch (Exception failure) when (failure is AuthenticationException or IOException or InvalidOperationException)
        {
            encrypted.Dispose();
            throw failure is IOException io ? Failed("TLS", io) : new SmtpException($"TLS: {Deepest(failure)}");
        }

        _stream = encrypted;
        IsEncrypted = true;
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    /// <summary>How long the next wait may be.</summary>
    /// <exception cref="SmtpException">The whole has taken too long already.</exception>
    private static TimeSpan Remaining(TimeSpan stepBound, TimeSpan bound, Stopwatch clock)
    {
        TimeSpan left = bound - clock.Elapsed;
        return left <= TimeSpan.Zero ? throw new SmtpException($"not sent within {bound.TotalSeconds} s") : left < stepBound ? left : stepBound;
    }

    private int Milliseconds(string shown)
    {
        try
        {
            return Math.Max(1, (int)Math.Min(Remaining(_stepBound, _bound, _clock).TotalMilliseconds, int.MaxValue));
        }
        catch (SmtpException failure)
        {
            throw new SmtpException($"{failure.Message}; it is waiting for the answer to {shown}");
        }
    }

    private SmtpException Failed(string shown, IOException failure) => failure.InnerException is SocketException { SocketErrorCode: SocketError.TimedOut or SocketError.WouldBlock }
        ? new SmtpException($"no answer to {shown} within {_stepBound.TotalSeconds} s")
        : new SmtpException($"the connection broke at {shown}: {Deepest(failure)}");

    private static string Deepest(Exception failure) => failure.InnerException is null ? failure.Message : Deepest(failure.InnerException);

    private string ReadLine(string shown)
    {
        while (true)
        {
            int end = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (end >= 0)
            {
                string line = Encoding.Latin1.GetString(_buffer, _start, end).TrimEnd('\r');
                _start += end + 1;
                return line;
            }

            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            if (_end == _buffer.Length)
            {
                throw new SmtpException($"a line of the answer to {shown} is longer than {LineLengthMax} bytes");
            }

            int read;
            try
            {
                _socket.ReceiveTimeout = Milliseconds(shown);
                read = _stream.Read(_buffer, _end, _buffer.Length - _end);
            }
            catch (IOException failure)
            {
                throw Failed(shown, failure);
            }

            if (read == 0)
            {
                throw new SmtpException($"the server closed the connection at {shown}");
            }

            _end += read;
        }
    }
}
