using System.Net;
using System.Text;
using FenceFirst.Tests.Repo;

namespace FenceFirst.SystemTests;

/// <summary>The configuration of both daemons: every instance has an address, an excluded one, a route, a rule, every notify script and a file that puts it into Fault.</summary>
internal sealed class OrderConf(Lab lab, Node node, string script, string pipe, int instances)
{
    private const string More = "10.88.100.1", FarMore = "10.88.101.1", Go = "go", Weight = "weigh", Static = "10.89.0.1", StaticRoute = "10.79.0.0";

    /// <summary>Of everybody but an owner.</summary>
    public const int Priority = 100;

    private readonly List<int> _instances = [.. Enumerable.Range(0, instances)];

    public string Pipe => pipe;

    /// <summary>Whether all instances stand in one sync group.</summary>
    public bool IsGrouped { get; set; }

    /// <summary>An address more, for the first instance.</summary>
    public bool HasMore { get; set; }

    /// <summary>Whether a better one is answered, a change of priority is told to the pipe, and a second burst follows.</summary>
    public bool IsTalkative { get; set; }

    /// <summary>Whether the file asks for what keepalived 2.2.8 and later do when their timers are late. 2.2.7 does not know the word, and goes on.</summary>
    public bool IsLatenessTold { get; set; }

    /// <summary>How long a silent master is waited for: three intervals and the skew of priority 100.</summary>
    public static readonly TimeSpan MasterDown = TimeSpan.FromSeconds((3 * 0.5) + (0.5 * 156 / 256));

    /// <summary>Whether the instances talk to node b alone. Their master is waited for longer, and the second one has a check that waits for <see cref="LetChecksEnd"/>.</summary>
    public bool IsUnicast { get; set; }

    /// <summary>The first instance owns its address, and the fourth; all but the first have a check that waits for <see cref="LetChecksEnd"/>, and that of the third fails.</summary>
    public bool IsOwnerFirst { get; set; }

    /// <summary>An owner whose adverts are 40 s apart, so that every one is noticed; -1 = there is none.</summary>
    public int FarOwner { get; set; } = -1;

    /// <summary>An address more, for <see cref="FarOwner"/>.</summary>
    public bool HasFarMore { get; set; }

    /// <summary>Whether the addresses are IPv6.</summary>
    public bool IsIPv6 { get; set; }

    /// <summary>Whether the second instance has no_accept.</summary>
    public bool IsFiltered { get; set; }

    /// <summary>Whether there are a static address and a static route; they count as the first instance's.</summary>
    public bool HasStatic { get; set; }

    public static string Name(int instance) => $"VI_{instance + 1}";

    public static int Vrid(int instance) => 51 + instance;

    public IPAddress Address(int instance) => IPAddress.Parse($"{(IsIPv6 ? lab.Virtual6 : lab.Virtual).ToString()[..^1]}{instance}");

    public string Excluded(int instance) => IsIPv6 ? $"fd88:{instance + 1}::1" : $"10.88.{instance}.1";

    public string Route(int instance) => IsIPv6 ? $"fd90:{instance + 1}::" : $"10.{90 + instance}.0.0";

    /// <summary>As it stands in the file. With a length of 128 the kernel tells of an IPv6 address when it is added, by its route; its message about the address itself comes later, from a worker.</summary>
    public string Prefix(int instance) => $"{Address(instance)}/{(IsIPv6 ? 128 : 24)}";

    public static int RulePriority(int instance) => 700 + instance;

    /// <summary>Takes an instance out of the configuration.</summary>
    public void Remove(int instance) => _instances.Remove(instance);

    /// <summary>Puts one more instance into the configuration.</summary>
    public void Add(int instance) => _instances.Add(instance);

    /// <summary>0 = no fault.</summary>
    public void SetGate(int instance, int value) => node.WriteFile(Gate(instance), value + "\n");

    /// <summary>Of <see cref="IsTalkative"/>: what is added to the priority.</summary>
    public void SetWeight(int value) => node.WriteFile(Weight, value + "\n");

    /// <summary>The checks of <see cref="IsOwnerFirst"/> come to their first result.</summary>
    public void LetChecksEnd() => node.WriteFile(Go, "");

    /// <summary>What a message of the kernel is about.</summary>
    public Sight? SightOf(int instance, string message) => message switch
    {
        _ when message == $"{Added} {Address(instance)}" => Sight.AddressAdded,
        "+address " + More when instance == 0 => Sight.AddressAdded,
        "-address " + More when instance == 0 => Sight.AddressRemoved,
        "+address " + FarMore when instance == FarOwner => Sight.AddressAdded,
        _ when message == $"-address {Address(instance)}" => Sight.AddressRemoved,
        _ when message == $"{Added} {Excluded(instance)}" => Sight.ExcludedAdded,
        _ when message == $"-address {Excluded(instance)}" => Sight.ExcludedRemoved,
        _ when message == $"+route {Route(instance)}" => Sight.RouteAdded,
        _ when message == $"-route {Route(instance)}" => Sight.RouteRemoved,
        _ when message == $"+rule {Rule(instance)}" => Sight.RuleAdded,
        _ when message == $"-rule {Rule(instance)}" => Sight.RuleRemoved,
        _ when message == $"+filter {Address(instance)}" => Sight.Filtered,
        _ when message == $"-filter {Address(instance)}" => Sight.Unfiltered,
        _ when message == $"+filter {Excluded(instance)}" => Sight.ExcludedFiltered,
        _ when message == $"-filter {Excluded(instance)}" => Sight.ExcludedUnfiltered,
        "+address " + Static when instance == 0 => Sight.StaticAddressAdded,
        "-address " + Static when instance == 0 => Sight.StaticAddressRemoved,
        "+route " + StaticRoute when instance == 0 => Sight.StaticRouteAdded,
        "-route " + StaticRoute when instance == 0 => Sight.StaticRouteRemoved,
        _ => null,
    };

