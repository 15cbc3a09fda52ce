using FenceFirst.Config.Output;
using FenceFirst.Core.Node;
using FenceFirst.Linux.Events;

namespace FenceFirst.Daemon.Reload;

/// <summary>What came of reading the file for a reload.</summary>
/// <param name="Loaded">The configuration, or why there is none.</param>
/// <param name="Plan">How it differs from the one in force; null = it was refused.</param>
/// <param name="Summary">The same in words; null = it was refused.</param>
internal sealed record ReloadReading(LoadedConfig Loaded, ReloadPlan? Plan, ReloadSummary? Summary);

/// <summary>Reads and judges the file for a reload on a thread of its own: a large file takes longer than an advert may be late.</summary>
/// <param name="load">Reads the configuration; it shares nothing with the loop.</param>
internal sealed class ReloadReader(Func<LoadedConfig> load) : IDisposable
{
    private readonly EventCounter _done = new();
    private readonly SemaphoreSlim _asked = new(0);
    private NodeConfig? _inForce;
    private Thread? _thread;
    private volatile ReloadReading? _reading;
    private Exception? _failure;

    /// <summary>Readable when a reading has ended.</summary>
    public int Descriptor => _done.Descriptor;

    /// <summary>Begins to read; one at a time.</summary>
    /// <param name="inForce">The configuration that it is compared with; it must not change before the reading has been taken.</param>
    public void Begin(NodeConfig inForce)
    {
        _inForce = inForce;
        _asked.Release();
        if (_thread is null)
        {
            // Kept for the next one: whoever starts a thread waits until it runs, which is milliseconds on a busy machine.
            _thread = new Thread(ReadWheneverAsked) { Name = "reload", IsBackground = true };
            _thread.Start();
        }
    }

    /// <summary>Takes the reading that has ended; null = there is none.</summary>
    public ReloadReading? Take()
    {
        _done.Drain();
        if (_failure is not null)
        {
            throw new InvalidOperationException("reading the configuration failed", _failure);
        }

        return Interlocked.Exchange(ref _reading, null);
    }

    /// <inheritdoc/>
    public void Dispose() => _done.Dispose();

    private void ReadWheneverAsked()
    {
        while (true)
        {
            _asked.Wait();
            if (Interlocked.Exchange(ref _inForce, null) is { } inForce)
            {
                Read(inForce);
            }
        }
    }

    private void Read(NodeConfig inForce)
    {
        try
        {
            LoadedConfig loaded = load();
            ReloadPlan? plan = loaded.Config is null ? null : ReloadPlan.Make(inForce, loaded.Config);
            _reading = new ReloadReading(loaded, plan, plan is null ? null : new ReloadSummary(plan, ConfigBlocks.Of(plan.Old), ConfigBlocks.Of(plan.Next)));
        }
        catch (Exception exception)
        {
            // A bug of ours: the loop shall end for it in order, as for its own.
            _failure = exception;
        }

        _done.Signal();
    }
}
