using System.Diagnostics;

namespace FenceFirst.SystemTests;

/// <summary>A program that runs on a node until it is stopped, with its output as it comes.</summary>
internal sealed class Daemon : IDisposable
{
    private const string Niceness = "-15";
    private readonly Lab _lab;
    private readonly Process _process;
    private readonly CountdownEvent _streamsEnded = new(2);
    private bool _isDisposed;

    public Daemon(Lab lab, string who, string networkNamespace, IReadOnlyList<string> command)
    {
        _lab = lab;
        Who = who;
        Log = new ProgramLog(who, lab.Changed);
        // What is tested goes before what tests it: a master that waits behind forty test programs for a processor is taken for dead, and rightly so.
        ProcessStartInfo start = new("nice", ["-n", Niceness, "ip", "netns", "exec", networkNamespace, .. command])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            WorkingDirectory = "/",
        };
        start.Environment["TZ"] = "UTC";
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Add(line.Data);
        _process.ErrorDataReceived += (_, line) => Add(line.Data);
        _process.Exited += (_, _) => lab.Changed.Fire();
        _process.Start();
        Id = _process.Id;
        _process.StandardInput.Close();
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    public string Who { get; }

    /// <summary>The process id. `nice` and `ip netns exec` become the program, so it is the program's own.</summary>
    public int Id { get; }

    public ProgramLog Log { get; }

    public bool HasExited => _process.HasExited;

    public void Send(Signal signal)
    {
        if (!HasExited)
        {
            _lab.Note(Who, $"<- SIG{signal.ToString().ToUpperInvariant()}");
            Native.Kill(Id, signal);
        }
    }

    /// <summary>Waits for a line of the log that contains the text. Fails at once when the program has ended without it.</summary>
    public async Task<Seen> WaitForLogAsync(string text, double seconds = 10, int from = 0)
    {
        Seen? found = null;
        bool ended = false;
        await _lab.UntilAsync(
            () =>
            {
                // The order matters: a program that has ended says nothing more.
                ended = HasExited;
                if (ended)
                {
                    AwaitLastLines();
                }

                found = Log.Find(text, from);
                return found is not null || ended;
            },
            seconds,
            $"{Who} to log \"{text}\"");
        return found ?? throw _lab.Failure($"{Who} ended with status {_process.ExitCode} and never logged \"{text}\".");
    }

    /// <summary>Waits for the end of the program: its exit status, or 128 and the signal's number.</summary>
    public async Task<int> WaitForExitAsync(double seconds = 10)
    {
        await _lab.UntilAsync(() => HasExited, seconds, $"{Who} to end");
        AwaitLastLines();
        return _process.ExitCode;
    }

    /// <summary>SIGTERM, and the wait for the end.</summary>
    public async Task<int> StopAsync(double seconds = 10)
    {
        Send(Signal.Term);
        return await WaitForExitAsync(seconds);
    }

    /// <summary>Ends the program and everything it started without giving any of them a last word.</summary>
    public void Crash()
    {
        _lab.Note(Who, "<- killed, with everything it started");
        IReadOnlyList<int> family = Native.Family(Id);
        // Stopped first: a child that is told of its parent's death by a signal must not act on it.
        foreach (Signal signal in new[] { Signal.Stop, Signal.Kill })
        {
            foreach (int pid in family)
            {
                Native.Kill(pid, signal);
            }
        }
    }

    /// <summary>Ends the program where it still runs; its log can still be read.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }
        _isDisposed = true;
        if (!HasExited)
        {
            Native.Kill(Id, Signal.Kill);
            _process.WaitForExit(1000);
        }
        _process.Dispose(); // The count of streams is left to the collector: their readers may still come to an end.
    }

    /// <summary>Waits until both streams of a program that has ended have come to their end, unless somebody it started still holds them.</summary>
    private void AwaitLastLines() => _streamsEnded.Wait(1000); // With a bound Process.WaitForExit does not wait for the readers of the streams.

    private void Add(string? line)
    {
        if (line is not null)
        {
            Log.Add(line);
        }
        else
        {
            _streamsEnded.Signal();
        }
    }
}
