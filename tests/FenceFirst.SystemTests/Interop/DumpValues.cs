using System.Globalization;
using System.Text.Json;

namespace FenceFirst.SystemTests;

/// <summary>Effective values of a file: of every block its keywords, of every keyword its values in their order.</summary>
internal sealed class DumpValues
{
    private readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);

    /// <summary>Every "BLOCK NAME: keyword" there is.</summary>
    public IEnumerable<string> Places => _values.Keys;

    /// <summary>The values at a place; empty = there are none.</summary>
    /// <remarks>The order of tracked interfaces is not the file's: some follow from addresses and routes.</remarks>
    public string this[string place] =>
        string.Join("; ", place.EndsWith(": track_interface", StringComparison.Ordinal) ? _values.GetValueOrDefault(place, []).Order(StringComparer.Ordinal) : _values.GetValueOrDefault(place, []));

    /// <summary>Adds a value. Off, empty and no delay are the same as not there, whoever says it.</summary>
    public void Add(string block, string keyword, string value)
    {
        if (value is "" or "False" || (keyword == "preempt_delay" && value == "0"))
        {
            return;
        }

        string place = $"{block}: {keyword}";
        if (!_values.TryGetValue(place, out List<string>? values))
        {
            _values[place] = values = [];
        }

        values.Add(value);
    }

    /// <summary>Reads what <c>check --dump --json</c> prints.</summary>
    public static DumpValues OfOurs(string text)
    {
        DumpValues result = new();
        using JsonDocument document = JsonDocument.Parse(text);
        foreach (JsonProperty member in document.RootElement.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Array && member.Name.StartsWith("static_", StringComparison.Ordinal))
            {
                TakeMember(result, "", member);
            }
            else if (member.Value.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement block in member.Value.EnumerateArray().Where(each => each.ValueKind == JsonValueKind.Object))
                {
                    foreach (JsonProperty each in block.EnumerateObject().Where(each => each.Name != "name"))
                    {
                        TakeMember(result, $"{member.Name} {block.GetProperty("name").GetString()}", each);
                    }
                }
            }
        }

        return result;
    }

    private static void TakeMember(DumpValues result, string block, JsonProperty member)
    {
        Func<string, string> entry = member.Name switch
        {
            "virtual_ipaddress" or "virtual_ipaddress_excluded" or "static_ipaddress" => DumpEntry.Address,
            "virtual_routes" or "static_routes" => DumpEntry.Route,
            "virtual_rules" or "static_rules" => DumpEntry.Rule,
            _ => text => text,
        };
        string keyword = member.Name is "mcast_src_ip" or "unicast_src_ip" ? "source" : member.Name;
        switch (member.Value.ValueKind)
        {
            case JsonValueKind.Array:
                foreach (JsonElement item in member.Value.EnumerateArray())
                {
                    result.Add(block, keyword, entry(item.GetString()!));
                }

                break;
            case JsonValueKind.Object when member.Value.TryGetProperty("command", out JsonElement command):
                result.Add(block, keyword, string.Join(' ', command.EnumerateArray().Select(word => word.GetString())));
                break;
            case JsonValueKind.Object:
                result.Add(block, keyword, member.Value.GetProperty("auth_type").GetString()!);
                break;
            case JsonValueKind.Number:
                result.Add(block, keyword, member.Value.GetDecimal().ToString("0.######", CultureInfo.InvariantCulture));
                break;
            default:
                result.Add(block, keyword, member.Value.ToString());
                break;
        }
    }
}

/// <summary>Addresses, routes and rules in one form, whoever wrote them: options sorted, other names for the same thing replaced.</summary>
internal static class DumpEntry
{
    private static readonly string[] WithValue =
    [
        "brd", "dev", "scope", "label", "peer", "preferred_lft", "via", "src", "table", "protocol", "metric", "tos", "expires", "realms", "pref", "mtu", "window", "rtt",
        "rttvar", "ssthresh", "cwnd", "advmss", "reordering", "hoplimit", "initcwnd", "features", "rto_min", "initrwnd", "quickack", "congctl", "weight", "from", "to",
        "priority", "fwmark", "iif", "oif", "suppress_prefixlength", "uidrange", "ipproto", "sport", "dport", "goto",
    ];

