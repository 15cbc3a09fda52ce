using FenceFirst.Core;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim;

/// <summary>G4: whatever step of whatever instance runs, who holds an address advertises on time, and a candidate that advertises goes on doing so.</summary>
/// <remarks>
/// Times are the node's own, and the time in which its daemon did not run does not count. Excused: who has left, and holds only because the kernel refused to remove;
/// and a candidate, never a holder, as long as refused packets are a reason to be silent (docs/promotion.md 6.1): which packets are, and for how long, is reckoned
/// here anew from what was received. The members of a sync group are candidates together, and their promotion is one.
/// </remarks>
internal sealed class NoStarvation(Cast cast) : Checker(cast, "G4")
{
    /// <summary>An advert may be as late as this: what the loop does besides takes no simulated time.</summary>
    private const long Tolerance = 5 * Nano.Millisecond;

    /// <summary>What a fenced target had under way proves nothing for so long after the success of its fence.</summary>
    private const long LieGrace = 200 * Nano.Millisecond;

    /// <summary>Refused packets that come in a rhythm have ended when three are missing, at the latest after this.</summary>
    private const long QuietMax = 30 * Nano.Second;

    private readonly Rhythm[] _rhythms = new Rhythm[cast.Nodes.Length * cast.Instances];
    private readonly Progress[] _plans = new Progress[cast.Nodes.Length * cast.Instances];
    private readonly uint[] _linksDown = new uint[cast.Nodes.Length];
    private readonly long[] _haltedAt = new long[cast.Nodes.Length];
    private readonly long[] _resumedAt = new long[cast.Nodes.Length];

