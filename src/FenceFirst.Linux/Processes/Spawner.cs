using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using FenceFirst.Core;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Processes;

/// <summary>What the spawner made of a request.</summary>
internal readonly record struct SpawnResult(
    long Token, int Errno, int ProcessId, int ProcessDescriptor, int OutputDescriptor, MonotonicInstant Started, long StartTicks = 0);

/// <summary>The one thread that starts processes: starting blocks its caller until the program runs, which under load takes milliseconds.</summary>
/// <remarks>
/// A change of user is made by this thread on itself with raw system calls (the C library's functions would change every thread), with
/// the saved user id kept so that it can return. A child so started inherits the changed identity, and execve removes the way back.
/// </remarks>
internal sealed unsafe class Spawner : IDisposable
{
    // Larger than posix_spawnattr_t (336) and posix_spawn_file_actions_t (80) of glibc and of musl.
    private const int SpawnStructBytes = 512;
    private const int StopToken = -1;

    private readonly ConcurrentQueue<(ProcessRequest? Request, long Token)> _requests = new();
    private readonly ConcurrentQueue<SpawnResult> _results = new();
    private readonly ConcurrentDictionary<long, bool> _cancelled = new();
    private readonly EventCounter _wake = new(isBlocking: true);
    private readonly uint[] _ourGroups;
    private readonly Thread _thread;
    private byte* _arena;
    private nuint _arenaBytes;

    internal Spawner()
    {
        DefaultChildSignal();
        _ourGroups = new uint[Math.Max(0, LibC.getgroups(0, null))];
        fixed (uint* list = _ourGroups)
        {
            _ = LibC.getgroups(_ourGroups.Length, list);
        }

        _thread = new Thread(Run, 256 * 1024) { IsBackground = true, Name = "spawner" };
        _thread.Start();
    }

    /// <summary>Readable when results are waiting.</summary>
    internal EventCounter Done { get; } = new();

    internal void Enqueue(ProcessRequest request, long token)
    {
        _requests.Enqueue((request, token));
        _wake.Signal();
    }

    /// <summary>Keeps a request from being started, if that has not begun; a result comes in any case.</summary>
    internal void Cancel(long token) => _cancelled[token] = true;

    internal bool TryTake(out SpawnResult result)
    {
        if (!_results.TryDequeue(out result))
        {
            return false;
        }

        if (!_cancelled.IsEmpty)
        {
            _cancelled.TryRemove(result.Token, out _);
        }

        return true;
    }

    public void Dispose()
    {
        _requests.Enqueue((null, StopToken));
        _wake.Signal();
        _thread.Join();
        while (_results.TryDequeue(out SpawnResult result))
        {
            ProcessRunner.CloseIfOpen(result.ProcessDescriptor);
            ProcessRunner.CloseIfOpen(result.OutputDescriptor);
        }

        _wake.Dispose();
        Done.Dispose();
        NativeMemory.Free(_arena);
        _arena = null;
    }

    private void Run()
    {
        while (true)
        {
            _wake.Drain();
            while (_requests.TryDequeue(out (ProcessRequest? Request, long Token) item))
            {
                if (item.Request is null)
                {
                    return;
                }

                SpawnResult result = !_cancelled.IsEmpty && _cancelled.ContainsKey(item.Token)
                    ? new SpawnResult(item.Token, LibC.ECANCELED, 0, -1, -1, MonotonicClock.Now)
                    : Start(item.Request, item.Token);
                _results.Enqueue(result);
                Done.Signal();
            }
        }
    }

    private SpawnResult Start(ProcessRequest request, long token)
    {
        int* pipe = stackalloc int[2];
        int input = -1;
        int processId = 0;
        MonotonicInstant started = MonotonicClock.Now;
        if (LibC.pipe2(pipe, LibC.O_CLOEXEC) != 0)
        {
            return new SpawnResult(token, LibC.Errno, 0, -1, -1, started);
        }

        // Only our end: programs do not expect a standard output that refuses to wait.
        _ = LibC.fcntl(pipe[0], 4, LibC.O_NONBLOCK);
        int errno = request.StandardInput.IsEmpty ? 0 : OpenInput(request.StandardInput.Span, out input);
        if (errno == 0)
        {
            errno = StartAs(request, pipe[1], input, &processId);
        }

        ProcessRunner.CloseIfOpen(input);
        ProcessRunner.CloseIfOpen(pipe[1]);
        int descriptor = -1;
        if (errno == 0)
        {
            // Nobody else reaps this child, so that its id cannot have been given to another process.
            descriptor = (int)LibC.syscall(LibC.SYS_pidfd_open, processId, 0, 0);
            if (descriptor < 0)
            {
                errno = LibC.Errno;
                Abandon(processId);
            }
        }

        if (errno != 0)
        {
            ProcessRunner.CloseIfOpen(pipe[0]);
            return new SpawnResult(token, errno, 0, -1, -1, started);
        }

        long ticks = request.IsIdentified && ProcessIdentity.Of(processId) is { } identity ? identity.StartTicks : 0;
        return new SpawnResult(token, 0, processId, descriptor, pipe[0], started, ticks);
    }

