namespace FenceFirst.Core.Wire;

/// <summary>Each refusal in one sentence, for logs and for <c>fencefirst decode</c>.</summary>
public static class DecodeErrorText
{
    /// <summary>The sentence that says what is wrong and which rule says so.</summary>
    public static string Describe(DecodeError error) => error switch
    {
        DecodeError.None => "The packet is well formed.",
        DecodeError.Truncated => "The packet is a fragment or shorter than its IP header and the VRRP header need (RFC 9568 section 7.1).",
        DecodeError.WrongProtocol => "The IP protocol is not 112 (RFC 9568 section 5.1.1.4).",
        DecodeError.WrongTtl => "The TTL or hop limit of a multicast packet is not 255, so it may come from another network (RFC 9568 section 7.1).",
        DecodeError.WrongVersion => "The VRRP version is not the configured one, or not 2 or 3, or is 2 over IPv6 (RFC 9568 section 7.1, RFC 3768 section 7.1).",
        DecodeError.WrongType => "The VRRP type is not 1, ADVERTISEMENT (RFC 9568 section 5.2.2).",
        DecodeError.WrongLength => "The length does not agree with the number of addresses (RFC 9568 section 7.1).",
        DecodeError.WrongChecksum => "The checksum does not agree (RFC 9568 section 7.1).",
        DecodeError.UnknownVrid => "The virtual router identifier is 0 or not configured on the interface (RFC 9568 section 7.1).",
        DecodeError.UnknownAuthenticationType => "The authentication type is none of 0, 1 and 2 (RFC 3768 section 5.3.6).",
        DecodeError.WrongAuthenticationType => "The authentication type is not the configured one (RFC 2338 section 7.1).",
        DecodeError.WrongPassword => "The password is not the configured one (RFC 2338 section 7.1).",
        DecodeError.WrongInterval => "The advertisement interval is 0, or in version 2 not the configured one (RFC 3768 section 7.1).",
        DecodeError.WrongDestination => "The packet is unicast for a multicast instance, or multicast for a unicast one (RFC 9568 section 5.1.1.2).",
        DecodeError.UnknownSource => "The sender is not among the unicast peers (keepalived check_unicast_src).",
        DecodeError.TtlOutOfRange => "The TTL or hop limit is outside the peer's min_ttl and max_ttl (keepalived).",
        DecodeError.OwnPacket => "The packet carries our own source address: the network reflects it, or another router uses our address.",
        DecodeError.AuthenticationMissing => "The packet has no auth_hmac trailer, and mode enforce wants one (keepalived auth_ext_missing).",
        DecodeError.AuthenticationMalformed => "The auth_hmac trailer has an unknown type or reserved bytes that are not 0 (keepalived auth_ext_malformed).",
        DecodeError.AuthenticationUnknownKey => "The auth_hmac trailer names a key id that is not configured here (keepalived auth_ext_unknown_key).",
        DecodeError.AuthenticationFailed => "The auth_hmac signature does not agree: another key with this id, or a forged or changed packet (keepalived auth_ext_invalid_hmac).",
        DecodeError.AuthenticationStale => "The auth_hmac time is outside time_window: the clocks differ, or the packet was delayed or kept (keepalived auth_ext_stale).",
        DecodeError.AuthenticationReplayed => "The auth_hmac sequence has not grown: a copy, out of order, or the sender's clock was set back (keepalived auth_ext_replay).",
        DecodeError.AuthenticationHeaderMissing => "The packet has no authentication header, and auth_type AH wants one (keepalived authtype_mismatch).",
        DecodeError.AuthenticationHeaderUnexpected => "The packet has an authentication header, and auth_type AH is not configured (keepalived authtype_mismatch).",
        DecodeError.AuthenticationHeaderMalformed => "The authentication header is cut short, has another length than keepalived's, or is not in front of VRRP (RFC 2402 section 2).",
        DecodeError.WrongDigest => "The code of the authentication header does not agree: another password, or a forged or changed packet (keepalived auth_failure).",
        DecodeError.WrongSecurityIndex => "The SPI of the authentication header is not the sender's address (keepalived auth_failure).",
        DecodeError.SequenceNotGrown => "The sequence of the authentication header has not grown: a copy, out of order, or the sender was restarted and has heard nobody (keepalived auth_failure).",
        DecodeError.IgnoredByOwner => "The address owner ignores adverts (RFC 9568 section 7.1, keepalived owner_ignore_adverts).",
    };
}
