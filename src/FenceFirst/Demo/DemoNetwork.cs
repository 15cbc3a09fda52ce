using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Demo;

/// <summary>A switch, two nodes and a client: four network namespaces without a name, gone when the last descriptor is closed.</summary>
/// <remarks>The switch is a bridge in a namespace of its own; every other one has an eth0 whose far end is a port of the bridge.</remarks>
internal sealed class DemoNetwork : IDisposable
{
    private const string Bridge = "switch0";
    private const string LinkName = "eth0";

    private readonly int _switch = Namespaces.Create();
    private readonly Dictionary<NodePlan, int> _nodes = [];

    /// <summary>Builds everything; nothing outside the four namespaces changes.</summary>
    /// <exception cref="LinuxException">The kernel refused, for lack of privilege or of the veth or bridge driver.</exception>
    public DemoNetwork()
    {
        Client = Namespaces.Create();
        _nodes[NodePlan.A] = Namespaces.Create();
        _nodes[NodePlan.B] = Namespaces.Create();
        InSwitch(netlink =>
        {
            Check(netlink.CreateBridge(Bridge), "bridge", netlink);
            Check(netlink.SetLinkUp(RtNetlink.IndexOf(Bridge), true), "bridge up", netlink);
        });
        Join("client", Client, NodePlan.ClientAddress);
        foreach ((NodePlan node, int descriptor) in _nodes)
        {
            Join(node.Letter, descriptor, node.Address);
        }
    }

    /// <summary>The client's namespace.</summary>
    public int Client { get; }

    /// <summary>The namespace of the switch.</summary>
    public int Switch => _switch;

    /// <summary>A node's namespace.</summary>
    public int Of(NodePlan node) => _nodes[node];

    /// <summary>Makes something, a socket mostly, inside a namespace; it stays there whoever uses it.</summary>
    public static T Inside<T>(int descriptor, Func<T> make)
    {
        T? made = default;
        Namespaces.Run(descriptor, () => made = make());
        return made!; // Run either ran it to its end or threw.
    }

    /// <summary>Kernel index of eth0 in a namespace.</summary>
    public static int LinkOf(int descriptor) => Inside(descriptor, () => RtNetlink.IndexOf(LinkName));

    /// <summary>Ethernet address of a node's eth0.</summary>
    public MacAddress MacOf(NodePlan node) => Inside(Of(node), () =>
    {
        using RtNetlink netlink = new();
        return netlink.DumpLinks().Find(link => link.Name == LinkName)?.Mac ?? default;
    });

    /// <summary>Asks a node's kernel whether it holds the virtual address now.</summary>
    public bool IsHeldBy(NodePlan node) => Inside(Of(node), () =>
    {
        using RtNetlink netlink = new();
        return netlink.DumpAddresses().Exists(address => address.Address == NodePlan.VirtualAddress);
    });

    /// <summary>The switch forgets a node's port, or learns of it again. The node's own link stays up: it notices nothing but silence.</summary>
    public void SetConnected(NodePlan node, bool isConnected) => InSwitch(netlink =>
        Check(netlink.SetMaster(RtNetlink.IndexOf(PortOf(node.Letter)), isConnected ? RtNetlink.IndexOf(Bridge) : 0), "port", netlink));

    /// <summary>Takes a node's network card away, as the loss of its power does.</summary>
    public void RemoveLink(NodePlan node) => InSwitch(netlink =>
    {
        int index = RtNetlink.IndexOf(PortOf(node.Letter));
        if (index != 0)
        {
            Check(netlink.DeleteLink(index), "delete", netlink);
        }
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (int descriptor in _nodes.Values)
        {
            Namespaces.Close(descriptor);
        }

        Namespaces.Close(Client);
        Namespaces.Close(_switch);
    }

    private static string PortOf(string name) => $"port-{name}";

    private void Join(string name, int descriptor, InternetAddress address)
    {
        InSwitch(netlink =>
        {
            Check(netlink.CreateVethPair(PortOf(name), LinkName, NamespaceTarget.OfDescriptor(descriptor)), "veth", netlink);
            int port = RtNetlink.IndexOf(PortOf(name));
            Check(netlink.SetMaster(port, RtNetlink.IndexOf(Bridge)), "port", netlink);
            Check(netlink.SetLinkUp(port, true), "port up", netlink);
        });
        Namespaces.Run(descriptor, () =>
        {
            using RtNetlink netlink = new();
            int link = RtNetlink.IndexOf(LinkName);
            Check(netlink.SetLinkUp(RtNetlink.IndexOf("lo"), true), "lo up", netlink);
            Check(netlink.SetLinkUp(link, true), "eth0 up", netlink);
            Check(netlink.AddAddress(link, new VirtualAddress(address, NodePlan.PrefixLength, -1)), "address", netlink);
        });
    }

    private void InSwitch(Action<RtNetlink> change) => Namespaces.Run(_switch, () =>
    {
        using RtNetlink netlink = new();
        change(netlink);
    });

    private static void Check(int errno, string what, RtNetlink netlink)
    {
        if (errno != 0)
        {
            throw new LinuxException("netlink", errno, netlink.LastExplanation.Length > 0 ? $"{what}: {netlink.LastExplanation}" : what);
        }
    }
}
