using System.Globalization;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <summary>The built-in checks of a promotion: <c>check ping ADDRESS ...</c> and <c>check tcp ADDRESS:PORT ...</c>.</summary>
internal sealed class ReachBinder(BindContext context)
{
    private const string Form = "check ping ADDRESS ... or check tcp ADDRESS:PORT ..., then at_least N timeout N attempts N retry_interval N delay N dev NAME";

    /// <summary>A gateway answers within milliseconds; three requests fit into the default.</summary>
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(3);

    private readonly ValueReader _values = context.Values;
    private readonly List<(InternetAddress Address, SourceSpan Span)> _asked = [];

    /// <summary>Another promotion begins: what the checks of the last one ask is nothing to it.</summary>
    public void Begin() => _asked.Clear();

    /// <summary>Whether the line is a built-in check. A program called ping or tcp is written in quotes or with its path.</summary>
    public static bool IsReach(ConfigNode node)
    {
        List<Token> words = ScriptText.Words(node.Line);
        return words.Count > 1 && words[1].Text is "ping" or "tcp" && node.Line.Text[words[1].End - 1] is not ('"' or '\'');
    }

    /// <summary>The step; null when something in the line is wrong, which is reported.</summary>
    public PromotionStep? Bind(ConfigNode node)
    {
        int errorsBefore = context.Diagnostics.ErrorCount;
        List<Token> words = ScriptText.Words(node.Line);
        ReachMethod method = words[1].Text == "tcp" ? ReachMethod.Tcp : ReachMethod.Ping;
        List<ReachTarget> targets = [];
        int next = 2;
        for (; next < words.Count && !IsOption(words[next].Text) && words[next].Text is not ("user" or "group"); next++)
        {
            Target(method, words[next], targets);
        }

        if (next == 2)
        {
            context.Diagnostics.Add(DiagnosticCodes.MissingValue, words[1].Span, $"check {words[1].Text} asks nobody", Form);
        }
        else if (targets.Count > ReachCheck.TargetsMax)
        {
            context.Diagnostics.Add(
                DiagnosticCodes.OutOfRange, words[2].Span, $"check {words[1].Text} asks {targets.Count} addresses; at most {ReachCheck.TargetsMax} fit into one", "write a second check line: every line has to succeed");
        }

        ReachCheck check = new(method, targets.ToEquatableArray());
        PromotionStep step = new(StepKind.Check, words[1].Text, new CommandLine(words.Skip(1).Select(word => word.Text).ToEquatableArray())) { Timeout = DefaultTimeout };
        for (int i = next; i < words.Count; i += 2)
        {
            if (!IsOption(words[i].Text) || i + 1 >= words.Count)
            {
                context.Diagnostics.Add(DiagnosticCodes.UnknownOption, words[i].Span, $"'{words[i].Text}' is not an option of a built-in check, or its value is missing", Form);
                return null;
            }

            step = Option(words[i].Text, words[i + 1], step, ref check);
        }

        return context.Diagnostics.ErrorCount == errorsBefore ? step with { Reach = check } : null;
    }

    /// <summary>What the checks bound so far ask, and the rest of the instance, that do not fit together.</summary>
    public void Lint(VrrpConfig config)
    {
        foreach ((InternetAddress address, SourceSpan span) in _asked)
        {
            if (config.Addresses.Concat(config.ExcludedAddresses).Any(each => each.Address == address))
            {
                context.Diagnostics.Add(
                    DiagnosticCodes.ReachVirtual,
                    span,
                    $"{address} is a virtual address of this instance: nobody holds it when this node is needed, and the check would fail just then",
                    "ask the gateway, or another station on the far side of the switch");
            }
            else if (config.UnicastPeers.Any(peer => peer.Address == address) || (config.Promotion?.Steps.Any(step => step.Targets.Contains(address)) ?? false))
            {
                context.Diagnostics.Add(
                    DiagnosticCodes.ReachPeer,
                    span,
                    $"{address} is another node: it is silent when this node is needed, and only the other addresses of the check can then answer",
                    "ask stations that do not fail together with the other node");
            }
        }
    }

    private static bool IsOption(string word) => word is "at_least" or "timeout" or "attempts" or "retry_interval" or "delay" or "dev";

