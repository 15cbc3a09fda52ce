using System.Buffers.Binary;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace FenceFirst.SystemTests;

/// <content>What the observer of the order listens with: everything is read without waiting, after one wait for all of it.</content>
internal static partial class Native
{
    private const int Netlink = 16, NonBlockingCloseOnExec = 0x80000 | 0x800, SocketLevel = 1, BufferForce = 33, ProcessEvent = 36;

    private const nuint TimeOfPacket = 0x8907;

    /// <summary>Opens a socket that hears of every fork on the machine. The calling thread has to be in the first network namespace.</summary>
    public static int OpenForkSocket()
    {
        const int datagram = 2, connector = 11, processes = 1;
        int descriptor = Checked(socket(Netlink, datagram | NonBlockingCloseOnExec, connector), "socket");
        Checked(setsockopt(descriptor, SocketLevel, BufferForce, [8 << 20], 4), "SO_RCVBUFFORCE");
        Checked(bind(descriptor, [Netlink, 0, processes], 12), "bind");

        // struct nlmsghdr: length, type DONE, three zeros; struct cn_msg: index, value, sequence, acknowledgement, length; the word "listen".
        uint[] words = [40, 3, 0, 0, processes, 1, 0, 0, 4, 1];
        byte[] request = [.. words.SelectMany(BitConverter.GetBytes)];
        Send(descriptor, request);
        return descriptor;
    }

    /// <summary>Whether such a socket can be had and is told of a process that is made now.</summary>
    public static bool HearsOfProcesses()
    {
        const int milliseconds = 1000;
        byte[] buffer = new byte[4096];
        int descriptor;
        try
        {
            descriptor = OpenForkSocket();
        }
        catch (Win32Exception)
        {
            return false;
        }
        try
        {
            // The answer to the request comes first, or is all there is.
            using Process process = Process.Start("true");
            process.WaitForExit();
            for (long deadline = Environment.TickCount64 + milliseconds; Environment.TickCount64 < deadline;)
            {
                WaitForAny([descriptor], milliseconds);
                while (ReceiveNow(descriptor, buffer) is > 0 and int length)
                {
                    if (ForkedIn(buffer.AsSpan(0, length)) == process.Id)
                    {
                        return true;
                    }
                }
            }
            return false;
        }
        finally
        {
            Close(descriptor);
        }
    }

    /// <summary>The process that a message tells of having been made; 0 = it tells of something else.</summary>
    /// <remarks>struct nlmsghdr (16), struct cn_msg (20), struct proc_event: what, cpu, time, then for a fork (1) the parent's thread and process, the child's thread and process.</remarks>
    public static int ForkedIn(ReadOnlySpan<byte> datagram) =>
        datagram.Length >= ProcessEvent + 32 && BinaryPrimitives.ReadInt32LittleEndian(datagram[ProcessEvent..]) == 1
            ? BinaryPrimitives.ReadInt32LittleEndian(datagram[(ProcessEvent + 28)..])
            : 0;

    /// <summary>The time of such a message, on the monotonic clock.</summary>
    public static TimeSpan TimeOfFork(ReadOnlySpan<byte> datagram) => TimeSpan.FromTicks(BinaryPrimitives.ReadInt64LittleEndian(datagram[(ProcessEvent + 8)..]) / 100);

    /// <summary>Opens a socket that hears of addresses, routes and rules in a namespace. The calling thread moves there.</summary>
    public static int OpenRouteSocket(string networkNamespace)
    {
        const int cloneNewNet = 0x40000000, raw = 3;
        const uint addresses = 0x10 | 0x100, routes = 0x40 | 0x400, rules = 0x80 | 0x40000;
        using (SafeFileHandle handle = File.OpenHandle("/run/netns/" + networkNamespace))
        {
            Checked(setns((int)handle.DangerousGetHandle(), cloneNewNet), "setns");
        }
        int descriptor = Checked(socket(Netlink, raw | NonBlockingCloseOnExec, 0), "socket");
        Checked(setsockopt(descriptor, SocketLevel, BufferForce, [1 << 20], 4), "SO_RCVBUFFORCE");
        Checked(bind(descriptor, [Netlink, 0, addresses | routes | rules], 12), "bind");
        return descriptor;
    }

    /// <summary>Opens a socket that hears of changes of packet filters (nftables) in the thread's namespace.</summary>
    public static int OpenFilterSocket()
    {
        const int raw = 3, netfilter = 12, netlinkLevel = 270, addMembership = 1, tables = 7;
        int descriptor = Checked(socket(Netlink, raw | NonBlockingCloseOnExec, netfilter), "socket");
        Checked(bind(descriptor, [Netlink, 0, 0], 12), "bind");
        Checked(setsockopt(descriptor, netlinkLevel, addMembership, [tables], 4), "NETLINK_ADD_MEMBERSHIP");
        return descriptor;
    }

    /// <summary>Opens a socket that sees every frame of an interface in the thread's namespace, in both directions.</summary>
    public static int OpenCaptureSocket(string name)
    {
        const int packet = 17, raw = 3;
        const uint everything = 0x0300;
        int descriptor = Checked(socket(packet, raw | NonBlockingCloseOnExec, 0), "socket");
        Checked(setsockopt(descriptor, SocketLevel, BufferForce, [1 << 20], 4), "SO_RCVBUFFORCE");
        Checked(bind(descriptor, [packet | (everything << 16), if_nametoindex(name), 0, 0, 0], 20), "bind");

        // The first time it is asked for, the kernel begins to put times on frames; one that came before gets the time of the question. It has no frame to tell of yet.
        _ = ioctl(descriptor, TimeOfPacket, new long[2]);
        return descriptor;
    }

    /// <summary>Opens a named pipe for reading, and for writing, so that it does not end with its writer.</summary>
    public static int OpenPipe(string path)
    {
        const int readWrite = 2;
        return Checked(open([.. Encoding.UTF8.GetBytes(path), 0], readWrite | NonBlockingCloseOnExec), "open");
    }

    /// <summary>The kernel's time of the frame that was received last, since 1970.</summary>
    public static TimeSpan TimeOfLast(int descriptor)
    {
        long[] time = new long[2];
        Checked(ioctl(descriptor, TimeOfPacket, time), "SIOCGSTAMPNS");
        return TimeSpan.FromTicks((time[0] * TimeSpan.TicksPerSecond) + (time[1] / 100));
    }

    /// <summary>What the wall clock shows, since 1970, more than the monotonic clock, which the kernel puts on forks.</summary>
    /// <remarks>A thread that loses its processor between the two readings would be wrong by that time, so of several readings that counts which took least.</remarks>
    public static TimeSpan WallAheadOfMonotonic()
    {
        const int attempts = 5;
        TimeSpan ahead = default, least = TimeSpan.MaxValue;
        for (int i = 0; i < attempts; i++)
        {
            TimeSpan before = MonotonicTime(), wall = DateTime.UtcNow - DateTime.UnixEpoch, taken = MonotonicTime() - before;
            if (taken < least)
            {
                least = taken;
                ahead = wall - before - (taken / 2);
            }
        }
        return ahead;
    }

    private static TimeSpan MonotonicTime()
    {
        const int monotonic = 1;
        long[] time = new long[2];
        Checked(clock_gettime(monotonic, time), "clock_gettime");
        return TimeSpan.FromTicks((time[0] * TimeSpan.TicksPerSecond) + (time[1] / 100));
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int open(byte[] path, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int ioctl(int descriptor, nuint request, long[] value);

    [DllImport("libc", SetLastError = true)]
    private static extern int clock_gettime(int clock, long[] time);
}
