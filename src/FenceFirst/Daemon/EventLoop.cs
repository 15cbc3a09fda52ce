using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Dumps;
using FenceFirst.Daemon.Links;
using FenceFirst.Daemon.Operator;
using FenceFirst.Daemon.Packets;
using FenceFirst.Daemon.Records;
using FenceFirst.Daemon.Reload;
using FenceFirst.Daemon.Steps;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Files;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Daemon;

/// <summary>The one thread of the daemon: waits for descriptors and deadlines, turns them into events, and carries out what Core decides.</summary>
/// <remarks>
/// Packets are read before timers fire, so that a loop that was late does not take a master for dead whose adverts are waiting in the socket.
/// Nothing here blocks: programs run beside, the log has its own thread, and the kernel answers rtnetlink within the call.
/// </remarks>
internal sealed class EventLoop : IDisposable
{
    /// <summary>What giving back the memory of a reload takes, several times over.</summary>
    private static readonly TimeSpan MemoryPause = TimeSpan.FromMilliseconds(20);

    /// <summary>After this long the start, the first election and its second announcement (garp_master_delay, 5 s) are over, and what only they needed of the program is not needed any more.</summary>
    private static readonly TimeSpan SettlingTime = TimeSpan.FromSeconds(5.5);

    private const long TimerToken = 0;
    private const long SignalToken = 1;
    private const long LinkToken = 2;
    private const long ProcessToken = 3;
    private const long ProbeToken = 10;
    private const long AgentToken = 11;
    private const long StateToken = 12;
    private const long StateTimerToken = 13;
    private const long LeftoverToken = 14;
    private const long CheckToken = 15;
    private const long WatchdogToken = 16;
    private const long TrackerToken = 17;
    private const long NotifyToken = 18;
    private const long ReloadToken = 19;
    private const long PolledToken = 20;
    private const long FilterToken = 21;
    private const long VmacToken = 22;
    private const long VmacFilterToken = 23;
    private const long ControlTokenBase = 100;
    private const long SocketTokenBase = 1000;
    private const long ReachTokenBase = 1L << 32;

    private readonly EventPoll _poll = new(canPause: true);
    private readonly DeadlineTimer _timer = new();
    private readonly EffectBuffer _effects = new();
    private readonly Queue<NodeEvent> _queue = new();
    private readonly LogWriter _log;
    private readonly LinkTable _links;
    private readonly EffectRunner _runner;
    private readonly SecondaryPromotion _secondaries;
    private readonly TrackerHost _trackers;
    private readonly Signals _signals;
    private readonly ControlServer _control;
    private readonly EventRecorder? _recorder;
    private readonly Leftovers _leftovers;
    private readonly DumpSignals _dumps;
    private ControlSocket? _controlSocket;
    private string _controlPath = "";
    private readonly OrderlyStop _stop;
    private readonly ReceiptPace _pace = new();
    private bool _isMemoryOwed;
    private MonotonicInstant _now;
    private MonotonicInstant _beginAt = MonotonicInstant.Never;

