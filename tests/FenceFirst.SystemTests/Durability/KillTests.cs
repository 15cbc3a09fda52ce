using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>
/// The daemon is killed at random moments of a failover and started again: G1, G2 and G3 hold in every run, and the address comes in the end. Judged by
/// <see cref="StoryChecker"/> from the kernels' address messages, the scripts' own words and the journal.
/// </summary>
[Collection(Alone.Name)]
public sealed class KillTests(ITestOutputHelper output)
{
    /// <summary>How many runs; FENCEFIRST_KILL_RUNS names another number.</summary>
    private const int RunsByDefault = 200;

    /// <summary>Runs beside each other, each in a laboratory of its own: a run waits most of its time.</summary>
    private const int Lanes = 12;

    /// <summary>Seed of run 0; run N has this plus N. FENCEFIRST_KILL_SEED names another one.</summary>
    private const int SeedByDefault = 20260101;

    private static int Runs => Number("FENCEFIRST_KILL_RUNS", RunsByDefault);

    private static int FirstSeed => Number("FENCEFIRST_KILL_SEED", SeedByDefault);

    [NeedsFact("fencefirst", "bash", "flock")]
    public async Task Killed_at_random_moments_the_guarantees_hold_in_every_run()
    {
        int next = -1, kills = 0, taken = 0, alive = 0;
        List<string> found = [];
        using PauseMeter meter = new();
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(_ => Task.Run(async () =>
        {
            await using Lab lab = await Lab.OpenAsync(new Quiet(), "a", "b");
            KillLane lane = new(lab, meter);
            for (int run = Interlocked.Increment(ref next); run < Runs; run = Interlocked.Increment(ref next))
            {
                (Story story, bool isTaken, string trouble) = await lane.RunAsync(FirstSeed + run);
                List<string> violations = trouble.Length > 0 ? [trouble] : StoryChecker.Violations(story);
                lock (found)
                {
                    kills += story.Kills.Count;
                    taken += isTaken ? 1 : 0;
                    alive += lane.Outlived;
                    found.AddRange(violations.Select(each => $"seed {FirstSeed + run}: {each}"));
                    if (violations.Count > 0)
                    {
                        output.WriteLine($"seed {FirstSeed + run}\n{lane.Tell(story)}");
                    }
                }
            }
        })));
        output.WriteLine($"{Runs} runs, {kills} kills, {alive} scripts outlived their daemon, the address came in {taken} runs");
        Assert.True(found.Count == 0, string.Join('\n', found.Take(20)));
        Assert.Equal(Runs, taken);
        Assert.True(alive > 0 && kills >= Runs, "the kills hit nothing that was under way");
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : otherwise;

    private sealed class Quiet : ITestOutputHelper
    {
        public void WriteLine(string message)
        {
        }

        public void WriteLine(string format, params object[] args)
        {
        }
    }

    /// <summary>One laboratory in which run follows run: a is the old master, b the standby whose daemon is killed.</summary>
    private sealed class KillLane(Lab lab, PauseMeter meter)
    {
        private const string Interval = "0.05";
        private readonly Node _a = lab["a"];
        private readonly Node _b = lab["b"];

        /// <summary>Scripts of the last run that were at work when their daemon was killed.</summary>
        public int Outlived { get; private set; }

        public async Task<(Story Story, bool IsTaken, string Trouble)> RunAsync(int seed)
        {
            Random random = new(seed);
            bool isCut = random.Next(2) == 0;
            // A slow fence outlives the daemon for longer than the next life waits; a stubborn one does not end when it is asked to.
            bool isSlow = random.Next(3) == 0, isStubborn = isSlow && random.Next(3) == 0;
            double fenceSeconds = isSlow ? 1.2 : 0.02 + (0.15 * random.NextDouble());
            string firstStatus = random.Next(4) == 0 ? "1" : "0";
            double[] moments = [.. Enumerable.Range(0, random.Next(4) == 0 ? 2 : 1).Select(_ => 0.9 * random.NextDouble())];

            ScriptLog scripts = lab.OpenScriptLog("run.txt");
            File.Delete(scripts.File);
            Directory.Delete(Path.Combine(_b.Folder, "state"), recursive: true);
            int addressMark = _b.Observer.Events.Count, masterMark = _a.Observer.Events.Count;
            Daemon a = _a.StartFenceFirst(Conf.File(new Conf(lab.Virtual) { Priority = 150, Interval = Interval }));
            await File.WriteAllTextAsync(Path.Combine(_b.Folder, "target.pid"), a.Id.ToString(CultureInfo.InvariantCulture));
            await _a.WaitForAddressAsync(lab.Virtual);
            string text = Configuration(scripts, fenceSeconds, isStubborn, firstStatus);
            Daemon b = _b.StartFenceFirst(text);
            await b.WaitForLogAsync("(VI_1) master is");

            Story story = new() { IsStubborn = isStubborn };
            try
            {
                if (isCut)
                {
                    await lab.CutAsync(_a, _b);
                }
                else
                {
                    a.Send(Signal.Kill);
                }

                foreach (double moment in moments)
                {
                    await WaitAsync(moment);
                    int atWork = AtWork(scripts);
                    story.Kills.Add(DateTime.UtcNow);
                    b.Send(Signal.Kill);
                    await b.WaitForExitAsync();
                    Outlived = atWork;
                    b = _b.StartFenceFirst(text);
                }

                await lab.UntilAsync(() => _b.Observer.Events.Skip(addressMark).LastOrDefault(each => each.Address.Equals(lab.Virtual)) is { Added: true } last && last.At > story.Kills[^1].AddSeconds(0.1), 10, "the address in the end");
                await b.WaitForLogAsync("Entering MASTER STATE");
                await b.StopAsync();
                Read(story, scripts, addressMark, masterMark);
                return (story, true, "");
            }
            catch (Xunit.Sdk.XunitException trouble)
            {
                Read(story, scripts, addressMark, masterMark);
                return (story, false, trouble.Message);
            }
            finally
            {
                a.Dispose();
                b.Dispose();
                await lab.HealAsync();
                foreach (Node node in new[] { _a, _b })
                {
                    await lab.TryRunAsync("ip", ["-n", node.Namespace, "addr", "del", lab.Virtual + "/24", "dev", "eth0"]);
                }

                await lab.UntilAsync(() => !_a.Holds(lab.Virtual) && !_b.Holds(lab.Virtual), 5, "both nodes to be without the address");
            }
        }

