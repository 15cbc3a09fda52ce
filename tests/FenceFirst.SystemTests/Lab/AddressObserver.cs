using System.Buffers.Binary;
using System.Net;

namespace FenceFirst.SystemTests;

/// <summary>An address came to a node, or left it, as the node's kernel told.</summary>
internal readonly record struct AddressEvent(DateTime At, string Node, bool Added, IPAddress Address);

/// <summary>
/// Listens to the address messages of every node of a laboratory, on netlink sockets and one thread of its own. The sockets, not the process, live in the
/// namespaces: powering a node off does not reach them. The time of an event is when its message had been read; messages of one node keep the kernel's order.
/// </summary>
/// <remarks>
/// The sockets are read together until all of them are empty, and everything read so has one time. So of two events of different nodes the one with the earlier
/// time came first, however long the reader had to wait for a processor. Who asks for events reads first: what the kernel has told by then is in the answer.
/// </remarks>
internal sealed class AddressListener : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<AddressObserver> _observers = [];
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly Pulse _changed;
    private readonly Thread _thread;
    private int _read;
    private volatile bool _stop;

    public AddressListener(Pulse changed)
    {
        _changed = changed;
        _thread = new Thread(Listen) { IsBackground = true, Name = "addresses", Priority = ThreadPriority.Highest };
        _thread.Start();
    }

    /// <summary>Begins to listen to a node.</summary>
    public AddressObserver Add(string node, string networkNamespace)
    {
        int descriptor = -1;
        Exception? refused = null;
        Thread opener = new(() =>
        {
            try
            {
                descriptor = Native.OpenAddressSocket(networkNamespace);
            }
            catch (Exception exception)
            {
                refused = exception;
            }
        });
        opener.Start();
        opener.Join();
        if (refused is not null)
        {
            throw new InvalidOperationException("No address messages of " + node, refused);
        }
        AddressObserver observer = new(this, node, descriptor);
        lock (_gate)
        {
            _observers.Add(observer);
        }
        return observer;
    }

    /// <summary>A node's events until now.</summary>
    public IReadOnlyList<AddressEvent> Until(AddressObserver observer)
    {
        lock (_gate)
        {
            ReadAll();
            return [.. observer.Known];
        }
    }

    public void Dispose()
    {
        _stop = true;
        _thread.Join(TimeSpan.FromSeconds(2));
        lock (_gate)
        {
            ReadAll();
            foreach (AddressObserver observer in _observers)
            {
                Native.Close(observer.Descriptor);
            }
            _observers.Clear();
        }
    }

    private void Listen()
    {
        const int patience = 100;
        Native.PutFirst();
        int told = 0;
        while (!_stop)
        {
            int[] descriptors;
            lock (_gate)
            {
                descriptors = [.. _observers.Select(each => each.Descriptor)];
            }
            Native.WaitForAny(descriptors, patience);
            int read;
            lock (_gate)
            {
                ReadAll();
                read = _read;
            }
            if (read != told)
            {
                told = read;
                _changed.Fire();
            }
        }
    }

    private void ReadAll()
    {
        int before = _read;
        for (bool isAny = true; isAny;)
        {
            isAny = false;
            foreach (AddressObserver observer in _observers)
            {
                while (Native.ReceiveNow(observer.Descriptor, _buffer) is > 0 and int length)
                {
                    observer.Take(_buffer.AsSpan(0, length));
                    isAny = true;
                    _read++;
                }
            }
        }
        if (_read == before)
        {
            return;
        }
        DateTime at = DateTime.UtcNow;
        foreach (AddressObserver observer in _observers)
        {
            observer.Stamp(at);
        }
    }
}

/// <summary>The address events of one node.</summary>
internal sealed class AddressObserver(AddressListener listener, string node, int descriptor)
{
    private readonly List<AddressEvent> _events = [];
    private int _stamped;

    /// <summary>The socket in the node's namespace.</summary>
    public int Descriptor => descriptor;

    /// <summary>Everything until now.</summary>
    public IReadOnlyList<AddressEvent> Events => listener.Until(this);

    /// <summary>What has been read so far; the listener's, under its lock.</summary>
    public List<AddressEvent> Known => _events;

    /// <summary>Gives a time to everything that was taken since the last time.</summary>
    public void Stamp(DateTime at)
    {
        for (; _stamped < _events.Count; _stamped++)
        {
            _events[_stamped] = _events[_stamped] with { At = at };
        }
    }

    /// <summary>Reads a datagram.</summary>
    // It holds messages of: length (4), type (2), flags (2), sequence (4), port (4), then struct ifaddrmsg and its attributes.
    public void Take(ReadOnlySpan<byte> datagram)
    {
        const int header = 16, addressHeader = 8, newAddress = 20, deletedAddress = 21;
        while (datagram.Length >= header + addressHeader)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(datagram);
            int type = BinaryPrimitives.ReadUInt16LittleEndian(datagram[4..]);
            if (type is newAddress or deletedAddress && TryReadAddress(datagram[(header + addressHeader)..length], out IPAddress? address))
            {
                _events.Add(new AddressEvent(default, node, type == newAddress, address!));
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
