using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FenceFirst.Core;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Demo;

/// <summary>A request that was answered.</summary>
/// <param name="At">When the answer came.</param>
/// <param name="By">Letter of the node that gave it.</param>
internal readonly record struct Served(MonotonicInstant At, string By);

/// <summary>A client that asks the service behind the virtual address without a pause, and connects anew whenever there is no answer.</summary>
internal sealed class ServiceClient : IDisposable
{
    private const int ServedMax = 100_000;
    private const int AnswerBytesMax = 64;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan ConnectTime = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan AnswerTime = TimeSpan.FromMilliseconds(100);

    private readonly List<Served> _served = [];
    private readonly Lock _lock = new();
    private readonly Thread _thread;
    private readonly int _namespace;
    private volatile bool _isStopping;

    /// <summary>Begins to ask.</summary>
    public ServiceClient(DemoNetwork network)
    {
        _namespace = network.Client;
        _thread = new Thread(Run) { IsBackground = true, Name = "client" };
        _thread.Start();
    }

    /// <summary>The first answer at or after an instant, of one node if one is given; or null.</summary>
    public Served? First(MonotonicInstant from, NodePlan? by = null)
    {
        lock (_lock)
        {
            int index = _served.FindIndex(served => served.At >= from && (by is null || served.By == by.Letter));
            return index < 0 ? null : _served[index];
        }
    }

    /// <summary>Whether every answer in a stretch of time came from one node, and there was one.</summary>
    public bool IsServedOnlyBy(NodePlan node, MonotonicInstant from, MonotonicInstant to)
    {
        lock (_lock)
        {
            List<Served> stretch = _served.FindAll(served => served.At >= from && served.At <= to);
            return stretch.Count > 0 && stretch.TrueForAll(served => served.By == node.Letter);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isStopping = true;
        _thread.Join();
    }

    private void Run()
    {
        Namespaces.Enter(_namespace);
        Socket? connection = null;
        for (long number = 0; !_isStopping; number++)
        {
            connection ??= TryConnect();
            if (connection is not null && TryAsk(connection, number) is { } node)
            {
                Keep(new Served(MonotonicClock.Now, node));
            }
            else
            {
                connection?.Dispose();
                connection = null;
            }

            Thread.Sleep(Pause);
        }

        connection?.Dispose();
    }

    private void Keep(Served served)
    {
        lock (_lock)
        {
            if (_served.Count < ServedMax)
            {
                _served.Add(served);
            }
        }
    }

    private static Socket? TryConnect()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false, NoDelay = true };

        // What is not sent when we give a connection up is of no interest: no FIN goes on being repeated into the void.
        socket.LingerState = new LingerOption(true, 0);
        Span<byte> address = stackalloc byte[4];
        NodePlan.VirtualAddress.WriteTo(address);
        try
        {
            socket.Connect(new IPEndPoint(new IPAddress(address), NodePlan.ServicePort));
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // The usual case: the outcome comes later.
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }

        if (socket.Poll(ConnectTime, SelectMode.SelectWrite)
            && socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error) is 0)
        {
            return socket;
        }

        socket.Dispose();
        return null;
    }

    /// <summary>Asks once; the letter of the node that answered, or null.</summary>
    private static string? TryAsk(Socket connection, long number)
    {
        try
        {
            string question = string.Create(CultureInfo.InvariantCulture, $"{number}\n");
            connection.Send(Encoding.ASCII.GetBytes(question));
            byte[] buffer = new byte[AnswerBytesMax];
            if (!connection.Poll(AnswerTime, SelectMode.SelectRead))
            {
                return null;
            }

            string answer = Encoding.ASCII.GetString(buffer, 0, connection.Receive(buffer));
            int space = answer.IndexOf(' ', StringComparison.Ordinal);
            return space > 0 && answer[(space + 1)..] == question ? answer[..space] : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
