using System.Numerics;

namespace FenceFirst.Core.Promotion;

/// <summary>A check that the daemon makes itself: do enough addresses answer? Who is cut off finds out before it fences anybody (docs/promotion.md 3.1).</summary>
/// <param name="Method">How they are asked.</param>
/// <param name="Targets">Who is asked, all at once; 1 to <see cref="TargetsMax"/>.</param>
public sealed record ReachCheck(ReachMethod Method, EquatableArray<ReachTarget> Targets)
{
    /// <summary>Most addresses in one check: as many as one <see cref="ReachTally"/> can tell apart.</summary>
    public const int TargetsMax = 15;

    /// <summary>How many of them have to answer, 1 to their number; default 1 (at_least).</summary>
    public int AtLeast { get; init; } = 1;

    /// <summary>Index into <see cref="Node.NodeConfig.Links"/> of the interface that is asked through; -1 = as the routing table says (dev).</summary>
    public int Link { get; init; } = -1;

    /// <summary>Whether enough have answered.</summary>
    public bool IsReached(ReachTally tally) => tally.Count(ReachAnswer.Answered) >= AtLeast;

    /// <summary>Whether enough can still answer, when only the silent ones still may.</summary>
    public bool IsPossible(ReachTally tally) =>
        Targets.Count - tally.Count(ReachAnswer.Refused) - tally.Count(ReachAnswer.Unreachable) >= AtLeast;

    /// <summary>What has been found out, in words: who answered when that is enough, otherwise who did not.</summary>
    public string Describe(ReachTally tally)
    {
        List<string> words = [];
        for (int i = 0; i < Targets.Count; i++)
        {
            if ((tally[i] == ReachAnswer.Answered) == IsReached(tally))
            {
                words.Add($"{Targets[i]} {Word(tally[i])}");
            }
        }

        return IsReached(tally)
            ? $"{string.Join(", ", words)}; {AtLeast} of {Targets.Count} wanted"
            : $"{tally.Count(ReachAnswer.Answered)} of {Targets.Count} answered, at_least {AtLeast} wanted: {string.Join(", ", words)}";
    }

    private static string Word(ReachAnswer answer) => answer switch
    {
        ReachAnswer.Silent => "silent",
        ReachAnswer.Answered => "answered",
        ReachAnswer.Refused => "refused",
        ReachAnswer.Unreachable => "unreachable",
    };
}

/// <summary>How a built-in check asks.</summary>
public enum ReachMethod : byte
{
    /// <summary>ICMP or ICMPv6 echo (check ping).</summary>
    Ping = 0,

    /// <summary>A TCP connection that is closed as soon as it stands (check tcp).</summary>
    Tcp,
}

/// <summary>Whom a built-in check asks.</summary>
/// <param name="Address">The address.</param>
/// <param name="Port">TCP: the port, 1..65535. Ping: 0.</param>
public readonly record struct ReachTarget(InternetAddress Address, ushort Port = 0)
{
    /// <summary>As it is written in the configuration: IPv6 with a port in brackets.</summary>
    public override string ToString() => Port == 0 ? Address.ToString() : Address.IsIPv6 ? $"[{Address}]:{Port}" : $"{Address}:{Port}";
}

/// <summary>What one address has answered so far.</summary>
public enum ReachAnswer : byte
{
    /// <summary>Nothing yet.</summary>
    Silent = 0,

    /// <summary>The echo came back, or the connection stands.</summary>
    Answered,

    /// <summary>The connection was refused: the station lives, the service does not.</summary>
    Refused,

    /// <summary>The network says that it cannot be reached.</summary>
    Unreachable,
}

/// <summary>The answers of all addresses of one check, two bits each in their order: small enough to travel in a <see cref="StepOutcome"/>.</summary>
/// <param name="Code">The bits.</param>
public readonly record struct ReachTally(int Code)
{
    private const int OddBits = 0x55555555;

    /// <summary>The answer of the address at the index.</summary>
    public ReachAnswer this[int index] => (ReachAnswer)((Code >> (2 * index)) & 3);

    /// <summary>The same with one more answer.</summary>
    public ReachTally With(int index, ReachAnswer answer) => new((Code & ~(3 << (2 * index))) | ((int)answer << (2 * index)));

    /// <summary>How many have given this answer, which is any but <see cref="ReachAnswer.Silent"/>.</summary>
    public int Count(ReachAnswer answer)
    {
        // A pair is equal to the answer when it differs in neither bit.
        int differences = Code ^ ((int)answer * OddBits);
        return BitOperations.PopCount((uint)(~(differences | (differences >> 1)) & OddBits));
    }
}
