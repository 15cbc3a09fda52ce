using System.Globalization;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Keywords;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Sim;

namespace FenceFirst.Simulate;

/// <summary>Reads scenarios (docs/simulate.md). Never throws, whatever the text holds: the answer is a scenario or a list of problems.</summary>
/// <remarks>One statement per line. <c>at TIME</c> stands before an action or an expectation; an action without it happens at the beginning.</remarks>
internal sealed partial class ScenarioParser
{
    /// <summary>Longest scenario that is read, in lines.</summary>
    public const int LinesMax = 10_000;

    /// <summary>Longest time that can be said: one day.</summary>
    private const long TimeMax = 86_400 * Nano.Second;

    private static readonly string[] Statements =
    [
        "at", "expect", "for", "begin", "address", "cut", "heal", "power-off", "power-on", "kill", "start", "stop", "pause", "suspend", "link-down", "link-up",
        "handover", "maintenance", "confirm", "retry", "fence", "device", "script", "loss", "delay",
    ];

    private static readonly string[] FenceWords = ["works", "fails", "hangs", "lies", "reports-early", "unreachable", "reboots", "takes"];
    private static readonly string[] ScriptWords = ["works", "fails", "hangs", "takes"];
    private static readonly string[] StateWords = ["master", "backup", "promoting", "demoting", "fault", "owner", "off", "dead", "fenced"];

    private readonly DiagnosticBag _diagnostics;
    private readonly int _nodes;
    private readonly IReadOnlyList<NodeConfig>? _configs;
    private readonly List<ScenarioAction> _actions = [];
    private readonly List<ScenarioClaim> _claims = [];
    private readonly List<(long At, ScenarioLine Line)> _timed = [];
    private readonly InternetAddress[] _addresses;
    private long _duration = Nano.Never;
    private long _last;
    private bool _isCold;
    private int _firstMaster = -1;
    private bool _hasBegun;

    private ScenarioParser(int nodes, IReadOnlyList<NodeConfig>? configs, DiagnosticBag diagnostics)
    {
        (_nodes, _configs, _diagnostics) = (nodes, configs, diagnostics);
        _addresses = new InternetAddress[nodes];
    }

    /// <summary>Reads a scenario.</summary>
    /// <param name="source">Its text.</param>
    /// <param name="nodes">Number of nodes, 1 to 26: a, b, c …</param>
    /// <param name="configs">Their configurations, instances in the same order; null = names are not looked up.</param>
    /// <param name="diagnostics">Problems are added here.</param>
    /// <param name="addresses">Addresses that the scenario gives to nodes; absent where it gives none.</param>
    public static Scenario Parse(SourceText source, int nodes, IReadOnlyList<NodeConfig>? configs, DiagnosticBag diagnostics, out InternetAddress[] addresses)
    {
        ScenarioParser parser = new(nodes, configs, diagnostics);
        addresses = parser._addresses;
        if (source.LineCount > LinesMax)
        {
            diagnostics.Add(ScenarioCodes.TooLong, new SourceSpan(source, LinesMax, 1, 1), $"a scenario has at most {LinesMax} lines");
            return new Scenario();
        }

        for (int number = 1; number <= source.LineCount; number++)
        {
            ScenarioLine line = new(source, number, diagnostics);
            if (!line.IsEmpty)
            {
                parser.Statement(line);
            }
        }

        return parser.Finish();
    }

    private Scenario Finish()
    {
        long duration = _duration == Nano.Never ? _last + Scenario.DurationAfterLast : _duration;
        foreach ((long at, ScenarioLine line) in _timed)
        {
            if (at > duration)
            {
                line.ComplainOfLast(ScenarioCodes.NeverReached, $"the scenario ends at {Seconds(duration)}, before this", $"for {Seconds(at + (10 * Nano.Second))}");
            }
        }

        return new Scenario
        {
            Duration = duration,
            IsCold = _isCold,
            FirstMaster = _firstMaster,
            Actions = [.. _actions.OrderBy(action => action.At)],
            Claims = _claims,
        };
    }

    private static string Seconds(long nanoseconds) => (nanoseconds / 1e9).ToString("0.###", CultureInfo.InvariantCulture);

