using System.Text;

namespace FenceFirst.Bench;

/// <summary>The result as Markdown: machine, table, how each figure was taken, and what is not met with the reason.</summary>
internal static class Table
{
    private const string Footnotes = """
        How the figures are taken. Both daemons read the same configuration file, byte for byte, in two network namespaces joined by a veth pair; they
        take turns (A B A B) in one run, and log without details into a file. keepalived runs as `keepalived -n -l -P` (parent and VRRP child, both counted).

        * memory: /proc/PID/smaps_rollup summed over all processes, seven seconds after the start; private = Private_Clean + Private_Dirty.
        * start: from just before the fork to the kernel's receive time stamp of the first advert in the peer's namespace; priority 255 and `state MASTER`, so no timer is in it; the first pair is not counted.
        * CPU: run time of every thread from /proc/PID/task/TID/schedstat (nanoseconds, user and system) over the window, after the second gratuitous ARP; as backup, the adverts come from one keepalived for both.
        * failover: the master is a sender in the benchmark that stops; from the kernel's receive time stamp of its last advert in the daemon's namespace until a real-time thread has read RTM_NEWADDR there.
        * adverts: kernel's receive time stamps in the peer's namespace; mean over (last − first) / (n − 1) of each virtual router; deviation = |interval − nominal|.
        * lease, CPU: as CPU, FenceFirst with the lease against FenceFirst without it. What the kernel's own worker does about lifetimes is in neither.
        * lease, SIGKILL and SIGSTOP: from RTM_NEWADDR of the last renewal to RTM_DELADDR, the later one of an IPv4 and an IPv6 address; keepalived is watched for as long. Stall: from the moment in which the stopped daemon has a processor again (schedstat) to RTM_DELADDR, without a lease.
        * control: from just before the request is sent to the last byte of the answer, over one connection, at instants spread evenly over the advert grid, while the adverts are dated as above.
        * check: processor time (user and system, from wait4) of one run that reads the file, of `keepalived -t` beside it; both must find the file good. 16 interfaces, 250 virtual routers on each; each instance tracks a script of its own.
        * reload: all instances are masters; every 1.37 s one of them gets another `advert_int` and the daemon SIGHUP; deviations as above, of all others. Without: the same before the reloads.
        * scripts, trackers: as CPU, for the threads that live through the window. With the scripts (`/usr/bin/true`): and what the kernel accounts to the children that ended in it, which holds what each daemon does between fork and exec.
        * links: one `ip -batch` sets 250 virtual Ethernet interfaces down and changes them at random until there were 500 changes; each that is up is worth 1. Settled: from its end until the first advert after which all have the right priority, adverts every 0.1 s.
        * allocation: the daemon's event loop in the benchmark's own process; GC.GetTotalAllocatedBytes over all threads before and after the window.

        """;

    /// <summary>Writes the whole document.</summary>
    /// <param name="title">Heading.</param>
    /// <param name="command">What was typed.</param>
    /// <param name="machine">Where it ran.</param>
    /// <param name="rows">What came out.</param>
    /// <param name="reasons">By key of a row: why it is not met.</param>
    public static string Write(string title, string command, Machine machine, IReadOnlyList<Row> rows, IReadOnlyDictionary<string, string> reasons)
    {
        StringBuilder text = new();
        text.Append("# ").Append(title).Append("\n\nWritten by `").Append(command).Append("`.\n\n").Append(machine.Text).Append('\n');
        text.Append("| measure | FenceFirst | keepalived | ratio | bound | verdict |\n|---|---|---|---|---|---|\n");
        foreach (Row row in rows)
        {
            string ratio = double.IsFinite(row.Ratio) ? Row.Text(row.Ratio) : "";
            string verdict = row.Bound.Length == 0 ? "" : row.IsMet ? "met" : "**NOT met**";
            text.Append($"| {row.Measure} | {row.Ours} | {row.Peer} | {ratio} | {row.Bound} | {verdict} |\n");
        }

        int promised = rows.Count(row => row.Bound.Length > 0), met = rows.Count(row => row.Bound.Length > 0 && row.IsMet);
        text.Append($"\n{met} of {promised} bounds are met.\n\n").Append(Footnotes);
        Row[] missed = [.. rows.Where(row => !row.IsMet)];
        if (missed.Length > 0)
        {
            text.Append("\n## What is not met, and why\n\n");
            foreach (Row row in missed)
            {
                text.Append($"* {row.Measure}: {reasons.GetValueOrDefault(row.Key, "not explained yet")}\n");
            }
        }

        return text.ToString();
    }
}
