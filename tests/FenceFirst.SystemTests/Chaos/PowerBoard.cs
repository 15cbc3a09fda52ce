using System.Collections.Concurrent;
using System.Globalization;

namespace FenceFirst.SystemTests;

/// <summary>One request to the board, and what became of it: off at <see cref="OffAt"/>, answered at <see cref="AnsweredAt"/>; a default time = never.</summary>
internal sealed class PowerRequest(DateTime askedAt, string by, ulong epoch, string target)
{
    public DateTime AskedAt => askedAt;

    /// <summary>The node whose fence asked.</summary>
    public string By => by;

    /// <summary>The promotion that it belongs to, as the fence script was told.</summary>
    public ulong Epoch => epoch;

    public string Target => target;

    public DateTime OffAt { get; set; }

    public DateTime AnsweredAt { get; set; }

    public bool IsSuccess { get; set; }
}

/// <summary>How the board treats the next request.</summary>
internal enum BoardMood
{
    Works = 0,

    /// <summary>Says no, and does nothing.</summary>
    Refuses,

    /// <summary>Switches off, and says that it has not.</summary>
    Doubts,

    /// <summary>Answers too late, having done it.</summary>
    Late,

    /// <summary>Never answers, and does nothing.</summary>
    Hangs,
}

/// <summary>
/// The power supply of the rack: it belongs to no node, so what it was told is done although the node that told it has lost its own power. It never says
/// "off" of a node that is not. Fence scripts leave a file, the board leaves the answer beside it.
/// </summary>
internal sealed class PowerBoard : IDisposable
{
    private readonly string _folder;
    private readonly Func<string, Task> _switchOff;
    private readonly Func<string, bool> _isOn;
    private readonly Random _random;
    private readonly ConcurrentQueue<BoardMood> _moods = new();
    private readonly List<PowerRequest> _log = [];
    private readonly CancellationTokenSource _end = new();
    private readonly Task _work;

    /// <param name="folder">Where requests are left.</param>
    /// <param name="seed">For the time that switching takes.</param>
    /// <param name="switchOff">Takes the power from a node; done when nothing on it runs or holds an address any more.</param>
    /// <param name="isOn">Whether a node has power: one without asks for nothing.</param>
    public PowerBoard(string folder, int seed, Func<string, Task> switchOff, Func<string, bool> isOn)
    {
        _folder = folder;
        _random = new Random(seed);
        _switchOff = switchOff;
        _isOn = isOn;
        Directory.CreateDirectory(folder);
        _work = Task.Run(WorkAsync);
    }

    /// <summary>Everything that was asked so far.</summary>
    public IReadOnlyList<PowerRequest> Log
    {
        get
        {
            lock (_log)
            {
                return [.. _log];
            }
        }
    }

    /// <summary>The moods of the next requests, one each; then the board works again.</summary>
    public void Upset(IEnumerable<BoardMood> moods)
    {
        foreach (BoardMood mood in moods)
        {
            _moods.Enqueue(mood);
        }
    }

    public void Calm() => _moods.Clear();

    /// <summary>The fence script of a node for a target.</summary>
    public string Script(string node, string target) =>
        $"""
        ask='{_folder}'/{node}-{target}-$$-$FENCEFIRST_ATTEMPT
        printf '{node} %s {target}\n' "$FENCEFIRST_EPOCH" > "$ask.new" && mv "$ask.new" "$ask.ask"
        while [ ! -e "$ask.answer" ]; do sleep 0.01; done
        read -r status < "$ask.answer"
        exit "$status"
        """;

    public void Dispose()
    {
        _end.Cancel();
        _work.Wait(TimeSpan.FromSeconds(5));
        _end.Dispose();
    }

    private async Task WorkAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            foreach (string file in Directory.GetFiles(_folder, "*.ask"))
            {
                string[] words = File.ReadAllText(file).Split(' ', '\n');
                File.Delete(file);
                if (!_isOn(words[0]))
                {
                    continue;
                }
                PowerRequest request = new(DateTime.UtcNow, words[0], ulong.Parse(words[1], CultureInfo.InvariantCulture), words[2]);
                lock (_log)
                {
                    _log.Add(request);
                }
                BoardMood mood = _moods.TryDequeue(out BoardMood next) ? next : BoardMood.Works;
                double seconds = 0.01 + (0.08 * _random.NextDouble());
                _ = Task.Run(() => ServeAsync(request, mood, seconds, Path.ChangeExtension(file, ".answer")));
            }
            await Task.Delay(4);
        }
    }

    private async Task ServeAsync(PowerRequest request, BoardMood mood, double seconds, string answer)
    {
        // Longer than a fence may take.
        await Task.Delay(TimeSpan.FromSeconds(mood == BoardMood.Late ? seconds + 1.3 : seconds));
        if (mood is not (BoardMood.Refuses or BoardMood.Hangs))
        {
            await _switchOff(request.Target);
            request.OffAt = DateTime.UtcNow;
        }
        if (mood == BoardMood.Hangs)
        {
            return;
        }
        request.IsSuccess = mood is BoardMood.Works or BoardMood.Late;
        request.AnsweredAt = DateTime.UtcNow;
        File.WriteAllText(answer + ".new", request.IsSuccess ? "0\n" : "1\n");
        File.Move(answer + ".new", answer, overwrite: true);
    }
}
