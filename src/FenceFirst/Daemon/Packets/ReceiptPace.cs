using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Daemon.Packets;

/// <summary>How long adverts may wait in their sockets so that several are taken by one wake-up (decision 104).</summary>
/// <remarks>
/// They wait only while every instance is an undisturbed Backup or takes no part: whatever it hears then moves a timer that runs from the kernel's receive time
/// and is longer than the wait, so that nothing is done later than without it. Whatever else happens ends the wait, and packets are looked at first.
/// </remarks>
internal sealed class ReceiptPace
{
    /// <summary>Longest wait, milliseconds.</summary>
    internal const int PauseMax = 10;

    /// <summary>With shorter intervals adverts never wait.</summary>
    private static readonly TimeSpan IntervalMin = TimeSpan.FromMilliseconds(500);

    /// <summary>Adverts expected in <see cref="PauseMax"/> below which a wait does not pay: it ends with a wake-up of its own.</summary>
    private const int PayingMin = 2;

    /// <summary>Wake-ups that earlier waits have saved and that later ones may cost; a bound, so that a change of the traffic shows soon.</summary>
    private const int CreditMax = 8;

    /// <summary>Wake-ups by packets after waits that did not pay, before another is tried.</summary>
    private const int WakesBetweenTries = 16;

    private bool _isKnown;
    private int _pause;
    private TimeSpan _shortest;
    private int _received;
    private bool _isMore;
    private bool _isPausing;
    private int _credit;

    /// <summary>What is known about the instances is out of date.</summary>
    public void Forget() => _isKnown = false;

    /// <summary>Looks whether an event may have changed how long adverts may wait; costs next to nothing for an advert that only moved its timer.</summary>
    public void Look(in NodeEvent nodeEvent, EffectBuffer effects)
    {
        if (!_isKnown)
        {
            return;
        }

        _isKnown = nodeEvent.Kind == NodeEventKind.AdvertReceived && (nodeEvent.Advert.Version == 2 || nodeEvent.Advert.AdvertInterval >= _shortest);
        foreach (ref readonly NodeEffect effect in effects.Span)
        {
            _isKnown &= effect.Kind == NodeEffectKind.ArmTimer;
        }
    }

    /// <summary>So many packets were taken from a socket in this turn.</summary>
    public void Received((int Count, bool IsMore) packets)
    {
        _received += packets.Count;
        _isMore |= packets.IsMore;
    }

    /// <summary>How long the packets may wait before the next turn, milliseconds; 0 = not at all.</summary>
    public int Next(NodeConfig config, NodeState state)
    {
        int received = _received;
        bool isMore = _isMore, wasPausing = _isPausing;
        _received = 0;
        _isMore = false;
        _isPausing = false;
        if (wasPausing)
        {
            // The wait was one wake-up; each packet after it would have been another.
            _credit = Math.Min(CreditMax, _credit + received - 1);
            _credit = _credit < 0 ? -WakesBetweenTries : _credit;
        }
        else if (_credit < 0)
        {
            _credit += received > 0 ? 1 : 0;
        }

        if (received == 0 || isMore || _credit < 0)
        {
            return 0;
        }

        if (!_isKnown)
        {
            _isKnown = true;
            _pause = Longest(config, state, out _shortest);
        }

        _isPausing = _pause > 0;
        return _pause;
    }

    /// <summary>The longest admissible wait in the present state.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="state">The state.</param>
    /// <param name="shortest">The shortest interval of a master that is followed.</param>
    internal static int Longest(NodeConfig config, NodeState state, out TimeSpan shortest)
    {
        shortest = TimeSpan.MaxValue;
        TimeSpan longest = TimeSpan.FromMilliseconds(PauseMax);
        double perSecond = 0;
        for (int i = 0; i < state.Instances.Length; i++)
        {
            ref readonly VrrpState instance = ref state.Instances[i];
            if (instance.Phase is VrrpPhase.Initialize or VrrpPhase.Fault)
            {
                // Adverts mean nothing to it.
                continue;
            }

            TimeSpan interval = instance.MasterAdvertInterval;
            if (instance.Phase != VrrpPhase.Backup || !IsUndisturbed(instance) || interval < IntervalMin)
            {
                return 0;
            }

            // A release sets the timer to the skew: half of that leaves room for the wake-up.
            TimeSpan skew = VrrpTimers.Skew(config.Instances[i].Version, instance.Priority, interval);
            longest = new TimeSpan(Math.Min(longest.Ticks, skew.Ticks / 2));
            shortest = interval < shortest ? interval : shortest;
            perSecond += 1 / interval.TotalSeconds;
        }

        return perSecond * PauseMax >= PayingMin * 1000 ? (int)longest.TotalMilliseconds : 0;
    }

    private static bool IsUndisturbed(in VrrpState instance) =>
        !instance.Master.IsNone && !instance.IsMasterReleased && !instance.IsWantingMaster && instance.LowerMaster.IsNone && instance.Handover.Number == 0;
}
