using FenceFirst.Linux.Native;
using Microsoft.Win32.SafeHandles;

namespace FenceFirst.Linux.Processes;

/// <summary>A process in a network namespace and as the first of a new process namespace: ending it ends everything that was started in it.</summary>
/// <remarks>
/// That is what loss of power looks like to everybody else: the kernel kills every process of a process namespace when its first one ends.
/// Its standard input is a pipe that nobody writes to. It ends when we do, however we do, and the process takes that as its own end.
/// </remarks>
public sealed unsafe class IsolatedProcess : IDisposable
{
    // Larger than posix_spawnattr_t (336) and posix_spawn_file_actions_t (80) of glibc and of musl.
    private const int SpawnStructBytes = 512;
    private const int EndWaitMsMax = 5000;
    private const int EndWaitStepMs = 2;

    private readonly SafeFileHandle _input;
    private bool _hasEnded;

    private IsolatedProcess(int processId, SafeFileHandle input, SafeFileHandle output)
    {
        ProcessId = processId;
        _input = input;
        Output = output;
    }

    /// <summary>Its id as seen from here.</summary>
    public int ProcessId { get; }

    /// <summary>What it and its children write to standard output and error; the reader disposes of it.</summary>
    public SafeFileHandle Output { get; }

    /// <summary>Whether it has ended, and therefore everything in its process namespace.</summary>
    public bool HasEnded
    {
        get
        {
            int status;
            _hasEnded = _hasEnded || LibC.waitpid(ProcessId, &status, LibC.WNOHANG) == ProcessId;
            return _hasEnded;
        }
    }

    /// <summary>Starts a program.</summary>
    /// <param name="networkNamespace">Descriptor of the network namespace it lives in.</param>
    /// <param name="arguments">argv; the first is the absolute path of the program.</param>
    /// <param name="environment">The whole environment as NAME=value.</param>
    /// <exception cref="LinuxException">The namespace was refused, or the program could not be started.</exception>
    public static IsolatedProcess Start(int networkNamespace, IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        int* input = stackalloc int[2];
        int* output = stackalloc int[2];
        LinuxException.Check(LibC.pipe2(input, LibC.O_CLOEXEC), "pipe2", "standard input");
        LinuxException.Check(LibC.pipe2(output, LibC.O_CLOEXEC), "pipe2", "standard output");
        using SafeFileHandle theirInput = new(input[0], true);
        using SafeFileHandle theirOutput = new(output[1], true);
        SafeFileHandle ourInput = new(input[1], true);
        SafeFileHandle ourOutput = new(output[0], true);
        try
        {
            int processId = 0;
            int inputEnd = input[0];
            int outputEnd = output[1];
            Namespaces.Run(networkNamespace, () => processId = Spawn(arguments, environment, inputEnd, outputEnd));
            return new IsolatedProcess(processId, ourInput, ourOutput);
        }
        catch (LinuxException)
        {
            ourInput.Dispose();
            ourOutput.Dispose();
            throw;
        }
    }

    /// <summary>Ends it and everything in its process namespace at once; false when it still lives after five seconds.</summary>
    public bool Kill()
    {
        if (!HasEnded)
        {
            _ = LibC.kill(ProcessId, LibC.SIGKILL);
        }

        for (int waited = 0; !HasEnded && waited < EndWaitMsMax; waited += EndWaitStepMs)
        {
            Thread.Sleep(EndWaitStepMs);
        }

        return _hasEnded;
    }

    /// <summary>Ends everything.</summary>
    public void Dispose()
    {
        Kill();
        _input.Dispose();
    }

    /// <summary>Runs on a thread that ends afterwards: after the unshare its next child is in the new process namespace, and it can start no threads.</summary>
    private static int Spawn(IReadOnlyList<string> arguments, IReadOnlyList<string> environment, int input, int output)
    {
        byte* attributes = stackalloc byte[SpawnStructBytes];
        byte* actions = stackalloc byte[SpawnStructBytes];
        byte* signals = stackalloc byte[128];
        using NativeStrings strings = new();
        byte** argv = strings.AddAll(arguments);
        byte** variables = strings.AddAll(environment);
        _ = LibC.posix_spawnattr_init(attributes);
        _ = LibC.posix_spawn_file_actions_init(actions);
        new Span<byte>(signals, 128).Clear();
        _ = LibC.posix_spawnattr_setsigmask(attributes, signals);
        new Span<byte>(signals, 128).Fill(0xff);
        _ = LibC.posix_spawnattr_setsigdefault(attributes, signals);

        // A session of its own: Ctrl-C at the terminal is for us, not for the daemons.
        _ = LibC.posix_spawnattr_setflags(attributes, LibC.POSIX_SPAWN_SETSID | LibC.POSIX_SPAWN_SETSIGDEF | LibC.POSIX_SPAWN_SETSIGMASK);
        int errno = LibC.posix_spawn_file_actions_adddup2(actions, input, 0);
        errno |= LibC.posix_spawn_file_actions_adddup2(actions, output, 1);
        errno |= LibC.posix_spawn_file_actions_adddup2(actions, output, 2);
        errno |= LibC.posix_spawn_file_actions_addclosefrom_np(actions, 3);
        int processId = 0;
        if (errno == 0)
        {
            LinuxException.Check(LibC.unshare(LibC.CLONE_NEWPID), "unshare", "CLONE_NEWPID");
            errno = LibC.posix_spawn(&processId, argv[0], actions, attributes, argv, variables);
        }

        _ = LibC.posix_spawnattr_destroy(attributes);
        _ = LibC.posix_spawn_file_actions_destroy(actions);
        return errno == 0 ? processId : throw new LinuxException("posix_spawn", errno, arguments[0]);
    }
}
