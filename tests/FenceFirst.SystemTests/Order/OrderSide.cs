using FenceFirst.Tests.Repo;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>One of the two daemons in a laboratory of its own, with the observer; the other one goes through the same beside it.</summary>
internal sealed class OrderSide : IAsyncDisposable
{
    private const string Pipe = "pipe";

    /// <summary>An answer to an advert comes within this; the next one of the grid comes later.</summary>
    private static readonly TimeSpan AnswerMax = TimeSpan.FromMilliseconds(150);

    private readonly ScriptLog _log;
    private readonly OrderObserver _observer;
    private readonly string _keepalived;
    private DateTime _from;
    private IReadOnlyList<int> _suspended = [];

    private OrderSide(Lab lab, string? keepalived, int instances)
    {
        Lab = lab;
        IsOurs = keepalived is null;
        _keepalived = keepalived ?? "";
        _log = lab.OpenScriptLog();
        Configuration = new OrderConf(lab, Node, Node.WriteScript("tell.sh", "note $$ $*", _log), Path.Combine(Node.Folder, Pipe), instances);
        _observer = new OrderObserver(Node, Configuration.Pipe, lab.Changed);
    }

    public Lab Lab { get; }

    public bool IsOurs { get; }

    public OrderConf Configuration { get; }

    public Node Node => Lab["a"];

    public Daemon? Daemon { get; private set; }

    /// <summary>Goes through a story with both daemons at the same time.</summary>
    /// <param name="output">Of the test.</param>
    /// <param name="instances">How many there are.</param>
    /// <param name="story">What is done and expected.</param>
    /// <param name="keepalived">Which keepalived.</param>
    public static async Task BesideAsync(ITestOutputHelper output, int instances, Func<OrderSide, Task> story, string keepalived = "keepalived")
    {
        await using OrderSide theirs = await OpenAsync(output, Needs.FindProgram(keepalived) ?? keepalived, instances), ours = await OpenAsync(output, null, instances);
        await Task.WhenAll(story(theirs), story(ours));
        foreach (OrderSide side in (OrderSide[])[theirs, ours])
        {
            output.WriteLine($"{(side.IsOurs ? "FenceFirst" : "keepalived")}: the order of {side.Certain} of {side.Pairs} neighbours was certain");
            Assert.True(side.Certain * 3 > side.Pairs * 2, $"only {side.Certain} of {side.Pairs} were certain");
        }
    }

    private static async Task<OrderSide> OpenAsync(ITestOutputHelper output, string? keepalived, int instances)
    {
        Assert.True(OrderFactAttribute.HasProcessNews, OrderFactAttribute.WithoutProcessNews);
        Lab lab = await Lab.OpenAsync(output, "a", "b");
        await lab["a"].RunAsync("mkfifo", Path.Combine(lab["a"].Folder, Pipe));
        return new OrderSide(lab, keepalived, instances);
    }

    public async ValueTask DisposeAsync()
    {
        _observer.Dispose();
        await Lab.DisposeAsync();
    }

    /// <summary>Starts the daemon.</summary>
    public void Start() => Daemon = IsOurs ? Node.StartFenceFirst(Configuration.Text) : Node.StartKeepalived(_keepalived, Configuration.Text, []);

    /// <summary>Reads the changed configuration anew.</summary>
    public void Reload()
    {
        Node.WriteFile(IsOurs ? "fencefirst.conf" : "keepalived.conf", Configuration.Text);
        Daemon!.Send(Signal.Hup);
    }

    /// <summary>Stops every process of the daemon. What was expected is counted from the end of the stop.</summary>
    public void Suspend() => _suspended = SendToAll(Native.Family(Daemon!.Id), Signal.Stop);

    /// <summary>Lets it go on when its timers are later than its peers wait.</summary>
    public async Task GoOnAsync(TimeSpan masterDown)
    {
        await Task.Delay(masterDown);
        _from = DateTime.UtcNow;
        SendToAll(_suspended, Signal.Cont);
    }

    private static IReadOnlyList<int> SendToAll(IReadOnlyList<int> processes, Signal signal)
    {
        foreach (int pid in processes)
        {
            Native.Kill(pid, signal);
        }
        return processes;
    }

    /// <summary>Somebody on node b says something about an instance.</summary>
    public async Task SayAsync(int instance, byte priority)
    {
        // Right after an advert, so that the next one of the grid is far away.
        int before = Adverts(instance).Count;
        await Lab.UntilAsync(() => Adverts(instance).Count > before, 5, "an advert to answer");
        SayUnheard(instance, priority);
    }

