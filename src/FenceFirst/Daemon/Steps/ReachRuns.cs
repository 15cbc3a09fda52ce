using FenceFirst.Core;
using FenceFirst.Core.Promotion;
using FenceFirst.Daemon.Links;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Daemon.Steps;

/// <summary>Makes the built-in checks (check ping, check tcp): all addresses of one check at once, any number of checks beside each other.</summary>
/// <remarks>
/// Nothing waits and nothing is forked: the event loop calls when a socket has something and when <see cref="Due"/> has come. The time bound is Core's;
/// when it has passed Core stops the run, which then answers with what it knows. Sockets are open only as long as their check runs.
/// </remarks>
/// <param name="links">Interfaces by name.</param>
/// <param name="poll">Told of the sockets.</param>
/// <param name="tokenBase">Every token from here on is ours.</param>
/// <param name="ended">Takes the one outcome of an attempt; called exactly once for each, perhaps before Start returns.</param>
internal sealed class ReachRuns(LinkTable links, EventPoll poll, long tokenBase, Action<long, StepOutcome> ended) : IDisposable
{
    /// <summary>Answers taken from one socket per wake-up: a flood waits until our own timers had their turn.</summary>
    private const int PacketsMax = 64;

    /// <summary>A token is the attempt's number and one of these: a target's index, or a family's echo socket behind them.</summary>
    private const int SlotsPerRun = 32;

    private const int Echo4Slot = 30;
    private const int Echo6Slot = 31;
    private const int NoSuchDevice = 19;

    /// <summary>An echo request gets lost without harm as long as another one follows within the bound.</summary>
    private const int RoundsPerTimeout = 3;

    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(1);

    private readonly Dictionary<long, Run> _runs = [];

    /// <summary>When <see cref="Advance"/> has something to do; Never = nothing is to be sent.</summary>
    public MonotonicInstant Due { get; private set; } = MonotonicInstant.Never;

    /// <summary>Begins an attempt.</summary>
    /// <param name="attempt">Its number.</param>
    /// <param name="step">A step with a built-in check.</param>
    /// <param name="check">That check.</param>
    /// <param name="scopeLink">The instance's own interface, where link-local addresses are.</param>
    /// <param name="now">Now.</param>
    public void Start(long attempt, PromotionStep step, ReachCheck check, int scopeLink, MonotonicInstant now)
    {
        int link = links.IndexOf(check.Link);
        if (check.Link >= 0 && link == 0)
        {
            ended(attempt, new StepOutcome(StepOutcomeKind.CouldNotStart, NoSuchDevice));
            return;
        }

        TimeSpan pause = TimeSpan.FromTicks(Math.Min(PauseMax.Ticks, step.Timeout.Ticks / RoundsPerTimeout));
        Run run = new(attempt, check, link, link != 0 ? link : links.IndexOf(scopeLink), pause, now);
        _runs.Add(attempt, run);
        try
        {
            if (check.Method == ReachMethod.Ping)
            {
                OpenEcho(run);
                SendRound(run, now);
            }
            else
            {
                Connect(run);
            }
        }
        catch (LinuxException exception)
        {
            End(run, new StepOutcome(StepOutcomeKind.CouldNotStart, exception.Errno));
            return;
        }

        Judge(run);
        Settle();
    }

    /// <summary>Ends an attempt with what is known; false when it is none of ours.</summary>
    public bool Stop(long attempt)
    {
        if (!_runs.TryGetValue(attempt, out Run? run))
        {
            return false;
        }

        End(run, new StepOutcome(StepOutcomeKind.NotReached, run.Tally.Code));
        Settle();
        return true;
    }

    /// <summary>Takes what the socket with the token has; a token whose check has ended meanwhile is passed over.</summary>
    public void Take(long token)
    {
        if (!_runs.TryGetValue((token - tokenBase) / SlotsPerRun, out Run? run))
        {
            return;
        }

        int slot = (int)((token - tokenBase) % SlotsPerRun);
        if (slot is Echo4Slot or Echo6Slot)
        {
            TakeReplies(run, slot == Echo4Slot ? run.Echo4 : run.Echo6);
        }
        else if (run.Connections[slot] is { } connection)
        {
            connection.Complete();
            Settled(run, slot, connection);
        }

        Judge(run);
        Settle();
    }

    /// <summary>Asks again where it is time to.</summary>
    public void Advance(MonotonicInstant now)
    {
        foreach (Run run in _runs.Values)
        {
            if (run.DueAt <= now)
            {
                SendRound(run, now);
            }
        }

        Settle();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Run run in _runs.Values)
        {
            CloseAll(run);
        }

