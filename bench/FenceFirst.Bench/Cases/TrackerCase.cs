namespace FenceFirst.Bench.Cases;

/// <summary>250 virtual routers with four trackers each: a script, two files and an interface, the same ones for all. They may cost nothing that shows.</summary>
internal static class TrackerCase
{
    private const double MemoryBound = 0.6;
    private const double ProcessorBound = 0.8;
    private const double MeanBoundPercent = 0.01;

    public static IEnumerable<Row> Run(RunLength length)
    {
        Conf conf = new() { Instances = 250, Scripts = 1, Files = 2, Links = ["lo"] };
        Evenness[] adverts = [new Evenness(conf), new Evenness(conf)];
        List<double>[] memory = [[], []], processor = [[], []];
        for (int round = 0; round < length.Rounds; round++)
        {
            for (int s = 0; s < adverts.Length; s++)
            {
                adverts[s].Add(Measured.AsMaster(Measured.Subjects[s], conf, (daemon, lab) =>
                {
                    memory[s].Add(daemon.Memory().Resident / 1024.0);
                    using WireTap tap = new(lab.There);
                    processor[s].Add(ScriptCase.PerMinute(daemon, length.WindowSeconds).Own);
                    return tap.Adverts;
                }));
            }
        }

        const string what = "250 masters with four trackers each";
        yield return Row.OfRatio("trackers-memory", $"{what}: RSS", "MB", memory[0].Average(), memory[1].Average(), MemoryBound);
        yield return Row.OfRatio("trackers-cpu", $"{what}: CPU seconds per minute", "s", processor[0].Average(), processor[1].Average(), ProcessorBound);
        yield return new Row("trackers-mean", $"{what}, n = {adverts[0].Count}: mean interval against nominal", adverts[0].MeanText, adverts[1].MeanText, double.NaN,
            $"within {MeanBoundPercent} %", Math.Abs(adverts[0].MeanErrorPercent) <= MeanBoundPercent);
        double ours = adverts[0].Percentile(0.99), peer = adverts[1].Percentile(0.99);
        yield return new Row("trackers-p99", $"{what}: deviation, p99 [p50, max]", adverts[0].DeviationText, adverts[1].DeviationText, ours / peer, "≤ keepalived", ours <= peer);
    }
}
