using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Records;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Daemon.Operator;

/// <summary>The answer to a request that changes something.</summary>
/// <param name="IsGood">Whether it was done, or has begun.</param>
/// <param name="Text">In words.</param>
/// <param name="Operation">What goes on; null = nothing does.</param>
internal sealed record ActionAnswer(bool IsGood, string Text, Operation? Operation = null);

/// <summary>Does what an operator asks for. Whatever changes something is logged and journaled with the caller first, also when it is then refused.</summary>
internal sealed class OperatorActions(EventLoop loop, EffectRunner runner, LogWriter log)
{
    private static readonly TimeSpan DefaultWithin = TimeSpan.FromSeconds(60);

    /// <summary>Carries out a request.</summary>
    public ActionAnswer Carry(ControlRequest request, SocketPeer peer)
    {
        int index = -1;
        if (request.Instance.Length > 0)
        {
            index = IndexOf(request.Instance);
            if (index < 0)
            {
                return new ActionAnswer(false, Unknown(request.Instance));
            }
        }

        return request.Verb switch
        {
            ControlVerb.Retry => Retry(index, peer),
            ControlVerb.Confirm => Confirm(index, request.Target, peer),
            ControlVerb.Handover => Handover(index, request.Seconds == 0 ? DefaultWithin : TimeSpan.FromSeconds(request.Seconds), peer),
            ControlVerb.Maintenance => Maintenance(index, request, peer),
            ControlVerb.FenceTest => FenceTest(request, peer),
            ControlVerb.Reload => Reload(request.IsDryRun, peer),
            ControlVerb.Status or ControlVerb.Operation => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>Index of the instance with a name; -1 = there is none.</summary>
    public int IndexOf(string name)
    {
        for (int i = 0; i < loop.Config.Instances.Count; i++)
        {
            if (loop.Config.Instances[i].Name == name)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Says that there is no instance of a name, and which there are.</summary>
    public string Unknown(string name)
    {
        const int namesMax = 20;
        int count = loop.Config.Instances.Count;
        string known = count == 0 ? "none at all" : string.Join(", ", loop.Config.Instances.Take(namesMax).Select(each => each.Name));
        return $"there is no instance of that name ({ControlRequest.Short(name)}); there {(count < 2 ? "is" : "are")} {known}{(count > namesMax ? ", ..." : "")}";
    }

    private ActionAnswer Retry(int index, SocketPeer peer)
    {
        string name = loop.Config.Instances[index].Name;
        Record(name, $"retry {name}", peer);
        loop.Deliver(NodeEvent.OperatorRetry(index));
        bool isHeldBack = loop.Now < loop.State.Instances[index].MaintenanceUntil;
        return new ActionAnswer(true, $"{name}: no pause is kept any more{(isHeldBack ? ", but maintenance is on, so no promotion starts" : "")}; it is {loop.State.Instances[index].Phase} now");
    }

    private ActionAnswer Confirm(int index, InternetAddress target, SocketPeer peer)
    {
        VrrpConfig instance = loop.Config.Instances[index];
        Record(instance.Name, $"confirm {instance.Name} --target {target} --i-have-checked", peer);
        ConfirmVerdict verdict = OperatorRules.JudgeConfirm(loop.Config, loop.State, index, target, loop.Now);
        loop.Deliver(NodeEvent.OperatorConfirmed(index, target));
        IReadOnlyList<InternetAddress> missing = OperatorRules.StillToConfirm(loop.Config, loop.State, index, target);
        string worth = missing.Count == 0
            ? $"the fence of {target} counts as succeeded in this one promotion"
            : $"{target} counts as down in this one promotion; its fence does too when the same is said of {string.Join(" and ", missing)}, and is tried until then";
        return verdict == ConfirmVerdict.Accepted
            ? new ActionAnswer(true, $"{instance.Name}: {worth}; every other step still runs; it is {loop.State.Instances[index].Phase} now")
            : new ActionAnswer(false, $"{instance.Name}: refused: {TimelineText.Refusal(instance, target, verdict)}");
    }

    private ActionAnswer Handover(int index, TimeSpan within, SocketPeer peer)
    {
        string name = loop.Config.Instances[index].Name;
        Record(name, $"handover {name} --within {within.TotalSeconds:0}s", peer);
        HandoverVerdict verdict = OperatorRules.JudgeHandover(loop.Config, loop.State, index);
        if (verdict != HandoverVerdict.Accepted)
        {
            loop.Deliver(NodeEvent.OperatorHandover(index, within));
            return new ActionAnswer(false, $"{name}: refused: {TimelineText.Refusal(verdict)}");
        }

        // Its first words come with the event, so it has to be there before.
        Operation operation = loop.Operations.Begin("handover", name, loop.Now);
        operation.Report("leaving Master in order");
        if (loop.Now < loop.State.Instances[index].MaintenanceUntil)
        {
            operation.Add("maintenance is on here: if nobody takes over, this node does not either before it ends");
        }

        loop.Deliver(NodeEvent.OperatorHandover(index, within));
        return new ActionAnswer(true, $"{name}: the handover has begun; what has begun is not undone when you stop waiting", operation);
    }

    private ActionAnswer Maintenance(int index, ControlRequest request, SocketPeer peer)
    {
        string name = index < 0 ? "" : loop.Config.Instances[index].Name;
        string words = $"maintenance {(request.IsOn ? "on" : "off")}{(request.Seconds == 0 ? "" : $" --for {request.Seconds}s")}{(index < 0 ? "" : " " + name)}";
        Record(name, words, peer);
        MonotonicInstant until = !request.IsOn ? MonotonicInstant.Zero : request.Seconds == 0 ? MonotonicInstant.Never : loop.Now + TimeSpan.FromSeconds(request.Seconds);
        bool wasOn = IsAnyInMaintenance(index);
        loop.Deliver(NodeEvent.MaintenanceChanged(index, until));
        string who = index < 0 ? "maintenance of every instance" : $"maintenance of {name}";
        if (!request.IsOn)
        {
            return new ActionAnswer(true, wasOn ? $"{who} has ended: promotions start and trackers count again" : $"{who} was not on");
        }

        string end = request.Seconds == 0 ? "until 'fencefirst maintenance off'" : $"for {TimelineText.Duration(TimeSpan.FromSeconds(request.Seconds))}";
        return new ActionAnswer(true, $"{who} is on {end}: no promotion starts, trackers demote nobody, and a master keeps its addresses");
    }

    private bool IsAnyInMaintenance(int index)
    {
        for (int i = 0; i < loop.State.Instances.Length; i++)
        {
            if ((index < 0 || index == i) && loop.Now < loop.State.Instances[i].MaintenanceUntil)
            {
                return true;
            }
        }

        return false;
    }

    private ActionAnswer FenceTest(ControlRequest request, SocketPeer peer)
    {
        Record("", $"fence-test {request.Device}{(request.IsStatusOnly ? " --status-only" : " --i-know-this-powers-off-the-target")}", peer);
        Operation? operation = runner.Checks.TryTest(request.Device, request.IsStatusOnly, out string problem);
        if (operation is null)
        {
            log.Write(TimelineLevel.Warning, $"fence-test refused: {problem}");
            return new ActionAnswer(false, $"refused: {problem}");
        }

        return new ActionAnswer(true, $"fence_device {request.Device}: the {(request.IsStatusOnly ? "question" : "test")} has begun", operation);
    }

    private ActionAnswer Reload(bool isDryRun, SocketPeer peer)
    {
        Record("", isDryRun ? "reload --dry-run" : "reload", peer);
        Operation? operation = loop.Reload.Request(isDryRun, out string problem);
        return operation is null ? new ActionAnswer(false, problem) : new ActionAnswer(true, "the file is being read", operation);
    }

    private void Record(string instance, string words, SocketPeer peer)
    {
        string name = UserNames.Of(peer.UserId);
        string who = name.Length == 0 ? $"user {peer.UserId}" : $"{name} (user {peer.UserId})";
        string text = $"{(instance.Length == 0 ? "" : $"({instance}) ")}operator: {who}, process {peer.ProcessId}, asks: {words}";
        log.Write(TimelineLevel.Notice, instance, "Operator", text);
        log.Write(new JournalEntry(MonotonicClock.WallNow, MonotonicClock.Now, instance, "Operator", text, User: peer.UserId, UserName: name));
    }
}

/// <summary>Names of users, from /etc/passwd.</summary>
internal static class UserNames
{
    /// <summary>The name of a user; empty when the file does not have it, as with users of a directory service.</summary>
    public static string Of(uint userId)
    {
        try
        {
            foreach (string line in File.ReadLines("/etc/passwd"))
            {
                string[] fields = line.Split(':');
                if (fields.Length > 2 && uint.TryParse(fields[2], out uint user) && user == userId)
                {
                    return fields[0];
                }
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The number says it as well.
        }

        return "";
    }
}
