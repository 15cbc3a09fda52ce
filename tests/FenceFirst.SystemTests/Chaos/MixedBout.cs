using System.Globalization;
using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>
/// Three nodes, one keepalived and two of ours, plain VRRP without promotion, and events from a seed: kill, stop, reload with another priority, link down, priority
/// by a tracked file, failing check. Judged by <see cref="MixedChecker"/>: a mixed cluster has to be as good as one of keepalived alone.
/// </summary>
internal sealed class MixedBout : IAsyncDisposable
{
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.2);
    private static readonly string[] Names = ["a", "b", "c"];

    private readonly Lab _lab;
    private readonly Random _random;
    private readonly string _keepalived;
    private readonly ChaosNode[] _nodes;
    private readonly Dictionary<string, List<(DateTime From, DateTime To)>> _cuts = Names.ToDictionary(name => name, _ => new List<(DateTime, DateTime)>());
    private readonly int[] _priorities = [150, 121, 102];

    private MixedBout(Lab lab, int seed)
    {
        _lab = lab;
        _random = new Random(seed);
        _keepalived = Names[((seed % Names.Length) + Names.Length) % Names.Length];
        Lock starting = new();
        _nodes = [.. Names.Select((name, i) => new ChaosNode(lab, lab[name], new Random(seed + (7919 * (i + 1))), () =>
        {
            lock (starting)
            {
                return IsKeepalived(name) ? lab[name].StartKeepalived(Configuration(i)) : lab[name].StartFenceFirst(Configuration(i));
            }
        }))];
    }

    private IPAddress Address => _lab.Virtual;

    private string Owner => Names.FirstOrDefault(name => _lab[name].Holds(Address)) ?? "";

    /// <summary>Runs a bout of so many events; the seed also says which node has keepalived.</summary>
    public static async Task<ChaosResult> RunAsync(int seed, int events, ITestOutputHelper output)
    {
        await using Lab lab = await Lab.OpenAsync(output, Names);
        await using MixedBout bout = new(lab, seed);
        return await bout.RunAsync(seed, events);
    }

    public ValueTask DisposeAsync()
    {
        foreach (ChaosNode node in _nodes)
        {
            node.Dispose();
        }
        return ValueTask.CompletedTask;
    }

    private async Task<ChaosResult> RunAsync(int seed, int events)
    {
        DateTime begin = DateTime.UtcNow;
        List<string> violations = [];
        for (int i = 0; i < Names.Length; i++)
        {
            _lab[Names[i]].WriteFile("more", "0\n");
            _nodes[i].Begin();
        }
        try
        {
            await _lab.UntilAsync(() => Owner.Length > 0, 20, "a first owner");
            for (int i = 0; i < events; i++)
            {
                await StrikeAsync();
            }
        }
        catch (Xunit.Sdk.XunitException trouble)
        {
            violations.Add(trouble.Message);
        }
        _lab.Note("test", "everything is mended");
        foreach (ChaosNode node in _nodes)
        {
            SetFailing(node, isFailing: false);
            node.Node.WriteFile("more", "0\n");
        }
        try
        {
            await _lab.UntilAsync(() => _nodes.All(node => node.Downs.All(down => down.To != DateTime.MaxValue)), 10, "every daemon to run");

            // A timer that was running when everything was mended may still fire once; then it is heard who is better.
            DateTime? since = null;
            await _lab.UntilAsync(
                () =>
                {
                    since = Names.Count(name => _lab[name].Holds(Address)) == 1 && Owner == Best ? since ?? DateTime.UtcNow : null;
                    return since is { } from && DateTime.UtcNow - from > TimeSpan.FromSeconds(1);
                },
                15,
                "the best to own the address, alone");
        }
        catch (Xunit.Sdk.XunitException nobody)
        {
            violations.Add("EventuallyOwned: " + nobody.Message.Split('\n')[0]);
        }
        Ownership ownership = _lab.OwnershipOf(Address);
        violations.AddRange(MixedChecker.OneOwner(ownership, Excuses(), Interval));
        string story = violations.Count == 0 ? "" : $"keepalived is {_keepalived}\n" + _lab.Failure("").Message;
        return new ChaosResult(seed, Math.Max(0, ownership.Intervals.Count - 1), (DateTime.UtcNow - begin).TotalSeconds, ownership.HeldTwice, ChaosChecker.Gaps(ownership), violations, story)
        {
            LongestUnexcused = MixedChecker.Unexcused(ownership, Excuses()).Select(part => part.To - part.From).DefaultIfEmpty().Max(),
        };
    }

    /// <summary>Who has the best priority when nothing is wrong; they always differ.</summary>
    private string Best => Names[Array.IndexOf(_priorities, _priorities.Max())];

    private Dictionary<string, IReadOnlyList<(DateTime From, DateTime To)>> Excuses() =>
        _nodes.ToDictionary(node => node.Name, node => (IReadOnlyList<(DateTime, DateTime)>)[.. node.Downs, .. _cuts[node.Name], .. _lab.Pauses]);

    private async Task StrikeAsync()
    {
        bool isOwner = _random.Next(10) < 7;
        int other = _random.Next(Names.Length), kind = _random.Next(7), value = _random.Next(-60, 61);
        TimeSpan held = TimeSpan.FromSeconds(0.1 + (1.2 * _random.NextDouble())), peace = TimeSpan.FromSeconds(0.1 + (0.7 * _random.NextDouble()));
        ChaosNode victim = isOwner && Owner is { Length: > 0 } owner ? _nodes[Array.IndexOf(Names, owner)] : _nodes[other];
        int index = Array.IndexOf(Names, victim.Name);
        switch (kind)
        {
            case 0:
                await victim.SignalAsync(Signal.Kill, isWhole: true);
                break;
            case 1:
                await victim.SignalAsync(Signal.Term, isWhole: false);
                break;
            case 2:
                // The last digit is the node's: when the files say 0 again, no two are alike.
                _priorities[index] = (10 * (8 + _random.Next(10))) + index;
                victim.Node.WriteFile(IsKeepalived(victim.Name) ? "keepalived.conf" : "fencefirst.conf", Configuration(index));
                await victim.SignalAsync(Signal.Hup, isWhole: false);
                break;
            case 3:
                await CutAsync(victim, held, plugged => _lab.SetCableAsync(victim.Node, plugged));
                break;
            case 4:
                await CutAsync(victim, held, up => victim.Node.SetLinkAsync(up));
                break;
            case 5:
                _lab.Note(victim.Name, $"priority {value:+0;-0}");
                victim.Node.WriteFile("more", value.ToString(CultureInfo.InvariantCulture) + "\n");
                break;
            default:
                SetFailing(victim, isFailing: true);
                await Task.Delay(held + TimeSpan.FromSeconds(0.6));
                SetFailing(victim, isFailing: false);
                break;
        }
        await Task.Delay(kind is 3 or 4 or 6 ? peace : held + peace);
    }

    private async Task CutAsync(ChaosNode victim, TimeSpan held, Func<bool, Task> set)
    {
        DateTime from = DateTime.UtcNow;
        await set(false);
        await Task.Delay(held);
        await set(true);
        _cuts[victim.Name].Add((from, DateTime.UtcNow));
    }

    private void SetFailing(ChaosNode node, bool isFailing)
    {
        _lab.Note(node.Name, isFailing ? "check fails" : "check succeeds");
        string file = Path.Combine(node.Node.Folder, "bad");
        if (isFailing)
        {
            File.WriteAllText(file, "");
        }
        else
        {
            File.Delete(file);
        }
    }

    private bool IsKeepalived(string name) => name == _keepalived;

    private string Configuration(int index)
    {
        Node node = _lab[Names[index]];
        string check = node.WriteScript("check.sh", $"[ ! -e {Path.Combine(node.Folder, "bad")} ]");
        return Conf.File(
            $"vrrp_script check {{\n    script {check}\n    interval 1\n    fall 1\n    rise 1\n    weight 0\n}}\ntrack_file more {{\n    file {Path.Combine(node.Folder, "more")}\n    weight 1\n}}\n",
            new Conf(Address)
            {
                Priority = _priorities[index],
                Interval = Interval.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture),
                Extra = "    track_script {\n        check\n    }\n    track_file {\n        more\n    }\n",
            });
    }
}
