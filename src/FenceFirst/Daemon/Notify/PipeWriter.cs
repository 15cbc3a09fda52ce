using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Steps;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Files;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Daemon.Notify;

/// <summary>One named pipe: lines in order; what does not fit waits; what does not fit into the queue either is dropped from its old end and counted in the pipe itself.</summary>
/// <remarks>keepalived drops whatever does not fit, without a word, and does not start its program again.</remarks>
internal sealed class PipeWriter(NotifyPipe config, EventPoll poll, ProcessRunner processes, StepEnvironment environment, LogWriter log, Func<long> nextTag)
{
    /// <summary>Lines that wait for a reader.</summary>
    private const int LinesMax = 4096;

    private const int OutputBytesMax = 16 * 1024;

    /// <summary>How often a pipe that is full or cannot be opened is tried again without being told to.</summary>
    private static readonly TimeSpan ReopenInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    private readonly Queue<byte[]> _waiting = new();
    private NamedPipe? _pipe;
    private bool _isWatched;
    private bool _isClosed;
    private string _problem = "";
    private long _lost;
    private bool _isLossTold;
    private long _programTag;
    private TimeSpan _pause = ShortestPause;

    /// <summary>What it was made from.</summary>
    public NotifyPipe Config => config;

    /// <summary>When something has to be tried again; Never = nothing has.</summary>
    public MonotonicInstant DueAt => MonotonicInstant.Earlier(ProgramAt, ReopenAt);

    /// <summary>Whether lines wait.</summary>
    public bool IsBacklogged => _waiting.Count > 0;

    /// <summary>Whether its program runs.</summary>
    public bool IsProgramRunning => _programTag != 0;

    private MonotonicInstant ProgramAt { get; set; } = MonotonicInstant.Never;

    private MonotonicInstant ReopenAt { get; set; } = MonotonicInstant.Never;

    /// <summary>Makes or opens the pipe and starts the program that reads it.</summary>
    public void Open()
    {
        Reopen();
        if (config.Script is not null)
        {
            StartProgram(config.Script);
        }
    }

    /// <summary>Writes a line, or keeps it until there is room.</summary>
    public void Write(byte[] line)
    {
        _waiting.Enqueue(line);
        if (_waiting.Count > LinesMax)
        {
            _waiting.Dequeue();
            _lost++;
            if (!_isLossTold)
            {
                _isLossTold = true;
                log.Write(TimelineLevel.Error, $"notify pipe {config.Path}: nobody reads it and {LinesMax} lines wait: the oldest are dropped from now on");
            }
        }

        Flush();
    }

    /// <summary>Writes what waits as far as there is room.</summary>
    public void Flush()
    {
        if (_isClosed || _waiting.Count == 0 || !HasPipe())
        {
            return;
        }

        if (_lost > 0)
        {
            // In one write with the line that follows the gap: alone it could fit where no line does, and there would be several.
            if (!_pipe!.TryWrite([.. Encoding.ASCII.GetBytes($"LOST {_lost}\n"), .. _waiting.Peek()]))
            {
                Watch(isWatched: true);
                return;
            }

            _waiting.Dequeue();
            log.Write(TimelineLevel.Error, $"notify pipe {config.Path}: {_lost} lines were dropped; the pipe says so as well");
            _lost = 0;
            _isLossTold = false;
        }

        while (_waiting.TryPeek(out byte[]? line) && _pipe!.TryWrite(line))
        {
            _waiting.Dequeue();
        }

        Watch(_waiting.Count > 0);
    }

    /// <summary>Starts the program again when its pause is over, and opens the pipe again when that has failed.</summary>
    public void StartProgramIfDue()
    {
        if (!_isClosed && ReopenAt <= MonotonicClock.Now && HasPipe())
        {
            Flush();
        }

        if (!_isClosed && config.Script is { } script && ProgramAt <= MonotonicClock.Now)
        {
            StartProgram(script);
        }
    }

