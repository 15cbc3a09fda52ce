using System.Globalization;
using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Tracking;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using FenceFirst.Daemon.Notify;
using FenceFirst.Linux.Network;

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
        dump.WriteGroups();
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
        MailConfig mail = source.Config.Mail;
        if (mail.Server.Length > 0)
        {
            Line($" Smtp server = {mail.Server}");
            Line($" Smtp server port = {mail.Port}");
            Line($" Smtp HELO name = {mail.HeloName}");
            Line($" Smtp server connection timeout = {(long)mail.ConnectTimeout.TotalSeconds}");
            Line($" Email notification from = {mail.Sender}");
            Line(" Email notification to:");
            foreach (string recipient in mail.Recipients)
            {
                Line($"   {recipient}");
            }
        }

        if (mail.IsFaultLeftOut)
        {
            Line(" Send emails for fault transitions = off");
        }

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
            if (config.SyncGroup >= 0)
            {
                Line($"   Sync group = {source.Config.Groups[config.SyncGroup].Name}");
            }

            if (config.IsIPv6)
            {
                Line("   Using Native IPv6");
            }

            WriteState(config, source.State.Instances[i]);
            WriteSettings(config, source.State.Instances[i]);
            WriteHeld(i);
            WriteTrackers(config);
            Line($"   Using smtp notification = {(config.Notify.IsMailed ? "yes" : "no")}");
            Line($"   Notify deleted = {(config.Notify.IsDeletedTold ? "Deleted" : "Fault")}");
            WriteNotify(config.Notify);
            Line($"   Notify priority changes = {(config.IsPriorityNotified ? "true" : "false")}");
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
            VrrpState[] members = [.. group.Members.Span.ToArray().Select(member => source.State.Instances[member])];
            Line($"   Num member fault {members.Count(member => (member.Faults & ~FaultCauses.Group) != FaultCauses.None)}, num member init {members.Count(member => member.IsAwaitingScripts)}");
            List("   VRRP member instances :", group.Members.Span.ToArray().Select(member => source.Config.Instances[member].Name));
            if (group.IsTrackingWeighted)
            {
                Line("   sync group tracking weight set");
            }

            Line($"   Using smtp notification = {(group.Notify.IsMailed ? "yes" : "no")}");
            if (group.IsPriorityNotified is { } isTold)
            {
                Line($"   Notify priority changes = {(isTold ? "yes" : "no")}");
            }

            List("   Tracked interfaces :", group.TrackLinks.Span.ToArray().Select(LinkTracker));
            List("   Tracked scripts :", group.TrackScripts.Span.ToArray().Select(ScriptTracker));
            List("   Tracked files :", group.TrackFiles.Span.ToArray().Select(FileTracker));

            // keepalived writes these as those of files: with a comma, and under a heading in the singular.
            List("   Tracked process :", group.TrackProcesses.Span.ToArray().Select(each => $"{source.Config.Processes[each.Index].Name},{Weight(each)}"));
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
        WriteInterface(config);

        if (config.IsStrict)
        {
            Line("   Enforcing strict VRRP compliance");
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

    private void WriteInterface(VrrpConfig config)
    {
        if (config.Vmac is not { } vmac)
        {
            if (config.Link >= 0)
            {
                Line($"   Interface = {source.NameOf(config.Link)}");
            }

            return;
        }

        string name = source.NameOf(vmac.Link);
        Line($"   Use VMAC, i/f name {name}, is_up = {(source.Links.Look(vmac.Link).IsUp ? "true" : "false")}, xmit_base = {(vmac.IsSending ? "false" : "true")}");
        if (vmac.IsMacGiven)
        {
            Line($"     MAC = {MacAddress.FromNumber(vmac.Mac)}");
        }

        Line($"   Interface = {name}, vmac on {source.NameOf(vmac.Lower)}{(vmac.IsSending ? "" : ", xmit base i/f")}");
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
        if (schedule.Extra > TimeSpan.Zero)
        {
            Line($"   Gratuitous ARP for each secondary {(schedule.IsExtraForAll ? "i/f" : "VMAC")} = {(long)schedule.Extra.TotalSeconds}");
        }

        Line($"   Send advert after receive lower priority advert = {(config.IsLowerPriorityUnanswered ? "false" : "true")}");
        Line($"   Send advert after receive higher priority advert = {(config.IsHigherPriorityAnswered ? "true" : "false")}");
        if (config.IsOwner)
        {
            Line($"   Address owner ignores received adverts = {(config.IsIgnoringAdverts ? "true" : "false")}");
        }

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

        Line($"   Promote_secondaries = {(config.IsPromotingSecondaries ? "enabled" : "disabled")}");
        if (config.Version == 2)
        {
            Line($"   Authentication type = {config.Authentication switch
            {
                AuthenticationType.None => "none",
                AuthenticationType.AuthenticationHeader => "IPSEC_AH",
                _ => "SIMPLE_PASSWORD",
            }}");
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
        Line($"   Virtual IP ({config.Addresses.Count}):");
        foreach (VirtualAddress address in config.Addresses)
        {
            Line($"     {source.Describe(address, isSet)}");
        }

        List("   Virtual IP Excluded :", config.ExcludedAddresses.Span.ToArray().Select(address => source.Describe(address, isSet)));
        List("   Unicast Peer :", config.UnicastPeers.Span.ToArray().Select(peer => $"{peer.Address} min_ttl {peer.MinTtl} max_ttl {peer.MaxTtl}"));
        List("   Virtual Routes :", config.Routes.Span.ToArray().Select(source.Describe));
        List("   Virtual Rules :", config.Rules.Span.ToArray().Select(DumpSource.Describe));
    }

    private void WriteTrackers(VrrpConfig config)
    {
        List("   Tracked interfaces :", config.TrackLinks.Span.ToArray().Where(each => !config.IsOwnLink(each.Index) || each.Weight != 0).Select(LinkTracker));
        List("   Tracked scripts :", config.TrackScripts.Span.ToArray().Select(ScriptTracker));
        List("   Tracked files :", config.TrackFiles.Span.ToArray().Select(FileTracker));
        List("   Tracked processes :", config.TrackProcesses.Span.ToArray().Select(each => $"{source.Config.Processes[each.Index].Name},{Weight(each)}"));
    }

    private void WriteNotify(NotifyScripts scripts)
    {
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
            Tracking(config => config.TrackLinks, i, "   Tracking VRRP instances :");
        }
    }

    private void Tracking(Func<VrrpConfig, EquatableArray<TrackReference>> select, int index, string heading = "   Tracking instances :")
    {
        List(
            heading,
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

    private string LinkTracker(TrackReference each) => source.NameOf(each.Index) + Weight(each);

    private string ScriptTracker(TrackReference each) => source.Config.Scripts[each.Index].Name + Weight(each);

    private string FileTracker(TrackReference each) => $"{source.Config.Files[each.Index].Name},{Weight(each)}";

    private static string Weight(TrackReference each) => $" weight {each.Weight}{(each.IsReversed ? " reverse" : "")}";

    private static string Or(InternetAddress address) => address.IsNone ? "(none)" : address.ToString();

    private static string Time(DateTimeOffset instant) =>
        FormattableString.Invariant($"{DumpSource.Seconds(instant):0.000000} (") + instant.ToLocalTime().ToString("ddd MMM d HH:mm:ss.ffffff yyyy", CultureInfo.InvariantCulture) + ")";
}
