using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Links;
using FenceFirst.Daemon.Notify;
using FenceFirst.Daemon.Packets;
using FenceFirst.Daemon.Steps;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Daemon;

/// <summary>Carries out Core's effects on the real world, in order; what has an answer is answered with an event.</summary>
internal sealed class EffectRunner : IDisposable
{
    private readonly EventLoop _loop;
    private readonly LogWriter _log;
    private readonly TimelineLog _timeline;
    private readonly PhaseTimes _times;
    private readonly LinkTable _links;
    private readonly KernelRunner _kernel;
    private readonly LeaseRenewals _leases;
    private readonly ProcessRunner _processes;
    private readonly VanishingAlarm _alarm;
    private bool _isSendErrorLogged;
    private bool _isRenewalErrorLogged;

    /// <summary>Opens what effects need.</summary>
    public EffectRunner(EventLoop loop, LinkTable links, LogWriter log, PhaseTimes times, EventPoll poll, long filterToken, long reachTokenBase)
    {
        _loop = loop;
        _log = log;
        _links = links;
        _timeline = new TimelineLog(log);
        _times = times;
        Filter = new AddressFilter(log, poll, filterToken);
        Filter.Configure(loop.Config.Filter);
        _kernel = new KernelRunner(links, Filter);
        _leases = new LeaseRenewals(links);
        _leases.Reconfigure(loop.Config.Instances.Count);
        _alarm = new VanishingAlarm(log);
        Static = new StaticItems(_kernel, links, log, _alarm);
        Announcer = new Announcer(links, loop.Config);
        _processes = new ProcessRunner { Started = loop.Keeper.Started };
        StepEnvironment environment = new();
        Notifications = new Notifications(_processes, environment, log, loop.State.Epoch);
        Notifications.Configure(loop.Config);
        Checks = new FenceChecks(loop, _processes, environment, log);
        Steps = new StepRuns(loop, links, log, _processes, environment, Checks, poll, reachTokenBase);
    }

    /// <summary>The filter of no_accept.</summary>
    public AddressFilter Filter { get; }

    /// <summary>Child processes.</summary>
    public ProcessRunner Processes => _processes;

    /// <summary>Notify scripts.</summary>
    public Notifications Notifications { get; }

    /// <summary>What is held as long as the daemon runs.</summary>
    public StaticItems Static { get; }

    /// <summary>Steps of promotions and demotions, and tracked scripts.</summary>
    public StepRuns Steps { get; }

    /// <summary>Announcements of addresses.</summary>
    public Announcer Announcer { get; }

    /// <summary>Tests and monitoring of fence devices.</summary>
    public FenceChecks Checks { get; }

