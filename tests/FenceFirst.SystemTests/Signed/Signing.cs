using System.Text;

namespace FenceFirst.SystemTests;

/// <summary>An auth_hmac block, in the words that keepalived and we share.</summary>
internal sealed record Signing(int Active, params int[] Keys)
{
    public string Mode { get; init; } = "enforce";

    public int Window { get; init; } = 5;

    /// <summary>Where keys are to stand in files; absent = in the configuration itself.</summary>
    public Node? KeyFiles { get; init; }

    public override string ToString()
    {
        StringBuilder text = new("    auth_hmac {\n");
        foreach (int key in Keys)
        {
            text.Append($"        key {key} {Value(key)}\n");
        }
        return text.Append($"        active_key {Active}\n        time_window {Window}\n        mode {Mode}\n    }}\n").ToString();
    }

    private string Value(int key)
    {
        string value = "hex:" + string.Concat(Enumerable.Repeat($"{key:x2}", 32));
        if (KeyFiles is null)
        {
            return value;
        }
        string file = KeyFiles.WriteFile($"key{key}", value + "\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return "file:" + file;
    }
}
