using System.Buffers.Binary;
using System.Net;

namespace FenceFirst.SystemTests;

/// <summary>An address came to a node, or left it, as the node's kernel told.</summary>
internal readonly record struct AddressEvent(DateTime At, string Node, bool Added, IPAddress Address);

/// <summary>Listens to a namespace's address messages on a netlink socket and a thread of its own. The socket, not the process, lives in the
/// namespace: powering the node off does not reach it. The time is when the message was read; messages of one socket keep the kernel's order.</summary>
internal sealed class AddressObserver : IDisposable
{
    private readonly List<AddressEvent> _events = [];
    private readonly string _node;
    private readonly Pulse _changed;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _listening = new();
    private volatile bool _stop;

    public AddressObserver(string node, string networkNamespace, Pulse changed)
    {
        _node = node;
        _changed = changed;
        _thread = new Thread(() => Listen(networkNamespace)) { IsBackground = true, Name = "addresses of " + node, Priority = ThreadPriority.Highest };
        _thread.Start();
        _listening.Task.Wait(TimeSpan.FromSeconds(10));
    }

    public IReadOnlyList<AddressEvent> Events
    {
        get
        {
            lock (_events)
            {
                return [.. _events];
            }
        }
    }

    public void Dispose()
    {
        _stop = true;
        _thread.Join(TimeSpan.FromSeconds(2));
    }

    private void Listen(string networkNamespace)
    {
        int descriptor;
        try
        {
            descriptor = Native.OpenAddressSocket(networkNamespace);
        }
        catch (Exception refused)
        {
            _listening.SetException(refused);
            return;
        }
        Native.PutFirst();
        _listening.SetResult();
        byte[] buffer = new byte[64 * 1024];
        while (!_stop)
        {
            int length = Native.Receive(descriptor, buffer);
            if (length > 0)
            {
                Read(buffer.AsSpan(0, length), DateTime.UtcNow);
                _changed.Fire();
            }
        }
        Native.Close(descriptor);
    }

    // A datagram holds messages of: length (4), type (2), flags (2), sequence (4), port (4), then struct ifaddrmsg and its attributes.
    private void Read(ReadOnlySpan<byte> datagram, DateTime at)
    {
        const int header = 16, addressHeader = 8, newAddress = 20, deletedAddress = 21;
        while (datagram.Length >= header + addressHeader)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(datagram);
            int type = BinaryPrimitives.ReadUInt16LittleEndian(datagram[4..]);
            if (type is newAddress or deletedAddress && TryReadAddress(datagram[(header + addressHeader)..length], out IPAddress? address))
            {
                lock (_events)
                {
                    _events.Add(new AddressEvent(at, _node, type == newAddress, address!));
                }
            }
            datagram = datagram[Math.Min(Align(length), datagram.Length)..];
        }
    }

    // IFA_LOCAL (2) is the node's own address where both are there; IPv6 has only IFA_ADDRESS (1).
    private static bool TryReadAddress(ReadOnlySpan<byte> attributes, out IPAddress? address)
    {
        address = null;
        while (attributes.Length >= 4)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(attributes);
            int type = BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]);
            if (type == 2 || (type == 1 && address is null))
            {
                address = new IPAddress(attributes[4..length]);
            }
            attributes = attributes[Math.Min(Align(length), attributes.Length)..];
        }
        return address is not null;
    }

    private static int Align(int length) => (Math.Max(length, 4) + 3) & ~3;
}