    public bool Announces(int instance, IPAddress address) => address.Equals(Address(instance)) || address.ToString() == Excluded(instance) || (instance == 0 && address.ToString() == More) || (instance == FarOwner && address.ToString() == FarMore);

    public string Text
    {
        get
        {
            StringBuilder text = new();
            text.Append($"global_defs {{\n    router_id LAB\n    script_user root\n    enable_script_security\n    vrrp_notify_fifo {pipe}\n}}\n");
            if (HasStatic)
            {
                text.Append($"static_ipaddress {{\n    {Static}/32 dev eth0\n}}\nstatic_routes {{\n    {StaticRoute}/16 via {lab["b"].Address} dev eth0\n}}\n");
            }
            foreach (int i in _instances)
            {
                text.Append($"track_file gate{i} {{\n    file {Path.Combine(node.Folder, Gate(i))}\n    weight 0\n}}\n");
            }
            if (IsTalkative)
            {
                text.Append($"track_file weigh {{\n    file {Path.Combine(node.Folder, Weight)}\n    weight 1\n}}\n");
            }
            if (IsOwnerFirst || IsUnicast)
            {
                string check = node.WriteScript("check.sh", $"while [ ! -e {Path.Combine(node.Folder, Go)} ]; do sleep 0.05; done\nexit $1");
                text.Append($"vrrp_script good {{\n    script \"{check} 0\"\n    interval 1\n    timeout 20\n}}\nvrrp_script bad {{\n    script \"{check} 1\"\n    interval 1\n    timeout 20\n}}\n");
            }
            if (IsGrouped)
            {
                text.Append($"vrrp_sync_group G {{\n    group {{\n        {string.Join("\n        ", _instances.Select(Name))}\n    }}\n    notify \"{script} G any\"\n");
                foreach (string state in (string[])["master", "backup", "fault", "stop"])
                {
                    text.Append($"    notify_{state} \"{script} G state {state.ToUpperInvariant()}\"\n");
                }
                text.Append("}\n");
            }
            foreach (int i in _instances)
            {
                text.Append(
                    $$"""
                    vrrp_instance {{Name(i)}} {
                        state {{(IsOwner(i) ? "MASTER" : "BACKUP")}}
                        interface eth0
                        version 3
                        virtual_router_id {{Vrid(i)}}
                        priority {{(IsOwner(i) ? 255 : Priority)}}
                        advert_int {{(i == FarOwner ? 40 : IsUnicast ? 5 : 0.5)}}
                        garp_master_delay {{(IsTalkative ? 2 : 0)}}
                        {{(IsTalkative ? "higher_prio_send_advert\n    notify_priority_changes" : "")}}
                        {{(IsUnicast ? $"unicast_src_ip {node.Address}\n    unicast_peer {{\n        {lab["b"].Address}\n    }}" : "")}}
                        {{(IsLatenessTold ? "nopreempt\n    timer_expired_backup" : "")}}
                        {{(IsFiltered && i == 1 ? "no_accept" : "")}}
                        virtual_ipaddress {
                            {{Prefix(i)}}
                        }
                        virtual_ipaddress_excluded {
                            {{Excluded(i)}}/{{(IsIPv6 ? 128 : 32)}}
                            {{(HasMore && i == 0 ? More + "/32" : HasFarMore && i == FarOwner ? FarMore + "/32" : "")}}
                        }
                        virtual_routes {
                            {{Route(i)}}/{{(IsIPv6 ? 32 : 16)}} via {{(IsIPv6 ? lab["b"].Address6 : lab["b"].Address)}} dev eth0
                        }
                        virtual_rules {
                            from {{Rule(i)}}/{{(IsIPv6 ? 64 : 24)}} table 1000 priority {{RulePriority(i)}}
                        }
                        track_file {
                            gate{{i}}
                            {{(IsTalkative ? "weigh" : "")}}
                        }
                        {{((IsOwnerFirst || IsUnicast) && i > 0 ? $"track_script {{\n        {(i == 2 ? "bad" : "good")}\n    }}" : "")}}
                        notify_master "{{script}} {{Name(i)}} state MASTER"
                        notify_backup "{{script}} {{Name(i)}} state BACKUP"
                        notify_fault "{{script}} {{Name(i)}} state FAULT"
                        notify_stop "{{script}} {{Name(i)}} state STOP"
                        notify_deleted "{{script}} {{Name(i)}} state DELETED"
                        notify_master_rx_lower_pri "{{script}} {{Name(i)}} state MASTER_RX_LOWER_PRI"
                        notify "{{script}} {{Name(i)}} any"
                    }

                    """);
            }
            return text.ToString();
        }
    }

    private string Added => IsIPv6 ? "+route" : "+address";

    private bool IsOwner(int instance) => instance == FarOwner || (IsOwnerFirst && instance is 0 or 3);

    private static string Gate(int instance) => $"gate{instance}";

    private string Rule(int instance) => IsIPv6 ? $"fd91:{instance + 1}::" : $"10.{90 + instance}.1.0";
}
