using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>The configuration file and the question that started the project: the script first, then the address, and only if the script agrees.</summary>
public sealed class SeedExperimentTests(ITestOutputHelper output)
{
    [NeedsFact("fencefirst")]
    public async Task The_script_ends_before_the_address_comes_while_tracking_goes_on()
    {
        // The seed's file with one line added and its scripts' folder changed. The notify script waits until the test has seen the priority
        // follow the track scripts in the adverts; netlink and the capture say when the address came and was announced.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"];
        await a.ReplaceAddressesAsync("192.168.173.203/24");
        await lab["b"].ReplaceAddressesAsync("192.168.173.204/24");
        IPAddress wanted = IPAddress.Parse("172.16.173.100");
        ScriptLog scripts = lab.OpenScriptLog();
        Capture capture = await lab.CaptureAsync();
        foreach ((string name, string status) in new[] { ("pos", "1"), ("nag", "0"), ("zero", "0") })
        {
            a.WriteFile(name, status);
            a.WriteScript(name + ".sh", $"exit $(cat '{a.Folder}/{name}')");
        }
        a.WriteScript("notify.sh",
            $"""
            note start $(ip -o addr show | grep -c '{wanted}/')
            for turn in $(seq 200); do [ -e '{a.Folder}/go' ] && break; sleep 0.1; done
            note end $(ip -o addr show | grep -c '{wanted}/')
            exit 0
            """, scripts);
        string seed = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Seed", "keepalived.conf"));
        seed = seed.Replace("/root/", a.Folder + "/", StringComparison.Ordinal)
            .Replace("    nopreempt", "    notify_master_before_vip\n    nopreempt", StringComparison.Ordinal);

        Daemon daemon = a.StartFenceFirst(seed);
        await daemon.WaitForLogAsync("(vi_1) Entering BACKUP STATE");
        ScriptLine start = await scripts.WaitForAsync("start");
        a.WriteFile("pos", "0");
        Frame.Vrrp raised = await capture.WaitForAdvertAsync(a, each => each.Priority == 103, "priority 103", from: start.At);
        a.WriteFile("nag", "1");
        Frame.Vrrp lowered = await capture.WaitForAdvertAsync(a, each => each.Priority == 98, "priority 98", from: raised.At);
        Assert.False(a.EverHeld(wanted));
        a.WriteFile("go", "");
        ScriptLine end = await scripts.WaitForAsync("end");
        DateTime added = await a.WaitForAddressAsync(wanted);
        await daemon.WaitForLogAsync("(vi_1) Entering MASTER STATE");
        await daemon.WaitForLogAsync("(vi_1) setting protocol VIPs.");

        Assert.Equal("start 0", start.Text);
        Assert.Equal("end 0", end.Text);
        Assert.True(start.At < raised.At && raised.At < lowered.At && lowered.At < end.At && end.At < added);
        Assert.Contains(capture.AdvertsOf(a), each => each.Priority == 100);
        string kernel = await a.RunAsync("ip", "-o", "addr", "show", "dev", "eth0");
        Assert.Contains("inet 172.16.173.100/24 brd 172.16.173.255 scope link eth0:1", string.Join(' ', kernel.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.All(capture.AdvertsOf(a), each => Assert.Equal(IPAddress.Parse("192.168.173.204"), each.Destination));

        // The first burst follows the address, the second one 5 s later.
        await lab.UntilAsync(() => capture.Announcements(wanted).Any(each => each.At > added.AddSeconds(3)), 10, "the second burst of gratuitous ARP");
        IReadOnlyList<Frame.Neighbour> announced = capture.Announcements(wanted);
        Assert.True(announced[0].At > end.At);
        Assert.InRange((announced.First(each => each.At > added.AddSeconds(3)).At - announced[0].At).TotalSeconds, 4.5, 6);
        await capture.AssertCleanAsync();
    }

    [NeedsFact("fencefirst")]
    public async Task The_file_as_its_author_wrote_it_is_accepted_with_the_warnings_it_deserves()
    {
        // Byte for byte the author's file, on a machine that has his interface, address and scripts; /root is the test's own.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        await a.ReplaceAddressesAsync("192.168.173.203/24");
        string seed = Path.Combine(AppContext.BaseDirectory, "Seed", "keepalived.conf");
        string file = a.WriteFile("keepalived.conf", await File.ReadAllTextAsync(seed));
        (int status, string words) = await a.TryRunAsync("unshare", "-m", "sh", "-ec",
            $"""
            mount -t tmpfs none /root
            for name in pos nag zero notify; do printf '#!/bin/sh\nexit 0\n' > /root/$name.sh; chmod 555 /root/$name.sh; done
            exec '{Needs.FenceFirst}' check -f '{file}' 2>&1
            """);
        lab.Note("check", words);
        Assert.Equal(0, status);
        Assert.Contains("good: 1 instance, 3 scripts", words);
        Assert.Contains("192.168.173.203 is an address of this machine: it is left out of the peers", words);
        Assert.Contains("debug is read but not done", words);
        Assert.Contains("nopreempt has no effect with state MASTER", words);
    }
}
