using FenceFirst.Linux.Processes;

namespace FenceFirst.Demo;

/// <summary>One of the two machines as its power cord sees it: switched on it runs the daemon and the service, switched off nothing is left.</summary>
internal sealed class DemoNode(NodePlan plan, DemoFiles files, DemoNetwork network) : IDisposable
{
    private IsolatedProcess? _process;

    /// <summary>What it is called and has.</summary>
    public NodePlan Plan { get; } = plan;

    /// <summary>Whether it is switched on.</summary>
    public bool IsOn => _process is { HasEnded: false };

    /// <summary>Id of its first process; 0 before it was first switched on.</summary>
    public int ProcessId => _process?.ProcessId ?? 0;

    /// <summary>Its log; absent before it was first switched on.</summary>
    public NodeLog? Log { get; private set; }

    /// <summary>Switches it on.</summary>
    public void PowerOn()
    {
        List<string> environment = [];
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            // A daemon that believes itself under systemd would write its log in another form.
            if (entry.Key is not "JOURNAL_STREAM")
            {
                environment.Add($"{entry.Key}={entry.Value}");
            }
        }

        _process = IsolatedProcess.Start(
            network.Of(Plan), OwnProgram.Command("demo-machine", "--folder", files.Folder, Plan.Letter), environment);
        Log = new NodeLog(_process.Output, files.LogOf(Plan));
    }

    /// <summary>Switches it off: every process ends, then the network card is gone with all its addresses. False when it could not be done.</summary>
    public bool PowerOff()
    {
        if (_process is not null && !_process.Kill())
        {
            return false;
        }

        if (_process is not null)
        {
            network.RemoveLink(Plan);
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _process?.Dispose();
}
