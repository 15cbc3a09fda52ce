using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Network;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Bench;

/// <summary>One of the two nodes of a <see cref="Lab"/>: a network namespace and its interface.</summary>
internal sealed record Node(int Namespace, int LinkIndex, InternetAddress Address);

/// <summary>Two network namespaces joined by a pair of virtual Ethernet interfaces named eth0: the daemon under test, and its peer.</summary>
/// <remarks>The namespaces have no names: they are gone when this object is disposed and the processes in them have ended.</remarks>
internal sealed class Lab : IDisposable
{
    public const string LinkName = "eth0";

    public Lab()
    {
        int here = Namespaces.Create();
        int there = Namespaces.Create();
        Here = new Node(here, Build(here, there), InternetAddress.Parse("10.99.0.1"));
        There = new Node(there, FindLink(there), InternetAddress.Parse("10.99.0.2"));
        SetUp(Here);
        SetUp(There);
    }

    /// <summary>Where the daemon under test runs.</summary>
    public Node Here { get; }

    /// <summary>Where its peer runs, and where its packets are dated.</summary>
    public Node There { get; }

    /// <summary>Runs something inside a node's namespace, on a thread of its own.</summary>
    public static T Run<T>(Node node, Func<T> function)
    {
        T? result = default;
        Namespaces.Run(node.Namespace, () => result = function());
        return result!;
    }

    /// <summary>The addresses on a node's interface beside its own: what a daemon left there.</summary>
    public static IReadOnlyList<AddressInfo> VirtualAddresses(Node node) => Run(node, () =>
    {
        using RtNetlink netlink = new();
        return netlink.DumpAddresses().Where(each => each.LinkIndex == node.LinkIndex && each.Address.IsIPv4 && each.Address != node.Address).ToList();
    });

    public void Dispose()
    {
        Namespaces.Close(Here.Namespace);
        Namespaces.Close(There.Namespace);
    }

    private static int Build(int here, int there)
    {
        int index = 0;
        Namespaces.Run(here, () =>
        {
            using RtNetlink netlink = new();
            Check(netlink.CreateVethPair(LinkName, LinkName, NamespaceTarget.OfDescriptor(there)), "create veth", netlink);
            index = RtNetlink.IndexOf(LinkName);
        });
        return index;
    }

    private static int FindLink(int there)
    {
        int index = 0;
        Namespaces.Run(there, () => index = RtNetlink.IndexOf(LinkName));
        return index;
    }

    private static void SetUp(Node node) => Namespaces.Run(node.Namespace, () =>
    {
        using RtNetlink netlink = new();
        Check(netlink.SetLinkUp(RtNetlink.IndexOf("lo"), true), "set lo up", netlink);
        Check(netlink.SetLinkUp(node.LinkIndex, true), "set eth0 up", netlink);
        Check(netlink.AddAddress(node.LinkIndex, new VirtualAddress(node.Address, 24, 0)), "add address", netlink);
    });

    private static void Check(int errno, string what, RtNetlink netlink)
    {
        if (errno != 0)
        {
            throw new InvalidOperationException($"{what}: error {errno} {netlink.LastExplanation}");
        }
    }
}
