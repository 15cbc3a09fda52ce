using FenceFirst.Core;
using FenceFirst.Linux.Native;

namespace FenceFirst.Demo;

/// <summary>What happens, in order: two beginnings of the same failure, with a fence that fails and with one that works.</summary>
/// <remarks>
/// Nothing is claimed from what the daemons say about themselves where a kernel can be asked: addresses come from netlink, adverts and ARP
/// from a capture in the client's namespace, service from the client. Waits are bounded; when one ends without its event the story ends.
/// </remarks>
internal sealed class Story(Stage stage, Narrator narrator, bool isFenceLying, CancellationToken cancellation)
{
    private const int PollMs = 5;

    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TakeoverMax = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ServiceMax = TimeSpan.FromSeconds(5);

    /// <summary>How long nobody may be served, nothing may be taken, before we believe that it stays so.</summary>
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(1);

    /// <summary>What was asked before the cable was cut may still be answered this long after it.</summary>
    private static readonly TimeSpan Underway = TimeSpan.FromMilliseconds(250);

    private readonly List<Claim> _claims = [];
    private readonly List<Moment> _timeline = [];
    private int _act;

    /// <summary>What was claimed.</summary>
    public IReadOnlyList<Claim> Claims => _claims;

    /// <summary>The second act by the clock; its first line is the origin.</summary>
    public IReadOnlyList<Moment> Timeline => _timeline;

    /// <summary>Whether it was told to its end and every claim held.</summary>
    public bool HasSucceeded { get; private set; }

    /// <summary>Plays it.</summary>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public void Play() => HasSucceeded = Begin() && FailingFence() && WorkingFence() && _claims.TrueForAll(claim => claim.IsHeld);

    private bool Begin()
    {
        narrator.Heading("The beginning");
        narrator.Say($"Node A ({NodePlan.A.Address}, priority {NodePlan.A.Priority}) is switched on. Its rule: before I take {NodePlan.VirtualAddress}, node B is fenced. "
            + "The power supply answers that B is off; it is, nobody has switched it on yet.");
        MonotonicInstant start = MonotonicClock.Now;
        stage.A.PowerOn();
        if (!Expect("a-takes-address", "Node A took the address.", () => stage.Observer.IsHeldBy(NodePlan.A), StartMax))
        {
            return false;
        }

        PowerRequest? request = stage.Power.Find(NodePlan.B, start);
        Check(
            "a-fenced-first",
            "It did so only after its fence had succeeded.",
            request is { IsOff: true, IsAddressOnOther: false } && stage.Observer.AddedAt(NodePlan.A) >= request.DoneAt);
        narrator.Say($"Node B ({NodePlan.B.Address}, priority {NodePlan.B.Priority}) is switched on. Its rule is the mirror image: before I take {NodePlan.VirtualAddress}, node A is fenced.");
        MonotonicInstant joined = MonotonicClock.Now;
        stage.B.PowerOn();
        return Expect("b-stands-by", "Node B stands by: it hears node A.", () => stage.B.Log?.Find($"master is {NodePlan.A.Address}") is not null, StartMax)
            && Expect("a-serves", "The client is served by node A.", () => stage.Client.First(joined, NodePlan.A) is not null, ServiceMax);
    }

    private bool FailingFence()
    {
        _act = 1;
        narrator.Heading("Act 1: node A falls silent, and the fence fails");
        stage.Power.IsBroken = true;
        MonotonicInstant cutAt = MonotonicClock.Now;
        stage.Network.SetConnected(NodePlan.A, false);
        narrator.Say("The switch forgets the port of node A. A lives, holds the address and notices nothing; B hears only silence. "
            + "A plain VRRP standby would take the address now, and there would be two. B asks its fence first, and the power supply does not react.");
        if (!Expect("fence-failed", "Node B ran its fence, and the fence failed.", () => Failure(cutAt) is not null, TakeoverMax))
        {
            return false;
        }

        narrator.Quote("node B's log", Failure(cutAt)!.Text.Replace("error: (VI_1) ", "", StringComparison.Ordinal)); // Expect saw it.
        Check("fence-asked", "The power supply was asked and did not say \"off\".", stage.Power.Find(NodePlan.A, cutAt) is { IsOff: false });
        Check(
            "reason-given",
            "Node B says why, and what would help.",
            Failure(cutAt)!.Text is string said && said.Contains("exited with status 1", StringComparison.Ordinal) && said.Contains("fence_a.sh", StringComparison.Ordinal));
        Wait(Watch);
        MonotonicInstant rejoinedAt = MonotonicClock.Now;
        Check("b-stayed-down", "The address was never on node B: its kernel was watched, and asked.", IsUntakenByB());
        Check("no-arp", "Node B sent no gratuitous ARP.", stage.Observer.FirstArp(stage.Network.MacOf(NodePlan.B), MonotonicInstant.Zero) is null);
        Check("not-served", "The client was not served meanwhile. That is the price, and two writers would cost more.", stage.Client.First(cutAt + Underway) is null);
        stage.Network.SetConnected(NodePlan.A, true);
        narrator.Say("The switch knows the port again.");
        if (!Expect("served-again", "The client is served again.", () => stage.Client.First(rejoinedAt) is not null, ServiceMax))
        {
            return false;
        }

        Wait(Watch);
        Check("served-by-a", "It is node A that serves it, and nobody else has.", stage.Client.IsServedOnlyBy(NodePlan.A, rejoinedAt, MonotonicClock.Now));
        Check("a-kept-address", "Node A held the address all the time.", stage.Observer.TimesTaken(NodePlan.A) == 1 && stage.Observer.IsHeldBy(NodePlan.A));
        CheckHeldOnce();
        return IsUntakenByB();
    }