        _runs.Clear();
    }

    private void OpenEcho(Run run)
    {
        // By chance and not by counting: what an earlier check has sent must not be answered to this one.
        ushort identifier = (ushort)Random.Shared.Next();
        ulong cookie = (ulong)Random.Shared.NextInt64();
        foreach (ReachTarget target in run.Check.Targets)
        {
            if (target.Address.IsIPv6 && run.Echo6 is null)
            {
                run.Echo6 = new EchoSocket(isIPv6: true, run.Link, identifier, cookie);
                poll.Add(run.Echo6.Descriptor, PollEvents.Readable, Token(run, Echo6Slot));
            }
            else if (target.Address.IsIPv4 && run.Echo4 is null)
            {
                run.Echo4 = new EchoSocket(isIPv6: false, run.Link, identifier, cookie);
                poll.Add(run.Echo4.Descriptor, PollEvents.Readable, Token(run, Echo4Slot));
            }
        }
    }

    private static void SendRound(Run run, MonotonicInstant now)
    {
        run.Round++;
        run.DueAt = now + run.Pause;
        for (int i = 0; i < run.Check.Targets.Count; i++)
        {
            if (run.Tally[i] == ReachAnswer.Answered)
            {
                continue;
            }

            InternetAddress address = run.Check.Targets[i].Address;
            EchoSocket? socket = address.IsIPv6 ? run.Echo6 : run.Echo4;
            int errno = socket?.Send(address, run.Round, run.ScopeLink) ?? 0;

            // There may be a route by the next round: only TCP takes this for its last word.
            run.Tally = run.Tally.With(i, errno == 0 ? ReachAnswer.Silent : ReachAnswer.Unreachable);
        }
    }

    private static void TakeReplies(Run run, EchoSocket? socket)
    {
        for (int i = 0; i < PacketsMax && socket is not null && socket.TryReceive(out InternetAddress source); i++)
        {
            for (int t = 0; t < run.Check.Targets.Count; t++)
            {
                if (run.Check.Targets[t].Address == source)
                {
                    run.Tally = run.Tally.With(t, ReachAnswer.Answered);
                }
            }
        }
    }

    private void Connect(Run run)
    {
        run.DueAt = MonotonicInstant.Never;
        for (int i = 0; i < run.Check.Targets.Count; i++)
        {
            ReachTarget target = run.Check.Targets[i];
            ConnectAttempt connection = new(target.Address, target.Port, run.Link, run.ScopeLink);
            run.Connections[i] = connection;
            if (connection.IsUnderWay)
            {
                poll.Add(connection.Descriptor, PollEvents.Writable, Token(run, i));
            }
            else
            {
                Settled(run, i, connection);
            }
        }
    }

    /// <summary>The fate of a connection is known: it is noted and the socket closed, which takes it out of the poll as well.</summary>
    private static void Settled(Run run, int slot, ConnectAttempt connection)
    {
        run.Connections[slot] = null;
        run.Tally = run.Tally.With(
            slot,
            connection.Errno == 0 ? ReachAnswer.Answered : connection.IsRefused ? ReachAnswer.Refused : ReachAnswer.Unreachable);
        connection.Dispose();
    }

    private void Judge(Run run)
    {
        if (run.Check.IsReached(run.Tally))
        {
            End(run, new StepOutcome(StepOutcomeKind.Reached, run.Tally.Code));
        }
        else if (run.Check.Method == ReachMethod.Tcp && !run.Check.IsPossible(run.Tally))
        {
            End(run, new StepOutcome(StepOutcomeKind.NotReached, run.Tally.Code));
        }
    }

    private void End(Run run, StepOutcome outcome)
    {
        _runs.Remove(run.Attempt);
        CloseAll(run);
        ended(run.Attempt, outcome);
    }

    /// <summary>Closing a socket takes it out of the poll as well.</summary>
    private static void CloseAll(Run run)
    {
        run.Echo4?.Dispose();
        run.Echo6?.Dispose();
        foreach (ConnectAttempt? connection in run.Connections)
        {
            connection?.Dispose();
        }
    }

    private void Settle()
    {
        Due = MonotonicInstant.Never;
        foreach (Run run in _runs.Values)
        {
            Due = MonotonicInstant.Earlier(Due, run.DueAt);
        }
    }

    private long Token(Run run, int slot) => tokenBase + (run.Attempt * SlotsPerRun) + slot;

    /// <summary>One attempt.</summary>
    private sealed class Run(long attempt, ReachCheck check, int link, int scopeLink, TimeSpan pause, MonotonicInstant now)
    {
        internal long Attempt { get; } = attempt;

        internal ReachCheck Check { get; } = check;

        /// <summary>Kernel index of the interface that is asked through; 0 = the routing table says.</summary>
        internal int Link { get; } = link;

        internal int ScopeLink { get; } = scopeLink;

        internal TimeSpan Pause { get; } = pause;

        /// <summary>When to ask again.</summary>
        internal MonotonicInstant DueAt { get; set; } = now;

        internal ushort Round { get; set; }

        internal ReachTally Tally { get; set; }

        internal EchoSocket? Echo4 { get; set; }

        internal EchoSocket? Echo6 { get; set; }

        /// <summary>By target; null = its fate is known.</summary>
        internal ConnectAttempt?[] Connections { get; } = new ConnectAttempt?[check.Targets.Count];
    }
}