    /// <inheritdoc/>
    public override bool ReadsJournal => true;

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => kind is SightingKind.AdvertSent or SightingKind.AdvertHeard or SightingKind.Added or SightingKind.Removed or SightingKind.Refused
        or SightingKind.Halted or SightingKind.Resumed or SightingKind.DaemonEnded or SightingKind.PowerOff or SightingKind.LinkChanged;

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        ref Rhythm rhythm = ref _rhythms[Slot(sighting.Node, sighting.Instance)];
        switch (sighting.Kind)
        {
            case SightingKind.AdvertSent:
                Judge(sighting, sighting.Instance, rhythm);
                rhythm.LastAt = sighting.Clock;
                break;
            case SightingKind.AdvertHeard when rhythm.RefusedAt != 0 && rhythm.RefusedFrom == Cast.AddressOf(sighting.By):
                // It is understood again, and speaks for itself.
                EndQuiet(ref rhythm, sighting.Clock);
                break;
            case SightingKind.Added when sighting.Thing == Thing.Addresses:
                rhythm.IsHolding = true;
                rhythm.LastAt = sighting.Clock;
                break;
            case SightingKind.Removed when sighting.Thing == Thing.Addresses && rhythm.IsHolding:
                Judge(sighting, sighting.Instance, rhythm);
                rhythm.IsHolding = false;
                break;
            case SightingKind.Refused when sighting.Number == 0 && sighting.Thing == Thing.Addresses:
                Excuse("the kernel refused to remove an address");
                rhythm.IsHolding = false;
                break;
            case SightingKind.Halted:
                JudgeAll(sighting);
                _haltedAt[sighting.Node] = sighting.Attempt == 1 ? sighting.Clock : 0;
                SetHalted(sighting, isHalted: true);
                break;
            case SightingKind.Resumed:
                _resumedAt[sighting.Node] = sighting.Clock;
                SetHalted(sighting, isHalted: false);
                break;
            case SightingKind.LinkChanged:
                JudgeAll(sighting);
                _linksDown[sighting.Node] = sighting.Number == 0 ? _linksDown[sighting.Node] | sighting.Attempt : _linksDown[sighting.Node] & ~sighting.Attempt;
                SetHalted(sighting, isHalted: null, sighting.Attempt);
                break;
            case SightingKind.DaemonEnded:
            case SightingKind.PowerOff:
                JudgeAll(sighting);
                _rhythms.AsSpan(Slot(sighting.Node, 0), Cast.Instances).Clear();
                _plans.AsSpan(Slot(sighting.Node, 0), Cast.Instances).Clear();
                break;
        }
    }

    /// <inheritdoc/>
    public override void Read(int node, in TimelineEntry entry, long at, long clock)
    {
        switch (entry.Kind)
        {
            case TimelineKind.PacketRefused:
                HearRefused(node, entry, at, clock);
                break;
            case TimelineKind.PromotionStarted:
                foreach (int member in Cast.Together(node, entry.Index))
                {
                    ref Rhythm begun = ref _rhythms[Slot(node, member)];
                    begun.IsCandidate = Cast.Nodes[node].Instances[member].Promotion!.IsAdvertising; // Only with a plan is a promotion told of.

                    // The first advert is due now.
                    begun.LastAt = clock;
                }

                _plans[PlanSlot(node, entry.Index)] = default;
                break;
            case TimelineKind.StepStarted or TimelineKind.StepEnded or TimelineKind.StepConfirmed or TimelineKind.StepSkipped or TimelineKind.StepReleased
                or TimelineKind.PowerNotRestored when entry.Phase == VrrpPhase.Promoting:
                FollowStep(node, entry, clock);
                break;
            case TimelineKind.RivalHeard:
                ref Rhythm rivaled = ref _rhythms[Slot(node, entry.Index)];
                EndQuiet(ref rivaled, clock);
                rivaled.RefusedFrom = entry.Address;
                rivaled.RefusedAt = clock;
                break;
            case TimelineKind.PromotionEndedByMaster or TimelineKind.PromotionEnding or TimelineKind.PromotionEnded or TimelineKind.PromotionFailed
                or TimelineKind.HoldFailed or TimelineKind.AddressInUse or TimelineKind.ProbeFailed or TimelineKind.FenceLied or TimelineKind.ConfirmationVoid or TimelineKind.ReleaseVoid
                or TimelineKind.StepStuck or TimelineKind.Stalled or TimelineKind.PreemptGivenUp or TimelineKind.ReleaseSent or TimelineKind.ReleaseWithheld
                or TimelineKind.EnteredBackup or TimelineKind.EnteredFault or TimelineKind.EnteredMaster or TimelineKind.Stopped:
                foreach (int member in Cast.Together(node, entry.Index))
                {
                    _rhythms[Slot(node, member)].IsCandidate = false;
                }

                break;
        }
    }

    /// <summary>Which fence is under way, and which targets have been fenced, as the journal tells it.</summary>
    private void FollowStep(int node, in TimelineEntry entry, long clock)
    {
        ref Progress progress = ref _plans[PlanSlot(node, entry.Index)];
        PromotionStep step = Cast.Nodes[node].Instances[entry.Index].Promotion!.Steps[entry.First]; // A promotion step belongs to a plan.
        bool isLastDevice = entry.Device + 1 == step.DeviceCount(entry.Level);
        progress.Running = 0;
        switch (entry.Kind)
        {
            case TimelineKind.StepStarted:
                progress.Running = entry.First + 1;
                break;
            case TimelineKind.StepEnded when entry.Outcome.IsSuccess:
                bool isOff = isLastDevice || step.Device(entry.Level, entry.Device + 1).IsRestoring;
                if (step.Kind == StepKind.Fence && isOff && !step.Device(entry.Level, entry.Device).IsRestoring)
                {
                    progress.FencedAt = DecidedAt(node, clock);
                    foreach (int member in Cast.Together(node, entry.Index))
                    {
                        ref Rhythm rhythm = ref _rhythms[Slot(node, member)];
                        if (rhythm.RefusedAt != 0 && step.Targets.Span.Contains(rhythm.RefusedFrom))
                        {
                            EndQuiet(ref rhythm, clock);
                        }
                    }
                }

                progress.Passed = isLastDevice ? entry.First + 1 : progress.Passed;
                break;
            case TimelineKind.PowerNotRestored when isLastDevice:
                progress.Passed = entry.First + 1;
                break;
            case TimelineKind.StepConfirmed:
                progress.FencedAt = DecidedAt(node, clock);
                progress.Passed = entry.First + 1;
                break;
            case TimelineKind.StepSkipped:
            case TimelineKind.StepReleased:
                progress.Bypassed |= 1UL << entry.First;
                progress.Passed = entry.First + 1;
                break;
        }
    }

    private void HearRefused(int node, in TimelineEntry entry, long at, long clock)
    {
        VrrpConfig config = Cast.Nodes[node].Instances[entry.Index];
        ref Rhythm rhythm = ref _rhythms[Slot(node, entry.Index)];
        if (rhythm.IsCandidate && !rhythm.IsHolding && !rhythm.IsHalted && !IsLinkDown(node, entry.Index))
        {
            // Up to here this packet was no reason to be silent.
            JudgeGap(node, entry.Index, rhythm, at, clock);
        }

        if (config.Promotion is not { } plan || entry.First == 1 || (entry.Phase == VrrpPhase.Promoting && IsExpected(plan, _plans[PlanSlot(node, entry.Index)], entry.Address, clock)))
        {
            return;
        }

        bool isRhythm = rhythm.RefusedAt != 0 && rhythm.RefusedFrom == entry.Address;
        long three = isRhythm ? 3 * (clock - rhythm.RefusedAt) : 0;

        rhythm.RefusedAt = DecidedAt(node, clock);
        rhythm.RefusedFrom = entry.Address;
        long down = Nano.Of(VrrpTimers.MasterDown(config.Version, LowestPriority(config), config.AdvertInterval, config.DownTimerAdverts));
        rhythm.QuietUntil = clock + Math.Max(down, Math.Min(three, QuietMax));
    }

    /// <summary>What a daemon carries out after a halt in the middle of a decision it has known since before.</summary>
    private long DecidedAt(int node, long clock) => clock == _resumedAt[node] && _haltedAt[node] != 0 ? _haltedAt[node] : clock;

    private static void EndQuiet(ref Rhythm rhythm, long clock)
    {
        rhythm.RefusedAt = 0;
        rhythm.QuietUntil = Math.Min(rhythm.QuietUntil, clock);
    }

    /// <summary>The lowest priority makes the longest Master_Down_Interval: what trackers may have left of it.</summary>
    private static byte LowestPriority(VrrpConfig config)
    {
        int lowest = config.BasePriority;
        foreach (ref readonly TrackReference reference in config.TrackScripts.Span)
        {
            lowest += Math.Min(0, -Math.Abs(reference.Weight));
        }

        return config.IsOwner ? config.BasePriority : (byte)Math.Max(1, lowest);
    }

    /// <summary>Packets of a target while its own fence runs, and within 200 ms after its success, change nothing.</summary>
    private static bool IsExpected(PromotionPlan plan, in Progress progress, InternetAddress source, long clock)
    {
        ReadOnlySpan<PromotionStep> steps = plan.Steps.Span;
        bool isGrace = progress.FencedAt != 0 && clock - progress.FencedAt < LieGrace;
        for (int i = 0; i < steps.Length; i++)
        {
            bool isFenced = isGrace && i < progress.Passed && (progress.Bypassed & (1UL << i)) == 0;
            if ((progress.Running == i + 1 || isFenced) && steps[i].Kind == StepKind.Fence && steps[i].Targets.Span.Contains(source))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsLinkDown(int node, int instance) => _linksDown[node] != 0 && (_linksDown[node] & SimHost.LinkBit(Cast.Nodes[node].Instances[instance].Link)) != 0;

    private void JudgeAll(in Sighting sighting)
    {
        for (int i = 0; i < Cast.Nodes[sighting.Node].Instances.Count; i++)
        {
            Judge(sighting, i, _rhythms[Slot(sighting.Node, i)]);
        }
    }

    private void Judge(in Sighting sighting, int instance, in Rhythm rhythm)
    {
        if ((rhythm.IsHolding || rhythm.IsCandidate) && !rhythm.IsHalted && !IsLinkDown(sighting.Node, instance))
        {
            Judged++;
            JudgeGap(sighting.Node, instance, rhythm, sighting.At, sighting.Clock);
        }
    }

    private void JudgeGap(int node, int instance, in Rhythm rhythm, long at, long clock)
    {
        long longest = Nano.Of(Cast.Nodes[node].Instances[instance].AdvertInterval) + Tolerance;
        if (clock - rhythm.LastAt <= longest)
        {
            return;
        }

        if (!rhythm.IsHolding && clock - rhythm.QuietUntil <= longest)
        {
            Excuse("a candidate is silent while refused packets come");
            return;
        }

        Violate(at, $"{Who(node, instance)} {(rhythm.IsHolding ? "holds the address" : "is a candidate")} and sent no advert for {Nano.Text(clock - Math.Max(rhythm.LastAt, rhythm.QuietUntil))} s");
    }

    /// <summary>Whatever was missed while the daemon did not run, or had no link, was not starved; null = as before.</summary>
    private void SetHalted(in Sighting sighting, bool? isHalted, uint links = uint.MaxValue)
    {
        for (int i = 0; i < Cast.Nodes[sighting.Node].Instances.Count; i++)
        {
            if ((SimHost.LinkBit(Cast.Nodes[sighting.Node].Instances[i].Link) & links) == 0)
            {
                continue;
            }

            ref Rhythm rhythm = ref _rhythms[Slot(sighting.Node, i)];
            rhythm.IsHalted = isHalted ?? rhythm.IsHalted;
            rhythm.LastAt = sighting.Clock;
        }
    }

    private struct Rhythm
    {
        public bool IsHolding;
        public bool IsCandidate;
        public bool IsHalted;
        public long LastAt;

        // Why a candidate may be silent, and until when.
        public long QuietUntil;
        public long RefusedAt;
        public InternetAddress RefusedFrom;
    }

    /// <summary>The promotion under way: number of the running step, steps done with, those of them that were no fence, and when the last fence succeeded.</summary>
    private struct Progress
    {
        public int Running;
        public int Passed;
        public ulong Bypassed;
        public long FencedAt;
    }
}
