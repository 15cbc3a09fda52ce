using System.Text;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Linux.Files;

/// <summary>Hears of files that are written, made, moved or deleted (inotify). Directories are watched, so that a file may come and go.</summary>
/// <remarks>Only files that were asked for are told of, and reading about the others allocates nothing: a busy directory costs little.</remarks>
public sealed unsafe class FileWatcher : IDisposable
{
    private const uint CloseWrite = 0x8;
    private const uint MovedFrom = 0x40;
    private const uint MovedTo = 0x80;
    private const uint Create = 0x100;
    private const uint Delete = 0x200;
    private const uint DeleteSelf = 0x400;
    private const uint MoveSelf = 0x800;
    private const uint Unmount = 0x2000;
    private const uint QueueOverflow = 0x4000;
    private const uint Ignored = 0x8000;
    private const uint OnlyFolder = 0x01000000;
    private const int EventHeaderBytes = 16;
    private const int BufferBytes = 16384;

    /// <summary>Reads per call, so that a storm does not keep the event loop from its adverts.</summary>
    private const int ReadsMax = 4;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly List<Entry> _entries = [];
    private int _descriptor;

    /// <summary>Creates a watcher that watches nothing.</summary>
    public FileWatcher() => _descriptor = LinuxException.Check(LibC.inotify_init1(LibC.O_NONBLOCK | LibC.O_CLOEXEC), "inotify_init1", "");

    /// <summary>The descriptor to watch for reading.</summary>
    public int Descriptor => _descriptor;

    /// <summary>Begins to watch a file in a directory; returns 0 or the error number (ENOENT, ENOTDIR, EACCES; ENOSPC = fs.inotify.max_user_watches).</summary>
    /// <param name="folder">The directory, which must exist.</param>
    /// <param name="name">The file in it, which need not.</param>
    /// <param name="token">Comes back when the file has changed.</param>
    public int Watch(string folder, string name, int token)
    {
        int watch;
        fixed (byte* path = SocketOptions.CString(folder))
        {
            watch = LibC.inotify_add_watch(
                _descriptor, path, CloseWrite | MovedFrom | MovedTo | Create | Delete | DeleteSelf | MoveSelf | OnlyFolder);
        }

        if (watch < 0)
        {
            return LibC.Errno;
        }

        _entries.Add(new Entry(watch, Encoding.UTF8.GetBytes(name), token));
        return 0;
    }

    /// <summary>Forgets every file.</summary>
    public void Clear()
    {
        foreach (Entry entry in _entries)
        {
            // Fails for a directory that is gone, or that was watched for two files: it is not watched any more.
            _ = LibC.inotify_rm_watch(_descriptor, entry.Watch);
        }

        _entries.Clear();
    }

    /// <summary>Takes what has happened.</summary>
    /// <param name="changed">Gets the tokens of files that may have changed; may hold one more than once.</param>
    /// <param name="lost">Gets the tokens of files whose directory is gone: they are not watched any more.</param>
    public void Read(List<int> changed, List<int> lost)
    {
        for (int i = 0; i < ReadsMax; i++)
        {
            nint length;
            fixed (byte* first = _buffer)
            {
                length = LibC.read(_descriptor, first, BufferBytes);
            }

            if (length <= 0)
            {
                return;
            }

            ReadOnlySpan<byte> rest = _buffer.AsSpan(0, (int)length);
            while (rest.Length >= EventHeaderBytes)
            {
                int watch = BitConverter.ToInt32(rest);
                uint mask = BitConverter.ToUInt32(rest[4..]);
                int nameBytes = BitConverter.ToInt32(rest[12..]);
                Take(watch, mask, rest.Slice(EventHeaderBytes, nameBytes).TrimEnd((byte)0), changed, lost);
                rest = rest[(EventHeaderBytes + nameBytes)..];
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_descriptor >= 0)
        {
            _ = LibC.close(_descriptor);
            _descriptor = -1;
        }
    }

    private void Take(int watch, uint mask, ReadOnlySpan<byte> name, List<int> changed, List<int> lost)
    {
        bool isAll = (mask & QueueOverflow) != 0;
        bool isGone = (mask & (DeleteSelf | MoveSelf | Unmount | Ignored)) != 0;
        for (int i = _entries.Count - 1; i >= 0; i--)
        {
            Entry entry = _entries[i];
            if (isAll)
            {
                changed.Add(entry.Token);
            }
            else if (entry.Watch == watch && isGone)
            {
                lost.Add(entry.Token);
                _entries.RemoveAt(i);
                _ = LibC.inotify_rm_watch(_descriptor, watch);
            }
            else if (entry.Watch == watch && name.SequenceEqual(entry.Name))
            {
                changed.Add(entry.Token);
            }
        }
    }

    private readonly record struct Entry(int Watch, byte[] Name, int Token);
}
