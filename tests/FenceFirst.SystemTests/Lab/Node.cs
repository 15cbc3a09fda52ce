using System.Net;

namespace FenceFirst.SystemTests;

/// <summary>A machine of the laboratory: a network namespace with one interface, eth0, and a folder for its files.</summary>
internal sealed class Node(Lab lab, string name, string networkNamespace, string folder, IPAddress address, IPAddress address6, AddressObserver observer)
{
    private readonly List<string> _ownAddresses = [];

    public string Name => name;

    /// <summary>The other end of the node's cable, on the switch.</summary>
    public string Port => "port-" + name;

    public string Namespace => networkNamespace;

    public string Folder => folder;

    public IPAddress Address => address;

    public IPAddress Address6 => address6;

    public AddressObserver Observer => observer;

    /// <summary>Whether an address is the node's own (not a virtual one): where its adverts come from.</summary>
    public bool Owns(IPAddress source) =>
        source.Equals(LinkLocal) || _ownAddresses.Any(each => source.Equals(IPAddress.Parse(each.Split('/')[0])));

    /// <summary>The node's link-local IPv6 address; set once, when the interface is up.</summary>
    public IPAddress LinkLocal { get; set; } = IPAddress.IPv6None;

    /// <summary>Runs a command on the node and returns its standard output; fails when the command does.</summary>
    public Task<string> RunAsync(params string[] command) => lab.RunAsync("ip", ["netns", "exec", networkNamespace, .. command]);

    public Task<(int Status, string Output)> TryRunAsync(params string[] command) => lab.TryRunAsync("ip", ["netns", "exec", networkNamespace, .. command]);

    /// <summary>Starts any program on the node.</summary>
    public Daemon Start(string who, params string[] command)
    {
        Daemon daemon = new(lab, $"{name} {who}", networkNamespace, command);
        lab.Adopt(daemon);
        return daemon;
    }

    /// <summary>Starts the daemon under test on a configuration.</summary>
    public Daemon StartFenceFirst(string configuration) => StartFenceFirst(configuration, []);

    /// <summary>As above, behind words that change its surroundings (env, say).</summary>
    public Daemon StartFenceFirst(string configuration, IReadOnlyList<string> prefix)
    {
        string file = WriteFile("fencefirst.conf", configuration);
        return Start("fencefirst", [.. prefix, .. FenceFirstCommand("run", "-f", file, "--dump-dir", folder)]);
    }

    /// <summary>The command line of the daemon under test with its state and socket in the node's folder.</summary>
    public IEnumerable<string> FenceFirstCommand(string verb, params string[] arguments) =>
        [Needs.FenceFirst, verb, .. arguments, "--state-dir", Path.Combine(folder, "state"), "--socket", Path.Combine(folder, "fencefirst.sock")];

    /// <summary>Starts Debian's keepalived on a configuration.</summary>
    public Daemon StartKeepalived(string configuration) => StartKeepalived("keepalived", configuration, [], "-P");

    /// <summary>As above, with a program of one's own, behind words that change its surroundings; one that was built without LVS does not know -P.</summary>
    public Daemon StartKeepalived(string program, string configuration, IReadOnlyList<string> prefix, params string[] options)
    {
        string file = WriteFile("keepalived.conf", configuration);
        // A killed one leaves its id behind, and another process may carry that number by now.
        File.Delete(Path.Combine(folder, "keepalived.pid"));
        File.Delete(Path.Combine(folder, "vrrp.pid"));
        return Start(
            "keepalived", [.. prefix, program, "-n", "-l", "-D", .. options, "-f", file, "-p", Path.Combine(folder, "keepalived.pid"), "-r", Path.Combine(folder, "vrrp.pid")]);
    }

    /// <summary>Writes a file that everybody may read and only root may write.</summary>
    public string WriteFile(string fileName, string text)
    {
        string path = Path.Combine(folder, fileName);
        // Replaced, not rewritten: a script that is running keeps the text it was started with.
        string next = path + ".next";
        File.WriteAllText(next, text);
        File.SetUnixFileMode(next, (UnixFileMode)0b110_100_100);
        File.Move(next, path, overwrite: true);
        return path;
    }

    /// <summary>Writes a shell script that can be started directly, and returns its path.</summary>
    public string WriteScript(string fileName, string body, ScriptLog? log = null)
    {
        string path = Path.Combine(folder, fileName), next = path + ".next";
        File.WriteAllText(next, "#!/bin/sh\n" + log?.Prelude + body + "\n");
        File.SetUnixFileMode(next, (UnixFileMode)0b111_101_101);
        File.Move(next, path, overwrite: true);
        return path;
    }

