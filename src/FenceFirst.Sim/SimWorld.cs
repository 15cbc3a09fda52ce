using FenceFirst.Core;

namespace FenceFirst.Sim;

/// <summary>Nodes, the network between them and what goes wrong, in simulated time that jumps from one happening to the next.</summary>
/// <remarks>No wall clock, no thread, no chance but <see cref="Chance"/>: a run is a function of its options.</remarks>
internal sealed class SimWorld
{
    private readonly SimDisturber _disturber;

    /// <summary>Everything is switched off; <see cref="Run"/> begins.</summary>
    public SimWorld(SimOptions options, Watch watch)
    {
        Options = options;
        Watch = watch;
        Faults = options.Faults;
        Chance = new Prng(options.Seed);
        int instances = options.Nodes.Max(node => node.Instances.Count);
        Hosts = new SimHost[options.Nodes.Length];
        for (int i = 0; i < Hosts.Length; i++)
        {
            Hosts[i] = new SimHost(this, i, options.Nodes[i]);
        }

        Network = new SimNetwork(this, Hosts.Length, instances);
        _disturber = new SimDisturber(this, instances);
    }

    /// <summary>What the run was asked to be.</summary>
    public SimOptions Options { get; }

    /// <summary>What goes wrong.</summary>
    public SimFaults Faults { get; }

    /// <summary>All chance of the run.</summary>
    public Prng Chance { get; }

    /// <summary>Who looks on.</summary>
    public Watch Watch { get; }

    /// <summary>Who lets a scenario happen; null = chance alone decides what goes wrong.</summary>
    public ScenarioDirector? Director { get; set; }

    /// <summary>What will happen.</summary>
    public EventQueue Queue { get; } = new();

    /// <summary>The machines.</summary>
    public SimHost[] Hosts { get; }

    /// <summary>The link between them.</summary>
    public SimNetwork Network { get; }

    /// <summary>Simulated time, nanoseconds from the beginning.</summary>
    public long Now { get; private set; }

    /// <summary>Whether the time of faults is over.</summary>
    public bool IsHealed { get; private set; }

    /// <summary>Items taken from the queue so far.</summary>
    public long Items { get; private set; }

    /// <summary>Whether this kind of fault is part of the run.</summary>
    public bool Has(SimFaults fault) => (Faults & fault) != 0;

    /// <summary>The node that sends from an address; -1 = none of ours.</summary>
    public int NodeOf(InternetAddress address)
    {
        for (int i = 0; i < Hosts.Length; i++)
        {
            if (Hosts[i].Address == address)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>The whole run: faults, then none, then quiet.</summary>
    public void Run()
    {
        foreach (SimHost host in Hosts)
        {
            host.Begin(Faults == SimFaults.None ? 0 : Chance.Between(0, 5 * Nano.Second));
        }

        _disturber.Begin();
        RunUntil(Options.SafetyTime);
        if (!Watch.IsOver)
        {
            Heal();
            RunUntil(Options.SafetyTime + Options.SettleTime + Options.QuietTime);
        }

        Watch.End(Now);
    }

    /// <summary>Lets everything happen that is due up to an instant.</summary>
    public void RunUntil(long end)
    {
        while (Queue.NextTime <= end && !Watch.IsOver)
        {
            SimItem item = Queue.Pop();
            Now = item.Time;
            Items++;
            Happen(item);
        }

        Now = Watch.IsOver ? Now : Math.Max(Now, end);
    }

    /// <summary>From now on nothing goes wrong, and what is broken is mended.</summary>
    public void Heal()
    {
        IsHealed = true;
        Network.Heal();
        Watch.See(new Sighting { Kind = SightingKind.Healed, By = -1, At = Now });
        foreach (SimHost host in Hosts)
        {
            host.Heal();
        }
    }

    private void Happen(in SimItem item)
    {
        SimHost host = Hosts[item.Node];
        switch (item.Kind)
        {
            case ItemKind.Wake:
                host.Wake(item);
                break;
            case ItemKind.Packet:
            case ItemKind.Refused:
                host.FrameArrives(item);
                break;
            case ItemKind.Resume:
                host.Resume(item);
                break;
            case ItemKind.StepEnds:
            case ItemKind.ScriptEnds:
                host.ProgramEnds(item);
                break;
            case ItemKind.Strike:
                host.Strike(item);
                break;
            case ItemKind.Boot:
                host.Boot(item);
                break;
            case ItemKind.StartDaemon:
                host.StartDaemon(item);
                break;
            case ItemKind.ProbeDue:
            case ItemKind.ProbeAnswer:
            case ItemKind.Operator:
                host.Arrive(item);
                break;
            case ItemKind.WriteEnds:
                host.WriteEnds(item);
                break;
            case ItemKind.DiskAnswers:
                host.PromiseIsDue(item);
                break;
            case ItemKind.WatchdogBites:
                host.WatchdogBites(item);
                break;
            case ItemKind.LeaseEnds:
                host.LeaseEnds(item);
                break;
            case ItemKind.LinkUp:
                host.SetLink(isUp: true, item.Number);
                break;
            case ItemKind.CutEnds:
                Network.EndCut(item);
                break;
            case ItemKind.ThiefGoes:
                Network.SetThief(item.Instance, isHere: false);
                break;
            case ItemKind.LoopFast:
                host.IsSlow = false;
                break;
            case ItemKind.Disturb:
                _disturber.Next();
                break;
            case ItemKind.Script:
                Director!.Act(item.Number); // It has put the item in.
                break;
            case ItemKind.LinkNews:
            case ItemKind.AddressNews:
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }
}
