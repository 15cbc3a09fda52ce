using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Tests.Machine;

/// <summary>Simulated time, a network and the nodes on it. Time jumps from deadline to deadline; nothing sleeps.</summary>
internal sealed class MachineDriver
{
    private readonly PriorityQueue<Action, (long Due, long Order)> _later = new();
    private readonly StringBuilder _transcript = new();
    private long _order;

    /// <summary>Nodes named a, b, c … with the given configurations.</summary>
    public MachineDriver(params NodeConfig[] configs)
    {
        for (int i = 0; i < configs.Length; i++)
        {
            Nodes.Add(new SimulatedNode(this, (char)('a' + i), configs[i]));
        }
    }

    /// <summary>The nodes.</summary>
    public List<SimulatedNode> Nodes { get; } = [];

    /// <summary>Simulated time, the same on every node.</summary>
    public MonotonicInstant Now { get; private set; } = new(1_000_000_000);

    /// <summary>When an advert from one node reaches another; null = it is lost. The default delivers nothing.</summary>
    public Func<SimulatedNode, SimulatedNode, TimeSpan?> Delivery { get; set; } = (_, _) => null;

    /// <summary>How a step ends and after how long; null = the test answers it.</summary>
    public Func<SimulatedNode, StepRequest, (TimeSpan After, StepOutcome Outcome)?> Steps { get; set; } = (_, _) => null;

    /// <summary>Errno of a kernel request; null = held until the test answers it. The default answers success at once.</summary>
    public Func<SimulatedNode, KernelRequest, int?> Kernel { get; set; } = (_, _) => 0;

    /// <summary>What a probe finds and after how long; null = the test answers it. The default is the truth: the kernel of a node that holds the address answers.</summary>
    public Func<SimulatedNode, ProbeRequest, (TimeSpan After, Func<InternetAddress> Find)?> Probes { get; set; } =
        (node, request) => (TimeSpan.FromMilliseconds(200), () => node.FindHolder(request.Instance));

    /// <summary>Errno of arming the watchdog; null = held until the test answers it. The default answers success at once.</summary>
    public Func<SimulatedNode, int?> Watchdog { get; set; } = _ => 0;

    /// <summary>Whether the disk answers at once; otherwise <see cref="SimulatedNode.AnswerDisk"/> does.</summary>
    public bool IsDiskQuick { get; set; } = true;

    /// <summary>How late a timer wakes its node; the default is on time.</summary>
    public Func<TimeSpan> Lateness { get; set; } = () => TimeSpan.Zero;

    /// <summary>Called after every event of every node.</summary>
    public Action<SimulatedNode>? AfterEvent { get; set; }

    /// <summary>Whether the transcript is written (long walks keep only the tail).</summary>
    public int TranscriptLimit { get; set; } = 4_000_000;

    /// <summary>Everything that happened.</summary>
    public string Transcript => _transcript.ToString();

    /// <summary>The node with the letter.</summary>
    public SimulatedNode this[char name] => Nodes[name - 'a'];

    /// <summary>One booted node m (10.0.0.13) among peers that only tests speak for: a..l have smaller addresses, n..z greater ones.</summary>
    public static SimulatedNode Alone(NodeConfig config, bool isBooted = true)
    {
        MachineDriver driver = new();
        SimulatedNode node = new(driver, 'm', config);
        driver.Nodes.Add(node);
        if (isBooted)
        {
            node.Boot();
        }

        return node;
    }

    /// <summary>As above with one instance.</summary>
    public static SimulatedNode Alone(VrrpConfig config, bool isBooted = true) => Alone(TestConfig.Node(config), isBooted);

    /// <summary>As above, and Master: nobody was heard and every step succeeded.</summary>
    public static SimulatedNode Master(VrrpConfig config)
    {
        SimulatedNode node = Alone(config);
        node.Driver.Steps = (_, _) => (TimeSpan.FromMilliseconds(1), StepOutcome.Success);
        node.Driver.Advance(4);
        node.Driver.Steps = (_, _) => null;
        Assert.Equal(VrrpPhase.Master, node.Phase);
        return node;
    }

    /// <summary>Delivers every advert to everybody at once, by the clock.</summary>
    public MachineDriver Connected()
    {
        Delivery = (_, _) => TimeSpan.FromMilliseconds(1);
        return this;
    }

    /// <summary>Starts every node.</summary>
    public MachineDriver Start()
    {
        foreach (SimulatedNode node in Nodes)
        {
            node.Boot();
        }

        return this;
    }

    /// <summary>Lets time pass; everything due on the way happens in order.</summary>
    public void Advance(double seconds) => AdvanceTo(Now + TimeSpan.FromSeconds(seconds));

    /// <summary>Lets time pass up to and including an instant.</summary>
    public void AdvanceTo(MonotonicInstant end)
    {
        while (RunNext(end))
        {
        }

        Now = MonotonicInstant.Later(Now, end);
    }