    private int StartAs(ProcessRequest request, int output, int input, int* processId)
    {
        if (request.UserId == LibC.geteuid() && request.GroupId == LibC.getegid() && request.SupplementaryGroups.Count == 0)
        {
            return Spawn(request, output, input, processId);
        }

        // A script may open /dev/stdout anew, for which it must own the pipe.
        _ = LibC.fchown(output, request.UserId, request.GroupId);
        uint ourUser = LibC.geteuid();
        uint ourGroup = LibC.getegid();
        int errno = Become(request);
        if (errno == 0)
        {
            errno = Spawn(request, output, input, processId);
        }

        Return(ourUser, ourGroup, _ourGroups);
        return errno;
    }

    private static int Become(ProcessRequest request)
    {
        // Ambient capabilities would outlive the change of user, because the saved id is kept.
        const int AmbientClearAll = 4;
        _ = LibC.prctl(LibC.PR_CAP_AMBIENT, AmbientClearAll, 0, 0, 0);
        Span<uint> groups = stackalloc uint[1 + Math.Min(request.SupplementaryGroups.Count, ProcessRequest.SupplementaryGroupsMax)];
        groups[0] = request.GroupId;
        for (int i = 1; i < groups.Length; i++)
        {
            groups[i] = request.SupplementaryGroups[i - 1];
        }

        fixed (uint* list = groups)
        {
            if (LibC.syscall(LibC.SYS_setgroups, groups.Length, (nint)list, 0) != 0)
            {
                return LibC.Errno;
            }
        }

        // The third value, the saved id, is the way back.
        if (LibC.syscall(LibC.SYS_setresgid, (nint)request.GroupId, (nint)request.GroupId, (nint)LibC.getegid()) != 0)
        {
            return LibC.Errno;
        }

        return LibC.syscall(LibC.SYS_setresuid, (nint)request.UserId, (nint)request.UserId, (nint)LibC.geteuid()) != 0 ? LibC.Errno : 0;
    }

    private static void Return(uint user, uint group, ReadOnlySpan<uint> groups)
    {
        // User first: the groups need its privilege. A thread that cannot return must not start anything as the wrong user.
        nint failed = LibC.syscall(LibC.SYS_setresuid, (nint)user, (nint)user, (nint)user);
        failed |= LibC.syscall(LibC.SYS_setresgid, (nint)group, (nint)group, (nint)group);
        fixed (uint* list = groups)
        {
            // Fails without CAP_SETGID, and then had failed before and changed nothing.
            _ = LibC.syscall(LibC.SYS_setgroups, groups.Length, (nint)list, 0);
        }

        Invariant.Check(failed == 0 && LibC.geteuid() == user && LibC.getegid() == group, "the spawner thread returns to its own identity");
    }

    private int Spawn(ProcessRequest request, int output, int input, int* processId)
    {
        byte* attributes = stackalloc byte[SpawnStructBytes];
        byte* actions = stackalloc byte[SpawnStructBytes];
        byte* signals = stackalloc byte[128];
        int priority = 0;
        if (request.Arguments.Count == 0 || request.Arguments[0].Length == 0)
        {
            return LibC.ENOENT;
        }

        byte** argv = Marshal(request, out byte** environment, out byte* directory);

        // The child takes its nice value from this thread; the daemon's own may have been raised meanwhile.
        _ = LibC.setpriority(LibC.PRIO_PROCESS, 0, 0);
        _ = LibC.posix_spawnattr_init(attributes);
        _ = LibC.posix_spawn_file_actions_init(actions);
        new Span<byte>(signals, 128).Clear();
        _ = LibC.posix_spawnattr_setsigmask(attributes, signals);
        new Span<byte>(signals, 128).Fill(0xff);
        _ = LibC.posix_spawnattr_setsigdefault(attributes, signals);
        _ = LibC.posix_spawnattr_setschedpolicy(attributes, LibC.SCHED_OTHER);
        _ = LibC.posix_spawnattr_setschedparam(attributes, &priority);
        _ = LibC.posix_spawnattr_setflags(
            attributes,
            LibC.POSIX_SPAWN_SETSID | LibC.POSIX_SPAWN_SETSIGDEF | LibC.POSIX_SPAWN_SETSIGMASK | LibC.POSIX_SPAWN_SETSCHEDULER);
        fixed (byte* nothing = "/dev/null\0"u8)
        {
            int errno = input >= 0
                ? LibC.posix_spawn_file_actions_adddup2(actions, input, 0)
                : LibC.posix_spawn_file_actions_addopen(actions, 0, nothing, LibC.O_RDONLY, 0);
            errno |= LibC.posix_spawn_file_actions_adddup2(actions, output, 1);
            errno |= LibC.posix_spawn_file_actions_adddup2(actions, output, 2);

            // Descriptors that whoever started us left open without the close-on-exec mark.
            errno |= LibC.posix_spawn_file_actions_addclosefrom_np(actions, 3);
            errno |= LibC.posix_spawn_file_actions_addchdir_np(actions, directory);
            errno = errno != 0 ? LibC.ENOMEM : LibC.posix_spawn(processId, argv[0], actions, attributes, argv, environment);
            _ = LibC.posix_spawnattr_destroy(attributes);
            _ = LibC.posix_spawn_file_actions_destroy(actions);
            return errno;
        }
    }

