using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using FenceFirst.Core;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Files;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;
using FenceFirst.Linux.Processes;

namespace FenceFirst.SystemTests.Linux;

public sealed class EventTests
{
    private readonly EpollEvent[] _ready = new EpollEvent[4];

    [LinuxFact]
    public void Timer_expires_at_its_instant_and_can_be_moved_and_disarmed()
    {
        // Shown with instants ahead, in the past, before boot, and never.
        using EventPoll poll = new();
        using DeadlineTimer timer = new();
        poll.Add(timer.Descriptor, PollEvents.Readable, 5);
        MonotonicInstant deadline = MonotonicClock.Now + TimeSpan.FromMilliseconds(30);
        timer.Arm(deadline);
        Assert.Equal(1, poll.Await(_ready));
        Assert.True(MonotonicClock.Now >= deadline);
        Assert.Equal(new EpollEvent(PollEvents.Readable, 5), _ready[0]);
        Assert.True(timer.Acknowledge());
        Assert.False(timer.Acknowledge());
        Assert.True(timer.Armed.IsNever);
        foreach (MonotonicInstant past in (MonotonicInstant[])[deadline, MonotonicInstant.Zero, new(-5)])
        {
            timer.Arm(past);
            Assert.Equal(1, poll.Await(_ready));
            Assert.True(timer.Acknowledge());
        }

        timer.Arm(MonotonicClock.Now + TimeSpan.FromMilliseconds(10));
        timer.Arm(MonotonicInstant.Never);
        Assert.Equal(0, poll.Wait(_ready, 30));
        timer.Arm(MonotonicClock.Now + TimeSpan.FromMilliseconds(10));
        timer.Disarm();
        Assert.Equal(0, poll.Wait(_ready, 30));
    }

    [LinuxFact]
    public void A_pause_is_ended_by_what_is_urgent_and_loses_nothing()
    {
        // Shown with two counters, one of which is not urgent: it does not end a pause (whose time passes), the other does, and then both are told.
        using EventPoll poll = new(canPause: true);
        using EventCounter urgent = new(), patient = new();
        poll.Add(urgent.Descriptor, PollEvents.Readable, 1);
        poll.Add(patient.Descriptor, PollEvents.Readable, 2, isUrgent: false);
        patient.Signal();
        MonotonicInstant begin = MonotonicClock.Now;
        poll.Pause(20);
        Assert.True(MonotonicClock.Now - begin >= TimeSpan.FromMilliseconds(20));
        urgent.Signal();
        poll.Pause(Timeout.Infinite);
        Assert.Equal(2, poll.Wait(_ready, 0));
        Assert.Equal([1L, 2L], _ready[..2].Select(each => each.Token).Order());

        // What was ready once and is not any more ends no pause; neither does what is not watched any more.
        urgent.Drain();
        begin = MonotonicClock.Now;
        poll.Pause(20);
        urgent.Signal();
        poll.Remove(urgent.Descriptor);
        poll.Remove(patient.Descriptor);
        poll.Pause(20);
        Assert.True(MonotonicClock.Now - begin >= TimeSpan.FromMilliseconds(40));
        Assert.Equal(0, poll.Wait(_ready, 0));
    }