    /// <summary>The clock jumps without anybody having run: a suspended machine.</summary>
    public void Suspend(double seconds) => Now += TimeSpan.FromSeconds(seconds);

    /// <summary>Carries out what is due next, when it is due by the end; returns whether there was anything.</summary>
    public bool RunNext(MonotonicInstant end)
    {
        SimulatedNode? first = null;
        int timer = -1;
        MonotonicInstant due = MonotonicInstant.Never;
        foreach (SimulatedNode node in Nodes)
        {
            for (int i = 0; node.IsRunning && i < node.Timers.Length; i++)
            {
                if (node.Timers[i] < due)
                {
                    (first, timer, due) = (node, i, node.Timers[i]);
                }
            }
        }

        if (_later.TryPeek(out _, out (long Due, long Order) key) && key.Due <= due.Nanoseconds)
        {
            if (key.Due > end.Nanoseconds)
            {
                return false;
            }

            Now = MonotonicInstant.Later(Now, new MonotonicInstant(key.Due));
            _later.Dequeue()();
            return true;
        }

        if (first is null || due > end)
        {
            return false;
        }

        Now = MonotonicInstant.Later(Now, due + Lateness());
        first.Timers[timer] = MonotonicInstant.Never;
        first.Deliver(NodeEvent.DeadlineReached(timer));
        return true;
    }

    /// <summary>Does something later.</summary>
    public void After(TimeSpan delay, Action action) => _later.Enqueue(action, ((Now + delay).Nanoseconds, _order++));

    /// <summary>Writes one line into the transcript.</summary>
    public void Write(string line)
    {
        if (_transcript.Length > TranscriptLimit)
        {
            _transcript.Remove(0, _transcript.Length / 2);
        }

        _transcript.Append(Now.ToString().PadLeft(12)).Append(' ').Append(line).Append('\n');
    }

    /// <summary>A node announces its addresses: whoever watches the link for them hears it, unless it is lost.</summary>
    public void Announce(SimulatedNode sender, int instance)
    {
        foreach (SimulatedNode receiver in Nodes)
        {
            if (receiver != sender && Delivery(sender, receiver) is { } delay)
            {
                After(delay, () => receiver.SeeClaim(instance));
            }
        }
    }

    /// <summary>Sends an advert of a node to all others.</summary>
    public void Broadcast(SimulatedNode sender, int instance, byte priority)
    {
        VrrpConfig config = sender.Config.Instances[instance];
        VrrpAdvert advert = new(config.Version, config.Vrid, priority, (byte)config.Addresses.Count, config.AdvertInterval, default);
        InternetAddress source = sender.State.Instances[instance].Source;
        (MonotonicInstant At, long Order) sent = (Now, _order++);
        foreach (SimulatedNode receiver in Nodes)
        {
            if (receiver != sender && Delivery(sender, receiver) is { } delay)
            {
                // A millisecond it was under way, what is more it waited for its receiver, as far as that is believed.
                After(delay, () => receiver.DeliverIfRunning(
                    receiver.IsStaleOrReplayed(instance, source, sent, out DecodeError error, out bool isOvertaken)
                        ? NodeEvent.PacketRefused(instance, error, source, isOvertaken)
                        : NodeEvent.AdvertReceived(instance, advert, source, delay - TimeSpan.FromMilliseconds(1))));
            }
        }
    }
}

/// <summary>A step that has been started.</summary>
internal sealed record StepRequest(int Instance, uint Attempt, PromotionStep Step, bool IsDemotion);

/// <summary>A probe of the addresses that has been started.</summary>
internal sealed record ProbeRequest(int Instance, uint Attempt);

/// <summary>A request to the kernel.</summary>
internal sealed record KernelRequest(int Instance, uint Attempt, SideEffect Effect);

/// <summary>One daemon: carries effects out and checks after every event what must always be true.</summary>
internal sealed class SimulatedNode
{
    private readonly MachineDriver _driver;
    private readonly EffectBuffer _effects = new();
    private readonly EffectBuffer _again = new();
    private readonly Queue<NodeEvent> _queue = new();
    private readonly HashSet<SideEffect>[] _asked;
    private readonly Dictionary<(int Instance, InternetAddress Source), (MonotonicInstant At, long Order)> _marks = [];
    private bool _isDelivering;
    private bool _isSomethingOver;
    private ulong _epoch;
    private int _life;

    public SimulatedNode(MachineDriver driver, char name, NodeConfig config)
    {
        _driver = driver;
        Name = name;
        Config = config;
        State = new NodeState(config, 0);
        Timers = new MonotonicInstant[State.Armed.Length];
        _asked = new HashSet<SideEffect>[config.Instances.Count];
        Reset();
    }

    /// <summary>The letter.</summary>
    public char Name { get; }

