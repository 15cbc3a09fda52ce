using FenceFirst.Core;
using FenceFirst.Core.Node;

namespace FenceFirst.Daemon;

/// <summary>How long the instances are held after the start of the daemon: for switches that take a while, and databases that have to come up first (keepalived).</summary>
internal static class StartDelay
{
    /// <summary>The later of vrrp_startup_delay from now and vrrp_delay_after_boot from the boot, which is the origin of the clock; now without either.</summary>
    public static MonotonicInstant Until(ProcessConfig process, MonotonicInstant now) =>
        MonotonicInstant.Later(now + process.StartupDelay, MonotonicInstant.Zero + process.DelayAfterBoot);
}
