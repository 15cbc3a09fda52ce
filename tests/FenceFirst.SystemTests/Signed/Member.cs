using System.Text.Json;

namespace FenceFirst.SystemTests;

/// <summary>A node with its daemon, of either make: keepalived 2.4 or ours.</summary>
internal sealed class Member(Lab lab, string name, bool isKeepalived = false)
{
    private Daemon? _daemon;

    public Node Node { get; } = lab[name];

    public bool IsKeepalived => isKeepalived;

    public Daemon Daemon => _daemon ?? throw new InvalidOperationException($"{name} has not been started");

    /// <summary>What stands in front of the program's command line; default nothing.</summary>
    public IReadOnlyList<string> Prefix { get; set; } = [];

    public Daemon Start(string configuration)
    {
        if (isKeepalived)
        {
            // The test is skipped without the program.
            return _daemon = Node.StartKeepalived(Needs.FindProgram("keepalived-2.4")!, configuration, Prefix);
        }
        return _daemon = Node.StartFenceFirst(configuration, Prefix);
    }

    /// <summary>SIGHUP with another file, and the wait for its end.</summary>
    public async Task ReloadAsync(string configuration)
    {
        int mark = Daemon.Log.Mark;
        Node.WriteFile(isKeepalived ? "keepalived.conf" : "fencefirst.conf", configuration);
        Daemon.Send(Signal.Hup);
        // keepalived has no last word; it tells of its sockets when it has opened them again.
        await Daemon.WaitForLogAsync(isKeepalived ? "VRRP sockpool" : "reload complete", 10, mark);
    }

    /// <summary>Packets that our daemon has refused since its start, by reason.</summary>
    public async Task<IReadOnlyDictionary<string, int>> RefusedAsync() =>
        (await PacketsAsync()).GetProperty("refused").EnumerateObject().ToDictionary(each => each.Name, each => each.Value.GetInt32());

    /// <summary>Adverts that our daemon has accepted since its start.</summary>
    public async Task<int> AcceptedAsync() => (await PacketsAsync()).GetProperty("received").GetInt32();

    /// <summary>Waits until our daemon has refused that many packets for a reason.</summary>
    public Task UntilRefusedAsync(string reason, int count) =>
        UntilCountedAsync(async () => (await RefusedAsync()).GetValueOrDefault(reason) >= count, $"refuse {count} packets as {reason}");

    /// <summary>Waits until our daemon has accepted some adverts more.</summary>
    public async Task UntilAcceptedAsync(int count = 3)
    {
        int before = await AcceptedAsync();
        await UntilCountedAsync(async () => await AcceptedAsync() >= before + count, $"accept {count} adverts");
    }

    /// <summary>Asks until it is so, at most for half a minute.</summary>
    public async Task UntilCountedAsync(Func<Task<bool>> isSo, string what)
    {
        const int questionsMax = 150;
        for (int i = 0; i < questionsMax; i++)
        {
            if (await isSo())
            {
                return;
            }
            await Task.Delay(200);
        }
        throw lab.Failure($"Waited for {Daemon.Who} to {what}.");
    }

    private async Task<JsonElement> PacketsAsync() => (await Verb.StatusAsync(Node)).GetProperty("instances")[0].GetProperty("packets");
}
