using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FenceFirst.SystemTests;

/// <summary>A signal by its number on Linux.</summary>
internal enum Signal
{
    Hup = 1,
    Int = 2,
    Kill = 9,
    Usr1 = 10,
    Usr2 = 12,
    Term = 15,
    Cont = 18,
    Stop = 19,
    WindowChange = 28,
}

/// <summary>The few system calls that the laboratory makes itself, so that its observers share nothing with the daemon under test.</summary>
internal static partial class Native
{
    private static readonly Lazy<bool> LazyMayPutFirst = new(() =>
    {
        bool isAllowed = false;
        Thread thread = new(() => isAllowed = PutFirst());
        thread.Start();
        thread.Join();
        return isAllowed;
    });

    /// <summary>Sends a signal; a process that has gone already is not an error.</summary>
    public static void Kill(int pid, Signal signal)
    {
        if (pid <= 1)
        {
            throw new ArgumentOutOfRangeException(nameof(pid), pid, "That would signal more than one process.");
        }
        const int noSuchProcess = 3;
        if (kill(pid, (int)signal) != 0 && Marshal.GetLastPInvokeError() != noSuchProcess)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"kill({pid}, {signal})");
        }
    }

    /// <summary>The calling thread, for <see cref="SignalThread"/>.</summary>
    public static nint ThisThread => pthread_self();

    /// <summary>Sends a signal to one living thread of this process.</summary>
    public static void SignalThread(nint thread, Signal signal)
    {
        if (pthread_kill(thread, (int)signal) is not 0 and int error)
        {
            throw new Win32Exception(error, "pthread_kill");
        }
    }

    /// <summary>Opens a socket that hears the kernel's address messages in a namespace, read with <see cref="ReceiveNow"/>. The calling thread moves there, so it must not be a pool thread.</summary>
    public static int OpenAddressSocket(string networkNamespace)
    {
        const int cloneNewNet = 0x40000000, netlink = 16, raw = 3 | 0x80000 | 0x800, socketLevel = 1, receiveBufferForce = 33;
        const uint ipv4Addresses = 0x10, ipv6Addresses = 0x100;
        using (SafeFileHandle handle = File.OpenHandle("/run/netns/" + networkNamespace))
        {
            Checked(setns((int)handle.DangerousGetHandle(), cloneNewNet), "setns");
        }
        int descriptor = Checked(socket(netlink, raw, 0), "socket");
        Checked(setsockopt(descriptor, socketLevel, receiveBufferForce, [1 << 20], 4), "SO_RCVBUFFORCE");
        // struct sockaddr_nl: family and padding, port, groups.
        Checked(bind(descriptor, [netlink, 0, ipv4Addresses | ipv6Addresses], 12), "bind");
        return descriptor;
    }

    /// <summary>Opens a socket for whole Ethernet frames on an interface of a namespace; frames that leave there are not heard. The calling thread moves there.</summary>
    /// <param name="networkNamespace">Where the interface is.</param>
    /// <param name="name">The interface.</param>
    /// <param name="timeout">How long one receive waits; zero = the socket hears nothing and only sends.</param>
    public static int OpenFrameSocket(string networkNamespace, string name, TimeSpan timeout)
    {
        const int cloneNewNet = 0x40000000, packet = 17, rawCloseOnExec = 3 | 0x80000, socketLevel = 1, receiveTimeout = 20, packetLevel = 263, ignoreOutgoing = 23;
        const uint allProtocols = 0x0300;
        using (SafeFileHandle handle = File.OpenHandle("/run/netns/" + networkNamespace))
        {
            Checked(setns((int)handle.DangerousGetHandle(), cloneNewNet), "setns");
        }
        int index = Checked((int)if_nametoindex(name) - 1, "if_nametoindex " + name) + 1;
        int descriptor = Checked(socket(packet, rawCloseOnExec, 0), "socket");
        Checked(setsockopt(descriptor, packetLevel, ignoreOutgoing, [1], 4), "PACKET_IGNORE_OUTGOING");
        if (timeout > TimeSpan.Zero)
        {
            Checked(setsockopt(descriptor, socketLevel, receiveTimeout, [0, (long)timeout.TotalMicroseconds], 16), "SO_RCVTIMEO");
        }
        // struct sockaddr_ll: family, protocol in network order; interface; four words that bind does not look at.
        uint protocol = timeout > TimeSpan.Zero ? allProtocols : 0;
        Checked(bind(descriptor, [packet | (protocol << 16), (uint)index, 0, 0, 0], 20), "bind");
        return descriptor;
    }

    /// <summary>Sends one datagram.</summary>
    public static void Send(int descriptor, byte[] datagram) => Checked((int)send(descriptor, datagram, datagram.Length, 0), "send");

    /// <summary>Receives one datagram: its length, or 0 when the time-out passed.</summary>
    public static int Receive(int descriptor, byte[] buffer)
    {
        const int again = 11, interrupted = 4;
        nint length = recv(descriptor, buffer, buffer.Length, 0);
        if (length >= 0)
        {
            return (int)length;
        }
        int error = Marshal.GetLastPInvokeError();
        return error is again or interrupted ? 0 : throw new Win32Exception(error, "recv");
    }

    /// <summary>Waits until one of them has something to read, or so many milliseconds.</summary>
    public static void WaitForAny(int[] descriptors, int milliseconds)
    {
        const long readable = 1L << 32;
        _ = poll([.. descriptors.Select(each => readable | (uint)each)], (ulong)descriptors.Length, milliseconds);
    }

    /// <summary>One datagram, or 0 when there is none.</summary>
    public static int ReceiveNow(int descriptor, byte[] buffer) => NowOrNothing(recv(descriptor, buffer, buffer.Length, 0), "recv");

    /// <summary>What a pipe has, or 0 when it has nothing.</summary>
    public static int ReadNow(int descriptor, byte[] buffer) => NowOrNothing(read(descriptor, buffer, buffer.Length), "read");

    /// <summary>Opens a counter that wakes who waits for it (eventfd).</summary>
    public static int OpenCounter()
    {
        const int nonBlockingCloseOnExec = 0x80000 | 0x800;
        return Checked(eventfd(0, nonBlockingCloseOnExec), "eventfd");
    }

    /// <summary>Adds one to a counter.</summary>
    public static void Count(int counter) => Checked((int)write(counter, BitConverter.GetBytes(1L), sizeof(long)), "write");

    public static void Close(int descriptor) => _ = close(descriptor);

    /// <summary>Puts the calling thread before all others that want a processor, so that what it reads is read at once; a machine that does not allow it is slower to tell.</summary>
    public static bool PutFirst()
    {
        const int roundRobin = 2;
        return sched_setscheduler(0, roundRobin, [1]) == 0;
    }

    /// <summary>Whether this machine allows that; what may do it may also give a nice value below 0 (CAP_SYS_NICE).</summary>
    public static bool MayPutFirst => LazyMayPutFirst.Value;

    /// <summary>The ids of a process and of everything that descends from it, children before their parents.</summary>
    public static IReadOnlyList<int> Family(int root)
    {
        List<(int Pid, int Parent)> all = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out int pid) && TryReadStat(pid, out string[] fields))
            {
                all.Add((pid, int.Parse(fields[1])));
            }
        }
        List<int> family = [root];
        for (int i = 0; i < family.Count; i++)
        {
            family.AddRange(all.Where(each => each.Parent == family[i] && !family.Contains(each.Pid)).Select(each => each.Pid));
        }
        family.Reverse();
        return family;
    }

    /// <summary>When a process was started, in the kernel's ticks since boot: with its id, this names one process for good. Null when there is none.</summary>
    public static string? StartTime(int pid) => TryReadStat(pid, out string[] fields) ? fields[19] : null;

    /// <summary>Whether a process runs; one that has ended and waits for its parent does not.</summary>
    public static bool IsAlive(int pid) => TryReadStat(pid, out string[] fields) && fields[0] is not ("Z" or "X");

    // The fields of /proc/PID/stat from the state on: state, parent, ...; the name before it may hold spaces and brackets.
    private static bool TryReadStat(int pid, out string[] fields)
    {
        fields = [];
        try
        {
            string text = File.ReadAllText($"/proc/{pid}/stat");
            fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static int NowOrNothing(nint length, string call)
    {
        const int again = 11, interrupted = 4, overrun = 105;
        if (length >= 0)
        {
            return (int)length;
        }
        int error = Marshal.GetLastPInvokeError();
        return error is again or interrupted or overrun ? 0 : throw new Win32Exception(error, call);
    }

    internal static int Checked(int result, string call) =>
        result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError(), call);

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int pid, int signal);

    [DllImport("libc")]
    private static extern nint pthread_self();

    [DllImport("libc")]
    private static extern int pthread_kill(nint thread, int signal);

    [DllImport("libc", SetLastError = true)]
    private static extern int setns(int descriptor, int kind);

    [DllImport("libc", SetLastError = true)]
    private static extern int socket(int family, int type, int protocol);

    [DllImport("libc", SetLastError = true)]
    private static extern int setsockopt(int descriptor, int level, int option, long[] value, uint length);

    [DllImport("libc", SetLastError = true)]
    private static extern int bind(int descriptor, uint[] address, uint length);

    [DllImport("libc", SetLastError = true)]
    private static extern nint recv(int descriptor, byte[] buffer, nint length, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern nint read(int descriptor, byte[] buffer, nint length);

    [DllImport("libc", SetLastError = true)]
    private static extern nint write(int descriptor, byte[] buffer, nint length);

    [DllImport("libc", SetLastError = true)]
    private static extern int eventfd(uint start, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int poll(long[] descriptors, ulong count, int milliseconds);

    [DllImport("libc", SetLastError = true)]
    private static extern nint send(int descriptor, byte[] buffer, nint length, int flags);

    [DllImport("libc", SetLastError = true, CharSet = CharSet.Ansi)]
    private static extern uint if_nametoindex(string name);

    [DllImport("libc", SetLastError = true)]
    private static extern int close(int descriptor);

    [DllImport("libc", SetLastError = true)]
    private static extern int sched_setscheduler(int thread, int policy, int[] priority);
}
