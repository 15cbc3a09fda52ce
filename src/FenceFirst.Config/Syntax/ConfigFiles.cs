using System.Text;

namespace FenceFirst.Config.Syntax;

/// <summary>Files and directories as reading a configuration wants them. Nothing here throws: what cannot be read is absent.</summary>
public static class ConfigFiles
{
    /// <summary>Longest configuration file that is read, in bytes.</summary>
    public const long BytesMax = 16 * 1024 * 1024;

    /// <summary>The text of a regular file; null = it cannot be read, or is longer than <see cref="BytesMax"/>.</summary>
    /// <param name="path">The file.</param>
    public static string? Read(string path)
    {
        try
        {
            FileInfo file = new(path);

            // Bytes that are no UTF-8 become a replacement character; keepalived's own language is ASCII.
            return !file.Exists || file.Length > BytesMax ? null : Encoding.UTF8.GetString(File.ReadAllBytes(path));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>The names in a directory, sorted; empty when it cannot be read.</summary>
    /// <param name="path">The directory.</param>
    public static string[] List(string path)
    {
        try
        {
            string[] names = [.. Directory.EnumerateFileSystemEntries(path).Select(entry => Path.GetFileName(entry))];
            Array.Sort(names, StringComparer.Ordinal);
            return names;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return [];
        }
    }

    /// <summary>The value of an environment variable; null = it is not set, or no variable can be called so.</summary>
    /// <param name="name">Its name.</param>
    public static string? Variable(string name) => name.Length == 0 || name.Contains('\0') ? null : Environment.GetEnvironmentVariable(name);
}
