using System.Globalization;
using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Tracking;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Daemon.Dumps;

/// <summary>keepalived.data: settings and state for people, in the words and the indentation that scripts have learned to look for (keepalived: vrrp_print.c).</summary>
/// <remarks>What FenceFirst does not have is left out: buffer sizes, SNMP, processes of keepalived's own. Passwords are written as asterisks.</remarks>
internal sealed class StateDump(DumpSource source)
{
    private readonly StringBuilder _text = new();

    /// <summary>The dump as UTF-8.</summary>
    public static byte[] Write(DumpSource source)
    {
        StateDump dump = new(source);
        dump.WriteGlobals();
        dump.WriteInstances();
        dump.WriteScripts();
        dump.WriteFiles();
        dump.WriteProcesses();
        dump.WriteLinks();
        return Encoding.UTF8.GetBytes(dump._text.ToString());
    }

    private void WriteGlobals()
    {
        Line("------< Global definitions >------");
        Line($" Router ID = {source.Config.RouterId}");
        Line($" VRRP process priority = {source.Config.Process.Nice}");
        Line($" VRRP don't swap = {(source.Config.Process.IsMemoryLocked ? "true" : "false")}");
        Line($" VRRP realtime priority = {source.Config.Process.RealTimePriority}");
        Line($" Script security {(source.Config.Process.IsScriptSecurityEnabled ? "enabled" : "disabled")}");
    }

    private void WriteInstances()
    {
        Line("------< VRRP Topology >------");
        for (int i = 0; i < source.Config.Instances.Count; i++)
        {
            VrrpConfig config = source.Config.Instances[i];
            Line($" VRRP Instance = {config.Name}");
            Line($"   VRRP Version = {config.Version}");
            if (config.IsIPv6)
            {
                Line("   Using Native IPv6");
            }

            WriteState(config, source.State.Instances[i]);
            WriteSettings(config, source.State.Instances[i]);
            WriteHeld(i);
            WriteTrackers(config);
            WriteNotify(config.Notify);
        }
    }

    private void WriteGroups()
    {
        if (source.Config.Groups.IsEmpty)
        {
            return;
        }

        Line("------< VRRP Sync groups >------");
        for (int i = 0; i < source.Config.Groups.Count; i++)
        {
            SyncGroupConfig group = source.Config.Groups[i];
            Line($" VRRP Sync Group = {group.Name}, {(source.State.Groups[i].Told is { } told ? Notifications.Word(told) : "INIT")}");
            Line($"   VRRP member instances = {group.Members.Count}");
            foreach (int member in group.Members)
            {
                Line($"     {source.Config.Instances[member].Name}");
            }

            WriteNotify(group.Notify);
        }
    }

    private void WriteState(VrrpConfig config, in VrrpState state)
    {
        Line($"   State = {KeepalivedState.NameOf(KeepalivedState.Of(state.Phase))}");
        Line($"   Wantstate = {KeepalivedState.NameOf(KeepalivedState.WantedOf(state.Phase))}");
        Line($"   Last transition = {Time(source.Times.StateSince(config.Name))}");
        TimeSpan down = VrrpTimers.MasterDown(config.Version, state.Priority, state.MasterAdvertInterval, config.DownTimerAdverts);
        Line($"   Master down timer = {down.Ticks / 10} usecs");
        if (config.Link >= 0)
        {
            Line($"   Interface = {source.NameOf(config.Link)}");
        }

        Line($"   Using src_ip = {Or(state.Source)}");
        if (!config.IsUnicast)
        {
            Line($"   Multicast address {config.Group}");
        }

        if (!state.Master.IsNone && KeepalivedState.Of(state.Phase) == KeepalivedState.Backup)
        {
            Line($"   Master router = {state.Master}");
            Line($"   Master priority = {state.MasterPriority}");
        }
    }

