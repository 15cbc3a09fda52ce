using FenceFirst.Core;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim;

/// <summary>What one simulation of a user's nodes has shown.</summary>
/// <param name="Seed">Where its chance began.</param>
/// <param name="Violation">The first guarantee that did not hold; null = all did.</param>
/// <param name="Verdicts">What became of the expectations.</param>
/// <param name="Timeline">What happened; empty when it was not asked for.</param>
/// <param name="Holdings">Who held what.</param>
/// <param name="Zero">Nanoseconds of the world at which the scenario began.</param>
/// <param name="End">Nanoseconds of the world at which it ended.</param>
/// <param name="Excuses">Guarantees that were broken under a condition under which they are not given, and how often.</param>
internal sealed record ScenarioResult(
    ulong Seed,
    Violation? Violation,
    IReadOnlyList<Verdict> Verdicts,
    IReadOnlyList<TimelineLine> Timeline,
    Holdings Holdings,
    long Zero,
    long End,
    IReadOnlyDictionary<string, long> Excuses)
{
    /// <summary>How often an address was taken.</summary>
    public long Failovers { get; init; }

    /// <summary>Nanoseconds in which an address was held by more than one node.</summary>
    public long TwiceOf(int instance) => Holdings.Sum(instance, Zero, End).Twice;

    /// <summary>Nanoseconds in which any address was held by more than one node.</summary>
    public long Twice { get; init; }

    /// <summary>Whether two owners were what the scenario expected.</summary>
    public bool IsTwiceExpected => Verdicts.Any(verdict => verdict.Claim.Kind == ClaimKind.TwoOwners && verdict.Claim.Mode != ClaimMode.Never);

    /// <summary>Whether every guarantee and every expectation held. Two owners are never good, whatever the reason, unless they were expected.</summary>
    public bool IsGood => Violation is null && Verdicts.All(verdict => verdict.IsHeld) && (Twice == 0 || IsTwiceExpected);
}

/// <summary>Runs scenarios, or chance faults, on nodes of a user's own.</summary>
internal static class ScenarioRun
{
    /// <summary>Longest time that the nodes get to come to rest before a scenario begins.</summary>
    private const long WarmUpMax = 900 * Nano.Second;

    private const long RestTime = 3 * Nano.Second;

    /// <summary>A scenario.</summary>
    public static ScenarioResult Run(SimOptions options, Scenario scenario, bool isTold)
    {
        Cast cast = Cast.Of(options);
        ScenarioJudge judge = new(cast, scenario);
        return Run(options, cast, isTold, judge, (world, timeline) =>
        {
            ScenarioDirector director = new(world, scenario, judge, timeline);
            long zero = scenario.IsCold ? 0 : WarmUp(world, scenario.FirstMaster);
            timeline.Zero = zero;
            judge.Begin(world, zero);
            director.Begin(zero);
            if (scenario.IsCold)
            {
                foreach (SimHost host in world.Hosts)
                {
                    host.Begin(world.Chance.Between(Nano.Millisecond, Nano.Second));
                }
            }

            world.RunUntil(zero + scenario.Duration);
            world.Watch.End(world.Now);
            return zero;
        });
    }

    /// <summary>Chance faults, then none: what <c>./prove</c> does with configurations of its own.</summary>
    public static ScenarioResult RunFaults(SimOptions options, bool isTold)
    {
        Cast cast = Cast.Of(options);
        return Run(options, cast, isTold, judge: null, (world, _) =>
        {
            world.Run();
            return 0;
        });
    }

    private static ScenarioResult Run(SimOptions options, Cast cast, bool isTold, ScenarioJudge? judge, Func<SimWorld, ScenarioTimeline, long> play)
    {
        ScenarioTimeline timeline = new(cast);
        Holdings holdings = new(cast);
        Checker[] guards = SimRun.CheckersFor(options);
        List<Checker> all = [.. guards, holdings];
        if (isTold)
        {
            all.Add(timeline);
        }

        if (judge is not null)
        {
            all.Add(judge);
        }

        Watch watch = new(all);
        SimWorld world = new(options, watch);
        Violation? violation;
        long zero = 0;
        try
        {
            zero = play(world, timeline);
            violation = watch.Violation;
        }
        catch (Exception bug) when (bug is InvariantException or NullReferenceException or IndexOutOfRangeException or ArgumentException)
        {
            violation = watch.Violation ?? new Violation("Core", "invariant", world.Now, bug.Message);
        }

        holdings.End(world.Now);
        Dictionary<string, long> excuses = [];
        foreach (Checker guard in guards)
        {
            foreach ((string condition, long times) in guard.Excuses)
            {
                excuses[$"{guard.Guarantee} {guard.GetType().Name}: {condition}"] = times;
            }
        }

        return new ScenarioResult(
            options.Seed, violation, [.. judge?.Verdicts ?? []], isTold ? timeline.Lines : [], holdings, zero, world.Now, excuses)
        {
            Failovers = watch.Failovers,
            Twice = Enumerable.Range(0, cast.Instances).Sum(instance => holdings.Sum(instance, zero, world.Now).Twice),
        };
    }

    /// <summary>One node becomes master of everything while the others are off; then they are switched on. Returns the instant from which the scenario counts.</summary>
    private static long WarmUp(SimWorld world, int firstMaster)
    {
        int first = firstMaster >= 0 ? firstMaster : FirstOf(world);
        world.Hosts[first].Begin(0);
        RunUntil(world, () => IsAll(world.Hosts[first], VrrpPhase.Master));
        foreach (SimHost host in world.Hosts)
        {
            if (host.Index != first)
            {
                host.Begin(world.Chance.Between(0, Nano.Second));
            }
        }

        long restSince = -1;
        RunUntil(world, () =>
        {
            bool isAtRest = world.Hosts.All(IsAtRest) && IsOwnedOnce(world);
            restSince = !isAtRest ? -1 : restSince < 0 ? world.Now : restSince;
            return restSince >= 0 && world.Now - restSince >= RestTime;
        });

        // Somewhere between two adverts.
        world.RunUntil(world.Now + world.Chance.Between(0, Nano.Second));
        return world.Now;
    }

    private static int FirstOf(SimWorld world)
    {
        int first = 0;
        for (int i = 1; i < world.Hosts.Length; i++)
        {
            if (world.Hosts[i].Config.Instances[0].BasePriority > world.Hosts[first].Config.Instances[0].BasePriority)
            {
                first = i;
            }
        }

        return first;
    }

    private static void RunUntil(SimWorld world, Func<bool> isReached)
    {
        while (world.Now < WarmUpMax && !world.Watch.IsOver && !isReached())
        {
            world.RunUntil(world.Now + (100 * Nano.Millisecond));
        }
    }

    private static bool IsAll(SimHost host, VrrpPhase phase)
    {
        foreach (ref readonly VrrpState state in host.State.Instances.AsSpan())
        {
            if (!host.IsDaemonUp || state.Phase != phase || state.Transition != Transition.None)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsAtRest(SimHost host)
    {
        foreach (ref readonly VrrpState state in host.State.Instances.AsSpan())
        {
            if (!host.IsDaemonUp || state.Phase is not (VrrpPhase.Master or VrrpPhase.Backup) || state.Transition != Transition.None)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsOwnedOnce(SimWorld world)
    {
        for (int i = 0; i < world.Hosts[0].Config.Instances.Count; i++)
        {
            if (world.Hosts.Count(host => host.State.Instances[i].Phase == VrrpPhase.Master) != 1)
            {
                return false;
            }
        }

        return true;
    }
}
