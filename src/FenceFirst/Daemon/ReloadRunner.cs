using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Linux;

namespace FenceFirst.Daemon;

/// <summary>A reload: reads the file, stops in order under the old configuration what is not as before, and then has the loop go on with the new one.</summary>
internal sealed class ReloadRunner(EventLoop loop, LogWriter log, Func<LoadedConfig> loadConfig)
{
    private NodeConfig? _next;
    private string _facts = "";
    private Operation? _operation;

    /// <summary>How the last reload went; null = there was none.</summary>
    public LastReload? Last { get; private set; }

    /// <summary>Reads the file; what is not as before is stopped in order under the old configuration first.</summary>
    /// <param name="problem">Why it returned null.</param>
    /// <param name="diagnostics">What <c>check</c> would say of the file; empty = nothing, or it was not read.</param>
    /// <returns>The reload that has begun; null = the running configuration stays.</returns>
    public Operation? Request(out string problem, out string diagnostics)
    {
        diagnostics = "";
        if (loop.IsStopping || _next is not null)
        {
            problem = "reload refused: the daemon is busy with a stop or another reload";
            log.Write(TimelineLevel.Warning, problem);
            return null;
        }

        SystemdNotify.Send("RELOADING=1");
        LoadedConfig loaded = loadConfig();
        diagnostics = loaded.Diagnostics;
        if (loaded.Config is null)
        {
            problem = "reload refused: the file has errors; the running configuration stays";
            log.Write(TimelineLevel.Error, problem);
            Last = new LastReload(MonotonicClock.WallNow, IsAccepted: false, loaded.Diagnostics);
            SystemdNotify.Send("READY=1");
            return null;
        }

        problem = "";
        _next = loaded.Config;
        _facts = loaded.Facts;
        _operation = loop.Operations.Begin("reload", "", loop.Now);
        _operation.Report("stopping in order what is changed or removed");
        List<string> changes = ReloadSummary.Describe(loop.Config, _next, NodeReload.KeptInstances(loop.Config, loop.State, _next));
        changes.ForEach(_operation.Add);
        Last = new LastReload(MonotonicClock.WallNow, IsAccepted: true, changes.Count == 0 ? "nothing is different" : string.Join("; ", changes));
        log.Write(TimelineLevel.Notice, "Reloading");
        return _operation;
    }

    /// <summary>Goes on with a reload that has begun; to be called after every turn of the loop.</summary>
    public void Advance()
    {
        if (_next is null || loop.IsStopping)
        {
            return;
        }

        // Apart from the question above, which is asked after every wake-up: what lambdas below capture is allocated where their method begins.
        Advance(_next, NodeReload.KeptInstances(loop.Config, loop.State, _next));
    }

    private void Advance(NodeConfig next, int[] kept)
    {
        if (!IsReady(next, kept))
        {
            return;
        }

        _next = null;
        loop.GoOnWith(next, kept, _facts);
        _operation?.End(true, $"reload complete: {Last?.Text}", loop.Now);
        _operation = null;
        log.Write(TimelineLevel.Notice, "reload complete");
        SystemdNotify.Send("READY=1");
    }

    /// <summary>Whether everything has come to rest that does not go on; what has not been asked to is asked now.</summary>
    private bool IsReady(NodeConfig next, int[] kept)
    {
        bool isReady = true;
        for (int i = 0; i < loop.Config.Instances.Count; i++)
        {
            if (kept.Contains(i))
            {
                continue;
            }

            if (!loop.State.Instances[i].IsStopping)
            {
                string name = loop.Config.Instances[i].Name;
                log.Write(TimelineLevel.Notice, name, "reload", $"({name}) changed or removed by the reload: stopping it in order");
                loop.DeliverAndSettle(NodeEvent.StopRequested(i, isDeleted: next.Instances.All(instance => instance.Name != name)));
            }

            isReady &= loop.State.Instances[i].IsStopped;
        }

        return isReady;
    }
}
