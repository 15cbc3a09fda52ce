using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Wire;

/// <summary>A reading of the wall clock as the auth_hmac trailer carries it. Core reads no clock: the caller hands it in.</summary>
/// <remarks>DEVIATION from our own rule that wall time is never part of a decision: that is what anti_replay time means. docs/decisions/013-adverts-may-be-judged-by-wall-time.md.</remarks>
/// <param name="Seconds">Seconds since 1970, UTC; wraps in 2106, and differences are taken so that this does not matter.</param>
/// <param name="Fraction">The part of a second in units of 1/65536 s.</param>
public readonly record struct UtcInstant(uint Seconds, ushort Fraction)
{
    /// <summary>The reading as the upper 48 bits of a sequence; the counter is 0.</summary>
    internal ulong Sequence => ((ulong)Seconds << 32) | ((ulong)Fraction << 16);

    /// <summary>The reading of a clock that gives seconds and nanoseconds; nanoseconds outside 0..999 999 999 are brought to the nearest legal value.</summary>
    public static UtcInstant FromUnixTime(long seconds, long nanoseconds) =>
        new((uint)seconds, (ushort)(Math.Clamp(nanoseconds, 0, 999_999_999) * 65536 / 1_000_000_000));

    /// <summary>By how many seconds this reading is later than a trailer's or another's; negative if earlier.</summary>
    internal long SecondsSince(uint other) => (int)(Seconds - other);
}

/// <summary>What a sender remembers between adverts of one instance: the last sequence.</summary>
/// <remarks>
/// The default value is a sender that has sent nothing. Keep it across a reload. After a restart of the daemon it starts from the clock again: a
/// node whose clock was set back meanwhile is refused by its peers until they forget the mark (time) or the clock has caught up (monotonic).
/// </remarks>
public struct HmacSenderState
{
    private ulong _last;
    private bool _hasSent;

    /// <summary>The sequence of the next advert, {seconds, fraction, counter}: the clock, or one more than the last if the clock has not moved on.</summary>
    internal ulong Next(HmacAuthentication authentication, UtcInstant now)
    {
        ulong clock = now.Sequence;
        bool isClockBehind = _hasSent && !HmacReceiverState.IsAfter(clock, _last);

        // keepalived, time mode: a clock that was set back by more than the window. To count on from the old time would be refused as stale.
        bool isStranded = authentication.AntiReplay == HmacAntiReplay.Time
            && -now.SecondsSince((uint)(_last >> 32)) > authentication.TimeWindowSeconds;
        _last = isClockBehind && !isStranded ? _last + 1 : clock;
        _hasSent = true;
        return _last;
    }
}

/// <summary>Something about an advert with a good signature, beside whether it is accepted.</summary>
public enum HmacNotice : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The sender's clock and ours differ by more than half the window; given at most once in <see cref="HmacReceiverState.NoticeSeconds"/>.</summary>
    ClockSkew,

    /// <summary>
    /// Our clock went back by more than the window, so the mark of the sender no longer said anything and was forgotten: an older advert might
    /// pass. Whoever trusts releases has to start counting anew (docs/promotion.md 4.1).
    /// </summary>
    ReplayMarkForgotten,

    /// <summary>
    /// With <see cref="DecodeError.AuthenticationReplayed"/> only: a copy of the newest advert of its sender, or less than one advert interval older than that. It
    /// says nothing about who is alive now (docs/decisions/051-an-overtaken-advert-proves-nothing.md).
    /// </summary>
    Overtaken,
}

/// <summary>What a receiver remembers of verified adverts of one instance: the highest sequence of each sender.</summary>
/// <remarks>
/// <para>A unicast instance has one slot per peer; a multicast instance has four, and the least recently used gives way. Only an advert that was
/// verified and passed every other check takes a slot or raises a mark, so nothing that is forged moves anything.</para>
/// <para><b>What makes a priority 0 trustworthy.</b> With mode enforce and anti_replay time, an accepted advert (1) was signed by a holder of a
/// key, for this virtual router, family, version and source address; (2) carries a time within the window of our clock: one that was delayed or
/// kept longer is refused as stale; (3) is newer than every advert accepted from that source: a copy of one that we have heard, or one that
/// comes after a newer one, is refused as replayed. Together: within one life of this state, no advert is accepted twice.</para>
/// <para><b>What is not guaranteed.</b> The marks are in memory: they are empty after a start of the daemon, for a source that the four slots no
/// longer hold, and after our clock went back by more than the window (<see cref="HmacNotice.ReplayMarkForgotten"/>). An advert that was sent
/// less than a window ago is then accepted once more, also one with priority 0 from before the sender became Master again; a sender whose clock
/// is ahead makes that time longer by the same amount, so up to two windows. Hence rule
/// R1 of docs/promotion.md 4.1: a release counts only from the master that we have followed as Backup without a break for at least the replay window
/// (<see cref="ReplaySeconds"/>), counted anew from every start: what was sent before our start is stale by then.</para>
/// <para>An advert that never reached us and is handed over late, but within the window and before a newer one, is accepted at any time. So a
/// priority 0 tells the truth about its sender only if the sender, having sent it, does not become Master again for as long
/// (<see cref="ReplaySeconds"/>; an instance with release_is_enough sees to that), or if nobody on the way can hold packets back. The signature does not cover the destination: a copy sent to another unicast peer of the same
/// sender is as good as ours. In monotonic mode only (1) and (3) hold: an advert that was kept for days passes if nothing newer came before it.
/// In the modes permissive and receive-only nothing holds, since adverts without trailer are accepted.</para>
/// </remarks>
public struct HmacReceiverState
{
    /// <summary>Senders remembered by a multicast instance (keepalived).</summary>
    public const int MulticastSendersMax = 4;

