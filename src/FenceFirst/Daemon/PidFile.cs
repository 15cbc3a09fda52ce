namespace FenceFirst.Daemon;

/// <summary>A process id file, locked while the daemon lives, so that a second daemon with the same file does not start.</summary>
internal sealed class PidFile : IDisposable
{
    private readonly FileStream _stream;
    private readonly string _path;

    private PidFile(FileStream stream, string path)
    {
        _stream = stream;
        _path = path;
    }

    /// <summary>Creates and locks the file; null with the reason when that is not possible.</summary>
    public static PidFile? TryCreate(string path, out string problem)
    {
        problem = "";
        try
        {
            FileStream stream = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            stream.SetLength(0);
            stream.Write(System.Text.Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
            stream.Flush();
            return new PidFile(stream, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problem = $"{path}: {exception.Message} (is the daemon already running?)";
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        try
        {
            File.Delete(_path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The directory went read-only; a file without a lock holds nobody up.
        }
    }
}
