using FenceFirst.Core.Timeline;
using FenceFirst.Linux.Files;
using FenceFirst.Linux.Network;

namespace FenceFirst.Daemon.Links;

/// <summary>Settings of interfaces that are changed as long as they are needed, and then set back.</summary>
/// <remarks>What a killed daemon changed is what the next one finds, and sets back to; so it is with keepalived.</remarks>
internal sealed class SavedSettings(RtNetlink netlink)
{
    private readonly Dictionary<(string Link, IPv4Setting Setting), (int Index, uint Before)> _saved = [];

    /// <summary>Whether nothing is changed.</summary>
    public bool IsEmpty => _saved.Count == 0;

    /// <summary>Changes what is wanted and sets back what is not any more. An interface that was made anew has its own settings again.</summary>
    public void Apply(Dictionary<string, LinkInfo> links, IReadOnlyList<(string Link, IPv4Setting Setting, uint Value)> wanted)
    {
        foreach (((string Link, IPv4Setting Setting) key, (int index, uint before)) in _saved.ToArray())
        {
            bool isThere = links.TryGetValue(key.Link, out LinkInfo? link) && link.Index == index;
            bool isWanted = wanted.Any(each => each.Link == key.Link && each.Setting == key.Setting);
            if (isThere && isWanted)
            {
                continue;
            }

            _saved.Remove(key);
            if (isThere)
            {
                netlink.SetIPv4(index, [(key.Setting, before)]);
            }
        }

        foreach (IGrouping<IPv4Setting, (string Link, IPv4Setting Setting, uint Value)> each in wanted.Where(each => links.ContainsKey(each.Link) && !_saved.ContainsKey((each.Link, each.Setting))).GroupBy(each => each.Setting))
        {
            Dictionary<int, uint> present = netlink.ReadIPv4(each.Key);
            foreach ((string name, IPv4Setting setting, uint value) in each)
            {
                int index = links[name].Index;
                if (present.TryGetValue(index, out uint before) && netlink.SetIPv4(index, [(setting, value)]) == 0)
                {
                    _saved[(name, setting)] = (index, before);
                }
            }
        }
    }
}

/// <summary>
/// net.ipv4.conf.all.rp_filter, which counts for every interface that has less: as long as there are virtual MAC interfaces it is 0, and the others have its value
/// themselves (keepalived: vrrp_if_config.c, clear_rp_filter). Nothing is different for any other interface.
/// </summary>
internal sealed class ReversePath(RtNetlink netlink)
{
    private const string All = "net/ipv4/conf/all/rp_filter";
    private const string Default = "net/ipv4/conf/default/rp_filter";

    private readonly Dictionary<int, uint> _raised = [];
    private int _all;
    private int _default = -1;

    /// <summary>Makes it so, or sets it back.</summary>
    public void Apply(Dictionary<string, LinkInfo> links, bool isNeeded, List<VmacNews> news)
    {
        if (isNeeded && _all == 0 && Sysctl.TryRead(All, out int all) && all > 0)
        {
            Clear(all, links, news);
        }
        else if (!isNeeded && _all > 0)
        {
            Restore(news);
        }
    }

    private void Clear(int all, Dictionary<string, LinkInfo> links, List<VmacNews> news)
    {
        foreach ((int index, uint value) in netlink.ReadIPv4(IPv4Setting.ReversePathFilter))
        {
            if (value < all && links.Values.Any(link => link.Index == index) && netlink.SetIPv4(index, [(IPv4Setting.ReversePathFilter, (uint)all)]) == 0)
            {
                _raised[index] = value;
            }
        }

        _default = Sysctl.TryRead(Default, out int standard) && standard < all && Sysctl.TryWrite(Default, all) ? standard : -1;
        if (Sysctl.TryWrite(All, 0))
        {
            _all = all;
            news.Add(new VmacNews(TimelineLevel.Notice, "", $"net.ipv4.conf.all.rp_filter is 0 instead of {all} as long as there are virtual MAC interfaces; all others have {all} themselves"));
            return;
        }

        news.Add(new VmacNews(
            TimelineLevel.Warning,
            "",
            $"net.ipv4.conf.all.rp_filter is {all} and cannot be changed: packets to addresses on virtual MAC interfaces may be dropped; set it to 0 (sysctl.d), or ProtectKernelTunables=no in the service unit"));
        SetBack(all);
    }

    private void Restore(List<VmacNews> news)
    {
        if (Sysctl.TryRead(All, out int present) && present == 0)
        {
            Sysctl.TryWrite(All, _all);
            news.Add(new VmacNews(TimelineLevel.Notice, "", $"net.ipv4.conf.all.rp_filter is {_all} again"));
        }

        SetBack(_all);
        _all = 0;
    }

    /// <summary>What somebody else has changed meanwhile is left alone.</summary>
    private void SetBack(int all)
    {
        if (_default >= 0 && Sysctl.TryRead(Default, out int standard) && standard == all)
        {
            Sysctl.TryWrite(Default, _default);
        }

        Dictionary<int, uint> present = netlink.ReadIPv4(IPv4Setting.ReversePathFilter);
        foreach ((int index, uint before) in _raised)
        {
            if (present.TryGetValue(index, out uint value) && value == all)
            {
                netlink.SetIPv4(index, [(IPv4Setting.ReversePathFilter, before)]);
            }
        }

        _raised.Clear();
        _default = -1;
    }
}
