using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;

namespace FenceFirst.Core.Vrrp;

/// <content>After another master has yielded to this one (reassert), and changes of the priority that are told of.</content>
public ref partial struct VrrpMachine
{
    /// <summary>Another master is heard: it has yielded when it is silent for as long as it takes to lose a master.</summary>
    private void NoteConflict(InternetAddress source)
    {
        if (_config.IsReasserting)
        {
            _state.ConflictWith = source;
            _state.ConflictUntil = _now + OwnMasterDownInterval;
        }
    }

    /// <summary>
    /// What the other one did outside of VRRP when it became master (an address moved in a cloud, a route in a router) is still as it left it:
    /// the addresses are announced and notify_master runs once more. While Raise is under way it will run anyway.
    /// </summary>
    private void ConflictWon()
    {
        _state.ConflictUntil = MonotonicInstant.Never;
        if (_state.Phase != VrrpPhase.Master || _state.Transition == Transition.Raise)
        {
            return;
        }

        Record(new TimelineEntry { Kind = TimelineKind.ConflictWon, Address = _state.ConflictWith });
        Walk(Transition.Reassert);
    }

    private readonly void NotifyPriority()
    {
        if (!_config.IsPriorityNotified || !_node.IsStarted)
        {
            return;
        }

        switch (_state.Phase)
        {
            case VrrpPhase.Master:
                Notify(Notification.MasterPriority);
                break;
            case VrrpPhase.Backup:
            case VrrpPhase.Promoting:
                Notify(Notification.BackupPriority);
                break;
            case VrrpPhase.Initialize:
            case VrrpPhase.Demoting:
            case VrrpPhase.Fault:
                break;
        }
    }
}
