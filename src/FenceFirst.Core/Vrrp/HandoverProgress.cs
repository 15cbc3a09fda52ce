namespace FenceFirst.Core.Vrrp;

/// <summary>Where a planned switchover stands (docs/promotion.md 7).</summary>
/// <remarks>
/// It begins with a Master that leaves. When the addresses are gone the link is watched for whoever claims them; when the demotion is done the instance
/// waits as Backup, without starting a promotion, until another master is there or the time is over.
/// </remarks>
public record struct HandoverProgress
{
    /// <summary>Its number, and that of its watch; 0 = no handover is under way.</summary>
    public uint Number;

    /// <summary>How long the instance holds itself back after its release.</summary>
    public TimeSpan Within;

    /// <summary>When the kernel had removed every address; Never = not yet.</summary>
    public MonotonicInstant GoneAt;

    /// <summary>When the waiting is over; Never = it has not begun.</summary>
    public MonotonicInstant Until;

    /// <summary>Whether the link is watched: an advert alone is then no proof, because a candidate advertises as well.</summary>
    public bool IsWatching;

    /// <summary>When somebody first claimed an address on the link; Never = nobody has.</summary>
    public MonotonicInstant ClaimedAt;

    /// <summary>Whose adverts are heard since the addresses are gone; absent = nobody's.</summary>
    public InternetAddress By;

    /// <summary>The priority in them.</summary>
    public byte ByPriority;

    /// <summary>When the first of them was heard.</summary>
    public MonotonicInstant HeardAt;

    /// <summary>No handover under way.</summary>
    public static HandoverProgress None => new()
    {
        GoneAt = MonotonicInstant.Never,
        Until = MonotonicInstant.Never,
        ClaimedAt = MonotonicInstant.Never,
        HeardAt = MonotonicInstant.Never,
    };
}
