using System.Runtime.InteropServices;

namespace FenceFirst.Linux.Native;

/// <summary>Constants of the kernel's interface, under the names of its headers; the same on x86-64 and arm64.</summary>
internal static unsafe partial class LibC
{
    internal const int EPERM = 1;
    internal const int ENOENT = 2;
    internal const int ESRCH = 3;
    internal const int EINTR = 4;
    internal const int EBADF = 9;
    internal const int ECHILD = 10;
    internal const int EAGAIN = 11;
    internal const int ENOMEM = 12;
    internal const int EACCES = 13;
    internal const int EEXIST = 17;
    internal const int ENODEV = 19;
    internal const int EINVAL = 22;
    internal const int ENOSPC = 28;
    internal const int EPROTO = 71;
    internal const int EBADMSG = 74;
    internal const int EMSGSIZE = 90;
    internal const int ENOPROTOOPT = 92;
    internal const int EOPNOTSUPP = 95;
    internal const int EADDRINUSE = 98;
    internal const int EADDRNOTAVAIL = 99;
    internal const int ENOBUFS = 105;
    internal const int ENOTCONN = 107;
    internal const int ETIMEDOUT = 110;
    internal const int ECONNREFUSED = 111;
    internal const int EINPROGRESS = 115;
    internal const int ECANCELED = 125;

    internal const int MADV_DONTNEED = 4;
    internal const int MALLOC_ARENA_MAX = -8; // M_ARENA_MAX of malloc.h
    internal const int CLOCK_REALTIME = 0;
    internal const int CLOCK_MONOTONIC_COARSE = 6;
    internal const int CLOCK_BOOTTIME = 7;

    internal const int O_RDONLY = 0;
    internal const int O_WRONLY = 1;
    internal const int O_RDWR = 2;
    internal const int O_CREAT = 0x40;
    internal const int O_TRUNC = 0x200;
    internal const int O_APPEND = 0x400;
    internal const int O_NONBLOCK = 0x800;
    internal const int O_CLOEXEC = 0x80000;
    internal const int LOCK_EX = 2;
    internal const int LOCK_NB = 4;
    internal const int SEEK_END = 2;
    internal const int F_ADD_SEALS = 1033;
    internal const int F_SEAL_ALL = 0xf;
    internal const uint MFD_CLOEXEC_SEALABLE = 3;

    internal const int EPOLL_CTL_ADD = 1;
    internal const int EPOLL_CTL_DEL = 2;
    internal const int EPOLL_CTL_MOD = 3;
    internal const int TFD_TIMER_ABSTIME = 1;

    internal const int AF_UNIX = 1;
    internal const int AF_INET = 2;
    internal const int AF_INET6 = 10;
    internal const int AF_NETLINK = 16;
    internal const int AF_PACKET = 17;
    internal const int SOCK_STREAM = 1;
    internal const int SOCK_DGRAM = 2;
    internal const int SOCK_RAW = 3;
    internal const int SOCK_NONBLOCK = 0x800;
    internal const int SOCK_CLOEXEC = 0x80000;
    internal const int IPPROTO_ICMP = 1;
    internal const int IPPROTO_ICMPV6 = 58;
    internal const int IPPROTO_AH = 51;
    internal const int IPPROTO_VRRP = 112;
    internal const int NETLINK_ROUTE = 0;
    internal const int NETLINK_NETFILTER = 12;

    internal const int SOL_SOCKET = 1;
    internal const int SOL_PACKET = 263;
    internal const int SO_ERROR = 4;
    internal const int SO_RCVBUF = 8;
    internal const int SO_PRIORITY = 12;
    internal const int SO_PEERCRED = 17;
    internal const int SO_RCVTIMEO = 20;
    internal const int SO_BINDTODEVICE = 25;
    internal const int SO_ATTACH_FILTER = 26;
    internal const int SO_RCVBUFFORCE = 33;
    internal const int SO_TIMESTAMPNS = 35;
    internal const int SO_BINDTOIFINDEX = 62;

    internal const int IPPROTO_IP = 0;
    internal const int IP_TOS = 1;
    internal const int IP_HDRINCL = 3;
    internal const int IP_FREEBIND = 15;
    internal const int IP_MULTICAST_IF = 32;
    internal const int IP_MULTICAST_TTL = 33;
    internal const int IP_MULTICAST_LOOP = 34;
    internal const int IP_ADD_MEMBERSHIP = 35;
    internal const int IP_MULTICAST_ALL = 49;

    internal const int IPPROTO_IPV6 = 41;
    internal const int IPV6_MULTICAST_IF = 17;
    internal const int IPV6_MULTICAST_HOPS = 18;
    internal const int IPV6_MULTICAST_LOOP = 19;
    internal const int IPV6_ADD_MEMBERSHIP = 20;
    internal const int IPV6_MULTICAST_ALL = 29;
    internal const int IPV6_RECVPKTINFO = 49;
    internal const int IPV6_PKTINFO = 50;
    internal const int IPV6_RECVHOPLIMIT = 51;
    internal const int IPV6_HOPLIMIT = 52;
    internal const int IPV6_TCLASS = 67;
    internal const int IPV6_FREEBIND = 78;

    internal const int SOL_NETLINK = 270;
    internal const int NETLINK_ADD_MEMBERSHIP = 1;
    internal const int NETLINK_CAP_ACK = 10;
    internal const int NETLINK_EXT_ACK = 11;

    internal const int MSG_DONTROUTE = 0x4;
    internal const int MSG_TRUNC = 0x20;
    internal const int MSG_DONTWAIT = 0x40;
    internal const int MSG_NOSIGNAL = 0x4000;

