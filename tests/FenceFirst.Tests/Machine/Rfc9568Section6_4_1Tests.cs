using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>RFC 9568 section 6.4.1: Initialize. RFC 3768 section 6.4.1 says the same with Master for Active.</summary>
public class Rfc9568Section6_4_1Tests
{
    // RFC 9568 section 6.4.1: the state waits for a start-up event, and does nothing else. Shown with every other event first.
    [Fact]
    public void Before_start_up_nothing_is_sent_and_no_timer_runs()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance(), isBooted: false);
        NodeState state = new(m.Config, 0);
        EffectBuffer effects = new();
        NodeMachine.Step(m.Config, state, NodeEvent.LinkChanged(0, true), new(5), effects);
        NodeMachine.Step(m.Config, state, NodeEvent.SourceChanged(0, TestConfig.AddressOf('m')), new(6), effects);
        NodeMachine.Step(m.Config, state, NodeEvent.AdvertReceived(0, new(2, 51, 200, 1, TimeSpan.FromSeconds(1), default), TestConfig.AddressOf('a')), new(7), effects);
        Assert.Equal(0, effects.Count);
        Assert.Equal(VrrpPhase.Initialize, state.Instances[0].Phase);
    }

    // RFC 9568 section 6.4.1: priority 255 (the owner) sends an advert, announces its addresses, sets Adver_Timer and is Active at once.
    [Fact]
    public void Address_owner_is_master_at_once()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance(255) with { IsStateMaster = true });
        Assert.Equal(VrrpPhase.Master, m.Phase);
        Assert.Equal("advert:255 AddAddresses announce:5 notify:Master", m.Seen);
        Assert.Equal(m.Driver.Now + TimeSpan.FromSeconds(1), m.First.AdvertAt);
    }

    // RFC 9568 section 6.4.1 and our deviation: priority 255 without "state MASTER" waits as every other router (keepalived).
    [Fact]
    public void Owner_without_state_master_waits_as_a_backup()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance(255));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // G1 before RFC 9568 section 6.4.1: an owner with a promotion starts its steps at once, and is not Active before they succeeded.
    [Fact]
    public void Address_owner_with_a_promotion_runs_its_steps_first()
    {
        SimulatedNode m = MachineDriver.Alone((TestConfig.Instance(255) with { IsStateMaster = true }).Promote(TestConfig.Run()));
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // RFC 9568 section 6.4.1: otherwise Active_Adver_Interval is our own, Active_Down_Timer is Active_Down_Interval, and the state is Backup.
    [Theory]
    [InlineData(2, 1000, 100, 3_609_375)]
    [InlineData(2, 1000, 254, 3_007_812.5)]
    [InlineData(2, 2000, 100, 6_609_375)]
    [InlineData(3, 1000, 100, 3_609_375)]
    [InlineData(3, 2000, 100, 7_218_750)]
    [InlineData(3, 10, 100, 36_093.7)]
    [InlineData(3, 10, 1, 39_960.9)]
    public void Others_become_backup_and_wait_master_down_interval(int version, int milliseconds, int priority, double microseconds)
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance((byte)priority) with { Version = (byte)version, AdvertInterval = TimeSpan.FromMilliseconds(milliseconds) });
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), m.First.MasterAdvertInterval);
        Assert.Equal(m.Driver.Now + TimeSpan.FromTicks((long)(microseconds * 10)), m.First.MasterDownAt);
        Assert.Equal("notify:Backup", m.Seen);
    }

    // keepalived: a link that is down, or no source address, is a fault at start.
    [Fact]
    public void A_node_that_cannot_take_part_starts_in_fault()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance());
        m.Deliver(NodeEvent.LinkChanged(0, false));
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        Assert.Equal(FaultCauses.Link, m.First.Faults);
        m.Deliver(NodeEvent.SourceChanged(0, InternetAddress.None));
        m.Deliver(NodeEvent.LinkChanged(0, true));
        Assert.Equal(FaultCauses.NoSource, m.First.Faults);
        m.Deliver(NodeEvent.SourceChanged(0, TestConfig.AddressOf('m')));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // Two tracked links that are down; one comes back; the fault stays.
    [Fact]
    public void A_returning_link_does_not_clear_the_fault_of_another()
    {
        NodeConfig config = TestConfig.Node(TestConfig.Instance() with { TrackLinks = [new(0, 0, false), new(1, 0, false)] }) with { Links = ["eth0", "eth1"] };
        SimulatedNode m = MachineDriver.Alone(config);
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        m.Deliver(NodeEvent.LinkChanged(0, false));
        m.Deliver(NodeEvent.LinkChanged(1, true));
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        m.Deliver(NodeEvent.LinkChanged(0, true));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // Not in RFC 9568, keepalived's: with unicast peers a node that begins to listen announces its own address, before anybody is told. Shown at the start and
    // after a fault; without unicast peers nothing is announced.
    [Theory]
    [InlineData(true, "announce-own ")]
    [InlineData(false, "")]
    public void A_unicast_node_announces_itself_when_it_begins_to_listen(bool isUnicast, string announced)
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance() with { IsUnicast = isUnicast, UnicastPeers = isUnicast ? [new UnicastPeer(TestConfig.AddressOf('a'))] : [] });
        Assert.Equal(announced + "notify:Backup", m.Seen);
        m.Deliver(NodeEvent.LinkChanged(0, false));
        Assert.Equal("notify:Fault", m.Seen);
        m.Deliver(NodeEvent.LinkChanged(0, true));
        Assert.Equal(announced + "notify:Backup", m.Seen);
    }
}
