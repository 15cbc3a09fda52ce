using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Daemon.Steps;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Daemon.Notify;

/// <summary>The named pipes of a configuration, and the programs that read them.</summary>
internal sealed class NotifyPipes(ProcessRunner processes, StepEnvironment environment, LogWriter log, Func<long> nextTag) : IDisposable
{
    /// <summary>How long the programs have for the last lines before they are told to end.</summary>
    private static readonly TimeSpan CloseBound = TimeSpan.FromSeconds(1);

    private readonly EventPoll _poll = new();
    private readonly EpollEvent[] _ready = new EpollEvent[8];
    private readonly DeadlineTimer _timer = new();
    private readonly List<PipeWriter> _writers = [];
    private EquatableArray<NotifyPipe> _pipes;
    private MonotonicInstant _closeBy = MonotonicInstant.Never;

    /// <summary>Readable when <see cref="Read"/> has something to do.</summary>
    public int Descriptor => _poll.Descriptor;

    /// <summary>Opens the pipes of a configuration and starts their programs; what is as before stays as it is.</summary>
    public void Configure(NodeConfig config)
    {
        if (_pipes == config.Notify.Pipes)
        {
            return;
        }

        if (_pipes.IsEmpty)
        {
            _poll.Add(_timer.Descriptor, PollEvents.Readable, 0);
        }

        foreach (PipeWriter writer in _writers.ToArray())
        {
            if (!config.Notify.Pipes.Span.Contains(writer.Config))
            {
                writer.Close();
                writer.EndProgram();
                _writers.Remove(writer);
            }
        }

        foreach (NotifyPipe pipe in config.Notify.Pipes)
        {
            if (_writers.All(writer => writer.Config != pipe))
            {
                PipeWriter writer = new(pipe, _poll, processes, environment, log, nextTag);
                _writers.Add(writer);
                writer.Open();
            }
        }

        // In the order of the configuration: notify_fifo is written to first.
        _writers.Sort((a, b) => IndexOf(config, a).CompareTo(IndexOf(config, b)));
        _pipes = config.Notify.Pipes;
        ArmTimer();
    }

    /// <summary>Writes a line to every pipe.</summary>
    public void Write(string line)
    {
        if (_writers.Count == 0)
        {
            return;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(line + "\n");
        foreach (PipeWriter writer in _writers)
        {
            writer.Write(bytes);
        }

        // A pipe that could not be opened is tried again.
        ArmTimer();
    }

    /// <summary>Goes on with pipes that have room again and programs whose pause is over.</summary>
    public void Read()
    {
        int count = _poll.Wait(_ready, 0);
        for (int i = 0; i < count; i++)
        {
            if (_ready[i].Token == 0)
            {
                _timer.Acknowledge();
            }
        }

        foreach (PipeWriter writer in _writers)
        {
            writer.Flush();
            writer.StartProgramIfDue();
        }

        ArmTimer();
    }

    /// <summary>Takes the end of a program; false when it is none of ours.</summary>
    public bool Completed(in ProcessCompletion completion)
    {
        foreach (PipeWriter writer in _writers)
        {
            if (writer.Completed(completion))
            {
                ArmTimer();
                return true;
            }
        }

        return false;
    }

    /// <summary>At the end of the daemon: true when every line has been taken and every program has ended, or has had its time.</summary>
    public bool IsClosed(MonotonicInstant now)
    {
        if (_writers.Count == 0)
        {
            return true;
        }

        if (_closeBy.IsNever)
        {
            _closeBy = now + CloseBound;
        }

        bool isOver = now >= _closeBy;
        bool isRunning = false;
        foreach (PipeWriter writer in _writers)
        {
            writer.Flush();
            if (isOver || !writer.IsBacklogged)
            {
                // Without a writer the program reads the end of the file.
                writer.Close();
            }

            isRunning |= writer.IsProgramRunning || writer.IsBacklogged;
        }

        if (!isOver && isRunning)
        {
            _timer.Arm(_closeBy);
            return false;
        }

        _writers.ForEach(writer => writer.EndProgram());
        _writers.ForEach(writer => writer.Close());
        _writers.Clear();
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _writers.ForEach(writer => writer.Close());
        _timer.Dispose();
        _poll.Dispose();
    }

    private static int IndexOf(NodeConfig config, PipeWriter writer) => config.Notify.Pipes.Span.IndexOf(writer.Config);

    private void ArmTimer()
    {
        MonotonicInstant next = _closeBy;
        foreach (PipeWriter writer in _writers)
        {
            next = MonotonicInstant.Earlier(next, writer.DueAt);
        }

        _timer.Arm(next);
    }
}
