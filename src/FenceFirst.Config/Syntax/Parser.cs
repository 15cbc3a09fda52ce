using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Keywords;

namespace FenceFirst.Config.Syntax;

/// <summary>From lines to a tree of blocks. Knows from the keyword table which keywords open a block, and says what is unknown or not supported.</summary>
/// <remarks>
/// keepalived.conf(5) cuts lines at braces and reads one keyword per piece. Where keepalived loses track (an unknown block closes the block around
/// it) we keep counting braces: it is an error anyway, and one mistake should give one message. The stack is ours, so nesting cannot exhaust the thread's.
/// </remarks>
internal sealed class Parser(DiagnosticBag diagnostics)
{
    /// <summary>Deepest nesting; the language needs three.</summary>
    public const int DepthMax = 32;

    /// <summary>What some editors write at the beginning of a file.</summary>
    private const char ByteOrderMark = '\ufeff';

    private readonly Stack<Frame> _frames = [];
    private readonly HashSet<string> _topics = [];
    private readonly Dictionary<(BlockKind, string), Keyword?> _nearest = [];
    private readonly WordPool _words = new();
    private ConfigNode? _pending;
    private int _order;
    private int _opaqueDepth;

    /// <summary>The top-level nodes.</summary>
    public List<ConfigNode> Parse(List<ConfigLine> lines)
    {
        List<ConfigNode> root = [];
        _frames.Push(new Frame(null, BlockKind.Root, root, false));
        foreach (ConfigLine line in lines)
        {
            if (line.Length == 1 || line.Characters.IndexOfAny('{', '}') < 0)
            {
                Take(line.Trimmed());
                continue;
            }

            foreach (ConfigLine piece in Lexer.SplitAtBraces(line))
            {
                Take(piece);
            }
        }

        FinishPending();
        if (_frames.Count > 1)
        {
            ConfigNode open = _frames.Peek().Node!; // Only the bottom frame has no node.
            int missing = _frames.Count - 1 + _opaqueDepth;
            diagnostics.Add(
                DiagnosticCodes.MissingClosingBrace,
                open.Span,
                $"{missing} closing brace{(missing == 1 ? " is" : "s are")} missing at the end; the innermost open block is this {open.Name}",
                "every { needs its }");
        }

        return root;
    }

    private void Take(ConfigLine piece)
    {
        if (_frames.Peek().Kind == BlockKind.Opaque)
        {
            TakeOpaque(piece);
        }
        else if (piece.IsOnly('{'))
        {
            TakeOpening(piece);
        }
        else if (piece.IsOnly('}'))
        {
            FinishPending();
            if (_frames.Count == 1)
            {
                diagnostics.Add(DiagnosticCodes.ExtraBrace, piece.WholeSpan, "this } closes nothing", "remove it, or look for a { that is missing above");
                return;
            }

            _frames.Pop();
        }
        else
        {
            FinishPending();
            TakeWords(piece);
        }
    }

    /// <summary>Inside a block that is not looked into only the braces count.</summary>
    private void TakeOpaque(ConfigLine piece)
    {
        if (piece.IsOnly('{'))
        {
            _opaqueDepth++;
        }
        else if (piece.IsOnly('}') && _opaqueDepth-- == 0)
        {
            _opaqueDepth = 0;
            _frames.Pop();
        }
    }

    private void TakeOpening(ConfigLine piece)
    {
        ConfigNode? node = _pending;
        _pending = null;
        if (node is null)
        {
            diagnostics.Add(DiagnosticCodes.ExtraBrace, piece.WholeSpan, "this { belongs to no keyword", "a block begins with its keyword");
            node = new ConfigNode(piece, Lexer.Words(piece), null);
            Open(node, BlockKind.Opaque);
            return;
        }

        BlockKind kind = node.Row?.Opens ?? BlockKind.Opaque;
        if (node.Row is { Opens: null })
        {
            diagnostics.Add(
                DiagnosticCodes.BlockNotExpected, piece.WholeSpan, $"{node.Name} takes no block", "keepalived would take the } as the end of the block around it");
        }
        else if (_frames.Count > DepthMax)
        {
            diagnostics.Add(DiagnosticCodes.NestedTooDeep, piece.WholeSpan, $"blocks are nested deeper than {DepthMax}");
            kind = BlockKind.Opaque;
        }

        Open(node, kind);
    }

