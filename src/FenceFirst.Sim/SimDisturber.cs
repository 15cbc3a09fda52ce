namespace FenceFirst.Sim;

/// <summary>Lets things go wrong, one after the other, until the faults are over.</summary>
internal sealed class SimDisturber(SimWorld world, int instances)
{
    private readonly List<SimFaults> _kinds = [];

    /// <summary>The first fault is drawn; what is wrong from the beginning is so now.</summary>
    public void Begin()
    {
        ReadOnlySpan<SimFaults> timed =
        [
            SimFaults.Cuts, SimFaults.OneWayCuts, SimFaults.AdvertCuts, SimFaults.PowerLoss, SimFaults.DaemonCrash, SimFaults.MidTurn, SimFaults.Stop, SimFaults.Pause,
            SimFaults.FrozenClock, SimFaults.SlowLoop, SimFaults.WallClock, SimFaults.LinkFlaps, SimFaults.Thief, SimFaults.Removal, SimFaults.Scripts, SimFaults.Operator,
            SimFaults.Maintenance, SimFaults.Handover,
        ];
        foreach (SimFaults kind in timed)
        {
            if (world.Has(kind))
            {
                _kinds.Add(kind);
            }
        }

        if (world.Has(SimFaults.Mismatch) && world.Chance.OneIn(4))
        {
            world.Network.Mismatched = world.Chance.Below(world.Hosts.Length);
        }

        Arm();
    }

    /// <summary>Something goes wrong now.</summary>
    public void Next()
    {
        if (world.IsHealed)
        {
            return;
        }

        Prng chance = world.Chance;
        SimHost host = world.Hosts[chance.Below(world.Hosts.Length)];

        // Whoever is down comes up again some time, or there would soon be nothing to see.
        if (!host.IsPowered)
        {
            host.BootSoon();
        }
        else if (!host.IsDaemonUp)
        {
            Push(ItemKind.StartDaemon, host, chance.Between(0, Nano.Second));
        }
        else if (_kinds.Count > 0)
        {
            Disturb(_kinds[chance.Below(_kinds.Count)], host);
        }

        Arm();
    }

