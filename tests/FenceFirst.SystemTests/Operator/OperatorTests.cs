using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>The operator's verbs against a running daemon: what they show, what they change, whom they refuse.</summary>
public sealed class OperatorTests(ITestOutputHelper output)
{
    [NeedsFact("keepalived", "fencefirst")]
    public async Task A_failing_fence_is_confirmed_and_the_address_comes()
    {
        // The management board died with the node: the fence fails for ever. status says so, confirm brings the address, the journal tells who said it.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        Daemon daemon = await LoseMasterAsync(lab, Promotion.Fence(60), "exit 1");
        Seen failed = await daemon.WaitForLogAsync("promotion: failed at", 15);
        Assert.Contains($"fencefirst confirm VI_1 --target {a.Address} --i-have-checked", failed.Text);
        (int status, string words) = await Verb.RunAsync(b, "status");
        Assert.Equal(1, status);
        Assert.Contains("Backup", words);
        Assert.Contains("no promotion before", words);
        Assert.Equal(1, (await Verb.RunAsync(b, "confirm", "VI_1", "--target", a.Address.ToString())).Status);
        Assert.Equal(1, (await Verb.RunAsync(b, "confirm", "VI_1", "--target", "10.9.9.9", "--i-have-checked")).Status);
        Assert.False(b.EverHeld(lab.Virtual));
        Assert.Equal(0, (await Verb.RunAsync(b, "confirm", "VI_1", "--target", a.Address.ToString(), "--i-have-checked")).Status);
        await b.WaitForAddressAsync(lab.Virtual);
        await daemon.WaitForLogAsync("Entering MASTER STATE");
        (status, words) = await Verb.RunAsync(b, "status", "--json");
        Assert.Equal(0, status);
        JsonElement instance = JsonDocument.Parse(words).RootElement.GetProperty("instances")[0];
        Assert.Equal("Master", instance.GetProperty("phase").GetString());
        Assert.StartsWith(lab.Virtual.ToString(), instance.GetProperty("addresses")[0].GetString());
        Assert.Contains("operator: root (user 0), process ", await Verb.JournalAsync(b));
        Assert.Contains("asks: confirm VI_1", await Verb.JournalAsync(b));
        Assert.Equal(TimeSpan.Zero, lab.OwnershipOf(lab.Virtual).HeldTwice);
    }

    [NeedsFact("keepalived", "fencefirst")]
    public async Task A_fault_after_a_failed_promotion_ends_with_retry()
    {
        // on_failure fault: status 1 and Fault; retry leads back, and the mended fence then succeeds.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node b = lab["b"];
        Daemon daemon = await LoseMasterAsync(lab, "    promotion {\n        fence peers\n        on_failure fault\n    }\n", "exit 1");
        await daemon.WaitForLogAsync("Entering FAULT STATE", 15);
        (int status, string words) = await Verb.RunAsync(b, "status");
        Assert.Equal(1, status);
        Assert.Contains("Fault", words);
        b.WriteScript("fence.sh", "exit 0");
        (status, words) = await Verb.RunAsync(b, "retry", "VI_9");
        Assert.Equal(1, status);
        Assert.Contains("there is no instance of that name (VI_9); there is VI_1", words);
        Assert.Equal(0, (await Verb.RunAsync(b, "retry", "VI_1")).Status);
        await b.WaitForAddressAsync(lab.Virtual);
    }

    [NeedsFact("keepalived", "fencefirst")]
    public async Task A_confirmation_is_void_when_the_target_is_heard()
    {
        // The operator is wrong: the old master is cut off, not down. It is heard again while its fence still runs, so the failing fence counts.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        a.StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual);
        string go = Path.Combine(b.Folder, "go");
        string fence = b.WriteScript("fence.sh", $"while [ ! -e '{go}' ]; do sleep 0.05; done\nexit 1");
        Daemon daemon = b.StartFenceFirst(Conf.File(Promotion.Device(fence, 20, a), new Conf(lab.Virtual) { Extra = Promotion.Fence(60) }));
        await daemon.WaitForLogAsync("Entering BACKUP STATE");
        await lab.CutAsync(a, b);
        await daemon.WaitForLogAsync("fence peers started", 15);
        (int status, string words) = await Verb.RunAsync(b, "status");
        Assert.Equal(0, status);
        Assert.Contains("Promoting", words);
        Assert.Contains("fence peers runs", words);
        Assert.Equal(0, (await Verb.RunAsync(b, "confirm", "VI_1", "--target", a.Address.ToString(), "--i-have-checked")).Status);
        await lab.HealAsync();
        await daemon.WaitForLogAsync("the confirmation is void");
        File.WriteAllText(go, "");
        await daemon.WaitForLogAsync("fence peers exited with status 1", 10);
        await lab.WhileAsync(() => !b.EverHeld(lab.Virtual), 1, "the address stays away");
    }

