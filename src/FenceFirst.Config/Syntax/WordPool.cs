namespace FenceFirst.Config.Syntax;

/// <summary>The last short words read: a file says <c>interface</c> and <c>BACKUP</c> thousands of times, and one string of each will do.</summary>
internal sealed class WordPool
{
    private const int LengthMax = 32;
    private const int Slots = 1024;
    private readonly string?[] _words = new string?[Slots];

    /// <summary>The word as a string, perhaps one that was given before.</summary>
    public string Of(ReadOnlySpan<char> word)
    {
        if (word.Length > LengthMax)
        {
            return word.ToString();
        }

        uint hash = (uint)word.Length;
        foreach (char c in word)
        {
            hash = (hash * 31) + c;
        }

        ref string? known = ref _words[hash % Slots];
        if (known is null || !word.SequenceEqual(known))
        {
            known = word.ToString();
        }

        return known;
    }
}
