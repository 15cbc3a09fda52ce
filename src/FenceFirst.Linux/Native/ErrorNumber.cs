using FenceFirst.Core.Timeline;

namespace FenceFirst.Linux.Native;

/// <summary>Names and explanations of Linux error numbers (the generic table: x86-64 and arm64).</summary>
public static class ErrorNumber
{
    /// <summary>Success.</summary>
    public const int None = 0;

    /// <summary>Somebody else has the lock.</summary>
    public const int WouldBlock = LibC.EAGAIN;

    /// <summary>It cannot be done with this kind of thing.</summary>
    public const int InvalidArgument = LibC.EINVAL;

    /// <summary>The address, route or rule is there already.</summary>
    public const int AlreadyExists = LibC.EEXIST;

    /// <summary>The interface is not there.</summary>
    public const int NoDevice = LibC.ENODEV;

    /// <summary>The address is not there.</summary>
    public const int AddressNotAvailable = LibC.EADDRNOTAVAIL;

    /// <summary>The header's name of the number, for example EPERM.</summary>
    public static string Name(int errno) => errno switch
    {
        0 => "OK",
        1 => "EPERM",
        2 => "ENOENT",
        3 => "ESRCH",
        4 => "EINTR",
        5 => "EIO",
        6 => "ENXIO",
        7 => "E2BIG",
        8 => "ENOEXEC",
        9 => "EBADF",
        10 => "ECHILD",
        11 => "EAGAIN",
        12 => "ENOMEM",
        13 => "EACCES",
        14 => "EFAULT",
        15 => "ENOTBLK",
        16 => "EBUSY",
        17 => "EEXIST",
        18 => "EXDEV",
        19 => "ENODEV",
        20 => "ENOTDIR",
        21 => "EISDIR",
        22 => "EINVAL",
        23 => "ENFILE",
        24 => "EMFILE",
        25 => "ENOTTY",
        26 => "ETXTBSY",
        27 => "EFBIG",
        28 => "ENOSPC",
        29 => "ESPIPE",
        30 => "EROFS",
        31 => "EMLINK",
        32 => "EPIPE",
        33 => "EDOM",
        34 => "ERANGE",
        35 => "EDEADLK",
        36 => "ENAMETOOLONG",
        37 => "ENOLCK",
        38 => "ENOSYS",
        39 => "ENOTEMPTY",
        40 => "ELOOP",
        42 => "ENOMSG",
        43 => "EIDRM",
        44 => "ECHRNG",
        45 => "EL2NSYNC",
        46 => "EL3HLT",
        47 => "EL3RST",
        48 => "ELNRNG",
        49 => "EUNATCH",
        50 => "ENOCSI",
        51 => "EL2HLT",
        52 => "EBADE",
        53 => "EBADR",
        54 => "EXFULL",
        55 => "ENOANO",
        56 => "EBADRQC",
        57 => "EBADSLT",
        59 => "EBFONT",
        60 => "ENOSTR",
        61 => "ENODATA",
        62 => "ETIME",
        63 => "ENOSR",
        64 => "ENONET",
        65 => "ENOPKG",
        66 => "EREMOTE",
        67 => "ENOLINK",
        68 => "EADV",
        69 => "ESRMNT",
        70 => "ECOMM",
        71 => "EPROTO",
        72 => "EMULTIHOP",
        73 => "EDOTDOT",
        74 => "EBADMSG",
        75 => "EOVERFLOW",
        76 => "ENOTUNIQ",
        77 => "EBADFD",
        78 => "EREMCHG",
        79 => "ELIBACC",
        80 => "ELIBBAD",
        81 => "ELIBSCN",
        82 => "ELIBMAX",
        83 => "ELIBEXEC",
        84 => "EILSEQ",
        85 => "ERESTART",
        86 => "ESTRPIPE",
        87 => "EUSERS",
        88 => "ENOTSOCK",
        89 => "EDESTADDRREQ",
        90 => "EMSGSIZE",
        91 => "EPROTOTYPE",
        92 => "ENOPROTOOPT",
        93 => "EPROTONOSUPPORT",
        94 => "ESOCKTNOSUPPORT",
        95 => "EOPNOTSUPP",
        96 => "EPFNOSUPPORT",
        97 => "EAFNOSUPPORT",
        98 => "EADDRINUSE",
        99 => "EADDRNOTAVAIL",
        100 => "ENETDOWN",
        101 => "ENETUNREACH",
        102 => "ENETRESET",
        103 => "ECONNABORTED",
        104 => "ECONNRESET",
        105 => "ENOBUFS",
        106 => "EISCONN",
        107 => "ENOTCONN",
        108 => "ESHUTDOWN",
        109 => "ETOOMANYREFS",
        110 => "ETIMEDOUT",
        111 => "ECONNREFUSED",
        112 => "EHOSTDOWN",
        113 => "EHOSTUNREACH",
        114 => "EALREADY",
        115 => "EINPROGRESS",
        116 => "ESTALE",
        117 => "EUCLEAN",
        118 => "ENOTNAM",
        119 => "ENAVAIL",
        120 => "EISNAM",
        121 => "EREMOTEIO",
        122 => "EDQUOT",
        123 => "ENOMEDIUM",
        124 => "EMEDIUMTYPE",
        125 => "ECANCELED",
        126 => "ENOKEY",
        127 => "EKEYEXPIRED",
        128 => "EKEYREVOKED",
        129 => "EKEYREJECTED",
        130 => "EOWNERDEAD",
        131 => "ENOTRECOVERABLE",
        132 => "ERFKILL",
        _ => $"errno {errno}",
    };

    /// <summary>The number in words: <see cref="ErrnoText"/>.</summary>
    public static string Text(int errno) => ErrnoText.Describe(errno);

    /// <summary>What to do about a missing permission; empty for every other failure.</summary>
    internal static string Hint(string systemCall, int errno)
    {
        if (errno is not (LibC.EPERM or LibC.EACCES))
        {
            return "";
        }

        string capability = systemCall switch
        {
            "socket" or "setsockopt" or "bind" => "CAP_NET_RAW and CAP_NET_ADMIN",
            "sendmsg" or "netlink" => "CAP_NET_ADMIN",
            "sched_setscheduler" or "setpriority" => "CAP_SYS_NICE",
            "mlockall" => "CAP_IPC_LOCK",
            "unshare" or "setns" or "clone" => "CAP_SYS_ADMIN",
            "setgroups" or "setresgid" or "setresuid" => "CAP_SETUID and CAP_SETGID",
            _ => "",
        };
        return capability.Length == 0
            ? ""
            : $"; missing {capability}: run as root, or give the service AmbientCapabilities={capability.Replace(" and ", " ", StringComparison.Ordinal)}";
    }
}
