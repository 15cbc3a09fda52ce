using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>The service unit. No systemd runs in a laboratory: its own analyser reads the unit, and what it would give and take away is given and taken away here.</summary>
[Collection(Alone.Name)]
public sealed class ServiceTests(ITestOutputHelper output)
{
    /// <summary>Highest exposure that systemd's analyser may find, in tenths: without the restrictions it is 80.</summary>
    private const string ExposureMax = "45";

    private static string Unit => File.ReadAllText(Path.Combine(Needs.Repository, "packaging", "fencefirst.service"));

    [NeedsFact("fencefirst", "systemd-analyze")]
    public async Task The_unit_is_valid_and_little_exposed()
    {
        // verify finds nothing to say, and the exposure is what the documentation tells. That both can fail is shown with two lines made bad.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        string unit = Unit.Replace("/usr/sbin/fencefirst", Needs.FenceFirst, StringComparison.Ordinal);
        string good = a.WriteFile("fencefirst.service", unit);
        Assert.Equal("", (await lab.RunAsync("systemd-analyze", ["verify", "--man=no", good])).Trim());
        output.WriteLine((await lab.RunAsync("systemd-analyze", ["security", "--offline=true", "--threshold=" + ExposureMax, good])).Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]);
        string bad = a.WriteFile("bad.service", unit.Replace("Type=notify", "Type=dance", StringComparison.Ordinal));
        Assert.Contains("dance", (await lab.RunAsync("sh", ["-c", $"systemd-analyze verify --man=no {bad} 2>&1 || true"])));
        string open = a.WriteFile("open.service", Regex.Replace(unit, "(?m)^(Capability|Protect|Restrict|SystemCall).*\n", ""));
        Assert.NotEqual(0, (await lab.TryRunAsync("systemd-analyze", ["security", "--offline=true", "--threshold=" + ExposureMax, open])).Status);
    }

    [NeedsFact("fencefirst", "setpriv")]
    public async Task A_failover_runs_with_nothing_but_the_units_capabilities()
    {
        // The bounding set is the unit's, and no program may gain privileges: a fence that runs as root, a run step of another user, a step that is killed although it
        // is that user's, and the address. The set is really that small: a mount is refused.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        File.WriteAllText(scripts.File, "");
        File.SetUnixFileMode(scripts.File, (UnixFileMode)0b110_110_110);
        string fence = b.WriteScript("fence.sh", "note fence $(id -un) $(mount -t tmpfs none /mnt 2>/dev/null || echo refused)", scripts);
        string run = b.WriteScript("run.sh", "note run $(id -un)\n[ -e " + Path.Combine(b.Folder, "go") + " ] || exec sleep 60", scripts);
        string promotion = $"    promotion {{\n        fence peers\n        run \"{run}\" timeout 1 user nobody\n        on_failure retry_after 1\n    }}\n";
        string file = b.WriteFile("fencefirst.conf", Conf.File(Promotion.Device(fence, 5, a), new Conf(lab.Virtual) { Extra = promotion }));
        string set = string.Join(',', Regex.Match(Unit, "(?m)^CapabilityBoundingSet=(.*)$").Groups[1].Value.Split(' ').Select(each => "+" + each[4..].ToLowerInvariant()));
        Daemon daemon = b.Start("fencefirst", ["setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all," + set, .. b.FenceFirstCommand("run", "-f", file)]);
        await daemon.WaitForLogAsync("run run.sh timed out", 15);
        await daemon.WaitForLogAsync("promotion: failed at run run.sh", 10);
        File.WriteAllText(Path.Combine(b.Folder, "go"), "");
        await b.WaitForAddressAsync(lab.Virtual, 15);
        Assert.Equal("fence root refused", scripts.Lines[0].Text);
        Assert.Equal("run nobody", scripts.Lines[1].Text);
        Assert.Equal(0, await daemon.StopAsync());
    }

    [NeedsFact("fencefirst")]
    public async Task Systemd_hears_of_a_loop_that_is_on_time_and_of_no_other()
    {
        // WatchdogSec=1 as systemd gives it to the daemon: READY, then a sign every half second. Stopped for 2 s: none, and none for the late beat when it goes on.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        using Notifications heard = new(Path.Combine(lab.Folder, "notify"));
        string file = a.WriteFile("fencefirst.conf", Conf.File(new Conf(lab.Virtual)));
        Daemon daemon = a.Start("fencefirst", ["env", "NOTIFY_SOCKET=" + heard.Path, "WATCHDOG_USEC=1000000", .. a.FenceFirstCommand("run", "-f", file)]);
        await a.WaitForAddressAsync(lab.Virtual);
        await lab.WhileAsync(() => !daemon.HasExited, 2, "the daemon to live");
        (DateTime At, string Text)[] first = heard.Take();
        Assert.Equal("READY=1", first[0].Text);
        DateTime[] signs = [.. first.Where(each => each.Text == "WATCHDOG=1").Select(each => each.At)];
        Assert.True(signs.Length >= 4, $"{signs.Length} signs in 2 s");
        Assert.All(signs.Zip(signs.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, TimeSpan.FromSeconds(0.3), TimeSpan.FromSeconds(1)));

        daemon.Send(Signal.Stop);
        _ = heard.Take();
        await lab.WhileAsync(() => true, 2, "");
        Assert.Empty(heard.Take());
        DateTime resumed = DateTime.UtcNow;
        daemon.Send(Signal.Cont);
        List<(DateTime At, string Text)> later = [];
        await lab.UntilAsync(
            () =>
            {
                later.AddRange(heard.Take());
                return later.Any(each => each.Text == "WATCHDOG=1");
            },
            10,
            "the next sign");
        Assert.True(later.First(each => each.Text == "WATCHDOG=1").At - resumed > TimeSpan.FromSeconds(0.4), "the late beat was told as well");
        await daemon.WaitForLogAsync("late: the watchdog is not fed for that");
        Assert.Equal(0, await daemon.StopAsync());
        Assert.Contains(heard.Take(), each => each.Text == "STOPPING=1");
    }

    /// <summary>What a service tells its manager: datagrams to a socket, each with the time at which it was read.</summary>
    private sealed class Notifications : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        private readonly List<(DateTime, string)> _heard = [];
        private readonly Thread _thread;

        public Notifications(string path)
        {
            Path = path;
            _socket.Bind(new UnixDomainSocketEndPoint(path));
            _thread = new Thread(Listen) { IsBackground = true };
            _thread.Start();
        }

        public string Path { get; }

        public (DateTime At, string Text)[] Take()
        {
            lock (_heard)
            {
                (DateTime, string)[] taken = [.. _heard];
                _heard.Clear();
                return taken;
            }
        }

        public void Dispose() => _socket.Dispose();

        private void Listen()
        {
            Native.PutFirst();
            byte[] buffer = new byte[4096];
            try
            {
                while (true)
                {
                    int length = _socket.Receive(buffer);
                    lock (_heard)
                    {
                        _heard.Add((DateTime.UtcNow, Encoding.UTF8.GetString(buffer, 0, length)));
                    }
                }
            }
            catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }
    }
}
