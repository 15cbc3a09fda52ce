using System.Globalization;
using System.Text.RegularExpressions;

namespace FenceFirst.SystemTests;

/// <summary>What keepalived 2.2.7 writes on SIGUSR1, in the words of <c>fencefirst check --dump --json</c>: block and name, keyword, values.</summary>
/// <remarks>Written from its output alone; knows nothing of our code. What is about the state and not about the file is left out.</remarks>
internal static partial class KeepalivedDump
{
    /// <summary>Name of the virtual MAC interface of an instance, until its address is read.</summary>
    public const string VmacName = "(use_vmac)";

    /// <summary>keepalived's words for single values, and what is behind the equals sign made ours.</summary>
    private static readonly Dictionary<string, (string Keyword, Func<string, string> Value)> Values = new(StringComparer.Ordinal)
    {
        ["VRRP Version"] = ("version", Same),
        ["Interface"] = ("interface", value => value.Split(" on ")[^1].Split(',')[0]),
        ["Gratuitous ARP for each secondary VMAC"] = ("garp_extra_if", Same),
        ["Gratuitous ARP delay"] = ("garp_master_delay", Same),
        ["Gratuitous ARP repeat"] = ("garp_master_repeat", Same),
        ["Gratuitous ARP refresh"] = ("garp_master_refresh", Same),
        ["Gratuitous ARP refresh repeat"] = ("garp_master_refresh_repeat", Same),
        ["Gratuitous ARP lower priority delay"] = ("garp_lower_prio_delay", Same),
        ["Gratuitous ARP lower priority repeat"] = ("garp_lower_prio_repeat", Same),
        ["Down timer adverts"] = ("down_timer_adverts", Same),
        ["Send advert after receive lower priority advert"] = ("lower_prio_no_advert", value => value == "true" ? "False" : "True"),
        ["Send advert after receive higher priority advert"] = ("higher_prio_send_advert", value => value == "true" ? "True" : "False"),
        ["Virtual Router ID"] = ("virtual_router_id", Same),
        ["Priority"] = ("priority", Same),
        ["Advert interval"] = ("advert_int", Seconds),
        ["Preempt"] = ("nopreempt", value => value == "disabled" ? "True" : "False"),
        ["Accept"] = ("no_accept", value => value == "disabled" ? "True" : "False"),
        ["Preempt delay"] = ("preempt_delay", Seconds),
        ["Authentication type"] = ("authentication", value => value switch { "SIMPLE_PASSWORD" => "PASS", "IPSEC_AH" => "AH", _ => "" }),
        ["Promote_secondaries"] = ("promote_secondaries", value => value == "enabled" ? "True" : "False"),
        ["Unicast checksum compatibility"] = ("old_unicast_checksum", value => value switch { "config" => "always", "never" => "never", _ => "" }),
        ["Unicast TTL"] = ("unicast_ttl", Same),
        ["Check unicast src"] = ("check_unicast_src", value => value == "yes" ? "True" : "False"),
        ["Using smtp notification"] = ("smtp_alert", value => value == "yes" ? "True" : "False"),
        ["Notify priority changes"] = ("notify_priority_changes", value => value == "true" ? "True" : "False"),
        ["Notify deleted"] = ("notify_deleted", value => value == "Deleted" ? "True" : "False"),
        ["Backup state transition script"] = ("notify_backup", Command),
        ["Master state transition script"] = ("notify_master", Command),
        ["Fault state transition script"] = ("notify_fault", Command),
        ["Stop state transition script"] = ("notify_stop", Command),
        ["Generic state transition script"] = ("notify", Command),
        ["Master rx lower pri state transition script"] = ("notify_master_rx_lower_pri", Command),
        ["Interval"] = ("interval", Seconds),
        ["Timeout"] = ("timeout", Seconds),
        ["Rise"] = ("rise", Same),
        ["Fall"] = ("fall", Same),
        ["File"] = ("file", Same),
        ["Process"] = ("process", Same),
        ["Min processes"] = ("quorum", Same),
        ["Max processes"] = ("quorum_max", Same),
        ["Fork delay"] = ("fork_delay", Seconds),
        ["Terminate delay"] = ("terminate_delay", Seconds),
        ["Full command"] = ("full_command", value => value == "true" ? "True" : "False"),
    };

    private static readonly Dictionary<string, (string Keyword, Func<string, string> Entry)> Lists = new(StringComparer.Ordinal)
    {
        ["Virtual IP"] = ("virtual_ipaddress", DumpEntry.Address),
        ["Virtual IP Excluded"] = ("virtual_ipaddress_excluded", DumpEntry.Address),
        ["Virtual Routes"] = ("virtual_routes", DumpEntry.Route),
        ["Virtual Rules"] = ("virtual_rules", DumpEntry.Rule),
        ["Unicast Peer"] = ("unicast_peer", Same),
        ["Tracked scripts"] = ("track_script", Same),
        ["Tracked files"] = ("track_file", Commaless),
        ["Tracked processes"] = ("track_process", Commaless),
    };

    private static readonly Dictionary<string, string> Blocks = new(StringComparer.Ordinal)
    {
        ["VRRP Instance"] = "vrrp_instance",
        ["VRRP Script"] = "vrrp_script",
        ["Track file"] = "track_file",
        ["VRRP Track process"] = "vrrp_track_process",
    };

    private static readonly Dictionary<string, (string Keyword, Func<string, string> Entry)> Sections = new(StringComparer.Ordinal)
    {
        ["Static Addresses"] = ("static_ipaddress", DumpEntry.Address),
        ["Static Routes"] = ("static_routes", DumpEntry.Route),
        ["Static Rules"] = ("static_rules", DumpEntry.Rule),
    };