        /// <summary>The story in the order of time.</summary>
        public string Tell(Story story)
        {
            IEnumerable<(DateTime At, string Text)> lines = story.Address.Select(each => (each.At, "b kernel " + (each.Added ? "+" : "-")))
                .Concat(story.OldMaster.Select(each => (each.At, "a kernel " + (each.Added ? "+" : "-"))))
                .Concat(story.Kills.Select(each => (each, "killed")))
                .Concat(story.Pauses.Select(each => (each.From, $"the machine stood still until {Seen.Stamp(each.To)}")))
                .Concat(story.Scripts.Select(each => (each.At, $"script {each.What} {each.Step} {each.Attempt} {each.Epoch} {each.Rest}")))
                .Concat(story.Journal.Select(each => (each.At, $"journal {each.Kind} {each.Step} {each.Attempt} {each.IsSuccess}")));
            return string.Join('\n', lines.OrderBy(each => each.At).Select(each => $"{Seen.Stamp(each.At)} {each.Text}"));
        }

        private static int AtWork(ScriptLog scripts)
        {
            ScriptFact[] facts = [.. scripts.Lines.Select(ScriptFact.Parse)];
            return facts.Count(fact => fact.What == "begin" && !facts.Any(other => other.What == "end" && other.Attempt == fact.Attempt));
        }

        private static async Task WaitAsync(double seconds)
        {
            long until = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
            while (Stopwatch.GetTimestamp() < until)
            {
                await Task.Delay(1);
            }
        }

        private void Read(Story story, ScriptLog scripts, int addressMark, int masterMark)
        {
            story.Address.AddRange(_b.Observer.Events.Skip(addressMark).Where(each => each.Address.Equals(lab.Virtual)).Select(each => (each.At, each.Added)));
            story.OldMaster.AddRange(_a.Observer.Events.Skip(masterMark).Where(each => each.Address.Equals(lab.Virtual)).Select(each => (each.At, each.Added)));
            story.Pauses.AddRange(meter.Pauses);
            story.Scripts.AddRange(scripts.Lines.Select(ScriptFact.Parse));
            foreach (string line in File.ReadLines(Path.Combine(_b.Folder, "state", "journal.jsonl")))
            {
                if (JournalFact.Parse(line) is { } fact)
                {
                    story.Journal.Add(fact);
                }
            }
        }

        private string Configuration(ScriptLog scripts, double fenceSeconds, bool isStubborn, string firstStatus)
        {
            string fence = Script(
                "fence",
                scripts,
                $$"""
                {{(isStubborn ? "trap '' TERM" : "")}}
                sleep {{fenceSeconds.ToString("0.000", CultureInfo.InvariantCulture)}} 9>&-
                read -r pid < '{{_b.Folder}}/target.pid'
                kill -9 $pid 2>/dev/null
                while [[ -e /proc/$pid/stat && $(< /proc/$pid/stat) != *') Z '* ]]; do sleep 0.005 9>&-; done
                ip -n {{_a.Namespace}} addr del {{lab.Virtual}}/24 dev eth0 2>/dev/null 9>&-
                [[ $FENCEFIRST_TRY == 1 ]] && status={{firstStatus}}
                """);
            string run = Script("run", scripts, "sleep 0.03 9>&-");
            string definitions = $$"""
                fence_device peers {
                    script "{{fence}}"
                    targets {{_a.Address}}
                    timeout 5
                    attempts 2
                    retry_interval 0.05
                }
                """;
            string promotion = $"    nopreempt\n    promotion {{\n        fence peers\n        run \"{run}\" timeout 5\n        on_failure retry_after 0.2\n        listen_after 0\n        probe no\n    }}\n";
            return Conf.File(definitions, new Conf(lab.Virtual) { Interval = Interval, Extra = promotion });
        }

        /// <summary>A script that says what it is, holds a lock that no second one of its kind may hold beside it, and looks whether the disk knows of it.</summary>
        private string Script(string step, ScriptLog scripts, string body)
        {
            string path = Path.Combine(_b.Folder, step + ".sh");
            string text = $$"""
                #!/bin/bash
                say() { printf '%s %s {{step}} %s %s %s\n' "$EPOCHREALTIME" "$1" "$FENCEFIRST_ATTEMPT" "$FENCEFIRST_EPOCH" "$2" >> '{{scripts.File}}'; }
                exec 9>> '{{_b.Folder}}/{{step}}.lock'
                flock -n 9 || say beside
                [[ $(< '{{_b.Folder}}/state/state.json') == *"\"attempt\":$FENCEFIRST_ATTEMPT,"* ]] || say forgotten
                say begin
                status=0
                {{body}}
                say end $status
                exit $status

                """;
            File.WriteAllText(path + ".next", text);
            File.SetUnixFileMode(path + ".next", (UnixFileMode)0b111_101_101);
            File.Move(path + ".next", path, overwrite: true);
            return path;
        }
    }
}
