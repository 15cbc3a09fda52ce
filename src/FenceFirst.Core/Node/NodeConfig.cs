using FenceFirst.Core.Promotion;
using FenceFirst.Core.Tracking;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <summary>Everything one daemon is configured to do.</summary>
public sealed record NodeConfig
{
    /// <summary>Name of this node in messages; default the host name (router_id).</summary>
    public string RouterId { get; init; } = "";

    /// <summary>How the names of use_vmac interfaces begin that the configuration does not name; default "vrrp" (vmac_prefix).</summary>
    public string VmacPrefix { get; init; } = "vrrp";

    /// <summary>The same for single addresses; default <see cref="VmacPrefix"/> (vmac_addr_prefix).</summary>
    public string VmacAddressPrefix { get; init; } = "vrrp";

    /// <summary>Names of all interfaces that anything refers to; other records hold indexes into this list.</summary>
    public EquatableArray<string> Links { get; init; }

    /// <summary>Check scripts, in file order (vrrp_script).</summary>
    public EquatableArray<ScriptTracker> Scripts { get; init; }

    /// <summary>Tracked files, in file order (track_file).</summary>
    public EquatableArray<FileTracker> Files { get; init; }

    /// <summary>Tracked processes, in file order (vrrp_track_process).</summary>
    public EquatableArray<ProcessTracker> Processes { get; init; }

    /// <summary>Interfaces that are debounced (interface_up_down_delays).</summary>
    public EquatableArray<LinkDelay> LinkDelays { get; init; }

    /// <summary>Interfaces that are polled (linkbeat_interfaces, linkbeat_use_polling).</summary>
    public EquatableArray<LinkPoll> PolledLinks { get; init; }

    /// <summary>Virtual routers, in file order (vrrp_instance).</summary>
    public EquatableArray<VrrpConfig> Instances { get; init; }

    /// <summary>Instances that change state together, in file order (vrrp_sync_group).</summary>
    public EquatableArray<SyncGroupConfig> Groups { get; init; }

    /// <summary>Every fence_device, in file order, whether a promotion uses it or not.</summary>
    public EquatableArray<FenceDeviceConfig> FenceDevices { get; init; }

    /// <summary>Addresses held as long as the daemon runs (static_ipaddress).</summary>
    public EquatableArray<VirtualAddress> StaticAddresses { get; init; }

    /// <summary>Routes held as long as the daemon runs (static_routes).</summary>
    public EquatableArray<VirtualRoute> StaticRoutes { get; init; }

    /// <summary>Rules held as long as the daemon runs (static_rules).</summary>
    public EquatableArray<VirtualRule> StaticRules { get; init; }

    /// <summary>The watchdog device; absent = none (watchdog).</summary>
    public WatchdogConfig? Watchdog { get; init; }

    /// <summary>What concerns the process rather than one instance.</summary>
    public ProcessConfig Process { get; init; } = new();

    /// <summary>Named pipes, and how long scripts may take.</summary>
    public NotifyConfig Notify { get; init; } = new();

    /// <summary>Where mails about changes go.</summary>
    public MailConfig Mail { get; init; } = new();

    /// <summary>Least time between announcements of addresses.</summary>
    public AnnouncementSpacing Spacing { get; init; } = new();

    /// <summary>The packet filter of no_accept.</summary>
    public FilterConfig Filter { get; init; } = new();

    /// <summary>Dumps that signals ask for.</summary>
    public DumpConfig Dump { get; init; } = new();

    /// <summary>Name of the sync group of an instance; empty = it is in none.</summary>
    public string GroupNameOf(VrrpConfig instance) => instance.SyncGroup < 0 ? "" : Groups[instance.SyncGroup].Name;

    /// <summary>The members of the sync group of an instance, in their order; the instance alone when it is in none.</summary>
    /// <param name="instance">Index of the instance.</param>
    public EquatableArray<int> Together(int instance) => Instances[instance].SyncGroup is >= 0 and int group ? Groups[group].Members : [instance];
}

/// <summary>How everybody is told of changes.</summary>
public sealed record NotifyConfig
{
    /// <summary>Named pipes that get every change as a line, in the order in which they are written to (notify_fifo, vrrp_notify_fifo).</summary>
    public EquatableArray<NotifyPipe> Pipes { get; init; }

