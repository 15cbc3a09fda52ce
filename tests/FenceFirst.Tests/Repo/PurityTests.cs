using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using FenceFirst.Core.Node;

namespace FenceFirst.Tests.Repo;

/// <summary>Core is a pure function: what it could reach the world with is not even referenced.</summary>
public class PurityTests
{
    private static readonly string[] ForbiddenNamespaces = ["System.IO", "System.Threading", "System.Net.Http", "Microsoft.Win32"];

    private static readonly string[] ForbiddenTypes =
    [
        "System.Console", "System.Random", "System.Diagnostics.Stopwatch", "System.Diagnostics.Process", "System.TimeProvider",
        "System.Net.Sockets.Socket", "System.GC", "System.Guid", "System.Security.Cryptography.RandomNumberGenerator",
    ];

    // Members of types that are otherwise harmless. Compiler-made iterators ask for the thread id, and for nothing else of Environment.
    private static readonly string[] AllowedEnvironmentMembers = ["get_CurrentManagedThreadId"];

    // STYLE 1, 21 and 22. How: type and member references in the assembly's metadata.
    [Fact]
    public void Core_references_no_clock_no_chance_and_no_input_or_output()
    {
        using FileStream file = File.OpenRead(typeof(NodeMachine).Assembly.Location);
        using PEReader image = new(file);
        MetadataReader metadata = image.GetMetadataReader();
        List<string> found = [];
        foreach (TypeReferenceHandle handle in metadata.TypeReferences)
        {
            string name = NameOf(metadata, handle);
            if (ForbiddenTypes.Contains(name) || ForbiddenNamespaces.Any(space => name.StartsWith(space + ".", StringComparison.Ordinal)))
            {
                found.Add(name);
            }
        }

        foreach (MemberReferenceHandle handle in metadata.MemberReferences)
        {
            MemberReference member = metadata.GetMemberReference(handle);
            if (member.Parent.Kind != HandleKind.TypeReference)
            {
                continue;
            }

            string type = NameOf(metadata, (TypeReferenceHandle)member.Parent);
            string name = metadata.GetString(member.Name);
            bool isClock = type is "System.DateTime" or "System.DateTimeOffset" && name is "get_Now" or "get_UtcNow" or "get_Today";
            bool isEnvironment = type == "System.Environment" && !AllowedEnvironmentMembers.Contains(name);
            if (isClock || isEnvironment)
            {
                found.Add($"{type}.{name}");
            }
        }

        Assert.Empty(found);
    }

    private static string NameOf(MetadataReader metadata, TypeReferenceHandle handle)
    {
        TypeReference type = metadata.GetTypeReference(handle);
        return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
    }
}
