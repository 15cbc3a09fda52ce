namespace FenceFirst.Config.Binding;

/// <summary>Follows a path the way the kernel does, and looks at every component: may it be executed, and could somebody else replace it.</summary>
internal sealed class ScriptPath(MachineFacts facts)
{
    /// <summary>As the kernel: more symbolic links are a loop.</summary>
    public const int LinksMax = 40;

    private const int WritableByOthers = 0b000_010_010;
    private const int Sticky = 0b001_000_000_000;

    /// <summary>The path without symbolic links; null when something on the way is missing.</summary>
    public string? Resolve(string path)
    {
        Stack<string> open = [];
        PushComponents(open, path);
        string resolved = "";
        int links = 0;
        while (open.TryPop(out string? component))
        {
            if (component == "..")
            {
                resolved = resolved.Length == 0 ? "" : resolved[..resolved.LastIndexOf('/')];
                continue;
            }

            string next = resolved + "/" + component;
            FileFacts? file = facts.Inspect(next);
            if (file is null || (open.Count > 0 && file.Kind is FileKind.Regular or FileKind.Other))
            {
                return null;
            }

            if (file.Kind != FileKind.SymbolicLink)
            {
                resolved = next;
                continue;
            }

            if (++links > LinksMax || file.LinkTarget.Length == 0)
            {
                return null;
            }

            resolved = file.LinkTarget[0] == '/' ? "" : resolved;
            PushComponents(open, file.LinkTarget);
        }

        return resolved.Length == 0 ? "/" : resolved;
    }

    /// <summary>Whether the user may execute the file at the resolved path, directories on the way included.</summary>
    public bool IsExecutableBy(string resolved, uint userId, IReadOnlyCollection<uint> groupIds)
    {
        foreach (string prefix in Prefixes(resolved))
        {
            FileFacts? file = facts.Inspect(prefix);
            bool isLast = prefix.Length == resolved.Length;
            if (file is null || (isLast && file.Kind != FileKind.Regular))
            {
                return false;
            }

            // Root may search any directory, but executes a file only if anybody may.
            int wanted = userId == 0 ? (isLast ? 0b001_001_001 : 0) : file.OwnerId == userId ? 0b001_000_000 : groupIds.Contains(file.GroupId) ? 0b000_001_000 : 0b000_000_001;
            if (wanted != 0 && (file.Mode & wanted) == 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The first component that somebody other than root could change, in words; null = none.</summary>
    /// <remarks>
    /// keepalived.conf(5), enable_script_security: every component of the path as written and as resolved must be owned by root and not
    /// writable by group (other than root's) or others; a sticky directory will do; no symbolic link on the way to the file as written.
    /// </remarks>
    public string? FindInsecure(string written, string resolved)
    {
        foreach (string prefix in Prefixes(written).Concat(Prefixes(resolved)))
        {
            FileFacts? file = facts.Inspect(prefix);
            if (file is null)
            {
                continue;
            }

            if (file.Kind == FileKind.SymbolicLink)
            {
                if (prefix.Length < written.Length)
                {
                    return $"{prefix} is a symbolic link on the way to it";
                }

                continue;
            }

            if (file.OwnerId != 0)
            {
                return $"{prefix} is owned by user id {file.OwnerId}, not by root";
            }

            int writable = file.Mode & (file.GroupId == 0 ? 0b000_000_010 : WritableByOthers);
            if (writable != 0 && !(file.Kind == FileKind.Folder && (file.Mode & Sticky) != 0))
            {
                return $"{prefix} is writable by {((writable & 0b10) != 0 ? "everybody" : $"group id {file.GroupId}")} (mode {Convert.ToString(file.Mode, 8).PadLeft(4, '0')})";
            }
        }

        return null;
    }

    private static void PushComponents(Stack<string> open, string path)
    {
        string[] components = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = components.Length - 1; i >= 0; i--)
        {
            if (components[i] != ".")
            {
                open.Push(components[i]);
            }
        }
    }

    private static IEnumerable<string> Prefixes(string path)
    {
        for (int i = 1; i < path.Length; i++)
        {
            if (path[i] == '/' && path[i - 1] != '/')
            {
                yield return path[..i];
            }
        }

        yield return path;
    }
}
