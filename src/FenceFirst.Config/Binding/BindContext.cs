using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Keywords;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Node;

namespace FenceFirst.Config.Binding;

/// <summary>What all binders share: the diagnostics, the machine, and the list of interfaces that grows as they are named.</summary>
internal sealed class BindContext(DiagnosticBag diagnostics, MachineFacts facts)
{
    /// <summary>Longest interface name the kernel takes (IFNAMSIZ less the final zero).</summary>
    public const int InterfaceNameLengthMax = 15;

    private readonly List<string> _links = [];
    private uint _nextRulePriority4 = 16384;
    private uint _nextRulePriority6 = 16384;
    private IReadOnlyCollection<InternetAddress>? _ownAddresses;
    private TrackerBinder? _trackers;

    public DiagnosticBag Diagnostics { get; } = diagnostics;

    public MachineFacts Facts { get; } = facts;

    public ValueReader Values { get; } = new(diagnostics);

    public GlobalSettings Globals { get; } = new();

    /// <summary>Programs as written, with the user that runs them, of which nothing was to be said, and where they are.</summary>
    public Dictionary<(string Written, UserFacts User), string> GoodPrograms { get; } = [];

    public RoutingNames RoutingNames { get; } = new(facts);

    /// <summary>Files of which was said that their scripts run without enable_script_security.</summary>
    public HashSet<SourceText> WithoutSecurity { get; } = [];

    /// <summary>Tracked files and processes.</summary>
    public TrackerBinder Trackers => _trackers ??= new TrackerBinder(this);

    /// <summary>Names of the interfaces that the daemon makes.</summary>
    public VmacNames VmacNames { get; } = new();

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

    /// <summary>The index of an interface; -1 when it does not exist and has to, which is reported.</summary>
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

        if (!VmacNames.IsGiven(name) && !Facts.HasInterface(name) && Globals.AwaitsInterfaces)
        {
            Diagnostics.Add(DiagnosticCodes.InterfaceAwaited, span, $"interface {name} does not exist yet: what needs it is in Fault until it does", "dynamic_interfaces allows it; `ip link` lists those that exist");
        }
        else if (!VmacNames.IsGiven(name) && !Facts.HasInterface(name))
        {
            Diagnostics.Add(DiagnosticCodes.InterfaceMissing, span, $"interface {name} does not exist on this machine", "`ip link` lists them; dynamic_interfaces in global_defs waits for one that comes later");
            return -1;
        }

