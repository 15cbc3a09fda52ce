using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Wire;

namespace FenceFirst.Core.Vrrp;

/// <content>The last look: part of Promoting, where silence is doubted once more (docs/promotion.md 6). Nothing is held and no step is under way.</content>
public ref partial struct VrrpMachine
{
    /// <summary>Bound on one probe, several times what the host needs. No answer by then = failed (G2).</summary>
    private static readonly TimeSpan ProbeBound = TimeSpan.FromSeconds(2);

    /// <summary>Bound on listen_after when the file does not say; a master of a longer interval is then not waited for.</summary>
    private static readonly TimeSpan ListenMax = TimeSpan.FromSeconds(3);

    /// <summary>Bound on all holds of one promotion: so many Master_Down_Intervals, and never longer than <see cref="HoldMax"/>.</summary>
    private const int HoldIntervals = 3;

    /// <summary>Bound on all holds of one promotion, whatever the intervals are.</summary>
    private static readonly TimeSpan HoldMax = TimeSpan.FromSeconds(30);

    /// <summary>Refused packets that came in a rhythm have ended when this many are missing, as with adverts.</summary>
    private const int RefusedMissing = 3;

    /// <summary>After the last step: held while somebody alive is not understood, then the probe, then Master.</summary>
    private void BeginLastLook()
    {
        if (BeginAwaitingDisk() || BeginOutlivingRelease() || BeginHold())
        {
            return;
        }

        bool isProbing = false;
        for (int i = 0; i < GroupSize; i++)
        {
            isProbing |= Member(i).BeginProbe();
        }

        if (!isProbing)
        {
            BecomeMaster();
        }
    }

    /// <summary>Asks the link for the addresses of this instance; false = there is nothing to ask for.</summary>
    private bool BeginProbe()
    {
        int addresses = _config.Addresses.Count + _config.ExcludedAddresses.Count;
        if (!_config.Promotion!.IsProbing || addresses == 0)
        {
            return false;
        }

        _state.Steps.IsProbing = true;
        _state.Steps.ProbeAttempt = ++_node.LastAttempt;
        _state.Steps.DeadlineAt = _now + ProbeBound;
        Record(new TimelineEntry { Kind = TimelineKind.ProbeStarted, First = addresses, Attempt = _state.Steps.ProbeAttempt });
        _effects.Add(new NodeEffect { Kind = NodeEffectKind.ProbeAddresses, Index = _index, Attempt = _state.Steps.ProbeAttempt });
        return true;
    }

    /// <summary>The host has asked the link. Answers to any probe but the one under way change nothing.</summary>
    internal void AddressesProbed(uint attempt, InternetAddress inUse, ulong station, int errno)
    {
        ReleaseAfterStall();
        if (HandoverClaimed(attempt, inUse) || attempt == 0 || attempt != _state.Steps.ProbeAttempt)
        {
            return;
        }

        // G2: an answer after the bound is none.
        bool isLate = _now > _state.Steps.DeadlineAt;
        _state.Steps.IsProbing = false;
        _state.Steps.ProbeAttempt = 0;
        _state.Steps.DeadlineAt = MonotonicInstant.Never;
        VrrpMachine leader = Leader;
        if (!inUse.IsNone)
        {
            leader.FailPromotion(new TimelineEntry { Kind = TimelineKind.AddressInUse, Address = inUse, Station = station });
        }
        else if (errno != 0 || isLate)
        {
            leader.FailPromotion(new TimelineEntry { Kind = TimelineKind.ProbeFailed, First = errno });
        }
        else
        {
            leader.EndLastLook();
        }
    }

    /// <summary>A probe has found nobody: when it was the last one under way, Master, unless refused packets hold the promotion.</summary>
    private void EndLastLook()
    {
        for (int i = 0; i < GroupSize; i++)
        {
            if (Member(i)._state.Steps.IsProbing)
            {
                return;
            }
        }

        if (!BeginHold())
        {
            BecomeMaster();
        }
    }

    /// <summary>
    /// Gives a fenced target the time to prove its fence wrong, before a run step changes anything and before the addresses are added. What is heard of it
    /// meanwhile is judged where all adverts are. Returns whether there is anything to wait for.
    /// </summary>
    private bool BeginListening()
    {
        TimeSpan listen = ListenTime;
        if (_state.Steps.FencedAt.IsNever || listen <= TimeSpan.Zero)
        {
            return false;
        }

        MonotonicInstant until = _state.Steps.FencedAt + LieGrace + listen;
        if (_now >= until)
        {
            return false;
        }

        _state.Steps.IsListening = true;
        _state.Steps.DeadlineAt = until;
        Record(new TimelineEntry { Kind = TimelineKind.ListeningStarted, Duration = until - _now });
        return true;
    }

    private readonly TimeSpan ListenTime
    {
        get
        {
            if (_config.Promotion!.ListenAfter is { } given)
            {
                return given;
            }

            // A device whose status says off needs no further proof; an operator's word does.
            if (_config.Promotion.IsEveryFenceVerified && _state.Steps.Confirmed == 0)
            {
                return TimeSpan.Zero;
            }

            TimeSpan longest = TimeSpan.Zero;
            for (int i = 0; i < GroupSize; i++)
            {
                TimeSpan interval = Member(i)._state.MasterAdvertInterval;
                longest = interval > longest ? interval : longest;
            }

            return longest < ListenMax ? longest : ListenMax;
        }
    }

    private void LastLookDeadlineReached(MonotonicInstant due)
    {
        if (_state.Steps.IsProbing)
        {
            // G2: unknown is no. The answer that may still come is to a number that is awaited no more.
            Leader.FailPromotion(new TimelineEntry { Kind = TimelineKind.ProbeFailed });
        }
        else if (_state.Steps.IsHeld)
        {
            HoldDeadlineReached();
        }
        else if (_state.Steps.IsOutlivingRelease)
        {
            _state.Steps.IsOutlivingRelease = false;
            GoOnAfterWait();
        }
        else if (_now - due > _state.MasterAdvertInterval)
        {
            // We have not run, so we have not listened either.
            Record(new TimelineEntry { Kind = TimelineKind.ListeningStarted, Duration = ListenTime });
            _state.Steps.DeadlineAt = _now + ListenTime;
        }
        else
        {
            _state.Steps.IsListening = false;
            BeginStep();
        }
    }

    /// <summary>
    /// With nopreempt and no master known: a worse station that is heard for the first time is a fellow candidate, which gives way at our adverts, or a
    /// master. Until it has, nothing is started that cannot be given up; when it advertises again it has not heard us, or does not give way, and we do.
    /// Without this two equal candidates that started together would end each other's promotions again and again.
    /// </summary>
    private bool IsGivenTimeToGiveWay(in VrrpAdvert advert, InternetAddress source)
    {
        bool isHeardByIt = !_state.AdvertAt.IsNever;
        if (!_state.Steps.OldMaster.IsNone || !_state.Steps.Rival.IsNone || !isHeardByIt || Leader._state.Steps.IsCommitted || IsBetter(advert.Priority, source))
        {
            return false;
        }

        _state.Steps.Rival = source;
        _state.RefusedFrom = source;
        _state.RefusedError = DecodeError.None;
        _state.RefusedInterval = TimeSpan.Zero;
        _state.RefusedAt = _now;
        Record(new TimelineEntry { Kind = TimelineKind.RivalHeard, Address = source, First = advert.Priority, Second = _state.Priority });
        return true;
    }

    /// <summary>Remembers a refused packet with a promotion: somebody is alive, and we do not understand it (docs/promotion.md 6.1).</summary>
    private void NoteRefused(DecodeError error, InternetAddress source)
    {
        if (_config.Promotion is not { } plan || !IsEvidence(plan, error, source))
        {
            return;
        }

        if (_state.Phase == VrrpPhase.Promoting
            && (Leader.IsTargetUnderFence(plan, source) || (Leader.FencedStep(plan, source) >= 0 && _now - Leader._state.Steps.FencedAt < LieGrace)))
        {
            // As with its adverts: expected while its own fence runs, and what was under way when its power went proves nothing.
            return;
        }

        bool isRhythm = source == _state.RefusedFrom && !_state.RefusedAt.IsNever;
        _state.RefusedInterval = isRhythm ? _now - _state.RefusedAt : TimeSpan.Zero;
        _state.RefusedFrom = source;
        _state.RefusedError = error;
        _state.RefusedAt = _now;
    }

    /// <summary>
    /// Whether a refused packet says that a neighbour is alive. A unicast peer and a fence target: always. Anybody else has to be on our link: for multicast the
    /// hop limit says so, for unicast a virtual address with the same prefix does.
    /// </summary>
    private readonly bool IsEvidence(PromotionPlan plan, DecodeError error, InternetAddress source)
    {
        if (source.IsNone || source == _state.Source || error is DecodeError.OwnPacket or DecodeError.UnknownVrid)
        {
            return false;
        }

        foreach (ref readonly UnicastPeer peer in _config.UnicastPeers.Span)
        {
            if (peer.Address == source)
            {
                return true;
            }
        }

        foreach (PromotionStep step in plan.Steps)
        {
            if (step.Targets.Span.Contains(source))
            {
                return true;
            }
        }

        return _config.IsUnicast ? IsNeighbour(source) : error != DecodeError.WrongTtl;
    }

    private readonly bool IsNeighbour(InternetAddress source)
    {
        if (source.IsLinkLocal)
        {
            return true;
        }

        foreach (VirtualAddress address in _config.Addresses)
        {
            if (_config.IsOwnLink(address.Link) && IsSamePrefix(address.Address, source, address.PrefixLength))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsSamePrefix(InternetAddress one, InternetAddress other, int prefixLength)
    {
        if (one.IsIPv6 != other.IsIPv6)
        {
            return false;
        }

        Span<byte> first = stackalloc byte[16];
        Span<byte> second = stackalloc byte[16];
        one.WriteTo(first);
        other.WriteTo(second);
        int whole = prefixLength / 8;
        int rest = prefixLength % 8;
        return first[..whole].SequenceEqual(second[..whole])
            && (rest == 0 || (first[whole] ^ second[whole]) >> (8 - rest) == 0);
    }

    /// <summary>A fence has reported these targets down: what they sent before is no evidence any more.</summary>
    private void ForgetRefused(PromotionStep fence)
    {
        for (int i = 0; i < GroupSize; i++)
        {
            ref VrrpState member = ref Member(i)._state;
            if (fence.Targets.Span.Contains(member.RefusedFrom))
            {
                member.RefusedAt = MonotonicInstant.Never;
            }
        }
    }

    /// <summary>Until when the last refused packet counts: Master_Down_Interval, or until three more of its own rhythm are missing.</summary>
    private readonly MonotonicInstant RefusedUntil
    {
        get
        {
            TimeSpan rhythm = _state.RefusedInterval * RefusedMissing;
            rhythm = rhythm < HoldMax ? rhythm : HoldMax;
            return _state.RefusedAt + (rhythm > MasterDownInterval ? rhythm : MasterDownInterval);
        }
    }

    private readonly bool IsRefusedAlive => !_state.RefusedAt.IsNever && _now < RefusedUntil;

    /// <summary>Holds the promotion while refused packets keep coming; returns whether it is held (or has failed).</summary>
    private bool BeginHold()
    {
        VrrpMachine refused = RefusedMember;
        if (!refused.IsRefusedAlive)
        {
            return false;
        }

        TimeSpan bound = MasterDownInterval * HoldIntervals;
        if (_state.Steps.HeldUntil.IsNever)
        {
            _state.Steps.HeldUntil = _now + (bound < HoldMax ? bound : HoldMax);
        }

        if (_now >= _state.Steps.HeldUntil)
        {
            FailHold();
            return true;
        }

        _state.Steps.IsHeld = true;
        _state.Steps.DeadlineAt = MonotonicInstant.Earlier(refused.RefusedUntil, _state.Steps.HeldUntil);
        Record(new TimelineEntry
        {
            Kind = TimelineKind.PromotionHeld,
            Address = refused._state.RefusedFrom,
            Error = refused._state.RefusedError,
            Duration = _state.Steps.HeldUntil - _now,
        });
        return true;
    }

    private void HoldDeadlineReached()
    {
        VrrpMachine refused = RefusedMember;
        if (refused.IsRefusedAlive)
        {
            if (_now >= _state.Steps.HeldUntil)
            {
                FailHold();
            }
            else
            {
                _state.Steps.DeadlineAt = MonotonicInstant.Earlier(refused.RefusedUntil, _state.Steps.HeldUntil);
            }

            return;
        }

        _state.Steps.IsHeld = false;
        Record(new TimelineEntry { Kind = TimelineKind.HoldEnded, Address = _state.RefusedFrom, Error = _state.RefusedError });
        GoOnAfterWait();
    }

    /// <summary>A wait before a fence or run, or before Master, is over.</summary>
    private void GoOnAfterWait()
    {
        if (_state.Steps.Index < _config.Promotion!.Steps.Count)
        {
            StartTry();
        }
        else
        {
            BeginLastLook();
        }
    }

    private void FailHold()
    {
        VrrpState refused = RefusedMember._state;
        FailPromotion(new TimelineEntry { Kind = TimelineKind.HoldFailed, Address = refused.RefusedFrom, Error = refused.RefusedError });
    }
}