    /// <summary>Opens everything the configuration needs; nothing is sent or changed before <see cref="Run"/>.</summary>
    /// <param name="loaded">The configuration.</param>
    /// <param name="epochBase">A number greater than every epoch used before.</param>
    /// <param name="keeper">What is kept on disk for the next life; whoever made it ends it.</param>
    /// <param name="log">The log.</param>
    /// <param name="signals">Signals of the process.</param>
    /// <param name="loadConfig">Reads the configuration again for a reload, on another thread.</param>
    /// <param name="dumpDirectory">Where dumps are written that the configuration gives no path.</param>
    /// <param name="recorder">Who records every event; null = nobody. Whoever made it ends it.</param>
    public EventLoop(
        LoadedConfig loaded,
        ulong epochBase,
        StateKeeper keeper,
        LogWriter log,
        Signals signals,
        Func<LoadedConfig> loadConfig,
        string dumpDirectory,
        EventRecorder? recorder = null)
    {
        NodeConfig config = loaded.Config!; // Nothing is started with a configuration that was refused.
        Config = config;
        Keeper = keeper;

        // Different on every node is enough for delays. The cryptographic generator would load OpenSSL: 4 MB for eight bytes.
        ulong seed = (ulong)Random.Shared.NextInt64();
        State = new NodeState(config, epochBase, seed);
        _recorder = recorder;
        _recorder?.Begin(epochBase, seed, loaded.Facts);
        Timers = new TimerHeap(State.Armed.Length);
        _log = log;
        _signals = signals;
        _links = new LinkTable(config, log);
        Vmacs = new Vmacs(log, _poll, VmacFilterToken);
        Transport = new VrrpTransport(config, _poll, SocketTokenBase);
        Probe = new AddressProbe(this, _links, _poll, ProbeToken);
        PhaseTimes times = new();
        Reminder = new MaintenanceReminder(this, log);
        _runner = new EffectRunner(this, _links, log, times, _poll, FilterToken, ReachTokenBase);
        _stop = new OrderlyStop(this, _runner.Notifications, _runner.Checks, log);
        Reload = new ReloadRunner(this, log, loadConfig);
        Reports = new PacketReports(this, _runner, log);
        _control = new ControlServer(this, _runner, _links, log, times);
        _dumps = new DumpSignals(this, _links, times, log, dumpDirectory);
        _leftovers = new Leftovers(this, log);
        Heartbeat = new Heartbeat(log);
        _secondaries = new SecondaryPromotion(log);
        _trackers = new TrackerHost(log);
        Watchdog = new WatchdogRunner(this, log);
        _poll.Add(_timer.Descriptor, PollEvents.Readable, TimerToken);
        _poll.Add(signals.Descriptor, PollEvents.Readable, SignalToken);
        _poll.Add(_links.Descriptor, PollEvents.Readable, LinkToken);
        _poll.Add(_links.PolledDescriptor, PollEvents.Readable, PolledToken);
        _poll.Add(_runner.Processes.Descriptor, PollEvents.Readable, ProcessToken);
        _poll.Add(_runner.Steps.Agents.Descriptor, PollEvents.Readable, AgentToken);
        _poll.Add(keeper.Descriptor, PollEvents.Readable, StateToken);
        _poll.Add(keeper.TimerDescriptor, PollEvents.Readable, StateTimerToken);
        _poll.Add(_leftovers.Descriptor, PollEvents.Readable, LeftoverToken);
        _poll.Add(_runner.Checks.Descriptor, PollEvents.Readable, CheckToken);
        _poll.Add(Watchdog.Descriptor, PollEvents.Readable, WatchdogToken);
        _poll.Add(_trackers.Descriptor, PollEvents.Readable, TrackerToken);
        _poll.Add(_runner.Notifications.Descriptor, PollEvents.Readable, NotifyToken);
        _poll.Add(Reload.Descriptor, PollEvents.Readable, ReloadToken);
        _poll.Add(Vmacs.Descriptor, PollEvents.Readable, VmacToken);
    }

    /// <summary>The configuration in force.</summary>
    public NodeConfig Config { get; private set; }

    /// <summary>Core's state.</summary>
    public NodeState State { get; private set; }

    /// <summary>Deadlines armed by Core.</summary>
    public TimerHeap Timers { get; private set; }

    /// <summary>VRRP sockets.</summary>
    public VrrpTransport Transport { get; }

    /// <summary>Interfaces with a virtual MAC address.</summary>
    public Vmacs Vmacs { get; }

    /// <summary>What is kept on disk for the next life of the daemon.</summary>
    public StateKeeper Keeper { get; }

    /// <summary>The watchdog device.</summary>
    public WatchdogRunner Watchdog { get; }

    /// <summary>Tells the watchdogs that the loop lives.</summary>
    public Heartbeat Heartbeat { get; }

