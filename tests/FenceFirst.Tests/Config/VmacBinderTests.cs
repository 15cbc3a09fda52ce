using FenceFirst.Config;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Config;

/// <summary>use_vmac and its like: which interfaces are made, with which MAC address, and what is put on them (keepalived 2.2.7, vrrp.c and vrrp_parser.c).</summary>
public sealed class VmacBinderTests
{
    private const string Six = "native_ipv6\nvirtual_ipaddress {\nfe80::1/64\n}\n";

    // RFC 9568 section 7.3. Shown: the addresses, the interface below, and that both interfaces are tracked.
    [Theory]
    [InlineData("virtual_ipaddress {\n10.0.0.100/24\n}\n", "vrrp.51 00005e000133 on eth0, sends")]
    [InlineData(Six, "vrrp.51 00005e000233 on eth0, sends")]
    [InlineData("virtual_ipaddress {\n10.0.0.100/24\n}\nvmac_xmit_base\n", "vrrp.51 00005e000133 on eth0")]
    public void An_interface_is_made_for_the_instance(string lines, string expected)
    {
        NodeConfig config = Good(Instance("A", 51, "use_vmac\n" + lines));
        VrrpConfig instance = config.Instances[0];
        Assert.Equal(expected, Shown(config, instance.Vmac!));
        Assert.Equal(instance.Vmac!.Link, instance.Addresses[0].Link);
        Assert.Equal([instance.Link, instance.Vmac.Link], instance.TrackLinks.Select(track => track.Index));
    }

    [Theory]
    [InlineData("use_vmac vip0", "vip0 00005e000133 on eth0, sends")]
    [InlineData("use_vmac name group", "group 00005e000133 on eth0, sends")]
    [InlineData("use_vmac 02:00:00:00:00:07", "vrrp.51 020000000007 on eth0, sends")]
    [InlineData("use_vmac 2:0:0:a:b", "vrrp.51 0200000a0b33 on eth0, sends")]
    [InlineData("use_vmac 2:0:0:a:b: vip0", "vip0 0200000a0b33 on eth0, sends")]
    [InlineData("use_vmac vip0 02:00:00:00:00:07 netlink_notify_msg group 5", "vip0 020000000007 on eth0, sends, group 5, lower told")]
    public void Name_and_address_can_be_given(string line, string expected)
    {
        NodeConfig config = Good(Instance("A", 51, line + "\nvirtual_ipaddress {\n10.0.0.100/24\n}\n"));
        Assert.Equal(expected, Shown(config, config.Instances[0].Vmac!));
    }

    // Shown: names as keepalived chooses them, in the order of the file, and none that another instance gives.
    [Fact]
    public void Names_that_are_taken_get_a_number()
    {
        NodeConfig config = Good(
            Instance("A", 51, "use_vmac\n" + Address(1)) + Instance("B", 51, "use_vmac\n" + Six) + Instance("C", 51, "use_vmac\n" + Six.Replace("::1", "::2", StringComparison.Ordinal), "eth1")
            + Instance("D", 51, "use_vmac\n" + Address(2), "eth1") + Instance("E", 52, "use_vmac\n" + Address(3)) + Instance("F", 53, "use_vmac vrrp.52\n" + Address(4)));
        Assert.Equal(
            ["vrrp.51", "vrrp6.51", "vrrp1.51", "vrrp2.51", "vrrp1.52", "vrrp.52"],
            config.Instances.Select(instance => config.Links[instance.Vmac!.Link])); // All have one.
    }

    [Fact]
    public void Prefixes_begin_the_names_as_far_as_there_is_room()
    {
        NodeConfig config = Good("global_defs {\nvmac_prefix a-prefix-of-20-chars\nvmac_addr_prefix va\n}\n"
            + Instance("A", 51, "use_vmac\nuse_vmac_addr\nvirtual_ipaddress {\n10.0.0.1/24\n10.1.0.1/24 dev eth1\n}\n"));
        Assert.Equal(["a-prefix-of-.51", "va.51"], config.Instances[0].EachVirtualLink().Select(vmac => config.Links[vmac.Link]));
    }

