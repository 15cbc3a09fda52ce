using FenceFirst.Core.Promotion;

namespace FenceFirst.Sim;

/// <summary>Lets a scenario happen in a world without chance faults: at its times, and whenever a program is started.</summary>
internal sealed class ScenarioDirector
{
    private const long UnreachableAfter = 5 * Nano.Second;

    private readonly SimWorld _world;
    private readonly Scenario _scenario;
    private readonly ScenarioJudge _judge;
    private readonly ScenarioTimeline _timeline;
    private readonly Behaviour?[] _fences;
    private readonly Dictionary<string, Behaviour> _devices = new(StringComparer.Ordinal);
    private readonly Dictionary<(int Node, string Name), Behaviour> _scripts = [];

    /// <summary>Takes the direction of a world.</summary>
    public ScenarioDirector(SimWorld world, Scenario scenario, ScenarioJudge judge, ScenarioTimeline timeline)
    {
        (_world, _scenario, _judge, _timeline) = (world, scenario, judge, timeline);
        _fences = new Behaviour?[world.Hosts.Length * world.Hosts.Length];
        world.Director = this;
    }

    /// <summary>Puts every action and every instant of a claim into the queue; <paramref name="zero"/> is the beginning.</summary>
    public void Begin(long zero)
    {
        for (int i = 0; i < _scenario.Actions.Count; i++)
        {
            Push(zero + _scenario.Actions[i].At, i);
        }

        for (int i = 0; i < _scenario.Claims.Count; i++)
        {
            ScenarioClaim claim = _scenario.Claims[i];
            if (claim.Mode == ClaimMode.Instant && claim.At < _scenario.Duration)
            {
                // After everything else that happens at the same instant: a claim is about what came of it.
                Push(zero + claim.At + Nano.Microsecond, -1 - i);
            }
        }
    }

    /// <summary>An item of the scenario is due: an action, or below zero the instant of a claim.</summary>
    public void Act(int number)
    {
        if (number < 0)
        {
            _judge.Judge(-1 - number);
            return;
        }

        ScenarioAction action = _scenario.Actions[number];
        int before = _timeline.Lines.Count;
        string nothing = Act(action);
        if (action.Text.Length > 0)
        {
            // Before what came of it.
            _timeline.Act(before, _world.Now, nothing.Length > 0 ? $"{action.Text} ({nothing})" : action.Text);
        }
    }

    /// <summary>What a fence does: when it takes the power, when it ends, and with what.</summary>
    public FencePlay Fence(int node, int target, PromotionStep device)
    {
        Behaviour behaviour = _devices.TryGetValue(device.Name, out Behaviour named) ? named
            : target >= 0 ? _fences[(node * _world.Hosts.Length) + target] ?? default : default;
        long takes = behaviour.Takes > 0 ? behaviour.Takes : About(behaviour.Kind switch
        {
            BehaviourKind.Unreachable => UnreachableAfter,
            BehaviourKind.ReportsEarly => 500 * Nano.Millisecond,
            BehaviourKind.Works or BehaviourKind.Fails or BehaviourKind.Hangs or BehaviourKind.Lies or BehaviourKind.Reboots => Nano.Second,
        });
        StepOutcome failure = new(StepOutcomeKind.Exited, 1);
        bool isReboot = device.Agent is { Action: FenceAction.Reboot };
        return behaviour.Kind switch
        {
            BehaviourKind.Works => new FencePlay(takes - (takes / 10), takes, StepOutcome.Success, isReboot),
            BehaviourKind.Fails or BehaviourKind.Unreachable => new FencePlay(Nano.Never, takes, failure, false),
            BehaviourKind.Hangs => new FencePlay(Nano.Never, Nano.Never, failure, false),
            BehaviourKind.Lies => new FencePlay(Nano.Never, takes, StepOutcome.Success, false),
            BehaviourKind.ReportsEarly => new FencePlay(takes + About(5 * Nano.Second), takes, StepOutcome.Success, isReboot),
            BehaviourKind.Reboots => new FencePlay(takes - (takes / 10), takes, StepOutcome.Success, true),
        };
    }

    /// <summary>What a step or a check script does: how long it takes, and how it ends.</summary>
    public (long Takes, StepOutcome Outcome) Program(int node, string name, StepKind kind, bool isReach)
    {
        Behaviour behaviour = _scripts.TryGetValue((node, name), out Behaviour own) ? own : _scripts.GetValueOrDefault((-1, name));
        long takes = behaviour.Takes > 0 ? behaviour.Takes : About(kind == StepKind.Run ? 500 * Nano.Millisecond : 50 * Nano.Millisecond);

        // Whatever a node asks on the link does not answer a node without one.
        bool isFailing = behaviour.Kind is not BehaviourKind.Works || (isReach && !_world.Hosts[node].IsLinkUp);
        return (behaviour.Kind == BehaviourKind.Hangs ? Nano.Never : takes, isFailing ? new StepOutcome(StepOutcomeKind.Exited, 1) : StepOutcome.Success);
    }

    private void Push(long at, int number) => _world.Queue.Push(new SimItem { Time = at, Kind = ItemKind.Script, Number = number });

    /// <summary>A duration that differs a little from run to run.</summary>
    private long About(long duration) => duration - (duration / 5) + _world.Chance.Between(0, duration * 2 / 5);