    private void Statement(ScenarioLine line)
    {
        long at = 0;
        bool isTimed = line.Skip("at");
        if (isTimed)
        {
            if (!TryTime(line, "at TIME ACTION, for example: at 3.2 cut a b", out at))
            {
                return;
            }

            _timed.Add((at, line));
            _last = Math.Max(_last, at);
        }

        int from = line.Taken;
        string word = line.Take();
        bool isGood = word switch
        {
            "expect" => Expect(line, isTimed ? at : -1, from),
            "for" or "begin" or "address" or "at" when isTimed => Refuse(line, ScenarioCodes.UnknownWord, $"'{word}' has no time", $"write it on a line of its own, without at"),
            "for" => For(line),
            "begin" => Begin(line),
            "address" => Address(line),
            _ => Action(line, word, at, from),
        };
        if (isGood && !line.IsAtEnd)
        {
            line.Complain(ScenarioCodes.ExtraWord, $"the statement ends before '{line.Next}'");
        }
    }

    private static bool Refuse(ScenarioLine line, DiagnosticCode code, string message, string hint = "")
    {
        line.ComplainOfLast(code, message, hint);
        return false;
    }

    private bool For(ScenarioLine line)
    {
        if (_duration != Nano.Never)
        {
            return Refuse(line, ScenarioCodes.Repeated, "the duration was said before");
        }

        return TryTime(line, "for TIME, for example: for 60", out _duration);
    }

    private bool Begin(ScenarioLine line)
    {
        if (_hasBegun)
        {
            return Refuse(line, ScenarioCodes.Repeated, "the beginning was said before");
        }

        _hasBegun = true;
        if (line.Skip("cold"))
        {
            _isCold = true;
            return true;
        }

        if (!line.Skip("with"))
        {
            Unknown(line, "begin", ["cold", "with"], "begin cold, or: begin with NODE");
            return false;
        }

        return TryNode(line, "begin with NODE", out _firstMaster);
    }

    private bool Address(ScenarioLine line)
    {
        if (!TryNode(line, "address NODE ADDRESS", out int node))
        {
            return false;
        }

        if (!InternetAddress.TryParse(line.Next, out InternetAddress address))
        {
            line.Complain(line.IsAtEnd ? ScenarioCodes.MissingWord : ScenarioCodes.UnknownName, line.IsAtEnd ? "an address is missing" : $"'{line.Next}' is no address", "address a 192.0.2.1");
            return false;
        }

        _addresses[node] = address;
        line.Take();
        return true;
    }

    private bool Action(ScenarioLine line, string word, long at, int from)
    {
        switch (word)
        {
            case "cut":
                return Cut(line, at, from);
            case "heal":
                return Heal(line, at, from);
            case "power-off":
                return OnNode(line, word, at, ActionKind.PowerOff, from);
            case "power-on":
                return OnNode(line, word, at, ActionKind.PowerOn, from);
            case "kill":
                return OnNode(line, word, at, ActionKind.Kill, from);
            case "start":
                return OnNode(line, word, at, ActionKind.Start, from);
            case "stop":
                return OnNode(line, word, at, ActionKind.Stop, from);
            case "link-down":
                return OnNode(line, word, at, ActionKind.LinkDown, from);
            case "link-up":
                return OnNode(line, word, at, ActionKind.LinkUp, from);
            case "pause":
                return Halt(line, word, at, ActionKind.Pause, from);
            case "suspend":
                return Halt(line, word, at, ActionKind.Suspend, from);
            case "handover":
                return Handover(line, at, from);
            case "retry":
                return TryNode(line, "retry NODE [INSTANCE]", out int node) && Add(line, from, new ScenarioAction(at, ActionKind.Retry) { Node = node, Instance = Instance(line) });
            case "maintenance":
                return Maintenance(line, at, from);
            case "confirm":
                return Confirm(line, at, from);
            case "fence":
                return Fence(line, at, from);
            case "device":
                return Device(line, at, from);
            case "script":
                return Script(line, at, from);
            case "loss":
                return Loss(line, at, from);
            case "delay":
                return TryTime(line, "delay TIME, for example: delay 200ms", out long delay)
                    && Paths(line, at, from, new ScenarioAction(at, ActionKind.Delay) { Duration = delay }, isAllGood: true);
            case "":
                line.Complain(ScenarioCodes.MissingWord, "what happens then?", "at TIME ACTION, for example: at 3.2 cut a b");
                return false;
            default:
                string? nearest = Nearest(word, Statements);
                return Refuse(line, ScenarioCodes.UnknownWord, $"'{word}' is no statement", nearest is null ? $"one of: {string.Join(", ", Statements)}" : $"did you mean '{nearest}'?");
        }
    }