    // Shown: on the instance's own interface stands what has none or names it; another family or another interface only with use_vmac_addr.
    [Theory]
    [InlineData("use_vmac", "vrrp.51 vrrp.51 eth1 eth0 vrrp.51")]
    [InlineData("use_vmac_addr", "eth0 eth0 vrrp.51 vrrp6.51 eth0")]
    [InlineData("use_vmac\nuse_vmac_addr", "vrrp.51 vrrp.51 vrrp1.51 vrrp6.51 vrrp.51")]
    [InlineData("", "eth0 eth0 eth1 eth0 eth0")]
    public void Addresses_are_put_on_the_interface_they_belong_on(string lines, string expected)
    {
        NodeConfig config = Good(Instance(
            "A", 51, lines + "\nvirtual_ipaddress {\n10.0.0.1/24\n10.0.0.2/24 dev eth0\n10.1.0.1/24 dev eth1\n}\nvirtual_ipaddress_excluded {\nfd00::1/64\n10.0.0.3/24\n}\n"));
        VrrpConfig instance = config.Instances[0];
        Assert.Equal(expected, string.Join(' ', instance.Addresses.Concat(instance.ExcludedAddresses).Select(address => config.Links[address.Link])));
    }

    [Fact]
    public void One_address_can_have_a_virtual_MAC_address_of_its_own()
    {
        NodeConfig config = Good(Instance("A", 51, "virtual_ipaddress {\n10.0.0.1/24\n10.1.0.1/24 dev eth1 use_vmac\n}\n"));
        Assert.Null(config.Instances[0].Vmac);
        Assert.Equal("vrrp.51 00005e000133 on eth1", Shown(config, Assert.Single(config.Instances[0].AddressVmacs)));
        Assert.Equal(["eth0", "vrrp.51"], config.Instances[0].Addresses.Select(address => config.Links[address.Link]));
        Assert.Equal(["eth0", "vrrp.51"], config.Instances[0].TrackLinks.Select(track => config.Links[track.Index]));

        // Without dev it is the instance's interface, as keepalived has it.
        config = Good(Instance("A", 51, "virtual_ipaddress {\n10.0.0.1/24\n10.0.0.2/24 use_vmac\n}\n"));
        Assert.Equal("vrrp.51 00005e000133 on eth0", Shown(config, Assert.Single(config.Instances[0].AddressVmacs)));
    }

    // Shown: strict_mode takes the given address and vmac_xmit_base back, as keepalived does.
    [Fact]
    public void Strict_mode_has_the_address_of_the_RFC()
    {
        (NodeConfig? config, string shown) = Load(Instance("A", 51, "strict_mode on\nversion 3\nuse_vmac vip0 02:00:00:00:00:07\nvmac_xmit_base\n" + Address(1)));
        Assert.Contains("strict_mode has the MAC address of the RFC, as in keepalived", shown, StringComparison.Ordinal);
        Assert.Contains("strict_mode sends adverts from the virtual MAC address, as in keepalived", shown, StringComparison.Ordinal);
        Assert.Equal("vip0 00005e000133 on eth0, sends", Shown(config!, config!.Instances[0].Vmac!)); // Warnings refuse nothing.
    }

