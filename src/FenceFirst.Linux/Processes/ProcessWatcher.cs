using System.Collections.Concurrent;
using System.Globalization;
using FenceFirst.Core.Tracking;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Files;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Linux.Processes;

/// <summary>How many processes match a pattern now.</summary>
/// <param name="Pattern">Index of the pattern.</param>
/// <param name="Count">How many there are.</param>
public readonly record struct ProcessCount(int Pattern, int Count);

/// <summary>Counts processes: by the kernel's events where it tells them, else by reading /proc every second.</summary>
/// <remarks>
/// A thread of its own does it, because reading the command line of a process that hangs in the kernel hangs as well. The kernel tells events
/// to the first network and process namespace only, and with CAP_NET_ADMIN. When events were lost everything is counted anew.
/// </remarks>
public sealed unsafe class ProcessWatcher : IDisposable
{
    private const int NetlinkConnector = 11;
    private const int ReceiveBufferBytes = 1 << 20;
    private const int StatusBytes = 512;
    private const int WaitForAcknowledgementMs = 500;
    private const int ScanIntervalMs = 1000;
    private const long SocketToken = 1;
    private const long StopToken = 2;

    private readonly ProcessPattern[] _patterns;
    private readonly HashSet<int>[] _matching;
    private readonly int[] _told;
    private readonly byte[] _status = new byte[StatusBytes];
    private readonly byte[] _commandLine;
    private readonly byte[] _message = new byte[ProcessEvents.MessageBytes];
    private readonly ConcurrentQueue<ProcessCount> _counts = new();
    private readonly EventCounter _stop = new();
    private readonly Thread _thread;
    private int _socket = -1;
    private volatile string _problem = "";
    private volatile bool _isStopped;

    /// <summary>Begins to count; the first counts of all patterns come as soon as they are known.</summary>
    public ProcessWatcher(IReadOnlyList<ProcessPattern> patterns)
    {
        _patterns = [.. patterns];
        _matching = [.. patterns.Select(_ => new HashSet<int>())];
        _told = new int[_patterns.Length];
        _told.AsSpan().Fill(-1);
        _commandLine = new byte[_patterns.Where(pattern => pattern.IsFullCommand).Select(pattern => pattern.CommandLineBytes).DefaultIfEmpty(0).Max()];
        _thread = new Thread(Run, 256 * 1024) { IsBackground = true, Name = "processes" };
        _thread.Start();
    }

    /// <summary>Readable when counts can be taken.</summary>
    public EventCounter Changed { get; } = new();

    /// <summary>Why /proc is read instead of hearing events; empty = events are heard, or nothing is known yet.</summary>
    public string Problem => _problem;

    /// <summary>Takes the next count.</summary>
    public bool TryTake(out ProcessCount count) => _counts.TryDequeue(out count);

    /// <summary>Ends the thread as soon as it comes by; a process that hangs does not hold the caller.</summary>
    public void Dispose()
    {
        const int PatienceMs = 200;
        _isStopped = true;
        _stop.Signal();
        if (_thread.Join(PatienceMs))
        {
            ProcessRunner.CloseIfOpen(_socket);
            _stop.Dispose();
            Changed.Dispose();
        }
    }

    private void Run()
    {
        using EventPoll poll = new();
        EpollEvent[] ready = new EpollEvent[2];
        poll.Add(_stop.Descriptor, PollEvents.Readable, StopToken);
        bool hasEvents = TrySubscribe(poll, ready);
        Scan();
        while (!_isStopped)
        {
            int count = poll.Wait(ready, hasEvents ? -1 : ScanIntervalMs);
            if (_isStopped)
            {
                return;
            }

            if (!hasEvents || (count > 0 && !TakeEvents()))
            {
                Scan();
            }

            Tell();
        }
    }

    private bool TrySubscribe(EventPoll poll, EpollEvent[] ready)
    {
        _socket = LibC.socket(LibC.AF_NETLINK, LibC.SOCK_DGRAM | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, NetlinkConnector);
        SocketAddressNetlink address = new() { Family = LibC.AF_NETLINK, Groups = 1 };
        if (_socket < 0 || LibC.bind(_socket, &address, (uint)sizeof(SocketAddressNetlink)) != 0)
        {
            return Refuse(ErrorNumber.Name(LibC.Errno));
        }

        SocketOptions.SetReceiveBuffer(_socket, ReceiveBufferBytes);
        byte[] request = ProcessEvents.Subscribe();
        fixed (byte* first = request)
        {
            SocketAddressNetlink kernel = new() { Family = LibC.AF_NETLINK, Groups = 1 };
            if (LibC.sendto(_socket, first, (nuint)request.Length, LibC.MSG_NOSIGNAL, &kernel, (uint)sizeof(SocketAddressNetlink)) < 0)
            {
                return Refuse(ErrorNumber.Name(LibC.Errno));
            }
        }

        // The kernel ignores whoever asks from another namespace; only its answer proves that events will come.
        poll.Add(_socket, PollEvents.Readable, SocketToken);
        _ = poll.Wait(ready, WaitForAcknowledgementMs);
        int length = Receive();
        bool isHeard = length > 0 && ProcessEvents.Read(_message.AsSpan(0, length)).Kind != ProcessEventKind.None;
        return isHeard || _isStopped || Refuse("the kernel does not answer in this namespace");
    }

