using System.Net;
using System.Text;

namespace FenceFirst.SystemTests;

/// <summary>One vrrp_instance in the words that keepalived and we share. What only one of them knows goes into <see cref="Extra"/>.</summary>
internal sealed record Conf(IPAddress Virtual)
{
    public string Name { get; init; } = "VI_1";
    public int Vrid { get; init; } = 51;
    public int Priority { get; init; } = 100;
    public int Version { get; init; } = 3;
    public string Interval { get; init; } = "0.2";
    public string? Password { get; init; }

    /// <summary>Whether the password is the key of an authentication header instead of being sent.</summary>
    public bool HasHeader { get; init; }

    public IPAddress? Source { get; init; }
    public IReadOnlyList<IPAddress> Peers { get; init; } = [];
    public string Extra { get; init; } = "";

    /// <summary>A whole file: global_defs, whatever has to be defined before the instances, and the instances.</summary>
    public static string File(string definitions, params Conf[] instances) =>
        "global_defs {\n    router_id LAB\n    script_user root\n    enable_script_security\n}\n" + definitions + "\n" + string.Concat(instances.Select(each => each.ToText()));

    public static string File(params Conf[] instances) => File("", instances);

    private string ToText()
    {
        StringBuilder text = new();
        text.Append("vrrp_instance ").Append(Name).Append(" {\n    state BACKUP\n    interface eth0\n");
        text.Append("    version ").Append(Version).Append("\n    virtual_router_id ").Append(Vrid).Append("\n    priority ").Append(Priority);
        text.Append("\n    advert_int ").Append(Interval).Append('\n');
        if (Password is not null)
        {
            text.Append("    authentication {\n        auth_type ").Append(HasHeader ? "AH" : "PASS").Append("\n        auth_pass ").Append(Password).Append("\n    }\n");
        }
        if (Peers.Count > 0)
        {
            text.Append("    unicast_src_ip ").Append(Source).Append("\n    unicast_peer {\n");
            foreach (IPAddress peer in Peers)
            {
                text.Append("        ").Append(peer).Append('\n');
            }
            text.Append("    }\n");
        }
        text.Append("    virtual_ipaddress {\n");
        if (Virtual.GetAddressBytes().Length == 16)
        {
            // RFC 9568 wants the link-local address first.
            text.Append("        fe80::5e00:").Append(Vrid).Append("/64\n        ").Append(Virtual).Append("/64\n");
        }
        else
        {
            text.Append("        ").Append(Virtual).Append("/24\n");
        }
        return text.Append("    }\n").Append(Extra).Append("}\n").ToString();
    }
}
