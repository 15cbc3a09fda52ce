using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim;

/// <content>Steps, fences and check scripts: programs that run beside the daemon and end with some outcome, or never.</content>
internal sealed partial class SimHost
{
    private const int Terminated = 15;

    /// <summary>The first of one power supply.</summary>
    private const ulong WholeMachine = 1 << 8;

    private readonly List<Program> _programs = [];
    private readonly bool[] _isScriptBad;

    /// <summary>Makes a check script fail from now on, or succeed.</summary>
    public void SetScript(int script, bool isBad) => _isScriptBad[script] = isBad;

    /// <summary>A program has ended; the daemon learns of it when it runs.</summary>
    public void ProgramEnds(in SimItem item)
    {
        int at = FindProgram(item.Attempt);
        if (at < 0 || _programs[at].Generation != item.From)
        {
            return;
        }

        Program program = _programs[at];
        _programs.RemoveAt(at);
        if (!IsDaemonUp || program.Life != Life)
        {
            LeftoverEnds(program, item);
            return;
        }

        if (item.Kind == ItemKind.StepEnds)
        {
            SeeStep(SightingKind.StepEnded, program, Unpack(item.Number));
        }

        Arrive(item);
    }

    private static int Pack(StepOutcome outcome) => ((int)outcome.Kind << 16) | outcome.Code;

    private static StepOutcome Unpack(int number) => new((StepOutcomeKind)(number >> 16), number & 0xffff);

    private int FindProgram(uint attempt)
    {
        for (int i = 0; i < _programs.Count; i++)
        {
            if (_programs[i].Attempt == attempt)
            {
                return i;
            }
        }

        return -1;
    }

    private void StartStep(in NodeEffect effect)
    {
        Program program = new(effect.Attempt, (byte)effect.Index, effect.Step, effect.Level, effect.Device, effect.IsDemotion, IsScript: false, 0, IsImmortal: false, Life);
        if (StepOf(program).Kind == StepKind.Check)
        {
            StartProgram(program);
        }
        else
        {
            Promise(program);
        }
    }

    private PromotionStep StepOf(in Program program)
    {
        VrrpConfig instance = Config.Instances[program.Instance];
        return (program.IsDemotion ? instance.Demotion!.Steps : instance.Promotion!.Steps)[program.Step]; // A step belongs to a plan.
    }

    private void StartProgram(Program program)
    {
        PromotionStep step = StepOf(program).Device(program.Level, program.Device);
        SeeStep(SightingKind.StepStarted, program, default);
        if (step.Kind == StepKind.Fence)
        {
            StartFence(program, step);
            return;
        }

        if (_world.Director is { } director)
        {
            (long after, StepOutcome end) = director.Program(Index, step.Name, step.Kind, step.Reach is not null);
            Begin(program, after, end, isImmortal: false);
            return;
        }

        Prng chance = _world.Chance;
        bool isFaulty = !_world.IsHealed;
        long takes = chance.Between(Nano.Millisecond, isFaulty ? 2 * Nano.Second : 300 * Nano.Millisecond);
        StepOutcome outcome = StepOutcome.Success;
        if (isFaulty && _world.Has(SimFaults.StepFails) && chance.OneIn(4))
        {
            outcome = chance.OneIn(3) ? new StepOutcome(StepOutcomeKind.Signalled, 9) : new StepOutcome(StepOutcomeKind.Exited, 1 + chance.Below(255));
        }

        if (isFaulty && _world.Has(SimFaults.StepHangs) && chance.OneIn(6))
        {
            // Around its bound, beyond it, or for ever.
            takes = chance.Below(3) switch { 0 => Nano.Never, 1 => Bound(step) + chance.Between(-20 * Nano.Millisecond, 20 * Nano.Millisecond), _ => Bound(step) * 2 };
        }

        Begin(program, takes, outcome, isImmortal: isFaulty && _world.Has(SimFaults.StepHangs) && chance.OneIn(8));
    }

    private static long Bound(PromotionStep step) => step.Timeout == TimeSpan.MaxValue ? 60 * Nano.Second : Nano.Of(step.Timeout);

