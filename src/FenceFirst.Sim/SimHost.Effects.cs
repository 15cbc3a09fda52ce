using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Sim;

/// <content>What the daemon does with effects, and how news becomes events.</content>
internal sealed partial class SimHost
{
    /// <summary>In the <c>Data</c> of an operator's word: for ever.</summary>
    public const ulong UntilNever = ulong.MaxValue;

    /// <summary>In the <c>Data</c> of an operator's word: it ends now.</summary>
    public const ulong UntilNow = ulong.MaxValue - 1;

    private const int ProbeRounds = 2;
    private const long ProbeInterval = 100 * Nano.Millisecond;
    private const ulong SomebodysStation = 0x02_00_00_00_00_01;
    private const int NoMemory = 12;
    private const int NoDevice = 19;
    private const int Busy = 16;

    private readonly Thing[] _things;
    private readonly long[] _expiresAt;
    private readonly bool[] _isExpiryQueued;
    private readonly Inquiry[] _inquiries;
    private readonly uint[] _watches;
    private readonly HmacSenderState[] _hmacSent;
    private readonly HmacReceiverState[] _hmacHeard;

    /// <summary>What the kernel has of an instance.</summary>
    public Thing ThingsOf(int instance) => _things[instance];

    /// <summary>Whether the kernel answers for the addresses of an instance: also while the daemon is halted or dead, not while the machine stands still.</summary>
    public bool AnswersFor(int instance) => IsPowered && !_isClockStopped && instance < _things.Length && (_things[instance] & Thing.Addresses) != 0;

    /// <summary>Whether the daemon asks the link for the addresses of an instance.</summary>
    public bool IsAsking(int instance) => IsDaemonUp && instance < _inquiries.Length && _inquiries[instance].Attempt != 0;

    /// <summary>Somebody on the host removes the addresses of an instance.</summary>
    public void RemoveByStranger(int instance)
    {
        if ((_things[instance] & Thing.Addresses) != 0)
        {
            Vanish(instance, Thing.Addresses, RemovalCause.Stranger);
            Arrive(new SimItem { Kind = ItemKind.AddressNews, Node = (byte)Index, Instance = (byte)instance });
        }
    }

    /// <summary>The kernel looks whether a lifetime is over.</summary>
    public void LeaseEnds(in SimItem item)
    {
        int instance = item.Instance;
        if (item.Attempt != _boot)
        {
            return;
        }

        _isExpiryQueued[instance] = false;
        if (!IsPowered || _isClockStopped || _expiresAt[instance] == 0)
        {
            return;
        }

        if (_expiresAt[instance] > Clock)
        {
            QueueExpiry(instance);
            return;
        }

        Thing leased = _things[instance] & (Thing.Addresses | Thing.Excluded);
        _expiresAt[instance] = 0;
        if (leased != Thing.None)
        {
            Vanish(instance, leased, RemovalCause.Lease);
            Arrive(new SimItem { Kind = ItemKind.AddressNews, Node = (byte)Index, Instance = (byte)instance });
        }
    }

    /// <summary>A probe or an announcement for an address that is being asked for is heard.</summary>
    public void HearClaim(int instance) => _world.Queue.Push(new SimItem
    {
        Time = _world.Now + _world.Chance.Between(50 * Nano.Microsecond, 500 * Nano.Microsecond),
        Kind = ItemKind.ProbeAnswer,
        Node = (byte)Index,
        Instance = (byte)instance,
        Attempt = _inquiries[instance].Attempt,
    });

