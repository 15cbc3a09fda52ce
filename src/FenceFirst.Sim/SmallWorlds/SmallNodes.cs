using System.Runtime.InteropServices;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Sim;

/// <summary>What may happen to a node.</summary>
internal enum SmallEvent : byte
{
    /// <summary>Its next deadline, on time.</summary>
    Deadline = 0,

    /// <summary>Its next deadline, too late.</summary>
    LateDeadline,

    /// <summary>Time passes.</summary>
    Tick,

    /// <summary>The step under way succeeded.</summary>
    StepSucceeded,

    /// <summary>The step under way failed.</summary>
    StepFailed,

    /// <summary>The link said that nobody has the address.</summary>
    ProbedFree,

    /// <summary>The link said that somebody has it.</summary>
    ProbedInUse,

    /// <summary>It shall stop.</summary>
    Stop,

    /// <summary>The watchdog is armed.</summary>
    WatchdogArmed,

    /// <summary>The watchdog cannot be armed.</summary>
    WatchdogRefused,

    /// <summary>What an earlier life had started has ended.</summary>
    LeftoverEnded,

    /// <summary>The daemon has died; its next life gets everything that this one knew, and nothing of this one lives.</summary>
    Dead,

    /// <summary>As before, and the program of the step under way lives on.</summary>
    DeadWithLeftover,

    /// <summary>The machine has lost its power; the next life gets what is left after a boot.</summary>
    Booted,

    /// <summary>The first of the adverts: from node j at <c>Advert + 2j</c>, its release at <c>Advert + 2j + 1</c>.</summary>
    Advert,
}

/// <summary>What an event does to a node, the kernel's answers included.</summary>
internal struct SmallRow
{
    /// <summary>The node's next state; of a daemon that has ended: the state in which its next life begins.</summary>
    public int Next;

    /// <summary>Whether the daemon has come to rest and ended.</summary>
    public bool IsEnded;

    /// <summary>Whether the row has been computed.</summary>
    public bool IsKnown;

    /// <summary>Whether the event can happen in this state.</summary>
    public bool IsPossible;

    /// <summary>Whether the address was added on the way, be it for an instant.</summary>
    public bool IsTaken;

    /// <summary>1 = holds the address afterwards, 2 = does not, 0 = as before.</summary>
    public byte Holding;

    /// <summary>Adverts (1) and releases (2) sent.</summary>
    public byte Sent;

    /// <summary>Whether a step was started.</summary>
    public bool IsStepStarted;

    /// <summary>Whether the kernel refused to remove the address on the way.</summary>
    public bool IsRefused;
}

/// <summary>
/// The states that a node can be in, each once, and what events do to them. Core is a function, so each pair of state and event is computed once, by Core, and
/// looked up ever after.
/// </summary>
/// <remarks>
/// States are compared with time taken relative to the node's own clock and with the numbers of attempts and epochs renamed. What lies further in the past than
/// anything compares with counts as long ago. Failed promotions are counted to one and a killed step is waited for one second: only pauses are shorter by that, and
/// clocks run freely here.
/// </remarks>
internal sealed class SmallNodes
{
    private const int NoDevice = 19;

    private static readonly MonotonicInstant Origin = new(1_000 * Nano.Second);
    private static readonly TimeSpan LongAgo = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Recently = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    private const uint LeftoverNumber = 6;

    private readonly NodeConfig _config;
    private readonly int _index;
    private readonly NodeConfig[] _all;
    private readonly SmallOptions _options;
    private readonly Dictionary<Key, int> _ids = [];
    private readonly List<NodeState> _states = [];
    private readonly EffectBuffer _effects = new();
    private readonly Queue<NodeEvent> _answers = new();
    private SmallRow[] _rows;

    /// <summary>The states of one node.</summary>
    public SmallNodes(SmallOptions options, int index)
    {
        _options = options;
        _all = options.Nodes;
        _index = index;
        _config = _all[index];
        Invariant.Check(_config.Instances[0].Promotion is not { IsReleaseEnough: true }, "small worlds know no replay window");
        Invariant.Check(_config.Instances[0].LeaseSeconds == 0, "small worlds know no leases");
        Refusing = (int)SmallEvent.Advert + (2 * _all.Length);
        EventCount = 2 * Refusing;
        _rows = new SmallRow[1024 * EventCount];
        Fresh = Intern(StartUp(NodeMemory.Empty));
    }

