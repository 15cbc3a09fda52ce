namespace FenceFirst.Demo;

/// <summary>The private folder of a demonstration: configurations, fence scripts, logs and sockets; gone when it ends.</summary>
internal sealed class DemoFiles : IDisposable
{
    // A Unix socket's path has 107 bytes; the rest is what we append.
    private const int TemporaryPathMax = 60;

    private const int RemovalAttemptsMax = 100;
    private const int RemovalPauseMs = 20;

    /// <summary>Creates the folder, for this user only.</summary>
    public DemoFiles()
    {
        if (Path.GetTempPath().Length > TemporaryPathMax)
        {
            Environment.SetEnvironmentVariable("TMPDIR", "/tmp");
        }

        Folder = Directory.CreateTempSubdirectory("fencefirst-demo-").FullName;
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Where the power supply listens.</summary>
    public string PowerSocket => Path.Combine(Folder, "power.sock");

    /// <summary>A node's configuration file.</summary>
    public string ConfigurationOf(NodePlan node) => Path.Combine(Folder, $"{node.Letter}.conf");

    /// <summary>A node's log.</summary>
    public string LogOf(NodePlan node) => Path.Combine(Folder, $"{node.Letter}.log");

    /// <summary>The script that fences a node.</summary>
    public string FenceScriptOf(NodePlan node) => Path.Combine(Folder, $"fence_{node.Letter}.sh");

    /// <summary>What matters in a node's configuration, for people.</summary>
    public static string Excerpt(NodePlan other) =>
        $$"""
            fence_device {{other.FenceDevice}} {
                script "fence_{{other.Letter}}.sh"
                targets {{other.Address}}
            }
            vrrp_instance VI_1 {
                virtual_ipaddress {
                    {{NodePlan.VirtualAddress}}/{{NodePlan.PrefixLength}}
                }
                promotion {
                    fence {{other.FenceDevice}}
                }
                ...
            }
        """;

    /// <summary>Writes what one node needs: its configuration, and the script with which it fences the other.</summary>
    public void Write(NodePlan node, NodePlan other)
    {
        string script = FenceScriptOf(other);
        File.WriteAllText(
            script,
            $"""
            #!/bin/sh
            # Has {other.Name} switched off. Exit status 0 means one thing only: it is off.
            exec {OwnProgram.ShellCommand("demo-power", "--socket", PowerSocket, other.Letter)}

            """);
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(ConfigurationOf(node), Configuration(node, other, script));
    }

    /// <inheritdoc/>
    public void Dispose() => Remove(Folder);

    /// <summary>Removes such a folder. After a crash both nodes do so at the same time, and either may still write: each tries until it is gone, within a bound.</summary>
    public static void Remove(string folder)
    {
        for (int attempt = 0; attempt < RemovalAttemptsMax && Directory.Exists(folder); attempt++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // The other node is at it as well, or it is not ours to remove; there is nobody left to tell.
                Thread.Sleep(RemovalPauseMs);
            }
        }
    }

    // Without enable_script_security: in a user namespace the folders above ours belong to nobody, which it rightly refuses.
    private static string Configuration(NodePlan node, NodePlan other, string script) =>
        $$"""
        global_defs {
            router_id {{node.FenceDevice}}
            script_user root
        }

        fence_device {{other.FenceDevice}} {
            script "{{script}}"
            targets {{other.Address}}
            timeout 10
            attempts 1
        }

        vrrp_instance VI_1 {
            state BACKUP
            interface eth0
            virtual_router_id 51
            priority {{node.Priority}}
            version 3
            advert_int 0.2
            nopreempt
            virtual_ipaddress {
                {{NodePlan.VirtualAddress}}/{{NodePlan.PrefixLength}}
            }
            promotion {
                fence {{other.FenceDevice}}
                on_failure retry_after 2
            }
        }

        """;
}
