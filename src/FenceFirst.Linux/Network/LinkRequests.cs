using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Network;

/// <summary>Builds the requests that create and change interfaces. Pure: bytes into a caller's buffer.</summary>
internal static class LinkRequests
{
    private const ushort AttributeMac = 1;
    private const ushort AttributeName = 3;
    private const ushort AttributeLower = 5;
    private const ushort AttributeMaster = 10;
    private const ushort AttributeInfo = 18;
    private const ushort AttributeFamilies = 26;
    private const ushort AttributeGroup = 27;
    private const ushort AttributeNamespace = 28;
    private const ushort AttributeNamespacePid = 19;
    private const ushort InfoKind = 1;
    private const ushort InfoDetails = 2;
    private const uint Up = 1;
    private const int CreateFlags = Netlink.Request | Netlink.Acknowledge | Netlink.Create | Netlink.Exclusive;
    private const int ChangeFlags = Netlink.Request | Netlink.Acknowledge;

    internal static void WriteCreate(ref NetlinkWriter writer, string name, string kind, uint sequence)
    {
        writer.BeginMessage(Netlink.NewLink, CreateFlags, sequence);
        _ = writer.Reserve(16);
        writer.Attribute(AttributeName, name);
        int info = writer.BeginNested(AttributeInfo);
        writer.Attribute(InfoKind, kind);
        writer.EndNested(info);
        writer.EndMessage();
    }

    internal static void WriteCreateVeth(ref NetlinkWriter writer, string name, string peerName, NamespaceTarget peerNamespace, uint sequence)
    {
        writer.BeginMessage(Netlink.NewLink, CreateFlags, sequence);
        _ = writer.Reserve(16);
        writer.Attribute(AttributeName, name);
        int info = writer.BeginNested(AttributeInfo);
        writer.Attribute(InfoKind, "veth");
        int details = writer.BeginNested(InfoDetails);
        int peer = writer.BeginNested(1);
        _ = writer.Reserve(16);
        writer.Attribute(AttributeName, peerName);
        WriteNamespace(ref writer, peerNamespace);
        writer.EndNested(peer);
        writer.EndNested(details);
        writer.EndNested(info);
        writer.EndMessage();
    }

    /// <summary>keepalived's form (vrrp_vmac.c): private mode, in which frames of the same Ethernet address that others send are received.</summary>
    internal static void WriteCreateMacvlan(ref NetlinkWriter writer, in MacvlanRequest request, uint sequence)
    {
        const uint PrivateMode = 1;
        writer.BeginMessage(Netlink.NewLink, CreateFlags, sequence);
        _ = writer.Reserve(16);
        writer.Attribute(AttributeName, request.Name);
        writer.Attribute(AttributeLower, (uint)request.LowerIndex);
        if (!request.Mac.IsZero)
        {
            Span<byte> mac = stackalloc byte[6];
            request.Mac.WriteTo(mac);
            writer.Attribute(AttributeMac, mac);
        }

        if (request.MasterIndex != 0)
        {
            writer.Attribute(AttributeMaster, (uint)request.MasterIndex);
        }

        if (request.Group is { } group)
        {
            writer.Attribute(AttributeGroup, group);
        }

        int info = writer.BeginNested(AttributeInfo);
        writer.Attribute(InfoKind, "macvlan");
        int details = writer.BeginNested(InfoDetails);
        writer.Attribute(1, PrivateMode);
        writer.EndNested(details);
        writer.EndNested(info);
        writer.EndMessage();
    }

    /// <summary>Settings of net.ipv4.conf of one interface (IFLA_INET_CONF): no file below /proc need be writable.</summary>
    internal static void WriteIPv4Settings(ref NetlinkWriter writer, int linkIndex, scoped ReadOnlySpan<(IPv4Setting Setting, uint Value)> settings, uint sequence)
    {
        const ushort Configuration = 1;
        BeginChange(ref writer, Netlink.NewLink, linkIndex, 0, 0, sequence);
        int families = writer.BeginNested(AttributeFamilies);
        int family = writer.BeginNested(LibC.AF_INET);
        int all = writer.BeginNested(Configuration);
        foreach ((IPv4Setting setting, uint value) in settings)
        {
            writer.Attribute((ushort)setting, value);
        }

        writer.EndNested(all);
        writer.EndNested(family);
        writer.EndNested(families);
        writer.EndMessage();
    }