    /// <summary>Somebody on node b says something about an instance while nobody listens.</summary>
    public void SayUnheard(int instance, byte priority)
    {
        using FramePort port = FramePort.Open(Lab["b"]);
        port.Send(Adverts(instance)[^1].Frame.Bytes.From(Lab["b"].Address, priority));
    }

    /// <summary>A better master on node b, until it is disposed of.</summary>
    public IDisposable Rival(int instance) => new OrderRival(Lab["b"], Adverts(instance)[^1].Frame.Bytes.From(Lab["b"].Address, 200));

    /// <summary>Does something, and expects of the first instance what the table says of it and nothing else, since the last time that something was expected.</summary>
    public Task ExpectAsync(OrderRow row, string state, Func<Task> provoke) => ExpectAsync([new(0, row, state)], provoke);

    public Task ExpectAsync(OrderRow row, string state, Action provoke) => ExpectAsync([new(0, row, state)], provoke);

    public Task ExpectAsync(OrderWish[] wishes, Action provoke, string group = "") => ExpectAsync(wishes, () =>
    {
        provoke();
        return Task.CompletedTask;
    }, group);

    /// <summary>As above, for several instances that move at once, and their group.</summary>
    /// <param name="wishes">What is expected of each.</param>
    /// <param name="provoke">What is done.</param>
    /// <param name="group">What the group is told of; empty = nothing.</param>
    public async Task ExpectAsync(OrderWish[] wishes, Func<Task> provoke, string group = "")
    {
        Lab.Note("test", string.Join(", ", wishes.Select(each => $"{OrderConf.Name(each.Instance)} {each.Row.Title}: {each.Row.When}")));
        await provoke();
        DateTime from = _from;
        try
        {
            await Lab.UntilAsync(() => wishes.All(each => Expected(each.Row).Count <= Seen(each.Instance, each.Row, from).Count) && GroupSeen(from).Count >= (group.Length > 0 ? 3 : 0), 12, "what the table says");
            await Lab.WhileAsync(() => wishes.All(each => Expected(each.Row).Count == Seen(each.Instance, each.Row, from).Count), 0.15, "nothing more is seen");
        }
        catch (Xunit.Sdk.XunitException)
        {
            // Told below, with what was seen.
        }
        _from = DateTime.UtcNow;
        List<List<(Sight Sight, OrderEvent Event)>> all = [];
        foreach (OrderWish wish in wishes)
        {
            all.Add(Seen(wish.Instance, wish.Row, from));
            Check(wish.Instance, wish.Row, wish.State, all[^1]);
        }
        CheckGroup(group, GroupSeen(from), wishes[0].Row, all);
    }

    /// <summary>The group is told of after its members, but at the start before them; and one member is raised after the other.</summary>
    private void CheckGroup(string state, List<(Sight Sight, OrderEvent Event)> seen, OrderRow row, List<List<(Sight Sight, OrderEvent Event)>> members)
    {
        List<OrderEvent> told = [.. seen.Select(each => each.Event)];
        string story = string.Join('\n', told.Concat(members.SelectMany(each => each.Select(one => one.Event))).OrderBy(each => each.NotAfter));
        Sight[] order = state.Length == 0 ? [] : IsOurs ? [Sight.PipeLine, Sight.StateScript, Sight.NotifyScript] : [Sight.StateScript, Sight.NotifyScript, Sight.PipeLine];
        if (!order.Order().SequenceEqual(seen.Select(each => each.Sight).Order()) || seen.Any(each => !each.Event.Text.EndsWith(each.Sight == Sight.StateScript ? state : $"{state} 0", StringComparison.Ordinal)))
        {
            throw Lab.Failure($"{(IsOurs ? "FenceFirst" : "keepalived")}, {row.Title}: of the group this was told instead of \"{state}\":\n{story}");
        }
        OrderEvent[] inOrder = [.. order.Select(sight => seen.Single(each => each.Sight == sight).Event)];
        if (inOrder.Zip(inOrder.Skip(1)).Any(pair => pair.Second.IsCertainlyBefore(pair.First)))
        {
            throw Lab.Failure($"{(IsOurs ? "FenceFirst" : "keepalived")}, {row.Title}: the group is told in the wrong order, instead of {string.Join(", ", order)}\n{story}");
        }
        bool isFirst = row == OrderTable.Start;
        foreach (OrderEvent group in told)
        {
            foreach (OrderEvent member in members.SelectMany(each => each).Where(each => each.Event.Source == group.Source).Select(each => each.Event))
            {
                // Ours starts scripts of the group and of its members beside each other: their own order is that of the lines in the pipe.
                if ((!IsOurs || group.Source == OrderSource.Pipe) && (isFirst ? member.IsCertainlyBefore(group) : group.IsCertainlyBefore(member)))
                {
                    throw Lab.Failure($"{(IsOurs ? "FenceFirst" : "keepalived")}, {row.Title}: group and members are in the wrong order\n{story}");
                }
            }
        }
        if (state.Length > 0 && row == OrderTable.Raise)
        {
            OrderEvent[][] acts = [.. members.Select(each => each.Where(one => one.Event.Source is OrderSource.Kernel or OrderSource.Wire).Select(one => one.Event).ToArray())];
            bool IsAfter(OrderEvent[] one, OrderEvent[] other) => !one.Any(each => other.Any(earlier => each.IsCertainlyBefore(earlier)));
            if (!IsAfter(acts[0], acts[1]) && !IsAfter(acts[1], acts[0]))
            {
                throw Lab.Failure($"{(IsOurs ? "FenceFirst" : "keepalived")}: the members were raised at the same time\n{story}");
            }
        }
    }