    private bool Add(ScenarioLine line, int from, ScenarioAction action)
    {
        _actions.Add(action with { Text = line.TextFrom(from) });
        return true;
    }

    private bool Cut(ScenarioLine line, long at, int from) => Paths(line, at, from, new ScenarioAction(at, ActionKind.Cut), isAllGood: false);

    private bool Heal(ScenarioLine line, long at, int from) => Paths(line, at, from, new ScenarioAction(at, ActionKind.Heal), isAllGood: true);

    /// <summary>Nothing (all paths), <c>a</c> (all of a), <c>a b</c> (both directions) or <c>a -&gt; b</c> (one); behind a cut <c>adverts</c>.</summary>
    private bool Paths(ScenarioLine line, long at, int from, ScenarioAction action, bool isAllGood)
    {
        if (line.IsAtEnd && isAllGood)
        {
            return Add(line, from, action);
        }

        const string Usage = "cut a b, or in one direction: cut a -> b";
        if (!TryNode(line, Usage, out int one))
        {
            return false;
        }

        bool isOneWay = line.Skip(ScenarioLine.Arrow);
        int other = -1;
        if ((isOneWay || (!line.IsAtEnd && line.Next != "adverts")) && !TryNode(line, Usage, out other))
        {
            return false;
        }

        if (other == one)
        {
            return Refuse(line, ScenarioCodes.UnknownNode, "a node always reaches itself", Usage);
        }

        if (action.Kind == ActionKind.Cut && line.Skip("adverts"))
        {
            action = action with { Kind = ActionKind.CutAdverts };
        }

        Add(line, from, action with { Node = one, Other = other });
        if (!isOneWay)
        {
            _actions.Add(action with { Node = other, Other = one });
        }

        return true;
    }

    private bool OnNode(ScenarioLine line, string word, long at, ActionKind kind, int from) =>
        TryNode(line, $"{word} NODE", out int node) && Add(line, from, new ScenarioAction(at, kind) { Node = node });

    private bool Halt(ScenarioLine line, string word, long at, ActionKind kind, int from)
    {
        string usage = $"{word} NODE for TIME, for example: {word} a for 10";
        if (!TryNode(line, usage, out int node))
        {
            return false;
        }

        if (!line.Skip("for"))
        {
            line.Complain(line.IsAtEnd ? ScenarioCodes.MissingWord : ScenarioCodes.UnknownWord, $"for how long?", usage);
            return false;
        }

        return TryTime(line, usage, out long duration) && Add(line, from, new ScenarioAction(at, kind) { Node = node, Duration = duration });
    }

    private bool Handover(ScenarioLine line, long at, int from)
    {
        const string Usage = "handover NODE [INSTANCE] [within TIME]";
        if (!TryNode(line, Usage, out int node))
        {
            return false;
        }

        int instance = Instance(line);
        long within = 60 * Nano.Second;
        return (!line.Skip("within") || TryTime(line, Usage, out within))
            && Add(line, from, new ScenarioAction(at, ActionKind.Handover) { Node = node, Instance = instance, Duration = within });
    }

    private bool Maintenance(ScenarioLine line, long at, int from)
    {
        const string Usage = "maintenance NODE on [for TIME], or: maintenance NODE off";
        if (!TryNode(line, Usage, out int node))
        {
            return false;
        }

        if (line.Skip("off"))
        {
            return Add(line, from, new ScenarioAction(at, ActionKind.MaintenanceOff) { Node = node });
        }

        if (!line.Skip("on"))
        {
            Unknown(line, "maintenance", ["on", "off"], Usage);
            return false;
        }

        long duration = Nano.Never;
        return (!line.Skip("for") || TryTime(line, Usage, out duration))
            && Add(line, from, new ScenarioAction(at, ActionKind.MaintenanceOn) { Node = node, Duration = duration });
    }

    private bool Confirm(ScenarioLine line, long at, int from)
    {
        const string Usage = "confirm NODE on NODE: an operator says on the second one that the first one is down";
        if (!TryNode(line, Usage, out int target))
        {
            return false;
        }

        if (!line.Skip("on"))
        {
            line.Complain(line.IsAtEnd ? ScenarioCodes.MissingWord : ScenarioCodes.UnknownWord, "on which node does the operator say so?", Usage);
            return false;
        }

        return TryNode(line, Usage, out int node)
            && Add(line, from, new ScenarioAction(at, ActionKind.Confirm) { Node = node, Other = target, Instance = Instance(line) });
    }

