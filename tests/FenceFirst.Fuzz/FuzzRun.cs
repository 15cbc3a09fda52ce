using System.Diagnostics;

namespace FenceFirst.Fuzz;

/// <summary>How a run of one decoder went.</summary>
/// <param name="Inputs">Inputs in all.</param>
/// <param name="Values">Of them, those that gave a value.</param>
/// <param name="Failure">What did not hold; absent = nothing.</param>
/// <param name="Input">The input that showed it.</param>
internal sealed record FuzzResult(long Inputs, long Values, string? Failure = null, byte[]? Input = null);

/// <summary>Feeds one decoder with spoilt inputs until the time or the number is used up, or something fails.</summary>
internal sealed class FuzzRun(Harness harness, ulong seed)
{
    private const int PoolMax = 2000;

    /// <summary>What is shorter has little left to spoil.</summary>
    private const int LengthMin = 8;

    /// <summary>How many times the bound may pass on the wall's clock.</summary>
    private const int SleepFactor = 12;

    private volatile byte[] _present = [];
    private volatile bool _isOver;
    private long _inputs;
    private long _values;

    /// <summary>Called with every input before it is tried; a decoder that ends the whole process has left it there.</summary>
    public Action<byte[]>? Announce { get; init; }

    /// <summary>How much of the processor's time one input may take.</summary>
    public TimeSpan InputBound { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Inputs so far.</summary>
    public long Inputs => Interlocked.Read(ref _inputs);

    /// <summary>Runs on a thread of its own, so that a hang is noticed.</summary>
    public FuzzResult Run(TimeSpan time, long countMax)
    {
        FuzzResult? result = null;
        Thread worker = new(() => result = Loop(time, countMax), 16 << 20) { IsBackground = true };
        worker.Start();
        long seen = -1;
        TimeSpan processorAt = TimeSpan.Zero;
        long wallAt = 0;
        while (!worker.Join(TimeSpan.FromMilliseconds(100)))
        {
            if (Inputs != seen)
            {
                (seen, processorAt, wallAt) = (Inputs, Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
                continue;
            }

            // On a busy machine a thread may wait its turn for long: the processor's time counts, and the wall's only for a decoder that sleeps.
            if (Environment.CpuUsage.TotalTime - processorAt > InputBound || Stopwatch.GetElapsedTime(wallAt) > InputBound * SleepFactor)
            {
                _isOver = true;
                return new FuzzResult(Inputs, _values, $"does not end within {InputBound.TotalSeconds:0.#} s", _present);
            }
        }

        return result!; // The thread has ended, so it has written it.
    }

    /// <summary>Tries one input; what did not hold, or nothing.</summary>
    public static string? Judge(Harness harness, byte[] input, out bool isValue)
    {
        string? failure = Judge(harness, input, out isValue, out long allocated);
        if (failure is null && allocated > harness.AllocationMax)
        {
            // A collection that another thread caused may have left the rest of this one's memory counted. An input that makes the decoder allocate does so again.
            failure = Judge(harness, input, out isValue, out long again);
            allocated = Math.Min(allocated, again);
        }

        return failure ?? (allocated > harness.AllocationMax ? $"{input.Length} bytes made it allocate {allocated} bytes" : null);
    }

    private static string? Judge(Harness harness, byte[] input, out bool isValue, out long allocated)
    {
        allocated = 0;
        isValue = false;
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            isValue = harness.Try(input);
        }
        catch (Exception exception)
        {
            return exception is FuzzFailureException ? exception.Message : exception.ToString();
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return null;
    }

    private FuzzResult Loop(TimeSpan time, long countMax)
    {
        Chance chance = new(seed);
        List<byte[]> pool = [.. harness.Samples()];
        int samples = pool.Count;
        Stopwatch watch = Stopwatch.StartNew();
        while (!_isOver && _inputs < countMax && watch.Elapsed < time)
        {
            // Half of them from the samples: what was accepted tends to become short.
            byte[] input = _inputs < samples ? pool[(int)_inputs] : Mutator.Mutate(harness, pool[chance.Below(chance.OneIn(2) ? samples : pool.Count)], pool, chance);
            _present = input;
            Announce?.Invoke(input);
            string? failure = Judge(harness, input, out bool isValue);
            Interlocked.Increment(ref _inputs);
            _values += isValue ? 1 : 0;
            if (failure is not null)
            {
                return new FuzzResult(_inputs, _values, failure, Shrunk(input, failure));
            }

            // What was accepted is spoilt further. The samples stay.
            if (isValue && _inputs > samples && input.Length > LengthMin && chance.OneIn(8))
            {
                if (pool.Count < samples + PoolMax)
                {
                    pool.Add(input);
                }
                else
                {
                    pool[samples + chance.Below(PoolMax)] = input;
                }
            }
        }

        return new FuzzResult(_inputs, _values);
    }

    /// <summary>The input without the pieces that the same failure does not need.</summary>
    private byte[] Shrunk(byte[] input, string failure)
    {
        string Kind(string text) => text.Split('\n')[0].Split(':')[0];
        Stopwatch watch = Stopwatch.StartNew();
        for (int size = Math.Max(1, input.Length / 2); size > 0; size /= 2)
        {
            for (int at = 0; at + size <= input.Length && watch.Elapsed < InputBound / 2;)
            {
                byte[] less = [.. input[..at], .. input[(at + size)..]];
                if (Judge(harness, less, out _) is { } found && Kind(found) == Kind(failure))
                {
                    input = less;
                }
                else
                {
                    at += size;
                }
            }
        }

        return input;
    }
}
