using System.Numerics;
using System.Runtime.InteropServices;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Events;

/// <summary>A signal that the daemon answers.</summary>
public enum DaemonSignal
{
    /// <summary>SIGHUP: read the configuration again.</summary>
    Reload = LibC.SIGHUP,

    /// <summary>SIGINT: stop.</summary>
    Interrupt = LibC.SIGINT,

    /// <summary>SIGUSR1: write the state dump.</summary>
    WriteState = LibC.SIGUSR1,

    /// <summary>SIGUSR2: write the statistics.</summary>
    WriteStatistics = LibC.SIGUSR2,

    /// <summary>SIGRTMIN+2: write the JSON dump (keepalived).</summary>
    WriteJson = LibC.SIGRTMIN + 2,

    /// <summary>SIGRTMAX-1: write the statistics and begin to count anew (keepalived).</summary>
    WriteAndClearStatistics = LibC.SIGRTMAX - 1,

    /// <summary>SIGTERM: stop.</summary>
    Terminate = LibC.SIGTERM,
}

/// <summary>Turns signals into a readable descriptor and a set of signals, taken by the event loop.</summary>
/// <remarks>The kernel keeps one of each standard signal as well: a set, not a queue, loses nothing that the kernel would keep.</remarks>
public sealed class Signals : IDisposable
{
    // The registrations must be reachable for ever: collected ones unregister, and the next SIGHUP would end the process.
    private static readonly List<PosixSignalRegistration> Registrations = [];

    private readonly EventCounter _wake = new();
    private readonly List<PosixSignalRegistration> _own = [];
    private ulong _pending;

    /// <summary>Takes over the signals.</summary>
    public Signals()
    {
        foreach (DaemonSignal signal in (ReadOnlySpan<DaemonSignal>)
            [
                DaemonSignal.Reload, DaemonSignal.Interrupt, DaemonSignal.WriteState, DaemonSignal.WriteStatistics, DaemonSignal.Terminate,
                DaemonSignal.WriteJson, DaemonSignal.WriteAndClearStatistics,
            ])
        {
            _own.Add(PosixSignalRegistration.Create((PosixSignal)(int)signal, context =>
            {
                context.Cancel = true;
                Interlocked.Or(ref _pending, 1UL << (int)signal);
                _wake.Signal();
            }));
        }

        lock (Registrations)
        {
            Registrations.AddRange(_own);
        }
    }

    /// <summary>The descriptor to watch for reading.</summary>
    public int Descriptor => _wake.Descriptor;

    /// <summary>Takes one signal that has come; false when there is none (and the descriptor is not readable any more).</summary>
    public bool TryTake(out DaemonSignal signal)
    {
        _wake.Drain();
        while (true)
        {
            ulong pending = Volatile.Read(ref _pending);
            if (pending == 0)
            {
                signal = default;
                return false;
            }

            int number = BitOperations.TrailingZeroCount(pending);
            if (Interlocked.CompareExchange(ref _pending, pending & ~(1UL << number), pending) == pending)
            {
                signal = (DaemonSignal)number;
                return true;
            }
        }
    }

    /// <summary>Gives the signals back, for tests; a daemon keeps them until it ends.</summary>
    public void Dispose()
    {
        lock (Registrations)
        {
            foreach (PosixSignalRegistration registration in _own)
            {
                Registrations.Remove(registration);
                registration.Dispose();
            }
        }

        _wake.Dispose();
    }
}