    private PromotionStep Option(string name, Token value, PromotionStep step, ref ReachCheck check)
    {
        switch (name)
        {
            case "at_least" when _values.TryInteger(value, 1, Math.Max(1, check.Targets.Count), name, out int atLeast):
                check = check with { AtLeast = atLeast };
                return step;
            case "timeout" when _values.TrySeconds(value, 0.01m, 86400, 3, name, out TimeSpan timeout):
                return step with { Timeout = timeout };
            case "attempts" when _values.TryInteger(value, 1, 1000, name, out int attempts):
                return step with { Attempts = attempts };
            case "retry_interval" when _values.TrySeconds(value, 0, 86400, 3, name, out TimeSpan pause):
                return step with { RetryInterval = pause };
            case "delay" when _values.TrySeconds(value, 0, 86400, 3, name, out TimeSpan delay):
                return step with { Delay = delay };
            case "dev":
                check = check with { Link = context.Link(value.Text, value.Span) };
                return step;
            default:
                return step;
        }
    }

    private void Target(ReachMethod method, Token word, List<ReachTarget> targets)
    {
        string text = word.Text;
        ushort port = 0;
        if (method == ReachMethod.Tcp && !TrySplit(word, out text, out port))
        {
            return;
        }

        if (!InternetAddress.TryParse(text, out InternetAddress address))
        {
            context.Diagnostics.Add(
                DiagnosticCodes.BadAddress, word.Span, $"'{text}' is not an IP address", "a built-in check asks numeric addresses only: a name could not be looked up just when the network is broken");
            return;
        }

        if (address.IsMulticast || IsNobody(address))
        {
            context.Diagnostics.Add(DiagnosticCodes.BadAddress, word.Span, $"{address} is not the address of one station");
        }
        else if (context.IsOwnAddress(address) || IsLoopback(address))
        {
            context.Diagnostics.Add(
                DiagnosticCodes.ReachSelf,
                word.Span,
                $"{address} is an address of this machine: it answers however cut off the machine is",
                "ask the gateway, or another station on the far side of the switch; in a file shared by the nodes, put @NODE before the line");
        }
        else if (targets.Contains(new ReachTarget(address, port)))
        {
            context.Diagnostics.Add(DiagnosticCodes.Repeated, word.Span, $"{word.Text} is written twice in this check; it counts once");
        }
        else
        {
            targets.Add(new ReachTarget(address, port));
            _asked.Add((address, word.Span));
        }
    }

    private bool TrySplit(Token word, out string address, out ushort port)
    {
        const string hint = "10.0.0.1:5432, or [fd00::1]:5432";
        int colon = word.Text.LastIndexOf(':');
        address = colon < 0 ? word.Text : word.Text[..colon];
        port = 0;
        bool isBracketed = address.Length > 2 && address[0] == '[' && address[^1] == ']';
        if (colon < 0 || word.Text.EndsWith(']') || (address.Contains(':') && !isBracketed))
        {
            // "::1" may be an address, or the address : and a port: only brackets tell.
            context.Diagnostics.Add(
                DiagnosticCodes.BadAddress, word.Span, InternetAddress.TryParse(word.Text.Trim('[', ']'), out _) ? $"'{word.Text}' has no port" : $"'{word.Text}' is not ADDRESS:PORT", hint);
            return false;
        }

        if (!ushort.TryParse(word.Text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) || port == 0)
        {
            context.Diagnostics.Add(DiagnosticCodes.OutOfRange, word.Span, $"'{word.Text[(colon + 1)..]}' is not a port", $"1 to 65535: {hint}");
            return false;
        }

        address = isBracketed ? address[1..^1] : address;
        return true;
    }

    private static bool IsNobody(InternetAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        Span<byte> written = bytes[..address.WriteTo(bytes)];
        return !written.ContainsAnyExcept((byte)0) || (address.IsIPv4 && !written.ContainsAnyExcept((byte)255));
    }

    private static bool IsLoopback(InternetAddress address) =>
        address == InternetAddress.Parse("::1") || (address.IsIPv4 && address >= InternetAddress.Parse("127.0.0.0") && address <= InternetAddress.Parse("127.255.255.255"));
}
