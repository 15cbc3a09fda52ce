using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config;

/// <content>How scripts and named pipes are told, apart from the scripts of each state.</content>
internal sealed partial class InstanceBinder
{
    private readonly List<ConfigNode> _trackFileNodes = [];
    private readonly List<ConfigNode> _trackProcessNodes = [];

    /// <summary>What global_defs says holds unless the instance says otherwise.</summary>
    private void InheritNotify()
    {
        NotifySettings globals = context.Globals.Notify;
        _config = _config with { IsPriorityNotified = globals.IsPriorityNotified, Notify = _config.Notify with { IsParallel = globals.IsParallel } };
    }

    private bool TryNotify(ConfigNode node)
    {
        switch (node.Name)
        {
            case "notify_deleted":
                NotifyScripts notify = _config.Notify with { IsDeletedTold = true };
                _config = _config with { Notify = notify.Deleted is null ? notify with { Deleted = _commands.Notify(node) } : notify };
                return true;
            case "notify_priority_changes":
                _config = _values.TryBoolean(node, out bool isNotified) ? _config with { IsPriorityNotified = isNotified } : _config;
                return true;
            case "notify_parallel":
                _config = _values.TryBoolean(node, out bool isParallel) ? _config with { Notify = _config.Notify with { IsParallel = isParallel } } : _config;
                return true;
            case "reassert":
                _config = _values.TryBoolean(node, out bool isReasserting) ? _config with { IsReasserting = isReasserting } : _config;
                return true;
            default:
                return false;
        }
    }

    private void CompleteTrackers() => _config = _config with
    {
        TrackFiles = context.Trackers.FilesOf(_trackFileNodes),
        TrackProcesses = context.Trackers.ProcessesOf(_trackProcessNodes),
    };
}
