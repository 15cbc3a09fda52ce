using FenceFirst.Core;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Config.Binding;

/// <summary>A <see cref="VrrpConfig"/> while it is put together, keyword by keyword; <see cref="ToConfig"/> then makes it once.</summary>
/// <remarks>The meaning, unit and default of each property is that of the property of the same name there.</remarks>
internal sealed class InstanceDraft(string name)
{
    private static readonly NotifyScripts NoNotify = new();
    private static readonly GratuitousSchedule NoGratuitous = new();

    public byte Vrid { get; set; } = 1;

    public byte Version { get; set; } = 2;

    public bool IsIPv6 { get; set; }

    public int Link { get; set; } = -1;

    public VirtualLink? Vmac { get; set; }

    public EquatableArray<VirtualLink> AddressVmacs { get; set; }

    public byte BasePriority { get; set; } = 100;

    public bool IsStateMaster { get; set; }

    public TimeSpan AdvertInterval { get; set; } = TimeSpan.FromSeconds(1);

    public bool IsPreempt { get; set; } = true;

    public TimeSpan PreemptDelay { get; set; }

    public int DownTimerAdverts { get; set; } = 3;

    public EquatableArray<VirtualAddress> Addresses { get; set; }

    public int LeaseSeconds { get; set; }

    public EquatableArray<VirtualAddress> ExcludedAddresses { get; set; }

    public EquatableArray<VirtualRoute> Routes { get; set; }

    public EquatableArray<VirtualRule> Rules { get; set; }

    public AuthenticationType Authentication { get; set; }

    public EquatableArray<byte> Password { get; set; }

    public HmacAuthentication? Hmac { get; set; }

    public EquatableArray<UnicastPeer> UnicastPeers { get; set; }

    public bool IsUnicast { get; set; }

    public InternetAddress Source { get; set; }

    public bool IsSourceTracked { get; set; }

    public InternetAddress Group { get; set; }

    public int UnicastTtl { get; set; } = -1;

    public bool IsUnicastSourceChecked { get; set; }

    public bool IsAddressCheckSkipped { get; set; }

    public bool IsChecksumAsV2 { get; set; }

    public GratuitousSchedule Gratuitous { get; set; } = NoGratuitous;

    public bool IsLowerPriorityUnanswered { get; set; }

    public bool IsStrict { get; set; }

    public OldChecksum OldChecksum { get; set; }

    public bool IsPromotingSecondaries { get; set; }

    public bool IsIgnoringAdverts { get; set; }

    public bool IsHigherPriorityAnswered { get; set; }

    public EquatableArray<TrackReference> TrackScripts { get; set; }

    public EquatableArray<TrackReference> TrackLinks { get; set; }

    public EquatableArray<TrackReference> TrackFiles { get; set; }

    public EquatableArray<TrackReference> TrackProcesses { get; set; }

    public bool IsPriorityNotified { get; set; }

    public bool IsReasserting { get; set; }

    public NotifyScripts Notify { get; set; } = NoNotify;

    public int SyncGroup { get; set; } = -1;

    public PromotionPlan? Promotion { get; set; }

    public DemotionPlan? Demotion { get; set; }

    public bool IsAccepting { get; set; } = true;

    /// <inheritdoc cref="VrrpConfig.IsOwnLink"/>
    public bool IsOwnLink(int link) => link == Link || (Vmac is not null && link == Vmac.Link);

    /// <inheritdoc cref="VrrpConfig.IsOwner"/>
    public bool IsOwner => BasePriority == 255;

    /// <summary>The instance as it is now.</summary>
    public VrrpConfig ToConfig() => new()
    {
        Name = name,
        Vrid = Vrid,
        Version = Version,
        IsIPv6 = IsIPv6,
        Link = Link,
        Vmac = Vmac,
        AddressVmacs = AddressVmacs,
        BasePriority = BasePriority,
        IsStateMaster = IsStateMaster,
        AdvertInterval = AdvertInterval,
        IsPreempt = IsPreempt,
        PreemptDelay = PreemptDelay,
        DownTimerAdverts = DownTimerAdverts,
        Addresses = Addresses,
        LeaseSeconds = LeaseSeconds,
        ExcludedAddresses = ExcludedAddresses,
        Routes = Routes,
        Rules = Rules,
        Authentication = Authentication,
        Password = Password,
        Hmac = Hmac,
        UnicastPeers = UnicastPeers,
        IsUnicast = IsUnicast,
        Source = Source,
        IsSourceTracked = IsSourceTracked,
        Group = Group,
        UnicastTtl = UnicastTtl,
        IsUnicastSourceChecked = IsUnicastSourceChecked,
        IsAddressCheckSkipped = IsAddressCheckSkipped,
        IsChecksumAsV2 = IsChecksumAsV2,
        Gratuitous = Gratuitous,
        IsLowerPriorityUnanswered = IsLowerPriorityUnanswered,
        IsStrict = IsStrict,
        OldChecksum = OldChecksum,
        IsPromotingSecondaries = IsPromotingSecondaries,
        IsIgnoringAdverts = IsIgnoringAdverts,
        IsHigherPriorityAnswered = IsHigherPriorityAnswered,
        TrackScripts = TrackScripts,
        TrackLinks = TrackLinks,
        TrackFiles = TrackFiles,
        TrackProcesses = TrackProcesses,
        IsPriorityNotified = IsPriorityNotified,
        IsReasserting = IsReasserting,
        Notify = Notify,
        SyncGroup = SyncGroup,
        Promotion = Promotion,
        Demotion = Demotion,
        IsAccepting = IsAccepting,
    };
}
