namespace FenceFirst.Core.Promotion;

/// <summary>One level of a fence (<c>fence a and b then c</c> has two): its devices run one after the other, and all of them have to succeed.</summary>
/// <remarks>
/// Both power supplies of a node make one level. With <c>action reboot</c> the binder writes a level as off, off, on, on: nothing is switched on
/// before everything was off. All devices of all levels have the same targets.
/// </remarks>
/// <param name="Devices">The devices in the order in which they run, 1..<see cref="DevicesMax"/>; each is a fence without levels of its own.</param>
public sealed record FenceLevel(EquatableArray<PromotionStep> Devices)
{
    /// <summary>Most levels of one fence.</summary>
    public const int LevelsMax = 8;

    /// <summary>Most devices of one level, each counted once whether it is switched on again or not.</summary>
    public const int DevicesMax = 8;
}
