using System.Globalization;
using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>What came of a bout.</summary>
/// <param name="Seed">Of the bout.</param>
/// <param name="Failovers">Take-overs after the first.</param>
/// <param name="Seconds">How long it lasted.</param>
/// <param name="HeldTwice">How long more than one node held the address.</param>
/// <param name="Gaps">How long nobody held it before each take-over.</param>
/// <param name="Violations">What the checkers found.</param>
/// <param name="Story">Everything that was seen; empty when nothing was found.</param>
internal sealed record ChaosResult(int Seed, int Failovers, double Seconds, TimeSpan HeldTwice, IReadOnlyList<TimeSpan> Gaps, IReadOnlyList<string> Violations, string Story)
{
    /// <summary>In a mixed cluster: the longest time with two owners that nothing excused.</summary>
    public TimeSpan LongestUnexcused { get; init; }
}

/// <summary>
/// Three nodes with real daemons in namespaces, a power board, and trouble from a seed: what is done is drawn from it, when it hits is the machine's matter.
/// At the end everything is mended, and one node has to own the address.
/// </summary>
internal sealed class ChaosBout : IAsyncDisposable
{
    private const string Interval = "0.1";
    private const int TroublesPerFailover = 6;
    private static readonly string[] Names = ["a", "b", "c"];

    private readonly Lab _lab;
    private readonly Random _random;
    private readonly bool _isKeepalived;
    private readonly ChaosNode[] _nodes;
    private readonly PowerBoard _board;
    private readonly List<Task> _later = [];

    private ChaosBout(Lab lab, int seed, bool isKeepalived)
    {
        _lab = lab;
        _random = new Random(seed);
        _isKeepalived = isKeepalived;
        Lock starting = new();
        _nodes = [.. Names.Select((name, i) => new ChaosNode(lab, lab[name], new Random(seed + (7919 * (i + 1))), () =>
        {
            lock (starting)
            {
                return isKeepalived ? lab[name].StartKeepalived(Configuration(i, 0)) : lab[name].StartFenceFirst(Configuration(i, 0));
            }
        }))];
        _board = new PowerBoard(Path.Combine(lab.Folder, "board"), seed, name => Find(name).PowerOffAsync(OffSeconds()), name => Find(name).IsOn);
    }

    private IPAddress Address => _lab.Virtual;

    private string Owner => Names.FirstOrDefault(name => _lab[name].Holds(Address)) ?? "";

