using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;

namespace FenceFirst.Core.Vrrp;

/// <content>Removals that the kernel refuses: asked again until it has acknowledged each; never taken for done (docs/promotion.md 4.2).</content>
public ref partial struct VrrpMachine
{
    /// <summary>How often everything that was refused is asked again before the demotion goes on without it.</summary>
    internal const byte InsistRounds = 3;

    private const int RemovalKinds = SideEffect.RemoveAddresses - SideEffect.RemoveRules + 1;

    /// <summary>Before the first repetition; it doubles up to <see cref="RemovalPauseMax"/>.</summary>
    private static readonly TimeSpan RemovalPause = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan RemovalPauseMax = TimeSpan.FromSeconds(30);

    /// <summary>What an earlier life left could not be removed at the start: it is asked again as after a demotion.</summary>
    internal void RecallRemoval(SideEffect effect)
    {
        _state.RefusedRemovals |= RemovalBit(effect);
        _state.RemovalRounds = InsistRounds;
        AskAgainLater();
    }

    private static byte RemovalBit(SideEffect effect) => (byte)(1 << (effect - SideEffect.RemoveRules));

    /// <summary>The demotion waits while what was refused is asked again, a bounded number of times; true = it waits.</summary>
    private bool InsistOnRemoval()
    {
        if (!_state.IsRemovalDoubtful || _state.RemovalRounds > 0)
        {
            return false;
        }

        _state.IsInsisting = true;
        AskAgainLater();
        return true;
    }

    private void AskAgainLater()
    {
        TimeSpan pause = RemovalPause * (1 << Math.Min(9, (int)_state.RemovalRounds));
        _state.RemovalAt = _now + (pause < RemovalPauseMax ? pause : RemovalPauseMax);
        _state.RemovalRounds = (byte)Math.Min(_state.RemovalRounds + 1, byte.MaxValue);
    }

    private void RemovalDue()
    {
        _state.RemovalAt = MonotonicInstant.Never;
        AskNextRemoval(0);
    }

    private void AskNextRemoval(int first)
    {
        for (int i = first; i < RemovalKinds; i++)
        {
            SideEffect effect = (SideEffect)((int)SideEffect.RemoveRules + i);
            if ((_state.RefusedRemovals & RemovalBit(effect)) != 0)
            {
                _state.RemovalAsked = effect;
                _state.RemovalAttempt = ++_node.LastAttempt;
                _effects.Add(new NodeEffect { Kind = NodeEffectKind.AskKernel, Index = _index, Attempt = _state.RemovalAttempt, Effect = effect });
                Record(new TimelineEntry { Kind = TimelineKind.KernelAsked, Effect = effect });
                return;
            }
        }

        EndRemovalRound();
    }

    /// <summary>The kernel has answered a repetition.</summary>
    private void RemovalAnswered(int errno)
    {
        _state.RemovalAttempt = 0;
        NoteRemoval(_state.RemovalAsked, errno);
        AskNextRemoval(_state.RemovalAsked - SideEffect.RemoveRules + 1);
    }

    private void NoteRemoval(SideEffect effect, int errno)
    {
        if (errno == 0 || TransitionOrder.IsGone(errno))
        {
            _state.RefusedRemovals &= (byte)~RemovalBit(effect);
            return;
        }

        _state.RefusedRemovals |= RemovalBit(effect);
    }

    private void EndRemovalRound()
    {
        bool isDoubtful = _state.IsRemovalDoubtful;
        if (!isDoubtful)
        {
            Record(new TimelineEntry { Kind = TimelineKind.RemovedAtLast, First = _state.RemovalRounds });
        }
        else
        {
            TellWhatIsLeft(isOnce: true);
            AskAgainLater();
        }

        if (_state.IsInsisting && (!isDoubtful || _state.RemovalRounds > InsistRounds))
        {
            _state.IsInsisting = false;
            Continue();
        }
    }

    /// <summary>The alarm: this node holds something that it must not hold.</summary>
    private readonly void TellWhatIsLeft(bool isOnce)
    {
        if (_state.IsRemovalDoubtful && (!isOnce || _state.RemovalRounds == InsistRounds))
        {
            Record(new TimelineEntry { Kind = TimelineKind.StillHeld, First = (_state.RefusedRemovals & AddressBits) != 0 ? 1 : 0, Second = isOnce ? 1 : 0 });
        }
    }

    private static byte AddressBits => (byte)(RemovalBit(SideEffect.RemoveAddresses) | RemovalBit(SideEffect.RemoveExcluded));

    /// <summary>From here on everything is held rightly, or is asked for anew.</summary>
    private void ForgetRefusedRemovals()
    {
        _state.RefusedRemovals = 0;
        _state.RemovalRounds = 0;
        _state.RemovalAttempt = 0;
        _state.RemovalAt = MonotonicInstant.Never;
        _state.IsInsisting = false;
    }
}
