using System.Security.Cryptography;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Wire;

/// <summary>The checks of a received advert that depend on the instance's configuration, for adverts that <see cref="VrrpCodec"/> accepted.</summary>
/// <remarks>
/// DEVIATION: RFC 9568 section 7.1 has the address owner discard every advert. keepalived does so only with owner_ignore_adverts,
/// because two routers that both claim to be the owner could then never settle it; the machine decides with the priorities. Nothing is allocated.
/// </remarks>
public static class AdvertAcceptance
{
    /// <summary>The first rule that forbids the advert of an instance without auth_hmac and auth_type AH, or <see cref="DecodeError.None"/>; with them, all are refused.</summary>
    /// <param name="config">The instance that has the advert's identifier.</param>
    /// <param name="advert">The advert.</param>
    /// <param name="message">The message it was read from.</param>
    /// <param name="context">What the IP header said.</param>
    /// <param name="ownSource">The address our own adverts leave with; absent = none yet.</param>
    /// <param name="isAddressListDifferent">
    /// Whether the advert's count differs from ours or one of our addresses is missing. The advert is accepted all the same; this is for the log.
    /// False if refused.
    /// </param>
    public static DecodeError Check(
        VrrpConfig config,
        in VrrpAdvert advert,
        ReadOnlySpan<byte> message,
        in PacketContext context,
        InternetAddress ownSource,
        out bool isAddressListDifferent)
    {
        HmacReceiverState none = default;
        return Check(config, advert, message, context, ownSource, default, ref none, out isAddressListDifferent, out _);
    }

    /// <summary>The first rule that forbids the advert, or <see cref="DecodeError.None"/>; verifies the auth_hmac trailer of instances that have it.</summary>
    /// <remarks>
    /// The signature comes before what depends on the sender's settings, so that a stranger's packet is named as such; the sender's mark is raised
    /// last, so that no copy that is refused for another reason (a changed TTL, say) makes the true packet a replay.
    /// </remarks>
    /// <param name="config">The instance that has the advert's identifier.</param>
    /// <param name="advert">The advert.</param>
    /// <param name="message">The message it was read from, with its trailer.</param>
    /// <param name="context">What the IP header said.</param>
    /// <param name="ownSource">The address our own adverts leave with; absent = none yet.</param>
    /// <param name="now">The wall clock; not looked at without auth_hmac.</param>
    /// <param name="state">What is remembered of earlier adverts; changed only if the advert is accepted. The default value refuses every advert with auth_hmac.</param>
    /// <param name="isAddressListDifferent">As above.</param>
    /// <param name="notice">What to tell the operator about an accepted advert; of a replayed one, whether it was only overtaken.</param>
    public static DecodeError Check(
        VrrpConfig config,
        in VrrpAdvert advert,
        ReadOnlySpan<byte> message,
        in PacketContext context,
        InternetAddress ownSource,
        UtcInstant now,
        ref HmacReceiverState state,
        out bool isAddressListDifferent,
        out HmacNotice notice)
    {
        ReadOnlySpan<byte> trailer = VrrpCodec.TrailerOf(message, advert, context.IsIPv6);
        message = message[..^trailer.Length];
        isAddressListDifferent = false;
        DecodeError error = CheckInstance(config, advert, context, ownSource);
        notice = HmacNotice.None;
        if (error == DecodeError.None)
        {
            error = config.Hmac is null ? CheckUnsigned(trailer) : HmacTrailer.Verify(config, message, trailer, context.Source, now, state, out notice);
        }

        if (error == DecodeError.None)
        {
            // What this overload cannot verify it must not accept.
            error = config.Authentication == AuthenticationType.AuthenticationHeader ? DecodeError.WrongDigest : CheckSettings(config, advert, message, context);
        }

        if (error != DecodeError.None)
        {
            bool isOvertaken = error == DecodeError.AuthenticationReplayed
                && state.IsOvertaken(context.Source, HmacTrailer.SequenceOf(trailer), advert.AdvertInterval);
            notice = isOvertaken ? HmacNotice.Overtaken : HmacNotice.None;
            return error;
        }

        if (!trailer.IsEmpty)
        {
            state.Raise(context.Source, HmacTrailer.SequenceOf(trailer));
            notice = notice == HmacNotice.ClockSkew && !state.TakeNotice(now) ? HmacNotice.None : notice;
        }

        isAddressListDifferent = !HoldsAddresses(config, VrrpCodec.AddressesOf(message, advert, config.IsIPv6));
        return DecodeError.None;
    }