    /// <summary>Keeps the kernel from making a link-local address of the Ethernet address (RFC 9568 section 7.4).</summary>
    internal static void WriteNoGeneratedAddress(ref NetlinkWriter writer, int linkIndex, uint sequence)
    {
        const ushort GenerationMode = 8;
        const byte None = 1;
        BeginChange(ref writer, Netlink.NewLink, linkIndex, 0, 0, sequence);
        int families = writer.BeginNested(AttributeFamilies);
        int family = writer.BeginNested(LibC.AF_INET6);
        writer.Attribute(GenerationMode, None);
        writer.EndNested(family);
        writer.EndNested(families);
        writer.EndMessage();
    }

    /// <summary>Gives an interface a link group; the one it has makes the kernel tell listeners of it, which is what netlink_notify_msg asks for.</summary>
    internal static void WriteGroup(ref NetlinkWriter writer, int linkIndex, uint group, uint sequence)
    {
        BeginChange(ref writer, Netlink.NewLink, linkIndex, 0, 0, sequence);
        writer.Attribute(AttributeGroup, group);
        writer.EndMessage();
    }

    internal static void WriteSetUp(ref NetlinkWriter writer, int linkIndex, bool isUp, uint sequence)
    {
        BeginChange(ref writer, Netlink.NewLink, linkIndex, isUp ? Up : 0, Up, sequence);
        writer.EndMessage();
    }

    internal static void WriteSetMaster(ref NetlinkWriter writer, int linkIndex, int masterIndex, uint sequence)
    {
        BeginChange(ref writer, Netlink.NewLink, linkIndex, 0, 0, sequence);
        writer.Attribute(AttributeMaster, (uint)masterIndex);
        writer.EndMessage();
    }

    internal static void WriteSetMac(ref NetlinkWriter writer, int linkIndex, MacAddress mac, uint sequence)
    {
        Span<byte> bytes = stackalloc byte[6];
        mac.WriteTo(bytes);
        BeginChange(ref writer, Netlink.NewLink, linkIndex, 0, 0, sequence);
        writer.Attribute(AttributeMac, bytes);
        writer.EndMessage();
    }

    internal static void WriteMove(ref NetlinkWriter writer, int linkIndex, NamespaceTarget target, uint sequence)
    {
        BeginChange(ref writer, Netlink.NewLink, linkIndex, 0, 0, sequence);
        WriteNamespace(ref writer, target);
        writer.EndMessage();
    }

    internal static void WriteDelete(ref NetlinkWriter writer, int linkIndex, uint sequence)
    {
        BeginChange(ref writer, Netlink.DeleteLink, linkIndex, 0, 0, sequence);
        writer.EndMessage();
    }

    private static void BeginChange(ref NetlinkWriter writer, ushort type, int linkIndex, uint flags, uint changed, uint sequence)
    {
        writer.BeginMessage(type, ChangeFlags, sequence);
        Span<byte> header = writer.Reserve(16);
        NetlinkWriter.Put(header, 4, linkIndex);
        NetlinkWriter.Put(header, 8, flags);
        NetlinkWriter.Put(header, 12, changed);
    }

    private static void WriteNamespace(ref NetlinkWriter writer, NamespaceTarget target)
    {
        if (target.Descriptor >= 0)
        {
            writer.Attribute(AttributeNamespace, (uint)target.Descriptor);
        }
        else if (target.ProcessId > 0)
        {
            writer.Attribute(AttributeNamespacePid, (uint)target.ProcessId);
        }
    }
}
