using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Packets;
using FenceFirst.Tests.Machine;

namespace FenceFirst.Tests.Daemon;

/// <summary>garp_extra_if: addresses on interfaces that send no adverts are announced again and again (keepalived 2.2.7, vrrp.c, vrrp_send_vmac_update).</summary>
public sealed class ExtraAnnouncementTests
{
    private static readonly MonotonicInstant Start = MonotonicInstant.Zero + TimeSpan.FromSeconds(100);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    // Shown, with eth0, its virtual one (1), eth1 (2) and the virtual one of that (3): one address per interface, and none where adverts leave.
    [Theory]
    [InlineData(true, false, "10.0.3.1")]
    [InlineData(false, false, "10.0.1.1 10.0.3.1")]
    [InlineData(true, true, "10.0.2.1 10.0.3.1")]
    [InlineData(false, true, "10.0.1.1 10.0.2.1 10.0.3.1")]
    public void One_address_is_announced_on_each_interface_that_sends_nothing(bool isSending, bool isForAll, string expected)
    {
        ExtraAnnouncements extra = New(Instance(isSending, isForAll, Minute));
        extra.Begin(0, Start);
        Assert.Empty(extra.Take(Start + (0.9 * Minute)));
        Assert.Equal(Start + Minute, extra.Due);
        Assert.Equal(expected, string.Join(' ', extra.Take(Start + Minute).Select(each => each.Address)));
        Assert.Equal(Start + (2 * Minute), extra.Due);
    }

    [Fact]
    public void Nothing_is_due_without_it_and_after_the_addresses_are_given_up()
    {
        ExtraAnnouncements extra = New(Instance(false, false, TimeSpan.Zero));
        extra.Begin(0, Start);
        Assert.True(extra.Due.IsNever);
        extra = New(Instance(false, false, Minute));
        Assert.True(extra.Due.IsNever);
        extra.Begin(0, Start);
        extra.Begin(0, Start + (0.5 * Minute));
        Assert.Equal(Start + Minute, extra.Due);
        extra.End(0);
        Assert.True(extra.Due.IsNever);
    }

    // Shown: a reload keeps the grid of an instance that goes on, begins one where it is asked for now, and forgets who is gone.
    [Fact]
    public void A_reload_keeps_what_goes_on()
    {
        ExtraAnnouncements extra = New(Instance(false, false, Minute), Instance(false, false, TimeSpan.Zero));
        extra.Begin(0, Start);
        extra.Begin(1, Start);
        MonotonicInstant now = Start + (0.5 * Minute);
        extra.Configure(Node(Instance(false, false, 3 * Minute), Instance(false, false, Minute)), index => 1 - index, now);
        Assert.Equal(Start + Minute, extra.Due);
        extra.Configure(Node(Instance(false, false, 3 * Minute)), index => index == 0 ? 0 : -1, now);
        Assert.Equal(now + (3 * Minute), extra.Due);
    }

    private static ExtraAnnouncements New(params VrrpConfig[] instances)
    {
        ExtraAnnouncements extra = new();
        extra.Configure(Node(instances), static index => index, Start);
        return extra;
    }

    private static NodeConfig Node(params VrrpConfig[] instances) => TestConfig.Node(instances) with { Links = ["eth0", "vrrp.51", "eth1", "vrrp1.51"] };

    private static VrrpConfig Instance(bool isSending, bool isForAll, TimeSpan interval) => TestConfig.Instance() with
    {
        Vmac = new VirtualLink(1, 0, 0x00005e000133) { IsSending = isSending },
        AddressVmacs = [new VirtualLink(3, 2, 0x00005e000133)],
        Addresses = [Address("10.0.1.1", 1), Address("10.0.1.2", 1), Address("10.0.2.1", 2)],
        ExcludedAddresses = [Address("10.0.3.1", 3)],
        Gratuitous = new GratuitousSchedule { Extra = interval, IsExtraForAll = isForAll },
    };

    private static VirtualAddress Address(string address, int link) => new(InternetAddress.Parse(address), 24, link);
}