    // Shown: what keepalived -t complains of is an error or a warning here, with what to do.
    [Theory]
    [InlineData("use_vmac 1:2:3:4", "FF1212 '1:2:3:4' is no MAC address")]
    [InlineData("use_vmac 02:00:00:00:00:07:", "FF1212")]
    [InlineData("use_vmac 02:00:00:00:00:007", "FF1212")]
    [InlineData("use_vmac 02:00:00:00:00:zz", "FF1212")]
    [InlineData("use_vmac 01:00:00:00:00:07", "FF1212 01:00:00:00:00:07 is a multicast address")]
    [InlineData("use_vmac 00:00:5e:00:01:07", "FF1212 00:00:5e:00:01:07 is one of the virtual router addresses")]
    [InlineData("use_vmac 00:00:5e:00:02", "FF1212")]
    [InlineData("use_vmac 02:00:00:00:00:07 02:00:00:00:00:08", "FF1212 use_vmac has a second MAC address")]
    [InlineData("use_vmac a b", "FF1211 use_vmac has a second name, b")]
    [InlineData("use_vmac name-of-16-letter", "FF1211 'name-of-16-letter' cannot be the name of an interface")]
    [InlineData("use_vmac a/b", "FF1211")]
    [InlineData("use_vmac eth0", "FF1485 interface eth0 exists and is no macvlan")]
    [InlineData("use_vmac lo", "FF1485")]
    [InlineData("use_vmac dummy0", "FF1485 interface dummy0 exists and is no macvlan")]
    [InlineData("use_vmac group", "FF1207 'group' needs a value")]
    [InlineData("use_vmac group absent", "FF1404 there is no link group absent")]
    [InlineData("vmac_xmit_base", "FF1514 vmac_xmit_base has no effect without use_vmac")]
    [InlineData("use_vmac\npromote_secondaries", "FF1514 promote_secondaries is always so with use_vmac")]
    [InlineData("use_vmac\nunicast_peer {\n10.0.0.2\n}", "FF1515 unicast adverts leave from the interface below: vmac_xmit_base is assumed")]
    [InlineData("use_vmac\nvirtual_ipaddress {\n10.0.0.9/24 dev eth0 use_vmac\n}", "FF1514 use_vmac of 10.0.0.9 says no more than use_vmac of the instance does")]
    public void What_cannot_be_meant_is_said(string lines, string expected)
    {
        string[] parts = expected.Split(' ', 2);
        string shown = Load(Instance("A", 51, lines + "\n" + Address(1))).Shown;
        Assert.Contains(parts.Length == 1 ? parts[0] : $"{parts[0]}: {parts[1]}", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("use_vmac vip0", "use_vmac vip0", "FF1402", "two instances use vip0")]
    [InlineData("use_vmac 02:00:00:00:00:07", "use_vmac 02:00:00:00:00:07", "FF1485", "B and A would have the same virtual MAC address on eth0")]
    public void Two_instances_do_not_share_an_interface(string first, string second, string code, string words)
    {
        string shown = Load(Instance("A", 51, first + "\n" + Address(1)) + Instance("B", 52, second + "\n" + Address(2))).Shown;
        Assert.Contains(code, shown, StringComparison.Ordinal);
        Assert.Contains(words, shown, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_Ethernet_can_carry_one()
    {
        string shown = Load(Instance("A", 51, "use_vmac\n" + Address(1), "eth2")).Shown;
        Assert.Contains("eth2 is no Ethernet interface", shown, StringComparison.Ordinal);
        Assert.Contains("use_vmac needs an interface", Load("vrrp_instance A {\nvirtual_router_id 5\nunicast_src_ip 192.168.173.203\nunicast_peer {\n10.0.0.2\n}\nuse_vmac\nvirtual_ipaddress {\n10.0.0.1 dev eth0\n}\n}\n").Shown, StringComparison.Ordinal);
        Assert.Contains("VRRP cannot run on the loopback interface", Load(Instance("A", 51, "use_vmac\n" + Address(1), "lo")).Shown, StringComparison.Ordinal);
    }

    // Shown: the interface itself can be named elsewhere in the file, before it exists.
    [Fact]
    public void A_given_name_can_be_used_in_routes()
    {
        NodeConfig config = Good(Instance("A", 51, "use_vmac vip0\nvirtual_routes {\n10.5.0.0/16 dev vip0\n}\n" + Address(1)));
        Assert.Equal(config.Instances[0].Vmac!.Link, config.Instances[0].Routes[0].Link);
    }

    [Fact]
    public void It_is_untracked_with_the_interface_below_and_has_its_delays()
    {
        Assert.True(Good(Instance("A", 51, "use_vmac\ndont_track_primary\n" + Address(1))).Instances[0].TrackLinks.IsEmpty);
        NodeConfig config = Good("interface_up_down_delays {\neth0 1\n}\n" + Instance("A", 51, "use_vmac\n" + Address(1)));
        Assert.Equal([0, config.Instances[0].Vmac!.Link], config.LinkDelays.Select(delay => delay.Link));
    }

    private static string Shown(NodeConfig config, VirtualLink vmac) =>
        $"{config.Links[vmac.Link]} {vmac.Mac:x12} on {config.Links[vmac.Lower]}{(vmac.IsSending ? ", sends" : "")}{(vmac.Group >= 0 ? $", group {vmac.Group}" : "")}{(vmac.IsLowerTold ? ", lower told" : "")}";

    private static string Address(int host) => $"virtual_ipaddress {{\n10.0.0.{host}/24\n}}\n";

    private static string Instance(string name, int vrid, string lines, string link = "eth0") => $"vrrp_instance {name} {{\ninterface {link}\nvirtual_router_id {vrid}\n{lines}}}\n";

    private static NodeConfig Good(string text)
    {
        (NodeConfig? config, string shown) = Load(text);
        Assert.Equal("", shown);
        return config!; // Nothing was reported.
    }

    private static (NodeConfig? Config, string Shown) Load(string text)
    {
        FakeMachine machine = new();
        machine.Interfaces.Add("dummy0");
        machine.Files["/sys/class/net/dummy0/uevent"] = "INTERFACE=dummy0\n";
        machine.Files["/sys/class/net/eth2/type"] = "65534\n";
        machine.Files["test.conf"] = text;
        (NodeConfig? config, DiagnosticBag diagnostics) = ConfigLoader.Load("test.conf", null, machine.Facts);
        return (config, DiagnosticText.Render(diagnostics));
    }
}