    /// <summary>Shortest time in seconds between two notices of clock skew.</summary>
    public const int NoticeSeconds = 60;

    private readonly Mark[]? _marks;
    private uint _uses;
    private uint _noticedAt;
    private bool _hasNoticed;

    private HmacReceiverState(Mark[] marks) => _marks = marks;

    /// <summary>Whether adverts can be verified; the default value refuses them all.</summary>
    internal readonly bool IsReady => _marks is not null;

    /// <summary>Seconds after which no advert sent before can be accepted any more, whatever the difference of the clocks: two windows.</summary>
    public static int ReplaySeconds(HmacAuthentication authentication) => 2 * authentication.TimeWindowSeconds;

    /// <summary>An empty state for an instance; allocates, so it belongs to the start and to a reload.</summary>
    public static HmacReceiverState Create(VrrpConfig config) => new(new Mark[config.IsUnicast ? config.UnicastPeers.Count : MulticastSendersMax]);

    /// <summary>The state of an instance after a reload: the marks of senders that are still heard are kept, so that a reload opens no gap.</summary>
    /// <param name="config">The instance as it is now.</param>
    /// <param name="earlier">The state before; a default value is an empty one.</param>
    public static HmacReceiverState Create(VrrpConfig config, in HmacReceiverState earlier)
    {
        HmacReceiverState state = Create(config);
        int kept = 0;
        foreach (ref readonly Mark mark in earlier._marks.AsSpan())
        {
            bool isHeard = !mark.Source.IsNone && (!config.IsUnicast || IsPeer(config, mark.Source));
            if (isHeard && kept < state._marks!.Length) // Create has just made them.
            {
                state._marks[kept++] = mark;
            }
        }

        state._uses = earlier._uses;
        return state;
    }

    /// <summary>Whether the address is one of the instance's unicast peers.</summary>
    internal static bool IsPeer(VrrpConfig config, InternetAddress source)
    {
        foreach (ref readonly UnicastPeer peer in config.UnicastPeers)
        {
            if (peer.Address == source)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether one sequence is newer than another, in serial number arithmetic.</summary>
    internal static bool IsAfter(ulong sequence, ulong other) => (long)(sequence - other) > 0;

    /// <summary>Whether the advert is one that was heard before, or older than one that was.</summary>
    internal readonly bool IsReplayed(HmacAuthentication authentication, InternetAddress source, ulong sequence, UtcInstant now, out bool isForgotten)
    {
        isForgotten = false;
        foreach (ref readonly Mark mark in _marks.AsSpan())
        {
            if (mark.Source != source)
            {
                continue;
            }

            // keepalived, time mode: a mark outside the window is forgotten. One that is too old could refuse nothing that is not stale already;
            // one that lies ahead is from before our clock was set back, and would refuse the sender until the clock has come there again.
            long age = now.SecondsSince((uint)(mark.Sequence >> 32));
            bool isTimed = authentication.AntiReplay == HmacAntiReplay.Time;
            isForgotten = isTimed && age < -authentication.TimeWindowSeconds;
            bool isOld = isTimed && age > authentication.TimeWindowSeconds;
            return !isForgotten && !isOld && !IsAfter(sequence, mark.Sequence);
        }

        return false;
    }

    /// <summary>
    /// Whether a replayed advert is a copy of the newest one of its sender, or less than one of the sender's intervals older. A living sender whose clock was set
    /// back by so little is accepted again with its next advert; one that is older may come from a sender whose clock was set back by more.
    /// </summary>
    internal readonly bool IsOvertaken(InternetAddress source, ulong sequence, TimeSpan interval)
    {
        foreach (ref readonly Mark mark in _marks.AsSpan())
        {
            if (mark.Source == source)
            {
                // Without the counter: units of 1/65536 s.
                long behind = (long)(mark.Sequence - sequence) >> 16;
                return mark.Sequence == sequence || behind < interval.Ticks * 65536 / TimeSpan.TicksPerSecond;
            }
        }

        return false;
    }

    /// <summary>Raises the mark of a sender whose advert was accepted.</summary>
    internal void Raise(InternetAddress source, ulong sequence)
    {
        Span<Mark> marks = _marks.AsSpan();
        int slot = 0;
        for (int i = 0; i < marks.Length; i++)
        {
            if (marks[i].Source == source)
            {
                slot = i;
                break;
            }

            // An empty slot was never used, so it goes first.
            slot = marks[i].LastUse < marks[slot].LastUse ? i : slot;
        }

        marks[slot] = new Mark(source, sequence, NextUse());
    }

    /// <summary>Whether it is time for another notice of clock skew.</summary>
    internal bool TakeNotice(UtcInstant now)
    {
        bool isDue = !_hasNoticed || Math.Abs(now.SecondsSince(_noticedAt)) >= NoticeSeconds;
        if (isDue)
        {
            _hasNoticed = true;
            _noticedAt = now.Seconds;
        }

        return isDue;
    }

    private uint NextUse()
    {
        if (_uses == uint.MaxValue)
        {
            // Once in four thousand million adverts the order is forgotten, the marks are not.
            foreach (ref Mark mark in _marks.AsSpan())
            {
                mark = mark with { LastUse = mark.Source.IsNone ? 0u : 1u };
            }

            _uses = 1;
        }

        return ++_uses;
    }

    private readonly record struct Mark(InternetAddress Source, ulong Sequence, uint LastUse);
}
