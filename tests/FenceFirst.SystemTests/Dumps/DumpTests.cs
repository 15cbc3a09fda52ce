using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>The dumps that signals ask for have the shape of keepalived's on the same configuration, so that what was written to read those reads ours.</summary>
public sealed partial class DumpTests(ITestOutputHelper output)
{
    private const int RealTimeJson = 36;
    private const int RealTimeStatisticsClear = 63;

    [NeedsFact("keepalived", "fencefirst")]
    public async Task The_dumps_have_the_shape_of_keepalived()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        Daemon theirs = a.StartKeepalived("keepalived", Configuration(lab, a), ["env", "TMPDIR=" + a.Folder], "-P");
        await a.WaitForAddressAsync(lab.Virtual);
        Daemon ours = b.StartFenceFirst(Configuration(lab, b));
        await ours.WaitForLogAsync("VRRP_Script(chk) succeeded");
        await ours.WaitForLogAsync("(VI_2) Entering MASTER STATE");

        string[] json = [await DumpAsync(lab, a, theirs, RealTimeJson, "keepalived.json"), await DumpAsync(lab, b, ours, RealTimeJson, "keepalived.json")];
        for (int attempt = 0; attempt < 500 && MasterPriority(json[1]) == 0; attempt++)
        {
            // No advert has come since it began to listen.
            json[1] = await DumpAsync(lab, b, ours, RealTimeJson, "keepalived.json");
        }

        Assert.Equal(Keys(json[0]), Keys(json[1]));
        Assert.Equal(Setting(json[0]), Setting(json[1]));
        Assert.Equal(Held(json[0], instance: 2), Held(json[1], instance: 2));
        JsonElement backup = JsonDocument.Parse(json[1]).RootElement[0];
        Assert.Equal(1, backup.GetProperty("data").GetProperty("state").GetInt32());
        Assert.Equal(150, MasterPriority(json[1]));
        Assert.False(backup.GetProperty("data").GetProperty("vipset").GetBoolean());
        Assert.Equal("********", backup.GetProperty("data").GetProperty("auth_data").GetString());
        Assert.True(backup.GetProperty("stats").GetProperty("advert_rcvd").GetInt64() > 0);
        JsonElement master = JsonDocument.Parse(json[1]).RootElement[1];
        Assert.Equal(2, master.GetProperty("data").GetProperty("state").GetInt32());
        Assert.EndsWith(" set", master.GetProperty("data").GetProperty("vips")[0].GetString());
        Assert.Equal(1, master.GetProperty("stats").GetProperty("become_master").GetInt64());

        // The adverts of an owner, one every 40 s: each went to two peers. Ours has begun later.
        long[] sent = [.. json.Select(each => JsonDocument.Parse(each).RootElement[2].GetProperty("stats").GetProperty("advert_sent").GetInt64())];
        Assert.InRange(sent[1], 1, sent[0]);

        string[] statistics = [await DumpAsync(lab, a, theirs, (int)Signal.Usr2, "keepalived.stats"), await DumpAsync(lab, b, ours, (int)Signal.Usr2, "keepalived.stats")];
        Assert.Equal(Number().Replace(statistics[0], "N"), Number().Replace(statistics[1], "N"));