    /// <summary>Added to an event: the same, and the kernel refuses to remove the address.</summary>
    public int Refusing { get; }

    /// <summary>Events that there are.</summary>
    public int EventCount { get; }

    /// <summary>The state of a daemon that has just started.</summary>
    public int Fresh { get; }

    /// <summary>States found so far.</summary>
    public int Count => _states.Count;

    /// <summary>How often Core was asked.</summary>
    public long Asked { get; private set; }

    /// <summary>A state.</summary>
    public NodeState this[int id] => _states[id];

    /// <summary>The promotion step under way in a state; null = none.</summary>
    public PromotionStep? StepOf(int id)
    {
        ref VrrpState state = ref _states[id].Instances[0];
        return state.Steps.Attempt == 0 ? null
            : state.Phase == VrrpPhase.Promoting ? _config.Instances[0].Promotion!.Steps[state.Steps.Index].Device(state.Steps.Level, state.Steps.Device)
            : _config.Instances[0].Demotion!.Steps[state.Steps.Index];
    }

    /// <summary>What an event does in a state.</summary>
    public ref readonly SmallRow Row(int id, int code)
    {
        int at = (id * EventCount) + code;
        if (at >= _rows.Length)
        {
            Array.Resize(ref _rows, Math.Max(_rows.Length * 2, at + EventCount));
        }

        if (!_rows[at].IsKnown)
        {
            // Computing may find new states and move the table.
            SmallRow row = Compute(id, code, journal: null);
            _rows[at] = row;
        }

        return ref _rows[at];
    }

    /// <summary>The same once more, for the journal entries on the way.</summary>
    public void Tell(int id, int code, Action<NodeEffect> journal) => Compute(id, code, journal);

    /// <summary>The start of a daemon in a state, told.</summary>
    public void TellStart(int id, Action<NodeEffect> journal) => StartUp(MemoryOf(_states[id], isAlive: true), journal);

    /// <summary>What a life of the daemon in this state leaves to the next one.</summary>
    /// <param name="state">The state.</param>
    /// <param name="isAlive">Whether the program of the step under way lives on.</param>
    private NodeMemory MemoryOf(NodeState state, bool isAlive)
    {
        VrrpConfig config = _config.Instances[0];
        ref VrrpState instance = ref state.Instances[0];
        List<AttemptMemory> attempts = [.. state.Leftovers.Where(_ => isAlive)];
        if (instance.Steps.Attempt != 0)
        {
            bool isDemotion = instance.Phase == VrrpPhase.Demoting;
            PromotionStep step = isDemotion ? config.Demotion!.Steps[instance.Steps.Index] : config.Promotion!.Steps[instance.Steps.Index]; // An attempt belongs to a plan.
            if (step.Kind != StepKind.Check)
            {
                attempts.Add(new AttemptMemory(config.Name, instance.Steps.Attempt) { Kind = step.Kind, IsDemotion = isDemotion, Targets = step.Targets, IsAlive = isAlive });
            }
        }

        return new NodeMemory { Instances = [InstanceMemory.Of(config.Name, instance)], Attempts = attempts.ToEquatableArray() };
    }

    private NodeMemory AfterBoot(NodeState state)
    {
        NodeMemory memory = MemoryOf(state, isAlive: false);
        return memory with { Instances = [memory.Instances[0].AfterBoot()] };
    }

