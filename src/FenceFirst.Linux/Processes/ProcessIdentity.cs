using System.Globalization;
using System.Text;

namespace FenceFirst.Linux.Processes;

/// <summary>A process that is named for good: ids are used again, an id with a start time is not, as long as the machine is not booted anew.</summary>
/// <param name="ProcessId">Its id.</param>
/// <param name="StartTicks">When it was started, in the kernel's ticks since boot (field 22 of /proc/PID/stat).</param>
public readonly record struct ProcessIdentity(int ProcessId, long StartTicks)
{
    private const int StartField = 19;

    /// <summary>The kernel's name of this boot; empty when it cannot be read.</summary>
    public static string BootId
    {
        get
        {
            try
            {
                return File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return "";
            }
        }
    }

    /// <summary>Whether it lives; one that has ended and was not reaped yet does not.</summary>
    public bool IsAlive => TryRead(ProcessId, out long ticks, out char state) && ticks == StartTicks && state is not ('Z' or 'X');

    /// <summary>The identity of the process with the id; null when there is none.</summary>
    public static ProcessIdentity? Of(int processId) =>
        TryRead(processId, out long ticks, out _) ? new ProcessIdentity(processId, ticks) : null;

    /// <summary>The living processes that lead a session of their own and have an environment variable that begins so.</summary>
    /// <remarks>
    /// Finds programs whose id could not be written down any more. A process whose environment may not be read is passed over: root reads that of all
    /// others, as long as no capability is missing.
    /// </remarks>
    /// <param name="variable">NAME= and the beginning of the value.</param>
    public static List<SessionLeader> FindSessionLeaders(string variable)
    {
        List<SessionLeader> found = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int processId))
            {
                continue;
            }

            try
            {
                string[] environment = ReadList($"/proc/{processId}/environ");
                if (environment.Any(each => each.StartsWith(variable, StringComparison.Ordinal))
                    && Of(processId) is { IsAlive: true } identity
                    && SessionOf(processId) == processId)
                {
                    found.Add(new SessionLeader(identity, ReadList($"/proc/{processId}/cmdline"), environment));
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It has just ended, or is not ours to look at.
            }
        }

        return found;
    }

    private static string[] ReadList(string path) => Encoding.UTF8.GetString(File.ReadAllBytes(path)).Split('\0', StringSplitOptions.RemoveEmptyEntries);

    private static int SessionOf(int processId)
    {
        const int SessionField = 3;
        return ReadFields(processId) is { } fields && fields.Length > SessionField
            && int.TryParse(fields[SessionField], NumberStyles.None, CultureInfo.InvariantCulture, out int session)
            ? session
            : 0;
    }

    private static bool TryRead(int processId, out long ticks, out char state)
    {
        ticks = 0;
        state = '\0';
        if (ReadFields(processId) is not { } fields || fields.Length <= StartField || fields[0].Length == 0)
        {
            return false;
        }

        state = fields[0][0];
        return long.TryParse(fields[StartField], NumberStyles.None, CultureInfo.InvariantCulture, out ticks);
    }

    /// <summary>The fields of /proc/PID/stat from the state on; the name before it may hold blanks and brackets.</summary>
    private static string[]? ReadFields(int processId)
    {
        try
        {
            string text = File.ReadAllText($"/proc/{processId}/stat");
            int bracket = text.LastIndexOf(')');
            return bracket < 0 || bracket + 2 > text.Length ? null : text[(bracket + 2)..].Split(' ');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>A process that leads a session: every program of ours does, and what turns itself into a daemon.</summary>
/// <param name="Identity">The process.</param>
/// <param name="Arguments">Its argv; for a script the interpreter comes first.</param>
/// <param name="Environment">NAME=VALUE, as it was given to it.</param>
public sealed record SessionLeader(ProcessIdentity Identity, IReadOnlyList<string> Arguments, IReadOnlyList<string> Environment)
{
    /// <summary>The value of a variable; empty when it is not set.</summary>
    public string Variable(string name) =>
        Environment.FirstOrDefault(each => each.StartsWith(name + "=", StringComparison.Ordinal)) is { } found ? found[(name.Length + 1)..] : "";
}