    /// <summary>Configuration.</summary>
    public NodeConfig Config { get; }

    /// <summary>The world it lives in.</summary>
    public MachineDriver Driver => _driver;

    /// <summary>State of the machine.</summary>
    public NodeState State { get; private set; }

    /// <summary>State of the first instance.</summary>
    public ref VrrpState First => ref State.Instances[0];

    /// <summary>Phase of the first instance.</summary>
    public VrrpPhase Phase => State.Instances[0].Phase;

    /// <summary>Armed timers.</summary>
    public MonotonicInstant[] Timers { get; }

    /// <summary>Whether the node is up.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>Steps that have not been answered.</summary>
    public List<StepRequest> OpenSteps { get; } = [];

    /// <summary>Steps that were asked to end.</summary>
    public HashSet<uint> Killed { get; } = [];

    /// <summary>Check script runs that have not been answered: script index and attempt.</summary>
    public List<(int Script, uint Attempt)> OpenScripts { get; } = [];

    /// <summary>Kernel requests that have not been answered.</summary>
    public List<KernelRequest> OpenKernel { get; } = [];

    /// <summary>Probes that have not been answered.</summary>
    public List<ProbeRequest> OpenProbes { get; } = [];

    /// <summary>Watches of the link that have not been answered or ended: the attempt per instance.</summary>
    public Dictionary<int, uint> OpenWatches { get; } = [];

    /// <summary>Adverts sent: instance, priority, when.</summary>
    public List<(int Instance, byte Priority, MonotonicInstant At)> Sent { get; } = [];

    /// <summary>Entries recorded.</summary>
    public List<TimelineEntry> Entries { get; } = [];

    /// <summary>Notifications sent, per order.</summary>
    public List<Notification> Notifications { get; } = [];

    /// <summary>Effects of the last event delivered.</summary>
    public List<NodeEffect> Last { get; } = [];

    /// <summary>Whether Record effects and adverts are kept (long walks do not).</summary>
    public bool IsKeeping { get; set; } = true;

    /// <summary>Whether the kernel holds the advertised addresses of the instance.</summary>
    public bool Holds(int instance = 0) => HeldAddresses[instance];

    private bool[] HeldAddresses { get; set; } = [];

    /// <summary>What the next life is told by the last one; kept over <see cref="Crash"/> and <see cref="Kill"/> as the daemon keeps it.</summary>
    public NodeMemory Memory { get; set; } = NodeMemory.Empty;

    /// <summary>Link up, source known, what was remembered recalled, whatever else is restored from the disk, started.</summary>
    public void Boot(Action? restore = null)
    {
        Reset();
        State = new NodeState(Config, _epoch);
        IsRunning = true;
        _driver.Write($"{Name} boots");
        _effects.Clear();
        NodeRecall.Apply(Config, State, Memory, _driver.Now, _effects);
        foreach (NodeEffect effect in _effects.Span.ToArray())
        {
            Assert.Equal(NodeEffectKind.Record, effect.Kind);
            CarryOut(effect);
        }

        Deliver(NodeEvent.LinkChanged(0, true));
        for (int i = 0; i < Config.Instances.Count; i++)
        {
            Deliver(NodeEvent.SourceChanged(i, TestConfig.AddressOf(Name)));
        }

        restore?.Invoke();
        Deliver(NodeEvent.Started());
    }

    /// <summary>Power is cut: nothing is held, nothing runs, and the clock begins anew.</summary>
    public void Crash()
    {
        _driver.Write($"{Name} crashes");
        Memory = Remember(isAlive: false) with { Instances = State.Instances.Select((each, i) => InstanceMemory.Of(Config.Instances[i].Name, each).AfterBoot()).ToEquatableArray() };
        End();
    }

    /// <summary>The daemon alone is killed: its programs live on, or not.</summary>
    public void Kill(bool isAlive)
    {
        _driver.Write($"{Name} is killed");
        Memory = Remember(isAlive);
        End();
    }

    private void End()
    {
        IsRunning = false;
        _epoch = State.Epoch;
        Reset();
    }

    private NodeMemory Remember(bool isAlive) => new()
    {
        LastAttempt = State.LastAttempt,
        Instances = State.Instances.Select((each, i) => InstanceMemory.Of(Config.Instances[i].Name, each)).ToEquatableArray(),
        Attempts = OpenSteps
            .Where(open => open.Step.Kind != StepKind.Check)
            .Select(open => new AttemptMemory(Config.Instances[open.Instance].Name, open.Attempt)
            {
                Kind = open.Step.Kind,
                IsDemotion = open.IsDemotion,
                Targets = open.Step.Targets,
                IsAlive = isAlive,
            })
            .ToEquatableArray(),
    };

