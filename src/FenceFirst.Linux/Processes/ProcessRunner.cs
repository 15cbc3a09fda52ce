using System.Runtime.InteropServices;
using FenceFirst.Core;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Processes;

/// <summary>Runs programs for the event loop: starts them on the spawner thread, follows them by pidfd and pipe on the loop's thread.</summary>
/// <remarks>
/// The loop watches <see cref="Descriptor"/> and calls <see cref="Pump"/> when it is readable, then <see cref="TryTake"/> until false. All
/// members are for that one thread. A program is done when its main process ends: what its descendants still write is not waited for.
/// Every started program gives exactly one completion that is not <see cref="ProcessEnd.StillAlive"/>.
/// </remarks>
public sealed unsafe class ProcessRunner : IDisposable
{
    /// <summary>Programs that may be queued, running or not taken yet.</summary>
    public const int ProcessesMax = 1024;

    private const int OutputBytesLimit = 16 << 20;
    private const int InputBytesLimit = 1 << 20;
    private const int ReadBytes = 65536;

    /// <summary>Reads of one pipe per round: a program that writes without end does not keep the loop.</summary>
    private const int ReadsPerRound = 4;

    /// <summary>Reads after the main process ended: what a pipe can hold, then it is over although descendants may go on writing.</summary>
    private const int ReadsAtEnd = 16;

    /// <summary>Pipes still read for descendants of programs that ended; beyond that the oldest is closed.</summary>
    private const int OrphansMax = 64;

    private static readonly TimeSpan KillDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KillRepeat = TimeSpan.FromSeconds(10);

    private readonly EventPoll _poll = new();
    private readonly DeadlineTimer _timer = new();
    private readonly Spawner _spawner = new();
    private readonly EpollEvent[] _ready = new EpollEvent[EventPoll.ReadyMax];
    private readonly Running?[] _slots = new Running?[ProcessesMax];
    private readonly Stack<int> _free = new(ProcessesMax);
    private readonly Dictionary<long, Running> _byTag = [];
    private readonly Queue<ProcessCompletion> _completions = new();
    private readonly List<int> _orphans = [];
    private byte* _buffer = (byte*)NativeMemory.Alloc(ReadBytes);
    private uint _generation;

    /// <summary>Starts the spawner thread.</summary>
    public ProcessRunner()
    {
        for (int i = ProcessesMax - 1; i >= 0; i--)
        {
            _free.Push(i);
        }

        _poll.Add(_spawner.Done.Descriptor, PollEvents.Readable, Source.Spawner);
        _poll.Add(_timer.Descriptor, PollEvents.Readable, Source.Timer);
    }

    /// <summary>Readable when <see cref="Pump"/> has something to do.</summary>
    public int Descriptor => _poll.Descriptor;

    /// <summary>Called from <see cref="Pump"/> with the tag and the process of an identified request, once it runs.</summary>
    public Action<long, ProcessIdentity>? Started { get; set; }

    /// <summary>Programs started and not completed.</summary>
    public int RunningCount => _byTag.Count;

    /// <summary>Has a program started; false when too many run or the tag is in use. The outcome comes as a completion.</summary>
    public bool Start(ProcessRequest request)
    {
        if (_free.Count == 0 || _completions.Count >= ProcessesMax || request.StandardInput.Length > InputBytesLimit)
        {
            return false;
        }

        Running running = new(request, _free.Peek(), ++_generation);
        if (!_byTag.TryAdd(request.Tag, running))
        {
            return false;
        }

        _slots[_free.Pop()] = running;
        _spawner.Enqueue(request, running.Token(Source.Process));
        return true;
    }

    /// <summary>Asks a program to end: SIGTERM to its process group, SIGKILL after two seconds, again every ten with a report.</summary>
    /// <returns>False when no such program runs.</returns>
    public bool Terminate(long tag) => End(tag, LibC.SIGTERM, KillDelay);

    /// <summary>Ends a program's process group at once with SIGKILL.</summary>
    /// <returns>False when no such program runs.</returns>
    public bool Kill(long tag) => End(tag, LibC.SIGKILL, KillRepeat);

    /// <summary>Takes the news of processes and pipes without waiting; returns how many completions can be taken.</summary>
    public int Pump()
    {
        int count = _poll.Wait(_ready, 0);
        for (int i = 0; i < count; i++)
        {
            long token = _ready[i].Token;
            switch (token)
            {
                case Source.Spawner:
                    _spawner.Done.Drain();
                    while (_spawner.TryTake(out SpawnResult result))
                    {
                        Follow(in result);
                    }

                    break;
                case Source.Timer:
                    _timer.Acknowledge();
                    KillOverdue();
                    break;
                case < 0:
                    DrainOrphan((int)(token & int.MaxValue));
                    break;
                default:
                    if (Find(token) is { } running)
                    {
                        Handle(running, (int)(token & 3));
                    }

                    break;
            }
        }

        return _completions.Count;
    }

    /// <summary>Takes the next completion, in the order in which the programs ended.</summary>
    public bool TryTake(out ProcessCompletion completion) => _completions.TryDequeue(out completion);