    private bool Fence(ScenarioLine line, long at, int from)
    {
        const string Usage = "fence TARGET [by NODE] works|fails|hangs|lies|reports-early|unreachable|reboots [takes TIME]";
        int node = -1;
        return TryNode(line, Usage, out int target)
            && (!line.Skip("by") || TryNode(line, Usage, out node))
            && TryBehaviour(line, FenceWords, Usage, out Behaviour behaviour)
            && Add(line, from, new ScenarioAction(at, ActionKind.Fence) { Node = node, Other = target, Behaviour = behaviour });
    }

    private bool Device(ScenarioLine line, long at, int from)
    {
        const string Usage = "device NAME works|fails|hangs|lies|reports-early|unreachable|reboots [takes TIME]";
        return TryName(line, "fence_device", NamesIn.Devices, -1, Usage, out string name)
            && TryBehaviour(line, FenceWords, Usage, out Behaviour behaviour)
            && Add(line, from, new ScenarioAction(at, ActionKind.Fence) { Name = name, Behaviour = behaviour });
    }

    private bool Script(ScenarioLine line, long at, int from)
    {
        const string Usage = "script NAME [on NODE] works|fails|hangs [takes TIME]";
        if (!TryName(line, "script or step", NamesIn.Scripts, -1, Usage, out string name))
        {
            return false;
        }

        int node = -1;
        return (!line.Skip("on") || TryNode(line, Usage, out node))
            && TryBehaviour(line, ScriptWords, Usage, out Behaviour behaviour)
            && Add(line, from, new ScenarioAction(at, ActionKind.Script) { Node = node, Name = name, Behaviour = behaviour });
    }

