using System.Text;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Daemon.Steps;

/// <summary>How a program ended and what it said, in the words of Core and of the log.</summary>
internal static class ProgramOutput
{
    /// <summary>Lines of output that go into the log.</summary>
    private const int LinesMax = 20;

    /// <summary>How a child process ended, in Core's words.</summary>
    public static StepOutcome OutcomeOf(in ProcessCompletion completion) => completion.End switch
    {
        ProcessEnd.Exited => new StepOutcome(StepOutcomeKind.Exited, completion.Value),
        ProcessEnd.Signalled => new StepOutcome(StepOutcomeKind.Signalled, completion.Value),
        ProcessEnd.CouldNotStart => new StepOutcome(StepOutcomeKind.CouldNotStart, completion.Value),
        ProcessEnd.StillAlive => new StepOutcome(StepOutcomeKind.TimedOut),
    };

    /// <summary>Puts the first lines of a program's output into the log.</summary>
    public static void Log(LogWriter log, string instance, string program, in ProcessCompletion completion)
    {
        if (completion.Output.Length == 0)
        {
            return;
        }

        string prefix = instance.Length == 0 ? "" : $"({instance}) ";
        string[] lines = Encoding.UTF8.GetString(completion.Output.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < lines.Length && i < LinesMax; i++)
        {
            log.Write(TimelineLevel.Notice, instance, "output", $"{prefix}{Path.GetFileName(program)}: {Printable(lines[i])}");
        }

        if (lines.Length > LinesMax || completion.OutputBytes > completion.Output.Length)
        {
            log.Write(TimelineLevel.Notice, instance, "output", $"{prefix}{Path.GetFileName(program)}: (more output left out, {completion.OutputBytes} bytes in all)");
        }
    }

    /// <summary>What a terminal would take for a command does not reach it.</summary>
    public static string Printable(string line)
    {
        StringBuilder builder = new(line.Length);
        foreach (char character in line)
        {
            builder.Append(char.IsControl(character) ? '?' : character);
        }

        return builder.ToString();
    }
}