    /// <summary>Delivers an advert from the node with the letter.</summary>
    public void Hear(char sender, byte priority, int instance = 0, TimeSpan? interval = null, TimeSpan waited = default)
    {
        VrrpConfig config = Config.Instances[instance];
        VrrpAdvert advert = new(config.Version, config.Vrid, priority, 1, interval ?? config.AdvertInterval, default);
        Deliver(NodeEvent.AdvertReceived(instance, advert, TestConfig.AddressOf(sender), waited));
    }

    /// <summary>Answers the only open step (of the instance).</summary>
    public void Answer(StepOutcome outcome, int instance = 0)
    {
        StepRequest request = OpenSteps.Single(step => step.Instance == instance);
        Answer(request, outcome);
    }

    /// <summary>Answers a step.</summary>
    public void Answer(StepRequest request, StepOutcome outcome)
    {
        if (OpenSteps.Remove(request))
        {
            Deliver(NodeEvent.StepEnded(request.Instance, request.Attempt, outcome));
        }
    }

    /// <summary>Answers the step with success.</summary>
    public void Succeed(int instance = 0) => Answer(StepOutcome.Success, instance);

    /// <summary>Answers the step with exit status 1.</summary>
    public void Fail(int instance = 0) => Answer(new StepOutcome(StepOutcomeKind.Exited, 1), instance);

    /// <summary>Answers the oldest held kernel request.</summary>
    public void AnswerKernel(int errno = 0)
    {
        KernelRequest request = OpenKernel[0];
        OpenKernel.RemoveAt(0);
        Acknowledge(request, errno);
        Deliver(NodeEvent.KernelAnswered(request.Instance, request.Attempt, errno));
    }

    /// <summary>Whether the watchdog was asked to be armed, could be, and was not disarmed since.</summary>
    public bool IsWatchdogArmed { get; private set; }

    /// <summary>Answers the request to arm the watchdog.</summary>
    public void AnswerWatchdog(uint attempt, int errno)
    {
        IsWatchdogArmed = errno == 0;
        Deliver(NodeEvent.WatchdogAnswered(attempt, errno));
    }

    /// <summary>Requests to write down what has to survive that have not been answered, oldest first.</summary>
    public List<(int Instance, uint Attempt)> OpenKeeps { get; } = [];

    /// <summary>Says that the oldest request is on the disk, or is not waited for any longer.</summary>
    public void AnswerDisk()
    {
        (int instance, uint attempt) = OpenKeeps[0];
        OpenKeeps.RemoveAt(0);
        Deliver(NodeEvent.MemoryKept(instance, attempt));
    }

    /// <summary>Answers the oldest open run of a check script.</summary>
    public void AnswerScript(int script, StepOutcome outcome)
    {
        (int Script, uint Attempt) run = OpenScripts.First(open => open.Script == script);
        OpenScripts.Remove(run);
        Deliver(NodeEvent.ScriptEnded(script, run.Attempt, outcome));
    }

    /// <summary>Answers the only open probe: the address is in use by station 02:00:00:00:00:01, or nobody has it.</summary>
    public void AnswerProbe(InternetAddress inUse = default, int errno = 0)
    {
        ProbeRequest request = OpenProbes.Single();
        OpenProbes.Clear();
        Deliver(NodeEvent.AddressesProbed(request.Instance, request.Attempt, inUse, 0x020000000001, errno));
    }

    /// <summary>Answers the watch of an instance, if there is one: station 02:00:00:00:00:02 claims an address, or the link cannot be watched.</summary>
    public void SeeClaim(int instance = 0, int errno = 0)
    {
        if (IsRunning && OpenWatches.Remove(instance, out uint attempt))
        {
            InternetAddress claimed = errno == 0 ? Config.Instances[instance].Addresses[0].Address : InternetAddress.None;
            Deliver(NodeEvent.AddressesProbed(instance, attempt, claimed, 0x020000000002, errno));
        }
    }

    /// <summary>The first address of the instance when another running node holds it.</summary>
    public InternetAddress FindHolder(int instance) =>
        _driver.Nodes.Any(other => other != this && other.IsRunning && other.Holds(instance)) ? Config.Instances[instance].Addresses[0].Address : default;

    /// <summary>What auth_hmac does to an advert, by the driver's one clock: too old, or not newer than the last one of its sender.</summary>
    public bool IsStaleOrReplayed(int instance, InternetAddress source, (MonotonicInstant At, long Order) sent, out DecodeError error, out bool isOvertaken)
    {
        (error, isOvertaken) = (DecodeError.None, false);
        if (Config.Instances[instance].Hmac is not { } hmac || !IsRunning)
        {
            return false;
        }

        bool isStale = _driver.Now - sent.At > TimeSpan.FromSeconds(hmac.TimeWindowSeconds);
        bool isReplayed = _marks.TryGetValue((instance, source), out (MonotonicInstant At, long Order) mark) && sent.Order <= mark.Order;
        isOvertaken = isReplayed && (sent.Order == mark.Order || mark.At - sent.At < Config.Instances[instance].AdvertInterval);
        error = isStale ? DecodeError.AuthenticationStale : isReplayed ? DecodeError.AuthenticationReplayed : DecodeError.None;
        if (error == DecodeError.None)
        {
            _marks[(instance, source)] = sent;
        }

        return error != DecodeError.None;
    }