    /// <summary>
    /// A fence: when the power of each target goes, and when the program reports what. The two are independent where a device lies or is early; a truthful
    /// one reports success only after the last power has gone.
    /// </summary>
    private void StartFence(Program program, PromotionStep step)
    {
        if (_world.Director is { } director)
        {
            StartDirectedFence(director, program, step);
            return;
        }

        Prng chance = _world.Chance;
        bool isFaulty = !_world.IsHealed;
        long strikes = chance.Between(50 * Nano.Millisecond, isFaulty ? 3 * Nano.Second : 500 * Nano.Millisecond);
        long takes = strikes + chance.Between(Nano.Millisecond, isFaulty ? 2 * Nano.Second : 200 * Nano.Millisecond);
        StepOutcome outcome = StepOutcome.Success;
        bool doesStrike = true;
        bool doesReboot = isFaulty && _world.Has(SimFaults.FenceReboots) && chance.OneIn(2);
        bool isImmortal = false;
        int draw = isFaulty ? chance.Below(12) : 11;
        if (draw < 3 && _world.Has(SimFaults.FenceFails))
        {
            // Unreachable, refused, or the answer was lost after the power had gone.
            outcome = draw == 0 ? new StepOutcome(StepOutcomeKind.CouldNotStart, 2) : new StepOutcome(StepOutcomeKind.Exited, 1);
            doesStrike = draw == 2;
            takes = draw == 0 ? 0 : takes;
        }
        else if (draw < 5 && _world.Has(SimFaults.FenceHangs))
        {
            takes = draw == 3 ? Nano.Never : Bound(step) + chance.Between(-20 * Nano.Millisecond, 20 * Nano.Millisecond);
            strikes = draw == 3 ? chance.Between(0, 2 * Bound(step)) : strikes;
            doesStrike = draw == 4 || chance.OneIn(2);
            outcome = doesStrike ? StepOutcome.Success : new StepOutcome(StepOutcomeKind.Exited, 1);
            isImmortal = chance.OneIn(4);
        }
        else if (draw == 5 && _world.Has(SimFaults.FenceLies))
        {
            doesStrike = false;
        }
        else if (draw == 6 && _world.Has(SimFaults.FenceEarly))
        {
            takes = chance.Between(Nano.Millisecond, 500 * Nano.Millisecond);
            strikes = takes + chance.Between(Nano.Millisecond, 8 * Nano.Second);
        }

        PromotionStep fence = StepOf(program);
        for (int target = 0; doesStrike && target < _world.Hosts.Length; target++)
        {
            if (fence.Targets.Span.Contains(_world.Hosts[target].Address))
            {
                // The board does it, whatever becomes of the program that has asked.
                Strike(target, strikes, doesReboot, SupplyOf(fence, program), fence.Device(program.Level, program.Device).IsRestoring);
            }
        }

        Begin(program, takes, outcome, isImmortal);
    }

    /// <summary>A fence of a scenario: with several targets the device has done its work when it has with the last of them.</summary>
    private void StartDirectedFence(ScenarioDirector director, Program program, PromotionStep device)
    {
        FencePlay whole = default;
        PromotionStep fence = StepOf(program);
        for (int target = 0; target < _world.Hosts.Length; target++)
        {
            if (!fence.Targets.Span.Contains(_world.Hosts[target].Address))
            {
                continue;
            }

            FencePlay play = director.Fence(Index, target, device);
            whole = whole.Takes == 0 || play.Takes > whole.Takes || !play.Outcome.IsSuccess ? play : whole;
            if (play.Strikes != Nano.Never)
            {
                Strike(target, play.Strikes, play.IsReboot, SupplyOf(fence, program), device.IsRestoring);
            }
        }

        whole = whole.Takes == 0 ? director.Fence(Index, -1, device) : whole;
        Begin(program, whole.Takes, whole.Outcome, isImmortal: false);
    }

    /// <summary>The devices of a level each switch one power supply of the target, the only device of a level the whole machine: how many there are, and which one it is.</summary>
    private static ulong SupplyOf(PromotionStep fence, in Program program)
    {
        uint supplies = 0;
        uint supply = 0;
        for (int device = 0; device < fence.DeviceCount(program.Level); device++)
        {
            bool isOfKind = fence.Device(program.Level, device).IsRestoring == fence.Device(program.Level, program.Device).IsRestoring;
            supply += isOfKind && device < program.Device ? 1u : 0;
            supplies += isOfKind ? 1u : 0;
        }

        return (supplies << 8) | supply;
    }

