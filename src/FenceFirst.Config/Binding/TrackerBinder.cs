using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Keywords;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Tracking;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <summary>A tracker that instances name, with the weight that they use unless they say otherwise.</summary>
internal sealed record BoundTracker(ConfigNode Node, int Index, int Weight, bool IsReversed)
{
    /// <summary>Whether any instance tracks it.</summary>
    public bool IsUsed { get; set; }
}

/// <summary>track_file, vrrp_track_process, interface_up_down_delays and linkbeat_interfaces, and the lines by which instances refer to them.</summary>
/// <remarks>
/// Differs from keepalived, which logs and then runs without a tracker that is misspelt, incomplete or cannot be watched: here that is an error,
/// because an instance must never run without a check that was asked for.
/// </remarks>
internal sealed class TrackerBinder(BindContext context)
{
    /// <summary>The kernel keeps this much of a process's name (TASK_COMM_LEN less the final zero).</summary>
    private const int ProcessNameLengthMax = 15;

    /// <summary>Largest weight of files and processes.</summary>
    private const int WeightMax = 254;

    private static readonly TimeSpan LongestLinkDelay = TimeSpan.FromSeconds(255);

    private readonly Dictionary<string, BoundTracker> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BoundTracker> _processes = new(StringComparer.Ordinal);
    private readonly List<FileTracker> _fileTrackers = [];
    private readonly List<ProcessTracker> _processTrackers = [];
    private readonly List<(ConfigNode Node, LinkDelay Delay)> _delays = [];
    private readonly List<LinkPoll> _polls = [];
    private readonly HashSet<string> _pollingInstances = [];
    private bool _isPollingAll;

    /// <summary>Tracked files so far.</summary>
    public EquatableArray<FileTracker> Files => _fileTrackers.ToEquatableArray();

    /// <summary>Tracked processes so far.</summary>
    public EquatableArray<ProcessTracker> Processes => _processTrackers.ToEquatableArray();

    /// <summary>Reads every definition at the top level.</summary>
    public void Define(List<ConfigNode> root)
    {
        foreach (ConfigNode block in root)
        {
            switch (block.Name)
            {
                case "track_file" or "vrrp_track_file" when block.Words.Count > 1 && IsNew(_files, block):
                    _files.Add(block.Value, File(block));
                    break;
                case "vrrp_track_process" when block.Words.Count > 1 && IsNew(_processes, block):
                    _processes.Add(block.Value, Process(block));
                    break;
                case "linkbeat_interfaces":
                    block.Children.ForEach(Poll);
                    break;
                case "linkbeat_use_polling":
                    _isPollingAll = true;
                    break;
                case "interface_up_down_delays":
                    block.Children.ForEach(Delay);
                    break;
            }
        }
    }

    /// <summary>The own interface of an instance is polled.</summary>
    public void PollOwn(string instance) => _pollingInstances.Add(instance);

    /// <summary>Interfaces that are polled.</summary>
    public EquatableArray<LinkPoll> Polls(List<VrrpConfig> instances)
    {
        IEnumerable<LinkPoll> own = instances
            .Where(instance => instance.Link >= 0 && (_isPollingAll || _pollingInstances.Contains(instance.Name)))
            .Select(instance => new LinkPoll(instance.Link, LinkPollMethod.Any));
        return _polls.Concat(own).DistinctBy(poll => poll.Link).ToEquatableArray();
    }

    /// <summary>The lines of a track_file block in an instance or a sync group.</summary>
    public EquatableArray<TrackReference> FilesOf(List<ConfigNode> nodes) => References(nodes, _files, "track_file");

    /// <summary>The lines of a track_process block in an instance or a sync group.</summary>
    public EquatableArray<TrackReference> ProcessesOf(List<ConfigNode> nodes) => References(nodes, _processes, "vrrp_track_process");

    /// <summary>Says what nobody tracks.</summary>
    public void WarnUnused()
    {
        foreach (BoundTracker tracker in _files.Values.Concat(_processes.Values).Where(tracker => !tracker.IsUsed))
        {
            context.Diagnostics.Add(DiagnosticCodes.TrackerUnused, tracker.Node.Span, $"{tracker.Node.Name} {tracker.Node.Value} is not tracked by any instance: it is not watched");
        }
    }