    /// <summary>The state with its times shifted so that now is always the same instant, and its numbers renamed.</summary>
    internal static void Normalise(NodeState state, MonotonicInstant now)
    {
        state.Epoch = 0;
        state.LastAttempt = LeftoverNumber;
        state.WatchdogAttempt = state.WatchdogAttempt == 0 ? 0u : 5;
        if (!state.Leftovers.IsEmpty)
        {
            // An instance waits for what an earlier life has left, so there is never more than one.
            state.Leftovers = [state.Leftovers[0] with { Attempt = LeftoverNumber }];
        }

        state.MaintenanceUntil = Lasting(state.MaintenanceUntil, now);
        state.MaintenanceCheckAt = Shift(state.MaintenanceCheckAt, now);
        foreach (ref VrrpState instance in state.Instances.AsSpan())
        {
            instance.MasterDownAt = Shift(instance.MasterDownAt, now);
            instance.AdvertAt = Shift(instance.AdvertAt, now);
            instance.AdvertSentAt = Old(instance.AdvertSentAt, now);
            instance.GratuitousAt = Shift(instance.GratuitousAt, now);
            instance.LowerBurstAt = Shift(instance.LowerBurstAt, now);
            instance.PreemptAt = Past(instance.PreemptAt, now);
            instance.LowerHeardAt = Old(instance.LowerHeardAt, now);
            instance.ConflictUntil = Shift(instance.ConflictUntil, now);
            instance.RetryAt = Past(instance.RetryAt, now);
            instance.RefusedAt = Old(instance.RefusedAt, now);
            instance.FollowedSince = Past(instance.FollowedSince, now);
            instance.MasterNotBefore = Past(instance.MasterNotBefore, now);
            instance.MaintenanceUntil = Lasting(instance.MaintenanceUntil, now);
            ref HandoverProgress handover = ref instance.Handover;
            handover.Number = handover.Number == 0 ? 0u : 4;
            handover.GoneAt = Past(handover.GoneAt, now);
            handover.Until = Shift(handover.Until, now);
            handover.ClaimedAt = Past(handover.ClaimedAt, now);
            handover.HeardAt = Past(handover.HeardAt, now);
            instance.FailedPromotions = Math.Min(1, instance.FailedPromotions);
            instance.RemovalAt = Shift(instance.RemovalAt, now);
            instance.RemovalRounds = Math.Min(instance.RemovalRounds, (byte)4);
            instance.KernelAttempt = instance.KernelAttempt == 0 ? 0u : 2;
            ref StepProgress steps = ref instance.Steps;
            steps.Epoch = 0;
            steps.Attempt = steps.Attempt == 0 ? 0u : 1;
            steps.ProbeAttempt = steps.ProbeAttempt == 0 ? 0u : 3;
            steps.HeldUntil = Shift(steps.HeldUntil, now);
            steps.FencedAt = Old(steps.FencedAt, now);
            steps.StartedAt = steps.StartedAt.IsNever ? steps.StartedAt : Origin;
            steps.DeadlineAt = Shift(steps.DeadlineAt, now);
            if (steps.IsTimedOut && !steps.DeadlineAt.IsNever)
            {
                steps.DeadlineAt = MonotonicInstant.Earlier(steps.DeadlineAt, Origin + Soon);
            }
        }

        for (int i = 0; i < state.Armed.Length; i++)
        {
            state.Armed[i] = i < state.Instances.Length ? state.Instances[i].NextDeadline : MonotonicInstant.Never;
        }
    }

    private static MonotonicInstant Shift(MonotonicInstant instant, MonotonicInstant now)
    {
        if (instant.IsNever)
        {
            return instant;
        }

        MonotonicInstant shifted = Origin + (instant - now);
        return MonotonicInstant.Later(shifted, Origin - LongAgo);
    }

    /// <summary>For instants in the past that are compared with less than two seconds.</summary>
    private static MonotonicInstant Old(MonotonicInstant instant, MonotonicInstant now) =>
        instant.IsNever || instant + Recently >= now ? Shift(instant, now) : Origin - LongAgo;

    /// <summary>For instants of which only matters whether they are over.</summary>
    private static MonotonicInstant Past(MonotonicInstant instant, MonotonicInstant now) =>
        instant.IsNever || instant > now ? Shift(instant, now) : Origin - LongAgo;

    /// <summary>For instants of which zero means none.</summary>
    private static MonotonicInstant Lasting(MonotonicInstant instant, MonotonicInstant now) => instant == MonotonicInstant.Zero ? instant : Shift(instant, now);

