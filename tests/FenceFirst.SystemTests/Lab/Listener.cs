using System.Net;
using System.Net.Sockets;
using FenceFirst.Linux.Processes;
using Microsoft.Win32.SafeHandles;

namespace FenceFirst.SystemTests;

/// <summary>A TCP port on a node that takes connections: the kernel completes them, nobody has to accept. It is no process of the node.</summary>
internal sealed class Listener : IDisposable
{
    private const int Backlog = 64;
    private Socket? _socket;

    public Listener(Node node, IPAddress address, int port)
    {
        using SafeFileHandle handle = File.OpenHandle("/run/netns/" + node.Namespace);
        Namespaces.Run((int)handle.DangerousGetHandle(), () =>
        {
            _socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            _socket.Bind(new IPEndPoint(address, port));
            _socket.Listen(Backlog);
        });
    }

    public void Dispose() => _socket?.Dispose();
}
