using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <summary>The entries of virtual_rules and static_rules: iproute2's language as keepalived reads it.</summary>
internal sealed class RuleBinder(BindContext context, bool isStatic = false)
{
    private const byte KeepalivedProtocol = 18;

    private readonly RoutingNames _names = context.RoutingNames;
    private VirtualRule _rule = new(false, 0, 0);
    private bool? _isIPv6;
    private bool _hasAction;
    private bool _hasTableOption;
    private bool _hasProtocol;
    private uint? _priority;

    /// <summary>The track_group of the last static entry; null = none.</summary>
    public Token? TrackGroup { get; private set; }

    /// <summary>One rule, or null when it cannot be used, which is reported.</summary>
    /// <param name="entry">The line.</param>
    /// <param name="isIPv6">Family of a rule that says nothing about it.</param>
    public VirtualRule? Rule(ConfigNode entry, bool isIPv6)
    {
        _rule = new VirtualRule(false, 0, 0);
        TrackGroup = null;
        (_isIPv6, _hasAction, _hasTableOption, _hasProtocol, _priority) = (null, false, false, false, null);
        WordReader words = new(entry.Words, context.Diagnostics, "rule");
        while (words.TryNext(out Token word))
        {
            if (!(TrySwitch(word) || TrySelector(word, words)) || words.HasFailed)
            {
                return null;
            }
        }

        return Completed(entry, isIPv6);
    }

    private bool TrySwitch(Token word)
    {
        switch (word.Text)
        {
            case "inet" or "inet6":
                context.Warn(DiagnosticCodes.KeepalivedForm, word, $"keepalived loses the word after `{word.Text}`; FenceFirst reads it", "leave the word out where an address says it");
                return TryFamily(word, word.Text == "inet6");
            case "not":
                return Set(_rule with { IsInverted = true });
            case "l3mdev":
                return TryAction(word, RuleAction.Table) && Set(_rule with { IsLayer3Master = true });
            case "no_track":
                return Set(_rule with { IsUntracked = true });
            default:
                return false;
        }
    }

    private bool TrySelector(Token option, WordReader words)
    {
        switch (option.Text)
        {
            case "from" or "to":
                return words.TryValue(option, out Token network) && TryNetwork(option, network);
            case "table" or "lookup":
                return words.TryNumber(option, _names.TryTable, "a number from 1, main, default, local, or a name in rt_tables", out uint table)
                    && (table != 0 || context.Refuse(DiagnosticCodes.OutOfRange, option, "there is no routing table 0")) && TryAction(option, RuleAction.Table) && Set(_rule with { Table = table });
            case "preference" or "order" or "priority" or "pref":
                bool hasPriority = words.TryNumber(option, uint.MaxValue, out ulong priority);
                _priority = (uint)priority;
                return hasPriority;
            case "tos" or "dsfield":
                return words.TryNumber(option, _names.TryTypeOfService, "a number up to 255 or a name in rt_dsfield", out uint tos) && Set(_rule with { Tos = (byte)tos });
            case "fwmark":
                return words.TryValue(option, out Token mark) && TryMark(mark);
            case "realms":
                _hasTableOption = true;
                return words.TryNumber(option, _names.TryRealms, "[SOURCE/]DESTINATION, numbers up to 255 or names in rt_realms", out uint realms)
                    && TryFamily(option, false) && Set(_rule with { Realms = realms });
            case "suppress_prefixlength" or "sup_pl":
                _hasTableOption = true;
                return words.TryNumber(option, int.MaxValue, out ulong length) && Set(_rule with { SuppressPrefixLength = (int)length });
            case "suppress_ifgroup" or "sup_group":
                _hasTableOption = true;
                return words.TryNumber(option, _names.TryGroup, "a number or a name in /etc/iproute2/group", out uint group) && Set(_rule with { SuppressGroup = (int)group });
            case "iif" or "dev" or "oif":
                return words.TryValue(option, out Token device) && context.Link(device.Text, device.Span) >= 0
                    && Set(option.Text == "oif" ? _rule with { OutputInterface = device.Text } : _rule with { InputInterface = device.Text });
            case "tunnel-id":
                return words.TryNumber(option, ulong.MaxValue, out ulong tunnel) && Set(_rule with { TunnelId = tunnel });
            case "uidrange":
                return words.TryValue(option, out Token users) && TryRange(option, users, uint.MaxValue, false, out NumberRange ids) && Set(_rule with { UserIds = ids });
            case "sport" or "dport":
                return words.TryValue(option, out Token ports) && TryRange(option, ports, ushort.MaxValue, true, out NumberRange range)
                    && Set(option.Text == "sport" ? _rule with { SourcePorts = range } : _rule with { DestinationPorts = range });
            case "protocol":
                _hasProtocol = true;
                return words.TryNumber(option, _names.TryProtocol, "a number up to 255 or a name in rt_protos", out uint protocol) && Set(_rule with { Protocol = (byte)protocol });
            case "ipproto":
                return words.TryNumber(option, _names.TryPacketProtocol, "a number up to 255, or tcp, udp, icmp ...", out uint packet) && Set(_rule with { PacketProtocol = (byte)packet });
            case "track_group" when isStatic:
                bool isNamed = words.TryValue(option, out Token name);
                TrackGroup = name;
                return isNamed;
            case "type":
                return words.TryValue(option, out Token action) && TryNamedAction(action, words);
            default:
                return TryNamedAction(option, words);
        }
    }

