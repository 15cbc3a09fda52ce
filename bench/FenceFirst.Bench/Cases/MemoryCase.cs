namespace FenceFirst.Bench.Cases;

/// <summary>Memory in the steady state. RSS counts shared pages in full for every process; PSS divides them among their users on this machine.</summary>
internal static class MemoryCase
{
    private const double Bound = 0.6;

    public static IEnumerable<Row> Run(RunLength length)
    {
        _ = length;
        foreach (bool isMaster in (bool[])[true, false])
        {
            foreach (int instances in (int[])[1, 250])
            {
                Conf conf = new() { Instances = instances };
                MemoryUse[] uses = [.. Measured.Subjects.Select(subject => isMaster
                    ? Measured.AsMaster(subject, conf, (daemon, _) => daemon.Memory())
                    : Measured.AsFedBackup(subject, conf, daemon => daemon.Memory()))];
                string key = $"memory-{instances}-{(isMaster ? "master" : "backup")}";
                string what = $"memory, {instances} instance{(instances == 1 ? "" : "s")}, {(isMaster ? "master" : "backup")}";
                yield return Row.OfRatio(key, $"{what}: RSS", "MB", Megabytes(uses[0].Resident), Megabytes(uses[1].Resident), Bound);
                yield return Row.Informing(key + "-pss", $"{what}: PSS", "MB", Megabytes(uses[0].Proportional), Megabytes(uses[1].Proportional));
                yield return Row.Informing(key + "-private", $"{what}: private", "MB", Megabytes(uses[0].Private), Megabytes(uses[1].Private));
            }
        }
    }

    private static double Megabytes(long kilobytes) => kilobytes / 1024.0;
}
