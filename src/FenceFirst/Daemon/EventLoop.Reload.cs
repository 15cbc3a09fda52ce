using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Linux;

namespace FenceFirst.Daemon;

/// <content>Reload by difference: the file is read beside, judged as a whole, and only what is different is touched.</content>
internal sealed partial class EventLoop
{
    private readonly ReloadReader _reader;
    private ReloadPlan? _plan;
    private Operation? _reload;
    private bool _isReading;
    private bool _isDryRun;

    /// <summary>How the last reload went; null = there was none.</summary>
    public LastReload? LastReload { get; private set; }

    /// <summary>Begins to read the file again.</summary>
    /// <param name="isDryRun">Whether only what would change is told.</param>
    /// <param name="problem">Why it returned null.</param>
    /// <returns>The reload that has begun; null = the daemon is busy.</returns>
    public Operation? RequestReload(bool isDryRun, out string problem)
    {
        problem = "";
        if (_isStopping || _isReading || _plan is not null)
        {
            problem = "reload refused: the daemon is busy with a stop or another reload";
            _log.Write(TimelineLevel.Warning, problem);
            return null;
        }

        _isReading = true;
        _isDryRun = isDryRun;
        _reload = Operations.Begin("reload", "", _now);
        _reload.Report("reading the file");
        if (!isDryRun)
        {
            SystemdNotify.Send("RELOADING=1");
        }

        _reader.Begin(Config);
        return _reload;
    }

    /// <summary>The file has been read.</summary>
    private void TakeReading()
    {
        if (_reader.Take() is not { } reading || _reload is not { } reload)
        {
            return;
        }

        _isReading = false;
        reload.Diagnostics = reading.Loaded.Diagnostics;
        if (reading.Plan is not { } plan)
        {
            string problem = _isDryRun ? "the file has errors; a reload would be refused" : "reload refused: the file has errors; the running configuration stays";
            if (!_isDryRun)
            {
                LogDiagnostics(reading.Loaded);
                _log.Write(TimelineLevel.Error, problem);
                LastReload = new LastReload(MonotonicClock.WallNow, IsAccepted: false, reading.Loaded.Diagnostics);
            }

            EndReload(false, problem);
            return;
        }

        List<string> changes = ReloadSummary.Describe(plan, plan.Kept(State));
        changes.ForEach(reload.Add);
        string summary = changes.Count == 0 ? "nothing is different" : string.Join("; ", changes);
        if (_isDryRun)
        {
            EndReload(true, changes.Count == 0 ? "a reload would change nothing" : "a reload would change this; nothing was done");
            return;
        }

        LogDiagnostics(reading.Loaded);
        _plan = plan;
        reload.Report("stopping in order what is changed or removed");
        LastReload = new LastReload(MonotonicClock.WallNow, IsAccepted: true, summary);
        _log.Write(TimelineLevel.Notice, "Reloading");
    }

    private void LogDiagnostics(LoadedConfig loaded)
    {
        foreach (string line in loaded.Diagnostics.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            _log.Write(TimelineLevel.Warning, line);
        }
    }

    private void CompleteReload()
    {
        if (_plan is null || _isStopping)
        {
            return;
        }

        // Apart from the question above, which is asked after every wake-up: what is captured below is allocated where its method begins.
        CompleteReload(_plan, _plan.Kept(State));
    }

    private void CompleteReload(ReloadPlan plan, int[] kept)
    {
        if (!AreOthersStopped(plan, kept) || !IsDroppedRemoved(plan, kept))
        {
            return;
        }

        NodeConfig old = Config, next = plan.Next;
        _plan = null;
        State = NodeReload.Carry(plan, State, kept, _now);
        Config = next;
        Timers = new TimerHeap(State.Armed.Length);
        State.Armed.AsSpan().Fill(MonotonicInstant.Never);
        Keeper.Reconfigured(next, State);
        _links.Reconfigure(next);
        Transport.Reconfigure(next, kept);
        _runner.Reconfigured((index, isScript) => isScript ? next.Scripts.Span.IndexOf(old.Scripts[index]) : Array.IndexOf(kept, index));
        Probe.Reconfigured(index => Array.IndexOf(kept, index));
        _links.Resync(this);
        _trackers.Configure(this, isStart: false);
        _runner.Static.Apply(next);
        DrainQueue();
        Deliver(NodeEvent.Started());
        DrainQueue();
        WritePresentStates();
        _runner.Checks.Reconfigure(_now);
        Reminder.Restart(_now);
        _log.Write(TimelineLevel.Notice, "reload complete");
        EndReload(true, $"reload complete: {LastReload?.Text}");
        GiveBackMemory();
    }

    /// <summary>Stops in order, under the old configuration, what does not go on; false = that is under way.</summary>
    private bool AreOthersStopped(ReloadPlan plan, int[] kept)
    {
        bool isReady = true;
        HashSet<int> goingOn = [.. kept];
        for (int i = 0; i < Config.Instances.Count; i++)
        {
            if (goingOn.Contains(i))
            {
                continue;
            }

            if (!State.Instances[i].IsStopping)
            {
                string name = Config.Instances[i].Name;
                _log.Write(TimelineLevel.Notice, name, "reload", $"({name}) changed or removed by the reload: stopping it in order");
                bool isDeleted = plan.Next.Instances.All(instance => instance.Name != name);
                Deliver(NodeEvent.StopRequested(i, isDeleted));
                DrainQueue();
            }

            isReady &= State.Instances[i].IsStopped;
        }

        return isReady;
    }

    /// <summary>Removes what masters hold and will not hold any more; false = something could not be removed, and its instance is stopped in order instead.</summary>
    private bool IsDroppedRemoved(ReloadPlan plan, int[] kept)
    {
        for (int i = 0; i < kept.Length; i++)
        {
            if (kept[i] < 0 || !plan.HoldsOther(i) || State.Instances[kept[i]].Phase != Core.Vrrp.VrrpPhase.Master)
            {
                continue;
            }

            int errno = _runner.RemoveDropped(plan.Dropped(i));
            if (errno != 0)
            {
                string name = Config.Instances[kept[i]].Name;
                _log.Write(TimelineLevel.Error, name, "reload", $"({name}) cannot remove what the reload drops: {ErrnoText.Describe(errno)}; stopping it in order");
                Deliver(NodeEvent.StopRequested(kept[i]));
                DrainQueue();
                return false;
            }
        }

        return true;
    }

    private void EndReload(bool isGood, string text)
    {
        _reload?.End(isGood, text, _now);
        _reload = null;
        if (!_isDryRun)
        {
            SystemdNotify.Send("READY=1");
        }
    }
}
