using System.Diagnostics;
using System.Text.Json;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;
using FenceFirst.Linux.Processes;

namespace FenceFirst.SystemTests.Linux;

/// <summary>Two private network namespaces joined by a veth pair, left0 and right0. They have no names and vanish with this object.</summary>
internal sealed class KernelNetwork : IDisposable
{
    internal KernelNetwork()
    {
        Left = Namespaces.Create();
        Right = Namespaces.Create();
        InLeft(() =>
        {
            using RtNetlink netlink = new();
            Assert.Equal(0, netlink.CreateVethPair("left0", "right0", NamespaceTarget.OfDescriptor(Right)));
            Prepare(netlink, "left0", "10.9.0.1", "fd09::1");
        });
        InRight(() =>
        {
            using RtNetlink netlink = new();
            Prepare(netlink, "right0", "10.9.0.2", "fd09::2");
            AwaitUp("right0");
        });
        InLeft(() => AwaitUp("left0"));
    }

    internal int Left { get; }

    internal int Right { get; }

    internal void InLeft(Action action) => Namespaces.Run(Left, action);

    internal void InRight(Action action) => Namespaces.Run(Right, action);

    /// <summary>Runs iproute2 in the left namespace.</summary>
    internal string Ip(string arguments) => Ip(Left, arguments);

    internal static string Ip(int descriptor, string arguments) => RunIp("nsenter", $"--net=/proc/{Environment.ProcessId}/fd/{descriptor} ip {arguments}");

    /// <summary>What iproute2 says about one address of left0.</summary>
    internal JsonElement? Address(string address)
    {
        foreach (JsonElement link in JsonDocument.Parse(Ip("-json -details addr show dev left0")).RootElement.EnumerateArray())
        {
            foreach (JsonElement entry in link.TryGetProperty("addr_info", out JsonElement list) ? list.EnumerateArray() : default)
            {
                if (entry.GetProperty("local").GetString() == address)
                {
                    return entry;
                }
            }
        }

        return null;
    }

    /// <summary>Waits until a link of the calling thread's namespace lets packets pass.</summary>
    /// <remarks>
    /// The kernel looks at a carrier some time after the link is set up. Until it has looked the state is unknown, which sets IFF_RUNNING as well; then the state
    /// is up, and only then do packets pass. It does the last two under the lock that every change of a link takes, so a change that changes nothing comes back
    /// after them.
    /// </remarks>
    internal static void AwaitUp(string name)
    {
        MonotonicInstant end = MonotonicClock.Now + TimeSpan.FromSeconds(10);
        while (!RunIp("ip", $"-json link show dev {name}").Contains("\"operstate\":\"UP\"", StringComparison.Ordinal))
        {
            Assert.True(MonotonicClock.Now < end, $"{name} did not come up");
        }

        using RtNetlink netlink = new();
        Assert.Equal(0, netlink.SetLinkUp(RtNetlink.IndexOf(name), true));
    }

    public void Dispose()
    {
        Namespaces.Close(Left);
        Namespaces.Close(Right);
    }

    private static void Prepare(RtNetlink netlink, string name, string address, string addressIPv6)
    {
        int index = RtNetlink.IndexOf(name);
        Assert.Equal(0, netlink.SetLinkUp(1, true));
        Assert.Equal(0, netlink.SetLinkUp(index, true));
        Assert.Equal(0, netlink.AddAddress(index, new VirtualAddress(InternetAddress.Parse(address), 24, 0)));
        Assert.Equal(0, netlink.AddAddress(index, new VirtualAddress(InternetAddress.Parse(addressIPv6), 64, 0)));
    }

    private static string RunIp(string program, string arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!; // Not null: a file is started, not a document.
        string output = process.StandardOutput.ReadToEnd();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {arguments}: {errors}");
        return output;
    }
}
