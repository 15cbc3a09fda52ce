using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Tracking;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Config;

/// <summary>track_file, vrrp_track_process, interface_up_down_delays and how instances refer to them.</summary>
public sealed class TrackerBinderTests
{
    [Fact]
    public void The_first_file_process_and_weight_of_a_tracker_hold()
    {
        // keepalived: "File already set for track file f - ignoring /run/g", and -t ends with 5.
        (NodeConfig? config, string shown) = Load("track_file f {\nfile /run/f\nfile /run/g\nweight 5\nweight 6\n}\nvrrp_track_process p {\nprocess a\nprocess b\n}", "track_file {\nf\n}\ntrack_process {\np\n}");
        Assert.Equal("/run/f", config!.Files[0].Path); // Warnings do not refuse.
        Assert.Equal("a", config.Processes[0].Process);
        Assert.Equal(5, config.Instances[0].TrackFiles[0].Weight);
        Assert.Contains("warning FF1112: file is written again in this block; the first one holds", shown, StringComparison.Ordinal);
        Assert.Contains("warning FF1112: weight is written again", shown, StringComparison.Ordinal);
        Assert.Contains("warning FF1112: process is written again", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_and_processes_are_bound_with_their_defaults()
    {
        const string Definitions = """
            track_file plain {
                file "/run/plain"
            }
            vrrp_track_file full {
                file /run/full
                weight 2 reverse
                init_file -3 overwrite
            }
            vrrp_track_process web {
                process nginx
            }
            vrrp_track_process db {
                process "/usr/bin/postgres" -D "/data base"
                param_match initial
                quorum 2
                quorum_max 4
                delay 1.5
                terminate_delay 3
                weight -20
            }
            vrrp_track_process none {
                process backup
                quorum_max 0
            }
            interface_up_down_delays {
                eth0 0.5
                eth1 2 1
            }
            """;
        const string Tracks = """
            track_file {
                plain
                full weight 5 noreverse
            }
            track_process {
                web
                db
                none weight 0 reverse
            }
            """;
        (NodeConfig? config, string shown) = Load(Definitions, Tracks);
        Assert.Equal("", shown);
        Assert.Equal(new FileTracker("plain", "/run/plain"), config!.Files[0]); // No diagnostics, so there is one.
        Assert.Equal(new FileTracker("full", "/run/full") { InitialValue = -3, IsOverwritten = true }, config.Files[1]);
        Assert.Equal(new ProcessTracker("web", "nginx"), config.Processes[0]);
        Assert.Equal(
            new ProcessTracker("db", "/usr/bin/postgres")
            {
                Parameters = ["-D", "/data base"],
                Match = ParameterMatch.Initial,
                IsFullCommand = true,
                Quorum = 2,
                QuorumMax = 4,
                ForkDelay = TimeSpan.FromSeconds(1.5),
                TerminateDelay = TimeSpan.FromSeconds(3),
            },
            config.Processes[1]);
        Assert.Equal((0, 0), (config.Processes[2].Quorum, config.Processes[2].QuorumMax));
        Assert.Equal(
            new EquatableArray<TrackReference>([new TrackReference(0, 1, false), new TrackReference(1, 5, false)]), config.Instances[0].TrackFiles);
        Assert.Equal(
            new EquatableArray<TrackReference>([new TrackReference(0, 0, false), new TrackReference(1, -20, false), new TrackReference(2, 0, true)]),
            config.Instances[0].TrackProcesses);
        Assert.Equal(
            new EquatableArray<LinkDelay>(
            [
                new LinkDelay(config.Links.Span.IndexOf("eth0"), TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.5)),
                new LinkDelay(config.Links.Span.IndexOf("eth1"), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1)),
            ]),
            config.LinkDelays);
    }

