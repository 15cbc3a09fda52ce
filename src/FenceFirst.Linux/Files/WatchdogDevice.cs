using System.Globalization;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Linux.Files;

/// <summary>An open watchdog device (Documentation/watchdog/watchdog-api.rst of the kernel): from now on the machine resets unless it is fed.</summary>
/// <remarks>Calls may block for as long as the driver likes: not for the event loop.</remarks>
public sealed unsafe class WatchdogDevice : IDisposable
{
    /// <summary>_IOWR('W', 6, int)</summary>
    private const nuint SetTimeout = 0xc0045706;

    /// <summary>_IOR('W', 7, int)</summary>
    private const nuint GetTimeout = 0x80045707;

    private const int FormatMask = 0xf000;
    private const int CharacterDevice = 0x2000;

    /// <summary>Assumed where a driver does not even tell its timeout.</summary>
    private const int UnknownTimeoutSeconds = 1;

    private int _descriptor;

    private WatchdogDevice(int descriptor) => _descriptor = descriptor;

    /// <summary>Seconds for which it waits for food: what the driver made of the wish.</summary>
    public int TimeoutSeconds { get; private set; } = UnknownTimeoutSeconds;

    /// <summary>What an operator should know about this driver; empty = nothing.</summary>
    public string Note { get; private set; } = "";

    /// <summary>Opens the device, which arms it, sets the timeout and feeds it once; null with the error number when it cannot be opened (EBUSY: somebody else has it).</summary>
    /// <param name="path">The device.</param>
    /// <param name="timeoutSeconds">The timeout wished for, 1 or more.</param>
    /// <param name="errno">0, or why it is not open; ENODEV for what is no character device.</param>
    public static WatchdogDevice? TryOpen(string path, int timeoutSeconds, out int errno)
    {
        // A regular file would be "fed" as well, and nothing would ever reset.
        if (FileStatus.TryReadTarget(path, out int mode) && (mode & FormatMask) != CharacterDevice)
        {
            errno = LibC.ENODEV;
            return null;
        }

        int descriptor;
        fixed (byte* text = SocketOptions.CString(path))
        {
            descriptor = LibC.open(text, LibC.O_WRONLY | LibC.O_CLOEXEC, 0);
        }

        if (descriptor < 0)
        {
            errno = LibC.Errno;
            return null;
        }

        WatchdogDevice device = new(descriptor);
        device.Tune(timeoutSeconds);
        errno = device.Feed();
        if (errno == 0)
        {
            device.Note += IsNeverDisarmed(path) ? "its driver was loaded with nowayout: it cannot be disarmed, and the machine will reset after an orderly stop; " : "";
            return device;
        }

        device.Disarm();
        return null;
    }

    /// <summary>Lets the timeout begin anew; returns 0 or the error number.</summary>
    public int Feed() => Write((byte)'\0');

    /// <summary>Disarms and closes: the magic character before the close says that it is meant.</summary>
    public void Disarm()
    {
        _ = Write((byte)'V');
        Dispose();
    }

    /// <summary>Closes without disarming: the machine will reset.</summary>
    public void Dispose()
    {
        if (_descriptor >= 0)
        {
            _ = LibC.close(_descriptor);
            _descriptor = -1;
        }
    }

    private int Write(byte value) => LibC.write(_descriptor, &value, 1) == 1 ? 0 : LibC.Errno;

    private void Tune(int wanted)
    {
        int seconds = wanted;
        if (LibC.ioctl(_descriptor, SetTimeout, &seconds) == 0)
        {
            TimeoutSeconds = Math.Max(1, seconds);
            return;
        }

        int errno = LibC.Errno;
        Note = $"its driver does not let the timeout be set ({ErrorNumber.Name(errno)}); ";
        if (LibC.ioctl(_descriptor, GetTimeout, &seconds) == 0 && seconds > 0)
        {
            TimeoutSeconds = seconds;
        }
    }

    private static bool IsNeverDisarmed(string path)
    {
        // The first device has a second name without a number.
        string name = Path.GetFileName(path);
        string file = string.Create(CultureInfo.InvariantCulture, $"/sys/class/watchdog/{(name == "watchdog" ? "watchdog0" : name)}/nowayout");
        try
        {
            return File.Exists(file) && File.ReadAllText(file).AsSpan().Trim() is "1";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
