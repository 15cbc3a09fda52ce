using FenceFirst.Linux.Events;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Cli;

/// <summary>keepalived goes into the background unless told otherwise; here that is a second process with the same options and -n.</summary>
internal static class Background
{
    /// <summary>Starts the daemon in a session of its own and returns as soon as it runs.</summary>
    public static int Start(string[] arguments, TextWriter error)
    {
        using ProcessRunner runner = new();
        string program = Environment.ProcessPath!;
        List<string> environment = [];
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            environment.Add($"{entry.Key}={entry.Value}");
        }

        List<string> command = [program, .. arguments, "--dont-fork"];
        runner.Start(new ProcessRequest(command, Tag: 1) { Environment = environment });

        // A daemon that refuses its configuration does so within milliseconds; one that lives after this has started.
        using EventPoll poll = new();
        poll.Add(runner.Descriptor, PollEvents.Readable, 0);
        Span<EpollEvent> ready = new EpollEvent[4];
        long end = Environment.TickCount64 + 1000;
        while (Environment.TickCount64 < end)
        {
            poll.Wait(ready, 100);
            runner.Pump();
            if (runner.TryTake(out ProcessCompletion completion))
            {
                error.Write(System.Text.Encoding.UTF8.GetString(completion.Output.Span));
                return completion.End == ProcessEnd.Exited ? completion.Value : 1;
            }
        }

        return 0;
    }
}
