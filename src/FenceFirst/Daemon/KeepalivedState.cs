using FenceFirst.Core.Vrrp;

namespace FenceFirst.Daemon;

/// <summary>The states that keepalived knows, with its numbers; for everything that was written to read keepalived.</summary>
internal static class KeepalivedState
{
    /// <summary>INIT.</summary>
    public const int Init = 0;

    /// <summary>BACKUP.</summary>
    public const int Backup = 1;

    /// <summary>MASTER.</summary>
    public const int Master = 2;

    /// <summary>FAULT.</summary>
    public const int Fault = 3;

    /// <summary>A candidate holds nothing and is a backup; who still removes its addresses is a master, as its notify scripts have been told.</summary>
    public static int Of(VrrpPhase phase) => phase switch
    {
        VrrpPhase.Initialize => Init,
        VrrpPhase.Backup or VrrpPhase.Promoting => Backup,
        VrrpPhase.Master or VrrpPhase.Demoting => Master,
        VrrpPhase.Fault => Fault,
    };

    /// <summary>The state that the instance is on its way to.</summary>
    public static int WantedOf(VrrpPhase phase) => phase switch
    {
        VrrpPhase.Promoting => Master,
        VrrpPhase.Demoting => Backup,
        _ => Of(phase),
    };

    /// <summary>A state in keepalived's capitals.</summary>
    public static string NameOf(int state) => state switch
    {
        Init => "INIT",
        Backup => "BACKUP",
        Master => "MASTER",
        _ => "FAULT",
    };
}
