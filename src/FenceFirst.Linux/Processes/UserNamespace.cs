using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Processes;

/// <summary>Runs this program again as root of a user namespace with a network of its own: a demonstration that needs no privilege.</summary>
/// <remarks>
/// unshare(CLONE_NEWUSER) is refused to a process with several threads, which a .NET program always has. So a single-threaded copy is made
/// with clone, and this copy makes nothing but raw system calls, prepared beforehand, until execve: no allocation, no garbage collection,
/// no lock that another thread may have held.
/// </remarks>
public static unsafe class UserNamespace
{
    /// <summary>Exit status of the copy when it could not go on; the step that failed is added (0..3).</summary>
    private const int ChildFailed = 120;

    /// <summary>Whether an exit status says that the copy could not become root of its namespace (0..2: groups, user, group; 3: execve).</summary>
    public static bool IsRefusal(int exitStatus) => exitStatus is >= ChildFailed and <= ChildFailed + 3;

    /// <summary>Has the kernel send SIGTERM to this process when the one that started it ends; at once when it already has.</summary>
    /// <param name="parentId">Process id of the one that started it.</param>
    public static void EndWithParent(int parentId)
    {
        _ = LibC.prctl(LibC.PR_SET_PDEATHSIG, LibC.SIGTERM, 0, 0, 0);
        if (LibC.getppid() != parentId)
        {
            _ = LibC.kill(Environment.ProcessId, LibC.SIGTERM);
        }
    }

    /// <summary>Asks a process to end (SIGTERM).</summary>
    public static void AskToEnd(int processId) => _ = LibC.kill(processId, LibC.SIGTERM);

    /// <summary>Runs /proc/self/exe with the arguments (argv[0] included) in new user and network namespaces; returns its exit status.</summary>
    /// <param name="arguments">argv of the new program.</param>
    /// <param name="started">Gets the process id of the copy as soon as it runs.</param>
    /// <param name="environment">NAME=value added to the present environment.</param>
    /// <exception cref="LinuxException">The kernel or its settings forbid user namespaces.</exception>
    public static int ReExecute(IReadOnlyList<string> arguments, Action<int>? started, params ReadOnlySpan<string> environment)
    {
        List<string> variables = [.. environment];
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            variables.Add($"{variable.Key}={variable.Value}");
        }

        using NativeStrings strings = new();
        Prepared prepared = new()
        {
            Path = strings.Add("/proc/self/exe"),
            Arguments = strings.AddAll(arguments),
            Environment = strings.AddAll(variables),
            GroupsPath = strings.Add("/proc/self/setgroups"),
            GroupsText = strings.Add("deny"),
            UserPath = strings.Add("/proc/self/uid_map"),
            UserText = strings.Add($"0 {LibC.geteuid()} 1"),
            GroupPath = strings.Add("/proc/self/gid_map"),
            GroupText = strings.Add($"0 {LibC.getegid()} 1"),
            SystemCall = NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "syscall"),
        };
        prepared.UserLength = Length(prepared.UserText);
        prepared.GroupLength = Length(prepared.GroupText);
        nint child = CloneAndExecute(&prepared);
        if (child < 0)
        {
            throw new LinuxException("clone", Marshal.GetLastSystemError(), "CLONE_NEWUSER");
        }

        started?.Invoke((int)child);
        int status;
        while (LibC.waitpid((int)child, &status, 0) < 0)
        {
            int errno = LibC.Errno;
            if (errno != LibC.EINTR)
            {
                throw new LinuxException("waitpid", errno, child.ToString());
            }
        }

        // As a shell has it: 128 and the signal.
        return (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
    }

    /// <summary>Everything from clone to execve, without a call into the runtime. In the parent it returns the child's id or -1.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static nint CloneAndExecute(Prepared* prepared)
    {
        delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, nint, nint, nint, nint, nint, nint, nint> call =
            (delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, nint, nint, nint, nint, nint, nint, nint>)prepared->SystemCall;
        nint openat = LibC.SYS_openat;
        nint write = LibC.SYS_write;
        nint execve = LibC.SYS_execve;
        nint exit = LibC.SYS_exit_group;
        const nint CurrentDirectory = -100;
        const nint WriteOnly = 1;
        nint child = call(LibC.SYS_clone, LibC.CLONE_NEWUSER | LibC.CLONE_NEWNET | LibC.SIGCHLD, 0, 0, 0, 0, 0);
        if (child != 0)
        {
            return child;
        }

        nint status = ChildFailed;
        nint file = call(openat, CurrentDirectory, (nint)prepared->GroupsPath, WriteOnly, 0, 0, 0);
        if (file >= 0 && call(write, file, (nint)prepared->GroupsText, 4, 0, 0, 0) == 4)
        {
            status++;
            file = call(openat, CurrentDirectory, (nint)prepared->UserPath, WriteOnly, 0, 0, 0);
            if (file >= 0 && call(write, file, (nint)prepared->UserText, prepared->UserLength, 0, 0, 0) == prepared->UserLength)
            {
                status++;
                file = call(openat, CurrentDirectory, (nint)prepared->GroupPath, WriteOnly, 0, 0, 0);
                if (file >= 0 && call(write, file, (nint)prepared->GroupText, prepared->GroupLength, 0, 0, 0) == prepared->GroupLength)
                {
                    status++;
                    call(execve, (nint)prepared->Path, (nint)prepared->Arguments, (nint)prepared->Environment, 0, 0, 0);
                }
            }
        }

        call(exit, status, 0, 0, 0, 0, 0);
        return -1;
    }

    private static nint Length(byte* text) => (nint)MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text).Length;

    private struct Prepared
    {
        internal byte* Path;
        internal byte** Arguments;
        internal byte** Environment;
        internal byte* GroupsPath;
        internal byte* GroupsText;
        internal byte* UserPath;
        internal byte* UserText;
        internal byte* GroupPath;
        internal byte* GroupText;
        internal nint UserLength;
        internal nint GroupLength;
        internal nint SystemCall;
    }
}