    /// <summary>Reads a dump.</summary>
    public static DumpValues Parse(string text)
    {
        DumpValues result = new();
        string block = "", link = "";
        (string Keyword, Func<string, string> Entry)? list = null;
        foreach (string line in VirtualLink().Replace(text, "dev $1").Split('\n'))
        {
            if (Heading().Match(line) is { Success: true } heading)
            {
                block = "";
                list = Sections.TryGetValue(heading.Groups[1].Value, out (string, Func<string, string>) section) ? section : null;
                continue;
            }

            int depth = line.Length - line.TrimStart().Length;
            string[] halves = line.Trim().Split(" = ", 2);
            if (depth == 1)
            {
                list = null;
                link = halves is ["Name", _] ? halves[1] : "";
                block = halves.Length == 2 && Blocks.TryGetValue(halves[0], out string? kind) ? $"{kind} {halves[1]}" : "";
            }
            else if (depth == 3 && block.Length > 0)
            {
                list = TakeLine(result, block, line.Trim());
            }
            else if (depth == 3 && link.Length > 0 && halves is ["MAC", _] && result.Places.FirstOrDefault(place => place.EndsWith(": " + VmacName, StringComparison.Ordinal) && result[place] == link) is { } place)
            {
                // The name stands with the instance, the address with the interface.
                result.Add(place.Split(": ")[0], "use_vmac", $"{link} {halves[1]}");
            }
            else if (depth == 5 && link.Length > 0 && line.Contains(", weight ", StringComparison.Ordinal))
            {
                // The list of the instance leaves out what is tracked because an address or a route is there; that of the interface does not.
                string[] tracked = line.Trim().Split(", ", 2);
                string instance = $"vrrp_instance {tracked[0]}";
                result.Add(instance, "track_interface", result[$"{instance}: interface"] == link || result[$"{instance}: {VmacName}"] == link ? "" : $"{link} {tracked[1]}");
            }
            else if (depth == 5 && list is { } open)
            {
                result.Add(block, open.Keyword, open.Entry(line.Trim()));
            }
        }

        return result;
    }

    private static (string Keyword, Func<string, string> Entry)? TakeLine(DumpValues result, string block, string line)
    {
        if (ListHead().Match(line) is { Success: true } head && Lists.TryGetValue(head.Groups[1].Value, out (string, Func<string, string>) list))
        {
            return list;
        }

        switch (line)
        {
            case "Using Native IPv6":
                result.Add(block, "native_ipv6", "True");
                break;
            case "VRRP interface tracking disabled":
                result.Add(block, "dont_track_primary", "True");
                break;
            case var _ when line.StartsWith("Use VMAC, i/f name ", StringComparison.Ordinal):
                result.Add(block, VmacName, line.Split(' ')[4].TrimEnd(','));
                result.Add(block, "vmac_xmit_base", line.EndsWith("true", StringComparison.Ordinal) ? "True" : "False");
                break;
            case "Enforcing strict VRRP compliance":
                result.Add(block, "strict_mode", "True");
                break;
            case "Skip checking advert IP addresses":
                result.Add(block, "skip_check_adv_addr", "True");
                break;
            case var _ when line.StartsWith("Multicast address ", StringComparison.Ordinal):
                result.Add(block, "mcast_dst_ip", line["Multicast address ".Length..].Split(',')[0]);
                break;
            case var _ when line.StartsWith("Using src_ip = ", StringComparison.Ordinal) && line.EndsWith(" (from configuration)", StringComparison.Ordinal):
                result.Add(block, "source", line.Split(' ')[3]);
                break;
        }

        string[] halves = line.Split([" = ", " : "], 2, StringSplitOptions.None);
        if (halves.Length == 2 && Values.TryGetValue(halves[0], out (string Keyword, Func<string, string> Value) known))
        {
            string value = known.Value(halves[1].Trim());

            // Not written: the interval, which is printed before.
            result.Add(block, known.Keyword, known.Keyword == "timeout" && value == "0" ? result[$"{block}: interval"] : value);
        }
        else if (halves.Length == 2 && halves[0] == "Command" && block.StartsWith("vrrp_script", StringComparison.Ordinal))
        {
            result.Add(block, "script", Command(halves[1]));
        }

        return null;
    }

    private static string Same(string text) => text;

    private static string Commaless(string text) => text.Replace(",", "", StringComparison.Ordinal);

    /// <summary>"2 sec", "250 milli-sec", "12.5 secs", "0.000000s".</summary>
    private static string Seconds(string text)
    {
        decimal number = decimal.Parse(Number().Match(text).Value, CultureInfo.InvariantCulture);
        decimal seconds = text.Contains("milli", StringComparison.Ordinal) ? number / 1000 : number;
        return seconds.ToString("0.######", CultureInfo.InvariantCulture);
    }

    /// <summary>'/usr/bin/true' 'a', uid:gid 0:0 — the identity of a check script stands on a line of its own.</summary>
    private static string Command(string text)
    {
        string[] halves = text.Split(", uid:gid ");
        return string.Join(' ', Quoted().Matches(halves[0]).Select(match => match.Groups[1].Value));
    }

    [GeneratedRegex("^------< (.*) >------$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"^(.*?) (?:\(\d+\))?\s*:$")]
    private static partial Regex ListHead();

    // A virtual MAC interface stands with the one below: vrrp.51@eth0.
    [GeneratedRegex(@"dev (\S+)@\S+")]
    private static partial Regex VirtualLink();

    [GeneratedRegex(@"[0-9.]+")]
    private static partial Regex Number();

    [GeneratedRegex("'([^']*)'")]
    private static partial Regex Quoted();
}