    private bool Refuse(string why)
    {
        ProcessRunner.CloseIfOpen(_socket);
        _socket = -1;
        _problem = $"the kernel tells no process events ({why}): /proc is read every second";
        Changed.Signal();
        return false;
    }

    private int Receive()
    {
        fixed (byte* first = _message)
        {
            nint length = LibC.recvfrom(_socket, first, ProcessEvents.MessageBytes, LibC.MSG_DONTWAIT, null, null);
            return length >= 0 ? (int)length : -LibC.Errno;
        }
    }

    /// <summary>Takes what has arrived; false = some of it was lost.</summary>
    private bool TakeEvents()
    {
        const int EventsMax = 1024;
        for (int i = 0; i < EventsMax; i++)
        {
            int length = Receive();
            if (length == -LibC.ENOBUFS)
            {
                return false;
            }

            if (length <= 0)
            {
                return true;
            }

            Take(ProcessEvents.Read(_message.AsSpan(0, length)));
        }

        return true;
    }

    private void Take(ProcessEvent processEvent)
    {
        switch (processEvent.Kind)
        {
            case ProcessEventKind.Forked:
                foreach (HashSet<int> matching in _matching)
                {
                    // A child is the copy of its parent, name and arguments too, until it says otherwise.
                    if (matching.Contains(processEvent.Other))
                    {
                        matching.Add(processEvent.ProcessId);
                    }
                }

                break;
            case ProcessEventKind.Changed:
                Look(processEvent.ProcessId);
                break;
            case ProcessEventKind.Ended:
                foreach (HashSet<int> matching in _matching)
                {
                    matching.Remove(processEvent.ProcessId);
                }

                break;
            case ProcessEventKind.None:
            case ProcessEventKind.Acknowledged:
                break;
        }
    }

    private void Scan()
    {
        foreach (HashSet<int> matching in _matching)
        {
            matching.Clear();
        }

        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(folder.AsSpan("/proc/".Length), NumberStyles.None, CultureInfo.InvariantCulture, out int processId))
            {
                Look(processId);
            }

            if (_isStopped)
            {
                return;
            }
        }

        Tell();
    }

    private void Look(int processId)
    {
        bool isThere = TryReadName(processId, out ReadOnlySpan<byte> name);
        int length = 0;
        if (isThere && _commandLine.Length > 0)
        {
            isThere = SmallFile.TryRead($"/proc/{processId}/cmdline", _commandLine, out length) == 0;
        }

        for (int i = 0; i < _patterns.Length; i++)
        {
            if (isThere && _patterns[i].Matches(name, _commandLine.AsSpan(0, length)))
            {
                _matching[i].Add(processId);
            }
            else
            {
                _matching[i].Remove(processId);
            }
        }
    }

    /// <summary>The name in parentheses; false for a process that is gone or a zombie (keepalived does not count those either).</summary>
    private bool TryReadName(int processId, out ReadOnlySpan<byte> name)
    {
        name = default;
        if (SmallFile.TryRead($"/proc/{processId}/stat", _status, out int length) != 0)
        {
            return false;
        }

        ReadOnlySpan<byte> status = _status.AsSpan(0, length);
        int open = status.IndexOf((byte)'(');
        int close = status.LastIndexOf((byte)')');
        if (open < 0 || close < open || close + 2 >= status.Length || status[close + 2] is (byte)'Z' or (byte)'X')
        {
            return false;
        }

        name = status[(open + 1)..close];
        return true;
    }

    private void Tell()
    {
        bool isNew = false;
        for (int i = 0; i < _patterns.Length; i++)
        {
            if (_told[i] != _matching[i].Count)
            {
                _told[i] = _matching[i].Count;
                _counts.Enqueue(new ProcessCount(i, _told[i]));
                isNew = true;
            }
        }

        if (isNew)
        {
            Changed.Signal();
        }
    }
}