    private SmallRow Compute(int id, int code, Action<NodeEffect>? journal)
    {
        Asked++;
        SmallRow row = new() { IsKnown = true };
        NodeState state = _states[id].Clone();
        ref VrrpState instance = ref state.Instances[0];
        MonotonicInstant due = instance.NextDeadline;
        MonotonicInstant now = Origin;
        NodeEvent nodeEvent;
        bool isRefusing = code >= Refusing;
        code %= Refusing;
        switch ((SmallEvent)code)
        {
            case SmallEvent.Deadline or SmallEvent.LateDeadline when !due.IsNever:
                now = MonotonicInstant.Later(now, due + (code == (int)SmallEvent.LateDeadline ? _options.Oversleep : TimeSpan.Zero));
                nodeEvent = NodeEvent.DeadlineReached(0);
                break;
            case SmallEvent.Tick when due > Origin + _options.Quantum && !due.IsNever:
                Normalise(state, Origin + _options.Quantum);
                row.IsPossible = true;
                row.Next = Intern(state);
                return row;
            case SmallEvent.StepSucceeded or SmallEvent.StepFailed when instance.Steps.Attempt != 0:
                nodeEvent = NodeEvent.StepEnded(
                    0, instance.Steps.Attempt, code == (int)SmallEvent.StepSucceeded ? StepOutcome.Success : new StepOutcome(StepOutcomeKind.Exited, 1));
                break;
            case SmallEvent.ProbedFree or SmallEvent.ProbedInUse when instance.Steps.ProbeAttempt != 0:
                InternetAddress inUse = code == (int)SmallEvent.ProbedInUse ? _config.Instances[0].Addresses[0].Address : InternetAddress.None;
                nodeEvent = NodeEvent.AddressesProbed(0, instance.Steps.ProbeAttempt, inUse, 1);
                break;
            case SmallEvent.Stop when !instance.IsStopping:
                nodeEvent = NodeEvent.StopRequested();
                break;
            case SmallEvent.WatchdogArmed or SmallEvent.WatchdogRefused when state.WatchdogAttempt != 0:
                nodeEvent = NodeEvent.WatchdogAnswered(state.WatchdogAttempt, code == (int)SmallEvent.WatchdogArmed ? 0 : NoDevice);
                break;
            case SmallEvent.LeftoverEnded when !state.Leftovers.IsEmpty:
                nodeEvent = NodeEvent.LeftoverEnded(state.Leftovers[0].Attempt);
                break;
            case SmallEvent.Dead or SmallEvent.Booted when _options.IsRemembering:
                return Restart(row, code == (int)SmallEvent.Dead ? MemoryOf(state, isAlive: false) : AfterBoot(state));
            case SmallEvent.DeadWithLeftover when _options.IsRemembering && (instance.Steps.Attempt != 0 || !state.Leftovers.IsEmpty):
                return Restart(row, MemoryOf(state, isAlive: true));
            case >= SmallEvent.Advert:
                int sender = (code - (int)SmallEvent.Advert) / 2;
                bool isRelease = (code - (int)SmallEvent.Advert) % 2 == 1;
                VrrpConfig its = _all[sender].Instances[0];
                VrrpAdvert advert = new(its.Version, its.Vrid, isRelease ? (byte)0 : its.BasePriority, (byte)its.Addresses.Count, its.AdvertInterval, AuthenticationType.None);
                nodeEvent = NodeEvent.AdvertReceived(0, advert, SimCluster.AddressOf(sender));
                break;
            default:
                return row;
        }

        Step(state, nodeEvent, now, ref row, journal, isRefusing);
        row.IsPossible = row.IsRefused == isRefusing;
        if (state.IsStopped)
        {
            row.IsEnded = true;
            row.Next = _options.IsRemembering ? Intern(StartUp(MemoryOf(state, isAlive: true))) : Fresh;
            return row;
        }

        Normalise(state, now);
        row.Next = Intern(state);
        return row;
    }

    private SmallRow Restart(SmallRow row, NodeMemory memory)
    {
        row.IsPossible = true;
        row.Next = Intern(StartUp(memory));
        return row;
    }

