using FenceFirst.Core.Tracking;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Linux.Network;

/// <summary>Asks the drivers of interfaces for their carrier once a second, for those that do not tell the kernel (keepalived: linkbeat_interfaces).</summary>
/// <remarks>
/// A thread of its own asks: the kernel holds a lock meanwhile, and a driver may have to wait for its hardware. A driver that never answers leaves the
/// last answer standing. An interface that is not there is down.
/// </remarks>
public sealed unsafe class LinkPoller : IDisposable
{
    private const int IntervalMs = 1000;
    private const int RequestBytes = 40;
    private const int NameBytes = 16;
    private const nuint GetFlags = 0x8913;
    private const nuint Ethtool = 0x8946;
    private const nuint GetMiiAddress = 0x8947;
    private const nuint GetMiiRegister = 0x8948;
    private const uint EthtoolGetLink = 0x0a;
    private const ushort MiiControl = 0;
    private const ushort MiiStatus = 1;
    private const ushort MiiLinkUp = 0x0004;
    private const short UpAndRunning = 0x41;

    private readonly string[] _names;
    private readonly LinkPollMethod[] _wanted;
    private readonly LinkPollMethod[] _methods;
    private readonly bool[] _isUp;
    private readonly EventCounter _changed;
    private readonly ManualResetEventSlim _stop = new();
    private readonly Thread _thread;
    private readonly int _socket;

    /// <summary>Asks once before it returns, and then every second.</summary>
    /// <param name="links">Names, and how to ask.</param>
    /// <param name="changed">Signalled when an answer is another one than before; the caller's.</param>
    /// <exception cref="LinuxException">No socket could be opened.</exception>
    public LinkPoller(IReadOnlyList<(string Name, LinkPollMethod Method)> links, EventCounter changed)
    {
        _names = [.. links.Select(link => link.Name)];
        _wanted = [.. links.Select(link => link.Method)];
        _methods = new LinkPollMethod[links.Count];
        _isUp = new bool[links.Count];
        _changed = changed;
        _socket = SocketOptions.Open(LibC.AF_INET, LibC.SOCK_DGRAM, 0, "for asking interfaces");
        Ask();
        _thread = new Thread(Run, 128 * 1024) { IsBackground = true, Name = "linkbeat" };
        _thread.Start();
    }

    /// <summary>The last answer.</summary>
    /// <param name="link">Index into what the constructor was given.</param>
    public bool IsUp(int link) => Volatile.Read(ref _isUp[link]);

    /// <summary>How an interface is asked; <see cref="LinkPollMethod.Any"/> while it is not there.</summary>
    /// <param name="link">Index into what the constructor was given.</param>
    public LinkPollMethod MethodOf(int link) => _methods[link];

    /// <summary>Ends the thread as soon as it comes by; a driver that hangs does not hold the caller.</summary>
    public void Dispose()
    {
        const int PatienceMs = 200;
        _stop.Set();
        if (_thread.Join(PatienceMs))
        {
            _ = LibC.close(_socket);
            _stop.Dispose();
        }
    }

    private void Run()
    {
        while (!_stop.Wait(IntervalMs))
        {
            if (Ask())
            {
                _changed.Signal();
            }
        }
    }

    private bool Ask()
    {
        bool isChanged = false;
        for (int i = 0; i < _names.Length; i++)
        {
            bool isUp = AskOne(_names[i], _wanted[i], ref _methods[i]);
            isChanged |= isUp != _isUp[i];
            Volatile.Write(ref _isUp[i], isUp);
        }

        return isChanged;
    }

    // keepalived, init_linkbeat_status: the wanted way, else the others; then the flags, which some drivers bring up to date only when asked.
    private bool AskOne(string name, LinkPollMethod wanted, ref LinkPollMethod method)
    {
        if (Flags(name) is not short flags)
        {
            method = LinkPollMethod.Any;
            return false;
        }

        bool? isLinked = method switch
        {
            LinkPollMethod.Any => Find(name, wanted, ref method),
            LinkPollMethod.Mii => MiiLink(name),
            LinkPollMethod.Ethtool => EthtoolLink(name),
            LinkPollMethod.Ioctl => true,
        };
        return isLinked == true && (flags & UpAndRunning) == UpAndRunning;
    }

    private bool? Find(string name, LinkPollMethod wanted, ref LinkPollMethod method)
    {
        ReadOnlySpan<LinkPollMethod> order = wanted switch
        {
            LinkPollMethod.Ioctl => [],
            LinkPollMethod.Ethtool => [LinkPollMethod.Ethtool, LinkPollMethod.Mii],
            _ => [LinkPollMethod.Mii, LinkPollMethod.Ethtool],
        };
        foreach (LinkPollMethod each in order)
        {
            bool? isLinked = each == LinkPollMethod.Mii ? MiiLink(name) : EthtoolLink(name);
            if (isLinked is not null)
            {
                method = each;
                return isLinked;
            }
        }

        method = LinkPollMethod.Ioctl;
        return true;
    }

    private short? Flags(string name)
    {
        byte* request = stackalloc byte[RequestBytes];
        Name(request, name);
        return LibC.ioctl(_socket, GetFlags, request) == 0 ? *(short*)(request + NameBytes) : null;
    }

    private bool? EthtoolLink(string name)
    {
        byte* request = stackalloc byte[RequestBytes];
        Name(request, name);
        uint* value = stackalloc uint[2];
        value[0] = EthtoolGetLink;
        *(uint**)(request + NameBytes) = value;
        return LibC.ioctl(_socket, Ethtool, request) == 0 ? value[1] != 0 : null;
    }

    // linux/mii.h: address, register, value to write, value read. The link bit keeps a loss until it has been read: the second reading is of now.
    private bool? MiiLink(string name)
    {
        byte* request = stackalloc byte[RequestBytes];
        Name(request, name);
        ushort* data = (ushort*)(request + NameBytes);
        if (LibC.ioctl(_socket, GetMiiAddress, request) != 0 || Register(request, MiiControl) is null or 0xffff)
        {
            return null;
        }

        return Register(request, MiiStatus) is { } first and not 0 && Register(request, MiiStatus) is { } second ? ((first | second) & MiiLinkUp) != 0 : null;

        ushort? Register(byte* asked, ushort number)
        {
            data[1] = number;
            return LibC.ioctl(_socket, GetMiiRegister, asked) == 0 ? data[3] : null;
        }
    }

    private static void Name(byte* request, string name)
    {
        Span<byte> bytes = new(request, RequestBytes);
        bytes.Clear();
        System.Text.Encoding.UTF8.TryGetBytes(name, bytes[..(NameBytes - 1)], out _);
    }
}
