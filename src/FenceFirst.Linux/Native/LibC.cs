using System.Runtime.InteropServices;

namespace FenceFirst.Linux.Native;

/// <summary>The C library's functions as we call them: blittable signatures under their C names, errno kept for the caller.</summary>
/// <remarks>Names are those of the manual pages, so that <c>man 2 name</c> explains each line. Nothing here decides anything.</remarks>
internal static unsafe partial class LibC
{
    private const string Library = "libc";

    /// <summary>The errno of the last call of this thread.</summary>
    internal static int Errno => Marshal.GetLastPInvokeError();

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int close(int fd);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint read(int fd, void* buffer, nuint count);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint write(int fd, void* buffer, nuint count);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int open(byte* path, int flags, int mode);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int pipe2(int* ends, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fchmod(int fd, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fdatasync(int fd);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fsync(int fd);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int flock(int fd, int operation);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int ftruncate(int fd, long length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int rename(byte* from, byte* to);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int ioctl(int fd, nuint request, void* argument);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int unlink(byte* path);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fchown(int fd, uint owner, uint group);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial long lseek(int fd, long offset, int whence);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int memfd_create(byte* name, uint flags);

    // The vDSO answers in about 20 ns: the transition to preemptive mode would cost more than the call.
    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial int clock_gettime(int clock, TimeSpec* time);

    [LibraryImport(Library)]
    internal static partial int clock_getres(int clock, TimeSpec* resolution);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int epoll_create1(int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int epoll_ctl(int epoll, int operation, int fd, void* raw);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int epoll_wait(int epoll, void* raw, int max, int timeoutMs);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int timerfd_create(int clock, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int timerfd_settime(int fd, int flags, TimerSpec* value, TimerSpec* old);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int eventfd(uint initial, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int socket(int domain, int type, int protocol);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bind(int fd, void* address, uint length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int connect(int fd, void* address, uint length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int listen(int fd, int backlog);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int accept4(int fd, void* address, uint* length, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int getsockopt(int fd, int level, int name, void* value, uint* length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int getsockname(int fd, void* address, uint* length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int setsockopt(int fd, int level, int name, void* value, uint length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint send(int fd, void* buffer, nuint length, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint sendto(int fd, void* buffer, nuint length, int flags, void* address, uint addressLength);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint sendmsg(int fd, MessageHeader* message, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint recvfrom(int fd, void* buffer, nuint length, int flags, void* address, uint* addressLength);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int recvmmsg(int fd, MultipleMessage* messages, uint count, int flags, TimeSpec* timeout);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial uint if_nametoindex(byte* name);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial byte* if_indextoname(uint index, byte* name);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int kill(int pid, int signal);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int waitid(int idType, int id, byte* info, int options);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int sigaction(int signal, byte* action, byte* old);

    [LibraryImport(Library)]
    internal static partial uint geteuid();

    [LibraryImport(Library)]
    internal static partial int setgroups(nuint count, uint* groups);

    [LibraryImport(Library)]
    internal static partial int setresuid(uint real, uint effective, uint saved);

    [LibraryImport(Library)]
    internal static partial int setresgid(uint real, uint effective, uint saved);

    [LibraryImport(Library)]
    internal static partial uint getegid();

    [LibraryImport(Library)]
    internal static partial int getppid();

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int getgroups(int size, uint* list);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int unshare(int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int setns(int fd, int type);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int sched_setscheduler(int thread, int policy, int* priority);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int setpriority(int which, uint who, int nice);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int mlockall(int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int madvise(void* address, nuint length, int advice);

    [LibraryImport(Library)]
    internal static partial int mallopt(int parameter, int value);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint syscall(nint number, nint first, nint second, nint third);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int prctl(int option, nuint second, nuint third, nuint fourth, nuint fifth);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int waitpid(int process, int* status, int options);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int execv(byte* path, byte** argv);

    // posix_spawn and its helpers return the error number instead of setting errno.
    [LibraryImport(Library)]
    internal static partial int posix_spawn(int* pid, byte* path, void* fileActions, void* attributes, byte** argv, byte** environment);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_init(void* attributes);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_destroy(void* attributes);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_setflags(void* attributes, short flags);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_setsigmask(void* attributes, void* signals);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_setsigdefault(void* attributes, void* signals);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_setschedpolicy(void* attributes, int policy);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_setschedparam(void* attributes, int* priority);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_init(void* actions);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_destroy(void* actions);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_adddup2(void* actions, int fd, int target);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_addopen(void* actions, int target, byte* path, int flags, uint mode);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_addchdir_np(void* actions, byte* path);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_addclosefrom_np(void* actions, int first);
}