    private List<(Sight Sight, OrderEvent Event)> GroupSeen(DateTime from) =>
    [
        .. _observer.Events.Where(each => each.NotAfter >= from && each.Source == OrderSource.Pipe && each.Text.StartsWith("GROUP", StringComparison.Ordinal)).Select(each => (Sight.PipeLine, each)),
        .. Scripts(from, "G").Select(each => (each.What == "state" ? Sight.StateScript : Sight.NotifyScript, each.Fork)),
    ];

    private IEnumerable<(string What, OrderEvent Fork)> Scripts(DateTime from, string who)
    {
        foreach (ScriptLine line in _log.Lines.Where(line => line.At >= from))
        {
            string[] words = line.Text.Split(' ');
            if (words[1] == who && _observer.ForkOf(int.Parse(words[0]), line.Text) is { } fork)
            {
                yield return (words[2], fork);
            }
        }
    }

    private IReadOnlyList<Sight> Expected(OrderRow row) => IsOurs ? row.Ours : row.Keepalived;

    private void Check(int instance, OrderRow row, string state, List<(Sight Sight, OrderEvent Event)> seen)
    {
        IReadOnlyList<Sight> expected = Expected(row);
        string told = $"{(IsOurs ? "FenceFirst" : "keepalived")}, {row.Title} ({row.When}), instance {instance + 1}\nexpected: {string.Join(", ", expected)}\nseen:     {string.Join(", ", seen.Select(each => each.Sight))}\n"
            + string.Join('\n', seen.Select(each => $"{each.Sight,-16} {each.Event}"));
        if (!expected.Order().SequenceEqual(seen.Select(each => each.Sight).Order()))
        {
            throw Lab.Failure("Something else was seen.\n" + told);
        }
        // The states that scripts and pipe were told of.
        foreach ((_, OrderEvent each) in seen.Where(each => each.Sight is Sight.PipeLine or Sight.StateScript or Sight.NotifyScript))
        {
            if (row.TakenAway is null && !each.Text.Contains(state, StringComparison.Ordinal))
            {
                throw Lab.Failure($"\"{each.Text}\" does not tell of {state}.\n{told}");
            }
        }
        // Same sights are taken in the order of their times.
        List<(Sight Sight, OrderEvent Event)> left = [.. seen.OrderBy(each => each.Event.NotAfter)];
        List<OrderEvent> ordered = [];
        foreach (Sight sight in expected)
        {
            int next = left.FindIndex(each => each.Sight == sight);
            ordered.Add(left[next].Event);
            left.RemoveAt(next);
        }
        for (int i = 0; i < ordered.Count; i++)
        {
            for (int later = i + 1; later < ordered.Count; later++)
            {
                if (ordered[later].IsCertainlyBefore(ordered[i]))
                {
                    throw Lab.Failure($"{expected[later]} came before {expected[i]}.\n{told}");
                }
            }
        }
        Certain += ordered.Zip(ordered.Skip(1)).Count(pair => pair.First.IsCertainlyBefore(pair.Second));
        Pairs += Math.Max(0, ordered.Count - 1);
    }

    /// <summary>Neighbours in the order whose order was certain, of all: an observer that cannot tell anything agrees with everything.</summary>
    public int Certain { get; private set; }

    public int Pairs { get; private set; }

