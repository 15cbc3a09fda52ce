namespace FenceFirst.SystemTests;

/// <summary>A node whose daemon is started again whenever it has ended and the node has power, as a service manager would.</summary>
internal sealed class ChaosNode(Lab lab, Node node, Random random, Func<Daemon> start) : IDisposable
{
    // Starting and the power supply exclude each other: what has no power starts nothing.
    private readonly SemaphoreSlim _gate = new(1);
    private readonly CancellationTokenSource _end = new();
    private Task _work = Task.CompletedTask;
    private Daemon? _daemon;
    private DateTime _poweredOffAt;
    private double _restartSeconds = 0.1;
    private DateTime _endedAt = DateTime.MaxValue;
    private DateTime _downSince;
    private readonly List<(DateTime From, DateTime To)> _downs = [];

    public string Name => node.Name;

    public Node Node => node;

    public bool IsOn { get; private set; } = true;

    /// <summary>When no daemon ran here: from its end, seen within some milliseconds, to the next start.</summary>
    public IReadOnlyList<(DateTime From, DateTime To)> Downs
    {
        get
        {
            lock (_downs)
            {
                return [.. _downs, .. _endedAt != DateTime.MaxValue ? [(_downSince, DateTime.MaxValue)] : Array.Empty<(DateTime, DateTime)>()];
            }
        }
    }

    public void Begin() => _work = Task.Run(KeepAsync);

    /// <summary>Signals the daemon: all of its processes, or the one that was started.</summary>
    public async Task SignalAsync(Signal signal, bool isWhole)
    {
        lab.Note(Name, $"<- SIG{signal.ToString().ToUpperInvariant()}{(isWhole ? " to everything" : "")}");
        foreach (int pid in isWhole ? await ProcessesAsync() : _daemon is { HasExited: false } running ? [running.Id] : [])
        {
            Native.Kill(pid, signal);
        }
    }

    /// <summary>Takes the power: returns when nothing runs any more and no address is left. It comes back after a while.</summary>
    public async Task PowerOffAsync(double seconds)
    {
        await _gate.WaitAsync();
        try
        {
            lab.Note(Name, "power off");
            IsOn = false;
            _restartSeconds = seconds;
            _poweredOffAt = DateTime.UtcNow;
            for (IReadOnlyList<int> left = await ProcessesAsync(); left.Count > 0; left = await ProcessesAsync())
            {
                // Stopped first: a child that is told of its parent's death must not act on it.
                foreach (Signal signal in new[] { Signal.Stop, Signal.Kill })
                {
                    foreach (int pid in left)
                    {
                        Native.Kill(pid, signal);
                    }
                }
            }
            await lab.RunAsync("sh", ["-c", $"ip -n {node.Namespace} link set eth0 down; ip -n {node.Namespace} addr flush dev eth0"]);
            await lab.UntilAsync(() => !node.Holds(lab.Virtual), 5, $"{Name} to lose its address");
            lab.Note(Name, "is off");
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose()
    {
        _end.Cancel();
        _work.Wait(TimeSpan.FromSeconds(10));
        _end.Dispose();
    }

    private async Task KeepAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            await _gate.WaitAsync();
            try
            {
                DateTime now = DateTime.UtcNow;
                if (!IsOn && now > _poweredOffAt.AddSeconds(_restartSeconds))
                {
                    await node.PowerOnAsync();
                    IsOn = true;
                    _endedAt = DateTime.MinValue;
                }
                if (IsOn && (_daemon is null || _daemon.HasExited))
                {
                    if (_endedAt == DateTime.MaxValue)
                    {
                        _endedAt = now;
                        _downSince = now;
                        _restartSeconds = 0.05 + (0.4 * random.NextDouble());
                    }
                    if (_daemon is null || now > _endedAt.AddSeconds(_restartSeconds))
                    {
                        lock (_downs)
                        {
                            _downs.Add((_downSince, DateTime.UtcNow));
                            _daemon = start();
                            _endedAt = DateTime.MaxValue;
                        }
                    }
                }
            }
            finally
            {
                _gate.Release();
            }
            await Task.Delay(15);
        }
    }

    private async Task<IReadOnlyList<int>> ProcessesAsync() =>
        [.. (await lab.TryRunAsync("ip", ["netns", "pids", node.Namespace])).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
}
