using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using FenceFirst.Linux;

namespace FenceFirst.Daemon;

/// <summary>The one thread of the daemon: waits for descriptors and deadlines, turns them into events, and carries out what Core decides.</summary>
/// <remarks>
/// Packets are read before timers fire, so that a loop that was late does not take a master for dead whose adverts are waiting in the socket.
/// Nothing here blocks: programs run beside, the log has its own thread, and the kernel answers rtnetlink within the call.
/// </remarks>
internal sealed class EventLoop : IDisposable
{
    private const long TimerToken = 0;
    private const long SignalToken = 1;
    private const long LinkToken = 2;
    private const long ProcessToken = 3;
    private const long ProbeToken = 10;
    private const long AgentToken = 11;
    private const long ControlTokenBase = 100;
    private const long SocketTokenBase = 1000;
    private const long ReachTokenBase = 1L << 32;

    /// <summary>Notify scripts get this long when the daemon stops; keepalived gives them one second.</summary>
    private static readonly TimeSpan StopBound = TimeSpan.FromSeconds(10);

    private readonly EventPoll _poll = new();
    private readonly DeadlineTimer _timer = new();
    private readonly EffectBuffer _effects = new();
    private readonly Queue<NodeEvent> _queue = new();
    private readonly LogWriter _log;
    private readonly LinkTable _links;
    private readonly EffectRunner _runner;
    private readonly Signals _signals;
    private readonly Func<NodeConfig?> _loadConfig;
    private readonly ControlServer _control;
    private ControlSocket? _controlSocket;
    private readonly bool[] _unknownVrids = new bool[256];
    private NodeConfig? _nextConfig;
    private MonotonicInstant _now;
    private MonotonicInstant _stopBy = MonotonicInstant.Never;
    private bool _isStopping;

    /// <summary>Opens everything the configuration needs; nothing is sent or changed before <see cref="Run"/>.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="epochBase">A number greater than every epoch used before.</param>
    /// <param name="log">The log.</param>
    /// <param name="signals">Signals of the process.</param>
    /// <param name="loadConfig">Reads the configuration again for a reload; null = refused, and the reasons are in the log.</param>
    public EventLoop(NodeConfig config, ulong epochBase, LogWriter log, Signals signals, Func<NodeConfig?> loadConfig)
    {
        Config = config;

        // Different on every node is enough for delays. The cryptographic generator would load OpenSSL: 4 MB for eight bytes.
        State = new NodeState(config, epochBase, (ulong)Random.Shared.NextInt64());
        Timers = new TimerHeap(State.Armed.Length);
        _log = log;
        _signals = signals;
        _loadConfig = loadConfig;
        _links = new LinkTable(config, log);
        Transport = new VrrpTransport(config, _poll, SocketTokenBase);
        Probe = new AddressProbe(this, _links, _poll, ProbeToken);
        PhaseTimes times = new();
        _runner = new EffectRunner(this, _links, log, times, _poll, ReachTokenBase);
        _control = new ControlServer(this, _links, log, times);
        _poll.Add(_timer.Descriptor, PollEvents.Readable, TimerToken);
        _poll.Add(signals.Descriptor, PollEvents.Readable, SignalToken);
        _poll.Add(_links.Descriptor, PollEvents.Readable, LinkToken);
        _poll.Add(_runner.Processes.Descriptor, PollEvents.Readable, ProcessToken);
        _poll.Add(_runner.Agents.Descriptor, PollEvents.Readable, AgentToken);
    }

    /// <summary>The configuration in force.</summary>
    public NodeConfig Config { get; private set; }

    /// <summary>Core's state.</summary>
    public NodeState State { get; private set; }

    /// <summary>Deadlines armed by Core.</summary>
    public TimerHeap Timers { get; private set; }

    /// <summary>VRRP sockets.</summary>
    public VrrpTransport Transport { get; }

    /// <summary>Asks the links for addresses.</summary>
    public AddressProbe Probe { get; }

    /// <summary>The instant of the present turn.</summary>
    public MonotonicInstant Now => _now;

    /// <summary>Begins to listen on the control socket; false when a living daemon answers there. Every other trouble costs the socket only.</summary>
    public bool TryListen(string path, out string problem)
    {
        _controlSocket = ControlSocket.TryListen(path, _poll, ControlTokenBase, out bool isAlive, out problem);
        if (_controlSocket is null && !isAlive)
        {
            _log.Write(TimelineLevel.Error, $"{problem}; the daemon goes on without it: fencefirst status and confirm will not work");
        }

        return !isAlive;
    }

