using System.Collections.Concurrent;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Files;
using FenceFirst.Linux.Native;

namespace FenceFirst.Daemon;

/// <summary>Arms, feeds and disarms the watchdog from a thread of its own: a slow driver never holds the loop. It is fed only when the loop says so.</summary>
internal sealed class WatchdogRunner : IDisposable
{
    private const int CommandsMax = 64;

    /// <summary>The device is fed four times per timeout.</summary>
    private const int FeedsPerTimeout = 4;

    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(2);

    private readonly EventLoop _loop;
    private readonly LogWriter _log;
    private readonly BlockingCollection<Command> _commands = new(CommandsMax);
    private readonly ConcurrentQueue<Answer> _answers = new();
    private readonly EventCounter _done = new();
    private Thread? _thread;
    private int _isFeedQueued;

    /// <summary>Nothing is opened, and no thread started, before <see cref="Arm"/>.</summary>
    public WatchdogRunner(EventLoop loop, LogWriter log)
    {
        _loop = loop;
        _log = log;
    }

    /// <summary>Readable when <see cref="Take"/> has something to do.</summary>
    public int Descriptor => _done.Descriptor;

    /// <summary>Opens the device; the answer comes with <see cref="Take"/>.</summary>
    public void Arm(WatchdogConfig config, uint attempt)
    {
        if (_thread is null)
        {
            _thread = new Thread(Run, 128 * 1024) { IsBackground = true, Name = "watchdog" };
            _thread.Start();
        }

        _commands.TryAdd(new Command(CommandKind.Arm, config, attempt));
    }

    /// <summary>Disarms and closes the device.</summary>
    public void Disarm()
    {
        _loop.Heartbeat.StopFeeding();
        _commands.TryAdd(new Command(CommandKind.Disarm));
    }

    /// <summary>The loop is on time.</summary>
    public void Feed()
    {
        if (Interlocked.Exchange(ref _isFeedQueued, 1) == 0)
        {
            _commands.TryAdd(new Command(CommandKind.Feed));
        }
    }

    /// <summary>Takes the thread's answers.</summary>
    public void Take()
    {
        _done.Drain();
        while (_answers.TryDequeue(out Answer answer))
        {
            if (answer.Text.Length > 0)
            {
                _log.Write(answer.Errno == 0 ? TimelineLevel.Notice : TimelineLevel.Error, "", "watchdog", answer.Text);
            }

            if (answer.Attempt == 0)
            {
                continue;
            }

            if (answer.Errno == 0 && answer.Attempt == _loop.State.WatchdogAttempt)
            {
                _loop.Heartbeat.Feed(Feed, TimeSpan.FromSeconds(answer.TimeoutSeconds) / FeedsPerTimeout);
            }

            _loop.Enqueue(NodeEvent.WatchdogAnswered(answer.Attempt, answer.Errno));
        }
    }

    /// <summary>Carries out what was asked for, for a bounded time. A device that was not disarmed stays armed: the daemon did not end in order.</summary>
    public void Dispose()
    {
        _commands.CompleteAdding();
        if (_thread is null || _thread.Join(EndBound))
        {
            _done.Dispose();
            _commands.Dispose();
        }
    }

    private void Run()
    {
        WatchdogDevice? device = null;
        bool isFeedErrorTold = false;
        foreach (Command command in _commands.GetConsumingEnumerable())
        {
            switch (command.Kind)
            {
                case CommandKind.Arm:
                    device?.Disarm();
                    WatchdogConfig config = command.Config!; // An Arm has one.
                    device = WatchdogDevice.TryOpen(config.Path, (int)config.Timeout.TotalSeconds, out int errno);
                    isFeedErrorTold = false;
                    Tell(new Answer(command.Attempt, errno, device?.TimeoutSeconds ?? 0, device is null ? "" : Armed(config, device)));
                    break;
                case CommandKind.Feed:
                    Interlocked.Exchange(ref _isFeedQueued, 0);
                    int failed = device?.Feed() ?? 0;
                    if (failed != 0 && !isFeedErrorTold)
                    {
                        isFeedErrorTold = true;
                        Tell(new Answer(0, failed, 0, $"the watchdog cannot be fed: {ErrorNumber.Text(failed)}; the machine will reset (logged once)"));
                    }

                    break;
                case CommandKind.Disarm:
                    if (device is not null)
                    {
                        device.Disarm();
                        device = null;
                        Tell(new Answer(0, 0, 0, "the watchdog is disarmed"));
                    }

                    break;
            }
        }
    }

    private static string Armed(WatchdogConfig config, WatchdogDevice device)
    {
        string slower = device.TimeoutSeconds > config.Timeout.TotalSeconds ? "longer than peers wait; " : "";
        string notes = slower + device.Note;
        return $"the watchdog {config.Path} is armed: the machine resets when the loop is not on time for {device.TimeoutSeconds} s"
            + (notes.Length == 0 ? "" : $" ({notes.TrimEnd(' ', ';')})");
    }

    private void Tell(Answer answer)
    {
        _answers.Enqueue(answer);
        _done.Signal();
    }

    private enum CommandKind : byte
    {
        Arm = 0,
        Feed,
        Disarm,
    }

    private readonly record struct Command(CommandKind Kind, WatchdogConfig? Config = null, uint Attempt = 0);

    private readonly record struct Answer(uint Attempt, int Errno, int TimeoutSeconds, string Text);
}
