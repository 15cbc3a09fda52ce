using FenceFirst.Core;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Wire;

namespace FenceFirst.Daemon.Packets;

/// <summary>Tells what an operator should know about packets that change nothing for Core.</summary>
internal sealed class PacketReports(EventLoop loop, EffectRunner runner, LogWriter log)
{
    private readonly bool[] _unknownVrids = new bool[256];

    /// <summary>An accepted advert carried another list of addresses than ours.</summary>
    public void AddressListDiffers(int instance, InternetAddress source) => Record(TimelineKind.AddressListDiffers, instance, source);

    /// <summary>Something about the clocks of an instance with auth_hmac.</summary>
    public void Hmac(int instance, HmacNotice notice, InternetAddress source) =>
        Record(notice == HmacNotice.ClockSkew ? TimelineKind.ClockSkewed : TimelineKind.ReplayMarkForgotten, instance, source);

    /// <summary>A unicast peer has sent a version 3 checksum as keepalived up to 1.3.6 did; from now on ours are the same.</summary>
    public void OldChecksum(int instance, InternetAddress source)
    {
        string name = loop.Config.Instances[instance].Name;
        log.Write(TimelineLevel.Notice, name, "checksum", $"({name}) Setting unicast VRRPv3 checksum to old version, as {source} sends it (old_unicast_checksum)");
    }

    /// <summary>A packet for a Vrid that is not configured on its interface; only told of with log_unknown_vrids, and once per Vrid.</summary>
    public void UnknownVrid(byte vrid, InternetAddress source)
    {
        if (!_unknownVrids[vrid])
        {
            _unknownVrids[vrid] = true;
            log.Write(TimelineLevel.Warning, $"packets from {source} for virtual router {vrid}, which is not configured here (said once)");
        }
    }

    private void Record(TimelineKind kind, int instance, InternetAddress source) => runner.Record(
        new TimelineEntry { Kind = kind, Index = instance, Address = source, Phase = loop.State.Instances[instance].Phase }, loop.Now);
}