    /// <summary>Asks the links for addresses.</summary>
    public AddressProbe Probe { get; }

    /// <summary>What operators have asked for.</summary>
    public OperationBook Operations { get; } = new();

    /// <summary>Reminds of maintenance.</summary>
    public MaintenanceReminder Reminder { get; }

    /// <summary>Reloads of the configuration.</summary>
    public ReloadRunner Reload { get; }

    /// <summary>What is told about packets.</summary>
    public PacketReports Reports { get; }

    /// <summary>Whether nothing is due for a while, so that work that takes less makes no advert late.</summary>
    public bool HasTimeFor(TimeSpan pause) => MonotonicClock.Now + pause < NextDue();

    /// <summary>Whether the end has been asked for.</summary>
    public bool IsStopping => _stop.IsRequested;

    /// <summary>The instant of the present turn.</summary>
    public MonotonicInstant Now => _now;

    /// <summary>Begins to listen on the control socket; false when a living daemon answers there. Every other trouble costs the socket only.</summary>
    public bool TryListen(string path, out string problem)
    {
        _controlPath = path;
        _controlSocket = ControlSocket.TryListen(path, _poll, ControlTokenBase, out bool isAlive, out problem);
        if (_controlSocket is null && !isAlive)
        {
            _log.Write(TimelineLevel.Error, $"{problem}; the daemon goes on without it: fencefirst status and confirm will not work until it can be made and SIGHUP has come");
        }

        return !isAlive;
    }

    /// <summary>Runs until a signal has asked for the end and every instance has come to rest.</summary>
    public void Run()
    {
        _now = MonotonicClock.Now;
        Vmacs.ApplyNow(Config);
        _links.Resync(this);
        _trackers.Configure(this, isStart: true);
        _runner.SweepLeftovers((index, effect) =>
        {
            _recorder?.RefusedRemoval(index, effect, _now);
            NodeRecall.NoteRefusedRemoval(Config, State, index, effect, _now, _effects);
        });
        _runner.Static.Apply(Config);
        _secondaries.Apply(Config);
        Recall();
        DrainQueue();

        // What stands above takes a while on a busy machine: the delay begins now.
        _now = MonotonicClock.Now;
        _beginAt = StartDelay.Until(Config.Process, _now);
        if (_beginAt > _now)
        {
            _log.Write(TimelineLevel.Notice, $"Delaying startup for {TimelineText.Duration(_beginAt - _now)}: until then nothing is sent, heard or taken over");
        }

        Begin();
        _runner.Checks.Reconfigure(_now);
        SystemdNotify.Send("READY=1");
        Heartbeat.Begin(_now);
        GiveBackMemory();
        MonotonicInstant settledAt = _now + SettlingTime;
        Span<EpollEvent> ready = new EpollEvent[EventPoll.ReadyMax];
        while (!_stop.IsFinished())
        {
            Keeper.Flush();
            ArmTimer(settledAt);
            if (_pace.Next(Config, State) is > 0 and int pause)
            {
                _poll.Pause(pause);
            }

            int count = _poll.Wait(ready, -1);
            _now = MonotonicClock.Now;
            for (int i = 0; i < count; i++)
            {
                Dispatch(ready[i].Token);
            }

            DrainQueue();
            FireTimers();
            DrainQueue();
            Reload.Advance();
            if (_isMemoryOwed && HasTimeFor(MemoryPause))
            {
                _isMemoryOwed = false;
                GiveBackMemory();
            }

            if (settledAt <= _now && HasTimeFor(MemoryPause))
            {
                settledAt = MonotonicInstant.Never;

                // What only the start needed, and what the looking and the collecting themselves have needed.
                IReadOnlyList<(nuint Begin, nuint Length)> code = ProcessTuning.FindProgramCode();
                GiveBackMemory();
                ProcessTuning.Release(code);
            }
        }

        _runner.Notifications.Abandon();
        _runner.Notifications.Mail.Abandon();
        _runner.Static.Remove();
        _secondaries.Remove();
        Vmacs.Remove();
    }

