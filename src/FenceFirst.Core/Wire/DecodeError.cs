namespace FenceFirst.Core.Wire;

/// <summary>Why a packet was refused; one member per check, so that each is counted and named on its own.</summary>
public enum DecodeError : byte
{
    /// <summary>The packet was not refused.</summary>
    None = 0,

    /// <summary>Fewer bytes than the IP header and the VRRP header need, or a fragment (RFC 9568 section 7.1: complete packet).</summary>
    Truncated,

    /// <summary>IP protocol is not 112 (RFC 9568 section 5.1.1.4).</summary>
    WrongProtocol,

    /// <summary>TTL or hop limit is not 255 on a multicast packet (RFC 9568 section 7.1).</summary>
    WrongTtl,

    /// <summary>Version differs from the configured one, or is neither 2 nor 3 (RFC 9568 section 7.1).</summary>
    WrongVersion,

    /// <summary>Type is not 1, ADVERTISEMENT (RFC 9568 section 5.2.2).</summary>
    WrongType,

    /// <summary>Length does not agree with the number of addresses (RFC 9568 section 7.1).</summary>
    WrongLength,

    /// <summary>Checksum does not agree (RFC 9568 section 7.1).</summary>
    WrongChecksum,

    /// <summary>Vrid is 0, or not configured on this interface (RFC 9568 section 7.1).</summary>
    UnknownVrid,

    /// <summary>Version 2: authentication type is unknown (RFC 2338 section 7.1).</summary>
    UnknownAuthenticationType,

    /// <summary>Version 2: authentication type is not the configured one (RFC 2338 section 7.1).</summary>
    WrongAuthenticationType,

    /// <summary>Version 2: the password differs (RFC 2338 section 7.1).</summary>
    WrongPassword,

    /// <summary>The interval is 0, or version 2: it differs from ours (RFC 3768 section 7.1).</summary>
    WrongInterval,

    /// <summary>A unicast packet for a multicast instance, or the other way round (keepalived: addr_list_err).</summary>
    WrongDestination,

    /// <summary>The sender is not a listed unicast peer (keepalived: check_unicast_src).</summary>
    UnknownSource,

    /// <summary>The sender's TTL is outside the peer's min_ttl..max_ttl (keepalived).</summary>
    TtlOutOfRange,

    /// <summary>Our own packet came back to us.</summary>
    OwnPacket,
}
