namespace FenceFirst.Config.Binding;

/// <summary>What a file must be like that holds a secret: regular, not empty, of root or of our own user, and closed to everybody else.</summary>
internal sealed class SecretFile(MachineFacts facts)
{
    private const int OthersMask = 0b000_111_111;

    /// <summary>What is wrong with a file whose first line is the secret, and what to do; both empty = nothing.</summary>
    /// <param name="path">As written.</param>
    public (string Problem, string Hint) Judge(string path)
    {
        (string? contents, string problem, string hint) = Read(path);
        return contents is not null && contents.Split('\n')[0].Trim('\r').Length == 0 ? ($"the first line of {path} is empty", "") : (problem, hint);
    }

    /// <summary>What the file holds; absent = it cannot be used, and the problem and perhaps a hint say why.</summary>
    /// <param name="path">As written.</param>
    public (string? Contents, string Problem, string Hint) Read(string path)
    {
        string? target = path.StartsWith('/') ? new ScriptPath(facts).Resolve(path) : null;
        FileFacts? found = target is null ? null : facts.Inspect(target);
        if (target is null || found is not { Kind: FileKind.Regular })
        {
            return (null, !path.StartsWith('/') ? $"{path} is no absolute path" : found is null ? $"{path} does not exist or is not accessible" : $"{path} is no regular file", "");
        }

        if ((found.Mode & OthersMask) != 0)
        {
            return (null, $"{target} has mode {Convert.ToString(found.Mode, 8).PadLeft(4, '0')}: others than its owner can use it", $"chmod 600 {target}");
        }

        if (found.OwnerId != 0 && found.OwnerId != facts.UserId)
        {
            return (null, $"{target} belongs to user {found.OwnerId}, who can read it", $"chown root {target}");
        }

        return (facts.ReadSecretFile ?? facts.ReadFile)(target) is { } contents ? (contents, "", "") : (null, $"{target} cannot be read", "");
    }
}