    private void Strike(int target, long after, bool doesReboot, ulong supply = WholeMachine, bool isRestoring = false) => _world.Queue.Push(new SimItem
    {
        Time = _world.Now + after,
        Kind = ItemKind.Strike,
        Node = (byte)target,
        From = (byte)Index,
        Number = doesReboot ? 1 : 0,
        Instance = (byte)(isRestoring ? 1 : 0),
        Data = supply,
    });

    private void StartScript(in NodeEffect effect)
    {
        Program program = new(effect.Attempt, (byte)effect.Index, 0, 0, 0, IsDemotion: false, IsScript: true, 0, IsImmortal: false, Life);
        if (_world.Director is { } director)
        {
            (long takes, StepOutcome outcome) = director.Program(Index, Config.Scripts[effect.Index].Name, StepKind.Check, isReach: false);
            Begin(program, takes, outcome, isImmortal: false);
            return;
        }

        bool isBad = _isScriptBad[effect.Index];
        bool isHanging = isBad && _world.Chance.OneIn(4);
        Begin(
            program,
            isHanging ? Nano.Never : _world.Chance.Between(Nano.Millisecond, 200 * Nano.Millisecond),
            isBad ? new StepOutcome(StepOutcomeKind.Exited, 1) : StepOutcome.Success,
            isImmortal: false);
    }

    private void Begin(Program program, long takes, StepOutcome outcome, bool isImmortal)
    {
        _programs.Add(program with { IsImmortal = isImmortal });
        if (takes != Nano.Never)
        {
            QueueEnd(program, takes, outcome);
        }
    }

    private void QueueEnd(Program program, long after, StepOutcome outcome) => _world.Queue.Push(new SimItem
    {
        Time = _world.Now + after,
        Kind = program.IsScript ? ItemKind.ScriptEnds : ItemKind.StepEnds,
        Node = (byte)Index,
        Instance = program.Instance,
        Attempt = program.Attempt,
        From = program.Generation,
        Number = Pack(outcome),
    });

    private void Kill(uint attempt)
    {
        int at = FindProgram(attempt);
        if (Cancel(attempt) || at < 0 || _programs[at].IsImmortal)
        {
            return;
        }

        // SIGTERM: most die of it, some tidy up first, and some say that all went well.
        Prng chance = _world.Chance;
        StepOutcome outcome = chance.OneIn(4) ? StepOutcome.Success : new StepOutcome(StepOutcomeKind.Signalled, Terminated);
        EndSoon(at, chance.Between(Nano.Millisecond, chance.OneIn(4) ? 2 * Nano.Second : 20 * Nano.Millisecond), outcome);
    }

    private void EndSoon(int at, long after, StepOutcome outcome)
    {
        // Whatever end was queued before is none any more.
        _programs[at] = _programs[at] with { Generation = (byte)(_programs[at].Generation + 1) };
        QueueEnd(_programs[at], after, outcome);
    }

    /// <summary>Whatever hangs is ended by somebody.</summary>
    private void EndEndlessPrograms()
    {
        for (int i = 0; i < _programs.Count; i++)
        {
            EndSoon(i, _world.Chance.Between(Nano.Millisecond, Nano.Second), new StepOutcome(StepOutcomeKind.Signalled, 9));
        }
    }

    private void SeeStep(SightingKind kind, in Program program, StepOutcome outcome) => _world.Watch.See(new Sighting
    {
        Kind = kind,
        Node = (byte)Index,
        Instance = program.Instance,
        Number = program.Step,
        Level = program.Level,
        Device = program.Device,
        IsDemotion = program.IsDemotion,
        Attempt = program.Attempt,
        Outcome = outcome,
        By = -1,
        At = _world.Now,
        Clock = Clock,
    });

    private readonly record struct Program(uint Attempt, byte Instance, byte Step, byte Level, byte Device, bool IsDemotion, bool IsScript, byte Generation, bool IsImmortal, int Life);
}
