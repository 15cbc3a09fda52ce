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
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(20);

    // The reading thread waits for nobody: a lock would be held by one that is not before all others and may have to wait for a processor.
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly int _wake = Native.OpenCounter();
    private readonly Pulse _changed;
    private readonly Thread _thread;
    private AddressObserver[] _observers = [];
    private long _asked;
    private long _answered;
    private volatile bool _stop;

    public AddressListener(Pulse changed)
    {
        _changed = changed;
        _thread = new Thread(Listen) { IsBackground = true, Name = "addresses", Priority = ThreadPriority.Highest };
        _thread.Start();
    }

    /// <summary>Begins to listen to a node; one after the other.</summary>
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
        Volatile.Write(ref _observers, [.. _observers, observer]);
        CatchUp();
        return observer;
    }

    /// <summary>Returns when everything is read that the kernel has told by now.</summary>
    public void CatchUp()
    {
        long ticket = Interlocked.Increment(ref _asked);
        if (_stop)
        {
            return;
        }
        Native.Count(_wake);
        if (!SpinWait.SpinUntil(() => Volatile.Read(ref _answered) >= ticket || _stop, AnswerMax))
        {
            throw new TimeoutException("The reader of address messages does not run.");
        }
    }

    public void Dispose()
    {
        CatchUp();
        _stop = true;
        Native.Count(_wake);
        _thread.Join();
        foreach (AddressObserver observer in _observers)
        {
            Native.Close(observer.Descriptor);
        }
        Native.Close(_wake);
    }

    private void Listen()
    {
        const int patience = 200;
        Native.PutFirst();
        while (!_stop)
        {
            Native.WaitForAny([_wake, .. Volatile.Read(ref _observers).Select(each => each.Descriptor)], patience);
            Native.ReadNow(_wake, _buffer);
            long asked = Volatile.Read(ref _asked);
            bool isAny = ReadAll(Volatile.Read(ref _observers));
            Volatile.Write(ref _answered, asked);
            if (isAny)
            {
                _changed.Fire();
            }
        }
    }

    private bool ReadAll(AddressObserver[] observers)
    {
        bool isAny = false;
        for (bool isMore = true; isMore;)
        {
            isMore = false;
            foreach (AddressObserver observer in observers)
            {
                while (Native.ReceiveNow(observer.Descriptor, _buffer) is > 0 and int length)
                {
                    observer.Take(_buffer.AsSpan(0, length));
                    isMore = isAny = true;
                }
            }
        }
        DateTime at = DateTime.UtcNow;
        foreach (AddressObserver observer in observers)
        {
            observer.Publish(at);
        }
        return isAny;
    }
}

/// <summary>The address events of one node.</summary>
internal sealed class AddressObserver(AddressListener listener, string node, int descriptor)
{
    // Written by the listener's thread alone; what lies below the count never changes.
    private readonly List<(bool Added, IPAddress Address)> _taken = [];
    private AddressEvent[] _events = new AddressEvent[16];
    private int _count;

    /// <summary>The socket in the node's namespace.</summary>
    public int Descriptor => descriptor;

    /// <summary>Everything until now.</summary>
    public IReadOnlyList<AddressEvent> Events
    {
        get
        {
            listener.CatchUp();
            int count = Volatile.Read(ref _count);
            return Volatile.Read(ref _events)[..count];
        }
    }

    /// <summary>Gives a time to everything that was taken since the last time, and shows it.</summary>
    public void Publish(DateTime at)
    {
        foreach ((bool added, IPAddress address) in _taken)
        {
            if (_count == _events.Length)
            {
                AddressEvent[] larger = new AddressEvent[2 * _count];
                _events.CopyTo(larger, 0);
                Volatile.Write(ref _events, larger);
            }
            _events[_count] = new AddressEvent(at, node, added, address);
            Volatile.Write(ref _count, _count + 1);
        }
        _taken.Clear();
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
                _taken.Add((type == newAddress, address!));
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
