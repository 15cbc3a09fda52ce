namespace FenceFirst.Fuzz;

/// <summary>Random numbers that are the same for the same seed, on every machine (SplitMix64).</summary>
internal sealed class Chance(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Any number.</summary>
    public ulong Next()
    {
        _state += 0x9e3779b97f4a7c15;
        ulong z = (_state ^ (_state >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    /// <summary>0 up to the bound, without it; 0 for a bound of 0.</summary>
    public int Below(int bound) => bound <= 0 ? 0 : (int)(Next() % (uint)bound);

    /// <summary>One of them.</summary>
    public T Of<T>(IReadOnlyList<T> list) => list[Below(list.Count)];

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => Below(times) == 0;
}
