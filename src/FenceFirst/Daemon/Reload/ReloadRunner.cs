using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Operator;
using FenceFirst.Linux.Files;
using FenceFirst.Linux.Native;

namespace FenceFirst.Daemon.Reload;

/// <summary>Reload by difference: the file is read beside the loop, judged as a whole, and only what is different is touched.</summary>
internal sealed class ReloadRunner(EventLoop loop, LogWriter log, Func<LoadedConfig> loadConfig) : IDisposable
{
    /// <summary>What a reload waits at most for each pause between adverts. A loop that has none is woken before the pause would have ended, and asks again.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    /// <summary>Reading hundreds of instances on the other thread takes a fraction of this; it shares processors and memory with the loop.</summary>
    private static readonly TimeSpan ReadingPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Going on with another configuration takes some milliseconds.</summary>
    private static readonly TimeSpan ChangingPause = TimeSpan.FromMilliseconds(20);

    private readonly ReloadReader _reader = new(loadConfig);
    private ReloadPlan? _plan;
    private MonotonicInstant _latest;
    private string _facts = "";
    private Operation? _operation;
    private bool _isReading;
    private bool _isReadingOwed;
    private bool _isDryRun;

    /// <summary>How the last reload went; null = there was none.</summary>
    public LastReload? Last { get; private set; }

    /// <summary>Readable when the file has been read.</summary>
    public int Descriptor => _reader.Descriptor;

    /// <summary>Begins to read the file again.</summary>
    /// <param name="isDryRun">Whether only what would change is told.</param>
    /// <param name="problem">Why it returned null.</param>
    /// <returns>The reload that has begun; null = the daemon is busy.</returns>
    public Operation? Request(bool isDryRun, out string problem)
    {
        problem = "";
        if (loop.IsStopping || _isReading || _plan is not null)
        {
            problem = "reload refused: the daemon is busy with a stop or another reload";
            log.Write(TimelineLevel.Warning, problem);
            return null;
        }

        _isReading = true;
        _isDryRun = isDryRun;
        _operation = loop.Operations.Begin("reload", "", loop.Now);
        _operation.Report("reading the file");
        if (!isDryRun)
        {
            SystemdNotify.Send("RELOADING=1");
        }

        _isReadingOwed = true;
        _latest = loop.Now + LongestWait;
        return _operation;
    }

    /// <summary>The file has been read.</summary>
    public void Take()
    {
        if (_reader.Take() is not { } reading || _operation is not { } operation)
        {
            return;
        }

        _isReading = false;
        operation.Diagnostics = reading.Loaded.Diagnostics;
        if (!_isDryRun)
        {
            LogDiagnostics(reading.Loaded);
        }

        if (reading is not { Plan: { } plan, Summary: { } summary })
        {
            Refuse(reading.Loaded);
            return;
        }

        List<ReloadChange> changes = summary.Describe(plan.Kept(loop.State));
        Tell(changes, operation);
        if (_isDryRun)
        {
            End(true, changes.Count == 0 ? "a reload would change nothing" : "a reload would change this; nothing was done");
            return;
        }

        _plan = plan;
        _latest = loop.Now + LongestWait;
        _facts = reading.Loaded.Facts;
        operation.Report("stopping in order what is changed or removed");
        Last = new LastReload(MonotonicClock.WallNow, IsAccepted: true, changes.Count == 0 ? "nothing is different" : string.Join("; ", changes.Select(change => change.Text)));
        log.Write(TimelineLevel.Notice, "Reloading");
    }

    /// <summary>Every change with its details, or without any when there are too many: what changes at all must not be lost among them.</summary>
    private static void Tell(List<ReloadChange> changes, Operation operation)
    {
        List<string> lines = [.. changes.SelectMany(change => change.Lines)];
        if (lines.Count > Operation.LinesMax)
        {
            lines = [.. changes.Select(change => change.Text)];
        }

        if (lines.Count > Operation.LinesMax)
        {
            int told = Operation.LinesMax - 1;
            lines = [.. lines.Take(told), $"and {lines.Count - told} more"];
        }

        lines.ForEach(operation.Add);
    }

