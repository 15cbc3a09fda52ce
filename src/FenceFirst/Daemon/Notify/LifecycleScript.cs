using FenceFirst.Core;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Steps;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Daemon.Notify;

/// <summary>startup_script and shutdown_script: one program before the daemon does anything, one after it has let go of everything (keepalived).</summary>
/// <remarks>Waited for, up to a bound, while no loop runs. As in keepalived the exit status is told and changes nothing.</remarks>
internal static class LifecycleScript
{
    private const long ProcessToken = 1;
    private const long SignalToken = 2;
    private const int PollMs = 200;
    private const int OutputBytesMax = 16 * 1024;

    /// <summary>How long a program that was asked to end is waited for; after half of it SIGKILL has been sent.</summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);

    /// <summary>Runs a script to its end or to its bound.</summary>
    /// <param name="command">What is run; null = nothing.</param>
    /// <param name="timeout">The bound.</param>
    /// <param name="what">The keyword, for the log.</param>
    /// <param name="signals">A signal ends the waiting, and stays to be taken; null = none does.</param>
    /// <param name="log">The log.</param>
    public static void Run(CommandLine? command, TimeSpan timeout, string what, Signals? signals, LogWriter log)
    {
        if (command is null)
        {
            return;
        }

        log.Write(TimelineLevel.Notice, $"Running {what} {command}");
        using ProcessRunner processes = new();
        using EventPoll poll = new();
        poll.Add(processes.Descriptor, PollEvents.Readable, ProcessToken);
        if (signals is not null)
        {
            poll.Add(signals.Descriptor, PollEvents.Readable, SignalToken);
        }

        ProcessRequest request = new([.. command.Arguments], 1)
        {
            Environment = new StepEnvironment().Plain,
            UserId = command.UserId,
            GroupId = command.GroupId,
            SupplementaryGroups = command.SupplementaryGroups.AsArray(),
            OutputBytesMax = OutputBytesMax,
        };
        if (!processes.Start(request))
        {
            log.Write(TimelineLevel.Error, $"{what} could not be started");
            return;
        }

        MonotonicInstant end = MonotonicClock.Now + timeout;
        MonotonicInstant last = MonotonicInstant.Never;
        EpollEvent[] ready = new EpollEvent[2];
        while (MonotonicClock.Now < last)
        {
            int count = poll.Wait(ready, PollMs);
            bool isInterrupted = ready.AsSpan(0, count).ToArray().Any(each => each.Token == SignalToken);
            if (isInterrupted)
            {
                poll.Remove(signals!.Descriptor); // It has told.
            }

            if (last.IsNever && (isInterrupted || MonotonicClock.Now >= end))
            {
                log.Write(TimelineLevel.Warning, isInterrupted ? $"{what} is ended, because of a signal" : $"{what} has not ended after {TimelineText.Duration(timeout)}: it is ended");
                processes.Terminate(1);
                last = MonotonicClock.Now + EndPatience;
            }

            processes.Pump();
            while (processes.TryTake(out ProcessCompletion completion))
            {
                if (completion.End != ProcessEnd.StillAlive)
                {
                    Tell(what, command, completion, log);
                    return;
                }
            }
        }

        log.Write(TimelineLevel.Error, $"{what} does not end; the daemon goes on without it");
    }

    private static void Tell(string what, CommandLine command, in ProcessCompletion completion, LogWriter log)
    {
        ProgramOutput.Log(log, "", command.Arguments[0], completion);
        string outcome = completion.End switch
        {
            ProcessEnd.Exited when completion.Value == 0 => "",
            ProcessEnd.Exited => $"ended with status {completion.Value}",
            ProcessEnd.Signalled => $"ended by signal {completion.Value}",
            _ => $"could not be started: {ErrnoText.Describe(completion.Value)}",
        };
        log.Write(outcome.Length == 0 ? TimelineLevel.Notice : TimelineLevel.Warning, outcome.Length == 0 ? $"{what} succeeded" : $"{what} {outcome}; the daemon goes on all the same, as keepalived does");
    }
}