    /// <summary>Gives the interface an address of its own, now and whenever the node is switched on again.</summary>
    public async Task AddAddressAsync(string addressWithPrefix)
    {
        _ownAddresses.Add(addressWithPrefix);
        await AddAsync(addressWithPrefix);
    }

    /// <summary>Replaces the node's own addresses, for a configuration that names others.</summary>
    public async Task ReplaceAddressesAsync(string addressWithPrefix)
    {
        _ownAddresses.Clear();
        await lab.RunAsync("ip", ["-n", networkNamespace, "addr", "flush", "dev", "eth0", "scope", "global"]);
        await AddAddressAsync(addressWithPrefix);
    }

    /// <summary>Switches the node off as a power cut does: nothing on it runs on, says a last word, or keeps an address.</summary>
    public async Task PowerOffAsync()
    {
        lab.Note(name, "power off");
        await lab.TryRunAsync("sh", ["-c", PowerOffCommands]);
        await lab.UntilAsync(() => !Holds(lab.Virtual) && !Holds(lab.Virtual6), 5, $"{name} to lose its addresses");
    }

    /// <summary>Shell text that switches the node off, for a fence script on another node.</summary>
    public string PowerOffCommands =>
        $"""
        pids=$(ip netns pids {networkNamespace})
        for signal in STOP KILL; do for pid in $pids; do kill -$signal $pid 2>/dev/null; done; done
        ip -n {networkNamespace} link set eth0 down
        ip -n {networkNamespace} addr flush dev eth0
        for each in $(ip -n {networkNamespace} -o link show type macvlan | cut -d: -f2 | cut -d@ -f1); do ip -n {networkNamespace} link del dev $each; done
        """;

    /// <summary>Switches the node on again, with its own addresses and nothing running.</summary>
    public async Task PowerOnAsync()
    {
        lab.Note(name, "power on");
        await lab.RunAsync("ip", ["-n", networkNamespace, "link", "set", "eth0", "up"]);
        foreach (string each in _ownAddresses)
        {
            await AddAsync(each);
        }
        await FindLinkLocalAsync();
    }

    /// <summary>Takes the interface down by command, or brings it up with its own addresses (the kernel drops IPv6 ones meanwhile).</summary>
    public async Task SetLinkAsync(bool up)
    {
        lab.Note(name, up ? "link up" : "link down");
        await lab.RunAsync("ip", ["-n", networkNamespace, "link", "set", "eth0", up ? "up" : "down"]);
        if (up)
        {
            foreach (string each in _ownAddresses)
            {
                await AddAsync(each);
            }
        }
    }

    /// <summary>Whether the node's kernel has the address, from what the observer heard.</summary>
    public bool Holds(IPAddress wanted)
    {
        bool held = false;
        foreach (AddressEvent each in observer.Events.Where(each => each.Address.Equals(wanted)))
        {
            held = each.Added;
        }
        return held;
    }

    /// <summary>Whether the node's kernel ever had the address.</summary>
    public bool EverHeld(IPAddress wanted) => observer.Events.Any(each => each.Address.Equals(wanted));

    /// <summary>Waits until the node's kernel has the address: when it came.</summary>
    public async Task<DateTime> WaitForAddressAsync(IPAddress wanted, double seconds = 10)
    {
        await lab.UntilAsync(() => Holds(wanted), seconds, $"{name} to get {wanted}");
        return observer.Events.Last(each => each.Added && each.Address.Equals(wanted)).At;
    }

    /// <summary>Waits until the node's kernel no longer has the address: when it went.</summary>
    public async Task<DateTime> WaitForNoAddressAsync(IPAddress wanted, double seconds = 10)
    {
        await lab.UntilAsync(() => !Holds(wanted), seconds, $"{name} to give up {wanted}");
        return observer.Events.Last(each => !each.Added && each.Address.Equals(wanted)).At;
    }

    /// <summary>Finds the link-local address that the kernel made from the interface's MAC.</summary>
    public async Task FindLinkLocalAsync()
    {
        string text = await lab.RunAsync("ip", ["-n", networkNamespace, "-6", "-o", "addr", "show", "dev", "eth0", "scope", "link"]);
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int at = Array.IndexOf(words, "inet6");
        if (at >= 0)
        {
            LinkLocal = IPAddress.Parse(words[at + 1].Split('/')[0]);
        }
    }

    private async Task AddAsync(string addressWithPrefix)
    {
        string[] nodad = addressWithPrefix.Contains(':') ? ["nodad"] : [];
        await lab.RunAsync("ip", ["-n", networkNamespace, "addr", "replace", addressWithPrefix, "dev", "eth0", .. nodad]);
    }
}
