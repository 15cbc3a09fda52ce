using System.Text.Json;

namespace FenceFirst.SystemTests;

/// <summary>What was seen of one node over several lives of its daemon, by witnesses that share nothing with it.</summary>
internal sealed class Story
{
    /// <summary>The node's kernel: the virtual address came or went.</summary>
    public List<(DateTime At, bool Added)> Address { get; } = [];

    /// <summary>The old master's kernel, the same.</summary>
    public List<(DateTime At, bool Added)> OldMaster { get; } = [];

    /// <summary>When the daemon was killed.</summary>
    public List<DateTime> Kills { get; } = [];

    /// <summary>When the whole machine stood still, kernels, scripts, daemons and observers alike.</summary>
    public List<(DateTime From, DateTime To)> Pauses { get; } = [];

    /// <summary>What the scripts wrote themselves.</summary>
    public List<ScriptFact> Scripts { get; } = [];

    /// <summary>The journal, all lives one after the other.</summary>
    public List<JournalFact> Journal { get; } = [];

    /// <summary>Whether the scripts go on when they are asked to end.</summary>
    public bool IsStubborn { get; init; }

    /// <summary>Steps of the promotion, in order: "fence", "run".</summary>
    public IReadOnlyList<string> Plan { get; init; } = ["fence", "run"];
}

/// <summary>A line of a script: <c>WHAT STEP ATTEMPT EPOCH REST</c>, where WHAT is begin, end (REST is the status), forgotten or beside.</summary>
internal readonly record struct ScriptFact(DateTime At, string What, string Step, uint Attempt, ulong Epoch, string Rest)
{
    public static ScriptFact Parse(ScriptLine line)
    {
        string[] words = line.Text.Split(' ');
        return new ScriptFact(line.At, words[0], words[1], uint.Parse(words[2]), ulong.Parse(words[3]), words.Length > 4 ? words[4] : "");
    }
}

/// <summary>One line of the journal, read here and nowhere else.</summary>
/// <param name="At">Wall time.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Step">Index of the step; -1 = none.</param>
/// <param name="Attempt">Number; 0 = none.</param>
/// <param name="IsSuccess">Ended with exit status 0.</param>
internal readonly record struct JournalFact(DateTime At, string Kind, int Step = -1, uint Attempt = 0, bool IsSuccess = false)
{
    /// <summary>Null for a line that is no JSON: torn by the kill.</summary>
    public static JournalFact? Parse(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            bool isSuccess = root.TryGetProperty("outcome", out JsonElement outcome) && outcome.GetString() == "Exited" && root.GetProperty("code").GetInt32() == 0;
            return new JournalFact(
                root.GetProperty("at").GetDateTimeOffset().UtcDateTime,
                root.GetProperty("kind").GetString()!,
                root.TryGetProperty("first", out JsonElement first) ? first.GetInt32() : -1,
                root.TryGetProperty("attempt", out JsonElement attempt) ? attempt.GetUInt32() : 0,
                isSuccess);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