    /// <summary>Lets the instances begin as soon as they may.</summary>
    private void Begin()
    {
        if (_beginAt <= _now)
        {
            _beginAt = MonotonicInstant.Never;
            DeliverAndSettle(NodeEvent.Started());
        }
    }

    /// <summary>What named pipes are told after a reload that asks for it.</summary>
    private void WritePresentStates()
    {
        if (!Config.Notify.IsStateWrittenOnReload)
        {
            return;
        }

        for (int i = 0; i < Config.Instances.Count; i++)
        {
            _runner.Notifications.WriteState(Config.Instances[i], State.Instances[i]);
        }

        for (int i = 0; i < Config.Groups.Count; i++)
        {
            _runner.Notifications.WriteState(Config.Groups[i], State.Groups[i]);
        }
    }

    /// <summary>Gives Core an event now and carries out what it decides.</summary>
    public void Deliver(in NodeEvent nodeEvent)
    {
        _effects.Clear();
        _recorder?.Event(nodeEvent, _now);
        NodeMachine.Step(Config, State, nodeEvent, _now, _effects);
        _recorder?.Effects(_effects);
        RunEffects();
        _runner.CommitRenewals();
        Keeper.Look(Config, State, nodeEvent);
        _pace.Look(nodeEvent, _effects);
    }

    /// <summary>The same, with everything that follows from it at once.</summary>
    public void DeliverAndSettle(in NodeEvent nodeEvent)
    {
        Deliver(nodeEvent);
        DrainQueue();
    }

    /// <summary>Removes what a master holds and will not hold any more; returns 0 or the first error number.</summary>
    public int RemoveDropped(VrrpConfig dropped) => _runner.RemoveDropped(dropped);

    /// <summary>Goes on with another configuration (reload); what is not kept has come to rest.</summary>
    /// <param name="plan">The configuration in force and the new one.</param>
    /// <param name="kept">For each new instance the index of the one whose state it takes over, or -1.</param>
    /// <param name="facts">What reading the file asked and was answered, for a record.</param>
    public void GoOnWith(ReloadPlan plan, int[] kept, string facts)
    {
        NodeConfig old = Config, next = plan.Next;
        _recorder?.Reload(kept, facts, _now);
        State = NodeReload.Carry(plan, State, kept, _now);
        Config = next;
        _pace.Forget();
        Timers = new TimerHeap(State.Armed.Length);
        State.Armed.AsSpan().Fill(MonotonicInstant.Never);
        Keeper.Reconfigured(next, State);
        _links.Reconfigure(next);
        Transport.Reconfigure(next, kept);
        _runner.Reconfigured((index, isScript) => isScript ? next.Scripts.Span.IndexOf(old.Scripts[index]) : Array.IndexOf(kept, index));
        Probe.Reconfigured(index => Array.IndexOf(kept, index));
        _links.Retell(this);
        Vmacs.Look(_links);
        _trackers.Configure(this, isStart: false);
        _runner.Static.Apply(next);
        _secondaries.Apply(next);
        DrainQueue();

        // A delay after the start goes on; a reload makes none.
        _beginAt = _beginAt.IsNever ? _now : _beginAt;
        Begin();
        WritePresentStates();
        _runner.Checks.Reconfigure(_now);
        Reminder.Restart(_now);
        _isMemoryOwed = true;
    }

    /// <summary>Nothing lives any more of an attempt that an earlier life of the daemon started.</summary>
    public void LeftoverEnded(uint attempt)
    {
        Keeper.Settled(attempt);
        Enqueue(NodeEvent.LeftoverEnded(attempt));
    }

    /// <summary>Gives Core an event after those that wait already; for answers to effects, which must not interrupt them.</summary>
    public void Enqueue(in NodeEvent nodeEvent) => _queue.Enqueue(nodeEvent);

