namespace FenceFirst.Bench;

/// <summary>Order statistics of a sample.</summary>
internal static class Statistics
{
    public static double Median(IReadOnlyCollection<double> values) => Percentile(values, 0.5);

    /// <summary>The value below which the given part of the sample lies, interpolated between neighbours.</summary>
    public static double Percentile(IReadOnlyCollection<double> values, double part)
    {
        if (values.Count == 0)
        {
            return double.NaN;
        }

        double[] sorted = [.. values.Order()];
        double position = part * (sorted.Length - 1);
        int below = (int)position;
        int above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((position - below) * (sorted[above] - sorted[below]));
    }
}