    /// <summary>Carries out one effect.</summary>
    public void Run(in NodeEffect effect, MonotonicInstant now)
    {
        NodeConfig config = _loop.Config;
        if (effect.Kind != NodeEffectKind.RenewAddresses)
        {
            CommitRenewals();
        }

        switch (effect.Kind)
        {
            case NodeEffectKind.ArmTimer:
                _loop.Timers.Set(effect.Index, effect.Deadline);
                break;
            case NodeEffectKind.SendAdvert:
                SendAdvert(effect);
                break;
            case NodeEffectKind.AskKernel:
                AskKernel(config.Instances[effect.Index], effect);
                break;
            case NodeEffectKind.Announce:
                Announcer.Announce(effect.Index, config.Instances[effect.Index], effect.Count);
                break;
            case NodeEffectKind.AnnounceOwn:
                Announcer.AnnounceOwn(config.Instances[effect.Index].Link, _loop.State.Instances[effect.Index].Source);
                break;
            case NodeEffectKind.StartStep:
                Steps.Start(config.Instances[effect.Index], effect, now);
                break;
            case NodeEffectKind.ProbeAddresses:
                _loop.Probe.Start(effect.Index, effect.Attempt, now);
                break;
            case NodeEffectKind.KillStep:
            case NodeEffectKind.KillScript:
                Steps.Terminate(effect.Attempt);
                break;
            case NodeEffectKind.StartScript:
                Steps.StartScript(config.Scripts[effect.Index], effect);
                break;
            case NodeEffectKind.Notify:
                VrrpConfig told = config.Instances[effect.Index];
                Notifications.Notify(told, config.GroupNameOf(told), effect.Notification, effect.Priority, _loop.State.Epoch);
                break;
            case NodeEffectKind.NotifyGroup:
                Notifications.NotifyGroup(config.Groups[effect.Index], effect.Notification, _loop.State.Epoch);
                break;
            case NodeEffectKind.Record:
                Record(effect.Entry, now);
                break;
            case NodeEffectKind.ArmWatchdog:
                _loop.Watchdog.Arm(config.Watchdog!, effect.Attempt); // Core arms what is configured.
                break;
            case NodeEffectKind.KeepMemory:
                Steps.KeepMemory(config.Instances[effect.Index], effect);
                break;
            case NodeEffectKind.DisarmWatchdog:
                _loop.Watchdog.Disarm();
                break;
            case NodeEffectKind.RenewAddresses:
                _leases.Add(effect.Index);
                break;
            case NodeEffectKind.WatchAddresses:
                _loop.Probe.Watch(effect.Index, effect.Attempt);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>Carries out the renewals that the last effects asked for; before every other effect, and after the last one.</summary>
    public void CommitRenewals()
    {
        if (!_leases.IsPending)
        {
            return;
        }

        int errno = _leases.Commit(_loop.Config, _loop.Now, out TimeSpan? phase);
        if (phase is { } found)
        {
            _loop.Enqueue(NodeEvent.RenewalPhaseFound(found));
        }

        if (errno != 0 && !_isRenewalErrorLogged)
        {
            _isRenewalErrorLogged = true;
            _log.Write(TimelineLevel.Error, $"the lifetime of an address could not be renewed: {ErrnoText.Describe(errno)} (logged once)");
        }
    }

    /// <summary>Puts an entry into the log and the journal: Core's, or one for something the host saw itself.</summary>
    public void Record(in TimelineEntry entry, MonotonicInstant now)
    {
        if (entry.Index >= 0 && !entry.IsOfTracker)
        {
            _times.Take(_loop.Config.Instances[entry.Index].Name, entry);
        }

        _timeline.Record(_loop.Config, entry, now);
        Notifications.Mail.Alarm(_loop.Config, entry);
        if (entry.Kind == TimelineKind.AddressesRestored)
        {
            _alarm.PutBack(_loop.Config.Instances[entry.Index].Name, "its addresses, routes or rules", now);
        }

        _loop.Operations.Take(_loop.Config, entry, now);
        if (entry.Kind is TimelineKind.MaintenanceStarted or TimelineKind.MaintenanceEnded)
        {
            _loop.Reminder.Restart(now);
        }
    }

    /// <summary>Takes the answers of child processes that have ended.</summary>
    public void TakeCompletions()
    {
        _processes.Pump();
        while (_processes.TryTake(out ProcessCompletion completion))
        {
            if (completion.End == ProcessEnd.StillAlive)
            {
                _log.Write(TimelineLevel.Error, $"process {completion.ProcessId} does not die although it was killed: it hangs in the kernel");
                continue;
            }

            if (!Checks.Completed(completion) && !Steps.Completed(completion))
            {
                // Notify scripts, and what a reload has left without an instance.
                _loop.Keeper.Settled(completion.Tag);
                Notifications.Completed(completion);
            }
        }
    }

    /// <summary>Removes what an earlier life of the daemon left in the kernel.</summary>
    /// <param name="refused">Told what the kernel has refused to remove, per instance.</param>
    public void SweepLeftovers(Action<int, SideEffect> refused)
    {
        StartSweep sweep = new(_kernel, _links, _log, refused);
        for (int i = 0; i < _loop.Config.Instances.Count; i++)
        {
            sweep.Run(_loop.Config.Instances[i], i);
        }

        _kernel.SweepFilter();
    }

    /// <summary>Removes every configured address that is there, whatever the state says.</summary>
    public void RemoveEverything()
    {
        foreach (VrrpConfig instance in _loop.Config.Instances)
        {
            foreach (SideEffect effect in (ReadOnlySpan<SideEffect>)[SideEffect.RemoveRules, SideEffect.RemoveRoutes, SideEffect.RemoveAddresses, SideEffect.RemoveExcluded])
            {
                _kernel.Run(instance, effect);
            }
        }
    }

    /// <summary>Turns the indexes of the old configuration into those of the new one; who runs for something that is gone answers to nobody.</summary>
    public void Reconfigured(Func<int, bool, int> newIndex)
    {
        _timeline.Reset();
        Filter.Configure(_loop.Config.Filter);
        _leases.Reconfigure(_loop.Config.Instances.Count);
        Notifications.Configure(_loop.Config);
        Announcer.Configure(_loop.Config, index => newIndex(index, false));
        Steps.Reconfigured(newIndex);
    }

    /// <summary>Removes, in the order of a release, what an instance that goes on as Master shall not hold any more; returns 0 or the first error number.</summary>
    /// <param name="dropped">The instance under the old configuration with nothing but that.</param>
    public int RemoveDropped(VrrpConfig dropped)
    {
        int first = 0;
        foreach (SideEffect effect in TransitionOrder.Of(Transition.Release))
        {
            if (effect is SideEffect.RemoveRules or SideEffect.RemoveRoutes or SideEffect.RemoveAddresses or SideEffect.RemoveExcluded)
            {
                int errno = _kernel.Run(dropped, effect);
                first = first == 0 ? errno : first;
            }
        }

        return first;
    }

    /// <summary>When the addresses of an instance last got their whole lifetime; Zero = not since the start or the last reload.</summary>
    public MonotonicInstant RenewedAt(int instance) => _leases.RenewedAt(instance);

    /// <inheritdoc/>
    public void Dispose()
    {
        Checks.Dispose();
        Steps.Dispose();
        Notifications.Dispose();
        _processes.Dispose();
        Announcer.Dispose();
        _kernel.Dispose();
        Filter.Dispose();
        _leases.Dispose();
    }

    private void SendAdvert(in NodeEffect effect)
    {
        int errno = _loop.Transport.Send(effect.Index, effect.Priority, _loop.State.Instances[effect.Index].Source, effect.IsOfMaster);
        if (errno == 0)
        {
            return;
        }

        // ENETDOWN and ENETUNREACH come with a link that goes down, ENODEV with one that is deleted, which is told of by its own event.
        if (errno is not (100 or 101 or 19) && !_isSendErrorLogged)
        {
            _isSendErrorLogged = true;
            string name = _loop.Config.Instances[effect.Index].Name;
            _log.Write(TimelineLevel.Error, name, "send", $"({name}) an advert could not be sent: {ErrnoText.Describe(errno)} (logged once)");
        }
    }

    private void AskKernel(VrrpConfig config, in NodeEffect effect)
    {
        if (effect.Effect == SideEffect.RemoveAddresses)
        {
            Announcer.Discard(effect.Index);
        }

        int errno = _kernel.Run(config, effect.Effect);
        if (effect.Effect == SideEffect.AddAddresses)
        {
            _leases.Added(effect.Index, _loop.Now);
        }

        if (errno != 0 && _kernel.LastExplanation.Length > 0)
        {
            _log.Write(TimelineLevel.Error, config.Name, "kernel", $"({config.Name}) the kernel says: {_kernel.LastExplanation}");
        }

        _loop.Enqueue(NodeEvent.KernelAnswered(effect.Index, effect.Attempt, errno));
    }
}