    /// <summary>Lets go of everything; running programs go on.</summary>
    public void Dispose()
    {
        if (_buffer is null)
        {
            return;
        }

        _spawner.Dispose();
        foreach (Running? running in _slots)
        {
            if (running is not null)
            {
                CloseIfOpen(running.OutputDescriptor);
                CloseIfOpen(running.ProcessDescriptor);
            }
        }

        _orphans.ForEach(CloseIfOpen);
        _timer.Dispose();
        _poll.Dispose();
        NativeMemory.Free(_buffer);
        _buffer = null;
    }

    internal static void CloseIfOpen(int descriptor)
    {
        if (descriptor >= 0)
        {
            _ = LibC.close(descriptor);
        }
    }

    private Running? Find(long token)
    {
        // An event of an earlier owner of the slot may be left in this round's list.
        Running? running = _slots[(int)(token >> 2) & (ProcessesMax - 1)];
        return running is not null && (running.Generation & int.MaxValue) == (uint)(token >> 32) ? running : null;
    }

    private void Follow(in SpawnResult result)
    {
        Running? running = Find(result.Token);
        Invariant.Check(running is not null, "a slot is kept until the spawner has answered");
        if (result.Errno != 0)
        {
            Complete(running, ProcessEnd.CouldNotStart, result.Errno);
            Release(running);
            return;
        }

        running.ProcessId = result.ProcessId;
        running.ProcessDescriptor = result.ProcessDescriptor;
        running.OutputDescriptor = result.OutputDescriptor;
        running.Started = result.Started;
        if (running.Request.IsIdentified)
        {
            Started?.Invoke(running.Request.Tag, new ProcessIdentity(result.ProcessId, result.StartTicks));
        }

        _poll.Add(running.ProcessDescriptor, PollEvents.Readable, running.Token(Source.Process));
        _poll.Add(running.OutputDescriptor, PollEvents.Readable, running.Token(Source.Output));
        if (running.PendingSignal != 0)
        {
            Signal(running, running.PendingSignal);
            ArmTimer();
        }
    }

    private void Handle(Running running, int source)
    {
        if (source == Source.Output)
        {
            ReadOutput(running, ReadsPerRound);
        }
        else if (!running.IsCompleted)
        {
            TakeEnd(running);
        }
    }

    /// <summary>The main process ended. It stays a zombie, so that its group's number cannot go to others while we may still signal it.</summary>
    private void TakeEnd(Running running)
    {
        byte* info = stackalloc byte[128];
        new Span<byte>(info, 128).Clear();
        int result = LibC.waitid(LibC.P_PIDFD, running.ProcessDescriptor, info, LibC.WEXITED | LibC.WNOHANG | LibC.WNOWAIT);
        Invariant.Check(result == 0, "our child is ours to wait for");
        if (*(int*)info == 0)
        {
            return;
        }

        // siginfo_t: si_code at 8, si_status at 24 on 64-bit machines.
        int code = *(int*)(info + 8);
        int status = *(int*)(info + 24);
        ReadOutput(running, ReadsAtEnd);
        Complete(running, code == LibC.CLD_EXITED ? ProcessEnd.Exited : ProcessEnd.Signalled, status);
        if (running.PendingSignal == LibC.SIGTERM)
        {
            // Its children have the rest of the two seconds to end in order.
            _poll.Remove(running.ProcessDescriptor);
            return;
        }

        if (running.PendingSignal == LibC.SIGKILL)
        {
            _ = LibC.kill(-running.ProcessId, LibC.SIGKILL);
        }

        Release(running);
    }

    private void ReadOutput(Running running, int reads)
    {
        for (int i = 0; i < reads && running.OutputDescriptor >= 0; i++)
        {
            nint length = LibC.read(running.OutputDescriptor, _buffer, ReadBytes);
            if (length > 0)
            {
                running.Keep(new ReadOnlySpan<byte>(_buffer, (int)length));
                continue;
            }

            if (length == 0 || LibC.Errno is not (LibC.EAGAIN or LibC.EINTR))
            {
                // Closing takes it out of the watch.
                _ = LibC.close(running.OutputDescriptor);
                running.OutputDescriptor = -1;
            }

            return;
        }
    }

    private bool End(long tag, int signal, TimeSpan next)
    {
        if (!_byTag.TryGetValue(tag, out Running? running))
        {
            return false;
        }

        if (running.PendingSignal >= signal && running.PendingSignal != LibC.SIGTERM)
        {
            return true;
        }

        bool isFirst = running.PendingSignal == 0;
        if (isFirst || signal == LibC.SIGKILL)
        {
            running.PendingSignal = signal;
            running.KillAt = MonotonicClock.Now + next;
            if (running.ProcessId != 0)
            {
                Signal(running, signal);
            }
            else
            {
                _spawner.Cancel(running.Token(Source.Process));
            }

            ArmTimer();
        }

        return true;
    }

    private static void Signal(Running running, int signal)
    {
        // The process is a group of its own (setsid). It is not reaped yet, therefore the number is still its own.
        _ = LibC.kill(-running.ProcessId, signal);
    }

