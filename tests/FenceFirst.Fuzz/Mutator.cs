namespace FenceFirst.Fuzz;

/// <summary>Spoils inputs: bits, bytes, numbers at the edges, pieces removed, doubled, exchanged, or taken from another input, and words of the format.</summary>
internal static class Mutator
{
    private static readonly long[] Edges = [0, 1, 2, 3, 4, 7, 8, 15, 16, 127, 128, 255, 256, 4095, 4096, 32767, 32768, 65535, 65536, int.MaxValue, uint.MaxValue, long.MaxValue, -1];

    /// <summary>A new input, made from an old one by up to eight changes; pieces come from the pool.</summary>
    public static byte[] Mutate(Harness harness, byte[] origin, IReadOnlyList<byte[]> pool, Chance chance)
    {
        List<byte> bytes = [.. origin];

        // Now and then as it is: the good path is walked as well.
        for (int changes = chance.OneIn(16) ? 0 : 1 + chance.Below(8); changes > 0; changes--)
        {
            Change(bytes, harness.Words, pool, chance);
        }

        if (bytes.Count > harness.LengthMax)
        {
            bytes.RemoveRange(harness.LengthMax, bytes.Count - harness.LengthMax);
        }

        byte[] input = [.. bytes];
        return chance.OneIn(4) ? input : harness.Repair(input, chance);
    }

    private static void Change(List<byte> bytes, IReadOnlyList<byte[]> words, IReadOnlyList<byte[]> pool, Chance chance)
    {
        int at = chance.Below(bytes.Count + 1);
        int length = Math.Min(bytes.Count - at, 1 + chance.Below(chance.OneIn(8) ? 200 : 12));
        switch (chance.Below(words.Count > 0 ? 11 : 9))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << chance.Below(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)chance.Next();
                break;
            case 2:
                bytes.RemoveRange(at, length);
                break;
            case 3:
                bytes.InsertRange(at, Enumerable.Range(0, length).Select(_ => (byte)chance.Next()));
                break;
            case 4:
                bytes.InsertRange(chance.Below(bytes.Count + 1), bytes.GetRange(at, length));
                break;
            case 5:
                PutNumber(bytes, at, chance);
                break;
            case 6:
                byte[] other = chance.Of(pool);
                int from = chance.Below(other.Length + 1);
                bytes.InsertRange(at, other[from..Math.Min(other.Length, from + 1 + chance.Below(40))]);
                break;
            case 7 when chance.OneIn(4):
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 8:
                bytes.InsertRange(at, System.Text.Encoding.ASCII.GetBytes(chance.Of(Edges).ToString(System.Globalization.CultureInfo.InvariantCulture)));
                break;
            case 9 or 10:
                bytes.InsertRange(at, chance.Of(words));
                break;
        }
    }

    /// <summary>A number at the edge of something, in 1 to 8 bytes, either byte order.</summary>
    private static void PutNumber(List<byte> bytes, int at, Chance chance)
    {
        long number = chance.Of(Edges);
        int size = 1 << chance.Below(4);
        bool isBig = chance.OneIn(2);
        for (int i = 0; i < size && at + i < bytes.Count; i++)
        {
            bytes[at + i] = (byte)(number >> (8 * (isBig ? size - 1 - i : i)));
        }
    }
}
