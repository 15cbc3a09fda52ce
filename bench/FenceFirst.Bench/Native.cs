using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace FenceFirst.Bench;

/// <summary>The system calls of the measuring side, declared apart from the product's so that neither can hide an error of the other.</summary>
/// <remarks>64-bit Linux only, like the products measured. Numbers are those of the kernel's headers.</remarks>
internal static unsafe partial class Native
{
    public const int SignalHangUp = 1;
    public const int SignalTerminate = 15;
    public const int SignalKill = 9;
    public const int SignalContinue = 18;
    public const int SignalStop = 19;

    private const int ClockRealTime = 0;
    private const int ClockMonotonic = 1;
    private const int SocketLevel = 1;
    private const int CloseOnExec = 0x80000;

    /// <summary>Wall time in nanoseconds since 1970: the clock of the kernel's packet time stamps.</summary>
    public static long WallNanoseconds => Clock(ClockRealTime);

    /// <summary>Nanoseconds on a clock that is never set.</summary>
    public static long MonotonicNanoseconds => Clock(ClockMonotonic);

    /// <summary>Sleeps until an instant of <see cref="MonotonicNanoseconds"/>; an instant in the past returns at once.</summary>
    public static void SleepUntil(long nanoseconds)
    {
        const int absolute = 1;
        TimeSpec until = new() { Seconds = nanoseconds / 1_000_000_000, Nanoseconds = nanoseconds % 1_000_000_000 };
        for (int interrupted = 0; interrupted < 100 && clock_nanosleep(ClockMonotonic, absolute, &until, null) != 0; interrupted++)
        {
        }
    }

    /// <summary>Puts the calling thread before everything under test, so that what it sees is dated when it happens. False = not permitted.</summary>
    public static bool TryBecomeRealTime()
    {
        const int roundRobin = 2;
        int priority = 60;
        return sched_setscheduler(0, roundRobin, &priority) == 0;
    }

    /// <summary>Opens a socket that sees the IPv4 frames which arrive on an interface, with the kernel's receive time stamps.</summary>
    /// <param name="linkIndex">Interface of the calling thread's namespace.</param>
    public static int OpenTap(int linkIndex)
    {
        const int packet = 17, raw = 3, timeStampNanoseconds = 35, receiveBufferForce = 33;
        const ushort internetProtocol = 0x0008;
        int descriptor = Check(socket(packet, raw | CloseOnExec, 0), "socket");
        int one = 1;
        int bytes = 16 << 20;
        Check(setsockopt(descriptor, SocketLevel, timeStampNanoseconds, &one, sizeof(int)), "SO_TIMESTAMPNS");
        Check(setsockopt(descriptor, SocketLevel, receiveBufferForce, &bytes, sizeof(int)), "SO_RCVBUFFORCE");
        SetReceiveTimeout(descriptor);
        SocketAddressPacket address = new() { Family = packet, Protocol = internetProtocol, LinkIndex = linkIndex };
        Check(bind(descriptor, &address, (uint)sizeof(SocketAddressPacket)), "bind");
        return descriptor;
    }

    /// <summary>Opens a socket that hears of addresses coming and going in the calling thread's namespace.</summary>
    public static int OpenAddressMonitor()
    {
        const int netlink = 16, raw = 3;
        const uint addresses = 0x10 | 0x100;
        int descriptor = Check(socket(netlink, raw | CloseOnExec, 0), "socket");
        SetReceiveTimeout(descriptor);
        SocketAddressNetlink address = new() { Family = netlink, Groups = addresses };
        Check(bind(descriptor, &address, (uint)sizeof(SocketAddressNetlink)), "bind");
        return descriptor;
    }

    /// <summary>Receives one message, waiting at most 50 ms: its length (0 = none) and the kernel's time stamp if the socket asks for one.</summary>
    public static int Receive(int descriptor, Span<byte> buffer, out long wallNanoseconds)
    {
        const int again = 11, interrupted = 4, noBuffers = 105, timeStamp = 35;
        byte* control = stackalloc byte[128];
        fixed (byte* bytes = buffer)
        {
            IoVector vector = new() { Base = bytes, Length = (nuint)buffer.Length };
            MessageHeader header = new() { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = 128 };
            nint length = recvmsg(descriptor, &header, 0);
            wallNanoseconds = 0;
            if (length < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                return errno is again or interrupted ? 0 : throw new Win32Exception(errno, errno == noBuffers ? "the monitor lost messages" : "recvmsg");
            }

            // struct cmsghdr: length (8), level (4), type (4); then struct timespec.
            if (header.ControlLength >= 32 && *(int*)(control + 8) == SocketLevel && *(int*)(control + 12) == timeStamp)
            {
                wallNanoseconds = (*(long*)(control + 16) * 1_000_000_000) + *(long*)(control + 24);
            }

            return (int)length;
        }
    }

    public static void Close(int descriptor) => _ = close(descriptor);

