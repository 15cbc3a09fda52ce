using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;

namespace FenceFirst.Sim;

/// <content>What survives the daemon: the state file, which also survives the power, and the programs of an earlier life.</content>
/// <remarks>
/// The daemon writes what has changed once per turn, and a fence or run starts only when its promise is written. So what a life leaves is what it was at the end of
/// its last turn, or at the last step it started.
/// </remarks>
internal sealed partial class SimHost
{
    private readonly InstanceMemory[] _kept;
    private readonly List<AttemptMemory> _attempts = [];
    private EquatableArray<AttemptMemory> _keptAttempts;
    private bool _isAttemptsDirty;
    private uint _keptBoot;
    private uint _lastAttempt;

    /// <summary>The file, and which of its attempts have a living program; those are told to end, as the daemon does.</summary>
    private void Recall()
    {
        bool isSameBoot = _keptBoot == _boot;
        NodeMemory memory = new()
        {
            LastAttempt = _lastAttempt,
            Instances = _kept.Where(instance => !instance.IsEmpty).Select(instance => isSameBoot ? instance : instance.AfterBoot()).ToEquatableArray(),
            Attempts = _keptAttempts.Select(attempt => attempt with { IsAlive = FindProgram(attempt.Attempt) >= 0 }).ToEquatableArray(),
        };
        _effects.Clear();
        _effectAt = 0;
        NodeRecall.Apply(Config, State, memory, new MonotonicInstant(Clock), _effects);
        foreach (ref readonly NodeEffect effect in _effects.Span)
        {
            CarryOut(effect);
        }

        _effects.Clear();
        _attempts.Clear();
        _attempts.AddRange(memory.Attempts.Where(attempt => attempt.IsAlive));
        _isAttemptsDirty = true;
        Keep();
        foreach (AttemptMemory attempt in _attempts)
        {
            Kill(attempt.Attempt);
        }
    }

    private void Promise(in Program program, PromotionStep step)
    {
        if (step.Kind == StepKind.Check)
        {
            return;
        }

        _attempts.Add(new AttemptMemory(Config.Instances[program.Instance].Name, program.Attempt)
        {
            Kind = step.Kind,
            Step = program.Step,
            IsDemotion = program.IsDemotion,
            Targets = step.Targets,
        });
        _isAttemptsDirty = true;
        Keep();
    }

    private void Settle(uint attempt) => _isAttemptsDirty |= _attempts.RemoveAll(known => known.Attempt == attempt) > 0;

    private void Keep()
    {
        for (int i = 0; i < _kept.Length; i++)
        {
            _kept[i] = InstanceMemory.Of(Config.Instances[i].Name, State.Instances[i]);
        }

        if (_isAttemptsDirty)
        {
            _keptAttempts = _attempts.ToEquatableArray();
            _isAttemptsDirty = false;
        }

        _keptBoot = _boot;
    }

    private void LeftoverEnds(in Program program, in SimItem item)
    {
        See(SightingKind.LeftoverEnded, program.Instance, attempt: program.Attempt);
        foreach (AttemptMemory known in State.Leftovers)
        {
            if (IsDaemonUp && known.Attempt == program.Attempt)
            {
                Arrive(item with { Kind = ItemKind.LeftoverEnds });
                return;
            }
        }
    }
}
