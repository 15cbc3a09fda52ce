using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;

namespace FenceFirst.Core.Vrrp;

/// <content>What an earlier life of the daemon left to this one (docs/promotion.md 9). Nothing of it is ever success (G2).</content>
public ref partial struct VrrpMachine
{
    /// <summary>Bound on the wait for the disk, longer than the host's own.</summary>
    private static readonly TimeSpan DiskBound = TimeSpan.FromSeconds(3);

    /// <summary>Failures in a row, their pause and on_failure fault go on as if the daemon had not ended.</summary>
    internal void RecallFailures(in InstanceMemory memory)
    {
        PromotionPlan plan = _config.Promotion ?? PlainPlan;
        DoubtDemotion(memory.IsDemotionDue);
        _state.FailedPromotions = memory.FailedPromotions;

        // After a boot the old instant means nothing, and wall time is not for decisions: one plain pause, and the next failure doubles on.
        _state.RetryAt = memory.RetryAt ?? _now + plan.RetryAfter;
        if (memory.FailedPromotions == 0)
        {
            _state.RetryAt = MonotonicInstant.Zero;
        }

        if (memory.IsFaulted && plan.IsFaultOnFailure)
        {
            _state.Faults |= FaultCauses.Promotion;
        }

        TimeSpan pause = _state.Faults.HasFlag(FaultCauses.Promotion) ? TimeSpan.MaxValue : _state.RetryAt - _now;
        if (pause > TimeSpan.Zero)
        {
            Record(new TimelineEntry { Kind = TimelineKind.FailuresRemembered, Second = _state.FailedPromotions, Duration = pause });
        }
    }

    /// <summary>An attempt whose outcome nobody knows has not succeeded; its promotion counts as failed, so that a daemon that dies again and again does not fence again and again.</summary>
    internal void RecallAttempt(AttemptMemory attempt)
    {
        TimeSpan pause = TimeSpan.Zero;
        if (!attempt.IsDemotion)
        {
            pause = CountFailure();
        }

        Record(new TimelineEntry
        {
            Kind = TimelineKind.AttemptInterrupted,
            First = attempt.IsAlive ? 1 : 0,
            Second = _state.FailedPromotions,
            Attempt = attempt.Attempt,
            Duration = pause,
        });
    }

    /// <summary>What was remembered cannot be read: it may have been a failure, a fault or a fence under way.</summary>
    internal void RecallDamaged()
    {
        DoubtDemotion(isDue: true);
        if (_config.Promotion is { IsEmpty: false })
        {
            TimeSpan pause = CountFailure();
            Record(new TimelineEntry { Kind = TimelineKind.MemoryDamaged, Second = _state.FailedPromotions, Duration = pause });
        }
    }

    /// <summary>
    /// An earlier life was killed before its demotion was done. What it would have stopped may still run, so this life says no priority 0 until it has been
    /// Master and was demoted itself (docs/promotion.md 4).
    /// </summary>
    private void DoubtDemotion(bool isDue) => _state.IsDemotionDoubtful |= isDue && _config.Demotion is { Steps.IsEmpty: false };

    /// <summary>
    /// A demotion is due from here on, and a life that dies with the addresses has to have left word of that: it is on its way to the disk while the steps run,
    /// and awaited before anything is held (docs/promotion.md 9). Nothing is asked where there is nothing to demote.
    /// </summary>
    private void KeepDemotionDue()
    {
        if (_config.Demotion is { Steps.IsEmpty: false })
        {
            _state.Steps.KeepAttempt = ++_node.LastAttempt;
            _effects.Add(new NodeEffect { Kind = NodeEffectKind.KeepMemory, Index = _index, Attempt = _state.Steps.KeepAttempt });
        }
    }

    /// <summary>Waits for the disk before the last look; false = it has answered, or was not asked.</summary>
    private bool BeginAwaitingDisk()
    {
        if (_state.Steps.KeepAttempt == 0)
        {
            return false;
        }

        _state.Steps.IsAwaitingDisk = true;
        _state.Steps.DeadlineAt = _now + DiskBound;
        return true;
    }

    /// <summary>It is on the disk, or the host waits no longer: then it has said so, and a disk holds no failover up (docs/decisions/046-a-step-runs-though-the-disk-fails.md).</summary>
    internal void MemoryKept(uint attempt)
    {
        ReleaseAfterStall();
        if (attempt == 0 || attempt != _state.Steps.KeepAttempt)
        {
            return;
        }

        if (_state.Steps.IsAwaitingDisk)
        {
            EndAwaitingDisk();
        }
        else
        {
            _state.Steps.KeepAttempt = 0;
        }
    }

    private void EndAwaitingDisk()
    {
        _state.Steps.KeepAttempt = 0;
        _state.Steps.IsAwaitingDisk = false;
        _state.Steps.DeadlineAt = MonotonicInstant.Never;
        if (_config.Promotion is { IsEmpty: false })
        {
            BeginLastLook();
        }
        else
        {
            BecomeMaster();
        }
    }
}
