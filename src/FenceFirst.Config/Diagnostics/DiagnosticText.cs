using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FenceFirst.Config.Syntax;

namespace FenceFirst.Config.Diagnostics;

/// <summary>Diagnostics for people: place, code and message, the line with a caret under it, and a hint.</summary>
public static partial class DiagnosticText
{
    /// <summary>Longest part of a line that is shown; a longer line is cut around the caret.</summary>
    public const int ShownCharactersMax = 160;

    /// <summary>All problems, one after the other, in file order.</summary>
    public static string Render(DiagnosticBag diagnostics)
    {
        StringBuilder text = new();
        foreach (Diagnostic diagnostic in diagnostics.Sorted())
        {
            text.Append(Render(diagnostic));
        }

        if (diagnostics.DroppedCount > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"... and {diagnostics.DroppedCount} more\n");
        }

        return text.ToString();
    }

    /// <summary>One problem; ends with a line end.</summary>
    public static string Render(Diagnostic diagnostic)
    {
        StringBuilder text = new();
        SourceSpan span = diagnostic.Span;
        if (span.Source is not null)
        {
            text.Append(Printable(span.Path)).Append(':');
            if (span.Line > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"{span.Line}:{span.Column}:");
            }

            text.Append(' ');
        }

        text.Append(SeverityName(diagnostic.Severity)).Append(' ').Append(diagnostic.Code.Id).Append(": ");
        text.Append(Printable(diagnostic.Message)).Append('\n');
        if (span.Source is not null && span.Line > 0)
        {
            AppendCaret(text, span);
            if (span.Expanded is not null)
            {
                text.Append("    it reads: ").Append(Printable(Shortened(WithoutSecrets(span.Expanded)))).Append('\n');
            }
        }

        if (diagnostic.Hint.Length > 0)
        {
            text.Append("hint: ").Append(Printable(diagnostic.Hint)).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The word used in messages and in JSON.</summary>
    public static string SeverityName(Severity severity) => severity switch
    {
        Severity.Note => "note",
        Severity.Warning => "warning",
        Severity.Error => "error",
    };

    private static void AppendCaret(StringBuilder text, SourceSpan span)
    {
        string line = WithoutSecrets(span.Source!.Line(span.Line)); // The caller has checked that there is a source.
        int caret = Math.Clamp(span.Column - 1, 0, line.Length);
        int start = caret < ShownCharactersMax / 2 ? 0 : caret - (ShownCharactersMax / 2);
        int length = Math.Min(ShownCharactersMax, line.Length - start);
        ReadOnlySpan<char> shown = line.AsSpan(start, length);
        text.Append("    ").Append(Printable(shown)).Append("\n    ");
        foreach (char c in shown[..(caret - start)])
        {
            text.Append(c == '\t' ? "\t" : IsWide(c) ? "  " : " ");
        }

        int underlined = Math.Clamp(span.Length, 1, Math.Max(1, length - (caret - start)));
        text.Append('^').Append('~', underlined - 1).Append('\n');
    }

    private static string Shortened(string text) => text.Length <= ShownCharactersMax ? text : text[..ShownCharactersMax] + "...";

    /// <summary>Passwords and keys become stars of the same length: what is printed ends up in logs and in tickets.</summary>
    /// <remarks>Every value of an agent's option too: a password is shown just when its option's name is misspelt.</remarks>
    private static string WithoutSecrets(string line)
    {
        char[]? masked = null;
        foreach (Match match in Secret().Matches(line))
        {
            masked ??= line.ToCharArray();
            masked.AsSpan(match.Groups["secret"].Index, match.Groups["secret"].Length).Fill('*');
        }

        return masked is null ? line : new string(masked);
    }

    [GeneratedRegex(@"\bauth_pass\s+(?<secret>.+)|(?:^|[{}])\s*key\s+\S+\s+(?!""?file:)(?<secret>.+)|\bhex:(?<secret>[0-9A-Za-z]+)|\boption(?!_file)\w*\s+[^\s=]+[\s=]+(?<secret>.+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Secret();

    /// <summary>Control characters become dots: a configuration file must not be able to steer the terminal of whoever checks it.</summary>
    private static string Printable(ReadOnlySpan<char> text)
    {
        StringBuilder result = new(text.Length);
        foreach (char c in text)
        {
            result.Append(char.IsControl(c) && c != '\t' ? '.' : c);
        }

        return result.ToString();
    }

    /// <summary>Whether a terminal draws the character two columns wide (East Asian scripts; comments in them are common).</summary>
    private static bool IsWide(char c) =>
        c is (>= '\u1100' and <= '\u115f') or (>= '\u2e80' and <= '\ua4cf') or (>= '\uac00' and <= '\ud7a3') or (>= '\uf900' and <= '\ufaff')
            or (>= '\ufe30' and <= '\ufe6f') or (>= '\uff00' and <= '\uff60');
}