    /// <summary>Starts a program in the calling thread's namespaces, in a session of its own, output to a file; returns its process id.</summary>
    /// <param name="arguments">The path and the arguments.</param>
    /// <param name="outputPath">Gets standard output and standard error.</param>
    /// <param name="startedAt">Wall time just before the fork.</param>
    public static int Spawn(IReadOnlyList<string> arguments, string outputPath, out long startedAt)
    {
        const int writeCreateTruncate = 0x241;
        const short ownSession = 0x80, defaultSignals = 0x04, signalMask = 0x08;
        byte* attributes = stackalloc byte[512];
        byte* actions = stackalloc byte[512];
        byte* signals = stackalloc byte[128];
        int processId = 0;
        nint[] argv = [.. arguments.Select(Marshal.StringToCoTaskMemUTF8), 0];
        byte[] output = Encoding.UTF8.GetBytes(outputPath + "\0");
        _ = posix_spawnattr_init(attributes);
        _ = posix_spawn_file_actions_init(actions);
        new Span<byte>(signals, 128).Clear();
        _ = posix_spawnattr_setsigmask(attributes, signals);
        new Span<byte>(signals, 128).Fill(0xff);
        _ = posix_spawnattr_setsigdefault(attributes, signals);
        _ = posix_spawnattr_setflags(attributes, ownSession | defaultSignals | signalMask);
        int errno;
        fixed (byte* outputBytes = output)
        fixed (byte* nothing = "/dev/null\0"u8)
        fixed (nint* first = argv)
        {
            _ = posix_spawn_file_actions_addopen(actions, 0, nothing, 0, 0);
            _ = posix_spawn_file_actions_addopen(actions, 1, outputBytes, writeCreateTruncate, 0x1b4);
            _ = posix_spawn_file_actions_adddup2(actions, 1, 2);
            _ = posix_spawn_file_actions_addclosefrom_np(actions, 3);
            startedAt = WallNanoseconds;
            errno = posix_spawn(&processId, (byte*)argv[0], actions, attributes, (byte**)first, Environ());
        }

        _ = posix_spawnattr_destroy(attributes);
        _ = posix_spawn_file_actions_destroy(actions);
        foreach (nint each in argv)
        {
            Marshal.FreeCoTaskMem(each);
        }

        return errno == 0 ? processId : throw new Win32Exception(errno, "posix_spawn " + arguments[0]);
    }

    /// <summary>Whether a child of ours has ended (and if so, takes its status).</summary>
    public static bool HasEnded(int processId)
    {
        const int noHang = 1;
        int status;
        return waitpid(processId, &status, noHang) != 0;
    }

    /// <summary>Waits for a child of ours, at most a minute: its exit status, and what it and what it waited for used of a processor, user and system.</summary>
    public static int WaitForEnd(int processId, out long processorNanoseconds)
    {
        const int noHang = 1;
        const long bound = 60_000_000_000;
        ResourceUse use = default;
        int status;
        for (long until = MonotonicNanoseconds + bound; wait4(processId, &status, noHang, &use) == 0;)
        {
            if (MonotonicNanoseconds > until)
            {
                Kill(processId, SignalKill);
                _ = waitpid(processId, &status, 0);
                throw new InvalidOperationException($"process {processId} did not end within a minute");
            }

            SleepUntil(MonotonicNanoseconds + 2_000_000);
        }

        processorNanoseconds = ((use.UserSeconds + use.SystemSeconds) * 1_000_000_000) + ((use.UserMicroseconds + use.SystemMicroseconds) * 1000);
        return (status & 0x7f) == 0 ? (status >> 8) & 0xff : -(status & 0x7f);
    }

    /// <summary>Sends a signal to one process; one that has gone already is not an error.</summary>
    public static void Kill(int processId, int signal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(processId, 1);
        _ = kill(processId, signal);
    }

    private static long Clock(int clock)
    {
        TimeSpec time;
        _ = clock_gettime(clock, &time);
        return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
    }

    private static void SetReceiveTimeout(int descriptor)
    {
        const int receiveTimeout = 20;
        TimeSpec fiftyMilliseconds = new() { Nanoseconds = 50_000 };
        Check(setsockopt(descriptor, SocketLevel, receiveTimeout, &fiftyMilliseconds, (uint)sizeof(TimeSpec)), "SO_RCVTIMEO");
    }

    private static byte** Environ() => *(byte***)NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "environ");

    private static int Check(int result, string call) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError(), call);

    [LibraryImport("libc")]
    [SuppressGCTransition]
    private static partial int clock_gettime(int clock, TimeSpec* time);

    [LibraryImport("libc")]
    private static partial int clock_nanosleep(int clock, int flags, TimeSpec* until, TimeSpec* left);

    [LibraryImport("libc")]
    private static partial int sched_setscheduler(int thread, int policy, int* priority);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int descriptor, int level, int option, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(int descriptor, void* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recvmsg(int descriptor, MessageHeader* header, int flags);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    [LibraryImport("libc")]
    private static partial int kill(int processId, int signal);

    [LibraryImport("libc")]
    private static partial int waitpid(int processId, int* status, int options);

    [LibraryImport("libc")]
    private static partial int wait4(int processId, int* status, int options, ResourceUse* use);

    [LibraryImport("libc")]
    private static partial int posix_spawn(int* processId, byte* path, void* actions, void* attributes, byte** argv, byte** environment);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(void* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(void* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(void* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(void* attributes, void* signals);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(void* attributes, void* signals);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(void* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(void* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_addopen(void* actions, int target, byte* path, int flags, uint mode);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(void* actions, int descriptor, int target);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_addclosefrom_np(void* actions, int first);

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    /// <summary>struct rusage: two times, then fourteen numbers that nobody here reads.</summary>
    private struct ResourceUse
    {
        public long UserSeconds;
        public long UserMicroseconds;
        public long SystemSeconds;
        public long SystemMicroseconds;
        private fixed long _others[14];
    }

    private struct IoVector
    {
        public void* Base;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    private struct SocketAddressPacket
    {
        public ushort Family;
        public ushort Protocol;
        public int LinkIndex;
        public ushort HardwareType;
        public byte PacketType;
        public byte AddressLength;
        public ulong Address;
    }

    private struct SocketAddressNetlink
    {
        public ushort Family;
        public ushort Padding;
        public uint PortId;
        public uint Groups;
    }
}
