using System.Text;
using FenceFirst.Config;

namespace FenceFirst.Simulate;

/// <summary>What reading a configuration needs when nothing of it is started here: files are read, interfaces, users and programs are taken to be there.</summary>
internal static class FilesElsewhere
{
    /// <summary>Longest file that is read.</summary>
    private const long FileBytesMax = 16 * 1024 * 1024;

    /// <summary>The facts.</summary>
    public static MachineFacts Create() => OtherMachine.Of(new MachineFacts
    {
        HostName = Environment.MachineName,
        HasInterface = _ => true,
        OwnAddresses = () => [],
        EnvironmentVariable = name => name.Length == 0 || name.Contains('\0') ? null : Environment.GetEnvironmentVariable(name),
        ReadFile = Read,
        ListDirectory = List,
        Inspect = path => Directory.Exists(path) ? new FileFacts(FileKind.Folder, 0b111_101_101, 0, 0)
            : File.Exists(path) ? new FileFacts(FileKind.Regular, 0b111_000_000, 0, 0) : null,
        FindUser = _ => null,
        FindGroup = _ => null,
    });

    /// <summary>The text of a file; null = it cannot be read.</summary>
    public static string? Read(string path)
    {
        try
        {
            FileInfo file = new(path);
            return !file.Exists || file.Length > FileBytesMax ? null : Encoding.UTF8.GetString(File.ReadAllBytes(path));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static string[] List(string path)
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
}