    private void Open(ConfigNode node, BlockKind kind)
    {
        bool isSilent = _frames.Peek().IsSilent || node.Row is { Support: Support.NotYet or Support.Refused };
        _frames.Push(new Frame(node, kind, node.Opened(), isSilent));
    }

    /// <summary>A block keyword without its opening brace: said, and entered all the same, as keepalived does.</summary>
    private void FinishPending()
    {
        ConfigNode? node = _pending;
        _pending = null;
        if (node?.Row is { Opens: BlockKind kind })
        {
            diagnostics.Add(DiagnosticCodes.MissingOpeningBrace, node.Span, $"{node.Name} needs a {{ after it", $"{node.Name}{(node.Row.IsNamed ? " NAME" : "")} {{");
            if (_frames.Count <= DepthMax)
            {
                Open(node, kind);
            }
        }
    }

    private void TakeWords(ConfigLine piece)
    {
        List<Token> words = Lexer.Words(piece, _words);
        if (words.Count == 0)
        {
            return;
        }

        Frame frame = _frames.Peek();
        if (frame.Kind is BlockKind.Entries or BlockKind.WordList)
        {
            RecoverMissingBrace(words[0], ref frame);
        }

        if (frame.Kind is BlockKind.Entries or BlockKind.WordList)
        {
            ConfigNode entry = new(piece, words, null) { Order = _order++ };
            frame.Children.Add(entry);
            _pending = entry;
            return;
        }

        Keyword? row = KeywordTable.Find(frame.Kind, words[0].Text);
        if (row is null)
        {
            RecoverMissingBrace(words[0], ref frame);
            row = KeywordTable.Find(frame.Kind, words[0].Text);
        }

        ConfigNode node = new(piece, words, row) { Order = _order++ };
        _pending = node;
        if (row is null)
        {
            ReportUnknown(frame, words[0]);
            return;
        }

        frame.Children.Add(node);
        if (row.Shape != ValueShape.Script && frame.Kind is not (BlockKind.Promotion or BlockKind.Demotion))
        {
            CheckQuotes(piece);
        }

        if (!frame.IsSilent)
        {
            ReportSupport(node, row);
        }

        CheckWords(node, row, frame.Kind);
    }

    /// <summary>A backslash keeps a quote from protecting comment signs, and yet words are cut at it (keepalived's alloc_strvec_r): <c>auth_pass a\"b</c>.</summary>
    private void CheckQuotes(ConfigLine piece)
    {
        int at = piece.Characters.IndexOf("\\\"", StringComparison.Ordinal);
        if (at >= 0 && piece.Characters.Count('"') % 2 == 1)
        {
            diagnostics.Add(
                DiagnosticCodes.UnterminatedQuote, piece.Span(at, 2), "the backslash does not protect this quote: it begins a string that is never closed", "there is no way to write a double quote outside of commands");
        }
    }

    /// <summary>A top-level block keyword where it cannot stand means that a } is missing before it: the rest is then read at the top level.</summary>
    private void RecoverMissingBrace(Token word, ref Frame frame)
    {
        if (frame.Kind == BlockKind.Root || KeywordTable.Find(BlockKind.Root, word.Text) is not { Opens: not null, IsNamed: true })
        {
            return;
        }

        // A list entry may be called like a keyword only in theory; a track_script called vrrp_script is not worth a silent misreading.
        ConfigNode open = frame.Node!; // Not the root frame, so it has a node.
        diagnostics.Add(
            DiagnosticCodes.MissingClosingBrace,
            word.Span,
            $"{word.Text} cannot stand inside {open.Name} (line {open.Line.Number})",
            $"a }} is missing before it; it is read as if it stood at the top level");
        while (_frames.Count > 1)
        {
            _frames.Pop();
        }

        frame = _frames.Peek();
    }

    /// <summary>What the word may have been meant to be. Searched once for each word, and not at all for problems that nobody will see.</summary>
    private Keyword? Nearest(BlockKind block, string word)
    {
        if (!_nearest.TryGetValue((block, word), out Keyword? nearest) && !diagnostics.IsFull)
        {
            nearest = KeywordTable.Nearest(block, word);
            _nearest.Add((block, word), nearest);
        }

        return nearest;
    }