    private bool WorkingFence()
    {
        _act = 2;
        narrator.Heading($"Act 2: the same failure, and the fence {(isFenceLying ? "lies" : "works")}");
        stage.Power.IsBroken = false;
        stage.Power.IsLying = isFenceLying;
        MonotonicInstant cutAt = MonotonicClock.Now;
        stage.Network.SetConnected(NodePlan.A, false);
        narrator.Say("The switch forgets the port of node A again. "
            + (isFenceLying
                ? "This time the power supply lies: it says \"off\" and does nothing."
                : "This time the power supply obeys: it kills every process in A and takes its network card away."));
        if (!Expect("fenced", "Node B ran its fence, and the power supply answered that node A is off.", () => stage.Power.Find(NodePlan.A, cutAt) is { IsOff: true }, TakeoverMax)
            || !Expect("b-takes-address", "Node B took the address.", () => stage.Observer.IsHeldBy(NodePlan.B), TakeoverMax)
            || !Expect("arp-seen", "Its gratuitous ARP reached the client.", () => Arp(cutAt) is not null, ServiceMax)
            || !Expect("b-serves", "The client is served by node B.", () => stage.Client.First(cutAt, NodePlan.B) is not null, ServiceMax))
        {
            return false;
        }

        Wait(Watch / 2);
        PowerRequest request = stage.Power.Find(NodePlan.A, cutAt)!; // Expect saw it.
        Check("fence-first", "When node A was off, node B did not hold the address yet: its kernel was asked at that moment.", !request.IsAddressOnOther);
        Check(
            "nothing-before-fence",
            "Before the fence was done there was neither the address on node B nor a gratuitous ARP of it.",
            request.DoneAt <= stage.Observer.AddedAt(NodePlan.B) && request.DoneAt <= Arp(cutAt)!.Value.At);
        Check("a-is-off", "Nothing of node A is left.", !stage.A.IsOn && !stage.Observer.IsHeldBy(NodePlan.A) && !stage.Network.IsHeldBy(NodePlan.A));
        Check("only-b-serves", "From then on only node B answers.", stage.Client.IsServedOnlyBy(NodePlan.B, request.DoneAt, MonotonicClock.Now));
        CheckHeldOnce();
        BuildTimeline(cutAt, request);
        return true;
    }

    private void BuildTimeline(MonotonicInstant cutAt, PowerRequest request)
    {
        const string Wire = "the wire at the client";
        const string Log = "node B's log";
        if (stage.Observer.LastAdvert(NodePlan.A, request.DoneAt) is { } advert)
        {
            _timeline.Add(new Moment(advert.At, "last-advert", "last advert of node A", Wire));
        }

        AddLogged("Receive advertisement timeout", "master-down", "node B takes the master for lost");
        AddLogged("fence node_a started", "fence-started", "fence started");
        _timeline.Add(new Moment(request.DoneAt, "power-off", "node A is off", "the power supply"));
        AddLogged("fence node_a succeeded", "fence-done", "fence done: exit status 0");
        _timeline.Add(new Moment(stage.Observer.AddedAt(NodePlan.B), "address-added", "address added on node B", "netlink, as read"));
        _timeline.Add(new Moment(Arp(cutAt)!.Value.At, "first-arp", "first gratuitous ARP", Wire)); // Expect saw it.
        _timeline.Add(new Moment(stage.Client.First(cutAt, NodePlan.B)!.Value.At, "client-served", "client is served again, by node B", "the client")); // Expect saw it.

        void AddLogged(string text, string name, string words)
        {
            LogLine? line = stage.B.Log?.Find(text, cutAt);
            if (line is not null)
            {
                _timeline.Add(new Moment(line.At, name, words, Log));
            }

            Check($"logged-{name}", $"Node B's log tells of it: {words}.", line is not null, isSilent: line is not null);
        }
    }

    private LogLine? Failure(MonotonicInstant from) => stage.B.Log?.Find("promotion: failed at fence node_a", from);

    private SeenArp? Arp(MonotonicInstant from) => stage.Observer.FirstArp(stage.Network.MacOf(NodePlan.B), from);

    private bool IsUntakenByB() => stage.Observer.TimesTaken(NodePlan.B) == 0 && !stage.Network.IsHeldBy(NodePlan.B);

    private void CheckHeldOnce()
    {
        TimeSpan twice = stage.Observer.HeldTwice();
        Check(
            _act == 1 ? "held-once-so-far" : "held-once",
            $"Time during which both nodes held the address: {twice.TotalMilliseconds:0.###} ms.",
            twice == TimeSpan.Zero && !stage.Observer.HasMissedNews);
    }

    /// <summary>Waits for something to become true, and claims that it did.</summary>
    private bool Expect(string name, string text, Func<bool> isTrue, TimeSpan max)
    {
        MonotonicInstant end = MonotonicClock.Now + max;
        bool isHeld = isTrue();
        while (!isHeld && MonotonicClock.Now < end)
        {
            Wait(TimeSpan.FromMilliseconds(PollMs));
            isHeld = isTrue();
        }

        Check(name, isHeld ? text : $"{text} Not within {max.TotalSeconds:0} s.", isHeld);
        return isHeld;
    }

    private void Check(string name, string text, bool isHeld, bool isSilent = false)
    {
        Claim claim = new(_act, name, text, isHeld);
        _claims.Add(claim);
        if (!isSilent)
        {
            narrator.Tell(claim);
        }
    }

    private void Wait(TimeSpan duration)
    {
        cancellation.WaitHandle.WaitOne(duration);
        cancellation.ThrowIfCancellationRequested();
    }
}
