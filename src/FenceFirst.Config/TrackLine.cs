namespace FenceFirst.Config;

/// <summary>One line of a track_ block: NAME [weight N [reverse|noreverse]].</summary>
internal static class TrackLine
{
    /// <summary>Reads what follows the name; false when it is malformed, which is reported.</summary>
    public static bool TryWeight(BindContext context, ConfigNode node, int defaultWeight, bool defaultReverse, int weightMax, out int weight, out bool isReversed)
    {
        weight = defaultWeight;
        isReversed = defaultReverse;
        List<Token> words = node.Words;
        if (words.Count == 1)
        {
            return true;
        }

        bool isWellFormed = words.Count is 3 or 4 && words[1].Text == "weight" && (words.Count == 3 || words[3].Text is "reverse" or "noreverse");
        if (!isWellFormed)
        {
            context.Diagnostics.Add(DiagnosticCodes.UnknownOption, words[1].Span, $"only `weight N [reverse]` may follow {node.Name}", "one entry per line");
            return false;
        }

        isReversed = words.Count == 4 ? words[3].Text == "reverse" : defaultReverse;
        return context.Values.TryInteger(words[2], -weightMax, weightMax, "weight", out weight);
    }
}