    /// <summary>Runs a bout of so many failovers, or of six times as many troubles: on a crowded machine some of them move nothing.</summary>
    public static async Task<ChaosResult> RunAsync(int seed, int failovers, bool isKeepalived, ITestOutputHelper output)
    {
        await using Lab lab = await Lab.OpenAsync(output, Names);
        await using ChaosBout bout = new(lab, seed, isKeepalived);
        return await bout.RunAsync(seed, failovers);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_later);
        foreach (ChaosNode node in _nodes)
        {
            node.Dispose();
        }
        _board.Dispose();
    }

    private async Task<ChaosResult> RunAsync(int seed, int failovers)
    {
        DateTime begin = DateTime.UtcNow;
        List<string> violations = [];
        foreach (ChaosNode node in _nodes)
        {
            node.Begin();
        }
        try
        {
            await _lab.UntilAsync(() => Owner.Length > 0, 20, "a first owner");
            for (int trouble = 0; trouble < TroublesPerFailover * failovers && FailoversSoFar() < failovers; trouble++)
            {
                await MakeTroubleAsync();
            }
        }
        catch (Xunit.Sdk.XunitException trouble)
        {
            violations.Add(trouble.Message);
        }
        await MendAsync();
        try
        {
            await _lab.UntilAsync(() => Names.Count(name => _lab[name].Holds(Address)) == 1 && _nodes.All(node => node.IsOn), 30, "one owner in the end (EventuallyOwned)");
        }
        catch (Xunit.Sdk.XunitException nobody)
        {
            violations.Add("EventuallyOwned: " + nobody.Message.Split('\n')[0]);
        }
        Ownership ownership = _lab.OwnershipOf(Address);
        IReadOnlyList<PowerRequest> board = _board.Log;
        if (!_isKeepalived)
        {
            violations.AddRange(ChaosChecker.OneOwner(ownership));
            violations.AddRange(ChaosChecker.Permission(ownership, board, Names));
            violations.AddRange(ChaosChecker.TruthfulBoard(ownership, board));
        }
        IReadOnlyList<TimeSpan> gaps = ChaosChecker.Gaps(ownership);
        string story = violations.Count == 0 ? "" : Tell(ownership, board);
        return new ChaosResult(seed, Math.Max(0, ownership.Intervals.Count - 1), (DateTime.UtcNow - begin).TotalSeconds, ownership.HeldTwice, gaps, violations, story);
    }

    private int FailoversSoFar() => _lab.OwnershipOf(Address).Intervals.Count - 1;

    /// <summary>One or two strokes, then the wait for what comes of them, at most four seconds, and a while of peace.</summary>
    private async Task MakeTroubleAsync()
    {
        int before = FailoversSoFar();
        if (_random.Next(3) > 0)
        {
            await _lab.HealAsync();
        }
        for (int strokes = _random.Next(3) == 0 ? 2 : 1; strokes > 0; strokes--)
        {
            ChaosNode victim = Victim();
            await StrikeAsync(_random.Next(12), victim, Names.Where(name => name != victim.Name).ElementAt(_random.Next(2)));
        }
        double patience = 2 + (2 * _random.NextDouble()), peace = 0.05 + (0.6 * _random.NextDouble());
        DateTime until = DateTime.UtcNow.AddSeconds(patience);
        while (FailoversSoFar() == before && DateTime.UtcNow < until)
        {
            await Task.Delay(20);
        }
        await Task.Delay(TimeSpan.FromSeconds(peace));
    }

    /// <summary>The owner mostly: the others' troubles move nothing.</summary>
    private ChaosNode Victim()
    {
        bool isOwner = _random.Next(10) < 7;
        int other = _random.Next(3);
        return isOwner && Owner is { Length: > 0 } owner ? Find(owner) : _nodes[other];
    }

    private async Task StrikeAsync(int kind, ChaosNode victim, string other)
    {
        double seconds = 0.2 + (1.5 * _random.NextDouble());
        switch (kind)
        {
            case 0:
                // keepalived is two processes; the death of the first ends the second.
                await victim.SignalAsync(Signal.Kill, isWhole: _isKeepalived);
                break;
            case 1:
                await victim.SignalAsync(Signal.Kill, isWhole: true);
                break;
            case 2 or 3:
                await victim.SignalAsync(Signal.Stop, isWhole: _isKeepalived);
                Later(seconds, () => victim.SignalAsync(Signal.Cont, isWhole: _isKeepalived));
                break;
            case 4:
                await CutAsync(victim, Names, isOut: true, isIn: false);
                break;
            case 5:
                await CutAsync(victim, Names, isOut: false, isIn: true);
                break;
            case 6:
                await CutAsync(victim, Names, isOut: true, isIn: true);
                break;
            case 7:
                await CutAsync(victim, [other], isOut: true, isIn: _random.Next(2) == 0);
                break;
            case 8:
                int percent = 20 + _random.Next(60);
                _lab.Note("switch", $"loses {percent} % of all frames");
                await _lab.RunAsync("ip", ["netns", "exec", _lab["a"].Namespace[..^1] + "switch", "nft", $"add rule bridge lab forward numgen random mod 100 < {percent} drop"]);
                break;
            case 9:
                int index = Array.IndexOf(Names, victim.Name);
                victim.Node.WriteFile(_isKeepalived ? "keepalived.conf" : "fencefirst.conf", Configuration(index, _random.Next(60)));
                await victim.SignalAsync(Signal.Hup, isWhole: false);
                break;
            case 10:
                await victim.SignalAsync(Signal.Term, isWhole: false);
                break;
            default:
                _lab.Note(victim.Name, "power cut");
                await victim.PowerOffAsync(OffSeconds());
                break;
        }
        if (_random.Next(4) == 0)
        {
            _board.Upset(Enumerable.Range(0, 1 + _random.Next(3)).Select(_ => (BoardMood)_random.Next(5)));
        }
    }

    private async Task CutAsync(ChaosNode victim, IEnumerable<string> others, bool isOut, bool isIn)
    {
        foreach (string other in others.Where(name => name != victim.Name))
        {
            if (isOut)
            {
                await _lab.CutAsync(victim.Node, _lab[other]);
            }
            if (isIn)
            {
                await _lab.CutAsync(_lab[other], victim.Node);
            }
        }
    }

    private async Task MendAsync()
    {
        await Task.WhenAll(_later);
        _board.Calm();
        await _lab.HealAsync();
        foreach (ChaosNode node in _nodes)
        {
            await node.SignalAsync(Signal.Cont, isWhole: true);
        }
    }

    private void Later(double seconds, Func<Task> what) => _later.Add(Task.Run(async () =>
    {
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        await what();
    }));

    private ChaosNode Find(string name) => _nodes.Single(node => node.Name == name);

    /// <summary>How long a node stays off; the board asks from threads of its own, so this is not the seed's.</summary>
    private static double OffSeconds() => 0.2 + (0.8 * Random.Shared.NextDouble());

    /// <summary>The same topology for both programs; the promotion is what only one of them has.</summary>
    private string Configuration(int index, int more)
    {
        Conf instance = new(Address) { Priority = 150 - (25 * index) + more, Interval = Interval, Extra = "    nopreempt\n" };
        if (_isKeepalived)
        {
            return Conf.File(instance);
        }
        string devices = "", fences = "";
        foreach (string other in Names.Where(name => name != Names[index]))
        {
            string script = _lab[Names[index]].WriteScript($"fence_{other}.sh", _board.Script(Names[index], other));
            string delay = (0.3 * index).ToString("0.0", CultureInfo.InvariantCulture);
            devices += $"fence_device {other} {{\n    script {script}\n    targets {_lab[other].Address}\n    timeout 1\n    attempts 2\n    retry_interval 0.1\n    delay {(fences.Length == 0 ? delay : "0")}\n}}\n";
            fences += $"        fence {other}\n";
        }
        return Conf.File(devices, instance with
        {
            Extra = $"    nopreempt\n    promotion {{\n        fence_scope all\n{fences}        on_failure retry_after 0.3\n    }}\n",
        });
    }

    private string Tell(Ownership ownership, IReadOnlyList<PowerRequest> board)
    {
        IEnumerable<Seen> story = ownership.Intervals.SelectMany(held => new[] { new Seen(held.From, held.Node + " kernel", "holds the address"), new Seen(held.To, held.Node + " kernel", "holds it no more") })
            .Concat(board.SelectMany(request => new[]
            {
                new Seen(request.AskedAt, "board", $"{request.By} asks for {request.Target}, epoch {request.Epoch}"),
                new Seen(request.OffAt, "board", $"{request.Target} is off, for {request.By}"),
                new Seen(request.AnsweredAt, "board", $"answers {request.By} about {request.Target}: {(request.IsSuccess ? "off" : "failed")}"),
            }).Where(seen => seen.At > DateTime.UnixEpoch));
        return string.Join('\n', story.OrderBy(seen => seen.At)) + "\n" + _lab.Failure("").Message;
    }
}