        // The state dump has fewer lines than keepalived's, none under another name and none in another place.
        string[] state = [await DumpAsync(lab, a, theirs, (int)Signal.Usr1, "keepalived.data"), await DumpAsync(lab, b, ours, (int)Signal.Usr1, "keepalived.data")];
        // Only a backup tells who its master is; keepalived tells the last one from 2.3 on.
        Assert.Equal(["   Master router", "   Master priority", "   Address owner ignores received adverts"], NotIn(Names(state[0]), Names(state[1])));
        Assert.Contains("   State = BACKUP\n   Wantstate = BACKUP\n", state[1]);
        Assert.Contains("   Status = GOOD\n", state[1]);
        Assert.Equal("600", (await b.RunAsync("stat", "-c", "%a", Path.Combine(b.Folder, "keepalived.data"))).Trim());
    }

    [NeedsFact("keepalived", "fencefirst")]
    public async Task The_section_of_sync_groups_is_that_of_keepalived()
    {
        // Two groups on each node, which do not hear each other: all are masters. A fault of one member is counted, and the other one follows.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        await lab.CutAdvertsAsync();
        Node a = lab["a"], b = lab["b"];
        (Node Node, Daemon Daemon)[] both = [(a, a.StartKeepalived("keepalived", Groups(lab, a), ["env", "TMPDIR=" + a.Folder], "-P")), (b, b.StartFenceFirst(Groups(lab, b)))];
        string[] names = ["VI_1", "VI_2", "VI_3", "VI_4"];
        foreach ((_, Daemon daemon) in both)
        {
            foreach (string name in names)
            {
                await daemon.WaitForLogAsync($"({name}) Entering MASTER STATE");
            }
        }
        List<string> master = [], fault = [];
        foreach ((Node node, Daemon daemon) in both)
        {
            master.Add(Section(await DumpAsync(lab, node, daemon, (int)Signal.Usr1, "keepalived.data")));
            node.WriteFile("gate", "1\n");
            await daemon.WaitForLogAsync("(VI_2) Entering FAULT STATE");
            fault.Add(Section(await DumpAsync(lab, node, daemon, (int)Signal.Usr1, "keepalived.data")));
        }
        Assert.Equal(master[0], master[1]);
        Assert.Equal(fault[0], fault[1]);
        Assert.Contains(" VRRP Sync Group = G, FAULT\n   Num member fault 1, num member init 0", fault[1], StringComparison.Ordinal);
    }

    [NeedsFact("fencefirst")]
    public async Task Statistics_can_be_begun_anew_and_a_file_that_cannot_be_written_disturbs_nothing()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        string conf = Conf.File(new Conf(lab.Virtual)).Replace("global_defs {", $"global_defs {{\n    json_dump_file {a.Folder}/state/\n    state_dump_file /proc/nowhere/dump\n    json_version 2");
        Daemon daemon = a.StartFenceFirst(conf);
        await a.WaitForAddressAsync(lab.Virtual);
        Assert.Contains("Became master: 1", await DumpAsync(lab, a, daemon, RealTimeStatisticsClear, "keepalived.stats"));
        Assert.Contains("Became master: 0", await DumpAsync(lab, a, daemon, (int)Signal.Usr2, "keepalived.stats"));
        string json = await DumpAsync(lab, a, daemon, RealTimeJson, "state/keepalived.json");
        Assert.Equal(1, JsonDocument.Parse(json).RootElement.GetProperty("vrrp").GetArrayLength());
        daemon.Send(Signal.Usr1);
        await daemon.WaitForLogAsync("the dump /proc/nowhere/dump could not be written");
        Assert.True(a.Holds(lab.Virtual));
    }

    private static string Section(string dump)
    {
        int from = dump.IndexOf("------< VRRP Sync groups", StringComparison.Ordinal);
        return dump[from..dump.IndexOf("------<", from + 1, StringComparison.Ordinal)];
    }

    private static string Groups(Lab lab, Node node)
    {
        string gate = node.WriteFile("gate", "0\n");
        string groups = $"track_file gate {{\n    file {gate}\n    weight 0\n}}\ntrack_file other {{\n    file {gate}\n    weight 2\n}}\n"
            + "vrrp_script chk {\n    script /usr/bin/true\n    weight 3\n}\nvrrp_track_process px {\n    process no-such-process\n    weight -4\n}\n"
            + "vrrp_sync_group G {\n    group {\n        VI_1\n        VI_2\n    }\n    notify_master \"/usr/bin/true m\"\n    notify_backup /usr/bin/true\n    notify_fault /usr/bin/true\n    notify_stop /usr/bin/true\n    notify \"/usr/bin/true any\"\n}\n"
            + "vrrp_sync_group H {\n    group {\n        VI_3\n        VI_4\n    }\n    track_interface {\n        lo weight 5\n    }\n    track_script {\n        chk\n    }\n"
            + "    track_file {\n        other weight -3 reverse\n    }\n    track_process {\n        px weight 7\n    }\n    sync_group_tracking_weight\n    notify_priority_changes\n}\n";
        return Conf.File(groups, [.. Enumerable.Range(1, 4).Select(i => new Conf(System.Net.IPAddress.Parse($"10.99.{i}.1"))
        {
            Name = $"VI_{i}",
            Vrid = 50 + i,
            Extra = i == 2 ? "    track_file {\n        gate\n    }\n" : "",
        })]);
    }

    private static int MasterPriority(string json) => JsonDocument.Parse(json).RootElement[0].GetProperty("data").GetProperty("master_priority").GetInt32();

    // What says the same on two nodes: everything but states, counters and times.
    private static string Setting(string json) => string.Join('\n', JsonDocument.Parse(json).RootElement.EnumerateArray()
        .SelectMany(each => each.GetProperty("data").EnumerateObject())
        .Where(each => !State().IsMatch(each.Name))
        .Select(each => $"{each.Name} {each.Value.GetRawText().Replace(" set\"", "\"").Replace("\\/", "/").Replace("\\u0027", "'")}"));

    // The words of what an instance holds.
    private static string Held(string json, int instance) => string.Join('\n', JsonDocument.Parse(json).RootElement[instance].GetProperty("data").EnumerateObject()
        .Where(each => each.Name is "vips" or "evips" or "vroutes" or "vrules")
        .SelectMany(each => each.Value.EnumerateArray().Select(entry => $"{each.Name}: {entry.GetString()}")));

    private static string Keys(string json) => string.Join('\n', JsonDocument.Parse(json).RootElement.EnumerateArray()
        .Select(each => string.Join(' ', each.EnumerateObject().SelectMany(part => part.Value.EnumerateObject().Select(key => $"{part.Name}.{key.Name}:{Kind(key.Value)}")))));

    private static string Kind(JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? "Boolean" : value.ValueKind.ToString();

    // What the lines are called, for the sections that both have: what stands before the value; entries of lists have no name.
    private static string[] Names(string dump)
    {
        int from = dump.IndexOf("------< VRRP Topology", StringComparison.Ordinal), to = dump.IndexOf("------< Interfaces", StringComparison.Ordinal);
        return [.. dump[from..to].Split('\n').Where(line => !line.StartsWith("     ", StringComparison.Ordinal)).Select(line => Value().Replace(line, ""))];
    }

    // Both in order: what of the second does not follow in the first.
    private static string[] NotIn(string[] all, string[] some)
    {
        int at = 0;
        List<string> missing = [];
        foreach (string one in some)
        {
            int found = Array.IndexOf(all, one, at);
            if (found < 0)
            {
                missing.Add(one);
            }
            else
            {
                at = found + 1;
            }
        }
        return [.. missing];
    }

    private static async Task<string> DumpAsync(Lab lab, Node node, Daemon daemon, int signal, string name)
    {
        string path = Path.Combine(node.Folder, name);
        File.Delete(path);
        daemon.Send((Signal)signal);
        // keepalived writes into the file itself: the last line is there when it ends.
        await lab.UntilAsync(() => File.Exists(path) && File.ReadAllText(path) is { Length: > 0 } text && (text[^1] == '\n' || text[^1] is ']' or '}'), 10, $"{node.Name} to write {name}");
        return await File.ReadAllTextAsync(path);
    }

    private static string Configuration(Lab lab, Node node) => Conf.File(
        "vrrp_script chk {\n    script \"/usr/bin/test -e /\"\n    interval 1\n    weight 10\n}\n",
        new Conf(lab.Virtual)
        {
            Version = 2,
            Interval = "1",
            Password = "secret",
            Priority = node.Name == "a" ? 140 : 90,
            Extra = $$"""
                    virtual_ipaddress_excluded {
                        {{lab.SecondVirtual}} dev eth0 label eth0:1
                    }
                    virtual_routes {
                        192.0.2.0/24 via {{node.Address}} dev eth0
                    }
                    track_script {
                        chk
                    }
                    notify "/usr/bin/true a"
                    notify_master /usr/bin/true
                    garp_master_delay 3
                    preempt_delay 2

                """,
        },
        new Conf(lab.Virtual6) { Name = "VI_2", Vrid = node.Name == "a" ? 61 : 62, Extra = "    nopreempt\n" }) + Owner(node);

    // Held at once, with what addresses, routes and rules can have; its next advert is 40 s away.
    private static string Owner(Node node) =>
        $$"""
        vrrp_instance VI_3 {
            state MASTER
            interface eth0
            version 3
            virtual_router_id 63
            priority 255
            advert_int 40
            unicast_src_ip {{node.Address}}
            unicast_peer {
                10.94.9.8
                10.94.9.9 min_ttl 5
            }
            virtual_ipaddress {
                10.94.0.1/24 label eth0:7
                10.94.1.1/32 scope link
            }
            virtual_ipaddress_excluded {
                10.95.0.1 peer 10.95.0.2 no_track home
                fd95::1/128
                fd96::1/64 preferred_lft 0
            }
            virtual_routes {
                10.90.0.0/16 dev eth0 scope link src 10.94.0.1
                unreachable 10.89.0.0/16 table 7
                throw 10.88.0.0/16 table 8 metric 5
                10.86.0.0/16 nexthop via 10.94.0.7 dev eth0 weight 3 nexthop via 10.94.0.8 dev eth0 weight 2
                10.85.0.0/16 via 10.94.0.7 dev eth0 onlink tos 0x10
                default via 10.94.0.8 metric 50 mtu 1400 advmss 1300
                fd98::/64 dev eth0 metric 9
            }
            virtual_rules {
                from 10.97.0.0/16 to 10.1.0.0/16 tos 0x10 fwmark 5 iif eth0 table 5 priority 99 no_track
                from 10.96.0.0/16 blackhole priority 98
                to fd98::/64 table 9 priority 97
            }
        }

        """;

    [GeneratedRegex("^(master_priority|last_transition|base_priority|effective_priority|vipset|state|wantstate|auth_data|vroutes|vrid|vips|track_script|script.*)$")]
    private static partial Regex State();

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();

    [GeneratedRegex("( =|Multicast address| \\([0-9]+\\):).*")]
    private static partial Regex Value();
}
