using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;

namespace FenceFirst.Core.Vrrp;

/// <content>
/// The devices of a step, one after the other (docs/promotion.md 2). A level of a fence fails as soon as one of its devices has failed for the last time;
/// then the next level begins from its first device. For everything else (commit, confirm, skip, a target that is heard) the fence is one step.
/// </content>
public ref partial struct VrrpMachine
{
    /// <summary>What runs now: the present device of a fence, or the step itself.</summary>
    private readonly PromotionStep PresentDevice =>
        _config.Promotion!.Steps[_state.Steps.Index].Device(_state.Steps.Level, _state.Steps.Device);

    /// <summary>Delays or starts the first try of the present device.</summary>
    private void BeginDevice()
    {
        PromotionStep device = PresentDevice;
        TimeSpan delay = device.DelayFor(_config.BasePriority) + _node.DrawUpTo(device.RandomDelay);
        if (delay > TimeSpan.Zero)
        {
            // Against two nodes that shoot each other: whoever waits longer is off, or hears the other, before its own fence starts.
            _state.Steps.DeadlineAt = _now + delay;
            Record(StepEntry(TimelineKind.StepDelayed, delay) with { Second = 1 });
            return;
        }

        StartTry();
    }

    /// <summary>A fence has succeeded when the last device of a level that switches off has; what then only restores the power proves nothing more.</summary>
    private void NoteFenced()
    {
        PromotionStep step = _config.Promotion!.Steps[_state.Steps.Index];
        int next = _state.Steps.Device + 1;
        bool isLast = next == step.DeviceCount(_state.Steps.Level) || step.Device(_state.Steps.Level, next).IsRestoring;
        if (step.Kind == StepKind.Fence && !PresentDevice.IsRestoring && isLast)
        {
            _state.Steps.FencedAt = _now;
            ForgetRefused(step);
            EndPausesOfOthers(step.Targets);
        }
    }

    /// <summary>The present device is done with: the next one of its level, or the next step.</summary>
    private void GoOnAfterDevice()
    {
        _state.Steps.Tries = 0;
        if (_state.Steps.Device + 1 < _config.Promotion!.Steps[_state.Steps.Index].DeviceCount(_state.Steps.Level))
        {
            _state.Steps.Device++;
            BeginDevice();
            return;
        }

        EndStep();
        BeginStep();
    }

    /// <summary>A try has failed: the next try, the next level, or the promotion has failed.</summary>
    private void DeviceFailed(StepOutcome outcome)
    {
        PromotionStep step = _config.Promotion!.Steps[_state.Steps.Index];
        PromotionStep device = PresentDevice;
        if (_state.Steps.Tries < device.Attempts)
        {
            _state.Steps.DeadlineAt = _now + device.RetryInterval;
            Record(StepEntry(TimelineKind.StepDelayed, device.RetryInterval) with { Second = _state.Steps.Tries + 1 });
        }
        else if (device.IsRestoring)
        {
            // Everything is off, so the fence has succeeded: that its power does not come back is a person's work.
            Record(StepEntry(TimelineKind.PowerNotRestored, TimeSpan.Zero));
            GoOnAfterDevice();
        }
        else if (_state.Steps.Level + 1 < step.LevelCount())
        {
            Record(StepEntry(TimelineKind.FenceLevelFailed, TimeSpan.Zero));
            _state.Steps.Level++;
            _state.Steps.Device = 0;
            _state.Steps.Tries = 0;
            BeginDevice();
        }
        else
        {
            FailPromotion(outcome);
        }
    }

    /// <summary>
    /// These targets are down now, and whoever else waits to fence them tries at once: after the pause they would be back, be fenced again, and with them
    /// what they have taken meanwhile. The count of failures goes on, and with it the length of the next pause.
    /// </summary>
    private void EndPausesOfOthers(in EquatableArray<InternetAddress> targets)
    {
        for (int i = 0; i < _node.Instances.Length; i++)
        {
            if (i != _index && _node.Instances[i].RetryAt > _now && HasFenceOf(_nodeConfig.Instances[i], targets))
            {
                MachineOf(i).EndPause();
            }
        }
    }

    private void EndPause()
    {
        Record(new TimelineEntry { Kind = TimelineKind.PauseEnded, Duration = _state.RetryAt - _now });
        if (_state.Phase == VrrpPhase.Backup && _state.MasterDownAt == _state.RetryAt)
        {
            // The silence has lasted long enough already; only the pause was left to wait for.
            _state.MasterDownAt = _now;
        }

        _state.RetryAt = _now;
    }

    private static bool HasFenceOf(VrrpConfig config, in EquatableArray<InternetAddress> targets)
    {
        foreach (PromotionStep step in config.Promotion?.Steps ?? default)
        {
            if (step.Kind == StepKind.Fence && NodeState.Overlaps(step.Targets, targets))
            {
                return true;
            }
        }

        return false;
    }
}
