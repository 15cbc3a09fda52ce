using System.Net;
using System.Net.NetworkInformation;

namespace FenceFirst.SystemTests;

/// <summary>What the tests of use_vmac have in common: one instance per family with the virtual router addresses of RFC 9568 section 7.3, and how a client sees them.</summary>
internal static class VmacLab
{
    public const string Mac4 = "00:00:5e:00:01:33", Mac6 = "00:00:5e:00:02:33";
    private const string UseVmac = "    use_vmac\n";

    /// <summary>IPv4 and IPv6 with the same virtual router id; the interfaces are vrrp.51 and vrrp6.51.</summary>
    public static string Both(Lab lab, int priority, string extra = UseVmac, string definitions = "") => Conf.File(
        definitions,
        new Conf(lab.Virtual) { Priority = priority, Extra = extra },
        new Conf(lab.Virtual6) { Name = "VI_2", Priority = priority, Extra = extra });

    /// <summary>One IPv4 instance.</summary>
    public static string One(Lab lab, string extra = UseVmac, int priority = 100) => Conf.File(new Conf(lab.Virtual) { Priority = priority, Extra = extra });

    /// <summary>Waits until a node holds the addresses of both families.</summary>
    public static async Task WaitForBothAsync(this Node node, Lab lab)
    {
        await node.WaitForAddressAsync(lab.Virtual);
        await node.WaitForAddressAsync(lab.Virtual6);
    }

    /// <summary>Whether an address answers; asked a few times, because a switch has to learn.</summary>
    /// <param name="from">Who asks.</param>
    /// <param name="address">Whom.</param>
    /// <param name="isExpected">Whether silence is a reason to ask again: a crowded machine may be late.</param>
    public static async Task<bool> AnswersAsync(this Node from, IPAddress address, bool isExpected = true)
    {
        const int triesMax = 8;
        for (int i = 1; ; i++)
        {
            bool isAnswered = (await from.TryRunAsync("ping", "-c", "3", "-i", "0.2", "-W", "1", "-w", "2", "-n", address.ToString())).Status == 0;
            if (isAnswered || !isExpected || i == triesMax)
            {
                return isAnswered;
            }
        }
    }

    /// <summary>The Ethernet address in a client's neighbour table.</summary>
    public static async Task<string> NeighbourAsync(this Node from, IPAddress address)
    {
        string[] words = (await from.RunAsync("ip", "neigh", "show", address.ToString())).Split(' ');
        return words[Array.IndexOf(words, "lladdr") + 1];
    }

    /// <summary>As a capture has it.</summary>
    public static PhysicalAddress Physical(string mac) => PhysicalAddress.Parse(mac);
}
