using FenceFirst.Demo;
using FenceFirst.Linux.Native;

namespace FenceFirst.Cli;

/// <summary><c>fencefirst demo</c>: two nodes in network namespaces, a fence that fails and one that works, and every claim checked.</summary>
internal static class DemoVerb
{
    private const int ExitFailed = 1;

    /// <summary>As a shell has it for SIGINT.</summary>
    private const int ExitInterrupted = 130;

    private const int LogLinesShown = 25;

    /// <summary>Runs it; exit status 0 only if every claim held.</summary>
    public static int Run(bool isKept, bool json, TextWriter output, TextWriter error, bool isFenceLying = false)
    {
        bool isCopy = Unprivileged.IsCopy();
        if (!isCopy && !Environment.IsPrivilegedProcess)
        {
            return RunUnprivileged(isKept, isFenceLying, json, output, error);
        }

        using Interruption interruption = new();
        try
        {
            using Stage stage = new();
            return Play(stage, isKept, isFenceLying, isCopy, json, output, error, interruption.Token);
        }
        catch (OperationCanceledException)
        {
            error.WriteLine("fencefirst: interrupted; everything is removed");
            return ExitInterrupted;
        }
        catch (LinuxException exception) when (!isCopy && exception.SystemCall == "unshare")
        {
            // Root without the capability, as in most containers: a user namespace may still be allowed.
            return RunUnprivileged(isKept, isFenceLying, json, output, error);
        }
        catch (LinuxException exception)
        {
            return Refuse(exception.SystemCall == "unshare" ? Unprivileged.Explanation() : exception.Message, json, output, error);
        }
    }

    private static int RunUnprivileged(bool isKept, bool isFenceLying, bool json, TextWriter output, TextWriter error)
    {
        List<string> command = OwnProgram.Command("demo");
        if (isKept)
        {
            command.Add("--keep");
        }

        if (isFenceLying)
        {
            command.Add("--lying-fence");
        }

        if (json)
        {
            command.Add("--json");
        }

        output.Flush();
        return Unprivileged.TryRun(command) ?? Refuse(Unprivileged.Explanation(), json, output, error);
    }

    private static int Refuse(string reason, bool json, TextWriter output, TextWriter error)
    {
        error.WriteLine($"fencefirst: {reason}");
        if (json)
        {
            DemoReport.WriteFailure(output, reason);
        }

        return ExitFailed;
    }

    private static int Play(
        Stage stage, bool isKept, bool isFenceLying, bool isCopy, bool json, TextWriter output, TextWriter error, CancellationToken cancellation)
    {
        bool isColoured = !json && !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        Narrator narrator = new(json ? TextWriter.Null : output, isColoured);
        narrator.Line("Two nodes, a switch and a client, each in a network namespace of its own: nothing of this machine's network is touched"
            + (isCopy ? ", no privilege is needed." : "."));
        narrator.Line("What matters in the configuration of node B (that of node A is its mirror image):");
        narrator.Excerpt(DemoFiles.Excerpt(NodePlan.A));
        Story story = new(stage, narrator, isFenceLying, cancellation);
        story.Play();
        TimeSpan elapsed = narrator.Elapsed;
        TellTimeline(story, narrator);
        int failed = story.Claims.Count(claim => !claim.IsHeld);
        narrator.Verdict(
            story.HasSucceeded,
            failed == 0 ? $"All {story.Claims.Count} claims held, in {elapsed.TotalSeconds:0.0} s." : $"{failed} of {story.Claims.Count} claims FAILED.");
        if (json)
        {
            DemoReport.Write(output, story, stage.Observer.HeldTwice(), elapsed);
        }

        if (!story.HasSucceeded)
        {
            ShowLog(stage.A, error);
            ShowLog(stage.B, error);
        }

        if (isKept)
        {
            TellHowToLook(stage, isCopy, json ? error : output);
            cancellation.WaitHandle.WaitOne();
        }

        return story.HasSucceeded ? 0 : ExitFailed;
    }

    private static void TellTimeline(Story story, Narrator narrator)
    {
        if (story.Timeline.Count == 0)
        {
            return;
        }

        narrator.Heading("Act 2 by the clock");
        foreach (Moment moment in story.Timeline)
        {
            narrator.Line($"  {DemoReport.SecondsOf(story, moment),9:0.0000} s  {moment.Text,-36} ({moment.Witness})");
        }
    }

    private static void ShowLog(DemoNode node, TextWriter error)
    {
        if (node.Log is null)
        {
            return;
        }

        error.WriteLine($"The end of the log of {node.Plan.Name}:");
        foreach (string line in node.Log.Tail(LogLinesShown))
        {
            error.WriteLine($"    {line}");
        }
    }

    private static void TellHowToLook(Stage stage, bool isCopy, TextWriter output)
    {
        string enter = isCopy ? $"nsenter -U --preserve-credentials -t {Environment.ProcessId} " : "nsenter ";
        string Namespace(int descriptor) => $"{enter}--net=/proc/{Environment.ProcessId}/fd/{descriptor}";
        output.WriteLine(
            $"""

            It stays as it is until Ctrl-C. To look round{(isCopy ? "" : ", as root")}:
              node B      {Namespace(stage.Network.Of(NodePlan.B))} ip address
              the client  {Namespace(stage.Network.Client)} ip neighbour
              the switch  {Namespace(stage.Network.Switch)} bridge link
              processes   node B is process {stage.B.ProcessId} and its children: ps --ppid {stage.B.ProcessId} -o pid,args
              adverts     {Namespace(stage.Network.Client)} tcpdump -ni eth0 vrrp or arp
              files       {stage.Folder}/: a.conf b.conf fence_a.sh fence_b.sh a.log b.log
            """);
        output.Flush();
    }
}
