using System.Runtime.ExceptionServices;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Linux.Processes;

/// <summary>Network namespaces: for demonstrations and tests that must not touch the machine's own network.</summary>
public static class Namespaces
{
    /// <summary>Puts the calling thread into a new, empty network namespace. Needs CAP_SYS_ADMIN.</summary>
    public static void EnterNew() => LinuxException.Check(LibC.unshare(LibC.CLONE_NEWNET), "unshare", "CLONE_NEWNET");

    /// <summary>Puts the calling thread into the network namespace of a descriptor.</summary>
    public static void Enter(int descriptor) => LinuxException.Check(LibC.setns(descriptor, LibC.CLONE_NEWNET), "setns", "CLONE_NEWNET");

    /// <summary>Opens the calling thread's network namespace; it lives as long as the descriptor. The caller closes it with <see cref="Close"/>.</summary>
    public static int OpenCurrent() => Open("/proc/thread-self/ns/net");

    /// <summary>Opens a process's network namespace.</summary>
    public static int OpenOfProcess(int processId) => Open($"/proc/{processId}/ns/net");

    /// <summary>Makes a new network namespace, with its loopback interface down, and returns a descriptor for it.</summary>
    public static int Create()
    {
        int descriptor = -1;
        RunOnThread(() =>
        {
            EnterNew();
            descriptor = OpenCurrent();
        });
        return descriptor;
    }

    /// <summary>Closes a descriptor of a namespace.</summary>
    public static void Close(int descriptor) => _ = LibC.close(descriptor);

    /// <summary>Runs an action on a thread of its own inside a namespace and waits for it; its exception comes back to the caller.</summary>
    public static void Run(int descriptor, Action action) => RunOnThread(() =>
    {
        Enter(descriptor);
        action();
    });

    // A thread that changed its namespace must not go back to a pool: it ends with the action.
    private static void RunOnThread(Action action)
    {
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                action();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        })
        {
            IsBackground = true,
            Name = "namespace",
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    private static unsafe int Open(string path)
    {
        fixed (byte* bytes = SocketOptions.CString(path))
        {
            return LinuxException.Check(LibC.open(bytes, LibC.O_RDONLY | LibC.O_CLOEXEC, 0), "open", path);
        }
    }
}
