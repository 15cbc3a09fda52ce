namespace FenceFirst.Bench;

/// <summary>Brings a daemon into the state in which it is measured, and makes sure that it is there.</summary>
internal static class Measured
{
    /// <summary>Both daemons, in the order in which they take their turns.</summary>
    public static readonly Subject[] Subjects = [Subject.FenceFirst, Subject.Keepalived];

    /// <summary>Both repeat their gratuitous ARP five seconds after becoming master; what comes after that is the steady state.</summary>
    private static readonly TimeSpan MasterSettles = TimeSpan.FromSeconds(7);

    /// <summary>Runs a daemon as master of all its virtual routers and measures it in its steady state.</summary>
    public static T AsMaster<T>(Subject subject, Conf conf, Func<Daemon, Lab, T> measure)
    {
        using Lab lab = new();
        using Daemon daemon = Daemon.Start(subject, lab.Here, conf with { Priority = 255 });
        Thread.Sleep(MasterSettles);
        CheckAddresses(daemon, lab, conf.Instances);
        T result = measure(daemon, lab);
        CheckAddresses(daemon, lab, conf.Instances);
        daemon.Stop();
        return result;
    }

    /// <summary>Runs a daemon as backup of all its virtual routers, fed by this program: no second keepalived shares pages with the one measured.</summary>
    public static T AsFedBackup<T>(Subject subject, Conf conf, Func<Daemon, T> measure)
    {
        using Lab lab = new();
        using Daemon daemon = Daemon.Start(subject, lab.Here, conf with { Priority = 100 });
        AdvertSender.Send(lab.There, conf, (int)(MasterSettles.TotalSeconds / conf.IntervalSeconds));
        CheckAddresses(daemon, lab, 0);
        T result = measure(daemon);
        CheckAddresses(daemon, lab, 0);
        daemon.Stop();
        return result;
    }

    /// <summary>Runs a daemon as backup of all its virtual routers, beside a keepalived that is their master.</summary>
    public static T AsBackup<T>(Subject subject, Conf conf, Func<Daemon, Lab, T> measure)
    {
        using Lab lab = new();
        using Daemon master = Daemon.Start(Subject.Keepalived, lab.There, conf with { Priority = 255 });
        using (WireTap tap = new(lab.Here))
        {
            tap.WaitForFirst(TimeSpan.FromSeconds(10), master);
        }

        using Daemon daemon = Daemon.Start(subject, lab.Here, conf with { Priority = 100 });
        // The master's second gratuitous ARP is over as well.
        Thread.Sleep(MasterSettles);
        CheckAddresses(daemon, lab, 0);
        T result = measure(daemon, lab);
        CheckAddresses(daemon, lab, 0);
        daemon.Stop();
        master.Stop();
        return result;
    }

    private static void CheckAddresses(Daemon daemon, Lab lab, int expected)
    {
        daemon.CheckAlive();
        int present = Lab.VirtualAddresses(lab.Here).Count;
        if (present != expected)
        {
            throw new InvalidOperationException($"{daemon.Subject} holds {present} virtual addresses instead of {expected}; its log:\n{daemon.Log}");
        }
    }
}
