using System.Globalization;
using System.Text;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Keywords;

namespace FenceFirst.Config.Syntax;

/// <summary>From files to finished lines: comments, conditionals, definitions and includes are resolved, in keepalived's order.</summary>
/// <remarks>
/// For one line: comment off; part of an open multi-line definition; leading @ conditional; $NAME= definition; ~SEQ and ~LST; references replaced, and
/// again until nothing changes; include. Files are read with an explicit stack, so that no input can exhaust ours.
/// </remarks>
internal sealed partial class Preprocessor(DiagnosticBag diagnostics, MachineFacts facts, string configId, ulong randomSeed)
{
    /// <summary>keepalived ignores a longer line. We read it and say so: a line that is silently missing is worse than one that only we read.</summary>
    public const int KeepalivedLineBytesMax = 1023;

    /// <summary>Bound on includes within includes.</summary>
    public const int IncludeDepthMax = 16;

    /// <summary>Bound on files read in all.</summary>
    public const int FilesMax = 512;

    /// <summary>Bound on rounds of replacing references in one line.</summary>
    public const int RoundsMax = 64;

    /// <summary>Bound on the length of a line after replacing references.</summary>
    public const int ExpandedCharactersMax = 64 * 1024;

    /// <summary>Bound on lines that come out of multi-line definitions and repetitions, in all.</summary>
    public const int ExpandedLinesMax = 200_000;

    /// <summary>The config id that is always true, so that our extensions can stand in a file that keepalived reads too.</summary>
    public const string OwnConfigId = "fencefirst";

    private readonly Stack<Cursor> _cursors = [];
    private readonly Dictionary<string, List<ConfigLine>> _definitions = new(StringComparer.Ordinal);
    private readonly List<ConfigLine> _lines = [];
    private ulong _random = randomSeed;
    private int _filesRead;
    private int _expandedLines;
    private List<ConfigLine>? _openDefinition;

    /// <summary>All lines of the file and what it includes; empty when the file cannot be read (an error is reported).</summary>
    public List<ConfigLine> Read(string path)
    {
        string? text = facts.ReadFile(path);
        SourceText source = new(path, text ?? "");
        if (text is null)
        {
            string why = facts.Inspect(path) switch
            {
                null => "it does not exist, or a folder above it may not be searched",
                { Kind: FileKind.Folder } => "it is a folder",
                _ => "it may not be read by this user, or it is no text file",
            };
            diagnostics.Add(DiagnosticCodes.FileUnreadable, new SourceSpan(source, 0, 0, 0), $"the configuration file cannot be read: {why}", "-f FILE names another one");
            return [];
        }

        _filesRead = 1;
        _lines.EnsureCapacity(source.LineCount);
        _cursors.Push(new Cursor(source, DirectoryOf(path)));
        while (_cursors.TryPeek(out Cursor? cursor))
        {
            if (cursor.Pending.TryPop(out PendingLine pending))
            {
                foreach ((string name, ConfigLine value) in pending.Assignments)
                {
                    _definitions[name] = value.Length > 0 ? [value] : [];
                }

                if (pending.Line.Length > 0)
                {
                    Transform(pending.Line);
                }
            }
            else if (cursor.NextLine <= cursor.Source.LineCount)
            {
                ReadPhysical(cursor.Source, cursor.NextLine++);
            }
            else
            {
                _openDefinition = null;
                _cursors.Pop();
            }
        }

        return _lines;
    }

