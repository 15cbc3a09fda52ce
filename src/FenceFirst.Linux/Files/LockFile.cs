using System.Globalization;
using System.Text;
using FenceFirst.Core;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Linux.Files;

/// <summary>A file that one process holds locked (flock) as long as it lives; it holds that process's id, for people.</summary>
/// <remarks>
/// The lock belongs to the open file. A child between fork and exec still shares it, so whoever gets the lock knows that every program the former
/// owner was about to start has become itself, or has gone.
/// </remarks>
public sealed unsafe class LockFile : IDisposable
{
    private const int OwnerMayReadAndWrite = 0x180;
    private const int PauseMilliseconds = 10;

    private int _descriptor;

    private LockFile(int descriptor) => _descriptor = descriptor;

    /// <summary>Locks a file, which is created when it is not there; waits for a while when somebody else has it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="patience">How long to wait for an owner that is just about to end.</param>
    /// <param name="owner">When somebody else has it: what the file says about that, a process id as a rule; else empty.</param>
    /// <param name="errno">0; <see cref="ErrorNumber.WouldBlock"/> when somebody else has it; else why the file cannot be opened.</param>
    public static LockFile? TryTake(string path, TimeSpan patience, out string owner, out int errno)
    {
        owner = "";
        int descriptor;
        fixed (byte* text = SocketOptions.CString(path))
        {
            descriptor = LibC.open(text, LibC.O_RDWR | LibC.O_CREAT | LibC.O_CLOEXEC, OwnerMayReadAndWrite);
        }

        if (descriptor < 0)
        {
            errno = LibC.Errno;
            return null;
        }

        MonotonicInstant until = MonotonicClock.Now + patience;
        while (LibC.flock(descriptor, LibC.LOCK_EX | LibC.LOCK_NB) != 0)
        {
            errno = LibC.Errno;
            if (errno == LibC.EINTR || (errno == LibC.EAGAIN && MonotonicClock.Now < until))
            {
                Thread.Sleep(PauseMilliseconds);
                continue;
            }

            owner = Read(descriptor);
            _ = LibC.close(descriptor);
            return null;
        }

        Write(descriptor);
        errno = 0;
        return new LockFile(descriptor);
    }

    /// <summary>Gives the lock up; the file stays, so that nobody can lock a file that another one is about to delete.</summary>
    public void Dispose()
    {
        if (_descriptor >= 0)
        {
            _ = LibC.close(_descriptor);
            _descriptor = -1;
        }
    }

    private static string Read(int descriptor)
    {
        Span<byte> bytes = stackalloc byte[32];
        fixed (byte* first = bytes)
        {
            nint length = LibC.read(descriptor, first, (nuint)bytes.Length);
            return length <= 0 ? "" : Encoding.ASCII.GetString(bytes[..(int)length]).Trim();
        }
    }

    private static void Write(int descriptor)
    {
        byte[] text = Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
        _ = LibC.ftruncate(descriptor, 0);
        fixed (byte* first = text)
        {
            // On a full disk the id is missing; the lock is there all the same.
            _ = LibC.write(descriptor, first, (nuint)text.Length);
        }
    }
}
