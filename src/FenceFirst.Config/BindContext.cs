using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config;

/// <summary>What all binders share: the diagnostics, the machine, and the list of interfaces that grows as they are named.</summary>
internal sealed class BindContext(DiagnosticBag diagnostics, MachineFacts facts)
{
    /// <summary>Longest interface name the kernel takes (IFNAMSIZ less the final zero).</summary>
    public const int InterfaceNameLengthMax = 15;

    private readonly List<string> _links = [];
    private readonly HashSet<string> _seen = [];
    private uint _nextRulePriority4 = 16384;
    private uint _nextRulePriority6 = 16384;
    private IReadOnlyCollection<InternetAddress>? _ownAddresses;
    private TrackerBinder? _trackers;

    public DiagnosticBag Diagnostics { get; } = diagnostics;

    public MachineFacts Facts { get; } = facts;

    public ValueReader Values { get; } = new(diagnostics);

    public GlobalSettings Globals { get; } = new();

    public RoutingNames RoutingNames { get; } = new(facts);

    /// <summary>Tracked files and processes.</summary>
    public TrackerBinder Trackers => _trackers ??= new TrackerBinder(this);

    /// <summary>All interfaces named so far.</summary>
    public EquatableArray<string> Links => _links.ToEquatableArray();

    /// <summary>Whether an address belongs to this machine.</summary>
    public bool IsOwnAddress(InternetAddress address) => (_ownAddresses ??= Facts.OwnAddresses()).Contains(address);

    /// <summary>Priority of a rule that has none; keepalived counts down from 16384 for each family.</summary>
    public uint NextRulePriority(bool isIPv6) => isIPv6 ? _nextRulePriority6-- : _nextRulePriority4--;

    /// <summary>Reports what makes an entry unusable; always false.</summary>
    public bool Refuse(DiagnosticCode code, Token at, string message, string hint = "")
    {
        Diagnostics.Add(code, at.Span, message, hint);
        return false;
    }

    /// <summary>Reports what is worth knowing.</summary>
    public void Warn(DiagnosticCode code, Token at, string message, string hint = "") => Diagnostics.Add(code, at.Span, message, hint);

    /// <summary>The index of an interface; -1 when it does not exist, which is reported.</summary>
    public int Link(string name, SourceSpan span)
    {
        int index = _links.IndexOf(name);
        if (index >= 0)
        {
            return index;
        }

        if (name.Length is 0 or > InterfaceNameLengthMax || name.Contains('/') || name is "." or "..")
        {
            Diagnostics.Add(DiagnosticCodes.BadName, span, $"'{name}' cannot be the name of an interface", $"at most {InterfaceNameLengthMax} characters");
            return -1;
        }

        if (!Facts.HasInterface(name))
        {
            Diagnostics.Add(DiagnosticCodes.InterfaceMissing, span, $"interface {name} does not exist on this machine", "`ip link` lists them");
            return -1;
        }

        _links.Add(name);
        return _links.Count - 1;
    }

    /// <summary>Says that a keyword that should stand once in a block stands there again.</summary>
    public void WarnRepeated(IEnumerable<ConfigNode> nodes)
    {
        _seen.Clear();
        foreach (ConfigNode node in nodes)
        {
            if (node.Row is { Opens: null } && !_seen.Add(node.Name))
            {
                bool isFirst = node.Row.Shape == ValueShape.Script || node.Row.IsFirstHeld;
                Diagnostics.Add(node.Row.IsFirstHeld ? DiagnosticCodes.SecondIgnored : DiagnosticCodes.Repeated, node.Span, $"{node.Name} is written again in this block; {(isFirst ? "the first" : "the last")} one holds");
            }
        }
    }
}

/// <summary>What global_defs says, with keepalived's defaults.</summary>
internal sealed class GlobalSettings
{
    public string RouterId { get; set; } = "";

    public UserFacts? ScriptUser { get; set; }

    public bool IsScriptSecurityEnabled { get; set; }

    public byte Version { get; set; } = 2;

    public InternetAddress Group4 { get; set; } = InternetAddress.Parse("224.0.0.18");

    public InternetAddress Group6 { get; set; } = InternetAddress.Parse("ff02::12");

    public int? GarpDelay { get; set; }

    public int? GarpRepeat { get; set; }

    public int? GarpRefresh { get; set; }

    public int? GarpRefreshRepeat { get; set; }

    public int? GarpLowerDelay { get; set; }

    public int? GarpLowerRepeat { get; set; }

    public bool IsMinimalGarp { get; set; }

    /// <summary>Least time between gratuitous ARPs on an interface; zero = none.</summary>
    public TimeSpan ArpInterval { get; set; }

    /// <summary>Least time between neighbour advertisements on an interface; zero = none.</summary>
    public TimeSpan NeighborInterval { get; set; }

    /// <summary>Named pipes, and how scripts are run.</summary>
    public NotifySettings Notify { get; } = new();

    public int DownTimerAdverts { get; set; } = 3;

    public bool IsLowerPriorityUnanswered { get; set; }

    public bool IsHigherPriorityAnswered { get; set; }

    public bool IsUnicastSourceChecked { get; set; }

    public bool IsAddressCheckSkipped { get; set; }

    public bool IsChecksumAsV2 { get; set; }

    /// <summary>vip_lease of instances that say nothing themselves; 0 = off.</summary>
    public int LeaseSeconds { get; set; }

    /// <summary>Whether symbolic links stay in the paths of scripts.</summary>
    public bool KeepsSymbolicLinks { get; set; }

    /// <summary>Interface of static addresses without dev.</summary>
    public ConfigNode? DefaultInterface { get; set; }

    /// <summary>The line that names the watchdog; null = there is none.</summary>
    public ConfigNode? Watchdog { get; set; }

    /// <summary>Dumps that signals ask for.</summary>
    public DumpConfig Dump { get; set; } = new();

    public bool IsUnknownVridLogged { get; set; }

    public int Nice { get; set; }

    public int RealTimePriority { get; set; }

    /// <summary>How long all instances are held after the start.</summary>
    public TimeSpan StartupDelay { get; set; }

    /// <summary>How long all instances are held after the boot of the machine.</summary>
    public TimeSpan DelayAfterBoot { get; set; }

    public bool IsMemoryLocked { get; set; }

    /// <summary>The line that says notify_master_before_vip for all instances; null = it is not there.</summary>
    public ConfigNode? NotifyMasterBeforeVip { get; set; }
}
