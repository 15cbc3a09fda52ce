using System.Text;

namespace FenceFirst.Core.Wire;

/// <summary>What an instance does with the auth_hmac trailer (keepalived: mode). A trailer that is there is always verified.</summary>
public enum HmacMode : byte
{
    /// <summary>Sends trailers and refuses adverts without one; the default, and the only mode that keeps strangers out.</summary>
    Enforce = 0,

    /// <summary>Sends trailers and accepts adverts without one: the second sweep of a roll-out.</summary>
    Permissive = 1,

    /// <summary>Sends no trailer and accepts adverts without one: the first sweep of a roll-out.</summary>
    ReceiveOnly = 2,
}

/// <summary>How the age of an advert is judged (keepalived: anti_replay).</summary>
public enum HmacAntiReplay : byte
{
    /// <summary>The advert's time is within the window and its sequence grows; needs clocks that agree. The default.</summary>
    Time = 0,

    /// <summary>The sequence grows, nothing else: a delayed advert is taken for a new one if nothing newer came before it.</summary>
    Monotonic = 1,
}

/// <summary>Why keys and settings do not make an <see cref="HmacAuthentication"/>; each is an error in the file, never "no authentication".</summary>
public enum HmacProblem : byte
{
    /// <summary>Nothing is wrong.</summary>
    None = 0,

    /// <summary>There is no key.</summary>
    NoKey,

    /// <summary>A key has the id 0.</summary>
    KeyIdOutOfRange,

    /// <summary>Two keys have the same id.</summary>
    DuplicateKeyId,

    /// <summary>A key has fewer than <see cref="HmacKey.BytesMin"/> bytes.</summary>
    KeyTooShort,

    /// <summary>A key has more than <see cref="HmacKey.BytesMax"/> bytes.</summary>
    KeyTooLong,

    /// <summary>The active key is none of the keys.</summary>
    ActiveKeyUnknown,

    /// <summary>The time window is not 1..300 s.</summary>
    TimeWindowOutOfRange,
}

/// <summary>A signing key. Its bytes are a secret: <see cref="ToString"/> leaves them out.</summary>
/// <param name="Id">Key id carried in the trailer, 1..255.</param>
/// <param name="Bytes">32..64 bytes.</param>
public sealed record HmacKey(byte Id, EquatableArray<byte> Bytes)
{
    /// <summary>Shortest key in bytes (keepalived).</summary>
    public const int BytesMin = 32;

    /// <summary>Longest key in bytes: one block of SHA-256 (keepalived).</summary>
    public const int BytesMax = 64;

    /// <summary>The id only.</summary>
    public override string ToString() => $"key {Id} (secret)";

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Id = ").Append(Id);
        return true;
    }
}

/// <summary>The auth_hmac block of an instance, legal by construction. Compared by value; never printed with its keys.</summary>
public sealed record HmacAuthentication
{
    /// <summary>Shortest time window in seconds.</summary>
    public const int TimeWindowSecondsMin = 1;

    /// <summary>Longest time window in seconds.</summary>
    public const int TimeWindowSecondsMax = 300;

    // keepalived: what the default is never below.
    private const int DefaultTimeWindowSecondsMin = 5;

    private HmacAuthentication(EquatableArray<HmacKey> keys, HmacKey activeKey)
    {
        Keys = keys;
        ActiveKey = activeKey;
    }

    /// <summary>All keys that are accepted, in the order of the file; 1..255, ids are unique.</summary>
    public EquatableArray<HmacKey> Keys { get; }

    /// <summary>The key that signs; one of <see cref="Keys"/> (active_key).</summary>
    public HmacKey ActiveKey { get; }

    /// <summary>Largest difference between the sender's clock and ours in seconds, 1..300 (time_window).</summary>
    public int TimeWindowSeconds { get; private init; }

    /// <summary>How the age of an advert is judged; default time (anti_replay).</summary>
    public HmacAntiReplay AntiReplay { get; private init; }