    /// <summary>Delivers an event unless the node is down.</summary>
    public void DeliverIfRunning(NodeEvent nodeEvent)
    {
        if (IsRunning)
        {
            Deliver(nodeEvent);
        }
    }

    /// <summary>Delivers an event; what the kernel and the steps answer at once follows in order.</summary>
    public void Deliver(NodeEvent nodeEvent)
    {
        _queue.Enqueue(nodeEvent);
        if (_isDelivering)
        {
            return;
        }

        _isDelivering = true;
        try
        {
            Last.Clear();
            while (IsRunning && _queue.TryDequeue(out NodeEvent next))
            {
                Step(next);
            }
        }
        finally
        {
            _queue.Clear();
            _isDelivering = false;
        }
    }

    /// <summary>Whether an entry of the kind has been recorded.</summary>
    public bool Recorded(TimelineKind kind) => Entries.Any(entry => entry.Kind == kind);

    /// <summary>Effects of the last event but timers and records, one word each: what a peer or the kernel would see.</summary>
    public string Seen => string.Join(' ', Last.Select(Word).Where(word => word.Length > 0));

    /// <summary>As <see cref="Seen"/>, with the index of the instance (or group) before each word.</summary>
    public string SeenByIndex => string.Join(' ', Last.Where(effect => Word(effect).Length > 0).Select(effect => $"{effect.Index}:{Word(effect)}"));

    private static string Word(NodeEffect effect) => effect.Kind switch
    {
        NodeEffectKind.SendAdvert => $"advert:{effect.Priority}",
        NodeEffectKind.AskKernel => effect.Effect.ToString(),
        NodeEffectKind.Announce => $"announce:{effect.Count}",
        NodeEffectKind.AnnounceOwn => "announce-own",
        NodeEffectKind.StartStep => $"step:{effect.Step}" + (effect.Level + effect.Device == 0 ? "" : $"/{effect.Level}.{effect.Device}"),
        NodeEffectKind.KillStep => "kill",
        NodeEffectKind.ProbeAddresses => "probe",
        NodeEffectKind.StartScript => "script",
        NodeEffectKind.KillScript => "kill-script",
        NodeEffectKind.Notify => $"notify:{effect.Notification}",
        NodeEffectKind.NotifyGroup => $"group:{effect.Notification}",
        NodeEffectKind.RenewAddresses => "renew",
        NodeEffectKind.WatchAddresses => effect.Attempt == 0 ? "end-watch" : "watch",
        NodeEffectKind.ArmWatchdog => "arm",
        NodeEffectKind.DisarmWatchdog => "disarm",
        NodeEffectKind.ArmTimer or NodeEffectKind.Record or NodeEffectKind.KeepMemory => "",
    };

    /// <summary>How many priority 0 adverts were sent.</summary>
    public int Releases => Sent.Count(advert => advert.Priority == 0);

    private void Step(NodeEvent nodeEvent)
    {
        _driver.Write($"{Name} <- {Describe(nodeEvent)}");
        NodeState copy = State.Clone();
        Assert.True(copy.ValueEquals(State), "a clone equals its original");
        NodeState before = State.Clone();

        // What ended earlier than this late event may uncover a deadline that has passed as well: it is due at once.
        _isSomethingOver = before.MaintenanceCheckAt <= _driver.Now || before.Instances.Any(instance => instance.Handover.Until <= _driver.Now);
        _effects.Clear();
        _again.Clear();
        NodeMachine.Step(Config, State, nodeEvent, _driver.Now, _effects);
        NodeMachine.Step(Config, copy, nodeEvent, _driver.Now, _again);
        Assert.True(copy.ValueEquals(State), "the same event on a clone leads to the same state");
        Assert.True(_effects.Span.SequenceEqual(_again.Span), "the same event on a clone has the same effects");
        NodeEffect[] effects = _effects.Span.ToArray();
        foreach (NodeEffect effect in effects)
        {
            Last.Add(effect);
            CarryOut(effect);
        }

        CheckInvariants();
        CheckHeldBack(before, nodeEvent);
        _driver.AfterEvent?.Invoke(this);
    }

