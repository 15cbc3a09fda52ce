namespace FenceFirst.Core.Wire;

/// <summary>An advertisement as read from the wire: everything but the addresses, which stay in the packet buffer.</summary>
/// <remarks>RFC 9568 section 5.1 (version 3) and RFC 3768 section 5.1 (version 2).</remarks>
/// <param name="Version">Protocol version, 2 or 3.</param>
/// <param name="Vrid">Virtual router identifier, 1..255.</param>
/// <param name="Priority">0 = the sender releases, 1..254, 255 = address owner.</param>
/// <param name="AddressCount">Number of addresses carried, 0..255.</param>
/// <param name="AdvertInterval">Interval the sender announces: whole seconds in version 2, centiseconds in version 3.</param>
/// <param name="Authentication">Version 2 authentication type; <see cref="AuthenticationType.None"/> in version 3.</param>
public readonly record struct VrrpAdvert(
    byte Version,
    byte Vrid,
    byte Priority,
    byte AddressCount,
    TimeSpan AdvertInterval,
    AuthenticationType Authentication);

/// <summary>VRRP version 2 authentication types (RFC 2338 section 5.3.6; RFC 3768 keeps the field).</summary>
public enum AuthenticationType : byte
{
    /// <summary>No authentication.</summary>
    None = 0,

    /// <summary>An eight byte password in clear text (keepalived: PASS).</summary>
    SimplePassword = 1,

    /// <summary>IP authentication header (keepalived: AH).</summary>
    AuthenticationHeader = 2,
}
