using System.Text;
using FenceFirst.Core.Wire;
using FenceFirst.Daemon.Packets;

namespace FenceFirst.Daemon.Dumps;

/// <summary>One counter of an instance: its key in keepalived.json, its heading and words in keepalived.stats.</summary>
internal readonly record struct Statistic(string Key, string Heading, string Words, long Value)
{
    /// <summary>The counters in the order of keepalived's JSON. Those of auth_hmac only where it is configured: a reader of older dumps does not know them.</summary>
    public static Statistic[] Of(DumpSource source, int index)
    {
        PacketCounters counters = source.Counters[index];
        string name = source.Config.Instances[index].Name;
        Statistic[] before =
        [
            new("advert_rcvd", "Advertisements", "Received", counters.Received),
            new("advert_sent", "Advertisements", "Sent", counters.Sent),
            new("become_master", "", "Became master", source.Times.BecameMaster(name)),
            new("release_master", "", "Released master", source.Times.ReleasedMaster(name)),
            new("packet_len_err", "Packet Errors", "Length", counters.Refused(DecodeError.WrongLength) + counters.Refused(DecodeError.Truncated)),
            new("advert_interval_err", "Packet Errors", "Advertisement Interval", counters.Refused(DecodeError.WrongInterval)),
            new("ip_ttl_err", "Packet Errors", "TTL", counters.Refused(DecodeError.WrongTtl) + counters.Refused(DecodeError.TtlOutOfRange)),
            new("invalid_type_rcvd", "Packet Errors", "Invalid Type", counters.Refused(DecodeError.WrongType)),
            new("addr_list_err", "Packet Errors", "Address List", counters.AddressListDifferences + counters.Refused(DecodeError.WrongDestination)),
            new("invalid_authtype", "Authentication Errors", "Invalid Type", counters.Refused(DecodeError.UnknownAuthenticationType)),
            new("authtype_mismatch", "Authentication Errors", "Type Mismatch", Sum(counters, DecodeError.WrongAuthenticationType, DecodeError.AuthenticationHeaderMissing, DecodeError.AuthenticationHeaderUnexpected)),
            new("auth_failure", "Authentication Errors", "Failure", Sum(counters, DecodeError.WrongPassword, DecodeError.WrongDigest, DecodeError.WrongSecurityIndex, DecodeError.SequenceNotGrown)),
        ];
        Statistic[] signed = source.Config.Instances[index].Hmac is null ? [] : Signed(counters);
        return
        [
            .. before,
            .. signed,
            new("pri_zero_rcvd", "Priority Zero", "Received", counters.ReleasesReceived),
            new("pri_zero_sent", "Priority Zero", "Sent", counters.ReleasesSent),
        ];
    }

    /// <summary>keepalived.stats: every instance with its counters under their headings.</summary>
    public static byte[] WriteAll(DumpSource source)
    {
        StringBuilder text = new();
        for (int i = 0; i < source.Config.Instances.Count; i++)
        {
            text.Append($"VRRP Instance: {source.Config.Instances[i].Name}\n");
            string heading = "";
            foreach (Statistic one in Of(source, i).OrderBy(OrderInText))
            {
                if (one.Heading != heading && one.Heading.Length > 0)
                {
                    text.Append($"  {one.Heading}:\n");
                }

                heading = one.Heading;
                text.Append(heading.Length > 0 ? "    " : "  ").Append($"{one.Words}: {one.Value}\n");
            }
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static Statistic[] Signed(PacketCounters counters)
    {
        return
        [
            One("auth_ext_missing", "Missing", DecodeError.AuthenticationMissing),
            One("auth_ext_malformed", "Malformed", DecodeError.AuthenticationMalformed),
            One("auth_ext_unknown_key", "Unknown Key", DecodeError.AuthenticationUnknownKey),
            One("auth_ext_invalid_hmac", "Invalid HMAC", DecodeError.AuthenticationFailed),
            One("auth_ext_stale", "Stale", DecodeError.AuthenticationStale),
            One("auth_ext_replay", "Replay", DecodeError.AuthenticationReplayed),
        ];

        Statistic One(string key, string words, DecodeError reason) => new(key, "Authentication Extension Errors", words, counters.Refused(reason));
    }

    private static long Sum(PacketCounters counters, params ReadOnlySpan<DecodeError> reasons)
    {
        long sum = 0;
        foreach (DecodeError reason in reasons)
        {
            sum += counters.Refused(reason);
        }

        return sum;
    }

    /// <summary>The text has the packet errors in another order than the JSON.</summary>
    private static int OrderInText(Statistic one) => one.Key switch
    {
        "advert_rcvd" or "advert_sent" => 0,
        "become_master" or "release_master" => 1,
        "packet_len_err" => 2,
        "ip_ttl_err" => 3,
        "invalid_type_rcvd" => 4,
        "advert_interval_err" => 5,
        "addr_list_err" => 6,
        _ => 7,
    };
}
