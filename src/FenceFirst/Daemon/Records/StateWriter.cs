using FenceFirst.Linux.Events;
using FenceFirst.Linux.Files;

namespace FenceFirst.Daemon.Records;

/// <summary>Writes the state file from a thread of its own and tells when it is on the disk: the loop never waits for one.</summary>
/// <remarks>Only the newest state is written: what it replaces need not have been on the disk. A write that failed is tried again now and then.</remarks>
internal sealed class StateWriter : IDisposable
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(2);

    private readonly string _path;
    private readonly object _gate = new();
    private readonly Thread _thread;
    private readonly EventCounter _done = new();
    private byte[]? _next;
    private long _posted;
    private long _settled;
    private int _errno;
    private bool _isEnding;

    /// <summary>Starts the thread.</summary>
    public StateWriter(string path)
    {
        _path = path;
        _thread = new Thread(Run, 128 * 1024) { IsBackground = true, Name = "state" };
        _thread.Start();
    }

    /// <summary>Readable when something was settled; <see cref="Take"/> makes it unreadable.</summary>
    public int Descriptor => _done.Descriptor;

    /// <summary>Has a state written; returns its number, which is settled when it, or a later one, was written or could not be.</summary>
    public long Post(byte[] bytes)
    {
        lock (_gate)
        {
            _next = bytes;
            _posted++;
            Monitor.PulseAll(_gate);
            return _posted;
        }
    }

    /// <summary>The highest settled number, and the error number of the last write (0 = it is on the disk).</summary>
    public (long Settled, int Errno) Take()
    {
        _done.Drain();
        lock (_gate)
        {
            return (_settled, _errno);
        }
    }

    /// <summary>Waits until everything posted is settled; only for the start and the end of the daemon.</summary>
    public (long Settled, int Errno) Wait()
    {
        long until = Environment.TickCount64 + (long)EndBound.TotalMilliseconds;
        lock (_gate)
        {
            while (_settled < _posted && until - Environment.TickCount64 is > 0 and var left)
            {
                Monitor.Wait(_gate, (int)left);
            }

            return (_settled, _errno);
        }
    }

    /// <summary>Writes what is posted, for a bounded time, and ends the thread.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isEnding = true;
            Monitor.PulseAll(_gate);
        }

        if (_thread.Join(EndBound))
        {
            _done.Dispose();
        }
    }

    private void Run()
    {
        byte[]? failed = null;
        while (true)
        {
            byte[] bytes;
            long number;
            lock (_gate)
            {
                while (_next is null && !_isEnding)
                {
                    if (!Monitor.Wait(_gate, failed is null ? Timeout.InfiniteTimeSpan : RetryInterval))
                    {
                        _next ??= failed;
                    }
                }

                if (_next is null)
                {
                    return;
                }

                (bytes, number, _next) = (_next, _posted, null);
            }

            int errno = DurableFile.Replace(_path, bytes);
            failed = errno == 0 ? null : bytes;
            lock (_gate)
            {
                _settled = number;
                _errno = errno;
                Monitor.PulseAll(_gate);
            }

            _done.Signal();
        }
    }
}
