using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <summary>What global_defs says about notifications.</summary>
internal sealed class NotifySettings
{
    /// <summary>The line of each pipe, in the order in which they are written to.</summary>
    public ConfigNode?[] Pipes { get; } = new ConfigNode?[2];

    /// <summary>The line of each pipe's script.</summary>
    public ConfigNode?[] Scripts { get; } = new ConfigNode?[2];

    public bool IsPriorityNotified { get; set; }

    public bool IsParallel { get; set; }

    public NotifyConfig Config { get; set; } = new();
}

/// <summary>Named pipes, and how scripts are run.</summary>
internal sealed class NotifyBinder(BindContext context)
{
    private readonly NotifySettings _settings = context.Globals.Notify;
    private readonly ValueReader _values = context.Values;

    /// <summary>Reads a line of global_defs; false when it is about something else.</summary>
    public bool TryGlobal(ConfigNode node)
    {
        switch (node.Name)
        {
            case "notify_fifo":
                _settings.Pipes[0] = node;
                return true;
            case "vrrp_notify_fifo":
                _settings.Pipes[1] = node;
                return true;
            case "notify_fifo_script":
                _settings.Scripts[0] = node;
                return true;
            case "vrrp_notify_fifo_script":
                _settings.Scripts[1] = node;
                return true;
            case "vrrp_notify_priority_changes":
                _settings.IsPriorityNotified = _values.TryBoolean(node, out bool isNotified) && isNotified;
                return true;
            case "notify_parallel":
                _settings.IsParallel = _values.TryBoolean(node, out bool isParallel) && isParallel;
                return true;
            case "fifo_write_vrrp_states_on_reload":
                _settings.Config = _settings.Config with { IsStateWrittenOnReload = true };
                return true;
            case "notify_timeout":
                _settings.Config = _values.TrySeconds(node, out TimeSpan timeout) ? _settings.Config with { ScriptTimeout = timeout } : _settings.Config;
                return true;
            case "notify_stop_timeout":
                _settings.Config = _values.TrySeconds(node, out TimeSpan stop) ? _settings.Config with { StopTimeout = stop } : _settings.Config;
                return true;
            default:
                return false;
        }
    }

    /// <summary>What follows from all of them together; after every global_defs was read, because script_user may stand anywhere.</summary>
    public NotifyConfig Complete()
    {
        List<NotifyPipe> pipes = [];
        for (int i = 0; i < _settings.Pipes.Length; i++)
        {
            ConfigNode? script = _settings.Scripts[i];
            if (_settings.Pipes[i] is not { } node)
            {
                if (script is not null)
                {
                    context.Diagnostics.Add(DiagnosticCodes.NoEffect, script.Span, $"{script.Name} has no effect without {script.Name.Replace("_script", "", StringComparison.Ordinal)}");
                }

                continue;
            }

            if (pipes.Any(other => other.Path == node.Value))
            {
                context.Diagnostics.Add(DiagnosticCodes.Repeated, node.ValueSpan, $"{node.Value} is notify_fifo already: this line is ignored, as in keepalived");
            }
            else if (Pipe(node, script) is { } pipe)
            {
                pipes.Add(pipe);
            }
        }

        return _settings.Config with { Pipes = pipes.ToEquatableArray() };
    }

    private NotifyPipe? Pipe(ConfigNode node, ConfigNode? script)
    {
        CommandBinder commands = new(context);
        string path = node.Value;
        UserFacts owner = new("", context.Facts.UserId, context.Facts.GroupId);
        bool isUserGood = true;
        if (node.Words.Count > 2)
        {
            UserFacts? user = commands.User(node.Words, 2);
            isUserGood = user is not null;
            owner = user ?? owner;
        }

        CommandLine? command = script is null ? null : commands.Notify(script);
        return IsGoodPath(node) && isUserGood && (script is null || command is not null) ? new NotifyPipe(path, owner.UserId, owner.GroupId) { Script = command } : null;
    }

    private bool IsGoodPath(ConfigNode node)
    {
        string path = node.Value;
        string? reason = null;
        if (!path.StartsWith('/') || path.EndsWith('/') || path.Contains('\0'))
        {
            reason = "is not the absolute path of a file";
        }
        else
        {
            string folder = path[..Math.Max(1, path.LastIndexOf('/'))];
            string? resolved = new ScriptPath(context.Facts).Resolve(folder);
            reason = (resolved is null ? null : context.Facts.Inspect(resolved)?.Kind) != FileKind.Folder
                ? $"cannot be made: {folder} is not a directory"
                : context.Facts.Inspect(path)?.Kind switch
                {
                    FileKind.Regular => "is a regular file, not a named pipe",
                    FileKind.Folder => "is a directory, not a named pipe",
                    FileKind.SymbolicLink => "is a symbolic link, not a named pipe",
                    _ => null,
                };
        }

        if (reason is not null)
        {
            context.Diagnostics.Add(DiagnosticCodes.NamedPipeBad, node.ValueSpan, $"{node.Name}: {path} {reason}", "remove what is there: FenceFirst makes the pipe");
        }

        return reason is null;
    }
}