    /// <summary>The first rule that forbids the advert of an instance with auth_type AH, or <see cref="DecodeError.None"/>.</summary>
    /// <remarks>The code comes before what depends on the sender's settings, the count is raised last: as with auth_hmac.</remarks>
    /// <param name="config">The instance that has the advert's identifier.</param>
    /// <param name="advert">The advert.</param>
    /// <param name="packet">The packet from its IPv4 header on, in which the advert was found.</param>
    /// <param name="message">The message it was read from.</param>
    /// <param name="context">What the IP header said.</param>
    /// <param name="ownSource">The address our own adverts leave with; absent = none yet.</param>
    /// <param name="ownPriority">Our effective priority while we are Master, or 0: decides how the count goes on.</param>
    /// <param name="state">The count; changed only if the advert is accepted.</param>
    /// <param name="isAddressListDifferent">As above.</param>
    public static DecodeError Check(
        VrrpConfig config,
        in VrrpAdvert advert,
        ReadOnlySpan<byte> packet,
        ReadOnlySpan<byte> message,
        in PacketContext context,
        InternetAddress ownSource,
        byte ownPriority,
        ref AuthenticationHeaderState state,
        out bool isAddressListDifferent)
    {
        isAddressListDifferent = false;
        DecodeError error = CheckInstance(config, advert, context, ownSource);
        error = error == DecodeError.None ? AuthenticationHeader.Verify(config, packet, state) : error;
        error = error == DecodeError.None ? CheckSettings(config, advert, message, context) : error;
        if (error != DecodeError.None)
        {
            return error;
        }

        bool isLower = advert.Priority < ownPriority || (advert.Priority == ownPriority && context.Source < ownSource);
        state.Raise(AuthenticationHeader.SequenceOf(packet[((packet[0] & 0x0f) * 4)..]), isLower && advert.Priority != 0);
        isAddressListDifferent = !HoldsAddresses(config, VrrpCodec.AddressesOf(message, advert, config.IsIPv6));
        return DecodeError.None;
    }

    // Sockets are shared: the codec allows a trailer as soon as one instance has auth_hmac. For the others it is a length that does not agree.
    private static DecodeError CheckUnsigned(ReadOnlySpan<byte> trailer) => trailer.IsEmpty ? DecodeError.None : DecodeError.WrongLength;

    private static DecodeError CheckInstance(VrrpConfig config, in VrrpAdvert advert, in PacketContext context, InternetAddress ownSource)
    {
        // Multicast loop is off, so this is a reflecting switch or another router with our address; either way it says nothing about a peer.
        if (!ownSource.IsNone && context.Source == ownSource)
        {
            return DecodeError.OwnPacket;
        }

        // RFC 9568 section 7.1: the identifier is configured; those of IPv4 and IPv6 are independent of each other.
        if (advert.Vrid != config.Vrid || context.IsIPv6 != config.IsIPv6)
        {
            return DecodeError.UnknownVrid;
        }

        // RFC 9568 section 7.1, RFC 3768 section 7.1: the configured version.
        if (advert.Version != config.Version)
        {
            return DecodeError.WrongVersion;
        }

        // keepalived: before anything else that the header could say.
        if (context.HasAuthenticationHeader != (config.Authentication == AuthenticationType.AuthenticationHeader))
        {
            return context.HasAuthenticationHeader ? DecodeError.AuthenticationHeaderUnexpected : DecodeError.AuthenticationHeaderMissing;
        }

        // RFC 9568 sections 5.1.1.2 and 5.1.2.2: adverts are multicast; keepalived's unicast instances hear unicast only.
        return context.Destination.IsMulticast == config.IsUnicast ? DecodeError.WrongDestination : DecodeError.None;
    }