    /// <summary>Runs until a signal has asked for the end and every instance has come to rest.</summary>
    public void Run()
    {
        _now = MonotonicClock.Now;
        _links.Resync(this);
        _runner.SweepLeftovers();
        DrainQueue();
        Deliver(NodeEvent.Started());
        DrainQueue();
        SystemdNotify.Send("READY=1");
        ProcessTuning.ReleaseStartupCode();
        GiveBackMemory();
        Span<EpollEvent> ready = new EpollEvent[EventPoll.ReadyMax];
        while (!IsFinished())
        {
            ArmTimer();
            int count = _poll.Wait(ready, -1);
            _now = MonotonicClock.Now;
            for (int i = 0; i < count; i++)
            {
                Dispatch(ready[i].Token);
            }

            DrainQueue();
            FireTimers();
            DrainQueue();
            CompleteReload();
        }

        _runner.Notifications.Abandon();
    }

    /// <summary>Gives Core an event now and carries out what it decides.</summary>
    public void Deliver(in NodeEvent nodeEvent)
    {
        _effects.Clear();
        NodeMachine.Step(Config, State, nodeEvent, _now, _effects);
        for (int i = 0; i < _effects.Count; i++)
        {
            _runner.Run(_effects[i], _now);
        }

        _runner.CommitRenewals();
    }

    /// <summary>Gives Core an event after those that wait already; for answers to effects, which must not interrupt them.</summary>
    public void Enqueue(in NodeEvent nodeEvent) => _queue.Enqueue(nodeEvent);

    /// <summary>Opens, moves or closes the socket of an instance after its source or interface has changed.</summary>
    public void OpenSocket(int instance, InternetAddress source)
    {
        VrrpConfig config = Config.Instances[instance];
        try
        {
            Transport.Open(instance, _links.IndexOf(config.Link), source);
        }
        catch (LinuxException exception)
        {
            _log.Write(TimelineLevel.Error, config.Name, "socket", $"({config.Name}) {exception.Message}");
            Enqueue(NodeEvent.SourceChanged(instance, InternetAddress.None));
        }
    }

    /// <summary>Tells the kernel's filters which sockets serve which Vrids now.</summary>
    public void CommitSockets() => Transport.Commit();

    /// <summary>An accepted advert carried another list of addresses than ours.</summary>
    public void ReportAddressListDifference(int instance, InternetAddress source) => _runner.Record(
        new TimelineEntry { Kind = TimelineKind.AddressListDiffers, Index = instance, Address = source, Phase = State.Instances[instance].Phase }, _now);

    /// <summary>What an operator should know about the clocks of an instance with auth_hmac.</summary>
    public void ReportHmac(int instance, HmacNotice notice, InternetAddress source) => _runner.Record(
        new TimelineEntry
        {
            Kind = notice == HmacNotice.ClockSkew ? TimelineKind.ClockSkewed : TimelineKind.ReplayMarkForgotten,
            Index = instance,
            Address = source,
            Phase = State.Instances[instance].Phase,
        },
        _now);

    /// <summary>A packet for a Vrid that is not configured on its interface; only told of with log_unknown_vrids, and once per Vrid.</summary>
    public void ReportUnknownVrid(byte vrid, InternetAddress source)
    {
        if (!_unknownVrids[vrid])
        {
            _unknownVrids[vrid] = true;
            _log.Write(TimelineLevel.Warning, $"packets from {source} for virtual router {vrid}, which is not configured here (said once)");
        }
    }

    /// <summary>Removes every virtual address at once, without Core: for a daemon that ends because of its own bug.</summary>
    public void RemoveEverything() => _runner.RemoveEverything();

    /// <inheritdoc/>
    public void Dispose()
    {
        _controlSocket?.Dispose();
        Transport.Dispose();
        Probe.Dispose();
        _runner.Dispose();
        _links.Dispose();
        _timer.Dispose();
        _poll.Dispose();
    }

    /// <summary>Reading the configuration leaves ten times as much garbage as the daemon will ever hold: the kernel gets it back at once.</summary>
    /// <remarks>A few milliseconds, once per start and reload, after the first adverts have left. In the steady state nothing is allocated.</remarks>
    private static void GiveBackMemory() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

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
                _links.Read(this);
                break;
            case ProcessToken:
                _runner.TakeCompletions();
                break;
            case ProbeToken:
                Probe.Receive();
                break;
            case AgentToken:
                _runner.Agents.TakeTimer();
                break;
            case >= ControlTokenBase and < SocketTokenBase:
                _controlSocket?.Serve(token, _now, _control.Answer);
                break;
            case >= ReachTokenBase:
                _runner.Reach.Take(token);
                break;
            default:
                Transport.Receive(token, this);
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
        if (Probe.Due <= _now)
        {
            Probe.Advance(_now);
            DrainQueue();
        }

