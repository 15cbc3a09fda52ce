using System.Net;
using System.Text;
using FenceFirst.Tests.Repo;

namespace FenceFirst.SystemTests;

/// <summary>The configuration of both daemons: every instance has an address, an excluded one, a route, a rule, every notify script and a file that puts it into Fault.</summary>
internal sealed class OrderConf(Lab lab, Node node, string script, string pipe, int instances)
{
    private const string More = "10.88.100.1", Go = "go", Weight = "weigh";

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

    public static string Name(int instance) => $"VI_{instance + 1}";

    public static int Vrid(int instance) => 51 + instance;

    public IPAddress Address(int instance) => IPAddress.Parse($"{lab.Virtual.ToString()[..^1]}{instance}");

    public static string Excluded(int instance) => $"10.88.{instance}.1";

    public static string Route(int instance) => $"10.{90 + instance}.0.0";

    public static int RulePriority(int instance) => 700 + instance;

    /// <summary>Takes an instance out of the configuration.</summary>
    public void Remove(int instance) => _instances.Remove(instance);

    /// <summary>0 = no fault.</summary>
    public void SetGate(int instance, int value) => node.WriteFile(Gate(instance), value + "\n");

    /// <summary>Of <see cref="IsTalkative"/>: what is added to the priority.</summary>
    public void SetWeight(int value) => node.WriteFile(Weight, value + "\n");

    /// <summary>The checks of <see cref="IsOwnerFirst"/> come to their first result.</summary>
    public void LetChecksEnd() => node.WriteFile(Go, "");

    /// <summary>What a message of the kernel is about.</summary>
    public Sight? SightOf(int instance, string message) => message switch
    {
        _ when message == $"+address {Address(instance)}" => Sight.AddressAdded,
        "+address " + More when instance == 0 => Sight.AddressAdded,
        "-address " + More when instance == 0 => Sight.AddressRemoved,
        _ when message == $"-address {Address(instance)}" => Sight.AddressRemoved,
        _ when message == $"+address {Excluded(instance)}" => Sight.ExcludedAdded,
        _ when message == $"-address {Excluded(instance)}" => Sight.ExcludedRemoved,
        _ when message == $"+route {Route(instance)}" => Sight.RouteAdded,
        _ when message == $"-route {Route(instance)}" => Sight.RouteRemoved,
        _ when message == $"+rule {Rule(instance)}" => Sight.RuleAdded,
        _ when message == $"-rule {Rule(instance)}" => Sight.RuleRemoved,
        _ => null,
    };

    public bool Announces(int instance, IPAddress address) => address.Equals(Address(instance)) || address.ToString() == Excluded(instance) || (instance == 0 && address.ToString() == More);

    public string Text
    {
        get
        {
            StringBuilder text = new();
            text.Append($"global_defs {{\n    router_id LAB\n    script_user root\n    enable_script_security\n    vrrp_notify_fifo {pipe}\n}}\n");
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
                text.Append($"vrrp_sync_group G {{\n    group {{\n        {string.Join("\n        ", _instances.Select(Name))}\n    }}\n    notify \"{script} G any\"\n}}\n");
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
                        advert_int {{(IsUnicast ? 5 : 0.5)}}
                        garp_master_delay {{(IsTalkative ? 2 : 0)}}
                        {{(IsTalkative ? "higher_prio_send_advert\n    notify_priority_changes" : "")}}
                        {{(IsUnicast ? $"unicast_src_ip {node.Address}\n    unicast_peer {{\n        {lab["b"].Address}\n    }}" : "")}}
                        {{(IsLatenessTold ? "nopreempt\n    timer_expired_backup" : "")}}
                        virtual_ipaddress {
                            {{Address(i)}}/24
                        }
                        virtual_ipaddress_excluded {
                            {{Excluded(i)}}/32
                            {{(HasMore && i == 0 ? More + "/32" : "")}}
                        }
                        virtual_routes {
                            {{Route(i)}}/16 via {{lab["b"].Address}} dev eth0
                        }
                        virtual_rules {
                            from {{Rule(i)}}/24 table 1000 priority {{RulePriority(i)}}
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

    private bool IsOwner(int instance) => IsOwnerFirst && instance is 0 or 3;

    private static string Gate(int instance) => $"gate{instance}";

    private static string Rule(int instance) => $"10.{90 + instance}.1.0";
}