    private void CarryOut(NodeEffect effect)
    {
        string line = Describe(effect);
        if (line.Length > 0)
        {
            _driver.Write($"{Name}    {line}");
        }

        switch (effect.Kind)
        {
            case NodeEffectKind.ArmTimer:
                // A node that is late has overdue timers; what is due after them may be overdue as well.
                Assert.True(effect.Deadline >= _driver.Now || Timers[effect.Index] < _driver.Now || _isSomethingOver, $"timer {effect.Index} is armed in the past");
                Timers[effect.Index] = effect.Deadline;
                break;
            case NodeEffectKind.SendAdvert:
                Assert.True(effect.Priority != 0 || Config.Together(effect.Index).All(member => _asked[member].Count == 0), "priority 0 while something may be held");
                if (IsKeeping)
                {
                    Sent.Add((effect.Index, effect.Priority, _driver.Now));
                }

                _driver.Broadcast(this, effect.Index, effect.Priority);
                break;
            case NodeEffectKind.AskKernel:
                AskKernel(new KernelRequest(effect.Index, effect.Attempt, effect.Effect));
                break;
            case NodeEffectKind.StartStep:
                StartStep(effect);
                break;
            case NodeEffectKind.ProbeAddresses:
                StartProbe(new ProbeRequest(effect.Index, effect.Attempt));
                break;
            case NodeEffectKind.KillStep:
                Killed.Add(effect.Attempt);
                break;
            case NodeEffectKind.StartScript:
                OpenScripts.Add((effect.Index, effect.Attempt));
                break;
            case NodeEffectKind.Notify:
                Notifications.Add(effect.Notification);
                break;
            case NodeEffectKind.NotifyGroup:
                CheckArrived(effect);
                break;
            case NodeEffectKind.Record:
                if (IsKeeping)
                {
                    Entries.Add(effect.Entry);
                }

                break;
            case NodeEffectKind.RenewAddresses:
                // G6: what is renewed comes back if the kernel has taken it away meanwhile, so only a Master that holds everything may ask for it.
                Assert.Equal(VrrpPhase.Master, State.Instances[effect.Index].Phase);
                Assert.Equal(Transition.None, State.Instances[effect.Index].Transition);
                break;
            case NodeEffectKind.WatchAddresses when effect.Attempt == 0:
                Assert.True(OpenWatches.Remove(effect.Index), "only a watch that is open is ended");
                break;
            case NodeEffectKind.WatchAddresses:
                OpenWatches.Add(effect.Index, effect.Attempt);
                break;
            case NodeEffectKind.ArmWatchdog:
                Assert.False(IsWatchdogArmed, "armed twice");
                IsWatchdogArmed = true;
                if (_driver.Watchdog(this) is { } watchdogErrno)
                {
                    AnswerWatchdog(effect.Attempt, watchdogErrno);
                }

                break;
            case NodeEffectKind.KeepMemory:
                OpenKeeps.Add((effect.Index, effect.Attempt));
                if (_driver.IsDiskQuick)
                {
                    AnswerDisk();
                }

                break;
            case NodeEffectKind.DisarmWatchdog:
                Assert.True(IsWatchdogArmed, "disarmed though it was not armed");
                IsWatchdogArmed = false;
                break;
            case NodeEffectKind.Announce:
                _driver.Announce(this, effect.Index);
                break;
            case NodeEffectKind.KillScript:
                break;
        }
    }

    /// <summary>What a group is told of is true of every member.</summary>
    private void CheckArrived(NodeEffect effect)
    {
        foreach (int member in Config.Groups[effect.Index].Members)
        {
            VrrpState one = State.Instances[member];
            bool isTrue = effect.Notification switch
            {
                Notification.Master => one.Phase == VrrpPhase.Master && one.Transition != Transition.Raise,
                Notification.Fault => one.Phase is VrrpPhase.Fault or VrrpPhase.Initialize,
                Notification.Stop => one.IsStopped,
                _ => one.Phase is VrrpPhase.Backup or VrrpPhase.Promoting or VrrpPhase.Initialize,
            };
            Assert.True(isTrue, $"the group is told {effect.Notification}, and member {member} is {one.Phase}");
        }
    }

    private void AskKernel(KernelRequest request)
    {
        if (IsAdd(request.Effect))
        {
            // One promotion for the whole group: nothing of any member comes while another one is still waiting for it.
            foreach (int member in Config.Together(request.Instance))
            {
                Assert.Equal(0u, State.Instances[member].Steps.Attempt);
                Assert.Equal(0u, State.Instances[member].Steps.ProbeAttempt);
            }

            Assert.Equal(VrrpPhase.Master, State.Instances[request.Instance].Phase);
            _asked[request.Instance].Add(request.Effect);
        }

        OpenKernel.Add(request);
        if (_driver.Kernel(this, request) is { } errno)
        {
            OpenKernel.Remove(request);
            Acknowledge(request, errno);
            _queue.Enqueue(NodeEvent.KernelAnswered(request.Instance, request.Attempt, errno));
        }
    }

    private void Acknowledge(KernelRequest request, int errno)
    {
        if (errno == 0 && request.Effect is SideEffect.AddAddresses or SideEffect.RemoveAddresses)
        {
            HeldAddresses[request.Instance] = request.Effect == SideEffect.AddAddresses;
        }

        if (errno == 0 && !IsAdd(request.Effect))
        {
            _asked[request.Instance].Remove(Opposite(request.Effect));
        }
    }