    private static DecodeError CheckSettings(VrrpConfig config, in VrrpAdvert advert, ReadOnlySpan<byte> message, in PacketContext context)
    {
        if (config.OldChecksum == OldChecksum.Never && VrrpCodec.IsOldUnicastChecksum(message, advert, context))
        {
            return DecodeError.WrongChecksum;
        }

        DecodeError error = config.Version == 2 ? CheckVersion2(config, advert, message) : DecodeError.None;
        error = error == DecodeError.None && config.IsUnicast ? CheckPeer(config, context) : error;

        // RFC 9568 section 7.1; last, as in keepalived: what else is wrong is counted all the same.
        return error == DecodeError.None && config.IsIgnoringAdverts ? DecodeError.IgnoredByOwner : error;
    }

    private static DecodeError CheckVersion2(VrrpConfig config, in VrrpAdvert advert, ReadOnlySpan<byte> message)
    {
        // RFC 2338 section 7.1: the authentication type is the configured one.
        if (advert.Authentication != config.Authentication)
        {
            return DecodeError.WrongAuthenticationType;
        }

        // RFC 2338 section 7.1: the simple text password. In constant time, so that a sender cannot find it byte by byte.
        if (config.Authentication == AuthenticationType.SimplePassword
            && !CryptographicOperations.FixedTimeEquals(VrrpCodec.AuthenticationDataOf(message, advert), config.Password.Span))
        {
            return DecodeError.WrongPassword;
        }

        // RFC 3768 section 7.1: the interval is ours. Version 3 has the backup follow the sender's instead (RFC 9568 section 6.4.2).
        return advert.AdvertInterval != config.AdvertInterval ? DecodeError.WrongInterval : DecodeError.None;
    }

    private static DecodeError CheckPeer(VrrpConfig config, in PacketContext context)
    {
        bool isSourceChecked = config.IsUnicastSourceChecked;
        bool isPeer = false;
        UnicastPeer sender = default;
        foreach (ref readonly UnicastPeer peer in config.UnicastPeers)
        {
            // keepalived: min_ttl or max_ttl at any peer turns the check of the source on for the instance.
            isSourceChecked |= peer.MinTtl != 0 || peer.MaxTtl != 255;
            if (peer.Address == context.Source)
            {
                isPeer = true;
                sender = peer;
            }
        }

        if (!isSourceChecked)
        {
            return DecodeError.None;
        }

        if (!isPeer)
        {
            return DecodeError.UnknownSource;
        }

        bool isTtlKnown = context.Ttl >= 0;
        return isTtlKnown && (context.Ttl < sender.MinTtl || context.Ttl > sender.MaxTtl) ? DecodeError.TtlOutOfRange : DecodeError.None;
    }

    // RFC 9568 section 7.1: a receiver may compare the lists. The order is free; the usual case, the same order, costs one pass.
    private static bool HoldsAddresses(VrrpConfig config, ReadOnlySpan<byte> addresses)
    {
        int length = config.IsIPv6 ? 16 : 4;
        if (addresses.Length != config.Addresses.Count * length)
        {
            return false;
        }

        int position = 0;
        foreach (VirtualAddress own in config.Addresses)
        {
            bool isHere = InternetAddress.FromBytes(addresses.Slice(position, length)) == own.Address;
            if (!isHere && !Contains(addresses, length, own.Address))
            {
                return false;
            }

            position += length;
        }

        return true;
    }

    private static bool Contains(ReadOnlySpan<byte> addresses, int length, InternetAddress address)
    {
        for (int position = 0; position < addresses.Length; position += length)
        {
            if (InternetAddress.FromBytes(addresses.Slice(position, length)) == address)
            {
                return true;
            }
        }

        return false;
    }
}
