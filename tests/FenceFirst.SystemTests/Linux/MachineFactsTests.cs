using FenceFirst.Cli;
using FenceFirst.Config.Binding;
using FenceFirst.Linux.Network;

namespace FenceFirst.SystemTests.Linux;

/// <summary>What reading a configuration is told about the machine.</summary>
public sealed class MachineFactsTests
{
    // Shown: an interface is there when the kernel has it in the network namespace we are in, whatever /sys shows; and each reading asks anew.
    // How: two namespaces of our own; /sys stays that of the machine.
    [LinuxFact]
    public void Interfaces_are_those_of_our_own_namespace()
    {
        using KernelNetwork network = new();
        network.InLeft(() =>
        {
            MachineFacts facts = RealMachineFacts.Create();
            Assert.True(facts.HasInterface("left0"));
            Assert.False(facts.HasInterface("right0"));
            Assert.False(facts.HasInterface("late0"));
            Assert.False(Directory.Exists("/sys/class/net/left0"));

            using RtNetlink netlink = new();
            Assert.Equal(0, netlink.CreateVethPair("late0", "late1"));
            Assert.False(facts.HasInterface("late0")); // One file is read with one answer to each question.
            Assert.True(RealMachineFacts.Create().HasInterface("late0"));
        });
        network.InRight(() => Assert.True(RealMachineFacts.Create().HasInterface("right0")));
    }
}