    private void ReadPhysical(SourceText source, int number)
    {
        ReadOnlySpan<char> text = source.Characters(number);
        bool isSuspect = text.Length > KeepalivedLineBytesMax / 4 || text.Contains('\0');
        ConfigLine line = isSuspect ? ConfigLine.Physical(source, number) : ConfigLine.PhysicalTrimmed(source, number);
        if (line.Characters.Contains('\0'))
        {
            diagnostics.Add(
                DiagnosticCodes.NulCharacter, line.Span(line.Characters.IndexOf('\0'), 1), "a line with a NUL character is ignored", "remove the character");
            return;
        }

        if (line.Length > KeepalivedLineBytesMax / 4 && Encoding.UTF8.GetByteCount(line.Characters) > KeepalivedLineBytesMax)
        {
            diagnostics.Add(
                DiagnosticCodes.LongLine,
                line.Span(0, 1),
                $"keepalived ignores this line, which is longer than {KeepalivedLineBytesMax} bytes; FenceFirst reads it",
                "make it shorter if keepalived reads the file too");
        }

        line = Lexer.WithoutComment(line, diagnostics, out bool endsInBackslash);
        if (_openDefinition is not null)
        {
            // A blank or comment-only line ends the definition, as does a line without a backslash at its end.
            if (line.Length > 0)
            {
                _openDefinition.Add(line);
            }

            _openDefinition = endsInBackslash && line.Length > 0 ? _openDefinition : null;
            return;
        }

        if (line.Length == 0)
        {
            return;
        }

        if (!TryConditional(ref line))
        {
            return;
        }

        if (endsInBackslash)
        {
            if (!IsDefinition(line.Characters, out _))
            {
                diagnostics.Add(
                    DiagnosticCodes.LineContinuation,
                    line.WholeSpan,
                    "there is no line continuation: the next line is read on its own",
                    "a backslash at the end of a line only works in a $NAME= definition");
            }
            else
            {
                _openDefinition = Define(line);
                return;
            }
        }

        Transform(line);
    }

    private void Transform(ConfigLine line)
    {
        for (int round = 0; ; round++)
        {
            if (!TryConditional(ref line))
            {
                return;
            }

            if (IsDefinition(line.Characters, out _))
            {
                Define(line);
                return;
            }

            if (Repetition.Applies(line.Characters))
            {
                Repeat(line);
                return;
            }

            ConfigLine expanded = Substitute(line);
            if (ReferenceEquals(expanded, line))
            {
                break;
            }

            if (round >= RoundsMax || expanded.Length > ExpandedCharactersMax)
            {
                diagnostics.Add(
                    DiagnosticCodes.ExpansionTooLarge,
                    line.Span(0, 1),
                    "the definitions used in this line refer to each other without end",
                    "look for a definition whose value contains itself");
                return;
            }

            line = Lexer.WithoutComment(expanded, diagnostics, out _, isExpanded: true);
            if (line.Length == 0)
            {
                return;
            }
        }

        if (IncludeStrictness.MayBegin(line.Characters) && IncludeStrictness.TryFind(FirstWord(line), _cursors.Peek().Strictness, out IncludeStrictness strictness))
        {
            ReadIncluded(line, strictness);
            return;
        }

        line = UpToBrace(line);
        TakeSettings(line);

        _lines.Add(line);
    }

    /// <summary>The line up to its first brace outside quotes, or that brace; what follows waits, and is then read like a line of its own.</summary>
    /// <remarks>So conditions, definitions, repetitions and includes count behind a brace as well: <c>track_script { @db1 check</c>.</remarks>
    private ConfigLine UpToBrace(ConfigLine line)
    {
        if (line.Length == 1 || line.Characters.IndexOfAny('{', '}') < 0)
        {
            return line;
        }

        int end = Lexer.FirstBrace(line.Characters);
        end = end == 0 ? 1 : end;
        if (end < 0 || end == line.Length)
        {
            return line;
        }

        _cursors.Peek().Pending.Push(new PendingLine(line.Slice(end, line.Length - end).Trimmed(), []));
        return line.Slice(0, end).Trimmed();
    }

    private static string FirstWord(ConfigLine line)
    {
        int end = 0;
        while (end < line.Length && !Lexer.IsBlank(line.Characters[end]))
        {
            end++;
        }

        return line.Characters[..end].ToString();
    }

    /// <summary>Takes a leading @ID or @^ID off; false when the rest of the line is not for us.</summary>
    /// <remarks>OUR RULE: the id <c>fencefirst</c> is always true as well, and <c>@^fencefirst</c> is never; keepalived drops such lines silently.</remarks>
    private bool TryConditional(ref ConfigLine line)
    {
        while (line.Characters.StartsWith('@'))
        {
            string text = line.Text;
            bool isInverse = text.Length > 1 && text[1] == '^';
            int start = isInverse ? 2 : 1;
            int end = start;
            while (end < text.Length && !Lexer.IsBlank(text[end]))
            {
                end++;
            }

            ConfigLine rest = line.Slice(end, text.Length - end).Trimmed();
            if (end == start || rest.Length == 0)
            {
                diagnostics.Add(
                    DiagnosticCodes.BadConditional, line.Span(0, end), "a condition needs an id and something after it; the line is ignored", "@ID rest of the line");
                return false;
            }

            string id = text[start..end];
            bool isOurs = id == configId || id == OwnConfigId;
            if (!isOurs && !id.StartsWith(OwnConfigId, StringComparison.Ordinal) && KeywordTable.Distance(id, OwnConfigId) <= 2)
            {
                // A promotion that is dropped because of a typing error would leave the address without its fence.
                diagnostics.Add(DiagnosticCodes.MisspeltConfigId, line.Span(0, end), $"the line is ignored: its id is '{id}', not '{OwnConfigId}'", $"did you mean @{OwnConfigId}?");
            }

            if (isOurs == isInverse)
            {
                return false;
            }

            line = rest;
        }

        return true;
    }