        if (_runner.Reach.Due <= _now)
        {
            _runner.Reach.Advance(_now);
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

    private void ArmTimer()
    {
        MonotonicInstant deadline = MonotonicInstant.Earlier(MonotonicInstant.Earlier(Timers.Earliest, _stopBy), MonotonicInstant.Earlier(Probe.Due, _runner.Reach.Due));

        // A backup's deadline moves away with every advert. Then the timer stays where it is, fires once for nothing and is set anew: one wake-up
        // in place of a system call per packet. An armed instant that has passed is readable already.
        if (deadline < _timer.Armed)
        {
            _timer.Arm(deadline);
        }
    }

    private void TakeSignals()
    {
        while (_signals.TryTake(out DaemonSignal signal))
        {
            switch (signal)
            {
                case DaemonSignal.Terminate or DaemonSignal.Interrupt:
                    Stop();
                    break;
                case DaemonSignal.Reload:
                    BeginReload();
                    break;
                case DaemonSignal.WriteState or DaemonSignal.WriteCounters:
                    CountersLog.Write(_log, Config, State, Transport.Counters);
                    break;
            }
        }
    }

    private void Stop()
    {
        if (_isStopping)
        {
            return;
        }

        _isStopping = true;
        SystemdNotify.Send("STOPPING=1");
        _log.Write(TimelineLevel.Notice, "Stopping");
        Enqueue(NodeEvent.StopRequested());
    }

    private bool IsFinished()
    {
        if (!_isStopping || !State.IsStopped)
        {
            return false;
        }

        if (!_runner.Notifications.IsBusy)
        {
            return true;
        }

        if (_stopBy.IsNever)
        {
            _stopBy = _now + StopBound;
        }
        else if (_now >= _stopBy)
        {
            _log.Write(TimelineLevel.Warning, $"notify scripts still run after {TimelineText.Duration(StopBound)}; they are killed");
            return true;
        }

        return false;
    }

    /// <summary>Reads the file; what is not as before is stopped in order under the old configuration first.</summary>
    private void BeginReload()
    {
        if (_isStopping || _nextConfig is not null)
        {
            _log.Write(TimelineLevel.Warning, "reload refused: the daemon is busy with a stop or another reload");
            return;
        }

        SystemdNotify.Send("RELOADING=1");
        NodeConfig? next = _loadConfig();
        if (next is null)
        {
            _log.Write(TimelineLevel.Error, "reload refused: the file has errors; the running configuration stays");
            SystemdNotify.Send("READY=1");
            return;
        }

        _nextConfig = next;
        _log.Write(TimelineLevel.Notice, "Reloading");
    }

    private void CompleteReload()
    {
        if (_nextConfig is null || _isStopping)
        {
            return;
        }

        // Apart from the question above, which is asked after every wake-up: what the lambda below captures is allocated where its method begins.
        CompleteReload(_nextConfig, NodeReload.KeptInstances(Config, State, _nextConfig));
    }

    private void CompleteReload(NodeConfig next, int[] kept)
    {
        bool isReady = true;
        for (int i = 0; i < Config.Instances.Count; i++)
        {
            if (kept.Contains(i))
            {
                continue;
            }

            if (!State.Instances[i].IsStopping)
            {
                _log.Write(TimelineLevel.Notice, Config.Instances[i].Name, "reload", $"({Config.Instances[i].Name}) changed or removed by the reload: stopping it in order");
                Deliver(NodeEvent.StopRequested(i));
                DrainQueue();
            }

            isReady &= State.Instances[i].IsStopped;
        }

        if (!isReady)
        {
            return;
        }

        NodeConfig old = Config;
        _nextConfig = null;
        State = NodeReload.Carry(Config, State, next, kept);
        Config = next;
        Timers = new TimerHeap(State.Armed.Length);
        State.Armed.AsSpan().Fill(MonotonicInstant.Never);
        _links.Reconfigure(next);
        Transport.Reconfigure(next, kept);
        _runner.Reconfigured((index, isScript) => isScript ? next.Scripts.Span.IndexOf(old.Scripts[index]) : Array.IndexOf(kept, index));
        Probe.Reconfigured(index => Array.IndexOf(kept, index));
        _links.Resync(this);
        DrainQueue();
        Deliver(NodeEvent.Started());
        DrainQueue();
        _log.Write(TimelineLevel.Notice, "reload complete");
        SystemdNotify.Send("READY=1");
        GiveBackMemory();
    }
}
