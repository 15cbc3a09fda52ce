using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Network;

/// <summary>Builds the requests that change addresses. Pure: bytes into a caller's buffer.</summary>
internal static class NetlinkRequests
{
    private const uint Forever = uint.MaxValue;
    private const uint NoDuplicateDetection = 0x02;

    internal static void WriteAddress(ref NetlinkWriter writer, in AddressRequest request, uint sequence)
    {
        // keepalived's form: neither CREATE nor EXCL. The kernel answers EEXIST when the address is there.
        int flags = Netlink.Request | (request.IsRenewal ? Netlink.Replace : Netlink.Acknowledge);
        VirtualAddress address = request.Address;
        writer.BeginMessage(request.IsAdded ? Netlink.NewAddress : Netlink.DeleteAddress, flags, sequence);
        Span<byte> header = writer.Reserve(8);
        uint addressFlags = address.Flags | (address.Address.IsIPv6 && !address.IsDuplicateDetected ? NoDuplicateDetection : 0);
        NetlinkWriter.Put(header, 0, Family(address.Address));
        NetlinkWriter.Put(header, 1, address.PrefixLength);
        NetlinkWriter.Put(header, 2, (byte)addressFlags);
        NetlinkWriter.Put(header, 3, address.Scope);
        NetlinkWriter.Put(header, 4, request.LinkIndex);
        writer.Attribute(2, address.Address);
        if (request.IsAdded)
        {
            WriteAddressDetails(ref writer, address, request.LeaseSeconds, addressFlags);
        }
        else
        {
            writer.Attribute(1, address.Peer.IsNone ? address.Address : address.Peer);
        }

        writer.EndMessage();
    }

    internal static byte Family(InternetAddress address) => address.IsIPv6 ? (byte)LibC.AF_INET6 : (byte)LibC.AF_INET;

    private static void WriteAddressDetails(ref NetlinkWriter writer, VirtualAddress address, int leaseSeconds, uint addressFlags)
    {
        if (!address.Peer.IsNone)
        {
            writer.Attribute(1, address.Peer);
        }

        if (!address.Broadcast.IsNone)
        {
            writer.Attribute(4, address.Broadcast);
        }

        if (address.Label.Length != 0)
        {
            writer.Attribute(3, address.Label);
        }

        if (addressFlags != 0)
        {
            writer.Attribute(8, addressFlags);
        }

        writer.Attribute(11, Netlink.Protocol);

        // IFA_CACHEINFO: the kernel itself takes the address away when its valid time is over, even from a dead or stopped process.
        uint valid = leaseSeconds > 0 ? (uint)leaseSeconds : Forever;
        uint preferred = Math.Min(valid, PreferredSeconds(address));
        if (valid != Forever || preferred != Forever)
        {
            Span<byte> lifetimes = stackalloc byte[16];
            lifetimes.Clear();
            NetlinkWriter.Put(lifetimes, 0, preferred);
            NetlinkWriter.Put(lifetimes, 4, valid);
            writer.Attribute(6, lifetimes);
        }
    }

    private static uint PreferredSeconds(VirtualAddress address) => address.PreferredLifetimeSeconds switch
    {
        >= 0 => (uint)address.PreferredLifetimeSeconds,
        -2 when address.Address.IsIPv6 && address.PrefixLength == 128 => 0,
        _ => Forever,
    };
}