    private void WriteSettings(VrrpConfig config, in VrrpState state)
    {
        GratuitousSchedule schedule = config.Gratuitous;
        Line($"   Gratuitous ARP delay = {(long)schedule.MasterDelay.TotalSeconds}");
        Line($"   Gratuitous ARP repeat = {schedule.MasterRepeat}");
        Line($"   Gratuitous ARP refresh = {(long)schedule.Refresh.TotalSeconds}");
        Line($"   Gratuitous ARP refresh repeat = {schedule.RefreshRepeat}");
        Line($"   Gratuitous ARP lower priority delay = {(long)schedule.LowerPriorityDelay.TotalSeconds}");
        Line($"   Gratuitous ARP lower priority repeat = {schedule.LowerPriorityRepeat}");
        Line($"   Down timer adverts = {config.DownTimerAdverts}");
        Line($"   Send advert after receive lower priority advert = {(config.IsLowerPriorityUnanswered ? "false" : "true")}");
        Line($"   Send advert after receive higher priority advert = {(config.IsHigherPriorityAnswered ? "true" : "false")}");
        Line($"   Virtual Router ID = {config.Vrid}");
        Line($"   Priority = {config.BasePriority}");
        Line($"   Effective priority = {state.Priority}");
        Line(config.Version == 2 ? $"   Advert interval = {(long)config.AdvertInterval.TotalSeconds} sec" : $"   Advert interval = {(long)config.AdvertInterval.TotalMilliseconds} milli-sec");
        if (config.Version == 3 && !state.Master.IsNone && state.MasterAdvertInterval != config.AdvertInterval)
        {
            Line($"   Master advert interval = {(long)state.MasterAdvertInterval.TotalMilliseconds} milli-sec");
        }

        Line($"   Accept = {(config.IsFiltered ? "disabled" : "enabled")}");
        Line($"   Preempt = {(config.IsPreempt ? "enabled" : "disabled")}");
        if (config.PreemptDelay > TimeSpan.Zero)
        {
            Line(FormattableString.Invariant($"   Preempt delay = {config.PreemptDelay.TotalSeconds:0.######} secs"));
        }

        if (config.Version == 2)
        {
            Line($"   Authentication type = {(config.Authentication == AuthenticationType.None ? "none" : "SIMPLE_PASSWORD")}");
            if (config.Authentication != AuthenticationType.None)
            {
                Line("   Password = ********");
            }
        }
    }

    private void WriteHeld(int index)
    {
        VrrpConfig config = source.Config.Instances[index];
        bool isSet = source.HasAddresses(index);
        if (config.UnicastPeers.Count > 0)
        {
            Line("   Unicast Peer :");
            foreach (UnicastPeer peer in config.UnicastPeers)
            {
                Line($"     {peer.Address}");
            }
        }

        Line($"   Virtual IP ({config.Addresses.Count}):");
        foreach (VirtualAddress address in config.Addresses)
        {
            Line($"     {source.Describe(address, isSet)}");
        }

        List("   Virtual IP Excluded :", config.ExcludedAddresses.Span.ToArray().Select(address => source.Describe(address, isSet)));
        List("   Virtual Routes :", config.Routes.Span.ToArray().Select(source.Describe));
        List("   Virtual Rules :", config.Rules.Span.ToArray().Select(DumpSource.Describe));
    }

    private void WriteTrackers(VrrpConfig config)
    {
        List("   Tracked interfaces :", config.TrackLinks.Span.ToArray().Where(each => each.Index != config.Link || each.Weight != 0).Select(each => source.NameOf(each.Index) + Weight(each)));
        List("   Tracked scripts :", config.TrackScripts.Span.ToArray().Select(each => source.Config.Scripts[each.Index].Name + Weight(each)));
        List("   Tracked files :", config.TrackFiles.Span.ToArray().Select(each => $"{source.Config.Files[each.Index].Name},{Weight(each)}"));
        List("   Tracked processes :", config.TrackProcesses.Span.ToArray().Select(each => source.Config.Processes[each.Index].Name + Weight(each)));
    }

    private void WriteNotify(NotifyScripts scripts)
    {
        Line($"   Notify deleted = {(scripts.IsDeletedTold ? "Deleted" : "Fault")}");
        Script("Backup state", scripts.Backup);
        Script("Master state", scripts.Master);
        Script("Fault state", scripts.Fault);
        Script("Stop state", scripts.Stop);
        Script("Generic state", scripts.Any);
        Script("Master rx lower pri", scripts.MasterHeardLower);

        void Script(string what, CommandLine? command)
        {
            if (command is not null)
            {
                string kind = what.EndsWith("state", StringComparison.Ordinal) ? " transition script" : " script";
                Line($"   {what}{kind} = {DumpSource.Quoted(command)}, uid:gid {command.UserId}:{command.GroupId}");
            }
        }
    }