    /// <summary>A delay as long as the others wait would leave two masters: it is shortened (keepalived.conf(5), interface_up_down_delays).</summary>
    public EquatableArray<LinkDelay> Delays(List<VrrpConfig> instances)
    {
        List<LinkDelay> delays = [];
        foreach ((ConfigNode node, LinkDelay delay) in _delays)
        {
            TimeSpan longest = LongestLinkDelay;
            foreach (VrrpConfig instance in instances.Where(instance => instance.Link == delay.Link))
            {
                TimeSpan bound = (instance.DownTimerAdverts - 1) * instance.AdvertInterval;
                longest = bound < longest ? bound : longest;
            }

            if (delay.Down > longest || delay.Up > longest)
            {
                context.Diagnostics.Add(
                    DiagnosticCodes.LinkDelayReduced,
                    node.Span,
                    $"a delay of {node.Name} is shortened to {longest.TotalSeconds} s, as in keepalived: otherwise another node takes over before this one has noticed",
                    "less than down_timer_adverts - 1 times advert_int");
            }

            LinkDelay bounded = delay with { Down = Shorter(delay.Down, longest), Up = Shorter(delay.Up, longest) };
            delays.Add(bounded);

            // keepalived: a virtual MAC interface has the delays of the one below.
            delays.AddRange(instances.SelectMany(instance => instance.EachVirtualLink()).Where(vmac => vmac.Lower == delay.Link).Select(vmac => bounded with { Link = vmac.Link }));
        }

        return delays.ToEquatableArray();
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private bool IsNew(Dictionary<string, BoundTracker> names, ConfigNode block)
    {
        if (!names.ContainsKey(block.Value))
        {
            return true;
        }

        context.Diagnostics.Add(DiagnosticCodes.DuplicateName, block.ValueSpan, $"there are two {block.Name} {block.Value}", "keepalived would use the first and say nothing");
        return false;
    }

    /// <summary>The lines that count.</summary>
    private static IEnumerable<ConfigNode> Held(ConfigNode block)
    {
        HashSet<string> seen = [];
        return block.Children.Where(node => node.Row is not { IsFirstHeld: true } || seen.Add(node.Name));
    }

    private BoundTracker File(ConfigNode block)
    {
        context.WarnRepeated(block.Children);
        string path = "";
        int weight = 1;
        bool isReversed = false;
        int? initial = null;
        bool isOverwritten = false;
        foreach (ConfigNode node in Held(block))
        {
            switch (node.Name)
            {
                case "file":
                    path = FilePath(node);
                    break;
                case "weight":
                    (weight, isReversed) = Weight(node);
                    break;
                case "init_file":
                    (initial, isOverwritten) = InitFile(node);
                    break;
            }
        }

        if (block.Children.All(node => node.Name != "file"))
        {
            context.Diagnostics.Add(DiagnosticCodes.MissingKeyword, block.Span, $"{block.Name} {block.Value} has no file", "file \"/path/of/the/file\"");
        }

        if (path.Length > 0)
        {
            _fileTrackers.Add(new FileTracker(block.Value, path) { InitialValue = initial, IsOverwritten = isOverwritten });
        }

        return new BoundTracker(block, path.Length > 0 ? _fileTrackers.Count - 1 : -1, weight, isReversed);
    }

    private string FilePath(ConfigNode node)
    {
        string path = node.Value;
        string? reason = null;
        if (!path.StartsWith('/') || path.EndsWith('/') || path.Contains('\0'))
        {
            reason = "is not the absolute path of a file";
        }
        else if (context.Facts.Inspect(path)?.Kind == FileKind.Folder)
        {
            reason = "is a directory";
        }
        else if (context.Facts.Inspect(path)?.Kind == FileKind.Other)
        {
            reason = "is a device, pipe or socket";
        }
        else if (context.Facts.UnwatchableFileSystem?.Invoke(path) is string system)
        {
            reason = $"lies on {system}, where the kernel does not tell of changes";
        }

        if (reason is null)
        {
            return path;
        }

        context.Diagnostics.Add(DiagnosticCodes.TrackedFileBad, node.ValueSpan, $"{path} {reason}: it cannot be tracked", "a regular file on a local file system, for example in /run");
        return "";
    }

    /// <summary>[VALUE] [overwrite].</summary>
    private (int? Initial, bool IsOverwritten) InitFile(ConfigNode node)
    {
        int value = 0;
        bool isOverwritten = false;
        for (int i = 1; i < node.Words.Count; i++)
        {
            if (node.Words[i].Text == "overwrite")
            {
                isOverwritten = true;
            }
            else if (i > 1)
            {
                context.Diagnostics.Add(DiagnosticCodes.UnknownOption, node.Words[i].Span, "only `overwrite` may follow the value", "init_file [VALUE] [overwrite]");
            }
            else
            {
                context.Values.TryInteger(node.Words[i], -int.MaxValue, int.MaxValue, "init_file", out value);
            }
        }

        return (value, isOverwritten);
    }

    private BoundTracker Process(ConfigNode block)
    {
        context.WarnRepeated(block.Children);
        ProcessTracker tracker = new(block.Value, "");
        int weight = 0;
        bool isReversed = false;
        foreach (ConfigNode node in Held(block))
        {
            if (node.Name == "weight")
            {
                (weight, isReversed) = Weight(node);
            }
            else
            {
                tracker = Process(node, tracker);
            }
        }

        tracker = Complete(block, tracker);
        if (tracker.Process.Length > 0)
        {
            _processTrackers.Add(tracker);
        }

        return new BoundTracker(block, tracker.Process.Length > 0 ? _processTrackers.Count - 1 : -1, weight, isReversed);
    }

    private ProcessTracker Process(ConfigNode node, ProcessTracker tracker)
    {
        switch (node.Name)
        {
            case "process" when node.Words.Count > 1:
                return tracker with { Process = node.Value, Parameters = node.Words.Skip(2).Select(word => word.Text).ToEquatableArray() };
            case "param_match":
                bool isKind = context.Values.TryChoice(node, out string kind);
                return tracker with { Match = !isKind ? ParameterMatch.Exact : kind == "initial" ? ParameterMatch.Initial : ParameterMatch.Partial };
            case "full_command":
                return tracker with { IsFullCommand = true };
            case "quorum":
                return context.Values.TryInteger(node, out int quorum) ? tracker with { Quorum = quorum } : tracker;
            case "quorum_max":
                return context.Values.TryInteger(node, out int most) ? tracker with { QuorumMax = most } : tracker;
            case "delay":
                return context.Values.TrySeconds(node, out TimeSpan delay) ? tracker with { ForkDelay = delay, TerminateDelay = delay } : tracker;
            case "fork_delay":
                return context.Values.TrySeconds(node, out TimeSpan fork) ? tracker with { ForkDelay = fork } : tracker;
            case "terminate_delay":
                return context.Values.TrySeconds(node, out TimeSpan terminate) ? tracker with { TerminateDelay = terminate } : tracker;
            default:
                return tracker;
        }
    }

    private ProcessTracker Complete(ConfigNode block, ProcessTracker tracker)
    {
        ConfigNode? process = block.Children.FirstOrDefault(node => node.Name == "process");
        if (process is null)
        {
            context.Diagnostics.Add(DiagnosticCodes.MissingKeyword, block.Span, $"vrrp_track_process {block.Value} has no process", "process NAME");
            return tracker;
        }

        if (tracker.QuorumMax == 0 && block.Children.All(node => node.Name != "quorum"))
        {
            tracker = tracker with { Quorum = 0 };
        }

        if (tracker.QuorumMax < tracker.Quorum)
        {
            context.Diagnostics.Add(
                DiagnosticCodes.OutOfRange, block.Span, $"vrrp_track_process {block.Value}: quorum_max {tracker.QuorumMax} is less than quorum {tracker.Quorum}: it could never be good");
        }

        if (tracker.Match == ParameterMatch.None && !tracker.Parameters.IsEmpty)
        {
            tracker = tracker with { Match = ParameterMatch.Exact };
        }

        tracker = tracker with { IsFullCommand = tracker.IsFullCommand || tracker.Match != ParameterMatch.None };
        if (!tracker.IsFullCommand && (tracker.Process.Contains('/') || System.Text.Encoding.UTF8.GetByteCount(tracker.Process) > ProcessNameLengthMax))
        {
            context.Diagnostics.Add(
                DiagnosticCodes.ProcessNeverMatches,
                process.ValueSpan,
                $"no process is called '{tracker.Process}': the kernel's names have no path and at most {ProcessNameLengthMax} characters",
                $"full_command compares the whole of it with the first word of the command line; or the name as `ps -o comm` shows it");
        }

        return tracker;
    }

    private (int Weight, bool IsReversed) Weight(ConfigNode node) =>
        context.Values.TryWeight(node, out int weight, out bool isReversed) ? (weight, isReversed) : (0, false);

    private void Delay(ConfigNode node)
    {
        const string Shape = "INTERFACE DOWN [UP], in seconds";
        int link = context.Link(node.Name, node.Span);
        if (node.Words.Count is not (2 or 3))
        {
            context.Diagnostics.Add(DiagnosticCodes.UnknownOption, node.Span, $"{node.Name} needs one or two delays", Shape);
            return;
        }

        decimal longest = (decimal)LongestLinkDelay.TotalSeconds;
        TimeSpan up = default;
        if (!context.Values.TrySeconds(node.Words[1], 0, longest, 6, "down delay", out TimeSpan down)
            || (node.Words.Count == 3 && !context.Values.TrySeconds(node.Words[2], 0, longest, 6, "up delay", out up))
            || link < 0)
        {
            return;
        }

        if (_delays.Any(other => other.Delay.Link == link))
        {
            context.Diagnostics.Add(DiagnosticCodes.Repeated, node.Span, $"{node.Name} has its delays already; the first ones hold");
            return;
        }

        // keepalived's manual says "the same as the down delay", its code takes 0.
        _delays.Add((node, new LinkDelay(link, down, node.Words.Count == 3 ? up : down)));
    }

    private void Poll(ConfigNode node)
    {
        LinkPollMethod method = LinkPollMethod.Any;
        bool isKnown = node.Words.Count < 2 || Enum.TryParse(node.Words[1].Text, ignoreCase: true, out method);
        if (node.Words.Count > 2 || !isKnown || (node.Words.Count == 2 && node.Words[1].Text is not ("MII" or "ETHTOOL" or "IOCTL")))
        {
            context.Diagnostics.Add(DiagnosticCodes.BadChoice, node.Span, "linkbeat_interfaces: IF [MII|ETHTOOL|IOCTL], one per line");
            return;
        }

        int link = context.Link(node.Name, node.Span);
        if (link < 0)
        {
            return;
        }

        if (_polls.Exists(other => other.Link == link))
        {
            context.Diagnostics.Add(DiagnosticCodes.Repeated, node.Span, $"{node.Name} is polled already; the first line holds");
            return;
        }

        _polls.Add(new LinkPoll(link, method));
    }

    private EquatableArray<TrackReference> References(List<ConfigNode> nodes, Dictionary<string, BoundTracker> known, string kind)
    {
        if (nodes.Count == 0)
        {
            return [];
        }

        List<TrackReference> references = [];
        foreach (ConfigNode node in nodes)
        {
            if (!known.TryGetValue(node.Name, out BoundTracker? tracker))
            {
                string? nearest = KeywordTable.Nearest(known.Keys, node.Name);
                context.Diagnostics.Add(
                    DiagnosticCodes.UndefinedName,
                    node.Span,
                    $"there is no {kind} {node.Name}: keepalived would run without this check",
                    nearest is null ? $"{kind} NAME {{ ... }} at the top level" : $"did you mean {nearest}?");
                continue;
            }

            tracker.IsUsed = true;
            if (tracker.Node.Order > node.Order)
            {
                context.Diagnostics.Add(
                    DiagnosticCodes.UsedBeforeDefinition, node.Span, $"{kind} {node.Name} is defined further down: keepalived would run without this check, FenceFirst finds it", $"move the {kind} up");
            }

            if (!context.Values.TryWeight(node, -WeightMax, WeightMax, tracker.Weight, tracker.IsReversed, out int weight, out bool isReversed) || tracker.Index < 0)
            {
                continue;
            }

            if (references.Any(reference => reference.Index == tracker.Index))
            {
                context.Diagnostics.Add(DiagnosticCodes.Repeated, node.Span, $"{node.Name} is tracked twice; the first one holds");
                continue;
            }

            references.Add(new TrackReference(tracker.Index, weight, isReversed));
        }

        return references.ToEquatableArray();
    }
}