    /// <summary>Whether the pipes get the present states after a reload; default false (fifo_write_vrrp_states_on_reload).</summary>
    public bool IsStateWrittenOnReload { get; init; }

    /// <summary>How long the scripts of a stop are awaited; 1..600 s, default 10 s; keepalived: 1 s (notify_stop_timeout, ours).</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a script may go on when the script of a newer state waits for it; 1..3600 s, default 60 s (notify_timeout, ours).</summary>
    public TimeSpan ScriptTimeout { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>A named pipe for changes of state (keepalived).</summary>
/// <param name="Path">Absolute path; made if there is nothing.</param>
/// <param name="UserId">Owner of a pipe that is made.</param>
/// <param name="GroupId">Group of a pipe that is made.</param>
public sealed record NotifyPipe(string Path, uint UserId, uint GroupId)
{
    /// <summary>A program that reads it, with the path as last argument; absent = somebody else does (notify_fifo_script).</summary>
    public CommandLine? Script { get; init; }
}

/// <summary>A fence_device by itself, as <c>fencefirst fence-test</c> and its monitoring see it.</summary>
/// <param name="Step">The fence that one use of it is in a promotion.</param>
public sealed record FenceDeviceConfig(PromotionStep Step)
{
    /// <summary>Name of the block.</summary>
    public string Name => Step.Name;

    /// <summary>How often its agent is asked for the status; whole seconds, zero = never, the default (monitor_interval).</summary>
    public TimeSpan MonitorInterval { get; init; }
}

/// <summary>A check script (keepalived). Exit status 0 within the bound is success, everything else is failure.</summary>
/// <param name="Name">Name of the vrrp_script block.</param>
/// <param name="Command">What is executed.</param>
public sealed record ScriptTracker(string Name, CommandLine Command)
{
    /// <summary>Start to start; 1 ms or more, default 1 s (interval).</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Bound on one run; default the interval (timeout).</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Successes in a row before it counts as good; default 1 (rise).</summary>
    public int Rise { get; init; } = 1;

    /// <summary>Failures in a row before it counts as bad; default 1 (fall).</summary>
    public int Fall { get; init; } = 1;

    /// <summary>Whether it counts as bad until it has succeeded <see cref="Rise"/> times (init_fail).</summary>
    public bool IsInitiallyFailed { get; init; }
}

/// <summary>What concerns the process rather than one instance.</summary>
public sealed record ProcessConfig
{
    /// <summary>SCHED_RR priority of the whole process, 1..99; 0 = normal scheduling, the default (vrrp_rt_priority).</summary>
    public int RealTimePriority { get; init; }

    /// <summary>Whether memory is locked (vrrp_no_swap); default false.</summary>
    public bool IsMemoryLocked { get; init; }

    /// <summary>Nice value -20..19 (vrrp_priority); default 0.</summary>
    public int Nice { get; init; }

    /// <summary>How long all instances are held after the start of the daemon; 0..4294 s, default 0 (vrrp_startup_delay).</summary>
    public TimeSpan StartupDelay { get; init; }

    /// <summary>How long after the boot of the machine all instances are held at the start of the daemon; 0..4294 s, default 0 (vrrp_delay_after_boot).</summary>
    public TimeSpan DelayAfterBoot { get; init; }

    /// <summary>Run before the daemon does anything; absent = nothing (startup_script).</summary>
    public CommandLine? StartupScript { get; init; }

    /// <summary>How long it is waited for; 1..1000 s, default 10 s (startup_script_timeout).</summary>
    public TimeSpan StartupTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Run after the daemon has let go of everything; absent = nothing (shutdown_script).</summary>
    public CommandLine? ShutdownScript { get; init; }

    /// <summary>How long it is waited for; 1..1000 s, default 10 s (shutdown_script_timeout).</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether adverts for unconfigured Vrids are logged (log_unknown_vrids).</summary>
    public bool IsUnknownVridLogged { get; init; }

    /// <summary>Whether insecure scripts are refused (enable_script_security).</summary>
    public bool IsScriptSecurityEnabled { get; init; }
}
