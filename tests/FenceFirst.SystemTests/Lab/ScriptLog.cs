namespace FenceFirst.SystemTests;

/// <summary>A line that a script wrote: when, and what.</summary>
internal readonly record struct ScriptLine(DateTime At, string Text);

/// <summary>A file to which scripts append what they do and when. In a script: `note WORDS`.</summary>
internal sealed class ScriptLog(Lab lab, string file)
{
    /// <summary>Where it is.</summary>
    public string File => file;

    /// <summary>The definition of `note`: one write per line, so that scripts at the same time do not mix.</summary>
    public string Prelude => $"note() {{ echo \"$(date +%s.%N) $*\" >> '{file}'; }}\n";

    public IReadOnlyList<ScriptLine> Lines
    {
        get
        {
            if (!System.IO.File.Exists(file))
            {
                return [];
            }
            using StreamReader reader = new(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            string text = reader.ReadToEnd();
            // Only what ends in a newline has been written whole.
            return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Read)];
        }
    }

    public int Count(string text) => Lines.Count(line => line.Text.Contains(text, StringComparison.Ordinal));

    public async Task<ScriptLine> WaitForAsync(string text, double seconds = 10, int occurrence = 1)
    {
        ScriptLine[] found = [];
        await lab.UntilAsync(() => (found = [.. Lines.Where(line => line.Text.Contains(text, StringComparison.Ordinal))]).Length >= occurrence,
            seconds, $"a script to note \"{text}\"" + (occurrence > 1 ? $" {occurrence} times" : ""));
        return found[occurrence - 1];
    }

    private static ScriptLine Read(string line)
    {
        string[] parts = line.Split(' ', 2);
        return new ScriptLine(Seen.FromSeconds(parts[0]), parts.Length > 1 ? parts[1] : "");
    }
}