    /// <summary>What is sent and required; default enforce (mode).</summary>
    public HmacMode Mode { get; private init; }

    /// <summary>Whether adverts leave with a trailer.</summary>
    public bool IsSigning => Mode != HmacMode.ReceiveOnly;

    /// <summary>
    /// Whether a priority 0 that is accepted was sent within the time window by somebody who has a key: what <c>release_is_enough</c> needs.
    /// The doc comment of <see cref="HmacReceiverState"/> says what else it needs.
    /// </summary>
    public bool IsReleaseTrustworthy => Mode == HmacMode.Enforce && AntiReplay == HmacAntiReplay.Time;

    /// <summary>keepalived's default for time_window in seconds: three advertisement intervals, whole seconds, 5..300.</summary>
    public static int DefaultTimeWindowSeconds(TimeSpan advertInterval) =>
        (int)Math.Clamp(advertInterval.Ticks / TimeSpan.TicksPerSecond * 3, DefaultTimeWindowSecondsMin, TimeWindowSecondsMax);

    /// <summary>Makes the value, or says what forbids it: there is no half-configured authentication.</summary>
    /// <param name="keys">The keys in the order of the file.</param>
    /// <param name="activeKeyId">Id of the key that signs.</param>
    /// <param name="timeWindowSeconds">See <see cref="TimeWindowSeconds"/>.</param>
    /// <param name="antiReplay">See <see cref="AntiReplay"/>.</param>
    /// <param name="mode">See <see cref="Mode"/>.</param>
    /// <param name="authentication">The value; absent if refused.</param>
    /// <param name="problem">The first thing that is wrong, or <see cref="HmacProblem.None"/>.</param>
    public static bool TryCreate(
        EquatableArray<HmacKey> keys,
        byte activeKeyId,
        int timeWindowSeconds,
        HmacAntiReplay antiReplay,
        HmacMode mode,
        out HmacAuthentication? authentication,
        out HmacProblem problem)
    {
        authentication = null;
        problem = keys.IsEmpty ? HmacProblem.NoKey : FindProblem(keys);
        if (problem != HmacProblem.None)
        {
            return false;
        }

        HmacKey? active = Find(keys, activeKeyId);
        if (active is null)
        {
            problem = HmacProblem.ActiveKeyUnknown;
            return false;
        }

        if (timeWindowSeconds is < TimeWindowSecondsMin or > TimeWindowSecondsMax)
        {
            problem = HmacProblem.TimeWindowOutOfRange;
            return false;
        }

        authentication = new HmacAuthentication(keys, active) { TimeWindowSeconds = timeWindowSeconds, AntiReplay = antiReplay, Mode = mode };
        return true;
    }

    /// <summary>The key with the id; absent if there is none.</summary>
    public HmacKey? FindKey(byte id) => Find(Keys, id);

    /// <summary>The settings and the ids of the keys, never the keys.</summary>
    public override string ToString() =>
        $"auth_hmac {Mode}, {AntiReplay}, window {TimeWindowSeconds} s, {Keys.Count} keys, active {ActiveKey.Id}";

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(ToString());
        return true;
    }

    private static HmacProblem FindProblem(EquatableArray<HmacKey> keys)
    {
        foreach (HmacKey key in keys)
        {
            HmacProblem problem = key switch
            {
                { Id: 0 } => HmacProblem.KeyIdOutOfRange,
                { Bytes.Count: < HmacKey.BytesMin } => HmacProblem.KeyTooShort,
                { Bytes.Count: > HmacKey.BytesMax } => HmacProblem.KeyTooLong,
                _ => ReferenceEquals(Find(keys, key.Id), key) ? HmacProblem.None : HmacProblem.DuplicateKeyId,
            };
            if (problem != HmacProblem.None)
            {
                return problem;
            }
        }

        return HmacProblem.None;
    }

    private static HmacKey? Find(EquatableArray<HmacKey> keys, byte id)
    {
        foreach (HmacKey key in keys)
        {
            if (key.Id == id)
            {
                return key;
            }
        }

        return null;
    }
}
