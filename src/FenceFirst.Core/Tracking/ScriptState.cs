using FenceFirst.Core.Node;

namespace FenceFirst.Core.Tracking;

/// <summary>State of one check script; its result is shared by all instances that track it.</summary>
public record struct ScriptState
{
    /// <summary>keepalived's result counter, 0..rise+fall-1; good from <c>rise</c> on.</summary>
    public int Result;

    /// <summary>Whether a first result is known.</summary>
    public bool IsKnown;

    /// <summary>Whether it counts as good.</summary>
    public bool IsGood;

    /// <summary>Number of the run under way; 0 = none.</summary>
    public uint Attempt;

    /// <summary>Whether the run under way has outlived its bound: it has failed already.</summary>
    public bool IsTimedOut;

    /// <summary>The next point of the start grid.</summary>
    public MonotonicInstant RunAt;

    /// <summary>When the run under way counts as failed.</summary>
    public MonotonicInstant TimeoutAt;

    /// <summary>The earlier of the two deadlines.</summary>
    public readonly MonotonicInstant NextDeadline => MonotonicInstant.Earlier(RunAt, TimeoutAt);

    /// <summary>Before the first run. One success is enough at the beginning, whatever <c>rise</c> says (keepalived).</summary>
    public static ScriptState Initial(ScriptTracker script) => new()
    {
        Result = script.IsInitiallyFailed ? 0 : script.Rise - 1,
        IsKnown = script.IsInitiallyFailed,
        RunAt = MonotonicInstant.Never,
        TimeoutAt = MonotonicInstant.Never,
    };

    /// <summary>Counts one result and returns whether good and bad changed places or became known.</summary>
    public bool Count(ScriptTracker script, bool isSuccess)
    {
        int best = script.Rise + script.Fall - 1;
        bool wasKnown = IsKnown;
        bool wasGood = IsGood;
        if (isSuccess)
        {
            // At rise - 1 the next success is the edge, and already good means fully good again.
            Result = Result >= script.Rise - 1 ? best : Result + 1;
        }
        else
        {
            // The first failure of all counts at once; later ones wear a good script down.
            Result = wasKnown && Result > script.Rise ? Result - 1 : 0;
        }

        IsGood = Result >= script.Rise;
        IsKnown = true;
        return !wasKnown || wasGood != IsGood;
    }
}
