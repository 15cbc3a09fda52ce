using System.Net.Sockets;
using System.Text;
using FenceFirst.Core;
using FenceFirst.Linux.Native;

namespace FenceFirst.Demo;

/// <summary>What the power supply was asked and what it did.</summary>
/// <param name="Target">Letter of the node to be switched off.</param>
/// <param name="AskedAt">When the request came.</param>
/// <param name="DoneAt">When the work was done, just before the answer.</param>
/// <param name="IsOff">Whether the answer was that it is off.</param>
/// <param name="IsAddressOnOther">Whether the other node held the virtual address at that moment; its kernel was asked.</param>
internal sealed record PowerRequest(string Target, MonotonicInstant AskedAt, MonotonicInstant DoneAt, bool IsOff, bool IsAddressOnOther);

/// <summary>The power supply of both nodes: the fence scripts ask it over a Unix socket to switch one off.</summary>
internal sealed class PowerSupply : IDisposable
{
    private const int RequestsMax = 1000;
    private const int RequestBytesMax = 16;
    private const int ReadMsMax = 2000;

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly DemoNetwork _network;
    private readonly DemoNode[] _nodes;
    private readonly List<PowerRequest> _requests = [];
    private readonly Lock _lock = new();
    private volatile bool _isBroken;
    private volatile bool _isLying;

    /// <summary>Begins to listen.</summary>
    public PowerSupply(string path, DemoNetwork network, params DemoNode[] nodes)
    {
        _network = network;
        _nodes = nodes;
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        new Thread(Serve) { IsBackground = true, Name = "power supply" }.Start();
    }

    /// <summary>Whether it does nothing and says so.</summary>
    public bool IsBroken { get => _isBroken; set => _isBroken = value; }

    /// <summary>Whether it does nothing and says that it is done: no promise of ours survives that, and the claims must notice.</summary>
    public bool IsLying { get => _isLying; set => _isLying = value; }

    /// <summary>The first request about a node at or after an instant, or null.</summary>
    public PowerRequest? Find(NodePlan target, MonotonicInstant from)
    {
        lock (_lock)
        {
            return _requests.Find(request => request.Target == target.Letter && request.AskedAt >= from);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private void Serve()
    {
        for (int served = 0; served < RequestsMax; served++)
        {
            try
            {
                using Socket connection = _listener.Accept();
                connection.ReceiveTimeout = ReadMsMax;
                byte[] buffer = new byte[RequestBytesMax];
                string target = Encoding.ASCII.GetString(buffer, 0, connection.Receive(buffer)).Trim();
                connection.Send(Encoding.ASCII.GetBytes(SwitchOff(target)));
            }
            catch (SocketException)
            {
                // Either the one who asked has gone, or the demonstration is over and the next call fails as well.
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    private string SwitchOff(string target)
    {
        MonotonicInstant askedAt = MonotonicClock.Now;
        DemoNode? node = Array.Find(_nodes, each => each.Plan.Letter == target);
        DemoNode? other = Array.Find(_nodes, each => each.Plan.Letter != target);
        bool isOff = node is not null && !IsBroken && (IsLying || node.PowerOff());
        bool isAddressOnOther = other is not null && _network.IsHeldBy(other.Plan);
        lock (_lock)
        {
            _requests.Add(new PowerRequest(target, askedAt, MonotonicClock.Now, isOff, isAddressOnOther));
        }

        return isOff ? PowerVerb.Off : "the power supply does not react";
    }
}
