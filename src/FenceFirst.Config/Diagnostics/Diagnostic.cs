using FenceFirst.Config.Syntax;

namespace FenceFirst.Config.Diagnostics;

/// <summary>How bad it is.</summary>
public enum Severity : byte
{
    /// <summary>Worth knowing, nothing to do.</summary>
    Note = 0,

    /// <summary>Accepted, but probably not what was meant.</summary>
    Warning,

    /// <summary>Refused: nothing starts.</summary>
    Error,
}

/// <summary>A kind of problem: a code that never changes its meaning, and how bad it is.</summary>
/// <param name="Id">FF followed by four digits; never reused.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="KeepalivedStatus">What <c>keepalived -t</c> would exit with: 0 nothing, 4 cannot run, 5 error, 6 script security.</param>
public sealed record DiagnosticCode(string Id, Severity Severity, int KeepalivedStatus);

/// <summary>One problem with its place and what to do about it.</summary>
/// <param name="Code">The kind of problem.</param>
/// <param name="Severity">Usually the code's; a stricter setting may raise it.</param>
/// <param name="Span">Where.</param>
/// <param name="Message">One sentence without the final stop.</param>
/// <param name="Hint">What would make it go away; empty = nothing to add.</param>
public sealed record Diagnostic(DiagnosticCode Code, Severity Severity, SourceSpan Span, string Message, string Hint);

/// <summary>All problems of one file and what it includes: collected, never thrown.</summary>
public sealed class DiagnosticBag
{
    /// <summary>More problems than anybody reads; the rest is only counted. Bounds memory for hostile input.</summary>
    public const int CountMax = 500;

    private readonly List<Diagnostic> _items = [];
    private readonly HashSet<(string, int, int, string)> _seen = [];

    /// <summary>Errors, those beyond <see cref="CountMax"/> included.</summary>
    public int ErrorCount { get; private set; }

    /// <summary>Warnings, those beyond <see cref="CountMax"/> included.</summary>
    public int WarningCount { get; private set; }

    /// <summary>How often something was added, the same again and what was not kept included.</summary>
    internal int AddedCount { get; private set; }

    /// <summary>Problems that were counted but not kept.</summary>
    public int DroppedCount { get; private set; }

    /// <summary>Whether further problems are only counted.</summary>
    public bool IsFull => _items.Count >= CountMax;

    /// <summary>Whether the configuration is refused.</summary>
    public bool HasErrors => ErrorCount > 0;

    /// <summary>Adds a problem; the same one at the same place is kept once (a line that is expanded twice).</summary>
    public void Add(DiagnosticCode code, SourceSpan span, string message, string hint = "") =>
        Add(new Diagnostic(code, code.Severity, span, message, hint));

    /// <summary>Adds a problem whose severity differs from its code's.</summary>
    public void Add(Diagnostic diagnostic)
    {
        AddedCount++;
        SourceSpan span = diagnostic.Span;
        if (_items.Count < CountMax && !_seen.Add((span.Path, span.Line, span.Column, diagnostic.Code.Id + diagnostic.Message)))
        {
            return;
        }

        ErrorCount += diagnostic.Severity == Severity.Error ? 1 : 0;
        WarningCount += diagnostic.Severity == Severity.Warning ? 1 : 0;
        if (_items.Count >= CountMax)
        {
            DroppedCount++;
            return;
        }

        _items.Add(diagnostic);
    }

    /// <summary>The kept problems in the order of the files and lines.</summary>
    public IReadOnlyList<Diagnostic> Sorted() =>
        [.. _items
            .OrderBy(d => d.Span.Source?.Ordinal ?? -1)
            .ThenBy(d => d.Span.Line)
            .ThenBy(d => d.Span.Column)
            .ThenBy(d => d.Code.Id, StringComparer.Ordinal)];
}