        _links.Add(name);
        return _links.Count - 1;
    }

    /// <summary>The index of an interface that the daemon makes; whether it exists is not asked.</summary>
    public int NewLink(string name)
    {
        int index = _links.IndexOf(name);
        if (index < 0)
        {
            _links.Add(name);
            index = _links.Count - 1;
        }

        return index;
    }

    /// <summary>Says that a keyword that should stand once in a block stands there again.</summary>
    public void WarnRepeated(List<ConfigNode> nodes)
    {
        // Looking back is cheaper than a set, in the short blocks that people write.
        const int Short = 32;
        HashSet<Keyword>? seen = nodes.Count > Short ? new(ReferenceEqualityComparer.Instance) : null;
        for (int i = 0; i < nodes.Count; i++)
        {
            ConfigNode node = nodes[i];
            if (node.Row is { Opens: null } && (seen is null ? IsWrittenBefore(nodes, i) : !seen.Add(node.Row)))
            {
                bool isFirst = node.Row.Shape == ValueShape.Script || node.Row.IsFirstHeld;
                Diagnostics.Add(node.Row.IsFirstHeld ? DiagnosticCodes.SecondIgnored : DiagnosticCodes.Repeated, node.Span, $"{node.Name} is written again in this block; {(isFirst ? "the first" : "the last")} one holds");
            }
        }
    }

    /// <summary>Whether an earlier node of the block has the same row.</summary>
    private static bool IsWrittenBefore(List<ConfigNode> nodes, int index)
    {
        for (int i = 0; i < index; i++)
        {
            if (ReferenceEquals(nodes[i].Row, nodes[index].Row))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>What global_defs says, with keepalived's defaults.</summary>
internal sealed class GlobalSettings
{
    private const string KeepalivedPrefix = "vrrp";

    public string RouterId { get; set; } = "";

    public UserFacts? ScriptUser { get; set; }

    public bool IsScriptSecurityEnabled { get; set; }

    /// <summary>Whether interfaces may be missing (dynamic_interfaces).</summary>
    public bool AwaitsInterfaces { get; set; }

    /// <summary>Whether every program runs with all groups of its user (set_supplementary_groups).</summary>
    public bool HasSupplementaryGroups { get; set; }

    public byte Version { get; set; } = 2;

    public InternetAddress Group4 { get; set; } = InternetAddress.Parse("224.0.0.18");

    public InternetAddress Group6 { get; set; } = InternetAddress.Parse("ff02::12");

    public int? GarpDelay { get; set; }

    public int? GarpRepeat { get; set; }

    public int? GarpRefresh { get; set; }

    public int? GarpRefreshRepeat { get; set; }

    public int? GarpLowerDelay { get; set; }

    /// <summary>Announcements on interfaces from which no adverts leave.</summary>
    public (TimeSpan Interval, bool IsForAll) GarpExtra { get; set; }

    public int? GarpLowerRepeat { get; set; }

    public bool IsMinimalGarp { get; set; }

    /// <summary>Least time between gratuitous ARPs on an interface; zero = none.</summary>
    public TimeSpan ArpInterval { get; set; }

    /// <summary>Least time between neighbour advertisements on an interface; zero = none.</summary>
    public TimeSpan NeighborInterval { get; set; }

    /// <summary>Named pipes, and how scripts are run.</summary>
    public NotifySettings Notify { get; } = new();

    /// <summary>Mail.</summary>
    public MailSettings Mail { get; } = new();

    public int DownTimerAdverts { get; set; } = 3;

    public bool IsLowerPriorityUnanswered { get; set; }

    public bool IsHigherPriorityAnswered { get; set; }

    public bool IsUnicastSourceChecked { get; set; }

    /// <summary>vrrp_strict.</summary>
    public bool IsStrict { get; set; }

    /// <summary>vrrp_owner_ignore_adverts.</summary>
    public bool IsIgnoringAdverts { get; set; }

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

    /// <summary>Whether nftables was written: the first one holds.</summary>
    public bool IsFilterNamed { get; set; }

    /// <summary>The packet filter of no_accept.</summary>
    public FilterConfig Filter { get; set; } = new();

    /// <summary>Dumps that signals ask for.</summary>
    public DumpConfig Dump { get; set; } = new();

    public bool IsUnknownVridLogged { get; set; }

    /// <summary>How names of use_vmac interfaces begin; null = as keepalived's.</summary>
    public string? VmacPrefix { get; set; }

    /// <summary>How names of use_vmac_addr interfaces begin; null = as the others.</summary>
    public string? VmacAddressPrefix { get; set; }

    /// <summary>How names of the interfaces of instances, or of single addresses, begin.</summary>
    public string PrefixOf(bool isOfAddress) => (isOfAddress ? VmacAddressPrefix : null) ?? VmacPrefix ?? KeepalivedPrefix;

    public int Nice { get; set; }

    public int RealTimePriority { get; set; }

    /// <summary>How long all instances are held after the start.</summary>
    public TimeSpan StartupDelay { get; set; }

    /// <summary>How long all instances are held after the boot of the machine.</summary>
    public TimeSpan DelayAfterBoot { get; set; }

    public bool IsMemoryLocked { get; set; }

    /// <summary>The lines of startup_script and shutdown_script: their user may be said further down.</summary>
    public ConfigNode? StartupScript { get; set; }

    public ConfigNode? ShutdownScript { get; set; }

    public int StartupTimeout { get; set; } = 10;

    public int ShutdownTimeout { get; set; } = 10;

    /// <summary>The line that says notify_master_before_vip for all instances; null = it is not there.</summary>
    public ConfigNode? NotifyMasterBeforeVip { get; set; }
}
