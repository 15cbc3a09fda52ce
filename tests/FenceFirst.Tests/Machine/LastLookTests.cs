using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Tests.Machine;

/// <summary>docs/promotion.md section 6, sentence by sentence: refused packets hold, listen_after, probe.</summary>
public class LastLookTests
{
    private static readonly VrrpConfig Fencing = TestConfig.Instance().Promote(TestConfig.Fence("z"));
    private static readonly VrrpConfig ProbeOnly = TestConfig.Instance().Promote().Plan(plan => plan with { IsProbing = true });
    private static readonly VrrpConfig Probing = Fencing.Plan(plan => plan with { IsProbing = true });
    private static readonly VrrpConfig Listening = Fencing.Plan(plan => plan with { ListenAfter = null });

    // 6.1 and 3: a promotion that was held goes on by an operator's word before the hold has ended by itself: the bound of the next step is a bound, not the end of a hold.
    [Fact]
    public void A_confirmation_ends_the_hold_of_its_step()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z"), TestConfig.Run()));
        m.Driver.Advance(3);
        m.Deliver(NodeEvent.PacketRefused(0, DecodeError.WrongPassword, TestConfig.AddressOf('y')));
        m.Driver.Advance(1);
        Assert.True(m.Recorded(TimelineKind.PromotionHeld));
        m.Hear('y', 50);
        m.Deliver(NodeEvent.OperatorConfirmed(0, TestConfig.AddressOf('z')));
        Assert.Equal(StepKind.Run, m.OpenSteps.Single().Step.Kind);
        m.Driver.Advance(61);
        Assert.True(m.Recorded(TimelineKind.StepTimedOut));
    }

    // 6.3: the probe is the last thing before Master; nobody answers, so the address is added.
    [Fact]
    public void The_probe_follows_the_last_step_and_precedes_the_address()
    {
        SimulatedNode m = Lost(Probing);
        m.Succeed();
        Assert.Equal("probe", m.Seen);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.AnswerProbe();
        Assert.Equal("advert:100 AddAddresses announce:5 notify:Master", m.Seen);
    }

    // 6.3: usable without any step.
    [Fact]
    public void A_probe_alone_is_a_promotion()
    {
        SimulatedNode m = Lost(ProbeOnly);
        Assert.Equal("advert:100 probe", m.Seen);
        m.AnswerProbe();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 6.3: an address in use fails the promotion: released as a candidate, nothing added, retry_after applies, and the log names who and where to look.
    [Fact]
    public void An_address_in_use_adds_nothing()
    {
        SimulatedNode m = Lost(ProbeOnly);
        InternetAddress address = m.Config.Instances[0].Addresses[0].Address;
        m.AnswerProbe(address);
        Assert.Equal("advert:0", m.Seen);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        TimelineEntry entry = m.Entries.Single(each => each.Kind == TimelineKind.AddressInUse);
        string text = TimelineText.Describe(m.Config, entry);
        Assert.Contains($"address {address} is in use by 02:00:00:00:00:01", text);
        Assert.Contains("protocol 112", text);
        m.Driver.Advance(29.9);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.Advance(0.2);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
    }

    // 6.3, G2: no answer within 2 s is a failure, and a late one changes nothing.
    [Fact]
    public void A_probe_without_an_answer_has_failed()
    {
        SimulatedNode m = Lost(ProbeOnly);
        m.Driver.Advance(1.99);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Driver.Advance(0.02);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.True(m.Recorded(TimelineKind.ProbeFailed));
        m.AnswerProbe();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // 6.3, G2: a link that cannot be asked is a failure, not a free address.
    [Fact]
    public void A_probe_that_could_not_be_made_has_failed()
    {
        SimulatedNode m = Lost(ProbeOnly);
        m.AnswerProbe(errno: 100);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal(100, m.Entries.Single(entry => entry.Kind == TimelineKind.ProbeFailed).First);
    }

    // 6.3, G2: an answer that comes before the late timer, but after the bound, is none (a suspended candidate that does not advertise).
    [Fact]
    public void An_answer_after_the_bound_is_none()
    {
        SimulatedNode m = Lost(ProbeOnly.Plan(plan => plan with { IsAdvertising = false }));
        m.Driver.Suspend(60);
        m.AnswerProbe();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.True(m.Recorded(TimelineKind.ProbeFailed));
    }

    // 6: the answer to another probe than the one under way changes nothing.
    [Fact]
    public void An_answer_to_an_older_probe_changes_nothing()
    {
        SimulatedNode m = Lost(ProbeOnly);
        m.Deliver(NodeEvent.AddressesProbed(0, m.First.Steps.ProbeAttempt + 1, InternetAddress.None));
        m.Deliver(NodeEvent.AddressesProbed(0, 0, InternetAddress.None));
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
    }

    // 6: whatever ends a promotion ends the last look as well, and the answer that follows changes nothing.
    [Theory]
    [InlineData("master")]
    [InlineData("fault")]
    [InlineData("stop")]
    [InlineData("stall")]
    public void What_ends_a_promotion_ends_the_probe(string cause)
    {
        SimulatedNode m = Lost(ProbeOnly);
        switch (cause)
        {
            case "master":
                m.Hear('z', 200);
                break;
            case "fault":
                m.Deliver(NodeEvent.LinkChanged(0, false));
                break;
            case "stop":
                m.Deliver(NodeEvent.StopRequested());
                break;
            default:
                m.Driver.Suspend(60);
                break;
        }

        VrrpPhase after = m.Phase;
        m.AnswerProbe();
        Assert.True(cause == "stall" || after != VrrpPhase.Promoting);
        Assert.NotEqual(VrrpPhase.Master, m.Phase);
        Assert.NotEqual(VrrpPhase.Promoting, m.Phase);
        Assert.Equal(0u, m.First.Steps.ProbeAttempt);
    }

    // 6.2: one advert interval of the old master and the grace pass between the fence and the address.
    [Fact]
    public void The_fenced_target_is_listened_for()
    {
        SimulatedNode m = Lost(Listening);
        m.Succeed();
        Assert.Equal("", m.Seen);
        m.Driver.Advance(1.19);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Driver.Advance(0.02);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 6.2: by default nothing is listened for when every fence is verified: a status that says off needs no further proof. One that is not is enough to listen.
    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, false, false)]
    [InlineData(false, false, false)]
    public void A_verified_fence_is_not_listened_for(bool isFirstVerified, bool isSecondVerified, bool isMasterAtOnce)
    {
        SimulatedNode m = Lost(TestConfig.Instance()
            .Promote(Agent(isFirstVerified), TestConfig.Levels("a then b", device => device with { Agent = Agent(isSecondVerified).Agent }))
            .Plan(plan => plan with { ListenAfter = null }));
        m.Succeed();
        m.Succeed();
        Assert.Equal(isMasterAtOnce ? VrrpPhase.Master : VrrpPhase.Promoting, m.Phase);
        m.Driver.Advance(1.3);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 6.2: an operator's word is no status.
    [Fact]
    public void A_confirmed_target_is_listened_for()
    {
        SimulatedNode m = Lost(TestConfig.Instance().Promote(Agent(isVerified: true)).Plan(plan => plan with { ListenAfter = null }));
        m.Deliver(NodeEvent.OperatorConfirmed(0, TestConfig.AddressOf('z')));
        m.Fail();
        Assert.True(m.First.Steps.IsListening);
    }

    // 6.2: what the file says holds.
    [Fact]
    public void A_time_that_is_given_holds_for_verified_fences_too()
    {
        SimulatedNode m = Lost(TestConfig.Instance().Promote(Agent(isVerified: true)).Plan(plan => plan with { ListenAfter = TimeSpan.FromSeconds(2) }));
        m.Succeed();
        m.Driver.Advance(2.1);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Driver.Advance(0.2);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 6.2: never longer than 3 s unless the file says so.
    [Fact]
    public void Listening_is_bounded()
    {
        SimulatedNode m = Lost(Listening with { AdvertInterval = TimeSpan.FromSeconds(10) });
        m.Succeed();
        m.Driver.Advance(3.21);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 6.2: an advert of the fenced target meanwhile proves that the fence lied; nothing is added and nothing else runs.
    [Fact]
    public void An_advert_while_listening_proves_that_the_fence_lied()
    {
        SimulatedNode m = Lost(TestConfig.Instance().Promote(TestConfig.Fence("z"), TestConfig.Run()).Plan(plan => plan with { ListenAfter = null }));
        m.Succeed();
        Assert.Empty(m.OpenSteps);
        m.Driver.Advance(0.1);
        m.Hear('z', 100);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Driver.Advance(0.9);
        m.Hear('z', 100);
        Assert.True(m.Recorded(TimelineKind.FenceLied));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Empty(m.OpenSteps);
    }

    // 6.2: a candidate that did not run has not listened; it listens anew.
    [Fact]
    public void Listening_that_was_slept_through_starts_anew()
    {
        SimulatedNode m = Lost(Listening.Plan(plan => plan with { IsAdvertising = false }));
        m.Succeed();
        m.Driver.Suspend(60);
        m.Driver.Advance(0);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Driver.Advance(1.3);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 6.1: refused packets of the target hold the first fence; when they do not end, the promotion fails and names the mismatch.
    [Fact]
    public void Refused_packets_hold_the_first_fence_and_then_fail_the_promotion()
    {
        SimulatedNode m = MachineDriver.Alone(Fencing);
        for (int i = 0; i < 14; i++)
        {
            m.Driver.Advance(1);
            Refuse(m, 'z');
            Assert.Empty(m.OpenSteps);
        }

        m.Driver.Advance(1);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        TimelineEntry failed = m.Entries.Single(entry => entry.Kind == TimelineKind.HoldFailed);
        string text = TimelineText.Describe(m.Config, failed);
        Assert.Contains("10.0.0.26 is alive but its packets are refused", text);
        Assert.Contains("interval", text);
        Assert.Equal(1, m.First.FailedPromotions);
    }

    // 6.1: a plain keepalived master starts its advert timer anew at every packet of its Vrid, refused ones too. Our adverts would silence it, and its
    // silence would end the hold. So nothing is sent while refused packets come, and no priority 0 by one that has sent nothing.
    [Fact]
    public void A_held_candidate_does_not_advertise()
    {
        SimulatedNode m = MachineDriver.Alone(Fencing);
        for (int i = 0; i < 15; i++)
        {
            m.Driver.Advance(1);
            Refuse(m, 'z');
        }

        Assert.True(m.Recorded(TimelineKind.HoldFailed));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Empty(m.Sent);
    }

    // 6.1: whatever the candidate does meanwhile, it falls silent with the first refused packet and goes on when they have ended; that is no stall.
    [Fact]
    public void Adverts_of_a_candidate_pause_while_refused_packets_come()
    {
        SimulatedNode m = Lost(TestConfig.Instance().Promote(TestConfig.Check()));
        Assert.Single(m.Sent);
        for (int i = 0; i < 6; i++)
        {
            m.Driver.Advance(0.5);
            Refuse(m, 'y');
            m.Driver.Advance(0.5);
        }

        Assert.Single(m.Sent);
        m.Driver.Advance(5);
        Assert.InRange(m.Sent.Count, 2, 4);
        Assert.False(m.Recorded(TimelineKind.Stalled));
        m.Fail();
        Assert.Equal(1, m.Releases);
    }

    // 6.1: only the first step that cannot be given up is held: a check changes nothing, and what has been begun is not left half done.
    [Fact]
    public void A_check_and_a_second_fence_are_not_held()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Check(), TestConfig.Fence("y"), TestConfig.Fence("z"), TestConfig.Run()));
        m.Driver.Advance(3);
        Refuse(m, 'x');
        m.Driver.Advance(1);
        Assert.Equal(StepKind.Check, m.OpenSteps.Single().Step.Kind);
        m.Driver.Advance(4);
        m.Succeed();
        Assert.Equal("fence_y", m.OpenSteps.Single().Step.Name);
        Refuse(m, 'x');
        m.Succeed();
        Assert.Equal("fence_z", m.OpenSteps.Single().Step.Name);
        m.Succeed();
        Assert.Equal(StepKind.Run, m.OpenSteps.Single().Step.Kind);
        m.Succeed();
        Assert.True(m.First.Steps.IsHeld);
    }

    // 6.1: all holds of one promotion have one bound, counted from the first.
    [Fact]
    public void The_bound_is_one_for_all_holds()
    {
        SimulatedNode m = MachineDriver.Alone(Fencing);
        m.Driver.Advance(3);
        Refuse(m, 'x');
        m.Driver.Advance(5);
        Assert.Single(m.OpenSteps);
        m.Driver.Advance(4);
        Refuse(m, 'x');
        m.Succeed();
        Assert.True(m.First.Steps.IsHeld);
        for (int i = 0; i < 4; i++)
        {
            m.Driver.Advance(1);
            Refuse(m, 'x');
        }

        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.True(m.Recorded(TimelineKind.HoldFailed));
    }

    // 6.1: what a target had sent before it was fenced does not hold afterwards.
    [Fact]
    public void A_fence_makes_the_refused_packets_of_its_target_forgotten()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("y"), TestConfig.Fence("z")));
        m.Driver.Advance(4);
        Refuse(m, 'z');
        m.Succeed();
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 6.1: our own packets come back from a loop in the network, damaged perhaps.
    [Fact]
    public void Our_own_address_does_not_hold()
    {
        SimulatedNode m = MachineDriver.Alone(Fencing);
        m.Driver.Advance(3);
        m.Deliver(NodeEvent.PacketRefused(0, DecodeError.WrongChecksum, TestConfig.AddressOf('m')));
        m.Driver.Advance(1);
        Assert.Single(m.OpenSteps);
    }

    // 6.1: when they end, the promotion goes on where it was.
    [Fact]
    public void A_hold_ends_with_the_packets()
    {
        SimulatedNode m = MachineDriver.Alone(Fencing);
        m.Driver.Advance(3);
        Refuse(m, 'z');
        m.Driver.Advance(2);
        Assert.True(m.First.Steps.IsHeld);
        Assert.Empty(m.OpenSteps);
        m.Driver.Advance(2);
        Assert.Single(m.OpenSteps);
    }

    // 6.1: a sender whose interval is longer than our patience is alive as long as its own rhythm lasts.
    [Fact]
    public void A_slow_rhythm_holds_as_well()
    {
        SimulatedNode m = MachineDriver.Alone(Fencing);
        for (int i = 0; i < 5; i++)
        {
            m.Deliver(NodeEvent.AdvertReceived(0, new VrrpAdvert(2, 51, 200, 1, TimeSpan.FromSeconds(1), default), TestConfig.AddressOf('y')));
            m.Driver.Advance(3);
        }

        Refuse(m, 'z');
        m.Hear('y', 200);
        m.Driver.Advance(3);
        m.Hear('y', 200);
        m.Driver.Advance(3);
        Refuse(m, 'z');
        m.Hear('y', 200);
        m.Driver.Advance(5);
        Assert.True(m.First.Steps.IsHeld);
        m.Driver.Advance(3);
        Assert.Empty(m.OpenSteps);
    }

    // 6.1: with the steps done it holds before Master, and the link is asked again afterwards.
    [Fact]
    public void Refused_packets_hold_before_master()
    {
        SimulatedNode m = Lost(ProbeOnly);
        Refuse(m, 'y');
        m.AnswerProbe();
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        Assert.True(m.First.Steps.IsHeld);
        m.Driver.Advance(4);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.AnswerProbe();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 6.1: packets of a target change nothing while its own fence runs, nor does what it had sent before.
    [Fact]
    public void Refused_packets_of_a_target_under_fence_change_nothing()
    {
        SimulatedNode m = Lost(Fencing);
        Refuse(m, 'z');
        m.Driver.Advance(1);
        Refuse(m, 'z');
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 6.1: a target that sends refused packets after its fence has succeeded is alive, and the address stays down.
    [Fact]
    public void Refused_packets_of_a_fenced_target_hold()
    {
        SimulatedNode m = Lost(Listening);
        m.Succeed();
        m.Driver.Advance(0.1);
        Refuse(m, 'z');
        Assert.True(m.First.RefusedAt.IsNever);
        m.Driver.Advance(0.5);
        Refuse(m, 'z');
        m.Driver.Advance(1);
        Assert.True(m.First.Steps.IsHeld);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
    }

    // 6.1: a sender that is understood again is judged by its adverts.
    [Fact]
    public void An_accepted_advert_is_worth_more_than_a_refused_packet()
    {
        SimulatedNode m = MachineDriver.Alone(Fencing);
        Refuse(m, 'z');
        m.Hear('z', 200);
        Assert.True(m.First.RefusedAt.IsNever);
    }

    // 6.1: what comes from elsewhere, from ourselves or for somebody else is no evidence.
    [Theory]
    [InlineData(DecodeError.OwnPacket)]
    [InlineData(DecodeError.UnknownVrid)]
    [InlineData(DecodeError.WrongTtl)]
    public void What_proves_nobody_alive_does_not_hold(DecodeError error)
    {
        SimulatedNode m = MachineDriver.Alone(Fencing);
        m.Driver.Advance(3);
        m.Deliver(NodeEvent.PacketRefused(0, error, TestConfig.AddressOf('y')));
        m.Driver.Advance(1);
        Assert.Single(m.OpenSteps);
    }

    // 6.1: the second copy of a priority 0, and an advert that the network delivers twice or too late, tell of nobody who is alive now.
    [Fact]
    public void A_packet_that_was_overtaken_does_not_hold_and_silences_nobody()
    {
        SimulatedNode m = MachineDriver.Alone(Fencing);
        m.Driver.Advance(3);
        m.Deliver(NodeEvent.PacketRefused(0, DecodeError.AuthenticationReplayed, TestConfig.AddressOf('z'), isOvertaken: true));
        m.Driver.Advance(1);
        Assert.Single(m.OpenSteps);
        Assert.True(m.Recorded(TimelineKind.PacketRefused));
        int adverts = m.Sent.Count;
        m.Deliver(NodeEvent.PacketRefused(0, DecodeError.AuthenticationReplayed, TestConfig.AddressOf('y'), isOvertaken: true));
        m.Driver.Advance(2);
        Assert.Equal(adverts + 2, m.Sent.Count);

        SimulatedNode other = MachineDriver.Alone(Fencing);
        other.Driver.Advance(3);
        other.Deliver(NodeEvent.PacketRefused(0, DecodeError.AuthenticationReplayed, TestConfig.AddressOf('z')));
        other.Driver.Advance(1);
        Assert.True(other.First.Steps.IsHeld);
    }

    // 6.1: unicast: a peer counts, so does a neighbour with the prefix of the address, a stranger does not.
    [Theory]
    [InlineData("10.9.9.9", true)]
    [InlineData("10.0.1.77", true)]
    [InlineData("10.0.2.77", false)]
    public void Unicast_strangers_do_not_hold(string sender, bool isHeld)
    {
        SimulatedNode m = MachineDriver.Alone(Fencing with { IsUnicast = true, UnicastPeers = [new UnicastPeer(InternetAddress.Parse("10.9.9.9"))] });
        m.Driver.Advance(3);
        m.Deliver(NodeEvent.PacketRefused(0, DecodeError.WrongPassword, InternetAddress.Parse(sender)));
        m.Driver.Advance(1);
        Assert.Equal(isHeld, m.First.Steps.IsHeld);
    }

    // The same on a network of 22 bits, which end within a byte.
    [Theory]
    [InlineData("10.0.3.77", true)]
    [InlineData("10.0.5.77", false)]
    public void A_neighbour_shares_every_bit_of_the_prefix(string sender, bool isHeld)
    {
        SimulatedNode m = MachineDriver.Alone(Fencing with
        {
            IsUnicast = true,
            UnicastPeers = [new UnicastPeer(InternetAddress.Parse("10.9.9.9"))],
            Addresses = [Fencing.Addresses[0] with { PrefixLength = 22 }],
        });
        m.Driver.Advance(3);
        m.Deliver(NodeEvent.PacketRefused(0, DecodeError.WrongPassword, InternetAddress.Parse(sender)));
        m.Driver.Advance(1);
        Assert.Equal(isHeld, m.First.Steps.IsHeld);
    }

    // 6.1: without a promotion nothing changes: RFC 9568 section 7.1 discards, and so does keepalived.
    [Fact]
    public void A_plain_instance_is_not_held()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance());
        m.Driver.Advance(3);
        Refuse(m, 'z');
        m.Driver.Advance(1);
        Assert.Equal(VrrpPhase.Master, m.Phase);
        Assert.True(m.Recorded(TimelineKind.PacketRefused));
    }

    private static PromotionStep Agent(bool isVerified) => TestConfig.Fence("z") with { Agent = new FenceAgent { IsVerified = isVerified } };

    private static void Refuse(SimulatedNode m, char sender) =>
        m.Deliver(NodeEvent.PacketRefused(0, DecodeError.WrongInterval, TestConfig.AddressOf(sender)));

    /// <summary>A node that followed z (priority 100, or 200 for longer intervals) and has lost it; probes are answered by the test.</summary>
    private static SimulatedNode Lost(VrrpConfig config)
    {
        SimulatedNode m = MachineDriver.Alone(config);
        m.Driver.Probes = (_, _) => null;
        m.Hear('z', 100);
        m.Driver.AdvanceTo(m.First.MasterDownAt);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        return m;
    }
}
