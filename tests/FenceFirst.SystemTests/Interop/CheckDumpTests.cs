using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>The values that keepalived prints on SIGUSR1 equal those of <c>check --dump</c>, but for the differences that are named here.</summary>
public sealed class CheckDumpTests(ITestOutputHelper output)
{
    /// <summary>keepalived in a mount namespace of its own: where it writes its dump is not the machine's /tmp.</summary>
    private const string Script =
        """
        conf=$(cat "$0") && mount -t tmpfs none /tmp && printf '%s\n' "$conf" > /tmp/keepalived.conf && mount -t tmpfs none /run && cd /tmp || exit 9
        keepalived -n -l -P -f /tmp/keepalived.conf -p /tmp/parent.pid -r /tmp/vrrp.pid >/tmp/log 2>&1 &
        wait_for() { i=0; until eval "$1"; do [ $i -lt 250 ] || { cat /tmp/log; kill $!; exit 8; }; sleep 0.04; i=$((i+1)); done; }
        wait_for 'grep -q "Startup complete" /tmp/log'
        kill -USR1 $!
        wait_for 'grep -q -- "------< Interfaces >------" /tmp/keepalived.data 2>/dev/null'
        cat /tmp/keepalived.data
        kill $!
        wait $!
        """;

    /// <summary>What we say of a value that keepalived says nothing of, or the other way round: keyword and reason.</summary>
    private static readonly Dictionary<string, string> NotCompared = new(StringComparer.Ordinal)
    {
        ["state"] = "keepalived prints what it wants to be now",
        ["vip_lease"] = "ours",
        [KeepalivedDump.VmacName] = "a part of use_vmac",
        ["use_vmac_addr"] = "not printed; the interface stands with each address",
        ["param_match"] = "not printed",
        ["init_fail"] = "not printed; it has no effect there",
        ["track_src_ip"] = "not printed",
        ["v3_checksum_as_v2"] = "unknown to 2.2.7",
        ["notify_parallel"] = "ours",
        ["reassert"] = "ours",
        ["owner_ignore_adverts"] = "unknown to 2.2.7",
    };

    /// <summary>Places where the values differ on purpose, with the reason.</summary>
    private static readonly Dictionary<string, string> Reasons = new(StringComparer.Ordinal)
    {
        ["13_min_garp: vrrp_instance VI_1: garp_master_refresh_repeat"] = "there is no refresh; 0 would be none in one that is configured beside",
        ["13_min_garp: vrrp_instance own: garp_master_refresh_repeat"] = "as above",
        ["32_acceptance: vrrp_instance VI_1: check_unicast_src"] = "vrrp_check_unicast_src holds there too, but is not shown with the instance",
    };

    public static IEnumerable<string> Files => Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Interop", "Dump"), "*.conf").Order(StringComparer.Ordinal);

    [NeedsFact("keepalived", "fencefirst")]
    public async Task The_values_of_check_dump_are_those_that_keepalived_prints()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node node = lab["a"];
        List<string> differences = [];
        HashSet<string> used = [];
        int compared = 0;
        Assert.InRange(Files.Count(), 30, 99);
        foreach (string[] batch in Files.Chunk(8))
        {
            // Some at a time: most of the time is waiting.
            string[] theirs = await Task.WhenAll(batch.Select(file => node.RunAsync("unshare", "-m", "sh", "-c", Script, file)));
            string[] ours = await Task.WhenAll(batch.Select(file => node.RunAsync(Needs.FenceFirst, "check", "--dump", "--json", "-f", file)));
            for (int i = 0; i < batch.Length; i++)
            {
                DumpValues there = KeepalivedDump.Parse(theirs[i]), here = DumpValues.OfOurs(ours[i]);
                foreach (string place in there.Places.Union(here.Places).Where(place => !NotCompared.ContainsKey(place.Split(": ")[1])))
                {
                    compared++;
                    string name = $"{Path.GetFileNameWithoutExtension(batch[i])}: {place}";
                    if (there[place] == here[place])
                    {
                        continue;
                    }

                    used.Add(name);
                    if (!Reasons.ContainsKey(name))
                    {
                        differences.Add($"{name}: keepalived '{there[place]}', we '{here[place]}'");
                    }
                }
            }
        }

        Assert.True(differences.Count == 0, $"{compared} values compared; different without a reason:\n{string.Join('\n', differences)}");
        Assert.Empty(Reasons.Keys.Except(used));
        output.WriteLine($"{Files.Count()} files, {compared} values, {used.Count} differences with a reason");
    }
}
