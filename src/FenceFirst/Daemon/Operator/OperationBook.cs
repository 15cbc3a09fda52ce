using System.Text.Json;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;

namespace FenceFirst.Daemon.Operator;

/// <summary>Something an operator asked for that takes its time: a handover, a fence test, a reload.</summary>
/// <param name="Number">What the caller asks by.</param>
/// <param name="Kind">handover, fence_test or reload.</param>
/// <param name="Subject">Instance or device; empty for the whole node.</param>
/// <param name="StartedAt">When it was asked for.</param>
internal sealed record Operation(long Number, string Kind, string Subject, MonotonicInstant StartedAt)
{
    /// <summary>Lines of detail that are kept.</summary>
    public const int LinesMax = 100;

    private readonly List<string> _lines = [];

    /// <summary>Whether it has ended well; null = it is under way.</summary>
    public bool? IsGood { get; private set; }

    /// <summary>What it is doing, or what came out.</summary>
    public string Text { get; private set; } = "";

    /// <summary>When it ended.</summary>
    public MonotonicInstant EndedAt { get; private set; } = MonotonicInstant.Never;

    /// <summary>Who took over; absent = nobody, or no handover.</summary>
    public InternetAddress By { get; set; }

    /// <summary>How long the addresses were missing; null = not known, or no handover.</summary>
    public TimeSpan? Gone { get; set; }

    /// <summary>What <c>check</c> would say of the file that a reload has read; empty = nothing.</summary>
    public string Diagnostics { get; set; } = "";

    /// <summary>What it is doing now.</summary>
    public void Report(string text) => Text = text;

    /// <summary>A line of detail: output of a program, or what changed.</summary>
    public void Add(string line)
    {
        if (_lines.Count < LinesMax)
        {
            _lines.Add(line);
        }
    }

    /// <summary>It has ended; what comes later changes nothing.</summary>
    public void End(bool isGood, string text, MonotonicInstant now)
    {
        if (IsGood is null)
        {
            (IsGood, Text, EndedAt) = (isGood, text, now);
        }
    }

    /// <summary>The members of an answer.</summary>
    public void Write(Utf8JsonWriter json, MonotonicInstant now)
    {
        json.WriteNumber("operation", Number);
        json.WriteString("kind", Kind);
        json.WriteString("subject", Subject);
        json.WriteString("state", IsGood switch { null => "running", true => "succeeded", false => "failed" });
        json.WriteString("text", Text);
        json.WriteNumber("seconds", Math.Round(((EndedAt.IsNever ? now : EndedAt) - StartedAt).TotalSeconds, 3));
        if (!By.IsNone)
        {
            json.WriteString("by", By.ToString());
        }

        if (Gone is { } gone)
        {
            json.WriteNumber("gone_seconds", Math.Round(gone.TotalSeconds, 6));
        }

        if (Diagnostics.Length > 0)
        {
            json.WriteString("diagnostics", Diagnostics);
        }

        json.WriteStartArray("lines");
        foreach (string line in _lines)
        {
            json.WriteStringValue(line);
        }

        json.WriteEndArray();
    }
}

/// <summary>The latest operations. Handovers are followed by what Core records of them.</summary>
internal sealed class OperationBook
{
    /// <summary>Operations that are kept; the oldest makes room.</summary>
    private const int OperationsMax = 256;

    private readonly List<Operation> _operations = [];
    private long _lastNumber;

    /// <summary>Begins an operation.</summary>
    public Operation Begin(string kind, string subject, MonotonicInstant now)
    {
        if (_operations.Count == OperationsMax)
        {
            _operations.RemoveAt(0);
        }

        Operation operation = new(++_lastNumber, kind, subject, now);
        _operations.Add(operation);
        return operation;
    }

    /// <summary>The operation with a number; null when there is none, or not any more.</summary>
    public Operation? Find(long number) => _operations.Find(each => each.Number == number);

    /// <summary>The operation of a kind that is under way for a subject; null when there is none.</summary>
    public Operation? Running(string kind, string subject) => _operations.FindLast(each => each.Kind == kind && each.Subject == subject && each.IsGood is null);

    /// <summary>Follows a handover by what Core records of its instance.</summary>
    public void Take(NodeConfig config, in TimelineEntry entry, MonotonicInstant now)
    {
        if (_operations.Count == 0 || entry.Index < 0 || !IsOfHandover(entry.Kind) || Running("handover", TimelineText.SubjectOf(config, entry)) is not { } handover)
        {
            return;
        }

        string text = TimelineText.Describe(config, entry)[$"({handover.Subject}) ".Length..];
        switch (entry.Kind)
        {
            case TimelineKind.HandoverTaken:
                handover.By = entry.Address;
                handover.Gone = entry.Duration;
                handover.End(true, text, now);
                break;
            case TimelineKind.HandoverExpired or TimelineKind.HandoverAbandoned:
                handover.End(false, text, now);
                break;
            default:
                if (entry.Kind is TimelineKind.ReleaseWithheld or TimelineKind.StepEnded && !entry.Outcome.IsSuccess)
                {
                    handover.Add(text);
                }

                handover.Report(text);
                break;
        }
    }

    private static bool IsOfHandover(TimelineKind kind) =>
        kind is TimelineKind.HandoverTaken or TimelineKind.HandoverExpired or TimelineKind.HandoverAbandoned or TimelineKind.HandoverWaiting
            or TimelineKind.KernelAsked or TimelineKind.StepStarted or TimelineKind.StepDelayed or TimelineKind.StepEnded or TimelineKind.ReleaseWithheld
            or TimelineKind.MasterChanged;
}