    private bool TryNamedAction(Token word, WordReader words)
    {
        RuleAction? action = word.Text switch
        {
            "goto" => RuleAction.Goto,
            "nop" => RuleAction.Nothing,
            "blackhole" => RuleAction.Blackhole,
            "unreachable" => RuleAction.Unreachable,
            "prohibit" => RuleAction.Prohibit,
            _ => null,
        };
        if (action is not RuleAction known)
        {
            return context.Refuse(DiagnosticCodes.UnknownOption, word, $"'{word.Text}' is not an option of a rule", "from, to, table, priority, fwmark, iif ...; one rule per line");
        }

        ulong target = 0;
        return (known != RuleAction.Goto || words.TryNumber(word, uint.MaxValue, out target)) && TryAction(word, known) && Set(_rule with { GotoTarget = (uint)target });
    }

    private bool TryNetwork(Token option, Token value)
    {
        bool isAll = value.Text is "all" or "any" or "default";
        if (isAll && _isIPv6 is not null)
        {
            context.Warn(DiagnosticCodes.KeepalivedForm, value, $"keepalived refuses `{option.Text} {value.Text}` behind an address; FenceFirst reads it", $"put `{option.Text} {value.Text}` first, or leave it out");
        }

        if (isAll)
        {
            return true;
        }

        if (!context.Values.TryNetwork(value, option.Text, out InternetAddress network, out byte length) || !TryFamily(value, network.IsIPv6))
        {
            return false;
        }

        return Set(option.Text == "from" ? _rule with { From = network, FromLength = length } : _rule with { To = network, ToLength = length });
    }

    private bool TryMark(Token word)
    {
        string[] parts = word.Text.Split('/', 2);
        ulong mask = 0;
        if (!RoutingNames.TryNumber(parts[0], uint.MaxValue, out ulong mark) || (parts.Length == 2 && !RoutingNames.TryNumber(parts[1], uint.MaxValue, out mask)))
        {
            return context.Refuse(DiagnosticCodes.BadNumber, word, $"fwmark: '{word.Text}' is not possible", "MARK or MARK/MASK, up to 4294967295 or 0xffffffff");
        }

        return Set(_rule with { Mark = (uint)mark, MarkMask = parts.Length == 2 ? (uint)mask : null });
    }

    /// <summary>A-B; keepalived refuses a single port although it means to read one, so both are read.</summary>
    private bool TryRange(Token option, Token word, uint max, bool isOneEnough, out NumberRange range)
    {
        range = default;
        string[] parts = word.Text.Split('-', 2);
        if ((parts.Length == 1 && !isOneEnough) || !RoutingNames.TryNumber(parts[0], max, out ulong first) || !RoutingNames.TryNumber(parts[^1], max, out ulong last) || last < first)
        {
            return context.Refuse(DiagnosticCodes.BadNumber, word, $"{option.Text}: '{word.Text}' is not a range", $"FIRST-LAST, up to {max}");
        }

        if (parts.Length == 1)
        {
            context.Warn(DiagnosticCodes.KeepalivedForm, word, $"keepalived refuses a single number here and drops the {option.Text}; FenceFirst reads it", $"write {word.Text}-{word.Text}");
        }

        range = new NumberRange((uint)first, (uint)last);
        return true;
    }

    private bool TryFamily(Token word, bool isIPv6)
    {
        if (_isIPv6 is not null && _isIPv6 != isIPv6)
        {
            return context.Refuse(DiagnosticCodes.WrongFamily, word, "the rule mixes IPv4 and IPv6");
        }

        _isIPv6 = isIPv6;
        return true;
    }

    private bool TryAction(Token word, RuleAction action)
    {
        if (_hasAction)
        {
            return context.Refuse(DiagnosticCodes.UnknownOption, word, "the rule has an action already", "one of table, l3mdev, goto, nop, blackhole, unreachable, prohibit");
        }

        _hasAction = true;
        return Set(_rule with { Action = action });
    }

    private bool Set(VirtualRule rule)
    {
        _rule = rule;
        return true;
    }

    private VirtualRule? Completed(ConfigNode entry, bool isIPv6)
    {
        Token first = entry.Words[0];
        bool isGood = _hasAction || context.Refuse(DiagnosticCodes.MissingValue, first, "the rule does nothing", "table N, or blackhole, unreachable, prohibit, goto N, nop, l3mdev");
        if (isGood && _rule.Action == RuleAction.Goto && (_priority is null || _priority >= _rule.GotoTarget))
        {
            isGood = context.Refuse(DiagnosticCodes.OutOfRange, first, "goto leads forward only: the rule needs a priority below its target", $"priority N, below {_rule.GotoTarget}");
        }

        if (isGood && _rule.Action != RuleAction.Table && _hasTableOption)
        {
            isGood = context.Refuse(DiagnosticCodes.UnknownOption, first, "realms and suppress_... go with a table only");
        }

        if (!isGood)
        {
            return null;
        }

        if (!_rule.IsUntracked && _rule.Protocol != KeepalivedProtocol)
        {
            context.Warn(DiagnosticCodes.NotTracked, first, "a rule of another protocol cannot be tracked: its protocol becomes keepalived (18)", "no_track keeps the protocol");
            _rule = _rule with { Protocol = KeepalivedProtocol };
        }

        if (_rule.IsUntracked && !_hasProtocol)
        {
            // keepalived: a route has its protocol in any case, an untracked rule has none.
            _rule = _rule with { Protocol = 0 };
        }

        bool isSix = _isIPv6 ?? isIPv6;
        if (_priority is null)
        {
            _priority = context.NextRulePriority(isSix);
            context.Warn(DiagnosticCodes.KeepalivedForm, first, $"the rule has no priority: it gets {_priority}, as in keepalived, which counts down from 16384", $"priority {_priority}, if that is what is meant");
        }

        return _rule with { IsIPv6 = isSix, Priority = _priority.Value };
    }
}
