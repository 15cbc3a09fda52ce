using System.Runtime.Versioning;
using System.Text;
using FenceFirst.Core;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.SystemTests.Linux;

[SupportedOSPlatform("linux")]
public sealed class ProcessRunnerTests : IDisposable
{
    private const string Path = "PATH=/usr/bin:/bin";
    private readonly ProcessRunner _runner = new();
    private readonly EventPoll _poll = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("fencefirst-").FullName;

    public ProcessRunnerTests() => _poll.Add(_runner.Descriptor, PollEvents.Readable, 1);

    public void Dispose()
    {
        _runner.Dispose();
        _poll.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static ProcessRequest Shell(string script, long tag = 1) => new(["/bin/sh", "-c", script], tag) { Environment = [Path] };

    private static string Text(ProcessCompletion completion) => Encoding.UTF8.GetString(completion.Output.Span);

    private ProcessCompletion Next()
    {
        EpollEvent[] ready = new EpollEvent[1];
        MonotonicInstant end = MonotonicClock.Now + TimeSpan.FromSeconds(30);
        while (MonotonicClock.Now < end)
        {
            if (_runner.TryTake(out ProcessCompletion completion))
            {
                return completion;
            }

            _poll.Wait(ready, 1000);
            _runner.Pump();
        }

        throw new TimeoutException("no completion came");
    }

    private ProcessCompletion Run(ProcessRequest request)
    {
        Assert.True(_runner.Start(request));
        return Next();
    }

    private string WriteFile(string name, string text, UnixFileMode mode)
    {
        string path = System.IO.Path.Combine(_directory, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, mode);
        return path;
    }

    [LinuxFact]
    public void Exit_codes_and_signals_are_told_apart()
    {
        // Shown with the codes at the edges and a program that kills itself.
        foreach (int code in (int[])[0, 1, 255])
        {
            ProcessCompletion exited = Run(Shell($"exit {code}", code));
            Assert.Equal((ProcessEnd.Exited, code, (long)code, code == 0), (exited.End, exited.Value, exited.Tag, exited.IsSuccess));
            Assert.True(exited.ProcessId > 0 && exited.RunTime > TimeSpan.Zero && !exited.IsTerminated);
        }

        ProcessCompletion killed = Run(Shell("kill -9 $$"));
        Assert.Equal((ProcessEnd.Signalled, 9, false), (killed.End, killed.Value, killed.IsSuccess));
        Assert.Equal(0, _runner.RunningCount);
    }

    [LinuxFact]
    public void What_cannot_be_executed_could_not_start()
    {
        // Shown with a missing file, one that is not executable, one without interpreter line, a directory that is missing, and no name at all.
        UnixFileMode executable = UnixFileMode.UserRead | UnixFileMode.UserExecute;
        (ProcessRequest Request, int Errno)[] cases =
        [
            (new(["/nonexistent/program"], 1), 2),
            (new([WriteFile("plain", "#!/bin/sh\n", UnixFileMode.UserRead)], 1), 13),
            (new([WriteFile("noline", "exit 0\n", executable)], 1), 8),
            (new([WriteFile("badline", "#!/nonexistent/sh\nexit 0\n", executable)], 1), 2),
            (Shell("exit 0") with { WorkingDirectory = "/nonexistent" }, 2),
            (new([""], 1), 2),
            (new([], 1), 2),
        ];
        foreach ((ProcessRequest request, int errno) in cases)
        {
            ProcessCompletion completion = Run(request);
            Assert.Equal((ProcessEnd.CouldNotStart, errno, 0, false), (completion.End, completion.Value, completion.ProcessId, completion.IsSuccess));
        }
    }

    [LinuxFact]
    public void Output_is_kept_up_to_its_bound_and_never_blocks_the_program()
    {
        // Shown with 100 MB on both outputs; the beginning is kept, the rest counted.
        ProcessRequest request = Shell("echo first; echo second >&2; head -c 104857600 /dev/zero; echo done >&2");
        ProcessCompletion completion = Run(request with { OutputBytesMax = 1000 });
        Assert.True(completion.IsSuccess);
        Assert.Equal(1000, completion.Output.Length);
        Assert.StartsWith("first\nsecond\n", Text(completion), StringComparison.Ordinal);
        Assert.Equal(104857600 + 6 + 7 + 5, completion.OutputBytes);
        Assert.Equal(0, Run(request with { OutputBytesMax = 0 }).Output.Length);
    }

    [LinuxFact]
    public void Termination_reaches_the_whole_group()
    {
        // Shown with a shell and a child of it, both of which would sleep for long.
        string pids = System.IO.Path.Combine(_directory, "pids");
        Assert.True(_runner.Start(Shell($"sleep 1000 & echo $! > {pids}; echo ready; wait")));
        AwaitFile(pids);
        Assert.True(_runner.Terminate(1));
        ProcessCompletion completion = Next();
        Assert.Equal((ProcessEnd.Signalled, 15, true), (completion.End, completion.Value, completion.IsTerminated));
        AwaitGone(int.Parse(File.ReadAllText(pids)));
        Assert.False(_runner.Terminate(1));
    }

    [LinuxFact]
    public void Programs_that_ignore_termination_are_killed_after_two_seconds()
    {
        // Shown with a shell that ignores SIGTERM, and with one that obeys while its child ignores.
        string pids = System.IO.Path.Combine(_directory, "pids");
        Assert.True(_runner.Start(Shell($"trap '' TERM; echo $$ > {pids}; while true; do sleep 0.2; done")));
        AwaitFile(pids);
        MonotonicInstant start = MonotonicClock.Now;
        _runner.Terminate(1);
        ProcessCompletion completion = Next();
        Assert.Equal((ProcessEnd.Signalled, 9, true), (completion.End, completion.Value, completion.IsTerminated));
        Assert.InRange(MonotonicClock.Now - start, TimeSpan.FromSeconds(1.9), TimeSpan.FromSeconds(10));

        File.Delete(pids);
        Assert.True(_runner.Start(Shell($"(trap '' TERM; sh -c 'echo $PPID' > {pids}; while true; do sleep 0.2; done) & wait", 2)));
        AwaitFile(pids);
        start = MonotonicClock.Now;
        _runner.Terminate(2);
        Assert.Equal(15, Next().Value);
        Assert.True(MonotonicClock.Now - start < TimeSpan.FromSeconds(1.9));
        AwaitGone(int.Parse(File.ReadAllText(pids)));
        Assert.True(MonotonicClock.Now - start > TimeSpan.FromSeconds(1.9));
    }

    [LinuxFact]
    public void Kill_ends_at_once_and_before_the_start_too()
    {
        // Shown with a running program, and with one killed in the moment after it was asked for.
        string ready = System.IO.Path.Combine(_directory, "ready");
        Assert.True(_runner.Start(Shell($"trap '' TERM; echo x > {ready}; sleep 1000")));
        AwaitFile(ready);
        _runner.Kill(1);
        Assert.Equal(9, Next().Value);
        for (int i = 0; i < 20; i++)
        {
            Assert.True(_runner.Start(Shell("sleep 1000", i)));
            Assert.True(_runner.Kill(i));
            ProcessCompletion completion = Next();
            Assert.True(completion is { End: ProcessEnd.CouldNotStart, Value: 125 } or { End: ProcessEnd.Signalled, Value: 9 }, completion.ToString());
        }
    }

    [LinuxFact]
    public void Program_that_closes_its_outputs_is_followed_to_its_end()
    {
        // Shown by closing all three descriptors long before the exit.
        ProcessCompletion completion = Run(Shell("echo seen; exec 0<&- 1>&- 2>&-; sleep 0.3; exit 3"));
        Assert.Equal((ProcessEnd.Exited, 3), (completion.End, completion.Value));
        Assert.Equal("seen\n", Text(completion));
        Assert.True(completion.RunTime >= TimeSpan.FromSeconds(0.3));
    }

    [LinuxFact]
    public void Descendant_that_keeps_the_output_open_is_not_waited_for_and_survives()
    {
        // Shown with a background process that writes after its parent's end and then tells by a file that it lived on.
        string proof = System.IO.Path.Combine(_directory, "proof");
        ProcessCompletion completion = Run(Shell($"(sleep 1; echo late; echo later; echo x > {proof}) & echo early; exit 0"));
        Assert.True(completion.IsSuccess);
        Assert.Equal("early\n", Text(completion));
        Assert.True(completion.RunTime < TimeSpan.FromSeconds(1));
        AwaitFile(proof);
    }

    [LinuxFact]
    public void Another_user_means_user_groups_and_no_capabilities_of_that_user()
    {
        // Shown by what the program sees of itself; our own thread's identity is unchanged, and its output can be opened anew.
        ProcessRequest request = new(["/bin/sh", "-c", "id -u; id -g; id -G; grep -E 'CapPrm|CapEff|CapAmb' /proc/self/status; echo again > /dev/stdout"], 1)
        {
            Environment = [Path],
            UserId = 65534,
            GroupId = 65534,
        };
        ProcessCompletion completion = Run(request);
        string none = "\t0000000000000000\n";
        Assert.Equal($"65534\n65534\n65534\nCapPrm:{none}CapEff:{none}CapAmb:{none}again\n", Text(completion));
        Assert.True(completion.IsSuccess);
        Assert.Equal("65534 4 7\n", Text(Run(new(["/usr/bin/id", "-G"], 1) { UserId = 65534, GroupId = 65534, SupplementaryGroups = [4, 7] })));
        Assert.Equal("0\n", Text(Run(new(["/usr/bin/id", "-u"], 1))));
        string mine = WriteFile("mine", "#!/bin/sh\nexit 0\n", UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.Equal(13, Run(new([mine], 1) { UserId = 65534, GroupId = 65534 }).Value);
        Assert.True(Run(new([mine], 1)).IsSuccess);
    }

    [LinuxFact]
    public void Environment_directory_session_signals_scheduling_and_descriptors_are_clean()
    {
        // Shown by what the program sees of itself.
        ProcessRequest request = new(["/usr/bin/env"], 1)
        {
            Environment = [Path, "NAME=value with blanks", "LD_PRELOAD=/x.so", "LD_LIBRARY_PATH=/x", "IFS=x", "LD_DEBUG_OUTPUT=/kept"],
        };
        Assert.Equal(Path + "\nNAME=value with blanks\nLD_DEBUG_OUTPUT=/kept\n", Text(Run(request)));
        Assert.Equal("/tmp\n", Text(Run(Shell("pwd") with { WorkingDirectory = "/tmp" })));
        Assert.Equal("one two|$HOME;x\n", Text(Run(new(["/bin/echo", "one two|$HOME;x"], 1))));
        Assert.Equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", Text(Run(new(["/bin/grep", "-E", "SigBlk|SigIgn", "/proc/self/status"], 1))));
        Assert.Equal("0\n1\n2\n3\n", Text(Run(new(["/bin/ls", "/proc/self/fd"], 1))));
        string[] fields = Text(Run(new(["/bin/cat", "/proc/self/stat"], 1))).Split(' ');
        Assert.Equal((fields[0], fields[0]), (fields[4], fields[5]));
        Assert.Equal("0", fields[40]);
    }

    [LinuxFact]
    public void Standard_input_is_given_whole_or_empty()
    {
        // Shown by a program that copies it; more than a pipe could hold, then none.
        byte[] input = new byte[300_000];
        new Random(1).NextBytes(input);
        ProcessCompletion completion = Run(new(["/bin/cat"], 1) { StandardInput = input, OutputBytesMax = 1 << 20 });
        Assert.True(completion.Output.Span.SequenceEqual(input));
        Assert.Equal("action=off\n", Text(Run(Shell("cat /dev/stdin") with { StandardInput = "action=off\n"u8.ToArray(), UserId = 65534, GroupId = 65534 })));
        Assert.Empty(Text(Run(new(["/bin/cat"], 1))));
        Assert.False(_runner.Start(new(["/bin/cat"], 1) { StandardInput = new byte[(1 << 20) + 1] }));
    }

    [LinuxFact]
    public void Two_hundred_interleaved_programs_lose_no_status()
    {
        // Shown with a code of its own for each, while the runtime's own process class starts others; no descriptor is left over.
        Run(Shell("exit 0"));
        int descriptors = Directory.GetFiles("/proc/self/fd").Length;
        List<System.Diagnostics.Process> others = [];
        for (int i = 0; i < 200; i++)
        {
            Assert.True(_runner.Start(Shell($"sleep 0.0{i % 7}; echo {i}; exit {i % 100}", i)));
            if (i % 20 == 0)
            {
                others.Add(System.Diagnostics.Process.Start("/bin/sh", ["-c", $"exit {i}"]));
            }
        }

        Assert.False(_runner.Start(Shell("exit 0", 7)));
        HashSet<long> seen = [];
        for (int i = 0; i < 200; i++)
        {
            ProcessCompletion completion = Next();
            Assert.True(seen.Add(completion.Tag));
            Assert.Equal((ProcessEnd.Exited, (int)completion.Tag % 100), (completion.End, completion.Value));
            Assert.Equal($"{completion.Tag}\n", Text(completion));
        }

        for (int i = 0; i < others.Count; i++)
        {
            others[i].WaitForExit();
            Assert.Equal(i * 20, others[i].ExitCode);
            others[i].Dispose();
        }

        // Other tests run beside this one; 200 leaked descriptors would show.
        Assert.True(Directory.GetFiles("/proc/self/fd").Length < descriptors + 100);
    }

    private static void AwaitFile(string path)
    {
        MonotonicInstant end = MonotonicClock.Now + TimeSpan.FromSeconds(10);
        while (!File.Exists(path) || new FileInfo(path).Length == 0)
        {
            Assert.True(MonotonicClock.Now < end, $"{path} did not appear");
            Thread.Yield();
        }
    }

    /// <summary>Pumps until the process does not exist any more (a zombie counts as gone).</summary>
    private void AwaitGone(int processId)
    {
        EpollEvent[] ready = new EpollEvent[1];
        MonotonicInstant end = MonotonicClock.Now + TimeSpan.FromSeconds(10);
        string status = $"/proc/{processId}/stat";
        while (File.Exists(status) && !File.ReadAllText(status).Contains(") Z ", StringComparison.Ordinal))
        {
            Assert.True(MonotonicClock.Now < end, $"process {processId} lives on");
            _poll.Wait(ready, 100);
            _runner.Pump();
        }
    }
}