    private void StartStep(NodeEffect effect)
    {
        VrrpConfig config = Config.Instances[effect.Index];
        PromotionStep step = (effect.IsDemotion ? config.Demotion!.Steps : config.Promotion!.Steps)[effect.Step].Device(effect.Level, effect.Device);
        Assert.DoesNotContain(OpenSteps, open => open.Instance == effect.Index && open.Step.Kind != StepKind.Check);
        Assert.DoesNotContain(OpenSteps, open => open.Instance != effect.Index && open.Step.Targets.Any(target => step.Targets.Contains(target)));
        Assert.DoesNotContain(step.Targets, target => State.TestedTargets.Span.Contains(target));
        Assert.DoesNotContain(
            State.Leftovers, left => step.Kind != StepKind.Check && !effect.IsDemotion && (left.Instance == config.Name || left.Targets.Any(target => step.Targets.Contains(target))));
        StepRequest request = new(effect.Index, effect.Attempt, step, effect.IsDemotion);
        OpenSteps.Add(request);
        if (_driver.Steps(this, request) is { } answer)
        {
            int life = _life;
            _driver.After(answer.After, () =>
            {
                if (life == _life)
                {
                    Answer(request, answer.Outcome);
                }
            });
        }
    }

    private void StartProbe(ProbeRequest request)
    {
        Assert.Equal(VrrpPhase.Promoting, State.Instances[request.Instance].Phase);
        Assert.DoesNotContain(OpenSteps, open => open.Instance == request.Instance && open.Step.Kind != StepKind.Check);
        OpenProbes.RemoveAll(open => open.Instance == request.Instance);
        OpenProbes.Add(request);
        if (_driver.Probes(this, request) is { } answer)
        {
            int life = _life;
            _driver.After(answer.After, () =>
            {
                if (life == _life && OpenProbes.Remove(request))
                {
                    Deliver(NodeEvent.AddressesProbed(request.Instance, request.Attempt, answer.Find(), 0x020000000001));
                }
            });
        }
    }

    /// <summary>No promotion starts in maintenance, or while an instance holds itself back for a handover, unless an operator says so.</summary>
    private void CheckHeldBack(NodeState before, NodeEvent nodeEvent)
    {
        for (int i = 0; i < State.Instances.Length; i++)
        {
            if (State.Instances[i].Phase != VrrpPhase.Promoting || before.Instances[i].Phase == VrrpPhase.Promoting)
            {
                continue;
            }

            Assert.True(State.Instances[i].MaintenanceUntil <= _driver.Now, "no promotion starts in maintenance");
            MonotonicInstant until = before.Instances[i].Handover.Until;
            Assert.True(until.IsNever || until <= _driver.Now || nodeEvent.Kind == NodeEventKind.OperatorConfirmed, "no promotion starts while a handover waits");
        }
    }

    private void CheckInvariants()
    {
        for (int i = 0; i < State.Instances.Length; i++)
        {
            VrrpState instance = State.Instances[i];
            switch (instance.Phase)
            {
                case VrrpPhase.Initialize:
                case VrrpPhase.Backup:
                case VrrpPhase.Fault:
                    Assert.Equal(0u, instance.Steps.Attempt);
                    Assert.Equal(Transition.None, instance.Transition);
                    Assert.True(instance.AdvertAt.IsNever, "silent outside Promoting, Master and Demoting");
                    break;
                case VrrpPhase.Promoting:
                    Assert.Equal(Transition.None, instance.Transition);
                    break;
                case VrrpPhase.Master:
                    Assert.Equal(0u, instance.Steps.Attempt);
                    Assert.False(instance.AdvertAt.IsNever, "a Master advertises");
                    break;
                case VrrpPhase.Demoting:
                    Assert.NotEqual(Transition.None, instance.Transition);
                    break;
            }

            bool isLooking = instance.Steps.IsListening || instance.Steps.IsHeld || instance.Steps.IsProbing || instance.Steps.IsOutlivingRelease;
            Assert.True(instance.Phase is not (VrrpPhase.Promoting or VrrpPhase.Master or VrrpPhase.Demoting) || Config.Watchdog is not { IsRequired: true } || instance.Steps.IsArming || IsWatchdogArmed, "a required watchdog is armed");
            Assert.True(!isLooking || (instance.Phase == VrrpPhase.Promoting && instance.Steps.Attempt == 0), "the last look is part of Promoting, beside no step");
            Assert.True(!isLooking || !instance.Steps.DeadlineAt.IsNever, "every wait has a bound");
            Assert.Equal(instance.Steps.IsProbing, instance.Steps.ProbeAttempt != 0);
            Assert.True(instance.Handover.Number == 0 || instance.Phase is VrrpPhase.Demoting or VrrpPhase.Backup, "a handover leaves Master and waits as Backup");
            Assert.Equal(instance.Handover.IsWatching, OpenWatches.ContainsKey(i));
            Assert.Equal(instance.NextDeadline, Timers[i]);
            int open = OpenSteps.Count(step => step.Instance == i && step.Attempt == instance.Steps.Attempt);
            Assert.Equal(instance.Steps.Attempt == 0 ? 0 : 1, open);
        }
    }

