using FenceFirst.Core;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim;

/// <summary>G4: whatever step of whatever instance runs, who holds an address advertises on time, and a candidate that advertises goes on doing so.</summary>
/// <remarks>Times are the node's own, and the time in which its daemon did not run does not count. Excused: who has left, and holds only because the kernel refused to remove. A candidate holds its adverts back while refused packets come (docs/promotion.md 6.1); a holder never does.</remarks>
internal sealed class NoStarvation(Cast cast) : Checker(cast, "G4")
{
    /// <summary>An advert may be as late as this: what the loop does besides takes no simulated time.</summary>
    private const long Tolerance = 5 * Nano.Millisecond;

    private readonly Rhythm[] _rhythms = new Rhythm[cast.Nodes.Length * cast.Instances];
    private readonly bool[] _isLinkDown = new bool[cast.Nodes.Length];

    /// <inheritdoc/>
    public override bool ReadsJournal => true;

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => kind is SightingKind.AdvertSent or SightingKind.Added or SightingKind.Removed or SightingKind.Refused or SightingKind.Halted or SightingKind.Resumed
        or SightingKind.DaemonEnded or SightingKind.PowerOff or SightingKind.LinkChanged;

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        switch (sighting.Kind)
        {
            case SightingKind.AdvertSent:
                ref Rhythm sender = ref _rhythms[Slot(sighting.Node, sighting.Instance)];
                Judge(sighting, sighting.Instance, ref sender);
                sender.LastAt = sighting.Clock;
                sender.LastSeenAt = sighting.At;
                break;
            case SightingKind.Added when sighting.Thing == Thing.Addresses:
                ref Rhythm holder = ref _rhythms[Slot(sighting.Node, sighting.Instance)];
                holder.IsHolding = true;
                holder.LastAt = sighting.Clock;
                holder.LastSeenAt = sighting.At;
                break;
            case SightingKind.Removed when sighting.Thing == Thing.Addresses:
                ref Rhythm leaver = ref _rhythms[Slot(sighting.Node, sighting.Instance)];
                if (leaver.IsHolding)
                {
                    Judge(sighting, sighting.Instance, ref leaver);
                    leaver.IsHolding = false;
                }

                break;
            case SightingKind.Refused when sighting.Number == 0 && sighting.Thing == Thing.Addresses:
                Excuse("the kernel refused to remove an address");
                _rhythms[Slot(sighting.Node, sighting.Instance)].IsHolding = false;
                break;
            case SightingKind.Halted:
            case SightingKind.LinkChanged when sighting.Number == 0:
                JudgeAll(sighting);
                SetExempt(sighting, isExempt: true);
                break;
            case SightingKind.Resumed:
            case SightingKind.LinkChanged:
                SetExempt(sighting, isExempt: false);
                break;
            case SightingKind.DaemonEnded:
            case SightingKind.PowerOff:
                JudgeAll(sighting);
                _rhythms.AsSpan(Slot(sighting.Node, 0), Cast.Instances).Clear();
                break;
        }
    }

    /// <inheritdoc/>
    public override void Read(int node, in TimelineEntry entry, long at)
    {
        switch (entry.Kind)
        {
            case TimelineKind.PromotionStarted:
                ref Rhythm rhythm = ref _rhythms[Slot(node, entry.Index)];
                rhythm.IsCandidate = Cast.Nodes[node].Instances[entry.Index].Promotion!.IsAdvertising; // Only with a plan is a promotion told of.
                rhythm.LastAt = long.MaxValue;
                rhythm.LastSeenAt = long.MaxValue;
                break;
            case TimelineKind.StepStarted:
                _rhythms[Slot(node, entry.Index)].Running = entry.First + 1;
                break;
            case TimelineKind.StepEnded:
                ref Rhythm ended = ref _rhythms[Slot(node, entry.Index)];
                ended.Running = 0;
                ended.SucceededAt = entry.Outcome.IsSuccess ? at : ended.SucceededAt;
                break;
            case TimelineKind.PacketRefused:
                HearRefused(node, entry, at);
                break;
            case TimelineKind.PromotionEndedByMaster or TimelineKind.PromotionEnding or TimelineKind.PromotionEnded or TimelineKind.PromotionFailed
                or TimelineKind.HoldFailed or TimelineKind.AddressInUse or TimelineKind.ProbeFailed or TimelineKind.FenceLied or TimelineKind.ConfirmationVoid or TimelineKind.ReleaseVoid
                or TimelineKind.StepStuck or TimelineKind.Stalled or TimelineKind.PreemptGivenUp or TimelineKind.ReleaseSent or TimelineKind.ReleaseWithheld
                or TimelineKind.EnteredBackup or TimelineKind.EnteredFault or TimelineKind.EnteredMaster or TimelineKind.Stopped:
                _rhythms[Slot(node, entry.Index)].IsCandidate = false;
                break;
        }
    }

    private void HearRefused(int node, in TimelineEntry entry, long at)
    {
        VrrpConfig config = Cast.Nodes[node].Instances[entry.Index];
        ref Rhythm rhythm = ref _rhythms[Slot(node, entry.Index)];
        long interval = Nano.Of(config.AdvertInterval) + Tolerance;
        if (rhythm.IsCandidate && !rhythm.IsHolding && !rhythm.IsHalted && !_isLinkDown[node] && rhythm.QuietUntil < at && rhythm.LastSeenAt < at)
        {
            // Up to here nothing was a reason to be silent. The node's clock may be off by one in a hundred.
            long gap = at - Math.Max(rhythm.LastSeenAt, rhythm.QuietUntil);
            if (gap > interval + (interval / 50))
            {
                Violate(at, $"{Who(node, entry.Index)} is a candidate and sent no advert for {Nano.Text(gap)} s");
            }
        }

        bool isRhythm = rhythm.RefusedFrom == entry.Address && rhythm.RefusedAt != 0;
        long three = isRhythm ? 3 * (at - rhythm.RefusedAt) : 0;
        long down = Nano.Of(VrrpTimers.MasterDown(config.Version, 1, config.AdvertInterval, config.DownTimerAdverts));
        rhythm.RefusedFrom = entry.Address;
        if (!rhythm.IsCandidate || !IsExpected(config, rhythm, entry.Address, at))
        {
            // One that may have changed nothing is counted as a reason, not as a part of the rhythm: seen from outside both are possible.
            rhythm.RefusedAt = at;
        }

        long quiet = Math.Max(down, Math.Min(three, 30 * Nano.Second));
        rhythm.QuietUntil = Math.Max(rhythm.QuietUntil, at + quiet + (quiet / 50));
    }

    /// <summary>Packets of a target while its own fence runs, and within 200 ms after its success, change nothing.</summary>
    private static bool IsExpected(VrrpConfig config, in Rhythm rhythm, InternetAddress source, long at)
    {
        ReadOnlySpan<PromotionStep> steps = config.Promotion is null ? default : config.Promotion.Steps.Span;
        for (int i = 0; i < steps.Length; i++)
        {
            bool isNow = rhythm.Running == i + 1 || (rhythm.SucceededAt != 0 && at - rhythm.SucceededAt < 200 * Nano.Millisecond);
            if (isNow && steps[i].Kind == StepKind.Fence && steps[i].Targets.Span.Contains(source))
            {
                return true;
            }
        }

        return false;
    }

    private void JudgeAll(in Sighting sighting)
    {
        for (int i = 0; i < Cast.Nodes[sighting.Node].Instances.Count; i++)
        {
            Judge(sighting, i, ref _rhythms[Slot(sighting.Node, i)]);
        }
    }

    private void Judge(in Sighting sighting, int instance, ref Rhythm rhythm)
    {
        if ((!rhythm.IsHolding && !rhythm.IsCandidate) || rhythm.IsHalted || _isLinkDown[sighting.Node] || rhythm.LastAt > sighting.Clock)
        {
            return;
        }

        Judged++;
        VrrpConfig config = Cast.Nodes[sighting.Node].Instances[instance];
        long gap = sighting.Clock - rhythm.LastAt;
        bool isHeldBack = !rhythm.IsHolding && sighting.At - rhythm.QuietUntil <= Nano.Of(config.AdvertInterval) + Tolerance;
        if (gap > Nano.Of(config.AdvertInterval) + Tolerance && !isHeldBack)
        {
            Violate(sighting.At, $"{Who(sighting.Node, instance)} {(rhythm.IsHolding ? "holds the address" : "is a candidate")} and sent no advert for {Nano.Text(gap)} s");
        }
    }

    private void SetExempt(in Sighting sighting, bool isExempt)
    {
        if (sighting.Kind == SightingKind.LinkChanged)
        {
            _isLinkDown[sighting.Node] = isExempt;
        }

        for (int i = 0; i < Cast.Instances; i++)
        {
            ref Rhythm rhythm = ref _rhythms[Slot(sighting.Node, i)];
            rhythm.IsHalted = sighting.Kind == SightingKind.LinkChanged ? rhythm.IsHalted : isExempt;
            if (sighting.Kind == SightingKind.Halted)
            {
                rhythm.HaltedAt = sighting.At;
            }
            else if (sighting.Kind == SightingKind.Resumed && sighting.Number == 1)
            {
                // For a machine that stood still no time has passed.
                rhythm.QuietUntil += sighting.At - rhythm.HaltedAt;
                rhythm.RefusedAt += rhythm.RefusedAt == 0 ? 0 : sighting.At - rhythm.HaltedAt;
            }

            rhythm.LastAt = sighting.Clock;
            rhythm.LastSeenAt = sighting.At;
        }
    }

    private struct Rhythm
    {
        public bool IsHolding;
        public bool IsCandidate;
        public bool IsHalted;
        public long LastAt;
        public long LastSeenAt;
        public long QuietUntil;
        public int Running;
        public long SucceededAt;
        public long HaltedAt;
        public long RefusedAt;
        public InternetAddress RefusedFrom;
    }
}