    private void WriteScripts()
    {
        if (source.Config.Scripts.Count > 0)
        {
            Line("------< VRRP Scripts >------");
        }

        for (int i = 0; i < source.Config.Scripts.Count; i++)
        {
            ScriptTracker script = source.Config.Scripts[i];
            ref readonly ScriptState state = ref source.State.Scripts[i];
            Line($" VRRP Script = {script.Name}");
            Line($"   Command = {DumpSource.Quoted(script.Command)}");
            Line(FormattableString.Invariant($"   Interval = {script.Interval.TotalSeconds:0.###} sec"));
            Line(FormattableString.Invariant($"   Timeout = {script.Timeout.TotalSeconds:0.###} sec"));
            Line($"   Rise = {script.Rise}");
            Line($"   Fall = {script.Fall}");
            Line($"   Result = {state.Result}");
            Line($"   Status = {(!state.IsKnown ? "INIT" : state.IsGood ? "GOOD" : "BAD")}");
            Line($"   Script uid:gid = {script.Command.UserId}:{script.Command.GroupId}");
            int index = i;
            Tracking(config => config.TrackScripts, index);
            Line($"   State = {(state.IsTimedOut ? "timed out" : state.Attempt != 0 ? "running" : "idle")}");
        }
    }

    private void WriteFiles()
    {
        if (source.Config.Files.Count > 0)
        {
            Line("------< VRRP Track files >------");
        }

        for (int i = 0; i < source.Config.Files.Count; i++)
        {
            Line($" Track file = {source.Config.Files[i].Name}");
            Line($"   File = {source.Config.Files[i].Path}");
            Line($"   Status = {source.State.Files[i]}");
            Tracking(config => config.TrackFiles, i);
        }
    }

    private void WriteProcesses()
    {
        if (source.Config.Processes.Count > 0)
        {
            Line("------< VRRP Track processes >------");
        }

        for (int i = 0; i < source.Config.Processes.Count; i++)
        {
            ProcessTracker tracker = source.Config.Processes[i];
            Line($" VRRP Track process = {tracker.Name}");
            Line($"   Process = {tracker.Process}");
            Line($"   Min processes = {tracker.Quorum}");
            if (tracker.QuorumMax < int.MaxValue)
            {
                Line($"   Max processes = {tracker.QuorumMax}");
            }

            Line($"   Current processes = {source.State.Processes[i].Count}");
            Line($"   Have quorum = {(source.State.Processes[i].IsGood ? "true" : "false")}");
            Tracking(config => config.TrackProcesses, i);
        }
    }

    private void WriteLinks()
    {
        Line("------< Interfaces >------");
        for (int i = 0; i < source.Config.Links.Count; i++)
        {
            (int index, bool isUp, string mac) = source.Links.Look(i);
            Line($" Name = {source.Config.Links[i]}");
            Line($"   index = {index}");
            Line($"   IPv4 address = {Or(source.Links.FirstAddress(i, isIPv6: false))}");
            Line($"   IPv6 address = {Or(source.Links.FirstAddress(i, isIPv6: true))}");
            Line($"   MAC = {mac}");
            Line($"   State = {(index == 0 ? "deleted" : isUp ? "UP, RUNNING" : "not UP or not RUNNING")}");
            Tracking(config => config.TrackLinks, i);
        }
    }

    private void Tracking(Func<VrrpConfig, EquatableArray<TrackReference>> select, int index)
    {
        List(
            "   Tracking instances :",
            source.Config.Instances.Span.ToArray().SelectMany(config => select(config).Span.ToArray().Where(each => each.Index == index).Select(each => $"{config.Name},{Weight(each)}")));
    }

    private void List(string heading, IEnumerable<string> lines)
    {
        bool isFirst = true;
        foreach (string line in lines)
        {
            if (isFirst)
            {
                Line(heading);
                isFirst = false;
            }

            Line($"     {line}");
        }
    }

    private void Line(string text) => _text.Append(text).Append('\n');

    private static string Weight(TrackReference each) => $" weight {each.Weight}{(each.IsReversed ? " reverse" : "")}";

    private static string Or(InternetAddress address) => address.IsNone ? "(none)" : address.ToString();

    private static string Time(DateTimeOffset instant) =>
        FormattableString.Invariant($"{DumpSource.Seconds(instant):0.000000} (") + instant.ToLocalTime().ToString("ddd MMM d HH:mm:ss.ffffff yyyy", CultureInfo.InvariantCulture) + ")";
}
