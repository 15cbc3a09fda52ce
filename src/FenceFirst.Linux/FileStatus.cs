using System.Runtime.InteropServices;

namespace FenceFirst.Linux;

/// <summary>Mode and owner of a file (statx); the base library tells the mode but not the owner, which script security is about.</summary>
public static unsafe partial class FileStatus
{
    private const int CurrentDirectory = -100;
    private const int NoFollow = 0x100;
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

    /// <summary>A name for what stands at a path that no other path on this machine has (device and inode); empty when it cannot be reached.</summary>
    public static string IdentityOf(string path)
    {
        StatxResult result = default;
        return !path.Contains('\0') && Statx(CurrentDirectory, path, 0, BasicStatistics, &result) == 0
            ? $"{result.DeviceMajor:x}:{result.DeviceMinor:x}:{result.Inode:x}"
            : "";
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, StatxResult* result);

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
        public ulong Inode;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}
