using System.Globalization;
using FenceFirst.Core.Timeline;
using FenceFirst.Linux.Files;
using FenceFirst.Linux.Native;

namespace FenceFirst.Daemon.Records;

/// <summary>Keeps FENCEFIRST_EPOCH growing over restarts: each start reserves a block of numbers on disk before the first is used.</summary>
internal static class EpochFile
{
    /// <summary>Epochs of one life: what the file grows by at every start.</summary>
    public const ulong Block = 1_000_000;

    /// <summary>The end of the block before ours; without a usable directory the wall clock stands in, which is said in the log.</summary>
    public static ulong Reserve(string directory, LogWriter log)
    {
        string path = Path.Combine(directory, "epoch");
        try
        {
            Directory.CreateDirectory(directory);
            ulong last = 0;
            if (File.Exists(path) && !ulong.TryParse(File.ReadAllText(path).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out last))
            {
                last = FromClock();
                log.Write(TimelineLevel.Warning, $"{path} is damaged: epochs go on from the wall clock");
            }

            WriteDurably(path, (last + Block).ToString(CultureInfo.InvariantCulture));
            return last;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log.Write(TimelineLevel.Warning, $"the state directory cannot be used ({exception.Message}): epochs go on from the wall clock");
            return FromClock();
        }
    }

    private static ulong FromClock() => (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1000;

    private static void WriteDurably(string path, string text)
    {
        int errno = DurableFile.Replace(path, System.Text.Encoding.ASCII.GetBytes(text));
        if (errno != 0)
        {
            throw new IOException($"{path}: {ErrorNumber.Text(errno)}");
        }
    }
}