    [LinuxFact]
    public void A_pause_is_not_ended_by_a_signal()
    {
        // Shown with signals sent to the pausing thread itself, as often as another thread can, and a handler that takes them.
        using PosixSignalRegistration handler = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, context => context.Cancel = true);
        using EventPoll poll = new(canPause: true);
        nint pausing = Native.ThisThread;
        using CancellationTokenSource over = new();
        Thread sender = new(() =>
        {
            while (!over.IsCancellationRequested)
            {
                Native.SignalThread(pausing, Signal.WindowChange);
                Thread.Sleep(1);
            }
        });
        sender.Start();
        try
        {
            MonotonicInstant begin = MonotonicClock.Now;
            poll.Pause(40);
            Assert.True(MonotonicClock.Now - begin >= TimeSpan.FromMilliseconds(40));
        }
        finally
        {
            over.Cancel();
            sender.Join();
        }
    }

    [LinuxFact]
    public void Counter_wakes_the_loop_from_another_thread_and_counts()
    {
        // Shown with two signals; the descriptor is quiet once they are taken.
        using EventPoll poll = new();
        using EventCounter counter = new();
        poll.Add(counter.Descriptor, PollEvents.Readable, long.MinValue);
        Thread thread = new(() =>
        {
            counter.Signal();
            counter.Signal();
        });
        thread.Start();
        thread.Join();
        Assert.Equal(1, poll.Await(_ready));
        Assert.Equal(long.MinValue, _ready[0].Token);
        Assert.Equal(2, counter.Drain());
        Assert.Equal(0, counter.Drain());
        Assert.Equal(0, poll.Wait(_ready, 0));
        poll.Remove(counter.Descriptor);
        counter.Signal();
        Assert.Equal(0, poll.Wait(_ready, 0));
        Assert.Equal("epoll_ctl", Assert.Throws<LinuxException>(() => poll.Remove(counter.Descriptor)).SystemCall);
    }

    [LinuxFact]
    public void Signals_come_to_the_loop_once_each()
    {
        // Shown by sending SIGUSR1 and SIGHUP to ourselves, with a garbage collection before.
        using Signals signals = new();
        using EventPoll poll = new();
        poll.Add(signals.Descriptor, PollEvents.Readable, 1);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        HashSet<DaemonSignal> seen = [];
        foreach (DaemonSignal signal in (DaemonSignal[])[DaemonSignal.WriteState, DaemonSignal.Reload])
        {
            Assert.Equal(0, LibC.kill(Environment.ProcessId, (int)signal));
        }

        // A wait that the signal itself interrupts ends without an event; the next one has it.
        for (int round = 0; round < 10 && seen.Count < 2; round++)
        {
            poll.Wait(_ready, 5000);
            while (signals.TryTake(out DaemonSignal signal))
            {
                Assert.True(seen.Add(signal));
            }
        }

        Assert.True(seen.SetEquals([DaemonSignal.WriteState, DaemonSignal.Reload]));
        Assert.False(signals.TryTake(out _));
    }

    [LinuxFact]
    public void System_log_takes_lines_drops_when_full_and_finds_a_new_server()
    {
        // Shown with a socket of our own in place of /dev/log, which is filled, taken away and made again.
        string path = Path.Combine(Directory.CreateTempSubdirectory("fencefirst-").FullName, "log");
        // RFC 3164 section 4.1: priority, header, tag and text in one datagram.
        using UnixLog log = new("fencefirst", path: path);
        Assert.False(log.Write(LogSeverity.Error, "nobody listens"));
        using UnixLog second = new("fencefirst", path: path);
        using (Socket server = Listen(path))
        {
            Assert.True(second.Write(LogSeverity.Notice, "(VI_1) Entering MASTER STATE\nforged"));
            byte[] buffer = new byte[4096];
            string line = Encoding.UTF8.GetString(buffer, 0, server.Receive(buffer));
            Assert.Matches($@"^<29>[A-Z][a-z][a-z] [ 0-9][0-9] \d\d:\d\d:\d\d fencefirst\[{Environment.ProcessId}\]: \(VI_1\) Entering MASTER STATE forged$", line);
            Assert.True(second.Write(LogSeverity.Debug, new string('x', 10_000)));
            Assert.Equal(UnixLog.LineBytesMax, server.Receive(buffer));
            int written = 0;
            while (written < 100_000 && second.Write(LogSeverity.Debug, "fill"))
            {
                written++;
            }

            Assert.InRange(written, 1, 99_999);
            Assert.Equal(1, second.DroppedLines);
        }

        File.Delete(path);
        using (Socket server = Listen(path))
        {
            // A program that another test is starting at this moment may hold the old server's descriptor until its exec.
            Assert.True(SpinWait.SpinUntil(() => second.Write(LogSeverity.Information, "again"), TimeSpan.FromSeconds(5)));
        }

        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true); // Not null: the path has a directory.
    }

    [LinuxFact]
    public void Systemd_is_notified_by_path_and_by_abstract_name()
    {
        // Shown with sockets of our own; without an address nothing happens.
        string abstractName = $"fencefirst-{Guid.NewGuid():N}";
        using Socket server = Listen("\0" + abstractName);
        Assert.True(SystemdNotify.Send("READY=1", "@" + abstractName));
        byte[] buffer = new byte[64];
        Assert.Equal("READY=1", Encoding.UTF8.GetString(buffer, 0, server.Receive(buffer)));
        Assert.False(SystemdNotify.Send("READY=1", null));
        Assert.False(SystemdNotify.Send("READY=1", "/nonexistent/socket"));
    }

    [LinuxFact]
    public void Namespace_is_private_and_ends_with_its_descriptor()
    {
        // Shown by the links seen inside, and by an exception that comes out.
        int descriptor = Namespaces.Create();
        try
        {
            Namespaces.Run(descriptor, () =>
            {
                using RtNetlink netlink = new();
                LinkInfo loopback = Assert.Single(netlink.DumpLinks());
                Assert.Equal(("lo", 1, false), (loopback.Name, loopback.Index, loopback.IsUp));
            });
            Assert.Throws<TimeoutException>(() => Namespaces.Run(descriptor, () => throw new TimeoutException()));
        }
        finally
        {
            Namespaces.Close(descriptor);
        }
    }

    [LinuxFact]
    public void Program_runs_again_in_a_user_namespace_and_its_exit_status_comes_back()
    {
        // Shown with the host of this very test, which is asked for something short, and for something it refuses; several times, because
        // the copy is made of a process with many threads.
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(0, UserNamespace.ReExecute(["dotnet", "--list-runtimes"], null, "NAME=value"));
            Assert.NotEqual(0, UserNamespace.ReExecute(["dotnet", "/nonexistent.dll"], null));
        }
    }

    [LinuxFact]
    public void Capabilities_are_complete_as_root() => Assert.Empty(Capabilities.Missing());

    private static Socket Listen(string path)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }
}
