using FenceFirst.Cli;
using FenceFirst.Config;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Daemon;
using FenceFirst.Daemon.Packets;
using FenceFirst.Daemon.Records;
using FenceFirst.Daemon.Reload;
using FenceFirst.Linux.Events;

namespace FenceFirst.Bench;

/// <summary>The daemon's own event loop in a process of the benchmark, which counts what all threads together allocate while packets go through.</summary>
/// <remarks>Every part is the product's: configuration, sockets, timers, machine. Only the log has no reader, and the clock of the window is outside.</remarks>
internal static class AllocationHost
{
    public const string Option = "--allocation-host";

    private const int ControlBytes = 100_000;

    /// <summary>Runs the loop and prints `PACKETS BYTES CONTROL`, the last being what a deliberate allocation of 100 000 bytes added to the count.</summary>
    public static int Run(string file, int settleSeconds, int windowSeconds)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = ConfigLoader.Load(file, null, RealMachineFacts.Create());
        if (config is null || diagnostics.HasErrors)
        {
            Console.Error.WriteLine(DiagnosticText.Render(diagnostics));
            return 1;
        }

        using Signals signals = new();
        using LogWriter log = new(null, null, LogFormat.Text, TimelineLevel.Notice);
        using StateKeeper keeper = new(Path.GetDirectoryName(Path.GetFullPath(file))!, 1, log);
        using EventLoop loop = new(new LoadedConfig(config, "", 0), 1, keeper, log, signals, () => new LoadedConfig(null, "", 0), Path.GetDirectoryName(Path.GetFullPath(file))!);
        Thread thread = new(loop.Run) { IsBackground = true, Name = "loop" };
        thread.Start();
        Sleep(settleSeconds);
        _ = GC.GetTotalAllocatedBytes(precise: true);
        long packets = Packets(loop);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        Sleep(windowSeconds);
        long after = GC.GetTotalAllocatedBytes(precise: true);
        packets = Packets(loop) - packets;
        GC.KeepAlive(new byte[ControlBytes]);
        long control = GC.GetTotalAllocatedBytes(precise: true) - after;
        Console.WriteLine($"{packets} {after - before} {control}");
        Native.Kill(Environment.ProcessId, Native.SignalTerminate);
        thread.Join(TimeSpan.FromSeconds(10));
        return 0;
    }

    private static void Sleep(int seconds) => Native.SleepUntil(Native.MonotonicNanoseconds + (seconds * 1_000_000_000L));

    private static long Packets(EventLoop loop)
    {
        long packets = 0;
        foreach (PacketCounters counters in loop.Transport.Counters)
        {
            packets += counters.Sent + counters.Received;
        }

        return packets;
    }
}
