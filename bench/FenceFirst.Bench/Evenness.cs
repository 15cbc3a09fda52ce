namespace FenceFirst.Bench;

/// <summary>How even adverts are: the means of their intervals, and how far each interval is from the nominal one, in milliseconds.</summary>
internal sealed class Evenness(Conf conf)
{
    private readonly List<double> _deviations = [];
    private readonly List<double> _means = [];

    public int Count => _deviations.Count;

    public double Max => _deviations.Max();

    public double MeanErrorPercent => ((_means.Average() / (conf.IntervalSeconds * 1e3)) - 1) * 100;

    public string MeanText => MeanErrorPercent.ToString("+0.0000;-0.0000") + " %";

    public string DeviationText => $"{Row.Text(Percentile(0.99))} [{Row.Text(Percentile(0.5))}, {Row.Text(Max)}] ms";

    public double Percentile(double part) => Statistics.Percentile(_deviations, part);

    public void Add(IReadOnlyList<SeenAdvert> adverts)
    {
        foreach (IGrouping<byte, SeenAdvert> one in adverts.GroupBy(each => each.Vrid))
        {
            long[] times = [.. one.Select(each => each.At)];
            for (int i = 1; i < times.Length; i++)
            {
                _deviations.Add(Math.Abs(((times[i] - times[i - 1]) / 1e6) - (conf.IntervalSeconds * 1e3)));
            }

            _means.Add((times[^1] - times[0]) / 1e6 / (times.Length - 1));
        }
    }
}
