using FenceFirst.Core;

namespace FenceFirst.Demo;

/// <summary>What one of the two nodes is called and has.</summary>
/// <param name="Letter">"a" or "b".</param>
/// <param name="Address">Its own address.</param>
/// <param name="Priority">VRRP priority.</param>
internal sealed record NodePlan(string Letter, InternetAddress Address, byte Priority)
{
    /// <summary>Prefix length of all addresses of the demonstration.</summary>
    public const byte PrefixLength = 24;

    /// <summary>The port of the service, PostgreSQL's own: that is what such addresses are mostly for.</summary>
    public const int ServicePort = 5432;

    /// <summary>The node that is master first.</summary>
    public static NodePlan A { get; } = new("a", InternetAddress.FromIPv4(0x0a620001), 150);

    /// <summary>The standby.</summary>
    public static NodePlan B { get; } = new("b", InternetAddress.FromIPv4(0x0a620002), 100);

    /// <summary>The client's address, 10.98.0.9.</summary>
    public static InternetAddress ClientAddress { get; } = InternetAddress.FromIPv4(0x0a620009);

    /// <summary>The address that clients talk to, 10.98.0.100.</summary>
    public static InternetAddress VirtualAddress { get; } = InternetAddress.FromIPv4(0x0a620064);

    /// <summary>Its name in sentences.</summary>
    public string Name => $"node {Letter.ToUpperInvariant()}";

    /// <summary>The name of the device that fences it.</summary>
    public string FenceDevice => $"node_{Letter}";
}
