using System.Text;
using FenceFirst.Core.Node;

namespace FenceFirst.Core.Tracking;

/// <summary>A file whose first number is tracked (keepalived: track_file). A file that is missing or holds no number counts as 0.</summary>
/// <param name="Name">Name of the block.</param>
/// <param name="Path">Absolute path of the file.</param>
public sealed record FileTracker(string Name, string Path)
{
    /// <summary>Number written into the file at start when it does not exist; absent = the file is not made (init_file).</summary>
    public int? InitialValue { get; init; }

    /// <summary>Whether <see cref="InitialValue"/> also replaces what the file holds at start; default false (init_file overwrite).</summary>
    public bool IsOverwritten { get; init; }
}

/// <summary>How the parameters of a process are compared (keepalived: param_match).</summary>
public enum ParameterMatch : byte
{
    /// <summary>Not at all.</summary>
    None = 0,

    /// <summary>All of them and no others.</summary>
    Exact,

    /// <summary>As exact, but more characters and parameters may follow (initial).</summary>
    Initial,

    /// <summary>The first ones; more parameters may follow (partial).</summary>
    Partial,
}

/// <summary>Processes that are counted (keepalived: vrrp_track_process). Good while their number is from <see cref="Quorum"/> to <see cref="QuorumMax"/>.</summary>
/// <param name="Name">Name of the block.</param>
/// <param name="Process">The process's name as in /proc/PID/comm, or its first argument with <see cref="IsFullCommand"/>.</param>
public sealed record ProcessTracker(string Name, string Process)
{
    /// <summary>Parameters compared as <see cref="Match"/> says.</summary>
    public EquatableArray<string> Parameters { get; init; }

    /// <summary>How the parameters are compared; default not at all, exact when there are any (param_match).</summary>
    public ParameterMatch Match { get; init; }

    /// <summary>Whether the command line is compared instead of the name; default false, true when parameters are (full_command).</summary>
    public bool IsFullCommand { get; init; }

    /// <summary>Fewest processes, 0..65535; default 1, 0 when <see cref="QuorumMax"/> is 0 (quorum).</summary>
    public int Quorum { get; init; } = 1;

    /// <summary>Most processes, 0..65535; default no bound (quorum_max).</summary>
    public int QuorumMax { get; init; } = int.MaxValue;

    /// <summary>How long a change caused by a process that began must last before it counts; default 0 (fork_delay, delay).</summary>
    public TimeSpan ForkDelay { get; init; }

    /// <summary>How long a change caused by a process that ended must last before it counts; default 0 (terminate_delay, delay).</summary>
    public TimeSpan TerminateDelay { get; init; }

    /// <summary>Whether the number is within the bounds.</summary>
    public bool IsQuorum(int count) => count >= Quorum && count <= QuorumMax;
}

/// <summary>Debounces an interface (keepalived: interface_up_down_delays).</summary>
/// <param name="Link">Index into <see cref="NodeConfig.Links"/>.</param>
/// <param name="Down">How long it must be down before it counts as down; 0..255 s.</param>
/// <param name="Up">How long it must be up before it counts as up; 0..255 s; default as <paramref name="Down"/>.</param>
public readonly record struct LinkDelay(int Link, TimeSpan Down, TimeSpan Up);

/// <summary>How a driver is asked for its carrier (keepalived: linkbeat_interfaces).</summary>
public enum LinkPollMethod : byte
{
    /// <summary>The first of the others that works.</summary>
    Any,

    /// <summary>The registers of the transceiver (SIOCGMIIREG).</summary>
    Mii,

    /// <summary>ETHTOOL_GLINK.</summary>
    Ethtool,

    /// <summary>The flags of the interface (SIOCGIFFLAGS), which the other ways look at too.</summary>
    Ioctl,
}

/// <summary>An interface whose carrier is asked for once a second, instead of waiting for the kernel to tell (keepalived: linkbeat_interfaces).</summary>
/// <param name="Link">Index into <see cref="NodeConfig.Links"/>.</param>
/// <param name="Method">How.</param>
public readonly record struct LinkPoll(int Link, LinkPollMethod Method);

/// <summary>What a <see cref="ProcessTracker"/> looks for, as bytes, so that a comparison allocates nothing.</summary>
public sealed class ProcessPattern
{
    private readonly byte[] _name;
    private readonly byte[] _parameters;
    private readonly ProcessTracker _tracker;

    /// <summary>Prepares the comparison.</summary>
    public ProcessPattern(ProcessTracker tracker)
    {
        _tracker = tracker;
        _name = Encoding.UTF8.GetBytes(tracker.Process);
        StringBuilder parameters = new();
        foreach (string parameter in tracker.Parameters)
        {
            parameters.Append(parameter).Append('\0');
        }

        _parameters = Encoding.UTF8.GetBytes(parameters.ToString());
    }

    /// <summary>Whether the command line is needed.</summary>
    public bool IsFullCommand => _tracker.IsFullCommand;

    /// <summary>Bytes of the command line that decide.</summary>
    public int CommandLineBytes => _name.Length + 1 + _parameters.Length + 1;

    /// <summary>Whether a process is one of those looked for.</summary>
    /// <param name="name">Its name, /proc/PID/comm without the line's end.</param>
    /// <param name="commandLine">Its arguments, each ended by a zero byte (/proc/PID/cmdline), at least <see cref="CommandLineBytes"/> if it has as many.</param>
    public bool Matches(ReadOnlySpan<byte> name, ReadOnlySpan<byte> commandLine)
    {
        if (!_tracker.IsFullCommand)
        {
            return name.SequenceEqual(_name);
        }

        int end = commandLine.IndexOf((byte)0);
        ReadOnlySpan<byte> first = end < 0 ? commandLine : commandLine[..end];
        ReadOnlySpan<byte> rest = end < 0 ? default : commandLine[(end + 1)..];
        return first.SequenceEqual(_name) && _tracker.Match switch
        {
            ParameterMatch.None => true,
            ParameterMatch.Exact => rest.SequenceEqual(_parameters),
            ParameterMatch.Partial => rest.StartsWith(_parameters),

            // Without the zero that ends the last one.
            ParameterMatch.Initial => _parameters.Length == 0 || rest.StartsWith(_parameters.AsSpan(0, _parameters.Length - 1)),
        };
    }
}
