using System.Diagnostics;
using System.Text.Json;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>The demonstration as its user runs it: out/fencefirst demo, as root and as nobody.</summary>
public sealed class DemoTests(ITestOutputHelper output)
{
    private const int NobodyId = 65534;

    [NeedsFact("fencefirst")]
    public async Task Every_claim_of_the_demo_holds_and_nothing_is_left()
    {
        // The exit status, the claims one by one, the order of the timeline, and what remains on the machine.
        Outcome outcome = await RunAsync([Needs.FenceFirst, "demo", "--json"]);
        Assert.Equal(0, outcome.Status);
        Assert.Equal("", outcome.Errors);
        CheckDocument(outcome.Output);
        Assert.Equal([], outcome.Left());
    }

    [NeedsFact("fencefirst")]
    public async Task Without_root_the_demo_works_or_says_why_not()
    {
        // As nobody: a user namespace where the kernel allows it; else one clear sentence, in words and as JSON.
        string program = CopyForEverybody();
        try
        {
            Outcome outcome = await RunAsync(
                ["setpriv", $"--reuid={NobodyId}", $"--regid={NobodyId}", "--clear-groups", program, "demo", "--json"]);
            if (outcome.Status == 0)
            {
                CheckDocument(outcome.Output);
            }
            else
            {
                using JsonDocument refusal = JsonDocument.Parse(outcome.Output);
                Assert.False(refusal.RootElement.GetProperty("succeeded").GetBoolean());
                Assert.Contains("namespace", refusal.RootElement.GetProperty("error").GetString());
                Assert.StartsWith("fencefirst: the demonstration needs network namespaces", outcome.Errors, StringComparison.Ordinal);
            }

            Assert.Equal([], outcome.Left());
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(program)!, recursive: true);
        }
    }

    [NeedsTheory("fencefirst")]
    [InlineData("TERM", 130)]
    [InlineData("KILL", 137)]
    public async Task Nothing_is_left_when_the_demo_is_ended_half_way(string signal, int status)
    {
        // Ended as soon as both nodes run: in order, and without a last word. `exec` keeps the process id that the shell printed.
        Outcome outcome = await RunAsync(
            ["sh", "-c", $"(sleep 2; kill -{signal} $$) >/dev/null 2>&1 & exec '{Needs.FenceFirst}' demo"]);
        Assert.Equal(status, outcome.Status);
        Assert.Equal([], outcome.Left());
    }

    [NeedsFact("fencefirst")]
    public async Task A_fence_that_lies_is_noticed_by_the_claims()
    {
        // The checks themselves are checked: with a power supply that says "off" and does nothing both nodes hold the address, and the demo must say so.
        Outcome outcome = await RunAsync([Needs.FenceFirst, "demo", "--json", "--lying-fence"]);
        Assert.Equal(1, outcome.Status);
        using JsonDocument document = JsonDocument.Parse(outcome.Output);
        Assert.False(document.RootElement.GetProperty("succeeded").GetBoolean());
        Assert.True(document.RootElement.GetProperty("heldTwiceSeconds").GetDouble() > 0);
        Assert.Equal(
            ["a-is-off", "held-once"],
            document.RootElement.GetProperty("claims").EnumerateArray()
                .Where(claim => !claim.GetProperty("held").GetBoolean()).Select(claim => claim.GetProperty("name").GetString()));
        Assert.Equal([], outcome.Left());
    }

    private static void CheckDocument(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        JsonElement root = document.RootElement;
        Assert.True(root.GetProperty("succeeded").GetBoolean());
        Assert.Equal(0, root.GetProperty("heldTwiceSeconds").GetDouble());
        Assert.InRange(root.GetProperty("seconds").GetDouble(), 0, 90);
        Assert.All(root.GetProperty("claims").EnumerateArray(), claim =>
            Assert.True(claim.GetProperty("held").GetBoolean(), claim.GetProperty("text").GetString()));
        Assert.Equal(
            ["last-advert", "master-down", "fence-started", "power-off", "fence-done", "address-added", "first-arp", "client-served"],
            root.GetProperty("timeline").EnumerateArray().Select(moment => moment.GetProperty("name").GetString()));
        Assert.True(root.GetProperty("claims").GetArrayLength() > 20);
    }

    /// <summary>The repository may lie where nobody may not go.</summary>
    private static string CopyForEverybody()
    {
        string folder = Directory.CreateTempSubdirectory("fencefirst-copy-").FullName;
        string built = Path.GetDirectoryName(Needs.FenceFirst)!;
        string copy = Path.Combine(folder, "fencefirst");
        ProgramFile.Copy(Needs.FenceFirst, copy);
        string portable = Path.Combine(built, "portable");
        if (Directory.Exists(portable))
        {
            Directory.CreateDirectory(Path.Combine(folder, "portable"));
            foreach (string file in Directory.GetFiles(portable))
            {
                File.Copy(file, Path.Combine(folder, "portable", Path.GetFileName(file)));
            }
        }

        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        return copy;
    }

    private async Task<Outcome> RunAsync(string[] command)
    {
        // A folder of this run's own for temporary files shows what is left of it, whatever else runs on the machine.
        string temporary = Directory.CreateTempSubdirectory("ff-").FullName;
        File.SetUnixFileMode(temporary, (UnixFileMode)0b111_111_111);
        ProcessStartInfo start = new(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        start.Environment["TMPDIR"] = temporary;
        using Process process = Process.Start(start)!;
        Task<string> text = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource bound = new(TimeSpan.FromSeconds(90));
        await process.WaitForExitAsync(bound.Token);
        Outcome outcome = new(process.ExitCode, await text, await errors, temporary);
        output.WriteLine($"{outcome.Output}\n{outcome.Errors}");
        return outcome;
    }

    private sealed record Outcome(int Status, string Output, string Errors, string Temporary)
    {
        /// <summary>What is left five seconds after the end at the latest: files, and processes that were told of the folder.</summary>
        public IReadOnlyList<string> Left()
        {
            IReadOnlyList<string> left = [];
            for (int attempt = 0; attempt < 50; attempt++)
            {
                left = [.. Directory.GetFileSystemEntries(Temporary).Where(each => !Path.GetFileName(each).StartsWith("dotnet-diagnostic", StringComparison.Ordinal)
                    && !Path.GetFileName(each).StartsWith("clr-debug", StringComparison.Ordinal)), .. Processes()];
                if (left.Count == 0)
                {
                    break;
                }

                Thread.Sleep(100);
            }

            Directory.Delete(Temporary, recursive: true);
            return left;
        }

        private IEnumerable<string> Processes()
        {
            foreach (string folder in Directory.GetDirectories("/proc"))
            {
                string words = "";
                try
                {
                    words = File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ');
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    // Ended meanwhile, or no process at all.
                }

                if (words.Contains(Temporary, StringComparison.Ordinal))
                {
                    yield return words;
                }
            }
        }
    }
}