    /// <summary>Whether a line without conditions is a definition, and where its equals sign stands.</summary>
    internal static bool IsDefinition(ReadOnlySpan<char> text, out int equals)
    {
        equals = -1;
        int end = text.Length > 1 && text[0] == '$' ? NameEnd(text, 1) : -1;
        if (end <= 1 || end >= text.Length || text[end] != '=')
        {
            return false;
        }

        equals = end;
        return true;
    }

    private List<ConfigLine> Define(ConfigLine line)
    {
        IsDefinition(line.Characters, out int equals);
        ConfigLine value = line.Slice(equals + 1, line.Length - equals - 1).Trimmed();
        List<ConfigLine> lines = value.Length > 0 ? [value] : [];
        _definitions[line.Text[1..equals]] = lines;
        return lines;
    }

    private static int NameEnd(ReadOnlySpan<char> text, int start)
    {
        int end = start;
        while (end < text.Length && (char.IsAsciiLetter(text[end]) || text[end] == '_' || (end > start && char.IsAsciiDigit(text[end]))))
        {
            end++;
        }

        return end;
    }

    /// <summary>Replaces every reference once; returns the same object when there is none that is defined.</summary>
    /// <param name="line">The line.</param>
    /// <param name="takesLines">Whether the further lines of a multi-line definition are queued.</param>
    private ConfigLine Substitute(ConfigLine line, bool takesLines = true)
    {
        int at = line.Characters.IndexOf('$');
        if (at < 0)
        {
            return line;
        }

        string text = line.Text;
        ConfigLineBuilder result = new(line.Source, line.Number);
        List<ConfigLine> extra = [];
        bool isChanged = false;
        int done = 0;
        while (at >= 0 && result.Length <= ExpandedCharactersMax)
        {
            bool isReference = TryReference(text, at, out string name, out string arguments, out int end);
            if (!isReference && end > at && _definitions.ContainsKey(name))
            {
                diagnostics.Add(
                    DiagnosticCodes.ReferenceNotReplaced,
                    line.Span(at, end - at),
                    $"${name} is not replaced here, in keepalived neither: what follows it is no blank, comma or closing parenthesis",
                    $"${{{name}}}");
            }

            if (isReference && TryValue(name, arguments, line, out List<ConfigLine> value))
            {
                result.Append(line, done, at - done);
                if (value.Count > 0)
                {
                    result.Append(value[0].Text, line.ColumnAt(at));
                }

                if (value.Count > 1 && takesLines)
                {
                    TakeExtraLines(line, at, end, value, extra);
                }

                isChanged = true;
                done = end;
            }

            at = text.IndexOf('$', Math.Max(done, at + 1));
        }

        if (!isChanged)
        {
            return line;
        }

        result.Append(line, done, text.Length - done);
        for (int i = extra.Count - 1; i >= 0; i--)
        {
            _cursors.Peek().Pending.Push(new PendingLine(extra[i], []));
        }

        return result.Build(isExpanded: true);
    }

    private void TakeExtraLines(ConfigLine line, int at, int end, List<ConfigLine> value, List<ConfigLine> extra)
    {
        // keepalived.conf(5): a definition of several lines is only expanded completely at the end of a line.
        if (line.Text.AsSpan(end).Trim().Length > 0)
        {
            diagnostics.Add(
                DiagnosticCodes.MultiLineReference,
                line.Span(at, end - at),
                "a definition of several lines must be the last word of the line; only its first line is used here",
                "put the rest of this line on a line of its own");
            return;
        }

        _expandedLines += value.Count;
        if (_expandedLines > ExpandedLinesMax)
        {
            diagnostics.Add(
                DiagnosticCodes.ExpansionTooLarge,
                line.Span(at, end - at),
                $"definitions expand to more than {ExpandedLinesMax} lines",
                "look for a definition that contains itself");
            return;
        }

        extra.AddRange(value[1..]);
    }

