using System.Runtime.InteropServices;

namespace FenceFirst.Linux.Files;

/// <summary>Which file it is, whatever its name.</summary>
/// <param name="Device">Device it lies on.</param>
/// <param name="Number">Inode number.</param>
/// <param name="Mode">Type and permission bits (st_mode).</param>
/// <param name="UserId">Owner.</param>
public readonly record struct FileIdentity(ulong Device, ulong Number, int Mode, uint UserId)
{
    private const int KindMask = 0xf000;

    /// <summary>Whether it is a regular file.</summary>
    public bool IsRegular => (Mode & KindMask) == 0x8000;

    /// <summary>Whether it is a named pipe.</summary>
    public bool IsPipe => (Mode & KindMask) == 0x1000;
}

/// <summary>Mode and owner of a file (statx); the base library tells the mode but not the owner, which script security is about.</summary>
public static unsafe partial class FileStatus
{
    private const int CurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const int EmptyPath = 0x1000;
    private const uint BasicStatistics = 0x7ff;

    /// <summary>Reads type, permission bits and owner without following a final symbolic link; false when there is nothing or it cannot be reached.</summary>
    /// <param name="path">The path.</param>
    /// <param name="mode">st_mode: type and permission bits.</param>
    /// <param name="userId">Owner.</param>
    /// <param name="groupId">Group.</param>
    public static bool TryRead(string path, out int mode, out uint userId, out uint groupId)
    {
        StatxResult result = default;
        bool isRead = !path.Contains('\0') && Statx(CurrentDirectory, path, NoFollow, BasicStatistics, &result) == 0;
        mode = result.Mode;
        userId = result.UserId;
        groupId = result.GroupId;
        return isRead;
    }

    /// <summary>Reads type and permission bits of what a path leads to in the end; false when there is nothing or it cannot be reached.</summary>
    public static bool TryReadTarget(string path, out int mode)
    {
        StatxResult result = default;
        bool isRead = !path.Contains('\0') && Statx(CurrentDirectory, path, 0, BasicStatistics, &result) == 0;
        mode = result.Mode;
        return isRead;
    }

    /// <summary>A name for what a path leads to in the end that nothing else on this machine has (device and inode); empty when it cannot be reached.</summary>
    public static string IdentityOf(string path)
    {
        StatxResult result = default;
        return !path.Contains('\0') && Statx(CurrentDirectory, path, 0, BasicStatistics, &result) == 0
            ? $"{(uint)result.Device:x}:{result.Device >> 32:x}:{result.Number:x}"
            : "";
    }

    /// <summary>Which file stands at a path, without following a final symbolic link; false when there is none.</summary>
    public static bool TryIdentify(string path, out FileIdentity identity)
    {
        StatxResult result = default;
        bool isRead = !path.Contains('\0') && Statx(CurrentDirectory, path, NoFollow, BasicStatistics, &result) == 0;
        identity = result.Identity;
        return isRead;
    }

    /// <summary>Name of the file system that a path, or the nearest directory above it that exists, lies on; empty = one without surprises.</summary>
    /// <remarks>Named are those where inotify does not tell of every change, or where reading may wait for a network (keepalived refuses to watch them too).</remarks>
    public static string UnwatchableFileSystem(string path)
    {
        const int StructBytes = 256;
        nint* result = stackalloc nint[StructBytes / sizeof(nint)];
        for (string? each = path; !string.IsNullOrEmpty(each) && !each.Contains('\0'); each = Path.GetDirectoryName(each))
        {
            if (StatFileSystem(each, result) == 0)
            {
                return (uint)result[0] switch
                {
                    0x6969 => "NFS",
                    0x517b or 0xfe534d42 or 0xff534d42 => "SMB",
                    0x65735546 => "FUSE",
                    0x9fa0 => "/proc",
                    0x62656572 => "/sys",
                    0x01021997 => "9P",
                    0x00c36400 => "Ceph",
                    0x5346414f or 0x6b414653 => "AFS",
                    0x7461636f => "OCFS2",
                    0x01161970 => "GFS2",
                    0x27e0eb or 0x63677270 => "a cgroup file system",
                    0x64626720 => "debugfs",
                    _ => "",
                };
            }
        }

        return "";
    }

    /// <summary>Which file an open descriptor is.</summary>
    internal static FileIdentity Identify(int descriptor)
    {
        StatxResult result = default;
        return Statx(descriptor, "", EmptyPath, BasicStatistics, &result) == 0 ? result.Identity : default;
    }

    /// <summary>Whether a path leads, in the end, to the very file that a descriptor has open.</summary>
    internal static bool IsSame(string path, int descriptor)
    {
        StatxResult named = default;
        StatxResult open = default;
        return !path.Contains('\0')
            && Statx(CurrentDirectory, path, 0, BasicStatistics, &named) == 0
            && Statx(descriptor, "", EmptyPath, BasicStatistics, &open) == 0
            && named.Device == open.Device
            && named.Number == open.Number;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, StatxResult* result);

    /// <summary>struct statfs begins with the type of the file system, a word of the machine.</summary>
    [LibraryImport("libc", EntryPoint = "statfs", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatFileSystem(string path, nint* result);

    /// <summary>struct statx of the kernel's ABI: the same on every architecture, 256 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatxResult
    {
        [FieldOffset(20)]
        public uint UserId;

        [FieldOffset(24)]
        public uint GroupId;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Number;

        [FieldOffset(136)]
        public ulong Device;

        public readonly FileIdentity Identity => new(Device, Number, Mode, UserId);
    }
}