    private bool Loss(ScenarioLine line, long at, int from)
    {
        const string Usage = "loss 10%, or on one path: loss 10% a -> b";
        string word = line.Take();
        if (!double.TryParse(word.TrimEnd('%'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent) || percent is < 0 or > 100)
        {
            return Refuse(line, word.Length == 0 ? ScenarioCodes.MissingWord : ScenarioCodes.BadTime, word.Length == 0 ? "how much is lost?" : $"'{word}' is no share from 0% to 100%", Usage);
        }

        return Paths(line, at, from, new ScenarioAction(at, ActionKind.Loss) { Number = (int)Math.Round(percent * 10) }, isAllGood: true);
    }

    private static bool TryBehaviour(ScenarioLine line, string[] words, string usage, out Behaviour behaviour)
    {
        behaviour = default;
        if (line.IsAtEnd)
        {
            line.Complain(ScenarioCodes.MissingWord, "what does it do?", usage);
            return false;
        }

        bool isFirst = true;
        while (!line.IsAtEnd)
        {
            if (line.Skip("takes"))
            {
                if (!TryTime(line, usage, out long takes))
                {
                    return false;
                }

                behaviour = behaviour with { Takes = Math.Max(1, takes) };
            }
            else if (isFirst && words.Contains(line.Next))
            {
                behaviour = behaviour with
                {
                    Kind = line.Take() switch
                    {
                        "works" => BehaviourKind.Works,
                        "fails" => BehaviourKind.Fails,
                        "hangs" => BehaviourKind.Hangs,
                        "lies" => BehaviourKind.Lies,
                        "reports-early" => BehaviourKind.ReportsEarly,
                        "unreachable" => BehaviourKind.Unreachable,
                        _ => BehaviourKind.Reboots,
                    },
                };
            }
            else if (isFirst)
            {
                Unknown(line, "this", words, usage);
                return false;
            }
            else
            {
                break;
            }

            isFirst = false;
        }

        return true;
    }

    /// <summary>An instance by name; -1 = none is named.</summary>
    private int Instance(ScenarioLine line)
    {
        if (line.IsAtEnd || line.Next == "within")
        {
            return -1;
        }

        string name = line.Next;
        if (_configs is null)
        {
            line.Take();
            return -1;
        }

        string[] names = [.. _configs[0].Instances.Select(instance => instance.Name)];
        int index = Array.IndexOf(names, name);
        if (index < 0)
        {
            line.Complain(ScenarioCodes.UnknownName, $"there is no instance '{name}'", Hint(name, names));
        }

        line.Take();
        return index;
    }

    private enum NamesIn
    {
        Devices,
        Scripts,
    }

    private bool TryName(ScenarioLine line, string what, NamesIn where, int node, string usage, out string name)
    {
        name = "";
        if (line.IsAtEnd)
        {
            line.Complain(ScenarioCodes.MissingWord, $"the name of a {what} is missing", usage);
            return false;
        }

        name = line.Take();
        if (_configs is null)
        {
            return true;
        }

        HashSet<string> names = [];
        foreach (NodeConfig config in _configs.Where((_, i) => node < 0 || node == i))
        {
            names.UnionWith(where == NamesIn.Devices ? config.FenceDevices.Select(device => device.Name) : Programs(config));
        }

        if (names.Contains(name))
        {
            return true;
        }

        return Refuse(line, ScenarioCodes.UnknownName, $"no file has a {what} '{name}'", Hint(name, [.. names.Order(StringComparer.Ordinal)]));
    }

    /// <summary>What <c>script</c> can speak of: check scripts, and the checks and runs of promotions and demotions by the names they have in the log.</summary>
    private static IEnumerable<string> Programs(NodeConfig config) =>
        config.Scripts.Select(script => script.Name)
            .Concat(config.Instances.SelectMany(instance => instance.Promotion is { } plan ? plan.Steps.Where(step => step.Kind != Core.Promotion.StepKind.Fence).Select(step => step.Name) : []))
            .Concat(config.Instances.SelectMany(instance => instance.Demotion is { } plan ? plan.Steps.Select(step => step.Name) : []));

    private bool TryNode(ScenarioLine line, string usage, out int node)
    {
        node = -1;
        if (line.IsAtEnd)
        {
            line.Complain(ScenarioCodes.MissingWord, "which node?", usage);
            return false;
        }

        string word = line.Take();
        node = word.Length == 1 && word[0] >= 'a' && word[0] < 'a' + _nodes ? word[0] - 'a' : -1;
        return node >= 0 || Refuse(line, ScenarioCodes.UnknownNode, $"'{word}' is no node", $"there are {string.Join(", ", Enumerable.Range(0, _nodes).Select(SimCluster.NameOf))}, in the order of the -f options");
    }

    private static bool TryTime(ScenarioLine line, string usage, out long time)
    {
        time = 0;
        if (line.IsAtEnd)
        {
            line.Complain(ScenarioCodes.MissingWord, "a time is missing", usage);
            return false;
        }

        string word = line.Take();
        (string digits, double unit) = word switch
        {
            _ when word.EndsWith("ms", StringComparison.Ordinal) => (word[..^2], 0.001),
            _ when word.EndsWith("min", StringComparison.Ordinal) => (word[..^3], 60.0),
            _ when word.EndsWith('m') => (word[..^1], 60.0),
            _ when word.EndsWith('s') => (word[..^1], 1.0),
            _ => (word, 1.0),
        };
        if (!double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) || value * unit * Nano.Second > TimeMax)
        {
            return Refuse(line, ScenarioCodes.BadTime, $"'{word}' is no time from 0 to one day", "seconds: 3, 3.2, 40s; or 200ms, 5min");
        }

        time = (long)Math.Round(value * unit * Nano.Second);
        return true;
    }

    private static void Unknown(ScenarioLine line, string after, string[] words, string usage)
    {
        if (line.IsAtEnd)
        {
            line.Complain(ScenarioCodes.MissingWord, $"a word is missing: one of {string.Join(", ", words)}", usage);
            return;
        }

        string? nearest = Nearest(line.Next, words);
        line.Complain(ScenarioCodes.UnknownWord, $"'{line.Next}' cannot stand after '{after}'", nearest is null ? usage : $"did you mean '{nearest}'? {usage}");
    }

    private static string Hint(string name, string[] names) =>
        Nearest(name, names) is string nearest ? $"did you mean '{nearest}'?" : names.Length == 0 ? "there is none" : $"there are: {string.Join(", ", names)}";

    private static string? Nearest(string word, IReadOnlyCollection<string> words)
    {
        string? nearest = words.MinBy(each => KeywordTable.Distance(each, word));
        return nearest is not null && KeywordTable.Distance(nearest, word) <= Math.Max(1, word.Length / 3) ? nearest : null;
    }
}