    private List<(Sight Sight, OrderEvent Event)> Seen(int instance, OrderRow row, DateTime from)
    {
        List<(Sight, OrderEvent)> seen = [];
        foreach (OrderEvent each in _observer.Events.Where(each => each.NotAfter >= from))
        {
            Sight? sight = each.Source == OrderSource.Pipe
                ? each.Text.Contains($"\"{OrderConf.Name(instance)}\"", StringComparison.Ordinal) ? Sight.PipeLine : null
                : Configuration.SightOf(instance, each.Text);
            if (sight is { } known)
            {
                seen.Add((known, each));
            }
        }
        if (row.TakenAway is { } gone)
        {
            // The test's own removal.
            seen.RemoveAt(seen.FindIndex(each => each.Item1 == gone) is >= 0 and int own ? own : throw Lab.Failure($"Nothing was removed: {gone} was not seen."));
        }
        seen.AddRange(Scripts(from, OrderConf.Name(instance)).Select(each => (each.What == "state" ? Sight.StateScript : Sight.NotifyScript, each.Fork)));
        bool isAdvertExpected = row.IsEveryAdvertNoticed || row.IsGridFar || Expected(row).Contains(Sight.Advert);
        DateTime? asked = null, announced = null;
        foreach ((long number, Frame frame) in _observer.Frames.Where(each => each.Frame.At >= from))
        {
            OrderEvent each = new(OrderSource.Wire, number, frame.At, frame.At, frame.GetType().Name);
            switch (frame)
            {
                case Frame.Vrrp advert when advert.Vrid == OrderConf.Vrid(instance) && !Node.Owns(advert.Source):
                    asked = frame.At;
                    break;
                case Frame.Vrrp { Priority: 0 } advert when advert.Vrid == OrderConf.Vrid(instance):
                    seen.Add((Sight.PriorityZero, each));
                    break;
                case Frame.Vrrp { Priority: OrderConf.Priority } when row == OrderTable.Priority:
                    // The next one of the grid tells the new priority.
                    break;
                case Frame.Vrrp advert when advert.Vrid == OrderConf.Vrid(instance) && isAdvertExpected:
                    if (row.IsGridFar)
                    {
                        seen.Add((Sight.Advert, each));
                    }
                    else if (row != OrderTable.YieldAloud && row.Transition is not (Core.Vrrp.Transition.Assert or Core.Vrrp.Transition.Answer))
                    {
                        // The first one; the others are the grid.
                        seen.Add((Sight.Advert, each));
                        isAdvertExpected = false;
                    }
                    else if (asked is { } at && frame.At > at && frame.At - at < AnswerMax)
                    {
                        seen.Add((Sight.Advert, each));
                        isAdvertExpected = false;
                    }
                    break;
                case Frame.Neighbour { Kind: NeighbourKind.Gratuitous } claim when row.IsUnicast && claim.Target.Equals(Node.Address):
                    seen.Add((Sight.OwnAnnounced, each));
                    break;
                case Frame.Neighbour { Kind: NeighbourKind.Gratuitous } claim when Configuration.Announces(instance, claim.Target):
                    // One burst is one announcement.
                    if (announced is not { } last || frame.At - last > TimeSpan.FromMilliseconds(500))
                    {
                        seen.Add((Sight.Announced, each));
                    }
                    announced = frame.At;
                    break;
            }
        }
        return [.. seen.OrderBy(each => each.Item2.NotAfter)];
    }

    private List<(DateTime At, Frame.Vrrp Frame)> Adverts(int instance) =>
        [.. _observer.Frames.Select(each => each.Frame).OfType<Frame.Vrrp>().Where(each => each.Vrid == OrderConf.Vrid(instance) && Node.Owns(each.Source) && each.Priority > 0).Select(each => (each.At, each))];
}

/// <summary>What is expected of an instance: a row of the table, and the state that scripts and pipe are told of.</summary>
internal sealed record OrderWish(int Instance, OrderRow Row, string State);

/// <summary>Says the same at short intervals until it is disposed of.</summary>
internal sealed class OrderRival : IDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly Task _work;

    public OrderRival(Node node, byte[] frame) => _work = Task.Run(async () =>
    {
        using FramePort port = FramePort.Open(node);
        while (!_end.IsCancellationRequested)
        {
            port.Send(frame);
            await Task.Delay(100);
        }
    });

    public void Dispose()
    {
        _end.Cancel();
        _work.Wait(TimeSpan.FromSeconds(2));
        _end.Dispose();
    }
}