    private void Dispatch(in SimItem item)
    {
        switch (item.Kind)
        {
            case ItemKind.Packet:
                AdvertArrives(item);
                break;
            case ItemKind.Refused:
                Deliver(NodeEvent.PacketRefused(item.Instance, (DecodeError)item.Number, _world.Hosts[item.From].Address));
                break;
            case ItemKind.StepEnds:
                Settle(item.Attempt);
                _queue.Enqueue(NodeEvent.StepEnded(item.Instance, item.Attempt, Unpack(item.Number)));
                break;
            case ItemKind.ScriptEnds:
                _queue.Enqueue(NodeEvent.ScriptEnded(item.Instance, item.Attempt, Unpack(item.Number)));
                break;
            case ItemKind.LeftoverEnds:
                Settle(item.Attempt);
                _queue.Enqueue(NodeEvent.LeftoverEnded(item.Attempt));
                break;
            case ItemKind.DiskAnswers:
                StartWaiting();
                break;
            case ItemKind.LinkNews:
                TellLink();
                break;
            case ItemKind.AddressNews:
                ref readonly VrrpState state = ref State.Instances[item.Instance];
                if (state.Phase == VrrpPhase.Master && state.Transition == Transition.None && (_things[item.Instance] & Thing.Addresses) == 0)
                {
                    _queue.Enqueue(NodeEvent.AddressLost(item.Instance));
                }

                break;
            case ItemKind.ProbeDue:
                AdvanceProbe(item);
                break;
            case ItemKind.ProbeAnswer:
                if (item.Attempt != 0 && _watches[item.Instance] == item.Attempt)
                {
                    EndWatch(item.Instance);
                }
                else if (item.Attempt != 0 && _inquiries[item.Instance].Attempt == item.Attempt)
                {
                    EndProbe(item.Instance, isInUse: true);
                }

                break;
            case ItemKind.Operator:
                Obey(item);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private void Obey(in SimItem item)
    {
        switch ((OperatorWord)item.Number)
        {
            case OperatorWord.Stop:
                _isStopping = true;
                _queue.Enqueue(NodeEvent.StopRequested());
                break;
            case OperatorWord.Retry:
                See(SightingKind.Retried, item.Instance);
                Deliver(NodeEvent.OperatorRetry(item.Instance));
                break;
            case OperatorWord.Handover:
                Deliver(NodeEvent.OperatorHandover(item.Instance, TimeSpan.FromTicks(item.Data is 0 or UntilNever ? 10 * TimeSpan.TicksPerSecond : (long)item.Data / 100)));
                break;
            case OperatorWord.Maintenance:
                bool isOfInstance = item.Attempt == 1;
                MonotonicInstant until = item.Data switch
                {
                    0 => new MonotonicInstant(Clock + (5 * Nano.Second)),
                    UntilNever => MonotonicInstant.Never,
                    UntilNow => MonotonicInstant.Zero,
                    _ => new MonotonicInstant(Clock + (long)item.Data),
                };
                See(SightingKind.Maintained, item.Instance, number: until.IsNever ? int.MaxValue : until == MonotonicInstant.Zero ? 0 : (int)((until.Nanoseconds - Clock) / Nano.Second), attempt: item.Attempt);
                Deliver(NodeEvent.MaintenanceChanged(isOfInstance ? item.Instance : -1, until));
                break;
            case OperatorWord.Confirm:
                See(SightingKind.Confirmed, item.Instance, by: item.From, number: _world.Hosts[item.From].IsPowered ? 0 : 1);
                Deliver(NodeEvent.OperatorConfirmed(item.Instance, _world.Hosts[item.From].Address));
                break;
        }
    }

    private void AdvertArrives(in SimItem item)
    {
        int instance = item.Instance;
        if (instance >= Config.Instances.Count || Config.Instances[instance].IsIgnoringAdverts)
        {
            return;
        }

        InternetAddress source = _world.Hosts[item.From].Address;
        VrrpAdvert advert = _world.Hosts[item.From]._adverts[instance] with { Priority = (byte)item.Number };
        bool isForgotten = false;
        if (Config.Instances[instance].Hmac is { } authentication)
        {
            DecodeError error = Judge(authentication, instance, source, item.Data, out isForgotten);
            if (error != DecodeError.None)
            {
                bool isOvertaken = error == DecodeError.AuthenticationReplayed && _hmacHeard[instance].IsOvertaken(source, item.Data, advert.AdvertInterval);
                Deliver(NodeEvent.PacketRefused(instance, error, source, isOvertaken));
                return;
            }
        }

        See(SightingKind.AdvertHeard, instance, number: item.Number, by: item.From);
        if (isForgotten)
        {
            Deliver(NodeEvent.ReplayMarkForgotten(instance, source));
        }

        Deliver(NodeEvent.AdvertReceived(instance, advert, source), isMore: isForgotten);
    }

    /// <summary>What <see cref="HmacTrailer"/> and <see cref="AdvertAcceptance"/> say of a signed advert, without the arithmetic of the signature.</summary>
    private DecodeError Judge(HmacAuthentication authentication, int instance, InternetAddress source, ulong sequence, out bool isForgotten)
    {
        isForgotten = false;
        UtcInstant now = UtcInstant.FromUnixTime(WallClock / Nano.Second, WallClock % Nano.Second);
        if (Math.Abs(now.SecondsSince((uint)(sequence >> 32))) > authentication.TimeWindowSeconds)
        {
            return DecodeError.AuthenticationStale;
        }

        if (_hmacHeard[instance].IsReplayed(authentication, source, sequence, now, out isForgotten))
        {
            return DecodeError.AuthenticationReplayed;
        }

        _hmacHeard[instance].Raise(source, sequence);
        return DecodeError.None;
    }

    private void CarryOut(in NodeEffect effect)
    {
        switch (effect.Kind)
        {
            case NodeEffectKind.ArmTimer:
                _timers[effect.Index] = effect.Deadline;
                break;
            case NodeEffectKind.SendAdvert:
                SendAdvert(effect.Index, effect.Priority);
                break;
            case NodeEffectKind.AskKernel:
                _queue.Enqueue(NodeEvent.KernelAnswered(effect.Index, effect.Attempt, AskKernel(effect.Index, effect.Effect)));
                break;
            case NodeEffectKind.Announce:
                Announce(effect.Index);
                break;
            case NodeEffectKind.StartStep:
                StartStep(effect);
                break;
            case NodeEffectKind.KillStep:
            case NodeEffectKind.KillScript:
                Kill(effect.Attempt);
                break;
            case NodeEffectKind.ProbeAddresses:
                _inquiries[effect.Index] = new Inquiry(effect.Attempt, 0);
                See(SightingKind.ProbeStarted, effect.Index, attempt: effect.Attempt);
                AdvanceProbe(new SimItem { Kind = ItemKind.ProbeDue, Instance = (byte)effect.Index, Attempt = effect.Attempt });
                break;
            case NodeEffectKind.StartScript:
                StartScript(effect);
                break;
            case NodeEffectKind.Notify:
                See(SightingKind.Notified, effect.Index, number: (int)effect.Notification);
                break;
            case NodeEffectKind.NotifyGroup:
                See(SightingKind.GroupNotified, effect.Index, number: (int)effect.Notification);
                break;
            case NodeEffectKind.Record:
                _world.Watch.Read(Index, effect.Entry, _world.Now, Clock);
                break;
            case NodeEffectKind.RenewAddresses:
                Renew(effect.Index);
                break;
            case NodeEffectKind.WatchAddresses:
                _watches[effect.Index] = effect.Attempt;
                break;
            case NodeEffectKind.ArmWatchdog:
                int errno = !_world.IsHealed && _world.Has(SimFaults.Kernel) && _world.Chance.OneIn(4) ? NoDevice : 0;
                _isWatchdogArmed = errno == 0;
                _watchdog++;
                _queue.Enqueue(NodeEvent.WatchdogAnswered(effect.Attempt, errno));
                break;
            case NodeEffectKind.AnnounceOwn:
                // Nobody here forgets where a node is.
                break;
            case NodeEffectKind.KeepMemory:
                KeepMemory(effect.Index, effect.Attempt);
                break;
            case NodeEffectKind.DisarmWatchdog:
                _isWatchdogArmed = false;
                _watchdog++;
                break;
            default:
                throw new System.Diagnostics.UnreachableException($"the simulator does not know {effect.Kind}");
        }
    }

    private void SendAdvert(int instance, byte priority)
    {
        if (State.Instances[instance].Source.IsNone || !IsLinkUpFor(instance))
        {
            return;
        }

        ulong sequence = 0;
        if (Config.Instances[instance].Hmac is { } authentication)
        {
            sequence = _hmacSent[instance].Next(authentication, UtcInstant.FromUnixTime(WallClock / Nano.Second, WallClock % Nano.Second));
        }

        See(SightingKind.AdvertSent, instance, number: priority);
        _world.Network.Send(Index, instance, priority, sequence);
    }

    private int AskKernel(int instance, SideEffect effect)
    {
        Thing thing = effect switch
        {
            SideEffect.AddAddresses or SideEffect.RemoveAddresses => Thing.Addresses,
            SideEffect.AddExcluded or SideEffect.RemoveExcluded => Thing.Excluded,
            SideEffect.AddRoutes or SideEffect.RemoveRoutes => Thing.Routes,
            SideEffect.AddRules or SideEffect.RemoveRules => Thing.Rules,
            _ => throw new System.Diagnostics.UnreachableException($"{effect} is not the kernel's"),
        };
        bool isAdded = effect is SideEffect.AddAddresses or SideEffect.AddExcluded or SideEffect.AddRoutes or SideEffect.AddRules;
        bool isRefused = !_world.IsHealed && _world.Has(SimFaults.Kernel) && _world.Chance.OneIn(isAdded ? 20 : 40);
        if (isRefused)
        {
            See(SightingKind.Refused, instance, thing, number: isAdded ? 1 : 0);
            return isAdded ? NoMemory : Busy;
        }

        if (!isAdded)
        {
            Vanish(instance, thing, RemovalCause.Daemon);
            return 0;
        }

        Appear(instance, thing);
        if (thing is Thing.Addresses or Thing.Excluded)
        {
            Refresh(instance, isRenewal: false);
        }

        return 0;
    }

    private void Renew(int instance)
    {
        // What the kernel has taken away meanwhile is put back by it.
        Appear(instance, Thing.Addresses);
        if (!Config.Instances[instance].ExcludedAddresses.IsEmpty)
        {
            Appear(instance, Thing.Excluded);
        }

        Refresh(instance, isRenewal: true);
        if (_world.Chance.OneIn(8))
        {
            // Where the kernel's second begins: measured again after each change, and never quite the same.
            _queue.Enqueue(NodeEvent.RenewalPhaseFound(TimeSpan.FromMilliseconds(_world.Chance.Below(1000))));
        }
    }

    private void Appear(int instance, Thing thing)
    {
        if ((_things[instance] & thing) != thing)
        {
            _things[instance] |= thing;
            See(SightingKind.Added, instance, thing);
        }
    }

    private void Vanish(int instance, Thing things, RemovalCause cause)
    {
        for (int bit = 1; bit <= (int)Thing.Rules; bit <<= 1)
        {
            Thing thing = (Thing)bit & things;
            if (thing == Thing.None)
            {
                continue;
            }

            // A request that finds nothing there is seen as well: it is what the daemon did.
            bool wasThere = (_things[instance] & thing) != 0;
            _things[instance] &= ~thing;
            if (wasThere || cause == RemovalCause.Daemon)
            {
                See(SightingKind.Removed, instance, thing, number: (int)cause);
            }
        }
    }

    private void Refresh(int instance, bool isRenewal)
    {
        int lease = Config.Instances[instance].LeaseSeconds;
        See(SightingKind.Refreshed, instance, number: isRenewal ? 1 : 0);
        if (lease > 0)
        {
            // The kernel looks now and then: an address outlives its time by up to 0.2 s.
            _expiresAt[instance] = Clock + (lease * Nano.Second) + _world.Chance.Between(0, 200 * Nano.Millisecond);
            QueueExpiry(instance);
        }
    }

    private void QueueExpiries()
    {
        for (int i = 0; i < _expiresAt.Length; i++)
        {
            if (_expiresAt[i] != 0)
            {
                QueueExpiry(i);
            }
        }
    }

    private void QueueExpiry(int instance)
    {
        if (!_isExpiryQueued[instance])
        {
            _isExpiryQueued[instance] = true;
            _world.Queue.Push(new SimItem { Time = WorldTime(_expiresAt[instance]), Kind = ItemKind.LeaseEnds, Node = (byte)Index, Instance = (byte)instance, Attempt = _boot });
        }
    }

    private void Announce(int instance)
    {
        See(SightingKind.Announced, instance);
        foreach (SimHost other in _world.Hosts)
        {
            if (other != this && other.IsAsking(instance) && AnswersFor(instance) && _world.Network.CanReach(Index, other.Index, instance))
            {
                other.HearClaim(instance);
            }

            if (other != this && AnswersFor(instance) && _world.Network.CanReach(Index, other.Index, instance))
            {
                other.HearAnnouncement(instance);
            }
        }
    }

    /// <summary>Whoever watches the addresses of an instance takes the announcement of another node for a claim.</summary>
    private void HearAnnouncement(int instance)
    {
        if (IsDaemonUp && instance < _watches.Length && _watches[instance] != 0)
        {
            _world.Queue.Push(new SimItem
            {
                Time = _world.Now + _world.Chance.Between(50 * Nano.Microsecond, 500 * Nano.Microsecond),
                Kind = ItemKind.ProbeAnswer,
                Node = (byte)Index,
                Instance = (byte)instance,
                Attempt = _watches[instance],
            });
        }
    }

    private void EndWatch(int instance)
    {
        uint attempt = _watches[instance];
        _watches[instance] = 0;
        _queue.Enqueue(NodeEvent.AddressesProbed(instance, attempt, Config.Instances[instance].Addresses[0].Address, SomebodysStation));
    }

    private void AdvanceProbe(in SimItem item)
    {
        int instance = item.Instance;
        ref Inquiry inquiry = ref _inquiries[instance];
        if (inquiry.Attempt != item.Attempt)
        {
            return;
        }

        if (inquiry.Round == ProbeRounds)
        {
            EndProbe(instance, isInUse: false);
            return;
        }

        inquiry = inquiry with { Round = inquiry.Round + 1 };
        _world.Queue.Push(new SimItem
        {
            Time = _world.Now + ProbeInterval,
            Kind = ItemKind.ProbeDue,
            Node = (byte)Index,
            Instance = (byte)instance,
            Attempt = inquiry.Attempt,
        });
        if (!IsLinkUpFor(instance))
        {
            return;
        }

        if (_world.Network.HasThief(instance))
        {
            HearClaim(instance);
        }

        foreach (SimHost other in _world.Hosts)
        {
            if (other == this)
            {
                continue;
            }

            if (other.AnswersFor(instance) && _world.Network.CanAsk(Index, other.Index, instance))
            {
                HearClaim(instance);
            }

            // Of two that ask for the same address the one with the greater Ethernet address goes on; it grows with the index here.
            if (other.IsAsking(instance) && Index > other.Index && _world.Network.CanReach(Index, other.Index, instance))
            {
                other.HearClaim(instance);
            }
        }
    }

    private void EndProbe(int instance, bool isInUse)
    {
        uint attempt = _inquiries[instance].Attempt;
        _inquiries[instance] = default;
        See(SightingKind.ProbeEnded, instance, number: isInUse ? 0 : 1, attempt: attempt);
        InternetAddress inUse = isInUse ? Config.Instances[instance].Addresses[0].Address : InternetAddress.None;
        _queue.Enqueue(NodeEvent.AddressesProbed(instance, attempt, inUse, isInUse ? SomebodysStation : 0));
    }

    private readonly record struct Inquiry(uint Attempt, int Round);
}