    public static string Address(string text)
    {
        List<string> words = Words(text);
        words.Remove("set");
        Replace(words, "deprecated", "preferred_lft", "0");
        string address = words[0].Replace("/32", "", StringComparison.Ordinal).Replace("/128", "", StringComparison.Ordinal);
        if (address.Contains(':', StringComparison.Ordinal) && words.IndexOf("scope") is > 0 and int at)
        {
            // IPv6 addresses have the scope that they are made of.
            words.RemoveRange(at, 2);
        }

        return $"{address} {Options(words[1..])}";
    }

    public static string Route(string text)
    {
        int installed = text.IndexOf(" [", StringComparison.Ordinal);
        List<string> words = Words(installed < 0 ? text : text[..installed]);
        words.RemoveAll(word => word is "inet" or "inet6");
        Replace(words, "proto", "protocol");
        Replace(words, "default", "0.0.0.0/0");
        Replace(words, "default6", "::/0");
        string[] hops = string.Join(' ', words).Split(" nexthop ");
        List<string> first = Words(hops[0]);
        bool isUntracked = words.Contains("no_track");
        first.Remove("no_track");
        if (isUntracked && first.IndexOf("18") is > 0 and int at && first[at - 1] == "protocol")
        {
            // Not printed of an untracked route; the kernel has it all the same (RouteInteropTests).
            first.RemoveRange(at - 1, 2);
        }

        string placement = first.First(word => word is "add" or "prepend" or "append");
        first.Remove(placement);
        int head = first.FindIndex(word => word.Contains('/', StringComparison.Ordinal)) + 1;
        IEnumerable<string> others = hops.Skip(1).Select(hop => $"nexthop {Options(Words(hop.Replace(" no_track", "", StringComparison.Ordinal) + (hop.Contains(" weight ", StringComparison.Ordinal) ? "" : " weight 1")))}");
        string[] parts = [placement, .. first[..head], Options(first[head..]), .. others, isUntracked ? "no_track" : ""];
        return string.Join(' ', parts.Where(part => part.Length > 0));
    }

    public static string Rule(string text)
    {
        List<string> words = Words(text);
        words.Remove("type");
        Replace(words, "lookup", "table");
        Replace(words, "suppress_prefixlen", "suppress_prefixlength");
        for (int i = 0; i < words.Count; i++)
        {
            words[i] = words[i].Replace("/32", "", StringComparison.Ordinal);
        }

        return Options(words);
    }

    private static string Options(List<string> words)
    {
        List<string> options = [];
        for (int i = 0; i < words.Count; i++)
        {
            string option = words[i];
            if (WithValue.Contains(option) && i + 1 < words.Count)
            {
                bool isLocked = words[i + 1] == "lock";
                option += " " + string.Join(' ', words[(i + 1)..(i + (isLocked ? 3 : 2))].Select(value => Value(words[i], value)));
                i += isLocked ? 2 : 1;
            }

            if (option is not ("tos 0" or "from all" or "protocol 0"))
            {
                options.Add(option);
            }
        }

        options.Sort(StringComparer.Ordinal);
        return string.Join(' ', options);
    }

    private static string Value(string option, string value) => option switch
    {
        "scope" => value switch { "global" => "0", "site" => "200", "link" => "253", "host" => "254", "nowhere" => "255", _ => value },
        "tos" => (value.StartsWith("0x", StringComparison.Ordinal) ? Convert.ToInt32(value, 16) : int.Parse(value, CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture),
        _ => value,
    };

    private static List<string> Words(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    private static void Replace(List<string> words, string word, params string[] by)
    {
        int at = words.IndexOf(word);
        if (at >= 0)
        {
            words.RemoveAt(at);
            words.InsertRange(at, by);
        }
    }
}
