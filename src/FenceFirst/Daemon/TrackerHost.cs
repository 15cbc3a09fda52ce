using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Tracking;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Files;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Daemon;

/// <summary>Watches the tracked files and processes and tells the loop what has changed.</summary>
/// <remarks>Files lie on local file systems (the configuration is refused otherwise), so that reading a few bytes does not wait. Nothing is opened that is not configured.</remarks>
internal sealed class TrackerHost(LogWriter log) : IDisposable
{
    private const long FileToken = 0;
    private const long TimerToken = 1;
    private const long ProcessToken = 2;

    /// <summary>How often a directory that does not exist is looked for.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly EventPoll _poll = new();
    private readonly EpollEvent[] _ready = new EpollEvent[8];
    private readonly List<int> _changed = [];
    private readonly List<int> _lost = [];
    private readonly HashSet<int> _unwatched = [];
    private FileWatcher? _watcher;
    private DeadlineTimer? _timer;
    private ProcessWatcher? _processes;
    private EquatableArray<FileTracker> _files;
    private EquatableArray<ProcessTracker> _tracked;
    private string[] _problems = [];
    private string _processProblem = "";

    /// <summary>Readable when <see cref="Read"/> has something to do.</summary>
    public int Descriptor => _poll.Descriptor;

    /// <summary>Begins to watch what the configuration names and tells the numbers in the files; those of processes follow as events.</summary>
    /// <param name="loop">Who is told.</param>
    /// <param name="isStart">Whether the daemon starts: files are made and overwritten then only (init_file).</param>
    public void Configure(EventLoop loop, bool isStart)
    {
        ConfigureFiles(loop, isStart);
        ConfigureProcesses(loop);
    }

    /// <summary>Tells the loop what has changed.</summary>
    public void Read(EventLoop loop)
    {
        int count = _poll.Wait(_ready, 0);
        for (int i = 0; i < count; i++)
        {
            switch (_ready[i].Token)
            {
                case FileToken:
                    TakeFileEvents(loop);
                    break;
                case TimerToken:
                    _timer!.Acknowledge(); // Only watched once it exists.
                    WatchAgain(loop);
                    break;
                case ProcessToken:
                    TakeCounts(loop);
                    break;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _processes?.Dispose();
        _watcher?.Dispose();
        _timer?.Dispose();
        _poll.Dispose();
    }

    private void ConfigureFiles(EventLoop loop, bool isStart)
    {
        _files = loop.Config.Files;
        _problems = new string[_files.Count];
        _problems.AsSpan().Fill("");
        _unwatched.Clear();
        _watcher?.Clear();
        if (_files.IsEmpty)
        {
            return;
        }

        if (_watcher is null)
        {
            _watcher = new FileWatcher();
            _timer = new DeadlineTimer();
            _poll.Add(_watcher.Descriptor, PollEvents.Readable, FileToken);
            _poll.Add(_timer.Descriptor, PollEvents.Readable, TimerToken);
        }

        for (int i = 0; i < _files.Count; i++)
        {
            if (isStart)
            {
                Initialise(_files[i]);
            }

            Watch(i);
            ReadFile(loop, i);
        }

        ArmTimer();
    }

    private void Initialise(FileTracker file)
    {
        if (file.InitialValue is not int value)
        {
            return;
        }

        int errno = SmallFile.TryWrite(file.Path, Encoding.ASCII.GetBytes($"{value}\n"), file.IsOverwritten);
        if (errno != 0 && (errno != ErrorNumber.AlreadyExists || file.IsOverwritten))
        {
            log.Write(TimelineLevel.Error, $"track_file {file.Name}: {file.Path} could not be written (init_file): {ErrnoText.Describe(errno)}");
        }
    }

    /// <summary>Watches the directory of the file, and of what it is a symbolic link to.</summary>
    private void Watch(int file)
    {
        string path = _files[file].Path;
        int errno = _watcher!.Watch(FolderOf(path), Path.GetFileName(path), file);
        string? target = LinkTarget(path);
        if (errno == 0 && target is not null)
        {
            errno = _watcher.Watch(FolderOf(target), Path.GetFileName(target), file);
        }

        if (errno != 0)
        {
            _unwatched.Add(file);
        }
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(path) ?? "/";

    private static string? LinkTarget(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void TakeFileEvents(EventLoop loop)
    {
        _changed.Clear();
        _lost.Clear();
        _watcher!.Read(_changed, _lost); // Only watched once it exists.
        foreach (int file in _lost)
        {
            _unwatched.Add(file);
            _changed.Add(file);
        }

        foreach (int file in _changed.Distinct())
        {
            ReadFile(loop, file);
        }

        ArmTimer();
    }

    private void WatchAgain(EventLoop loop)
    {
        foreach (int file in _unwatched.ToArray())
        {
            _unwatched.Remove(file);
            Watch(file);
            ReadFile(loop, file);
        }

        ArmTimer();
    }

    private void ArmTimer()
    {
        if (_unwatched.Count > 0 && _timer!.Armed.IsNever)
        {
            _timer.Arm(MonotonicClock.Now + RetryInterval);
        }
    }

    private void ReadFile(EventLoop loop, int file)
    {
        Span<byte> text = stackalloc byte[TrackedNumber.BytesMax];
        int errno = SmallFile.TryRead(_files[file].Path, text, out int length);
        string problem = errno switch
        {
            ErrorNumber.InvalidArgument => "is not a regular file",
            not 0 => $"cannot be read: {ErrnoText.Describe(errno)}",
            _ => "",
        };
        int value = 0;
        if (errno == 0 && !TrackedNumber.TryParse(text[..length], out value))
        {
            problem = length == 0 ? "is empty" : "does not begin with a number";
        }

        // keepalived.conf(5) is silent about it, its code takes 0: with weight 0 that is healthy, so it is said.
        if (problem != _problems[file] && problem.Length > 0)
        {
            log.Write(TimelineLevel.Warning, $"track_file {_files[file].Name}: {_files[file].Path} {problem}: counts as 0");
        }

        _problems[file] = problem;
        loop.Enqueue(NodeEvent.FileChanged(file, value));
    }

    private void ConfigureProcesses(EventLoop loop)
    {
        if (_tracked == loop.Config.Processes)
        {
            return;
        }

        if (_processes is not null)
        {
            _poll.Remove(_processes.Changed.Descriptor);
            _processes.Dispose();
            _processes = null;
        }

        _tracked = loop.Config.Processes;
        if (_tracked.IsEmpty)
        {
            return;
        }

        _processes = new ProcessWatcher([.. _tracked.Select(tracker => new ProcessPattern(tracker))]);
        _poll.Add(_processes.Changed.Descriptor, PollEvents.Readable, ProcessToken);
    }

    private void TakeCounts(EventLoop loop)
    {
        ProcessWatcher processes = _processes!; // Only watched once it exists.
        processes.Changed.Drain();
        if (processes.Problem != _processProblem)
        {
            _processProblem = processes.Problem;
            log.Write(TimelineLevel.Notice, $"track_process: {_processProblem}");
        }

        while (processes.TryTake(out ProcessCount count))
        {
            loop.Enqueue(NodeEvent.ProcessesCounted(count.Pattern, count.Count));
        }
    }
}
