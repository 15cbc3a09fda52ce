using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Daemon.Operator;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Daemon.Records;

/// <summary>A fence or run that was promised: what Core remembers of it, and how its process is found again.</summary>
/// <param name="Memory">Instance, number, step and targets.</param>
/// <param name="Run">FENCEFIRST_RUN of its programs, which no other attempt has.</param>
/// <param name="Program">The program, as configured.</param>
internal sealed record PromisedAttempt(AttemptMemory Memory, string Run, string Program = "")
{
    /// <summary>The process that runs for it now; absent = none was started yet, or which one could not be written down.</summary>
    public ProcessIdentity? Process { get; init; }
}

/// <summary>Maintenance as it is kept: its end on the clock of this boot, and, for another boot, how much was left of it and when it ends by the wall clock.</summary>
/// <param name="Memory">Whose it is, and its end.</param>
/// <param name="Left">What was left when it was written; MaxValue = it has no end.</param>
/// <param name="EndsAt">Its end by the wall clock; means nothing when it has none.</param>
internal readonly record struct KeptMaintenance(MaintenanceMemory Memory, TimeSpan Left, DateTimeOffset EndsAt)
{
    /// <summary>As it is to be written now.</summary>
    public static KeptMaintenance Of(MaintenanceMemory memory, MonotonicInstant now, DateTimeOffset wallNow)
    {
        TimeSpan left = memory.Until.IsNever ? TimeSpan.MaxValue : memory.Until > now ? memory.Until - now : TimeSpan.Zero;
        return new KeptMaintenance(memory, left, left == TimeSpan.MaxValue ? DateTimeOffset.UnixEpoch : wallNow + left);
    }

    /// <summary>After a boot: what the wall clock says is left, never more than was left when it was written (docs/decisions/045-after-a-boot-the-wall-clock-ends-maintenance.md).</summary>
    public MaintenanceMemory AfterBoot(MonotonicInstant now, DateTimeOffset wallNow)
    {
        if (Memory.Until.IsNever || Memory.Until == MonotonicInstant.Zero)
        {
            return Memory;
        }

        TimeSpan left = EndsAt - wallNow;
        left = left < Left ? left : Left;
        return Memory with { Until = left > TimeSpan.Zero ? now + left : MonotonicInstant.Zero };
    }
}

/// <summary>What is kept on disk for the next life of the daemon.</summary>
internal sealed record KeptState
{
    /// <summary>The boot in whose clock and processes this speaks.</summary>
    public string BootId { get; init; } = "";

    /// <summary>No attempt number above this has been used.</summary>
    public uint LastAttempt { get; init; }

    /// <summary>Instances of which there is something to remember.</summary>
    public EquatableArray<InstanceMemory> Instances { get; init; }

    /// <summary>Attempts whose outcome is not known.</summary>
    public EquatableArray<PromisedAttempt> Attempts { get; init; }

    /// <summary>Maintenance that is on.</summary>
    public EquatableArray<KeptMaintenance> Maintenance { get; init; }
}

/// <summary>The file <c>state.json</c> in the state directory: one line of JSON, one line with its checksum.</summary>
/// <remarks>
/// Strict on purpose: what is not exactly as this version writes it is damaged, set aside, and taken for the worst (docs/promotion.md 9). A version
/// that means more by the same members has another number.
/// </remarks>
internal static class StateFile
{
    /// <summary>Name in the state directory.</summary>
    public const string FileName = "state.json";

    /// <summary>Version of the file.</summary>
    public const int Version = 2;

    /// <summary>The version before: it says nothing of maintenance, and is read once, after an upgrade.</summary>
    private const int VersionWithoutMaintenance = 1;

    private const long FileBytesMax = 4 * 1024 * 1024;

    /// <summary>Damaged files that are kept for people; then the oldest goes.</summary>
    private const int DamagedFilesMax = 5;

    private const string DamagedInfix = ".damaged-";

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads the file; null = it could not be read, was said, and is out of the way. No file is the first life.</summary>
    public static KeptState? Load(string directory, LogWriter log)
    {
        string path = Path.Combine(directory, FileName);
        string problem;
        try
        {
            // That it cannot be found out whether there is a file (a broken disk) is no first life; only that there is none.
            FileAttributes? found = AttributesOf(path);
            if (found is null)
            {
                return new KeptState();
            }

            bool isFolder = found.Value.HasFlag(FileAttributes.Directory);
            long length = isFolder ? 0 : new FileInfo(path).Length;
            problem = isFolder ? "it is a directory" : length > FileBytesMax ? $"it has {length} bytes" : "";
            if (problem.Length == 0 && Parse(File.ReadAllBytes(path), out problem) is { } kept)
            {
                return kept;
            }

            string aside = path + DamagedInfix + MonotonicClock.WallNow.ToUniversalTime().ToString("yyyyMMdd'T'HHmmss.fff'Z'", CultureInfo.InvariantCulture);
            if (isFolder)
            {
                Directory.Move(path, aside);
            }
            else
            {
                File.Move(path, aside, overwrite: true);
            }

            DropOldest(directory);
            log.Write(
                TimelineLevel.Error,
                $"{path} cannot be used: {problem}; it was renamed to {Path.GetFileName(aside)}. Nothing is taken for done: every promotion counts as having just failed");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log.Write(TimelineLevel.Error, $"{path} cannot be read: {exception.Message}. Nothing is taken for done: every promotion counts as having just failed");
        }

        return null;
    }

