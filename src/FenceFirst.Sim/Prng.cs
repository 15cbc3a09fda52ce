namespace FenceFirst.Sim;

/// <summary>The one source of chance of a run (SplitMix64): the same seed gives the same run on every machine and every version of .NET.</summary>
internal sealed class Prng(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        _state += 0x9e3779b97f4a7c15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    /// <summary>A number from 0 to below the bound, which is 1 or more.</summary>
    public int Below(int bound) => (int)(((Next() >> 32) * (ulong)bound) >> 32);

    /// <summary>True once in so many times on average.</summary>
    public bool OneIn(int times) => Below(times) == 0;

    /// <summary>True with the probability of so many in a thousand.</summary>
    public bool PerMille(int count) => count > 0 && Below(1000) < count;

    /// <summary>A duration in nanoseconds, from the first to below the second.</summary>
    public long Between(long from, long to) => to <= from ? from : from + (long)(Next() % (ulong)(to - from));

    /// <summary>One of the items.</summary>
    public T Pick<T>(params ReadOnlySpan<T> items) => items[Below(items.Length)];
}
