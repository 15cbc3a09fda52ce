using FenceFirst.Config.Binding;
using FenceFirst.Config.Syntax;

namespace FenceFirst.Simulate;

/// <summary>What reading a configuration needs when nothing of it is started here: files are read, interfaces, users and programs are taken to be there.</summary>
internal static class FilesElsewhere
{
    /// <summary>The facts.</summary>
    public static MachineFacts Create() => OtherMachine.Of(new MachineFacts
    {
        HostName = Environment.MachineName,
        HasInterface = _ => true,
        OwnAddresses = () => [],
        EnvironmentVariable = ConfigFiles.Variable,
        ReadFile = ConfigFiles.Read,
        ListDirectory = ConfigFiles.List,
        Inspect = path => Directory.Exists(path) ? new FileFacts(FileKind.Folder, 0b111_101_101, 0, 0)
            : File.Exists(path) ? new FileFacts(FileKind.Regular, 0b111_000_000, 0, 0) : null,
        FindUser = _ => null,
        FindGroup = _ => null,
    });
}