    private void Disturb(SimFaults kind, SimHost host)
    {
        Prng chance = world.Chance;
        int instance = chance.Below(instances);
        long awhile = chance.OneIn(3) ? chance.Between(Nano.Second, 60 * Nano.Second) : chance.Between(100 * Nano.Millisecond, 10 * Nano.Second);
        switch (kind)
        {
            case SimFaults.Cuts:
                CutOff(host, awhile, instance, isOneWay: false, isAdvertsOnly: false);
                break;
            case SimFaults.OneWayCuts:
                CutOff(host, awhile, instance, isOneWay: true, isAdvertsOnly: false);
                break;
            case SimFaults.AdvertCuts:
                CutOff(host, awhile, instance, isOneWay: chance.OneIn(2), isAdvertsOnly: true);
                break;
            case SimFaults.PowerLoss:
                host.LosePower(host.Index);
                break;
            case SimFaults.DaemonCrash:
                host.KillDaemon();
                Push(ItemKind.StartDaemon, host, awhile);
                break;
            case SimFaults.MidTurn:
                host.EndInside(chance.Below(60), isPower: chance.OneIn(2), isHalt: chance.OneIn(2));
                break;
            case SimFaults.Stop:
                Push(ItemKind.Operator, host, 0, (int)OperatorWord.Stop);
                Push(ItemKind.StartDaemon, host, 5 * Nano.Second + awhile);
                break;
            case SimFaults.Pause:
                host.Halt(chance.OneIn(2) ? chance.Between(0, 3 * Nano.Second) : awhile, isClockStopped: false);
                break;
            case SimFaults.FrozenClock:
                host.Halt(awhile, isClockStopped: true);
                break;
            case SimFaults.SlowLoop:
                host.IsSlow = true;
                Push(ItemKind.LoopFast, host, awhile);
                break;
            case SimFaults.WallClock:
                host.SetWallClock(chance.OneIn(2) ? 0 : chance.Between(-20 * Nano.Second, 20 * Nano.Second));
                break;
            case SimFaults.LinkFlaps:
                int link = world.Network.HasSeveralLinks && !chance.OneIn(4) ? host.Config.Instances[instance].Link : -1;
                host.SetLink(isUp: false, link);
                Push(ItemKind.LinkUp, host, chance.OneIn(2) ? chance.Between(0, Nano.Second) : awhile, link);
                break;
            case SimFaults.Thief:
                world.Network.SetThief(instance, isHere: true);
                world.Queue.Push(new SimItem { Time = world.Now + awhile, Kind = ItemKind.ThiefGoes, Instance = (byte)instance });
                break;
            case SimFaults.Removal:
                host.RemoveByStranger(instance);
                break;
            case SimFaults.Scripts:
                for (int i = 0; i < host.Config.Scripts.Count; i++)
                {
                    host.SetScript(i, chance.OneIn(2));
                }

                break;
            case SimFaults.Operator:
                Speak(host, instance);
                break;
            case SimFaults.Maintenance:
                Push(ItemKind.Operator, host, 0, (int)OperatorWord.Maintenance, instance, isOfInstance: chance.OneIn(2), data: chance.Pick<ulong>(SimHost.UntilNow, 5 * Nano.Second, 20 * Nano.Second, 60 * Nano.Second, SimHost.UntilNever));
                break;
            case SimFaults.Handover:
                Push(ItemKind.Operator, host, 0, (int)OperatorWord.Handover, instance, data: chance.Pick<ulong>(Nano.Second, 10 * Nano.Second, 60 * Nano.Second));
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private void CutOff(SimHost host, long awhile, int instance, bool isOneWay, bool isAdvertsOnly)
    {
        bool isOutward = world.Chance.OneIn(2);
        int ofInstance = world.Network.HasSeveralLinks && world.Chance.OneIn(2) ? instance : -1;
        int only = world.Hosts.Length > 2 && world.Chance.OneIn(2) ? world.Chance.Below(world.Hosts.Length) : -1;
        for (int other = 0; other < world.Hosts.Length; other++)
        {
            if (other == host.Index || (only >= 0 && only != host.Index && other != only))
            {
                continue;
            }

            if (!isOneWay || isOutward)
            {
                world.Network.Cut(host.Index, other, isAdvertsOnly, awhile, ofInstance);
            }

            if (!isOneWay || !isOutward)
            {
                world.Network.Cut(other, host.Index, isAdvertsOnly, awhile, ofInstance);
            }
        }
    }

    /// <summary>An operator who has looked: what is confirmed to be down is down, and is so when the daemon hears it.</summary>
    private void Speak(SimHost host, int instance)
    {
        int target = world.Chance.Below(world.Hosts.Length);
        if (world.Chance.OneIn(2))
        {
            Push(ItemKind.Operator, host, 0, (int)OperatorWord.Retry, instance);
        }
        else if (!world.Hosts[target].IsPowered && !host.IsHalted && !host.IsSlow)
        {
            host.Arrive(new SimItem { Kind = ItemKind.Operator, Node = (byte)host.Index, Instance = (byte)instance, From = (byte)target, Number = (int)OperatorWord.Confirm });
        }
    }

    private void Push(ItemKind kind, SimHost host, long after, int number = 0, int instance = 0, bool isOfInstance = false, ulong data = 0) => world.Queue.Push(new SimItem
    {
        Time = world.Now + after,
        Kind = kind,
        Node = (byte)host.Index,
        From = (byte)host.Index,
        Instance = (byte)instance,
        Number = number,
        Attempt = isOfInstance ? 1u : 0,
        Data = data,
    });

    private void Arm() => world.Queue.Push(new SimItem { Time = world.Now + world.Chance.Between(0, 2 * world.Options.DisturbEvery), Kind = ItemKind.Disturb });
}
