using System.Globalization;
using System.Text;
using FenceFirst.Linux.Network;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Bench.Cases;

/// <summary>Processor time of checking a large file, beside <c>keepalived -t</c> on the same file, and how it grows with the file.</summary>
/// <remarks>In a namespace with the interfaces that the file names: what is missing would be an error, and end both early.</remarks>
internal static class CheckCase
{
    private const double PeerBound = 0.5;
    private const double GrowthBound = 2.2;
    private const int Instances = 2000;
    private const int PerLink = 250;

    public static IEnumerable<Row> Run(RunLength length)
    {
        List<double>[] times = [[], [], []];
        string folder = Directory.CreateTempSubdirectory("fencefirst-bench-").FullName;
        int space = Namespaces.Create();
        try
        {
            Namespaces.Run(space, BuildLinks);
            string small = Path.Combine(folder, "small"), large = Path.Combine(folder, "large");
            File.WriteAllText(small, Text(Instances));
            File.WriteAllText(large, Text(2 * Instances));

            // The first round fills the caches and is not counted.
            for (int i = -1; i < length.Starts; i++)
            {
                double[] one = [Ours(space, folder, small, Instances), Peer(space, folder, small), Ours(space, folder, large, 2 * Instances)];
                for (int k = 0; k < one.Length && i >= 0; k++)
                {
                    times[k].Add(one[k]);
                }
            }
        }
        finally
        {
            Namespaces.Close(space);
            Directory.Delete(folder, recursive: true);
        }

        double ours = Statistics.Median(times[0]), peer = Statistics.Median(times[1]), twice = Statistics.Median(times[2]);
        yield return new Row(
            "check",
            $"check of {Instances} instances and {Instances} scripts: processor time, median [min]",
            $"{Row.Text(ours)} [{Row.Text(times[0].Min())}] ms",
            $"{Row.Text(peer)} [{Row.Text(times[1].Min())}] ms",
            ours / peer,
            $"≤ {PeerBound} × keepalived",
            ours <= PeerBound * peer);
        yield return new Row(
            "check-growth",
            $"check of {2 * Instances} instances and {2 * Instances} scripts [of {Instances}]: processor time, median",
            $"{Row.Text(twice)} [{Row.Text(ours)}] ms",
            "",
            twice / ours,
            $"≤ {GrowthBound} × the time for {Instances}",
            twice <= GrowthBound * ours);
    }

    private static double Ours(int space, string folder, string file, int instances) => Programs.IsSelfComparison
        ? Peer(space, folder, file)
        : Milliseconds(space, folder, [Programs.FenceFirst, "check", "-f", file], $": good: {instances} instances, {instances} scripts, 0 warnings");

    private static double Peer(int space, string folder, string file) => Milliseconds(space, folder, [Programs.Keepalived, "-t", "-f", file], "");

    private static double Milliseconds(int space, string folder, string[] command, string expected)
    {
        string output = Path.Combine(folder, "output");
        int process = 0;
        Namespaces.Run(space, () => process = Native.Spawn(command, output, out _));
        int status = Native.WaitForEnd(process, out long nanoseconds);
        string said = File.ReadAllText(output);
        return status == 0 && said.Contains(expected, StringComparison.Ordinal)
            ? nanoseconds / 1e6
            : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {status} and said: {said[..Math.Min(500, said.Length)]}");
    }

    private static void BuildLinks()
    {
        using RtNetlink netlink = new();
        for (int link = 0; link < 2 * Instances / PerLink; link += 2)
        {
            int errno = netlink.CreateVethPair($"eth{link}", $"eth{link + 1}");
            if (errno != 0)
            {
                throw new InvalidOperationException($"create veth: error {errno} {netlink.LastExplanation}");
            }
        }
    }

    private static string Text(int instances)
    {
        StringBuilder text = new("global_defs {\n    router_id BENCH\n    script_user root\n    enable_script_security\n}\n");
        for (int i = 0; i < instances; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $$"""
                vrrp_script check_{{i}} {
                    script "/usr/bin/test -e /run/check_{{i}}"
                    interval 2
                    timeout 1
                    rise 2
                    fall 2
                    weight -10
                }

                """);
        }

        for (int i = 0; i < instances; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $$"""
                vrrp_instance VI_{{i}} {
                    state BACKUP
                    interface eth{{i / PerLink}}
                    virtual_router_id {{(i % PerLink) + 1}}
                    priority 100
                    advert_int 1
                    virtual_ipaddress {
                        10.{{i / PerLink}}.1.{{(i % PerLink) + 1}}/32
                    }
                    track_script {
                        check_{{i}}
                    }
                }

                """);
        }

        return text.ToString();
    }
}