    internal const int SIGHUP = 1;
    internal const int SIGINT = 2;
    internal const int SIGKILL = 9;
    internal const int SIGUSR1 = 10;
    internal const int SIGUSR2 = 12;
    internal const int SIGTERM = 15;
    internal const int SIGCHLD = 17;

    // glibc's: it keeps the first two of the kernel's real-time signals, 32 and 33, for itself.
    internal const int SIGRTMIN = 34;
    internal const int SIGRTMAX = 64;

    internal const int P_PID = 1;
    internal const int P_PIDFD = 3;
    internal const int WNOHANG = 1;
    internal const int WEXITED = 4;
    internal const int WNOWAIT = 0x1000000;
    internal const int CLD_EXITED = 1;

    internal const int SCHED_OTHER = 0;
    internal const int SCHED_RR = 2;
    internal const int PRIO_PROCESS = 0;
    internal const int MCL_CURRENT_FUTURE_ONFAULT = 7;

    internal const int PR_SET_PDEATHSIG = 1;
    internal const int PR_CAP_AMBIENT = 47;

    internal const short POSIX_SPAWN_SETSIGDEF = 0x04;
    internal const short POSIX_SPAWN_SETSIGMASK = 0x08;
    internal const short POSIX_SPAWN_SETSCHEDULER = 0x20;
    internal const short POSIX_SPAWN_SETSID = 0x80;

    internal const int CLONE_NEWUSER = 0x10000000;
    internal const int CLONE_NEWPID = 0x20000000;
    internal const int CLONE_NEWNET = 0x40000000;

    private static readonly bool IsArm64 = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    // System call numbers differ between the two architectures that we build for.
    internal static readonly nint SYS_setgroups = IsArm64 ? 159 : 116;
    internal static readonly nint SYS_setresuid = IsArm64 ? 147 : 117;
    internal static readonly nint SYS_setresgid = IsArm64 ? 149 : 119;
    internal static readonly nint SYS_clone = IsArm64 ? 220 : 56;
    internal static readonly nint SYS_execve = IsArm64 ? 221 : 59;
    internal static readonly nint SYS_openat = IsArm64 ? 56 : 257;
    internal static readonly nint SYS_write = IsArm64 ? 64 : 1;
    internal static readonly nint SYS_exit_group = IsArm64 ? 94 : 231;
    internal static readonly nint SYS_pidfd_open = 434;

    /// <summary>O_DIRECTORY differs between the two architectures.</summary>
    internal static readonly int O_DIRECTORY = IsArm64 ? 0x4000 : 0x10000;

    /// <summary>Bytes of one epoll_event: the kernel packs the structure on x86-64 only.</summary>
    internal static readonly int EpollEventBytes = IsArm64 ? 16 : 12;

    /// <summary>Offset of the user value in an epoll_event.</summary>
    internal static readonly int EpollTokenOffset = IsArm64 ? 8 : 4;
}

[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpec
{
    internal long Seconds;
    internal long Nanoseconds;
}

[StructLayout(LayoutKind.Sequential)]
internal struct TimerSpec
{
    internal TimeSpec Interval;
    internal TimeSpec Value;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    internal void* Base;
    internal nuint Length;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    internal void* Name;
    internal uint NameLength;
    internal IoVector* Vectors;
    internal nuint VectorCount;
    internal void* Control;
    internal nuint ControlLength;
    internal int Flags;
}

[StructLayout(LayoutKind.Sequential)]
internal struct MultipleMessage
{
    internal MessageHeader Header;
    internal uint Length;
}

[StructLayout(LayoutKind.Sequential)]
internal struct ControlHeader
{
    internal nuint Length;
    internal int Level;
    internal int Type;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SocketAddressIPv4
{
    internal ushort Family;
    internal ushort Port;
    internal fixed byte Address[4];
    internal fixed byte Zero[8];
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SocketAddressIPv6
{
    internal ushort Family;
    internal ushort Port;
    internal uint FlowInfo;
    internal fixed byte Address[16];
    internal uint ScopeId;
}

[StructLayout(LayoutKind.Sequential)]
internal struct SocketAddressNetlink
{
    internal ushort Family;
    internal ushort Pad;
    internal uint PortId;
    internal uint Groups;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SocketAddressPacket
{
    internal ushort Family;
    internal ushort Protocol;
    internal int LinkIndex;
    internal ushort HardwareType;
    internal byte PacketType;
    internal byte AddressLength;
    internal fixed byte Address[8];
}

/// <summary>A group that an interface shall receive for a packet socket (packet_mreq).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PacketMembership
{
    internal int LinkIndex;
    internal ushort Type;
    internal ushort AddressLength;
    internal fixed byte Address[8];
}

/// <summary>ip_mreqn.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MembershipIPv4
{
    internal fixed byte Group[4];
    internal fixed byte Local[4];
    internal int LinkIndex;
}

/// <summary>ipv6_mreq.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MembershipIPv6
{
    internal fixed byte Group[16];
    internal int LinkIndex;
}

/// <summary>One instruction of a classic BPF program (sock_filter).</summary>
/// <param name="Code">Operation.</param>
/// <param name="True">Instructions skipped when a jump's condition holds.</param>
/// <param name="False">Instructions skipped when it does not.</param>
/// <param name="Operand">The constant operand.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct FilterInstruction(ushort Code, byte True, byte False, uint Operand);

/// <summary>sock_fprog.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FilterProgram
{
    internal ushort Length;
    internal FilterInstruction* Instructions;
}