    /// <summary>Opens, moves or closes the socket of an instance after its source or interface has changed.</summary>
    public void OpenSocket(int instance, InternetAddress source)
    {
        VrrpConfig config = Config.Instances[instance];
        try
        {
            Transport.Open(instance, _links.IndexOf(config.Link), config.Vmac is { } vmac ? _links.IndexOf(vmac.Link) : 0, source);
        }
        catch (LinuxException exception)
        {
            _log.Write(TimelineLevel.Error, config.Name, "socket", $"({config.Name}) {exception.Message}");
            Enqueue(NodeEvent.SourceChanged(instance, InternetAddress.None));
        }
    }

    /// <summary>Tells the kernel's filters which sockets serve which Vrids now.</summary>
    public void CommitSockets() => Transport.Commit();

    /// <summary>Removes every virtual address at once, without Core: for a daemon that ends because of its own bug.</summary>
    public void RemoveEverything()
    {
        _runner.RemoveEverything();
        Vmacs.Remove();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _controlSocket?.Dispose();
        _leftovers.Dispose();
        Reload.Dispose();
        _control.Dispose();
        Watchdog.Dispose();
        Vmacs.Dispose();
        Transport.Dispose();
        Probe.Dispose();
        _trackers.Dispose();
        _runner.Dispose();
        _links.Dispose();
        _timer.Dispose();
        _poll.Dispose();
    }

    /// <summary>Reading the configuration leaves ten times as much garbage as the daemon will ever hold: the kernel gets it back at once.</summary>
    /// <remarks>A few milliseconds, twice per start, after the first adverts have left and after the first election, and once per reload, when nothing is due. In the steady state nothing is allocated.</remarks>
    private static void GiveBackMemory() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

    /// <summary>Takes up what an earlier life left, and has it on the disk before anything is sent or started.</summary>
    private void Recall()
    {
        _effects.Clear();
        NodeMemory memory = Keeper.Recall(_leftovers, Config);
        _recorder?.Memory(memory, _now);
        NodeRecall.Apply(Config, State, memory, _now, _effects);
        _recorder?.Effects(_effects);
        RunEffects();
        Keeper.Begin(Config, State);
    }

    private void RunEffects()
    {
        for (int i = 0; i < _effects.Count; i++)
        {
            _runner.Run(_effects[i], _now);
        }
    }

    private void Dispatch(long token)
    {
        switch (token)
        {
            case TimerToken:
                _timer.Acknowledge();
                break;
            case SignalToken:
                TakeSignals();
                break;
            case LinkToken:
                if (_links.Read(this))
                {
                    Vmacs.Look(_links);
                }

                _runner.Static.PutBack(_now);
                break;
            case PolledToken:
                _links.TakePolled(this);
                break;
            case FilterToken:
                _runner.Filter.Read(_now);
                break;
            case ProcessToken:
                _runner.TakeCompletions();
                break;
            case ProbeToken:
                Probe.Receive();
                break;
            case AgentToken:
                _runner.Steps.Agents.TakeTimer();
                break;
            case StateToken:
                Keeper.Take();
                break;
            case StateTimerToken:
                Keeper.TakeTimer();
                break;
            case LeftoverToken:
                _leftovers.Take();
                break;
            case CheckToken:
                _runner.Checks.TakeTimer();
                break;
            case WatchdogToken:
                Watchdog.Take();
                break;
            case TrackerToken:
                _trackers.Read(this);
                break;
            case NotifyToken:
                _runner.Notifications.Read();
                break;
            case ReloadToken:
                Reload.Take();
                break;
            case VmacToken:
                Vmacs.Take(_links, _now);
                break;
            case VmacFilterToken:
                Vmacs.ReadFilter();
                break;
            case >= ControlTokenBase and < SocketTokenBase:
                _controlSocket?.Serve(token, _now, _control.Answer);
                break;
            case >= ReachTokenBase:
                _runner.Steps.Reach.Take(token);
                break;
            default:
                _pace.Received(Transport.Receive(token, this));
                break;
        }
    }

