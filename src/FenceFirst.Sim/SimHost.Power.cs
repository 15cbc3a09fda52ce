using FenceFirst.Core.Promotion;

namespace FenceFirst.Sim;

/// <content>The power of the machine: fences that take it, the watchdog that resets it, and when it comes back.</content>
internal sealed partial class SimHost
{
    private readonly uint[] _suppliesOff = new uint[FenceLevel.DevicesMax + 1];
    private uint _boot;
    private bool _isWatchdogArmed;
    private uint _watchdog;

    /// <summary>The power goes; <paramref name="by"/> is the node that fenced it, or this one for nobody.</summary>
    public void LosePower(int by, bool isRebooted = false)
    {
        if (!IsPowered)
        {
            return;
        }

        EndLife(isOrderly: false);
        _programs.Clear();
        IsPowered = false;
        for (int i = 0; i < _things.Length; i++)
        {
            Vanish(i, _things[i], RemovalCause.Power);
        }

        _boot++;
        _expiresAt.AsSpan().Clear();
        _isExpiryQueued.AsSpan().Clear();
        See(SightingKind.PowerOff, by: by == Index ? -1 : by);
        if (_world.Director is not null && !isRebooted)
        {
            return; // The scenario says when it comes back.
        }

        if (_world.IsHealed || isRebooted || _world.Chance.OneIn(2))
        {
            After(_world.Chance.Between(2 * Nano.Second, _world.IsHealed || isRebooted ? 5 * Nano.Second : 40 * Nano.Second), ItemKind.Boot, _boot);
        }
    }

    /// <summary>A fence device switches the machine, or one of its power supplies: the power goes with the last one.</summary>
    public void Strike(in SimItem item)
    {
        int supplies = (int)(item.Data >> 8);
        uint all = (1u << supplies) - 1;
        ref uint off = ref _suppliesOff[supplies % _suppliesOff.Length];
        uint supply = 1u << (int)(item.Data & 0xff);
        if (item.Instance == 1)
        {
            off &= ~supply;
            BootSoon();
            return;
        }

        off |= supply;
        if ((off & all) == all)
        {
            LosePower(item.From, isRebooted: item.Number == 1);
        }
    }

    /// <summary>The watchdog has not been fed in time.</summary>
    public void WatchdogBites(in SimItem item)
    {
        if (item.Attempt == _watchdog && _isWatchdogArmed)
        {
            LosePower(Index, isRebooted: true);
        }
    }

    /// <summary>The power comes back, and with it the daemon.</summary>
    public void Boot(in SimItem item)
    {
        if (IsPowered || item.Attempt != _boot)
        {
            return;
        }

        // Whoever switches it on has put all its supplies back.
        _suppliesOff.AsSpan().Clear();
        _isWatchdogArmed = false;
        IsPowered = true;
        _clockBase = 5 * Nano.Second;
        _simBase = _world.Now;
        _isClockStopped = false;
        See(SightingKind.PowerOn);
        After(_world.Chance.Between(0, 3 * Nano.Second), ItemKind.StartDaemon);
    }

    /// <summary>Boots a machine without power soon, whoever else wants to.</summary>
    public void BootSoon()
    {
        if (!IsPowered)
        {
            After(_world.Chance.Between(0, 2 * Nano.Second), ItemKind.Boot, _boot);
        }
    }

    /// <summary>The device is not fed for so long; one that is closed without being disarmed goes on counting.</summary>
    private void StarveWatchdog(long duration)
    {
        if (!_isWatchdogArmed || Config.Watchdog is not { } watchdog)
        {
            return;
        }

        long timeout = Nano.Of(watchdog.Timeout);
        long bites = _world.Chance.Between(timeout - (timeout / 4), timeout);
        if (bites < duration)
        {
            After(bites, ItemKind.WatchdogBites, ++_watchdog);
        }
    }
}
