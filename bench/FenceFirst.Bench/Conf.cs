using System.Globalization;
using System.Text;

namespace FenceFirst.Bench;

/// <summary>A keepalived.conf that both daemons read, byte for byte the same: virtual routers 1, 2, 3 …, each with one address 10.99.1.N.</summary>
internal sealed record Conf
{
    /// <summary>Virtual routers, 1..250; default 1.</summary>
    public int Instances { get; init; } = 1;

    /// <summary>VRRP version, 2 or 3; default 2.</summary>
    public int Version { get; init; } = 2;

    /// <summary>Seconds between adverts; default 1.</summary>
    public double IntervalSeconds { get; init; } = 1;

    /// <summary>Priority, 1..255; 255 with <see cref="IsOwner"/> begins as master at once; default 100.</summary>
    public int Priority { get; init; } = 100;

    /// <summary>Seconds of vip_lease, which keepalived does not read; 0 = none, the default.</summary>
    public int LeaseSeconds { get; init; }

    /// <summary>Whether each virtual router has an IPv6 address fd99::N besides; default no.</summary>
    public bool IsDualStack { get; init; }

    /// <summary>The virtual router that sends its adverts half as often; 0 = none, the default.</summary>
    public int SlowVrid { get; init; }

    /// <summary>Check scripts, each run every second and tracked by every virtual router; default none.</summary>
    public int Scripts { get; init; }

    /// <summary>Files that every virtual router tracks; they do not exist, which counts as 0; default none.</summary>
    public int Files { get; init; }

    /// <summary>Interfaces that every virtual router tracks, each worth 1; default none.</summary>
    public IReadOnlyList<string> Links { get; init; } = [];

    /// <summary>The address owner: <c>state MASTER</c> with priority 255, so that no timer stands before the first advert.</summary>
    public bool IsOwner => Priority == 255;

    public string IntervalText => IntervalSeconds.ToString("0.##", CultureInfo.InvariantCulture);

    // keepalived passes over lines with a config id that is not its own.
    private string Lease => LeaseSeconds == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"@fencefirst    vip_lease {LeaseSeconds}\n");

    public override string ToString()
    {
        StringBuilder text = new("global_defs {\n    router_id BENCH\n    script_user root\n}\n");
        for (int i = 1; i <= Scripts; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"vrrp_script check_{i} {{\n    script /usr/bin/true\n    interval 1\n}}\n");
        }

        for (int i = 1; i <= Files; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"track_file file_{i} {{\n    file /run/fencefirst-bench-{i}\n    weight 1\n}}\n");
        }

        string tracked = Tracked("track_script", Scripts, i => $"check_{i}") + Tracked("track_file", Files, i => $"file_{i}") + Tracked("track_interface", Links.Count, i => $"{Links[i - 1]} weight 1");
        for (int vrid = 1; vrid <= Instances; vrid++)
        {
            text.Append(CultureInfo.InvariantCulture, $$"""
                vrrp_instance VI_{{vrid}} {
                    state {{(IsOwner ? "MASTER" : "BACKUP")}}
                    interface {{Lab.LinkName}}
                    version {{Version}}
                    virtual_router_id {{vrid}}
                    priority {{Priority}}
                    advert_int {{(vrid == SlowVrid ? (2 * IntervalSeconds).ToString("0.##", CultureInfo.InvariantCulture) : IntervalText)}}
                    virtual_ipaddress {
                        10.99.1.{{vrid}}/32
                    }
                {{tracked}}{{Lease}}{{(IsDualStack ? $"    virtual_ipaddress_excluded {{\n        fd99::{vrid}/64\n    }}\n" : "")}}}

                """);
        }

        return text.ToString();
    }

    private static string Tracked(string block, int count, Func<int, string> line) =>
        count == 0 ? "" : $"    {block} {{\n        {string.Join("\n        ", Enumerable.Range(1, count).Select(line))}\n    }}\n";
}
