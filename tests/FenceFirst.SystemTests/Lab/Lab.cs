using System.Diagnostics;
using System.Net;
using System.Text;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace FenceFirst.SystemTests;

/// <summary>A small network for one test: a namespace with a bridge, and a namespace with an interface for every node. Everything in it carries
/// the laboratory's number, everything ends with it, and what a killed test run left behind is removed by the next one.</summary>
internal sealed class Lab : IAsyncDisposable
{
    // Root's own folder: scripts below /tmp could be replaced by anybody, and a daemon is right to object.
    internal const string Root = "/run/fencefirst-lab";
    private const double CrowdedFactor = 2, CrowdedLeast = 30;
    private static readonly Lock Cleaning = new();
    private static int _last;
    private static bool _cleaned;

    private readonly ITestOutputHelper _output;
    private readonly string _id;
    private readonly int _number;
    private readonly List<Daemon> _daemons = [];
    private readonly List<Node> _nodes = [];
    private readonly List<Seen> _notes = [];
    private readonly AddressListener _addresses;
    private readonly DateTime _opened = DateTime.UtcNow;

    private Lab(ITestOutputHelper output)
    {
        _output = output;
        int count = Interlocked.Increment(ref _last);
        _id = $"ff{Environment.ProcessId}x{count}";
        _number = count % 250;
        Folder = Path.Combine(Root, _id);
        _addresses = new AddressListener(Changed);
        _ = PauseMeter.Shared; // Measures from here on.
    }

    public string Folder { get; }

    /// <summary>Fires whenever a program has written or ended, or an address has changed.</summary>
    public Pulse Changed { get; } = new();

    /// <summary>When the whole machine stood still.</summary>
    public IReadOnlyList<(DateTime From, DateTime To)> Pauses => PauseMeter.Shared.Pauses;

    /// <summary>The virtual addresses that most tests use; the second pair is for a second instance.</summary>
    public IPAddress Virtual => IPAddress.Parse($"10.77.{_number}.100");

    public IPAddress SecondVirtual => IPAddress.Parse($"10.77.{_number}.101");

    public IPAddress Virtual6 => IPAddress.Parse($"fd77:{_number:x}::100");

    /// <summary>A namespace that is no node's: what runs there outlives a power cut.</summary>
    public string Outside => "/run/netns/" + Switch;

    public Node this[string name] => _nodes.Single(each => each.Name == name);