    private void Reset()
    {
        _life++;
        Timers.AsSpan().Fill(MonotonicInstant.Never);
        OpenSteps.Clear();
        OpenScripts.Clear();
        OpenKernel.Clear();
        OpenKeeps.Clear();
        OpenProbes.Clear();
        OpenWatches.Clear();
        Killed.Clear();
        _marks.Clear();
        IsWatchdogArmed = false;
        HeldAddresses = new bool[Config.Instances.Count];
        for (int i = 0; i < _asked.Length; i++)
        {
            _asked[i] = [];
        }
    }

    private static bool IsAdd(SideEffect effect) =>
        effect is SideEffect.AddAddresses or SideEffect.AddExcluded or SideEffect.AddRoutes or SideEffect.AddRules;

    private static SideEffect Opposite(SideEffect effect) => effect switch
    {
        SideEffect.RemoveAddresses => SideEffect.AddAddresses,
        SideEffect.RemoveExcluded => SideEffect.AddExcluded,
        SideEffect.RemoveRoutes => SideEffect.AddRoutes,
        SideEffect.RemoveRules => SideEffect.AddRules,
        _ => throw new ArgumentOutOfRangeException(nameof(effect)),
    };

    /// <summary>An event in one line.</summary>
    public static string Describe(NodeEvent nodeEvent) => nodeEvent.Kind switch
    {
        NodeEventKind.AdvertReceived => $"advert {nodeEvent.Advert.Priority} from {nodeEvent.Address} for {nodeEvent.Index}",
        NodeEventKind.PacketRefused => $"packet refused ({nodeEvent.Error}) from {nodeEvent.Address}",
        NodeEventKind.StepEnded => $"step attempt {nodeEvent.Attempt} ended: {TimelineText.Outcome(nodeEvent.Outcome)}",
        NodeEventKind.KernelAnswered => $"kernel answers {nodeEvent.Attempt}: errno {nodeEvent.Number}",
        NodeEventKind.AddressesProbed => $"probe {nodeEvent.Attempt} ended: {(nodeEvent.Address.IsNone ? "nobody" : nodeEvent.Address.ToString())} errno {nodeEvent.Number}",
        NodeEventKind.ScriptEnded => $"script run {nodeEvent.Attempt} ended: {TimelineText.Outcome(nodeEvent.Outcome)}",
        NodeEventKind.LinkChanged => $"link {nodeEvent.Index} {(nodeEvent.Number == 1 ? "up" : "down")}",
        NodeEventKind.SourceChanged => $"source of {nodeEvent.Index} is {nodeEvent.Address}",
        NodeEventKind.DeadlineReached => $"deadline {nodeEvent.Index}",
        NodeEventKind.AddressLost => $"address of {nodeEvent.Index} lost",
        NodeEventKind.StopRequested => "stop",
        NodeEventKind.Started => "started",
        _ => nodeEvent.Kind.ToString(),
    };

    /// <summary>An effect in one line; timers are left out.</summary>
    public string Describe(NodeEffect effect) => effect.Kind switch
    {
        NodeEffectKind.ArmTimer or NodeEffectKind.KeepMemory => "",
        NodeEffectKind.SendAdvert => $"-> advert {effect.Priority}",
        NodeEffectKind.AskKernel => $"-> kernel {effect.Effect} ({effect.Attempt})",
        NodeEffectKind.Announce => $"-> announce x{effect.Count}",
        NodeEffectKind.AnnounceOwn => "-> announce own address",
        NodeEffectKind.StartStep => $"-> start {(effect.IsDemotion ? "demotion" : "promotion")} step {effect.Step} ({effect.Attempt})",
        NodeEffectKind.KillStep => $"-> kill step ({effect.Attempt})",
        NodeEffectKind.ProbeAddresses => $"-> probe ({effect.Attempt})",
        NodeEffectKind.StartScript => $"-> start script {effect.Index} ({effect.Attempt})",
        NodeEffectKind.KillScript => $"-> kill script ({effect.Attempt})",
        NodeEffectKind.Notify => $"-> notify {effect.Notification}",
        NodeEffectKind.Record => $"   {TimelineText.Describe(Config, effect.Entry)}",
        NodeEffectKind.WatchAddresses => effect.Attempt == 0 ? "-> end watch" : $"-> watch ({effect.Attempt})",
        _ => effect.Kind.ToString(),
    };
}
