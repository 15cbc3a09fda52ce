using System.Buffers;
using System.Net.Sockets;
using System.Text.Json;

namespace FenceFirst.Cli;

/// <summary>Asks the daemon over its control socket.</summary>
internal sealed class ControlClient : IDisposable
{
    /// <summary>No daemon answers.</summary>
    public const int ExitUnreachable = 2;

    private const int AnswerBytesMax = 16 * 1024 * 1024;
    private const int WaitMsMax = 5000;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = WaitMsMax, SendTimeout = WaitMsMax };
    private readonly string _path;

    private ControlClient(string path) => _path = path;

    /// <summary>Connects; null when nobody answers, of which the reason is told.</summary>
    public static ControlClient? Connect(string path, Action<string> tell)
    {
        ControlClient client = new(path);
        try
        {
            client._socket.Connect(new UnixDomainSocketEndPoint(path));
            return client;
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            tell(Explain(path, exception));
            client.Dispose();
            return null;
        }
    }

    /// <summary>Whether a daemon listens at a path.</summary>
    public static bool IsReachable(string path)
    {
        using ControlClient? client = Connect(path, _ => { });
        return client is not null;
    }

    /// <summary>Sends one request and returns the answer; null when there was none, of which the reason is told.</summary>
    public static JsonDocument? Ask(string path, Action<Utf8JsonWriter> writeMembers, Action<string> tell)
    {
        using ControlClient? client = Connect(path, tell);
        return client?.Ask(writeMembers, tell);
    }

    /// <summary>Sends a request and returns the answer; null when there was none, of which the reason is told.</summary>
    public JsonDocument? Ask(Action<Utf8JsonWriter> writeMembers, Action<string> tell)
    {
        ArrayBufferWriter<byte> request = new();
        using (Utf8JsonWriter json = new(request))
        {
            json.WriteStartObject();
            json.WriteNumber("version", 1);
            writeMembers(json);
            json.WriteEndObject();
        }

        request.Write("\n"u8);
        try
        {
            _socket.Send(request.WrittenSpan);
            return JsonDocument.Parse(ReceiveLine());
        }
        catch (Exception exception) when (exception is SocketException or JsonException)
        {
            tell(Explain(_path, exception));
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private byte[] ReceiveLine()
    {
        using MemoryStream answer = new();
        byte[] buffer = new byte[64 * 1024];
        while (answer.Length < AnswerBytesMax)
        {
            int count = _socket.Receive(buffer);
            if (count == 0)
            {
                break;
            }

            answer.Write(buffer, 0, count);
            if (buffer[count - 1] == (byte)'\n')
            {
                break;
            }
        }

        return answer.ToArray();
    }

    private static string Explain(string path, Exception exception) => exception switch
    {
        SocketException { SocketErrorCode: SocketError.AccessDenied } =>
            $"no permission for {path}: only root and the daemon's own user may talk to it",
        SocketException { SocketErrorCode: SocketError.TimedOut or SocketError.WouldBlock } =>
            $"the daemon at {path} did not answer within {WaitMsMax / 1000} s",
        JsonException => $"what answered at {path} is no FenceFirst daemon, or it ended meanwhile",
        ArgumentException => $"{path} cannot be the path of a socket",
        _ => $"no daemon answers at {path}: it does not run, or has another --socket, or somebody has removed its socket (SIGHUP makes it anew) (`fencefirst journal` tells what happened last)",
    };
}
