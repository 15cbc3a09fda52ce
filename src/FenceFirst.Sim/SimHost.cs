using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Wire;

namespace FenceFirst.Sim;

/// <summary>A machine with its power, clock, kernel and daemon. The daemon's decisions are Core's; what the host does with them is the daemon's way.</summary>
/// <remarks>
/// A turn is one wake-up of the daemon's event loop: the clock is read once; packets are delivered, other news queued; the queue is drained; timers
/// fire. A halt or a death may come between any two effects; what was decided then is carried out later, or never.
/// </remarks>
internal sealed partial class SimHost
{
    private readonly SimWorld _world;
    private readonly VrrpAdvert[] _adverts;
    private bool _isStopping;
    private long _haltedUntil;
    private uint _halt;
    private bool _isClockStopped;
    private long _clockBase;
    private long _simBase;
    private readonly long _partsPerMillion;
    private long _wallOffset;
    private readonly uint[] _linkBits;
    private uint _linksDown;

    /// <summary>Switched off.</summary>
    public SimHost(SimWorld world, int index, NodeConfig config)
    {
        _world = world;
        Index = index;
        Config = config;
        Address = AddressOf(config, index);
        State = new NodeState(config, 0);
        _timers = new MonotonicInstant[State.Armed.Length];
        _timers.AsSpan().Fill(MonotonicInstant.Never);
        _things = new Thing[config.Instances.Count];
        _expiresAt = new long[config.Instances.Count];
        _isExpiryQueued = new bool[config.Instances.Count];
        _inquiries = new Inquiry[config.Instances.Count];
        _watches = new uint[config.Instances.Count];
        _known = new InstanceMemory[config.Instances.Count];
        _hmacSent = new HmacSenderState[config.Instances.Count];
        _hmacHeard = new HmacReceiverState[config.Instances.Count];
        _isScriptBad = new bool[config.Scripts.Count];
        _linkBits = [.. config.Instances.Select(instance => LinkBit(instance.Link))];
        _adverts = [.. config.Instances.Select(instance => new VrrpAdvert(
            instance.Version, instance.Vrid, 0, (byte)instance.Addresses.Count, instance.AdvertInterval, instance.Authentication))];
        _clockBase = (10 * Nano.Second) + world.Chance.Between(0, 1000 * Nano.Second);
        _partsPerMillion = world.Has(SimFaults.Drift) ? world.Chance.Between(-10_000, 10_000) : 0;
        _wallOffset = world.Has(SimFaults.WallClock) ? world.Chance.Between(-2 * Nano.Second, 2 * Nano.Second) : 0;
    }

    /// <summary>Position in the world.</summary>
    public int Index { get; }

    /// <summary>What the daemon is configured to do.</summary>
    public NodeConfig Config { get; }

    /// <summary>Where its adverts come from.</summary>
    public InternetAddress Address { get; }

    /// <summary>Core's state of the present life of the daemon.</summary>
    public NodeState State { get; private set; }

    /// <summary>Whether the machine has power.</summary>
    public bool IsPowered { get; private set; }

    /// <summary>Whether the daemon lives, running or halted.</summary>
    public bool IsDaemonUp { get; private set; }

    /// <summary>Whether the daemon does not run at the moment.</summary>
    public bool IsHalted => _haltedUntil > _world.Now;

    /// <summary>Whether every cable is in.</summary>
    public bool IsLinkUp => _linksDown == 0;

    /// <summary>Whether the daemon's loop is late again and again.</summary>
    public bool IsSlow { get; set; }

    /// <summary>Number of the present life of the daemon.</summary>
    public int Life { get; private set; }

    /// <summary>The node's own clock (CLOCK_BOOTTIME) in nanoseconds.</summary>
    public long Clock
    {
        get
        {
            long passed = _world.Now - _simBase;
            return _isClockStopped ? _clockBase : _clockBase + passed + (passed / 1_000_000 * _partsPerMillion);
        }
    }

    private long WallClock => _world.Now + _wallOffset + (1_700_000_000 * Nano.Second);