    /// <summary>Puts arguments, environment and directory as C strings into memory that the next request uses again.</summary>
    private byte** Marshal(ProcessRequest request, out byte** environment, out byte* directory)
    {
        int pointers = request.Arguments.Count + request.Environment.Count + 2;
        int bytes = (pointers * sizeof(byte*)) + Encoding.UTF8.GetMaxByteCount(request.WorkingDirectory.Length) + 1;
        for (int i = 0; i < request.Arguments.Count; i++)
        {
            bytes += Encoding.UTF8.GetMaxByteCount(request.Arguments[i].Length) + 1;
        }

        for (int i = 0; i < request.Environment.Count; i++)
        {
            bytes += Encoding.UTF8.GetMaxByteCount(request.Environment[i].Length) + 1;
        }

        if ((nuint)bytes > _arenaBytes)
        {
            _arena = (byte*)NativeMemory.Realloc(_arena, (nuint)bytes);
            _arenaBytes = (nuint)bytes;
        }

        byte** argv = (byte**)_arena;
        byte* text = _arena + (pointers * sizeof(byte*));
        for (int i = 0; i < request.Arguments.Count; i++)
        {
            argv[i] = Append(ref text, request.Arguments[i]);
        }

        argv[request.Arguments.Count] = null;
        environment = argv + request.Arguments.Count + 1;
        int kept = 0;
        for (int i = 0; i < request.Environment.Count; i++)
        {
            if (IsSafe(request.Environment[i]))
            {
                environment[kept++] = Append(ref text, request.Environment[i]);
            }
        }

        environment[kept] = null;
        directory = Append(ref text, request.WorkingDirectory);
        return argv;
    }

    private byte* Append(ref byte* text, string value)
    {
        byte* start = text;
        int written = Encoding.UTF8.GetBytes(value, new Span<byte>(text, (int)(_arenaBytes - (nuint)(text - _arena))));
        start[written] = 0;
        text += written + 1;
        return start;
    }

    /// <summary>What could make a program load foreign code or split words otherwise is not handed on (as in keepalived).</summary>
    private static bool IsSafe(string variable) =>
        !variable.StartsWith("LD_PRELOAD=", StringComparison.Ordinal)
        && !variable.StartsWith("LD_LIBRARY_PATH=", StringComparison.Ordinal)
        && !variable.StartsWith("IFS=", StringComparison.Ordinal);

    /// <summary>Standard input as a sealed memory file: no writer has to wait, and any user may open /dev/stdin anew.</summary>
    private static int OpenInput(ReadOnlySpan<byte> bytes, out int descriptor)
    {
        fixed (byte* name = "stdin\0"u8)
        {
            descriptor = LibC.memfd_create(name, LibC.MFD_CLOEXEC_SEALABLE);
        }

        if (descriptor < 0)
        {
            return LibC.Errno;
        }

        fixed (byte* first = bytes)
        {
            if (LibC.write(descriptor, first, (nuint)bytes.Length) != bytes.Length)
            {
                return LibC.ENOSPC;
            }
        }

        _ = LibC.lseek(descriptor, 0, 0);
        return LibC.fcntl(descriptor, LibC.F_ADD_SEALS, LibC.F_SEAL_ALL) < 0 ? LibC.Errno : 0;
    }

    /// <summary>Without a descriptor for the process we could not follow it: it is ended at once.</summary>
    private static void Abandon(int processId)
    {
        byte* info = stackalloc byte[128];
        _ = LibC.kill(-processId, LibC.SIGKILL);
        _ = LibC.waitid(LibC.P_PID, processId, info, LibC.WEXITED);
    }

    /// <summary>If whoever started us ignores SIGCHLD, the kernel would throw away the exit status of our children.</summary>
    private static void DefaultChildSignal()
    {
        const int ActionBytes = 256;
        byte* action = stackalloc byte[ActionBytes];
        const nint Ignored = 1;
        if (LibC.sigaction(LibC.SIGCHLD, null, action) == 0 && *(nint*)action == Ignored)
        {
            new Span<byte>(action, ActionBytes).Clear();
            _ = LibC.sigaction(LibC.SIGCHLD, action, null);
        }
    }
}
