namespace FenceFirst;

/// <summary>A program of ours that is installed beside this one.</summary>
internal static class SiblingProgram
{
    /// <summary>How it is started: its path, or the runtime and its path where this program needs the runtime too.</summary>
    /// <param name="name">Its name.</param>
    public static string[] Command(string name)
    {
        string own = Environment.ProcessPath ?? "";
        bool isManaged = Path.GetFileName(own) == "dotnet";
        string folder = isManaged ? AppContext.BaseDirectory : Path.GetDirectoryName(own) ?? "/";
        return isManaged ? [own, Path.Combine(folder, name + ".dll")] : [Path.Combine(folder, name)];
    }
}
