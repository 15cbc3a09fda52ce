using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;

namespace FenceFirst.Config.Syntax;

/// <summary>Reads the words of an entry one after the other; what is missing or no number is reported once.</summary>
internal sealed class WordReader(List<Token> words, DiagnosticBag diagnostics, string what)
{
    private int _next;

    /// <summary>A value as a name or a number.</summary>
    public delegate bool NumberFinder(string text, out uint number);

    /// <summary>Whether a value was missing or wrong.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>The next word, or false at the end.</summary>
    public bool TryNext(out Token word)
    {
        bool isThere = TryPeek(out word);
        _next += isThere ? 1 : 0;
        return isThere;
    }

    /// <summary>The next word, which stays the next one.</summary>
    public bool TryPeek(out Token word)
    {
        word = _next < words.Count ? words[_next] : default;
        return _next < words.Count;
    }

    /// <summary>The value of an option; the empty word, reported, when there is none.</summary>
    public Token Value(Token option)
    {
        if (TryNext(out Token value))
        {
            return value;
        }

        HasFailed = true;
        diagnostics.Add(DiagnosticCodes.MissingValue, option.Span, $"{what} option '{option.Text}' has no value", "one entry per line");
        return new Token("", option.Span, option.End);
    }

    /// <summary>The value of an option, if there is one.</summary>
    public bool TryValue(Token option, out Token value)
    {
        value = Value(option);
        return !HasFailed;
    }

    /// <summary>The value of an option as a plain number.</summary>
    public bool TryNumber(Token option, ulong max, out ulong number)
    {
        number = 0;
        if (!TryValue(option, out Token value))
        {
            return false;
        }

        if (RoutingNames.TryNumber(value.Text, max, out number))
        {
            return true;
        }

        HasFailed = true;
        bool isTooLarge = RoutingNames.TryNumber(value.Text, ulong.MaxValue, out _);
        diagnostics.Add(isTooLarge ? DiagnosticCodes.OutOfRange : DiagnosticCodes.BadNumber, value.Span, $"{option.Text}: '{value.Text}' is not possible", $"0 to {max}");
        return false;
    }

    /// <summary>The value of an option by name or number.</summary>
    public bool TryNumber(Token option, NumberFinder find, string hint, out uint number)
    {
        number = 0;
        if (!TryValue(option, out Token value))
        {
            return false;
        }

        if (find(value.Text, out number))
        {
            return true;
        }

        HasFailed = true;
        diagnostics.Add(DiagnosticCodes.BadChoice, value.Span, $"{option.Text}: '{value.Text}' is not possible", hint);
        return false;
    }
}
