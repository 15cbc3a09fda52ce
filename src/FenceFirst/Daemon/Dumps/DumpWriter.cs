using FenceFirst.Core.Timeline;

namespace FenceFirst.Daemon.Dumps;

/// <summary>Writes dumps from a thread of its own, which lives as long as there is something to write: the loop never waits for a disk.</summary>
/// <remarks>
/// A file is replaced as a whole, so that no reader sees a part of it, and never through a link that somebody else has put there. Of the dumps of one
/// file that wait only the newest is written. Readable by the daemon's user alone: scripts and addresses are nobody else's business (keepalived).
/// </remarks>
internal sealed class DumpWriter(LogWriter log)
{
    private readonly Dictionary<string, byte[]> _waiting = [];
    private bool _isRunning;

    /// <summary>Has a file written.</summary>
    public void Post(string path, byte[] bytes)
    {
        lock (_waiting)
        {
            _waiting[path] = bytes;
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        new Thread(Run, 128 * 1024) { IsBackground = true, Name = "dump" }.Start();
    }

    private void Run()
    {
        while (true)
        {
            string path;
            byte[] bytes;
            lock (_waiting)
            {
                if (_waiting.Count == 0)
                {
                    _isRunning = false;
                    return;
                }

                (path, bytes) = _waiting.First();
                _waiting.Remove(path);
            }

            Write(path, bytes);
        }
    }

    private void Write(string path, byte[] bytes)
    {
        string next = path + ".new";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path) is { Length: > 0 } directory ? directory : "/");
            File.Delete(next);
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
            using (FileStream stream = new(next, options))
            {
                stream.Write(bytes);
            }

            File.Move(next, path, overwrite: true);
            log.Write(TimelineLevel.Detail, $"dump written: {path}, {bytes.Length} bytes");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log.Write(TimelineLevel.Error, $"the dump {path} could not be written: {exception.Message}");
        }
    }
}