    /// <summary>Takes the end of the program; false when it is another one.</summary>
    public bool Completed(in ProcessCompletion completion)
    {
        if (_programTag == 0 || completion.Tag != _programTag)
        {
            return false;
        }

        _programTag = 0;
        ProgramOutput.Log(log, "", config.Script!.Arguments[0], completion); // It had a program.
        if (_isClosed)
        {
            return true;
        }

        _pause = completion.RunTime >= LongestPause ? ShortestPause : _pause;
        ProgramAt = MonotonicClock.Now + _pause;
        log.Write(
            TimelineLevel.Error,
            $"notify pipe {config.Path}: its script {config.Script.Arguments[0]} {TimelineText.Outcome(ProgramOutput.OutcomeOf(completion))} although it should run all the time; started again in {TimelineText.Duration(_pause)}");
        _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        return true;
    }

    /// <summary>Closes the pipe; a pipe that we made goes. What still waits is lost, which is said.</summary>
    public void Close()
    {
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        if (_waiting.Count + _lost > 0)
        {
            log.Write(TimelineLevel.Warning, $"notify pipe {config.Path}: nobody has read the last {_waiting.Count + _lost} lines");
        }

        if (_pipe is { IsMade: true })
        {
            _pipe.Remove();
        }

        ClosePipe();
        DropTimers();
    }

    /// <summary>Asks the program to end.</summary>
    public void EndProgram()
    {
        if (_programTag != 0)
        {
            processes.Terminate(_programTag);
        }
    }

    private void DropTimers()
    {
        ProgramAt = MonotonicInstant.Never;
        ReopenAt = MonotonicInstant.Never;
    }

    /// <summary>The pipe, opened anew when somebody has deleted or replaced it.</summary>
    private bool HasPipe() => (_pipe is not null && _pipe.IsInPlace) || Reopen();

    private bool Reopen()
    {
        bool wasOpen = _pipe is not null;
        ClosePipe();
        _pipe = NamedPipe.TryOpen(config.Path, config.UserId, config.GroupId, out string problem);
        ReopenAt = _pipe is null ? MonotonicClock.Now + ReopenInterval : MonotonicInstant.Never;
        if (problem != _problem && problem.Length > 0)
        {
            log.Write(TimelineLevel.Error, $"notify pipe {config.Path} {problem}: changes wait, up to {LinesMax} lines; tried again every second");
        }
        else if (_pipe is not null && (wasOpen || _problem.Length > 0))
        {
            log.Write(TimelineLevel.Warning, $"notify pipe {config.Path} was deleted or replaced: {(_pipe.IsMade ? "made" : "opened")} again");
        }

        _problem = problem;
        return _pipe is not null;
    }

    private void ClosePipe()
    {
        Watch(isWatched: false);
        _pipe?.Dispose();
        _pipe = null;
    }

    private void Watch(bool isWatched)
    {
        if (isWatched == _isWatched || _pipe is null)
        {
            return;
        }

        _isWatched = isWatched;
        if (isWatched)
        {
            poll.Add(_pipe.Descriptor, PollEvents.Writable, 1);
        }
        else
        {
            poll.Remove(_pipe.Descriptor);
        }
    }

    private void StartProgram(CommandLine script)
    {
        ProgramAt = MonotonicInstant.Never;
        _programTag = nextTag();
        bool isStarted = processes.Start(new ProcessRequest([.. script.Arguments, config.Path], _programTag)
        {
            Environment = environment.Plain,
            UserId = script.UserId,
            GroupId = script.GroupId,
            SupplementaryGroups = script.SupplementaryGroups.AsArray(),
            OutputBytesMax = OutputBytesMax,
        });
        if (!isStarted)
        {
            _programTag = 0;
            ProgramAt = MonotonicClock.Now + LongestPause;
            log.Write(TimelineLevel.Error, $"notify pipe {config.Path}: its script was not started: too many programs are running");
        }
    }
}