    private void DrainQueue()
    {
        while (_queue.TryDequeue(out NodeEvent nodeEvent))
        {
            Deliver(nodeEvent);
        }
    }

    private void FireTimers()
    {
        Begin();
        if (Heartbeat.Due <= _now)
        {
            Heartbeat.Tick(_now);
        }

        if (Probe.Due <= _now)
        {
            Probe.Advance(_now);
            DrainQueue();
        }

        if (_runner.Steps.Reach.Due <= _now)
        {
            _runner.Steps.Reach.Advance(_now);
        }

        if (_runner.Checks.Due <= _now)
        {
            _runner.Checks.Advance(_now);
            DrainQueue();
        }

        Reminder.Advance(_now);
        _runner.Filter.Advance(_now);
        Vmacs.Advance(_now);
        if (_runner.Announcer.Due <= _now)
        {
            _runner.Announcer.Advance();
        }

        // A deadline that is armed again for the past fires again at once; the bound keeps a bug from holding the loop.
        int bound = (2 * State.Armed.Length) + 16;
        while (bound-- > 0 && Timers.TryTakeDue(_now, out int timer))
        {
            State.Armed[timer] = MonotonicInstant.Never;
            Deliver(NodeEvent.DeadlineReached(timer));
            DrainQueue();
        }
    }

    private void ArmTimer(MonotonicInstant settledAt)
    {
        // A settling that had no time at its instant waits for the next event.
        MonotonicInstant deadline = settledAt > _now ? MonotonicInstant.Earlier(NextDue(), settledAt) : NextDue();

        // A backup's deadline moves away with every advert. Then the timer stays where it is, fires once for nothing and is set anew: one wake-up
        // in place of a system call per packet. An armed instant that has passed is readable already.
        if (deadline < _timer.Armed)
        {
            _timer.Arm(deadline);
        }
    }

    private MonotonicInstant NextDue()
    {
        MonotonicInstant deadline = MonotonicInstant.Earlier(MonotonicInstant.Earlier(Timers.Earliest, _stop.Due), MonotonicInstant.Earlier(Probe.Due, _runner.Steps.Reach.Due));
        deadline = MonotonicInstant.Earlier(deadline, MonotonicInstant.Earlier(Heartbeat.Due, MonotonicInstant.Earlier(_runner.Checks.Due, Reminder.Due)));
        return MonotonicInstant.Earlier(deadline, MonotonicInstant.Earlier(_runner.Announcer.Due, MonotonicInstant.Earlier(MonotonicInstant.Earlier(_runner.Filter.Due, Vmacs.Due), _beginAt)));
    }

    /// <summary>A socket that somebody has removed, or that could not be made, is made anew: nobody has to restart a master for it.</summary>
    private void ListenAgain()
    {
        if (_controlPath.Length == 0 || _controlSocket is { IsInPlace: true })
        {
            return;
        }

        _controlSocket?.Dispose();
        if (!TryListen(_controlPath, out string problem))
        {
            _log.Write(TimelineLevel.Error, problem);
        }
        else if (_controlSocket is not null)
        {
            _log.Write(TimelineLevel.Notice, $"the control socket {_controlPath} was not there any more: it is made anew");
        }
    }

    private void TakeSignals()
    {
        while (_signals.TryTake(out DaemonSignal signal))
        {
            switch (signal)
            {
                case DaemonSignal.Terminate or DaemonSignal.Interrupt:
                    _stop.Request();
                    break;
                case DaemonSignal.Reload:
                    ListenAgain();
                    Reload.Request(isDryRun: false, out _);
                    break;
                default:
                    _dumps.Take(signal);
                    break;
            }
        }
    }
}
