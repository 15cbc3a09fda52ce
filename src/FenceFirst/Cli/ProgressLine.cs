namespace FenceFirst.Cli;

/// <summary>One line on a terminal that says what goes on, from the second second on, and is wiped out at the end. Elsewhere nothing.</summary>
internal sealed class ProgressLine(TextWriter error)
{
    private static readonly TimeSpan QuietTime = TimeSpan.FromSeconds(1);

    private readonly bool _isTerminal = ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected;
    private readonly long _startedAt = Environment.TickCount64;
    private bool _isShown;

    /// <summary>Shows the line in place of the one before.</summary>
    public void Show(string text)
    {
        double elapsedMs = Environment.TickCount64 - _startedAt;
        if (!_isTerminal || elapsedMs < QuietTime.TotalMilliseconds)
        {
            return;
        }

        string line = $"{elapsedMs / 1000:0} s: {text}";
        int width = Console.WindowWidth > 20 ? Console.WindowWidth - 1 : 79;
        error.Write($"\r\e[K{(line.Length <= width ? line : line[..width])}");
        error.Flush();
        _isShown = true;
    }

    /// <summary>Wipes the line out.</summary>
    public void Clear()
    {
        if (_isShown)
        {
            error.Write("\r\e[K");
            error.Flush();
            _isShown = false;
        }
    }
}
