using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Network;

/// <summary>A macvlan in private mode that is to be made.</summary>
/// <param name="Name">1 to 15 characters.</param>
/// <param name="LowerIndex">Kernel index of the interface below; 1 or more.</param>
/// <param name="Mac">Its Ethernet address; zero = the kernel chooses one.</param>
public readonly record struct MacvlanRequest(string Name, int LowerIndex, MacAddress Mac = default)
{
    /// <summary>The VRF it belongs to; 0 = none.</summary>
    public int MasterIndex { get; init; }

    /// <summary>Link group; absent = the default one.</summary>
    public uint? Group { get; init; }
}

/// <summary>Settings below net.ipv4.conf.INTERFACE that can be changed by rtnetlink (linux/ip.h, IPV4_DEVCONF_*).</summary>
public enum IPv4Setting : ushort
{
    /// <summary>rp_filter: whether packets are dropped that would be answered through another interface.</summary>
    ReversePathFilter = 8,

    /// <summary>arp_filter: whether ARP is answered only where packets to the asker leave through the same interface.</summary>
    ArpFilter = 13,

    /// <summary>arp_announce: 2 = questions name the interface's own address as the asker, never another one of this machine.</summary>
    ArpAnnounce = 18,

    /// <summary>arp_ignore: 1 = only addresses of the interface itself are answered for.</summary>
    ArpIgnore = 19,

    /// <summary>promote_secondaries: whether the removal of an address keeps others of its network.</summary>
    PromoteSecondaries = 20,

    /// <summary>accept_local: whether packets are accepted whose source is an address of this machine.</summary>
    AcceptLocal = 23,
}

/// <content>Interfaces with a virtual MAC address.</content>
public sealed partial class RtNetlink
{
    /// <summary>Creates a macvlan in private mode on an interface; 0 or the error number (EOPNOTSUPP = 95: the kernel has none).</summary>
    public int CreateMacvlan(in MacvlanRequest request)
    {
        NetlinkWriter writer = new(_requests);
        LinkRequests.WriteCreateMacvlan(ref writer, in request, ++_sequence);
        return Exchange(in writer);
    }

    /// <summary>Changes settings of one interface; 0 or the error number.</summary>
    public int SetIPv4(int linkIndex, ReadOnlySpan<(IPv4Setting Setting, uint Value)> settings)
    {
        NetlinkWriter writer = new(_requests);
        LinkRequests.WriteIPv4Settings(ref writer, linkIndex, settings, ++_sequence);
        return Exchange(in writer);
    }

    /// <summary>A setting of every interface that has it, by kernel index.</summary>
    /// <exception cref="LinuxException">The kernel gave no consistent list.</exception>
    public Dictionary<int, uint> ReadIPv4(IPv4Setting setting)
    {
        List<(int Index, uint[] Values)> all = [];
        Dump(Netlink.GetLink, all, static (in NetlinkMessage message, List<(int Index, uint[] Values)> into) =>
        {
            if (message.Type == Netlink.NewLink && NetlinkFacts.TryReadIPv4Settings(message.Payload, out int index, out uint[] values))
            {
                into.Add((index, values));
            }
        });
        return all.Where(each => each.Values.Length >= (int)setting).ToDictionary(each => each.Index, each => each.Values[(int)setting - 1]);
    }

    /// <summary>Keeps the kernel from giving an interface a link-local address; 0 or the error number.</summary>
    public int SetNoGeneratedAddress(int linkIndex)
    {
        NetlinkWriter writer = new(_requests);
        LinkRequests.WriteNoGeneratedAddress(ref writer, linkIndex, ++_sequence);
        return Exchange(in writer);
    }

    /// <summary>Gives an interface a link group; 0 or the error number.</summary>
    public int SetGroup(int linkIndex, uint group)
    {
        NetlinkWriter writer = new(_requests);
        LinkRequests.WriteGroup(ref writer, linkIndex, group, ++_sequence);
        return Exchange(in writer);
    }
}
