using System.Text.Json;

namespace FenceFirst.SystemTests;

/// <summary>The operator's verbs, typed on a node against its daemon.</summary>
internal static class Verb
{
    public static string SocketOf(Node node) => Path.Combine(node.Folder, "fencefirst.sock");

    /// <summary>Runs a verb: its exit status and what it wrote.</summary>
    public static Task<(int Status, string Output)> RunAsync(Node node, params string[] words) => RunBehindAsync(node, [], words);

    /// <summary>As above, behind another command.</summary>
    public static Task<(int Status, string Output)> RunBehindAsync(Node node, string[] before, params string[] words) =>
        node.TryRunAsync([.. before, Needs.FenceFirst, .. words, "--socket", SocketOf(node)]);

    /// <summary>What the daemon says of itself.</summary>
    public static async Task<JsonElement> StatusAsync(Node node)
    {
        (_, string words) = await RunAsync(node, "status", "--json");
        return JsonDocument.Parse(words).RootElement;
    }

    public static async Task<string> JournalAsync(Node node, params string[] options)
    {
        (int status, string words) = await node.TryRunAsync([Needs.FenceFirst, "journal", "--state-dir", Path.Combine(node.Folder, "state"), .. options]);
        Assert.Equal(0, status);
        return words;
    }
}