    /// <summary>The address that node number <paramref name="index"/> sends from.</summary>
    public static InternetAddress AddressOf(NodeConfig config, int index) =>
        config.Instances.Count > 0 && !config.Instances[0].Source.IsNone ? config.Instances[0].Source : SimCluster.AddressOf(index);

    /// <summary>Power at once, the daemon after a while.</summary>
    public void Begin(long daemonAfter)
    {
        IsPowered = true;
        See(SightingKind.PowerOn);
        After(daemonAfter, ItemKind.StartDaemon);
    }

    /// <summary>Nothing goes wrong from now on; what is broken is mended.</summary>
    public void Heal()
    {
        IsSlow = false;
        _endIn = -1;
        SetWallClock(0);
        _isScriptBad.AsSpan().Clear();
        SetLink(isUp: true);
        EndEndlessPrograms();
        if (IsHalted)
        {
            _haltedUntil = _world.Now;
            Resume(new SimItem { Attempt = _halt });
        }

        if (!IsPowered)
        {
            After(_world.Chance.Between(Nano.Second, 5 * Nano.Second), ItemKind.Boot, _boot);
        }
        else if (!IsDaemonUp || _isStopping)
        {
            EndDaemon(isOrderly: false);
            After(_world.Chance.Between(Nano.Second, 3 * Nano.Second), ItemKind.StartDaemon);
        }
        else
        {
            Arrive(new SimItem { Kind = ItemKind.Operator, Node = (byte)Index, Number = (int)OperatorWord.Maintenance, Data = UntilNow });
            for (int i = 0; i < Config.Instances.Count; i++)
            {
                // An operator looks at every node at once, and again when what was hanging has ended.
                SimItem retry = new() { Time = _world.Now + (5 * Nano.Second), Kind = ItemKind.Operator, Node = (byte)Index, Instance = (byte)i, Number = (int)OperatorWord.Retry };
                _world.Queue.Push(retry);
                Arrive(retry);
            }
        }
    }

    /// <summary>Sets the wall clock off by so much.</summary>
    public void SetWallClock(long offset)
    {
        See(SightingKind.WallClockSet);
        _wallOffset = offset;
    }

    /// <summary>Whether the cable is in on which an instance sends and hears.</summary>
    public bool IsLinkUpFor(int instance) => instance >= _linkBits.Length || (_linksDown & _linkBits[instance]) == 0;

    /// <summary>How a link stands in <see cref="SightingKind.LinkChanged"/>.</summary>
    public static uint LinkBit(int link) => 1u << Math.Clamp(link, 0, 31);

    /// <summary>A cable is pulled or put back; below zero, all of them.</summary>
    public void SetLink(bool isUp, int link = -1)
    {
        uint links = link >= 0 ? LinkBit(link) : uint.MaxValue >> (32 - Math.Clamp(Config.Links.Count, 1, 32));
        uint down = isUp ? _linksDown & ~links : _linksDown | links;
        if (down == _linksDown)
        {
            return;
        }

        _linksDown = down;
        See(SightingKind.LinkChanged, number: isUp ? 1 : 0, attempt: links);
        Arrive(new SimItem { Kind = ItemKind.LinkNews, Node = (byte)Index });
    }

    private void TellLink()
    {
        for (int link = 0; link < Config.Links.Count; link++)
        {
            bool isUp = (_linksDown & LinkBit(link)) == 0;
            if (State.LinksUp[link] != isUp)
            {
                _queue.Enqueue(NodeEvent.LinkChanged(link, isUp));
            }
        }
    }

    private void After(long delay, ItemKind kind, uint attempt = 0) =>
        _world.Queue.Push(new SimItem { Time = _world.Now + delay, Kind = kind, Node = (byte)Index, From = (byte)Index, Attempt = attempt });

    private void See(SightingKind kind, int instance = 0, Thing thing = Thing.None, int number = 0, uint attempt = 0, int by = -1) => _world.Watch.See(new Sighting
    {
        Kind = kind,
        Node = (byte)Index,
        Instance = (byte)instance,
        Thing = thing,
        Number = number,
        Attempt = attempt,
        By = (sbyte)by,
        At = _world.Now,
        Clock = Clock,
    });
}
