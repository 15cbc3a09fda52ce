using System.Diagnostics;

namespace FenceFirst.Tests.Repo;

/// <summary>The script that builds and starts the program, with a compiler of the test's own.</summary>
public class BuildScriptTests
{
    private const string Compiler = """
        #!/bin/sh
        if [ "$1" = --version ]; then echo 10.0.100; fi
        if [ "$1" != publish ]; then exit 0; fi
        sleep 100 >/dev/null 2>&1 &
        echo $! >>"$SERVERS"
        while [ $# -gt 1 ]; do
            if [ "$1" = -o ]; then out=$2; fi
            shift
        done
        mkdir -p "$out"
        for name in fencefirst fencefirst-simulate fencefirst-mail; do
            echo '#!/bin/sh' >"$out/$name"
            chmod 755 "$out/$name"
        done
        """;

    // Shown: a compiler that leaves a server running, as the real one does, does not keep the next program from being built.
    [Fact]
    public async Task What_a_build_leaves_running_does_not_hold_up_the_next_one()
    {
        string folder = Directory.CreateTempSubdirectory("fencefirst-").FullName, servers = Path.Combine(folder, "servers");
        try
        {
            foreach (string name in (string[])["FenceFirst/Cli", "FenceFirst.Core", "FenceFirst.Config", "FenceFirst.Linux", "FenceFirst.Sim", "FenceFirst.Simulate", "FenceFirst.Mail"])
            {
                Directory.CreateDirectory(Path.Combine(folder, "src", name));
            }

            foreach (string name in Directory.GetFiles(Path.Combine(SourceTree.Root, "src/FenceFirst/Cli")).Select(path => "src/FenceFirst/Cli/" + Path.GetFileName(path)))
            {
                File.WriteAllText(Path.Combine(folder, name), "");
            }

            foreach (string name in (string[])["Directory.Build.props", "Directory.Packages.props", "global.json"])
            {
                File.WriteAllText(Path.Combine(folder, name), "");
            }

            string script = Path.Combine(folder, "fencefirst"), compiler = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "bin")).FullName, "dotnet");
            File.Copy(Path.Combine(SourceTree.Root, "fencefirst"), script);

            // By a program: a file that this process has written may be open in a child that another test is just starting, and cannot be run until that one's exec.
            File.WriteAllText(servers + ".sh", Compiler);
            using Process install = Process.Start("install", ["-m", "755", servers + ".sh", compiler]);
            await install.WaitForExitAsync();
            ProcessStartInfo start = new("timeout", ["60", "bash", script, "--build-only"]) { RedirectStandardError = true };
            start.Environment["PATH"] = Path.GetDirectoryName(compiler) + ":" + Environment.GetEnvironmentVariable("PATH");
            start.Environment["SERVERS"] = servers;
            using Process process = Process.Start(start)!; // Not null: a file is started, not a document.
            string told = await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, told);
            Assert.Equal(["built", "built fencefirst-simulate", "built fencefirst-mail"], told.Split('\n').Where(line => line.Contains(": built")).Select(line => line.Split(": ")[1].Split(" in ")[0]));
            Assert.DoesNotContain("waiting", told, StringComparison.Ordinal);
        }
        finally
        {
            foreach (string server in File.Exists(servers) ? File.ReadAllLines(servers) : [])
            {
                using Process kill = Process.Start("kill", [server]);
                await kill.WaitForExitAsync();
            }

            Directory.Delete(folder, recursive: true);
        }
    }
}