    /// <summary>Builds the network: node a is 10.77.N.1, b is 10.77.N.2 and so on.</summary>
    public static async Task<Lab> OpenAsync(ITestOutputHelper output, params string[] nodes)
    {
        if (Needs.Missing() is { } missing)
        {
            throw new XunitException(missing);
        }
        lock (Cleaning)
        {
            if (!_cleaned)
            {
                RemoveLeftovers();
                // The very first `ip netns add` of a machine prepares /run/netns; two of them at once would disturb each other.
                RunQuietly("ip", "netns", "add", $"ff{Environment.ProcessId}-first");
                RunQuietly("ip", "netns", "del", $"ff{Environment.ProcessId}-first");
                _cleaned = true;
            }
        }
        Lab lab = new(output);
        try
        {
            await lab.BuildAsync(nodes);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a capture of everything that crosses the switch.</summary>
    public Task<Capture> CaptureAsync(string name = "capture") => Capture.StartAsync(this, Switch, Path.Combine(Folder, name + ".pcap"));

    public ScriptLog OpenScriptLog(string name = "scripts.log") => new(this, Path.Combine(Folder, name));

    /// <summary>Who held an address, from the beginning until now.</summary>
    public Ownership OwnershipOf(IPAddress address) => Ownership.Of(address, _nodes.SelectMany(each => each.Observer.Events), DateTime.UtcNow);

    /// <summary>Frames from one node no longer reach another; the other direction stays.</summary>
    public async Task CutAsync(Node from, Node to)
    {
        Note("switch", $"cut {from.Name} -> {to.Name}");
        await RunAsync("ip", ["netns", "exec", Switch, "nft", $"add rule bridge lab forward iifname \"{from.Port}\" oifname \"{to.Port}\" drop"]);
    }

    /// <summary>From now on adverts from one node reach another only after a time; everything else and the other direction go as before.</summary>
    public async Task<DelayLine> DelayAdvertsAsync(Node from, Node to, TimeSpan delay)
    {
        Note("switch", $"adverts {from.Name} -> {to.Name} take {delay.TotalSeconds} s");
        foreach (string protocol in new[] { "ip protocol 112", "ip6 nexthdr 112" })
        {
            await RunAsync("ip", ["netns", "exec", Switch, "nft", $"add rule bridge lab forward iifname \"{from.Port}\" oifname \"{to.Port}\" {protocol} drop"]);
        }
        return new DelayLine(Switch, from.Port, to.Port, delay);
    }

    /// <summary>Loses every advert between all nodes, and nothing else: ARP and neighbour discovery go on.</summary>
    public async Task CutAdvertsAsync()
    {
        Note("switch", "cut protocol 112");
        await RunAsync("ip", ["netns", "exec", Switch, "nft", "add rule bridge lab forward ip protocol 112 drop"]);
        await RunAsync("ip", ["netns", "exec", Switch, "nft", "add rule bridge lab forward ip6 nexthdr 112 drop"]);
    }

    /// <summary>Takes every cut back.</summary>
    public async Task HealAsync()
    {
        Note("switch", "healed");
        await RunAsync("ip", ["netns", "exec", Switch, "nft", "flush chain bridge lab forward"]);
    }

    /// <summary>Pulls the node's cable, or plugs it in: the node sees its carrier go and come.</summary>
    public async Task SetCableAsync(Node node, bool plugged)
    {
        Note(node.Name, plugged ? "cable plugged in" : "cable pulled");
        await RunAsync("ip", ["-n", Switch, "link", "set", "dev", node.Port, plugged ? "up" : "down"]);
    }

    /// <summary>
    /// Waits until something is so, looking again at every change and every 20 ms; fails with the whole story. The time is what a machine needs that has something
    /// else to do as well; where it is a second or more, a crowded one is given several times as much, since a wait that is met costs nothing.
    /// </summary>
    public Task UntilAsync(Func<bool> isSo, double seconds, string what) => WithinAsync(isSo, seconds < 1 ? seconds : Math.Max(CrowdedFactor * seconds, CrowdedLeast), what);

    /// <summary>As above where the time is what is shown: something else would happen after it.</summary>
    public async Task WithinAsync(Func<bool> isSo, double seconds, string what)
    {
        long deadline = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        while (true)
        {
            Task change = Changed.Next;
            if (isSo())
            {
                return;
            }
            if (Stopwatch.GetTimestamp() >= deadline)
            {
                throw Failure($"Waited {seconds} s for {what}.");
            }
            await Task.WhenAny(change, Task.Delay(20));
        }
    }

    /// <summary>Watches for a while that something stays so: the only way to show that nothing happens.</summary>
    public async Task WhileAsync(Func<bool> staysSo, double seconds, string what)
    {
        long deadline = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        while (Stopwatch.GetTimestamp() < deadline)
        {
            Task change = Changed.Next;
            if (!staysSo())
            {
                throw Failure($"For {seconds} s this should have stayed true: {what}.");
            }
            await Task.WhenAny(change, Task.Delay(20));
        }
    }

    /// <summary>A failure of the test. The story goes to the test's output in any case.</summary>
    public Exception Failure(string message) => new XunitException(message + "\n" + Tail());

    public void Note(string who, string text)
    {
        lock (_notes)
        {
            _notes.Add(new Seen(DateTime.UtcNow, who, text));
        }
    }

    /// <summary>Makes the laboratory responsible for ending a program.</summary>
    public void Adopt(Daemon daemon) => _daemons.Add(daemon);

    /// <summary>Runs a command to its end, at most a minute; fails with what it wrote when its status is not 0.</summary>
    public async Task<string> RunAsync(string program, IReadOnlyList<string> arguments)
    {
        (int status, string output) = await TryRunAsync(program, arguments);
        return status == 0 ? output : throw Failure($"{program} {string.Join(' ', arguments)}: status {status}\n{output}");
    }

    /// <summary>Runs a command to its end, at most a minute: its status and everything it wrote (standard error only where it failed).</summary>
    public async Task<(int Status, string Output)> TryRunAsync(string program, IReadOnlyList<string> arguments)
    {
        ProcessStartInfo start = new(Needs.FindProgram(program) ?? program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        using CancellationTokenSource bound = new(TimeSpan.FromMinutes(1));
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(bound.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(bound.Token);
            await process.WaitForExitAsync(bound.Token);
            return (process.ExitCode, process.ExitCode == 0 ? await output : await output + await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw Failure($"{program} {string.Join(' ', arguments)}: not done after a minute.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        WriteStory();
        foreach (Daemon daemon in _daemons)
        {
            daemon.Dispose();
        }
        _addresses.Dispose();
        await Task.Run(() => Remove(_id));
    }

    private string Switch => _id + "-switch";

    private async Task BuildAsync(string[] names)
    {
        Directory.CreateDirectory(Folder);
        // Written before anything that would have to be removed: from here on a later run can tell whose this is.
        File.WriteAllText(Path.Combine(Folder, "owner"), $"{Environment.ProcessId} {Native.StartTime(Environment.ProcessId)}");
        await RunAsync("ip", ["netns", "add", Switch]);
        await RunAsync("ip", ["netns", "exec", Switch, "sh", "-c",
            """
            set -e
            echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6
            ip link add br0 type bridge mcast_snooping 0
            ip link set br0 up
            nft add table bridge lab
            nft add chain bridge lab forward '{ type filter hook forward priority 0; }'
            """]);
        for (int i = 0; i < names.Length; i++)
        {
            await AddNodeAsync(names[i], i + 1);
        }
    }

    private async Task AddNodeAsync(string name, int host)
    {
        string networkNamespace = $"{_id}-{name}";
        string folder = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.Combine(folder, "state"));
        await RunAsync("ip", ["netns", "add", networkNamespace]);
        AddressObserver observer = _addresses.Add(name, networkNamespace);
        Node node = new(this, name, networkNamespace, folder, IPAddress.Parse($"10.77.{_number}.{host}"), IPAddress.Parse($"fd77:{_number:x}::{host:x}"), observer);
        _nodes.Add(node);
        // No duplicate address detection: a link-local address that is tentative for a second would delay the first IPv6 advert.
        await RunAsync("sh", ["-c",
            $"""
            set -e
            ip netns exec {networkNamespace} sh -c 'for each in all default; do echo 0 > /proc/sys/net/ipv6/conf/$each/accept_dad; echo 0 > /proc/sys/net/ipv6/conf/$each/router_solicitations; done'
            ip -n {Switch} link add name {node.Port} type veth peer name eth0 netns {networkNamespace}
            ip -n {Switch} link set dev {node.Port} master br0 up
            ip -n {networkNamespace} link set lo up
            ip -n {networkNamespace} link set eth0 up
            """]);
        await node.AddAddressAsync($"{node.Address}/24");
        await node.AddAddressAsync($"{node.Address6}/64");
        await node.FindLinkLocalAsync();
    }

    private string Tail()
    {
        const int shown = 60;
        Seen[] story = Story();
        return string.Join('\n', story.Skip(Math.Max(0, story.Length - shown)).Select(each => each.ToString()));
    }

    private Seen[] Story()
    {
        List<Seen> all;
        lock (_notes)
        {
            all = [.. _notes];
        }
        all.AddRange(_daemons.SelectMany(each => each.Log.Lines));
        all.AddRange(_nodes.SelectMany(each => each.Observer.Events).Select(each => new Seen(each.At, each.Node + " kernel", (each.Added ? "+ " : "- ") + each.Address)));
        foreach (string file in Directory.Exists(Folder) ? Directory.GetFiles(Folder, "*.log") : [])
        {
            all.AddRange(new ScriptLog(this, file).Lines.Select(each => new Seen(each.At, "script", each.Text)));
        }
        return [.. all.OrderBy(each => each.At)];
    }

    // The runner shows a test's output only where the test failed; the report file has it always.
    private void WriteStory()
    {
        StringBuilder text = new();
        text.Append("Laboratory ").Append(_id).Append(", opened ").AppendLine(Seen.Stamp(_opened));
        foreach (Seen each in Story())
        {
            text.AppendLine(each.ToString());
        }
        _output.WriteLine(text.ToString());
        if (Environment.GetEnvironmentVariable("FENCEFIRST_LAB_KEEP") is { Length: > 0 } keep && Directory.Exists(Folder))
        {
            string target = Path.Combine(keep, _id);
            Directory.CreateDirectory(target);
            File.WriteAllText(Path.Combine(target, "story.txt"), text.ToString());
            foreach (string file in Directory.GetFiles(Folder, "*", SearchOption.AllDirectories).Where(each => !each.EndsWith(".sock", StringComparison.Ordinal)))
            {
                File.Copy(file, Path.Combine(target, Path.GetRelativePath(Folder, file).Replace('/', '_')), overwrite: true);
            }
        }
    }

    /// <summary>Removes the laboratories whose test run has gone without removing them.</summary>
    internal static void RemoveLeftovers()
    {
        if (!Directory.Exists(Root))
        {
            return;
        }
        foreach (string folder in Directory.GetDirectories(Root))
        {
            string owner = Path.Combine(folder, "owner");
            string[] parts = File.Exists(owner) ? File.ReadAllText(owner).Split(' ') : [];
            if (parts.Length == 2 && Native.StartTime(int.Parse(parts[0])) != parts[1])
            {
                Remove(Path.GetFileName(folder));
            }
        }
    }

    // Synchronous and without the laboratory's own state: it also removes what others left.
    private static void Remove(string id)
    {
        const int rounds = 3;
        if (!Directory.Exists("/run/netns"))
        {
            return;
        }
        foreach (string path in Directory.GetFiles("/run/netns", id + "-*"))
        {
            string networkNamespace = Path.GetFileName(path);
            for (int round = 0; round < rounds; round++)
            {
                string[] pids = RunQuietly("ip", "netns", "pids", networkNamespace).Split('\n', StringSplitOptions.RemoveEmptyEntries);
                if (pids.Length == 0)
                {
                    break;
                }
                foreach (string pid in pids)
                {
                    Native.Kill(int.Parse(pid), Signal.Kill);
                }
            }
            RunQuietly("ip", "netns", "del", networkNamespace);
        }
        string folder = Path.Combine(Root, id);
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Another test run has removed the same leftover.
        }
    }

    private static string RunQuietly(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit(5000);
        return output;
    }
}
