using System.Runtime.InteropServices;

namespace FenceFirst.Linux.Native;

/// <content>Files that are watched, and named pipes.</content>
internal static unsafe partial class LibC
{
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int inotify_init1(int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int inotify_add_watch(int fd, byte* path, uint mask);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int inotify_rm_watch(int fd, int watch);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int mkfifo(byte* path, uint mode);
}
