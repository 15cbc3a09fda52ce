using FenceFirst.Config.Syntax;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <content>How scripts and named pipes are told, apart from the scripts of each state.</content>
internal sealed partial class InstanceBinder
{
    private List<ConfigNode> _trackFileNodes = NoNodes;
    private List<ConfigNode> _trackProcessNodes = NoNodes;

    /// <summary>What global_defs says holds unless the instance says otherwise.</summary>
    private void InheritNotify()
    {
        NotifySettings globals = context.Globals.Notify;
        _config.IsPriorityNotified = globals.IsPriorityNotified;
        bool isMailed = context.Globals.Mail.IsMailed;
        _config.Notify = globals.IsParallel || isMailed ? _config.Notify with { IsParallel = globals.IsParallel, IsMailed = isMailed } : _config.Notify;
    }

    private bool TryNotify(ConfigNode node)
    {
        switch (node.Name)
        {
            case "notify_deleted":
                NotifyScripts notify = _config.Notify with { IsDeletedTold = true };
                _config.Notify = notify.Deleted is null ? notify with { Deleted = _commands.Notify(node) } : notify;
                return true;
            case "notify_priority_changes":
                _config.IsPriorityNotified = _values.TryBoolean(node, out bool isNotified) ? isNotified : _config.IsPriorityNotified;
                return true;
            case "notify_parallel":
                _config.Notify = _values.TryBoolean(node, out bool isParallel) ? _config.Notify with { IsParallel = isParallel } : _config.Notify;
                return true;
            case "smtp_alert":
                _config.Notify = _values.TryBoolean(node, out bool isMailed) ? _config.Notify with { IsMailed = isMailed } : _config.Notify;
                return true;
            case "reassert":
                _config.IsReasserting = _values.TryBoolean(node, out bool isReasserting) ? isReasserting : _config.IsReasserting;
                return true;
            default:
                return false;
        }
    }

    private void CompleteTrackers()
    {
        _config.TrackFiles = context.Trackers.FilesOf(_trackFileNodes);
        _config.TrackProcesses = context.Trackers.ProcessesOf(_trackProcessNodes);
    }
}