    private void ReportUnknown(Frame frame, Token word)
    {
        string where = KeywordTable.BlockName(frame.Kind);
        if (word.Text.StartsWith(ByteOrderMark))
        {
            diagnostics.Add(
                DiagnosticCodes.UnknownKeyword,
                word.Span,
                $"unknown keyword: an invisible byte order mark stands before '{Shortened(word.Text[1..])}', and keepalived does not know it either",
                "save the file without byte order mark: sed -i '1s/^\\xEF\\xBB\\xBF//' FILE");
            return;
        }

        List<BlockKind> elsewhere = KeywordTable.BlocksOf(word.Text);
        if (elsewhere.Count > 0)
        {
            diagnostics.Add(
                DiagnosticCodes.MisplacedKeyword,
                word.Span,
                $"{word.Text} cannot stand in {where}",
                $"it belongs in {string.Join(", ", elsewhere.Select(KeywordTable.BlockName))}");
            return;
        }

        Keyword? nearest = Nearest(frame.Kind, word.Text);
        diagnostics.Add(
            DiagnosticCodes.UnknownKeyword,
            word.Span,
            $"unknown keyword '{Shortened(word.Text)}' in {where}",
            nearest is null ? "keepalived ignores a keyword that it does not know; FenceFirst refuses it" : $"did you mean '{nearest.Name}'?");
    }

    private void ReportSupport(ConfigNode node, Keyword row)
    {
        switch (row.Support)
        {
            case Support.Honoured:
                break;
            case Support.Warned:
                if (row.Topic.Length == 0 || _topics.Add(row.Topic))
                {
                    DiagnosticCode code = row.Topic == "lvs" ? DiagnosticCodes.Skipped : DiagnosticCodes.NotDone;
                    string others = row.Topic.Length > 0 ? " (said once per file)" : "";
                    diagnostics.Add(code, node.Span, $"{node.Name} is read but not done{others}: {row.Advice}");
                }

                break;
            case Support.Refused:
                diagnostics.Add(DiagnosticCodes.Refused, node.Span, $"{node.Name} is refused: ignoring it would change what is safe", row.Advice);
                break;
            case Support.NotYet:
                string whose = row.IsOwn ? "FenceFirst's keyword" : "keepalived's keyword";
                diagnostics.Add(DiagnosticCodes.NotYet, node.Span, $"{whose} {node.Name} is not supported yet", row.Advice);
                break;
        }
    }

    private void CheckWords(ConfigNode node, Keyword row, BlockKind block)
    {
        int count = node.Words.Count - 1;
        if (count < row.WordsMin)
        {
            diagnostics.Add(
                DiagnosticCodes.MissingValue,
                node.Span,
                $"{node.Name} needs a {(row.IsNamed ? "name" : "value")}",
                row.Support == Support.Honoured ? "keepalived would exit here" : "");
        }
        else if (row.Support != Support.Honoured || count <= row.WordsMax)
        {
            return;
        }
        else if (node.Name is "auth_type" && node.Words.Skip(2).Any(word => word.Text == "auth_pass"))
        {
            diagnostics.Add(
                DiagnosticCodes.PasswordLost,
                node.Words[2].Span,
                "the password is lost: only the first keyword of a line is read",
                "put auth_type and auth_pass on lines of their own");
        }
        else
        {
            Token extra = node.Words[row.WordsMax + 1];
            bool isKeyword = KeywordTable.Find(block, extra.Text) is not null;
            diagnostics.Add(
                DiagnosticCodes.ExtraWords,
                extra.Span,
                $"'{Shortened(extra.Text)}' and what follows is ignored, in keepalived too: {(isKeyword ? "one keyword per line" : $"{node.Name} takes {Count(row.WordsMax)}")}",
                isKeyword ? $"put {extra.Text} on a line of its own" : "");
        }
    }

    private static string Count(int words) => words switch { 0 => "no value", 1 => "one value", _ => $"at most {words} values" };

    private static string Shortened(string text) => text.Length <= 60 ? text : text[..57] + "...";

    private readonly record struct Frame(ConfigNode? Node, BlockKind Kind, List<ConfigNode> Children, bool IsSilent);
}