    private void KillOverdue()
    {
        MonotonicInstant now = MonotonicClock.Now;
        foreach (Running? running in _slots)
        {
            if (running is null || running.KillAt > now || running.ProcessId == 0)
            {
                continue;
            }

            Signal(running, LibC.SIGKILL);
            if (running.IsCompleted)
            {
                Release(running);
                continue;
            }

            if (running.PendingSignal == LibC.SIGKILL)
            {
                _completions.Enqueue(running.Completion(ProcessEnd.StillAlive, LibC.SIGKILL));
            }

            running.PendingSignal = LibC.SIGKILL;
            running.KillAt = now + KillRepeat;
        }

        ArmTimer();
    }

    private void ArmTimer()
    {
        MonotonicInstant next = MonotonicInstant.Never;
        foreach (Running? running in _slots)
        {
            if (running is not null && running.ProcessId != 0)
            {
                next = MonotonicInstant.Earlier(next, running.KillAt);
            }
        }

        _timer.Arm(next);
    }

    private void Complete(Running running, ProcessEnd end, int value)
    {
        running.IsCompleted = true;
        _byTag.Remove(running.Request.Tag);
        _completions.Enqueue(running.Completion(end, value));
    }

    /// <summary>Reaps the main process and frees the slot.</summary>
    private void Release(Running running)
    {
        byte* info = stackalloc byte[128];
        if (running.ProcessDescriptor >= 0)
        {
            _ = LibC.waitid(LibC.P_PIDFD, running.ProcessDescriptor, info, LibC.WEXITED | LibC.WNOHANG);
        }

        if (running.OutputDescriptor >= 0)
        {
            KeepOrphan(running.OutputDescriptor);
        }

        CloseIfOpen(running.ProcessDescriptor);
        _slots[running.Slot] = null;
        _free.Push(running.Slot);
    }

    /// <summary>A server that the program started may go on writing; without a reader its next line would end it by SIGPIPE.</summary>
    private void KeepOrphan(int descriptor)
    {
        if (_orphans.Count == OrphansMax)
        {
            _ = LibC.close(_orphans[0]);
            _orphans.RemoveAt(0);
        }

        _orphans.Add(descriptor);
        _poll.Modify(descriptor, PollEvents.Readable, long.MinValue | (uint)descriptor);
    }

    private void DrainOrphan(int descriptor)
    {
        int index = _orphans.IndexOf(descriptor);
        if (index < 0)
        {
            return;
        }

        nint length = LibC.read(descriptor, _buffer, ReadBytes);
        if (length == 0 || (length < 0 && LibC.Errno is not (LibC.EAGAIN or LibC.EINTR)))
        {
            _ = LibC.close(descriptor);
            _orphans.RemoveAt(index);
        }
    }

    private static class Source
    {
        internal const int Process = 0;
        internal const int Output = 1;
        internal const long Spawner = 2;
        internal const long Timer = 3;
    }

    /// <summary>One program that was asked for and has not been let go.</summary>
    private sealed class Running(ProcessRequest request, int slot, uint generation)
    {
        private readonly int _outputMax = Math.Clamp(request.OutputBytesMax, 0, OutputBytesLimit);
        private byte[] _output = [];
        private int _kept;
        private long _outputBytes;

        internal ProcessRequest Request { get; } = request;

        internal int Slot { get; } = slot;

        internal uint Generation { get; } = generation;

        /// <summary>0 until the spawner has answered.</summary>
        internal int ProcessId { get; set; }

        internal int ProcessDescriptor { get; set; } = -1;

        internal int OutputDescriptor { get; set; } = -1;

        internal MonotonicInstant Started { get; set; } = MonotonicClock.Now;

        /// <summary>The strongest signal asked for; 0 = none.</summary>
        internal int PendingSignal { get; set; }

        /// <summary>When SIGKILL follows.</summary>
        internal MonotonicInstant KillAt { get; set; } = MonotonicInstant.Never;

        /// <summary>The main process ended and the caller knows; only its group is left to be ended.</summary>
        internal bool IsCompleted { get; set; }

        internal long Token(int source) => ((long)(Generation & int.MaxValue) << 32) | ((long)Slot << 2) | (uint)source;

        internal void Keep(ReadOnlySpan<byte> bytes)
        {
            _outputBytes += bytes.Length;
            int more = Math.Min(bytes.Length, _outputMax - _kept);
            if (more <= 0)
            {
                return;
            }

            if (_kept + more > _output.Length)
            {
                Array.Resize(ref _output, Math.Min(_outputMax, Math.Max(_kept + more, _output.Length * 2)));
            }

            bytes[..more].CopyTo(_output.AsSpan(_kept));
            _kept += more;
        }

        internal ProcessCompletion Completion(ProcessEnd end, int value) => new(
            Request.Tag,
            end,
            value,
            ProcessId,
            _output.AsMemory(0, _kept),
            _outputBytes,
            end == ProcessEnd.CouldNotStart ? TimeSpan.Zero : MonotonicClock.Now - Started,
            PendingSignal != 0);
    }
}
