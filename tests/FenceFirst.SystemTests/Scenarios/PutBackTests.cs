using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>Routes, rules and static items that somebody else removes, and an interface that goes and comes back.</summary>
public sealed class PutBackTests(ITestOutputHelper output)
{
    private const string Static = """
        track_group others {
            group {
                VI_1
            }
        }
        static_ipaddress {
            10.77.0.1/24 dev extra0 track_group others
        }
        static_routes {
            10.78.0.0/16 dev extra0
        }
        static_rules {
            from 10.78.0.0/16 table 9 priority 901
        }

        """;

    private const string Virtual = "    virtual_routes {\n        10.96.0.0/16 dev eth0\n    }\n    virtual_rules {\n        from 10.96.0.0/16 table 9 priority 900\n    }\n";

    // Shown: what is removed is put back without leaving Master; who fights us is named; a link that returns gets its static items back, with another number too.
    [NeedsFact("fencefirst")]
    public async Task Removed_routes_rules_and_static_items_are_put_back()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        await AddLinkAsync(a);
        Daemon daemon = a.StartFenceFirst(Conf.File(Static, new Conf(lab.Virtual) { Extra = Virtual }));
        await a.WaitForAddressAsync(lab.Virtual);
        await daemon.WaitForLogAsync("Entering MASTER STATE");
        await AllThereAsync(lab, a);
        foreach (string removal in new[] { "route del 10.96.0.0/16", "rule del priority 900", "route del 10.78.0.0/16", "rule del priority 901", "addr del 10.77.0.1/24 dev extra0" })
        {
            int mark = daemon.Log.Mark;
            await a.RunAsync(["ip", .. removal.Split(' ')]);
            await AllThereAsync(lab, a);
            if (removal.Contains("77", StringComparison.Ordinal) || removal.Contains("78", StringComparison.Ordinal))
            {
                await daemon.WaitForLogAsync("Restoring deleted static", 10, mark);
            }
        }

        Assert.NotNull(daemon.Log.Find("putting it back"));
        for (int i = 0; i < 9; i++)
        {
            await a.RunAsync("ip", "route", "del", "10.78.0.0/16");
            await AllThereAsync(lab, a);
        }

        await daemon.WaitForLogAsync("static addresses, routes or rules keep vanishing");
        Assert.Equal(1, daemon.Log.Count("Entering MASTER STATE"));

        // The kernel drops the route of a link that goes down; the instance of the track_group has a fault meanwhile.
        int before = daemon.Log.Mark;
        await a.RunAsync("ip", "link", "set", "extra0", "down");
        await daemon.WaitForLogAsync("Entering FAULT STATE", 10, before);
        await a.RunAsync("ip", "link", "set", "extra0", "up");
        await AllThereAsync(lab, a);
        await a.RunAsync("ip", "link", "del", "extra0");
        await daemon.WaitForLogAsync("Interface extra0 deleted", 10, before);
        await AddLinkAsync(a);
        await AllThereAsync(lab, a);
    }

    private static async Task AddLinkAsync(Node node)
    {
        await node.RunAsync("ip", "link", "add", "extra0", "type", "veth", "peer", "name", "extra1");
        await node.RunAsync("ip", "link", "set", "extra1", "up");
        await node.RunAsync("ip", "link", "set", "extra0", "up");
    }

    private static async Task AllThereAsync(Lab lab, Node node)
    {
        (string What, string[] Query, string Expected)[] all =
        [
            ("the virtual route", ["route", "show", "10.96.0.0/16"], "10.96.0.0/16"),
            ("the virtual rule", ["rule", "show", "priority", "900"], "10.96.0.0/16"),
            ("the static route", ["route", "show", "10.78.0.0/16"], "10.78.0.0/16"),
            ("the static rule", ["rule", "show", "priority", "901"], "10.78.0.0/16"),
            ("the static address", ["addr", "show", "dev", "extra0"], "10.77.0.1/24"),
        ];
        foreach ((string what, string[] query, string expected) in all)
        {
            await lab.UntilAsync(() => node.RunAsync(["ip", .. query]).GetAwaiter().GetResult().Contains(expected, StringComparison.Ordinal), 15, what);
        }
    }
}