    /// <summary>Returns why nothing came of it; empty = something did.</summary>
    private string Act(ScenarioAction action)
    {
        switch (action.Kind)
        {
            case ActionKind.Cut:
            case ActionKind.CutAdverts:
            case ActionKind.Heal:
            case ActionKind.Loss:
            case ActionKind.Delay:
                ForPaths(action);
                return "";
            case ActionKind.Fence:
                SetFence(action);
                return "";
            case ActionKind.Script:
                _scripts[(action.Node, action.Name)] = action.Behaviour;
                return "";
            default:
                return ActOn(_world.Hosts[action.Node], action);
        }
    }

    private string ActOn(SimHost host, ScenarioAction action)
    {
        switch (action.Kind)
        {
            case ActionKind.PowerOff:
                if (!host.IsPowered)
                {
                    return "it is off";
                }

                host.LosePower(host.Index);
                return "";
            case ActionKind.PowerOn:
                if (host.IsPowered)
                {
                    return "it is on";
                }

                host.BootSoon();
                return "";
            case ActionKind.Start:
                if (!host.IsPowered || host.IsDaemonUp)
                {
                    return host.IsPowered ? "the daemon runs" : "it has no power";
                }

                _world.Queue.Push(new SimItem { Time = _world.Now, Kind = ItemKind.StartDaemon, Node = (byte)host.Index, From = (byte)host.Index });
                return "";
            case ActionKind.LinkDown:
            case ActionKind.LinkUp:
                host.SetLink(action.Kind == ActionKind.LinkUp);
                return "";
            default:
                return host.IsDaemonUp ? ActOnDaemon(host, action) : "there is no daemon";
        }
    }

    private static string ActOnDaemon(SimHost host, ScenarioAction action)
    {
        switch (action.Kind)
        {
            case ActionKind.Kill:
                host.KillDaemon();
                return "";
            case ActionKind.Pause:
            case ActionKind.Suspend:
                if (host.IsHalted)
                {
                    return "it does not run";
                }

                host.Halt(action.Duration, isClockStopped: action.Kind == ActionKind.Suspend);
                return "";
            case ActionKind.Stop:
                Say(host, OperatorWord.Stop, action);
                return "";
            case ActionKind.Handover:
                Say(host, OperatorWord.Handover, action);
                return "";
            case ActionKind.Retry:
                Say(host, OperatorWord.Retry, action);
                return "";
            case ActionKind.Confirm:
                Say(host, OperatorWord.Confirm, action);
                return "";
            case ActionKind.MaintenanceOn:
            case ActionKind.MaintenanceOff:
                Say(host, OperatorWord.Maintenance, action);
                return "";
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>An operator's word, to one instance or to each; a sync group is told once.</summary>
    private static void Say(SimHost host, OperatorWord word, ScenarioAction action)
    {
        bool isForNode = word is OperatorWord.Stop or OperatorWord.Maintenance;
        for (int i = 0; i < (isForNode ? 1 : host.Config.Instances.Count); i++)
        {
            bool isOfEach = action.Instance < 0 && host.Config.Together(i)[0] == i;
            if (isForNode || isOfEach || action.Instance == i)
            {
                host.Arrive(new SimItem
                {
                    Kind = ItemKind.Operator,
                    Node = (byte)host.Index,
                    From = (byte)Math.Max(0, action.Other),
                    Instance = (byte)i,
                    Number = (int)word,
                    Data = action.Kind == ActionKind.MaintenanceOff ? SimHost.UntilNow : action.Duration == Nano.Never ? SimHost.UntilNever : (ulong)action.Duration,
                });
            }
        }
    }

    private void ForPaths(ScenarioAction action)
    {
        for (int from = 0; from < _world.Hosts.Length; from++)
        {
            for (int to = 0; to < _world.Hosts.Length; to++)
            {
                if (from == to || (action.Node >= 0 && action.Node != from) || (action.Other >= 0 && action.Other != to))
                {
                    continue;
                }

                switch (action.Kind)
                {
                    case ActionKind.Heal:
                        _world.Network.Mend(from, to);
                        break;
                    case ActionKind.Loss:
                        _world.Network.SetLoss(from, to, action.Number);
                        break;
                    case ActionKind.Delay:
                        _world.Network.SetDelay(from, to, action.Duration);
                        break;
                    default:
                        _world.Network.Cut(from, to, action.Kind == ActionKind.CutAdverts, SimNetwork.Forever);
                        break;
                }
            }
        }
    }

    private void SetFence(ScenarioAction action)
    {
        if (action.Name.Length > 0)
        {
            _devices[action.Name] = action.Behaviour;
            return;
        }

        for (int node = 0; node < _world.Hosts.Length; node++)
        {
            if (action.Node < 0 || action.Node == node)
            {
                _fences[(node * _world.Hosts.Length) + action.Other] = action.Behaviour;
            }
        }
    }
}

/// <summary>One start of a fence.</summary>
/// <param name="Strikes">After how long the power goes; Never = it does not.</param>
/// <param name="Takes">After how long the program ends; Never = it hangs.</param>
/// <param name="Outcome">What it then says.</param>
/// <param name="IsReboot">Whether the power comes back.</param>
internal readonly record struct FencePlay(long Strikes, long Takes, StepOutcome Outcome, bool IsReboot);
