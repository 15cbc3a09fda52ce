using System.Globalization;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;

namespace FenceFirst.Config.Syntax;

/// <content>include and its stricter relatives, and the settings that reading itself obeys.</content>
internal sealed partial class Preprocessor
{
    /// <summary>Everything behind the directive is the name, quotes and blanks too (keepalived's check_include).</summary>
    private void ReadIncluded(ConfigLine line, IncludeStrictness strictness)
    {
        string directive = FirstWord(line);
        ConfigLine name = line.Slice(directive.Length, line.Length - directive.Length).Trimmed();
        if (name.Length == 0)
        {
            diagnostics.Add(DiagnosticCodes.UnknownKeyword, line.WholeSpan, $"{directive} needs a file name; without one keepalived does not know the word", $"{directive} FILE");
            return;
        }

        Cursor including = _cursors.Peek();
        List<string> files = [];
        foreach (string alternative in Include.Alternatives(name.Text))
        {
            string pattern = alternative.StartsWith('/') || including.Directory == "." ? alternative : Path.Combine(including.Directory, alternative);
            bool hasWildcard = Include.HasWildcard(pattern);
            List<string> matches = Include.Matches(pattern, facts.ListDirectory);
            List<string> present = [.. matches.Where(path => facts.Inspect(path) is not null)];
            bool mustMatch = hasWildcard ? strictness.WildcardMustMatch : strictness.MustMatch || strictness.MustRead;
            mustMatch |= strictness.BraceMustMatch && alternative != name.Text;
            if (present.Count == 0)
            {
                diagnostics.Add(
                    mustMatch ? DiagnosticCodes.IncludeRefused : DiagnosticCodes.IncludeMissing,
                    name.WholeSpan,
                    $"no file matches {alternative}{(mustMatch ? "" : "; keepalived says nothing about it")}",
                    name.Characters.Contains('"') ? "quotes are part of the name: write it without them" : $"names are relative to the directory of {line.Source.Path}");
            }

            files.AddRange(present);
        }

        // A stack: the last one pushed is read first.
        for (int i = files.Count - 1; i >= 0; i--)
        {
            OpenIncluded(files[i], strictness, name.WholeSpan, including);
        }
    }

    private void OpenIncluded(string path, IncludeStrictness strictness, SourceSpan span, Cursor including)
    {
        FileFacts? file = Follow(path);
        if (file is null || file.Kind != FileKind.Regular || (file.Mode & 0b001_001_001) != 0)
        {
            diagnostics.Add(
                strictness.MustRead ? DiagnosticCodes.IncludeRefused : DiagnosticCodes.IncludeSkipped,
                span,
                $"{path} is not read: only a regular file without execute permission is included",
                $"chmod a-x {path}");
            return;
        }

        bool isLoop = including.Depth >= IncludeDepthMax;
        for (Cursor? cursor = including; cursor is not null; cursor = cursor.Including)
        {
            isLoop |= cursor.Source.Path == path;
        }

        if (isLoop)
        {
            diagnostics.Add(DiagnosticCodes.IncludeLoop, span, $"{path} includes itself, directly or through others, or includes are nested too deep");
            return;
        }

        string? text = facts.ReadFile(path);
        if (text is null || _filesRead >= FilesMax)
        {
            diagnostics.Add(
                strictness.MustRead || text is not null ? DiagnosticCodes.IncludeRefused : DiagnosticCodes.IncludeSkipped,
                span,
                text is null ? $"{path} cannot be read" : $"more than {FilesMax} files are included");
            return;
        }

        _cursors.Push(new Cursor(new SourceText(path, text, _filesRead++), DirectoryOf(path), including));
    }

    private FileFacts? Follow(string path)
    {
        FileFacts? file = facts.Inspect(path);
        for (int i = 0; i < ScriptPath.LinksMax && file is { Kind: FileKind.SymbolicLink }; i++)
        {
            path = Path.Combine(DirectoryOf(path), file.LinkTarget);
            file = facts.Inspect(path);
        }

        return file;
    }

    /// <summary>Keywords of global_defs that change how the rest is read; their place in the file matters, as in keepalived.</summary>
    private void TakeSettings(ConfigLine line)
    {
        bool isSetting = line.Characters.Contains("include_check", StringComparison.Ordinal) || line.Characters.Contains("random_seed", StringComparison.Ordinal);
        if (!isSetting)
        {
            return;
        }

        foreach (ConfigLine piece in Lexer.SplitAtBraces(line))
        {
            TakeSetting(Lexer.Words(piece));
        }
    }

    private void TakeSetting(List<Token> words)
    {
        if (words.Count > 0 && words[0].Text == "include_check")
        {
            Cursor cursor = _cursors.Peek();
            cursor.Strictness = IncludeCheck(words, cursor.Strictness);
        }
        else if (words.Count > 0 && words[0].Text == "random_seed" && words.Count > 1 && ulong.TryParse(words[1].Text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed))
        {
            _random = seed;
        }
    }

    /// <summary>include_check [[+|-]read|match|wildcard_match|brace_match ...]; without words everything, with signs a change.</summary>
    private IncludeStrictness IncludeCheck(List<Token> words, IncludeStrictness current)
    {
        if (words.Count == 1)
        {
            return new IncludeStrictness(true, true, true, true);
        }

        IncludeStrictness result = words[1].Text[..1] is "+" or "-" ? current : default;
        foreach (Token word in words.Skip(1))
        {
            bool isOn = !word.Text.StartsWith('-');
            switch (word.Text.TrimStart('+', '-'))
            {
                case "read" or "readable":
                    result = result with { MustRead = isOn };
                    break;
                case "match":
                    result = result with { MustMatch = isOn };
                    break;
                case "wildcard_match":
                    result = result with { WildcardMustMatch = isOn };
                    break;
                case "brace_match":
                    result = result with { BraceMustMatch = isOn };
                    break;
                default:
                    diagnostics.Add(DiagnosticCodes.BadChoice, word.Span, $"include_check: '{word.Text}' is not possible", "read, match, wildcard_match, brace_match, each perhaps with + or -");
                    break;
            }
        }

        return result;
    }
}
