namespace FenceFirst.Core.Wire;

/// <summary>Why a packet was refused; one member per check, so that each is counted and named on its own.</summary>
public enum DecodeError : byte
{
    /// <summary>The packet was not refused.</summary>
    None = 0,

    /// <summary>Fewer bytes than the IP header and the VRRP header need, or a fragment (RFC 9568 section 7.1: complete packet).</summary>
    Truncated,

    /// <summary>IP protocol is neither 112 (RFC 9568 section 5.1.1.4) nor that of an authentication header.</summary>
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

    /// <summary>auth_hmac, mode enforce: there is no trailer (keepalived: auth_ext_missing).</summary>
    AuthenticationMissing,

    /// <summary>auth_hmac: type or reserved bytes of the trailer are unknown (keepalived: auth_ext_malformed).</summary>
    AuthenticationMalformed,

    /// <summary>auth_hmac: no key has the trailer's id (keepalived: auth_ext_unknown_key).</summary>
    AuthenticationUnknownKey,

    /// <summary>auth_hmac: the signature is not the one that the key gives (keepalived: auth_ext_invalid_hmac).</summary>
    AuthenticationFailed,

    /// <summary>auth_hmac, anti_replay time: the trailer's time is outside the window (keepalived: auth_ext_stale).</summary>
    AuthenticationStale,

    /// <summary>auth_hmac: the sequence has not grown since the last advert of this sender (keepalived: auth_ext_replay).</summary>
    AuthenticationReplayed,

    /// <summary>auth_type AH is configured, and there is no authentication header (keepalived: authtype_mismatch).</summary>
    AuthenticationHeaderMissing,

    /// <summary>An authentication header, and auth_type AH is not configured (keepalived: authtype_mismatch).</summary>
    AuthenticationHeaderUnexpected,

    /// <summary>An authentication header that is cut short, of another length than keepalived's, or not in front of VRRP.</summary>
    AuthenticationHeaderMalformed,

    /// <summary>auth_type AH: the code is not the one that the password gives (keepalived: auth_failure).</summary>
    WrongDigest,

    /// <summary>auth_type AH: the security parameter index is not the sender's address (keepalived: auth_failure).</summary>
    WrongSecurityIndex,

    /// <summary>auth_type AH: the sequence is not above the highest one so far (keepalived: auth_failure).</summary>
    SequenceNotGrown,

    /// <summary>The receiver is the address owner and ignores every advert (RFC 9568 section 7.1, keepalived: owner_ignore_adverts).</summary>
    IgnoredByOwner,
}
