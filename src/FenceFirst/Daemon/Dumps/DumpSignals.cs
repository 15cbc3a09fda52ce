using FenceFirst.Core.Node;
using FenceFirst.Daemon.Links;
using FenceFirst.Daemon.Packets;
using FenceFirst.Linux.Events;

namespace FenceFirst.Daemon.Dumps;

/// <summary>Answers the signals that ask for a dump: what it says is gathered on the loop, at one instant; it is written beside it.</summary>
internal sealed class DumpSignals(EventLoop loop, LinkTable links, PhaseTimes times, LogWriter log, string directory)
{
    private readonly DumpWriter _writer = new(log);

    /// <summary>Writes the file that the signal asks for.</summary>
    public void Take(DaemonSignal signal)
    {
        DumpConfig config = loop.Config.Dump;
        DumpSource source = new(loop.Config, loop.State, loop.Transport.Counters, times, links);
        switch (signal)
        {
            case DaemonSignal.WriteState:
                _writer.Post(Or(config.StatePath, "keepalived.data"), StateDump.Write(source));
                break;
            case DaemonSignal.WriteJson:
                _writer.Post(Or(config.JsonPath, "keepalived.json"), JsonDump.Write(source));
                break;
            case DaemonSignal.WriteStatistics or DaemonSignal.WriteAndClearStatistics:
                _writer.Post(Or(config.StatisticsPath, "keepalived.stats"), Statistic.WriteAll(source));
                break;
        }

        if (signal == DaemonSignal.WriteAndClearStatistics)
        {
            times.ClearCounters();
            foreach (PacketCounters counters in source.Counters)
            {
                counters.Clear();
            }
        }
    }

    /// <summary>As written, with a name of our own where it is a directory, and in the directory for dumps where it is only a name (keepalived).</summary>
    private string Or(string path, string name) => Path.Combine(directory, path.Length == 0 ? name : path.EndsWith('/') ? path + name : path);
}
