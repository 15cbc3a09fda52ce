using FenceFirst.Core;

namespace FenceFirst.Demo;

/// <summary>Something that the demonstration says, and whether what was observed bears it out.</summary>
/// <param name="Act">0 = the beginning, 1 = the fence that fails, 2 = the fence that works.</param>
/// <param name="Name">Short name for machines.</param>
/// <param name="Text">The sentence for people.</param>
/// <param name="IsHeld">Whether it is true.</param>
internal sealed record Claim(int Act, string Name, string Text, bool IsHeld);

/// <summary>One line of the timeline.</summary>
/// <param name="At">When.</param>
/// <param name="Name">Short name for machines.</param>
/// <param name="Text">What happened.</param>
/// <param name="Witness">Who says so.</param>
internal sealed record Moment(MonotonicInstant At, string Name, string Text, string Witness);