    // An instance must never run without a check that was asked for: names, files and numbers that are wrong are errors.
    [Theory]
    [InlineData("track_file f {\nfile /run/f\n}", "track_file {\ng\n}", "FF1404", "there is no track_file g")]
    [InlineData("track_file f {\nfile /run/f\n}", "track_file {\ng\n}", "FF1404", "did you mean f?")]
    [InlineData("", "track_process {\nweb\n}", "FF1404", "there is no vrrp_track_process web")]
    [InlineData("track_file f {\nfile run/f\n}", "track_file {\nf\n}", "FF1470", "run/f is not the absolute path of a file")]
    [InlineData("track_file f {\nfile /run\n}", "track_file {\nf\n}", "FF1470", "/run is a directory")]
    [InlineData("track_file f {\nfile /net/f\n}", "track_file {\nf\n}", "FF1470", "/net/f lies on NFS")]
    [InlineData("track_file f {\nweight 1\n}", "track_file {\nf\n}", "FF1401", "track_file f has no file")]
    [InlineData("track_file f {\nfile /run/f\nweight 255\n}", "track_file {\nf\n}", "FF1202", "255 is outside -254 to 254")]
    [InlineData("track_file f {\nfile /run/f\ninit_file x\n}", "track_file {\nf\n}", "FF1201", "'x' is not a whole number")]
    [InlineData("track_file f {\nfile /run/f\ninit_file 1 2\n}", "track_file {\nf\n}", "FF1207", "only `overwrite`")]
    [InlineData("track_file f {\nfile /run/f\n}", "track_file {\nf weight\n}", "FF1207", "only `weight N [reverse]`")]
    [InlineData("track_file f {\nfile /run/f\n}\ntrack_file f {\nfile /run/g\n}", "track_file {\nf\n}", "FF1402", "there are two track_file f")]
    [InlineData("vrrp_track_process p {\nquorum 1\n}", "track_process {\np\n}", "FF1401", "has no process")]
    [InlineData("vrrp_track_process p {\nprocess x\nquorum 3\nquorum_max 2\n}", "track_process {\np\n}", "FF1202", "could never be good")]
    [InlineData("vrrp_track_process p {\nprocess x\nquorum 0\n}", "track_process {\np\n}", "FF1202", "0 is outside 1 to 65535")]
    [InlineData("vrrp_track_process p {\nprocess x\nparam_match most\n}", "track_process {\np\n}", "FF1205", "'most' is not possible")]
    [InlineData("vrrp_track_process p {\nprocess x\ndelay 3601\n}", "track_process {\np\n}", "FF1202", "outside")]
    [InlineData("interface_up_down_delays {\neth9 1\n}", "", "FF1210", "interface eth9 does not exist")]
    [InlineData("interface_up_down_delays {\neth0\n}", "", "FF1207", "needs one or two delays")]
    [InlineData("interface_up_down_delays {\neth0 x\n}", "", "FF1201", "'x' is not a number of seconds")]
    [InlineData("", "track_bfd {\nb\n}", "FF1103", "there is no BFD")]
    [InlineData("bfd_instance b {\nneighbor_ip 10.0.0.1\n}", "", "FF1103", "there is no BFD")]
    public void What_cannot_be_tracked_is_an_error(string definitions, string tracks, string code, string text)
    {
        (NodeConfig? config, string shown) = Load(definitions, tracks);
        Assert.Null(config);
        Assert.Contains("error " + code, shown, StringComparison.Ordinal);
        Assert.Contains(text, shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("track_file f {\nfile /run/f\n}", "", "FF1570", "is not tracked by any instance")]
    [InlineData("vrrp_track_process p {\nprocess /usr/sbin/nginx\n}", "track_process {\np\n}", "FF1571", "no process is called '/usr/sbin/nginx'")]
    [InlineData("vrrp_track_process p {\nprocess a_name_that_is_too_long\n}", "track_process {\np\n}", "FF1571", "at most 15 characters")]
    [InlineData("interface_up_down_delays {\neth0 5\n}", "", "FF1572", "shortened to 2 s")]
    [InlineData("interface_up_down_delays {\neth1 5\neth1 6\n}", "", "FF1110", "the first ones hold")]
    public void What_is_odd_is_told(string definitions, string tracks, string code, string text)
    {
        (NodeConfig? config, string shown) = Load(definitions, tracks);
        Assert.NotNull(config);
        Assert.Contains("warning " + code, shown, StringComparison.Ordinal);
        Assert.Contains(text, shown, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tracker_that_is_defined_further_down_is_found()
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load(Instance("track_file {\nf\n}\ntrack_process {\np\n}") + "track_file f {\nfile /run/f\n}\nvrrp_track_process p {\nprocess x\n}\n");
        Assert.Single(config!.Instances[0].TrackFiles); // Only warnings.
        Assert.Single(config.Instances[0].TrackProcesses);
        Assert.Equal(2, DiagnosticText.Render(diagnostics).Split("warning FF1513").Length - 1);
    }

    private static (NodeConfig? Config, string Shown) Load(string definitions, string tracks)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load(definitions + "\n" + Instance(tracks));
        return (config, DiagnosticText.Render(diagnostics));
    }

    private static string Instance(string lines) =>
        $"vrrp_instance VI_1 {{\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {{\n10.0.0.100/24\n}}\n{lines}\n}}\n";

    private static (NodeConfig? Config, DiagnosticBag Diagnostics) Load(string text)
    {
        FakeMachine machine = new();
        machine.Files["test.conf"] = text;
        machine.Kinds["/run/f"] = new FileFacts(FileKind.Regular, 0b110_100_100, 0, 0);
        foreach (string absent in new[] { "/run/plain", "/run/full", "/run/g", "/net/f" })
        {
            machine.Files[absent] = "0";
        }

        MachineFacts facts = machine.Facts with { UnwatchableFileSystem = path => path.StartsWith("/net/", StringComparison.Ordinal) ? "NFS" : null };
        return ConfigLoader.Load("test.conf", null, facts);
    }
}