    /// <summary>What stands at the path; null = nothing.</summary>
    private static FileAttributes? AttributesOf(string path)
    {
        try
        {
            return File.GetAttributes(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The bytes of the file.</summary>
    public static byte[] Format(KeptState kept)
    {
        ArrayBufferWriter<byte> buffer = new(1024);
        using (Utf8JsonWriter json = new(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteNumber("v", Version);
            json.WriteString("boot", kept.BootId);
            json.WriteNumber("last_attempt", kept.LastAttempt);
            json.WriteStartArray("instances");
            foreach (InstanceMemory instance in kept.Instances)
            {
                WriteInstance(json, instance);
            }

            json.WriteEndArray();
            json.WriteStartArray("attempts");
            foreach (PromisedAttempt attempt in kept.Attempts)
            {
                WriteAttempt(json, attempt);
            }

            json.WriteEndArray();
            json.WriteStartArray("maintenance");
            foreach (KeptMaintenance maintenance in kept.Maintenance)
            {
                WriteMaintenance(json, maintenance);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return [.. buffer.WrittenSpan, (byte)'\n', .. Checksum(buffer.WrittenSpan), (byte)'\n'];
    }

    /// <summary>Any bytes give a state or the reason for refusing them, never an exception.</summary>
    public static KeptState? Parse(ReadOnlyMemory<byte> bytes, out string problem)
    {
        int end = bytes.Span.IndexOf((byte)'\n');
        if (end < 0 || !bytes.Span[(end + 1)..].SequenceEqual([.. Checksum(bytes.Span[..end]), (byte)'\n']))
        {
            problem = "it is not whole, or was changed";
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes[..end]);
            JsonElement root = document.RootElement;
            int version = root.GetProperty("v").GetInt32();
            if (version is not (Version or VersionWithoutMaintenance))
            {
                problem = $"it has version {version}, and this program knows {VersionWithoutMaintenance} and {Version}";
                return null;
            }

            problem = "";
            return Read(root, hasMaintenance: version == Version);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            problem = $"a member is missing, of the wrong kind or out of range ({exception.Message})";
            return null;
        }
    }

    private static void WriteInstance(Utf8JsonWriter json, in InstanceMemory instance)
    {
        json.WriteStartObject();
        json.WriteString("instance", instance.Instance);
        json.WriteNumber("failed_promotions", instance.FailedPromotions);

        // In nanoseconds since boot.
        json.WriteNumber("retry_at", (instance.RetryAt ?? MonotonicInstant.Zero).Nanoseconds);
        json.WriteBoolean("fault", instance.IsFaulted);
        json.WriteBoolean("demotion_due", instance.IsDemotionDue);
        json.WriteEndObject();
    }

    private static void WriteAttempt(Utf8JsonWriter json, PromisedAttempt attempt)
    {
        json.WriteStartObject();
        json.WriteString("instance", attempt.Memory.Instance);
        json.WriteNumber("attempt", attempt.Memory.Attempt);
        json.WriteString("kind", attempt.Memory.Kind == StepKind.Fence ? "fence" : "run");
        json.WriteNumber("step", attempt.Memory.Step);
        json.WriteBoolean("demotion", attempt.Memory.IsDemotion);
        json.WriteStartArray("targets");
        foreach (InternetAddress target in attempt.Memory.Targets)
        {
            json.WriteStringValue(target.ToString());
        }

        json.WriteEndArray();
        json.WriteString("run", attempt.Run);
        json.WriteString("program", attempt.Program);
        if (attempt.Process is { } process)
        {
            json.WriteNumber("pid", process.ProcessId);
            json.WriteNumber("started_ticks", process.StartTicks);
        }

        json.WriteEndObject();
    }

    private static void WriteMaintenance(Utf8JsonWriter json, in KeptMaintenance maintenance)
    {
        json.WriteStartObject();
        json.WriteString("instance", maintenance.Memory.Instance);
        json.WriteNumber("until", maintenance.Memory.Until.Nanoseconds);
        json.WriteNumber("left", maintenance.Left.Ticks);
        json.WriteString("ends_at", maintenance.EndsAt);
        json.WriteEndObject();
    }

    private static KeptMaintenance ReadMaintenance(JsonElement maintenance)
    {
        RequireMembers(maintenance, 4);
        long until = maintenance.GetProperty("until").GetInt64();
        long left = maintenance.GetProperty("left").GetInt64();
        if (until < 0 || left < 0 || (left != TimeSpan.MaxValue.Ticks && left > ControlRequest.SecondsMax * TimeSpan.TicksPerSecond))
        {
            throw new FormatException("a time that no maintenance has");
        }

        return new KeptMaintenance(new MaintenanceMemory(Text(maintenance, "instance"), new MonotonicInstant(until)), new TimeSpan(left), maintenance.GetProperty("ends_at").GetDateTimeOffset());
    }

    private static KeptState Read(JsonElement root, bool hasMaintenance)
    {
        RequireMembers(root, hasMaintenance ? 6 : 5);
        return new KeptState
        {
            BootId = Text(root, "boot"),
            LastAttempt = root.GetProperty("last_attempt").GetUInt32(),
            Instances = root.GetProperty("instances").EnumerateArray().Select(ReadInstance).ToEquatableArray(),
            Attempts = root.GetProperty("attempts").EnumerateArray().Select(ReadAttempt).ToEquatableArray(),
            Maintenance = hasMaintenance ? root.GetProperty("maintenance").EnumerateArray().Select(ReadMaintenance).ToEquatableArray() : default,
        };
    }

    private static InstanceMemory ReadInstance(JsonElement instance)
    {
        RequireMembers(instance, 5);
        int failed = instance.GetProperty("failed_promotions").GetInt32();
        long retryAt = instance.GetProperty("retry_at").GetInt64();
        return failed < 0 || retryAt < 0
            ? throw new FormatException("a negative number")
            : new InstanceMemory(
                Text(instance, "instance"),
                failed,
                new MonotonicInstant(retryAt),
                instance.GetProperty("fault").GetBoolean(),
                instance.GetProperty("demotion_due").GetBoolean());
    }

    private static PromisedAttempt ReadAttempt(JsonElement attempt)
    {
        bool hasProcess = attempt.TryGetProperty("pid", out JsonElement pid);
        RequireMembers(attempt, hasProcess ? 10 : 8);
        AttemptMemory memory = new(Text(attempt, "instance"), attempt.GetProperty("attempt").GetUInt32())
        {
            Kind = Text(attempt, "kind") switch
            {
                "fence" => StepKind.Fence,
                "run" => StepKind.Run,
                _ => throw new FormatException("an unknown kind of step"),
            },
            Step = attempt.GetProperty("step").GetByte(),
            IsDemotion = attempt.GetProperty("demotion").GetBoolean(),
            Targets = attempt.GetProperty("targets").EnumerateArray().Select(ReadTarget).ToEquatableArray(),
        };
        return new PromisedAttempt(memory, Text(attempt, "run"), Text(attempt, "program"))
        {
            Process = hasProcess ? new ProcessIdentity(pid.GetInt32(), attempt.GetProperty("started_ticks").GetInt64()) : null,
        };
    }

    private static InternetAddress ReadTarget(JsonElement target) =>
        InternetAddress.TryParse(target.GetString(), out InternetAddress address) ? address : throw new FormatException("a target that is no address");

    private static string Text(JsonElement parent, string name) =>
        parent.GetProperty(name).GetString() ?? throw new FormatException($"{name} has no value");

    private static void RequireMembers(JsonElement element, int wanted)
    {
        int count = element.EnumerateObject().Count();
        if (count != wanted)
        {
            throw new FormatException($"{count} members instead of {wanted}");
        }
    }

    /// <summary>FNV-1a, 64 bits: against torn and flipped bytes, not against people.</summary>
    private static byte[] Checksum(ReadOnlySpan<byte> bytes)
    {
        ulong sum = 14695981039346656037;
        foreach (byte each in bytes)
        {
            sum = (sum ^ each) * 1099511628211;
        }

        return Encoding.ASCII.GetBytes(sum.ToString("x16", CultureInfo.InvariantCulture));
    }

    private static void DropOldest(string directory)
    {
        string[] damaged = Directory.GetFiles(directory, FileName + DamagedInfix + "*");
        Array.Sort(damaged, StringComparer.Ordinal);
        for (int i = 0; i < damaged.Length - DamagedFilesMax; i++)
        {
            File.Delete(damaged[i]);
        }
    }
}