    /// <summary>One event and the kernel's answers to what it leads to.</summary>
    private void Step(NodeState state, NodeEvent nodeEvent, MonotonicInstant now, ref SmallRow row, Action<NodeEffect>? journal, bool isRefusing)
    {
        _answers.Clear();
        _answers.Enqueue(nodeEvent);
        while (_answers.TryDequeue(out NodeEvent next))
        {
            _effects.Clear();
            NodeMachine.Step(_config, state, next, now, _effects);
            for (int i = 0; i < _effects.Count; i++)
            {
                NodeEffect effect = _effects[i];
                journal?.Invoke(effect);
                switch (effect.Kind)
                {
                    case NodeEffectKind.SendAdvert:
                        row.Sent |= effect.Priority == 0 ? (byte)2 : (byte)1;
                        break;
                    case NodeEffectKind.AskKernel:
                        bool isRefused = isRefusing && effect.Effect == SideEffect.RemoveAddresses;
                        row.IsRefused |= isRefused;
                        if (effect.Effect == SideEffect.AddAddresses)
                        {
                            row.IsTaken = true;
                            row.Holding = 1;
                        }
                        else if (effect.Effect == SideEffect.RemoveAddresses && !isRefused)
                        {
                            row.Holding = 2;
                        }

                        _answers.Enqueue(NodeEvent.KernelAnswered(0, effect.Attempt, isRefused ? 16 : 0));
                        break;
                    case NodeEffectKind.StartStep:
                        row.IsStepStarted = true;
                        break;
                    case NodeEffectKind.KeepMemory:
                        _answers.Enqueue(NodeEvent.MemoryKept(0, effect.Attempt));
                        break;
                    case NodeEffectKind.ArmTimer:
                    case NodeEffectKind.KillStep:
                    case NodeEffectKind.ProbeAddresses:
                    case NodeEffectKind.Announce:
                    case NodeEffectKind.AnnounceOwn:
                    case NodeEffectKind.Notify:
                    case NodeEffectKind.NotifyGroup:
                    case NodeEffectKind.Record:
                    case NodeEffectKind.WatchAddresses:
                    case NodeEffectKind.ArmWatchdog:
                    case NodeEffectKind.DisarmWatchdog:
                        break;
                    default:
                        throw new System.Diagnostics.UnreachableException($"small worlds do not know {effect.Kind}");
                }
            }
        }
    }

    private NodeState StartUp(NodeMemory memory, Action<NodeEffect>? journal = null)
    {
        NodeState state = new(_config, 0);
        SmallRow row = default;
        _effects.Clear();
        NodeRecall.Apply(_config, state, memory, Origin, _effects);
        for (int i = 0; i < _effects.Count; i++)
        {
            journal?.Invoke(_effects[i]);
        }

        Step(state, NodeEvent.LinkChanged(0, true), Origin, ref row, journal, isRefusing: false);
        Step(state, NodeEvent.SourceChanged(0, SimCluster.AddressOf(_index)), Origin, ref row, journal, isRefusing: false);
        Step(state, NodeEvent.Started(), Origin, ref row, journal, isRefusing: false);
        Invariant.Check(row is { IsTaken: false, IsStepStarted: false, Sent: 0 }, "a daemon that starts only listens");
        Normalise(state, Origin);
        return state;
    }

    private int Intern(NodeState state)
    {
        Key key = new(state);
        ref int id = ref CollectionsMarshal.GetValueRefOrAddDefault(_ids, key, out bool isKnown);
        if (!isKnown)
        {
            id = _states.Count;
            _states.Add(state);
        }

        return id;
    }

    private readonly struct Key : IEquatable<Key>
    {
        private readonly NodeState _state;
        private readonly int _hash;

        public Key(NodeState state)
        {
            _state = state;
            HashCode hash = default;
            hash.Add(state.Watchdog);
            hash.Add(state.WatchdogAttempt);
            hash.Add(state.Leftovers.Count);
            foreach (ref readonly VrrpState instance in state.Instances.AsSpan())
            {
                hash.Add(instance);
            }

            _hash = hash.ToHashCode();
        }

        public bool Equals(Key other) => _state.ValueEquals(other._state);

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode() => _hash;
    }
}