    /// <summary>Whether a reference begins at the dollar sign: ${NAME args} or $NAME before a blank, comma, parenthesis or the end.</summary>
    /// <returns>False with an end behind the name for a $NAME before anything else.</returns>
    private static bool TryReference(string text, int at, out string name, out string arguments, out int end)
    {
        name = arguments = "";
        end = at;
        if (at + 1 >= text.Length)
        {
            return false;
        }

        bool hasBrace = text[at + 1] == '{';
        int start = hasBrace ? at + 2 : at + 1;
        int nameEnd = NameEnd(text, start);
        if (nameEnd == start)
        {
            return false;
        }

        name = text[start..nameEnd];
        if (!hasBrace)
        {
            end = nameEnd;
            return nameEnd == text.Length || Lexer.IsBlank(text[nameEnd]) || text[nameEnd] is ',' or ')';
        }

        int close = text.IndexOf('}', nameEnd);
        if (close < 0 || (close > nameEnd && !Lexer.IsBlank(text[nameEnd])))
        {
            return false;
        }

        arguments = text[nameEnd..close].Trim();
        end = close + 1;
        return true;
    }

    private bool TryValue(string name, string arguments, ConfigLine line, out List<ConfigLine> value)
    {
        if (arguments.Length == 0 && _definitions.TryGetValue(name, out List<ConfigLine>? defined))
        {
            value = defined;
            return true;
        }

        string? text = name switch
        {
            "_PWD" => _cursors.Peek().Directory,
            "_INSTANCE" => configId,
            "_HASH" => "#",
            "_BANG" => "!",
            "_ENV" => facts.EnvironmentVariable(arguments) ?? "",
            "_RANDOM" => RandomNumber(arguments),
            _ => null,
        };

        // An undefined reference stays as it is written (keepalived), which is right in scripts: "$HOME".
        value = text is null ? [] : [ConfigLine.FromColumns(line.Source, line.Number, text, [.. Enumerable.Repeat(1, text.Length)])];
        return text is not null;
    }

    private string? RandomNumber(string arguments)
    {
        string[] bounds = arguments.Split([' ', '\t'], 3, StringSplitOptions.RemoveEmptyEntries);
        uint least = 0;
        uint most = 32767;
        if ((bounds.Length > 0 && !uint.TryParse(bounds[0], NumberStyles.None, CultureInfo.InvariantCulture, out least))
            || (bounds.Length > 1 && !uint.TryParse(bounds[1], NumberStyles.None, CultureInfo.InvariantCulture, out most))
            || most < least)
        {
            return null;
        }

        // SplitMix64: the seed is a parameter, so that the same file gives the same configuration in a simulation.
        _random += 0x9e3779b97f4a7c15;
        ulong z = (_random ^ (_random >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return (least + ((z ^ (z >> 31)) % ((ulong)most - least + 1))).ToString(CultureInfo.InvariantCulture);
    }

    private static string DirectoryOf(string path)
    {
        string directory = Path.GetDirectoryName(path) ?? "/";
        return directory.Length == 0 ? "." : directory;
    }

    /// <summary>How far one file has been read.</summary>
    private sealed class Cursor(SourceText source, string directory, Cursor? including = null)
    {
        public SourceText Source { get; } = source;

        public string Directory { get; } = directory;

        public int NextLine { get; set; } = 1;

        public Cursor? Including { get; } = including;

        public int Depth { get; } = including is null ? 0 : including.Depth + 1;

        /// <summary>Lines that came out of a definition or a repetition and are read before the next line of the file.</summary>
        public Stack<PendingLine> Pending { get; } = [];

        /// <summary>What a plain include must find; set by include_check, in force to the end of the file.</summary>
        public IncludeStrictness Strictness { get; set; } = including?.Strictness ?? default;
    }

    /// <summary>A line that waits, with the definitions that a repetition makes for it.</summary>
    private readonly record struct PendingLine(ConfigLine Line, List<(string Name, ConfigLine Value)> Assignments);
}