    [NeedsFact("fencefirst", "setpriv")]
    public async Task Others_and_garbage_are_refused_while_adverts_stay_on_time()
    {
        // Another user, bytes that are no request, a request without end, more clients than there are places, and one that never reads.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"];
        Daemon daemon = a.StartFenceFirst(Conf.File(new Conf(lab.Virtual)));
        await a.WaitForAddressAsync(lab.Virtual);
        string path = Verb.SocketOf(a);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(2, (await Verb.RunBehindAsync(a, ["setpriv", "--reuid=65534", "--clear-groups"], "status")).Status);
        Capture capture = await lab.CaptureAsync();
        DateTime from = DateTime.UtcNow;
        Random random = new(1);
        List<Socket> clients = [];
        for (int i = 0; i < 30; i++)
        {
            Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 5000, SendTimeout = 1000 };
            clients.Add(client);
            client.Connect(new UnixDomainSocketEndPoint(path));
            byte[] bytes = new byte[i % 3 == 0 ? 200_000 : 300];
            random.NextBytes(bytes);
            if (i % 3 == 1)
            {
                bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"version\":1,\"request\":\"status\"}\n", 500)));
            }

            try
            {
                client.Send(bytes);
            }
            catch (SocketException)
            {
                // Refused half way, as it should be.
            }

            if (i % 2 == 0)
            {
                client.Dispose();
            }
        }

        await lab.WhileAsync(() => !daemon.HasExited, 2, "the daemon lives");
        await capture.CatchUpAsync();
        // Three intervals: no peer would have missed the master.
        Assert.InRange(capture.LargestGap(a, 51, from, capture.AdvertsOf(a)[^1].At), TimeSpan.Zero, TimeSpan.FromSeconds(0.6));
        clients.ForEach(client => client.Dispose());
        await lab.WhileAsync(() => !daemon.HasExited, 0.3, "the daemon lives");
        Assert.Equal(0, (await Verb.RunAsync(a, "status")).Status);
        Assert.Contains("is not known", Ask(path, "{\"version\":1,\"request\":\"dance\"}\n"));
        Assert.Contains("longer than", Ask(path, new string('x', 70_000)));
        Assert.Contains("\"ok\":true", Ask(path, "{\"version\":1,\"requ", "est\":\"status\"}\n"));
        Assert.DoesNotContain("asks:", await Verb.JournalAsync(a));
    }

    [NeedsFact("fencefirst")]
    public async Task The_socket_of_a_dead_daemon_is_replaced_and_that_of_a_living_one_is_not()
    {
        // Killed with SIGKILL the file stays; the next daemon takes its place; a second one beside it, with a state directory of its own, is refused.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"];
        Daemon first = a.StartFenceFirst(Conf.File(new Conf(lab.Virtual)));
        await first.WaitForLogAsync("Entering MASTER STATE");
        first.Crash();
        await first.WaitForExitAsync();
        Assert.True(File.Exists(Verb.SocketOf(a)));
        Assert.Equal(2, (await Verb.RunAsync(a, "status")).Status);
        Daemon second = a.StartFenceFirst(Conf.File(new Conf(lab.Virtual)));
        await second.WaitForLogAsync("Entering MASTER STATE");
        Assert.Equal(0, (await Verb.RunAsync(a, "status")).Status);
        string other = Path.Combine(a.Folder, "other-state");
        Daemon third = a.Start("second fencefirst", Needs.FenceFirst, "run", "-f", a.WriteFile("fencefirst.conf", Conf.File(new Conf(lab.Virtual))), "--state-dir", other, "--socket", Verb.SocketOf(a));
        Assert.Equal(1, await third.WaitForExitAsync());
        Assert.NotNull(third.Log.Find("another daemon answers"));
        Assert.Equal(0, (await Verb.RunAsync(a, "status")).Status);

        // Somebody removes it: SIGHUP brings it back, and nobody has to restart a master. What another one has put in its place stays.
        File.Delete(Verb.SocketOf(a));
        Assert.Equal(2, (await Verb.RunAsync(a, "status")).Status);
        second.Send(Signal.Hup);
        await second.WaitForLogAsync("was not there any more: it is made anew");
        Assert.Equal(0, (await Verb.RunAsync(a, "status")).Status);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Verb.SocketOf(a)));
        File.Delete(Verb.SocketOf(a));
        a.WriteFile("fencefirst.sock", "not ours");
        Assert.Equal(0, await second.StopAsync());
        Assert.True(File.Exists(Verb.SocketOf(a)));
        Assert.True(a.EverHeld(lab.Virtual));
    }

    [NeedsFact("keepalived", "fencefirst")]
    public async Task The_journal_survives_a_kill_and_tells_the_story_of_the_log()
    {
        // The daemon is killed while its fence runs; every line of the log that tells of the instance is in the journal, in the same order.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node b = lab["b"];
        Daemon daemon = await LoseMasterAsync(lab, Promotion.Fence(60), "sleep 30");
        await daemon.WaitForLogAsync("fence peers started", 15);
        daemon.Crash();
        await daemon.WaitForExitAsync();
        string[] story = [.. daemon.Log.Lines.Where(line => line.Text.Contains("(VI_1)")).Select(line => line.Text[line.Text.IndexOf("(VI_1)", StringComparison.Ordinal)..])];
        string[] journal = [.. (await Verb.JournalAsync(b)).Split('\n').Where(line => line.Contains("(VI_1)")).Select(line => line[line.IndexOf("(VI_1)", StringComparison.Ordinal)..].TrimEnd())];
        Assert.NotEmpty(story);
        Assert.Equal(story, journal.Where(story.Contains));
    }

    private static string Ask(string path, params string[] parts)
    {
        using Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 5000, SendTimeout = 5000 };
        client.Connect(new UnixDomainSocketEndPoint(path));
        foreach (string part in parts)
        {
            client.Send(Encoding.UTF8.GetBytes(part));
        }

        byte[] buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, client.Receive(buffer));
    }

    /// <summary>a is master under keepalived and loses its power; b is the standby whose fence is the given script.</summary>
    private static async Task<Daemon> LoseMasterAsync(Lab lab, string promotion, string script)
    {
        Node a = lab["a"], b = lab["b"];
        a.StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual);
        string fence = b.WriteScript("fence.sh", script);
        Daemon daemon = b.StartFenceFirst(Conf.File(Promotion.Device(fence, 20, a), new Conf(lab.Virtual) { Extra = promotion }));
        await daemon.WaitForLogAsync("Entering BACKUP STATE");
        await a.PowerOffAsync();
        return daemon;
    }
}
