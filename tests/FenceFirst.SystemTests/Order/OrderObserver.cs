using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace FenceFirst.SystemTests;

/// <summary>Where the observer had it from; what one source tells is in its own order for certain.</summary>
internal enum OrderSource
{
    Kernel = 0,
    Wire,
    Fork,
    Pipe,
    Filter,
}

/// <summary>Something seen of a node. It happened between two times; they are the same where the kernel has put a time on it.</summary>
internal sealed record OrderEvent(OrderSource Source, long Number, DateTime NotBefore, DateTime NotAfter, string Text)
{
    /// <summary>Whether this one happened first: by its source's own order, or by times that do not overlap.</summary>
    public bool IsCertainlyBefore(OrderEvent other) => Source == other.Source ? Number < other.Number : NotAfter < other.NotBefore;

    public override string ToString() => $"{Seen.Stamp(NotBefore)}-{NotAfter:ss.ffffff} {Source,-6} {Text}";
}

/// <summary>
/// One thread that looks at everything a node shows: its kernel's messages about addresses, routes, rules and packet filters, the frames on its interface, the
/// forks of all processes, and the lines of a named pipe. Frames and forks carry the kernel's time. A message has none: it came after the last look that found the socket
/// empty, and every frame makes the thread look, so that "frame, then message" and "message, then frame" are told apart.
/// </summary>
internal sealed class OrderObserver : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<OrderEvent> _events = [];
    private readonly List<(DateTime At, Frame Frame)> _frames = [];
    private readonly Dictionary<int, (DateTime At, long Number)> _forks = [];
    private readonly Pulse _changed;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _ready = new();
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly StringBuilder _line = new();
    private readonly HashSet<string> _filtered = [], _filteredNext = [];
    private long _last;
    private volatile bool _stop;

    /// <param name="node">Whose kernel and interface.</param>
    /// <param name="pipe">A named pipe that is there already.</param>
    /// <param name="changed">Fires when something was seen.</param>
    public OrderObserver(Node node, string pipe, Pulse changed)
    {
        _changed = changed;
        _thread = new Thread(() => Run(node.Namespace, pipe)) { IsBackground = true, Name = "order of " + node.Name, Priority = ThreadPriority.Highest };
        _thread.Start();
        _ready.Task.Wait(TimeSpan.FromSeconds(10));
    }

    /// <summary>Everything that the kernel and the pipe told, in the order in which it was read.</summary>
    public IReadOnlyList<OrderEvent> Events
    {
        get
        {
            lock (_gate)
            {
                return [.. _events];
            }
        }
    }

    /// <summary>When a process was made.</summary>
    public OrderEvent? ForkOf(int pid, string text)
    {
        lock (_gate)
        {
            return _forks.TryGetValue(pid, out (DateTime At, long Number) fork) ? new OrderEvent(OrderSource.Fork, fork.Number, fork.At, fork.At, text) : null;
        }
    }

    /// <summary>The frames that left the node or came to it, with the order of the wire.</summary>
    public IReadOnlyList<(long Number, Frame Frame)> Frames
    {
        get
        {
            lock (_gate)
            {
                return [.. _frames.Select((each, i) => ((long)i, each.Frame))];
            }
        }
    }

    public void Dispose()
    {
        _stop = true;
        _thread.Join(TimeSpan.FromSeconds(2));
    }

    private void Run(string networkNamespace, string pipe)
    {
        int[] sources;
        try
        {
            // The forks first: they are told in the first namespace only.
            int forks = Native.OpenForkSocket();
            int kernel = Native.OpenRouteSocket(networkNamespace);
            sources = [kernel, Native.OpenCaptureSocket("eth0"), forks, Native.OpenPipe(pipe), Native.OpenFilterSocket()];
        }
        catch (Exception refused)
        {
            _ready.SetException(refused);
            return;
        }
        Native.PutFirst();
        DateTime[] emptyAt = new DateTime[sources.Length];
        _ready.SetResult();
        while (!_stop)
        {
            Native.WaitForAny(sources, 100);
            bool isAny = false;
            for (int i = 0; i < sources.Length; i++)
            {
                isAny |= Drain((OrderSource)i, sources[i], ref emptyAt[i]);
            }
            if (isAny)
            {
                _changed.Fire();
            }
        }
        foreach (int source in sources)
        {
            Native.Close(source);
        }
    }

    private bool Drain(OrderSource source, int descriptor, ref DateTime emptyAt)
    {
        for (bool isAny = false; ; isAny = true)
        {
            DateTime before = DateTime.UtcNow;
            int length = source == OrderSource.Pipe ? Native.ReadNow(descriptor, _buffer) : Native.ReceiveNow(descriptor, _buffer);
            if (length <= 0)
            {
                emptyAt = before;
                return isAny;
            }
            ReadOnlySpan<byte> told = _buffer.AsSpan(0, length);
            lock (_gate)
            {
                switch (source)
                {
                    case OrderSource.Kernel:
                        ReadKernel(told, emptyAt);
                        break;
                    case OrderSource.Wire:
                        DateTime at = DateTime.UnixEpoch + Native.TimeOfLast(descriptor);
                        if (Frame.Read(at, told) is { } frame)
                        {
                            _frames.Add((at, frame));
                        }
                        break;
                    case OrderSource.Fork:
                        ReadFork(told);
                        break;
                    case OrderSource.Pipe:
                        ReadPipe(told, emptyAt);
                        break;
                    case OrderSource.Filter:
                        ReadFilter(told, emptyAt);
                        break;
                }
            }
        }
    }

    private void Add(OrderSource source, DateTime emptyAt, string text) => _events.Add(new OrderEvent(source, ++_last, emptyAt, DateTime.UtcNow, text));

    // Messages of: length (4), type (2), flags (2), sequence (4), port (4), then a structure of their own and attributes.
    private void ReadKernel(ReadOnlySpan<byte> datagram, DateTime emptyAt)
    {
        const int header = 16;
        while (datagram.Length > header)
        {
            int length = Math.Min(BinaryPrimitives.ReadInt32LittleEndian(datagram), datagram.Length);
            int type = BinaryPrimitives.ReadUInt16LittleEndian(datagram[4..]);
            ReadOnlySpan<byte> body = datagram[header..length];
            string sign = type % 4 == 0 ? "+" : "-";
            switch (type)
            {
                case 20 or 21:
                    // struct ifaddrmsg: its first byte is the family; IFA_LOCAL, or for IPv6 IFA_ADDRESS.
                    Add(OrderSource.Kernel, emptyAt, $"{sign}address {Attribute(body[8..], body[0] == 2 ? 2 : 1)}");
                    break;
                case 24 or 25 when body[4] is not 255:
                    // struct rtmsg: its table is the fifth byte, 255 the kernel's own; RTA_DST.
                    Add(OrderSource.Kernel, emptyAt, $"{sign}route {Attribute(body[12..], 1)}");
                    break;
                case 32 or 33:
                    // struct fib_rule_hdr, FRA_SRC.
                    Add(OrderSource.Kernel, emptyAt, $"{sign}rule {Attribute(body[12..], 2)}");
                    break;
            }
            datagram = datagram[Math.Min((length + 3) & ~3, datagram.Length)..];
        }
    }

    // As above, but the structure has four bytes, the family first. What a transaction has changed is told with its end (NEWGEN).
    private void ReadFilter(ReadOnlySpan<byte> datagram, DateTime emptyAt)
    {
        const int header = 16, newGeneration = 0xa0f, newElements = 0xa0c, deleteElements = 0xa0e, deleteSet = 0xa0b, deleteTable = 0xa02;
        while (datagram.Length >= header + 4)
        {
            int length = Math.Min(BinaryPrimitives.ReadInt32LittleEndian(datagram), datagram.Length);
            ReadOnlySpan<byte> body = datagram[header..length];
            switch (BinaryPrimitives.ReadUInt16LittleEndian(datagram[4..]))
            {
                case newElements:
                    _filteredNext.UnionWith(Elements(body[4..]));
                    break;
                case deleteElements:
                    _filteredNext.ExceptWith(Elements(body[4..]));
                    break;
                case deleteSet or deleteTable:
                    bool isIPv6 = body[0] == 10;
                    _filteredNext.RemoveWhere(each => each.Contains(':') == isIPv6);
                    break;
                case newGeneration:
                    foreach (string address in _filteredNext.Except(_filtered).Order())
                    {
                        Add(OrderSource.Filter, emptyAt, $"+filter {address}");
                    }
                    foreach (string address in _filtered.Except(_filteredNext).Order())
                    {
                        Add(OrderSource.Filter, emptyAt, $"-filter {address}");
                    }
                    _filtered.Clear();
                    _filtered.UnionWith(_filteredNext);
                    break;
            }
            datagram = datagram[Math.Min((length + 3) & ~3, datagram.Length)..];
        }
    }

    // NFTA_SET_ELEM_LIST_ELEMENTS (3), in it NFTA_LIST_ELEM (1) for each, in that NFTA_SET_ELEM_KEY (1), in that NFTA_DATA_VALUE (1): an address, where the set holds some.
    private static List<string> Elements(ReadOnlySpan<byte> attributes)
    {
        List<string> addresses = [];
        for (ReadOnlySpan<byte> list = Nested(attributes, 3, out _); list.Length >= 4;)
        {
            ReadOnlySpan<byte> value = Nested(Nested(Nested(list, 1, out int end), 1, out _), 1, out _);
            if (value.Length is 4 or 16)
            {
                addresses.Add(new IPAddress(value).ToString());
            }
            list = list[end..];
        }
        return addresses;
    }

    // What is in the first attribute of a type, and where the next one begins.
    private static ReadOnlySpan<byte> Nested(ReadOnlySpan<byte> attributes, int wanted, out int end)
    {
        const int flags = 0xc000;
        end = 0;
        while (attributes.Length - end >= 4)
        {
            ReadOnlySpan<byte> each = attributes[end..];
            int length = Math.Clamp((int)BinaryPrimitives.ReadUInt16LittleEndian(each), 4, each.Length);
            end += Math.Min((length + 3) & ~3, each.Length);
            if ((BinaryPrimitives.ReadUInt16LittleEndian(each[2..]) & ~flags) == wanted)
            {
                return each[4..length];
            }
        }
        end = attributes.Length;
        return [];
    }

    private static string Attribute(ReadOnlySpan<byte> attributes, int wanted)
    {
        while (attributes.Length >= 4)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(attributes);
            if (BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]) == wanted && length is 8 or 20)
            {
                return new IPAddress(attributes[4..length]).ToString();
            }
            attributes = attributes[Math.Min(Math.Max((length + 3) & ~3, 4), attributes.Length)..];
        }
        return "-";
    }

    private void ReadFork(ReadOnlySpan<byte> datagram)
    {
        if (Native.ForkedIn(datagram) is > 0 and int pid)
        {
            _forks[pid] = (DateTime.UnixEpoch + Native.WallAheadOfMonotonic() + Native.TimeOfFork(datagram), ++_last);
        }
    }

    private void ReadPipe(ReadOnlySpan<byte> bytes, DateTime emptyAt)
    {
        foreach (byte each in bytes)
        {
            if (each != '\n')
            {
                _line.Append((char)each);
                continue;
            }
            Add(OrderSource.Pipe, emptyAt, _line.ToString());
            _line.Clear();
        }
    }
}