    /// <summary>Goes on with a reload that has begun; to be called after every turn of the loop.</summary>
    public void Advance()
    {
        if (_isReadingOwed && (loop.Now >= _latest || loop.HasTimeFor(ReadingPause)))
        {
            _isReadingOwed = false;
            _reader.Begin(loop.Config);
        }

        if (_plan is null || loop.IsStopping)
        {
            return;
        }

        // Apart from the question above, which is asked after every wake-up: what lambdas below capture is allocated where their method begins.
        Advance(_plan, _plan.Kept(loop.State));
    }

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    private void Refuse(LoadedConfig loaded)
    {
        if (_isDryRun)
        {
            End(false, "the file has errors; a reload would be refused");
            return;
        }

        const string problem = "reload refused: the file has errors; the running configuration stays";
        log.Write(TimelineLevel.Error, problem);
        Last = new LastReload(MonotonicClock.WallNow, IsAccepted: false, loaded.Diagnostics);
        End(false, problem);
    }

    private void LogDiagnostics(LoadedConfig loaded)
    {
        foreach (string line in loaded.Diagnostics.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            log.Write(TimelineLevel.Warning, line);
        }
    }

    private void Advance(ReloadPlan plan, int[] kept)
    {
        if (!IsReady(plan, kept) || !loop.Vmacs.IsReady(plan.Next))
        {
            // What it stops takes longer than any wait for a pause.
            _latest = loop.Now + LongestWait;
            return;
        }

        if ((loop.Now < _latest && !loop.HasTimeFor(ChangingPause)) || !IsDroppedRemoved(plan, kept))
        {
            return;
        }

        _plan = null;
        loop.GoOnWith(plan, kept, _facts);
        log.Write(TimelineLevel.Notice, "reload complete");
        End(true, $"reload complete: {Last?.Text}");
    }

    /// <summary>Whether everything has come to rest that does not go on; what has not been asked to is asked now.</summary>
    private bool IsReady(ReloadPlan plan, int[] kept)
    {
        bool isReady = true;
        HashSet<int> goingOn = [.. kept];
        for (int i = 0; i < loop.Config.Instances.Count; i++)
        {
            if (goingOn.Contains(i))
            {
                continue;
            }

            if (!loop.State.Instances[i].IsStopping)
            {
                string name = loop.Config.Instances[i].Name;
                log.Write(TimelineLevel.Notice, name, "reload", $"({name}) changed or removed by the reload: stopping it in order");
                loop.DeliverAndSettle(NodeEvent.StopRequested(i, isDeleted: plan.IsRemoved(i)));
            }

            isReady &= loop.State.Instances[i].IsStopped;
        }

        return isReady;
    }

    /// <summary>Removes what masters hold and will not hold any more; false = something could not be removed, and its instance is stopped in order instead.</summary>
    private bool IsDroppedRemoved(ReloadPlan plan, int[] kept)
    {
        for (int i = 0; i < kept.Length; i++)
        {
            if (kept[i] < 0 || !plan.HoldsOther(i) || loop.State.Instances[kept[i]].Phase != VrrpPhase.Master)
            {
                continue;
            }

            int errno = loop.RemoveDropped(plan.Dropped(i));
            if (errno != 0)
            {
                string name = loop.Config.Instances[kept[i]].Name;
                log.Write(TimelineLevel.Error, name, "reload", $"({name}) cannot remove what the reload drops: {ErrnoText.Describe(errno)}; stopping it in order");
                loop.DeliverAndSettle(NodeEvent.StopRequested(kept[i]));
                return false;
            }
        }

        return true;
    }

    private void End(bool isGood, string text)
    {
        _operation?.End(isGood, text, loop.Now);
        _operation = null;
        if (!_isDryRun)
        {
            SystemdNotify.Send("READY=1");
        }
    }
}
