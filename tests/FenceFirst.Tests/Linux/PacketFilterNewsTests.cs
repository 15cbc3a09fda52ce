using System.Text;
using FenceFirst.Linux.Filters;

namespace FenceFirst.Tests.Linux;

/// <summary>Which news of nf_tables mean that somebody has taken the filter of no_accept away.</summary>
public sealed class PacketFilterNewsTests
{
    private const uint Own = 7;

    [Theory]
    [InlineData(0xa02, "ours", 9u, true)] // A table, as by "nft flush ruleset".
    [InlineData(0xa05, "ours", 9u, true)] // A chain.
    [InlineData(0xa08, "ours", 9u, true)] // A rule.
    [InlineData(0xa0b, "ours", 9u, true)] // A set.
    [InlineData(0xa0e, "ours", 9u, true)] // An element.
    [InlineData(0xa02, "ours", Own, false)] // We ourselves replace it.
    [InlineData(0xa02, "other", 9u, false)]
    [InlineData(0xa02, "ours2", 9u, false)]
    [InlineData(0xa00, "ours", 9u, false)] // Something is added.
    [InlineData(0xa0f, "ours", 9u, false)] // The end of a transaction.
    [InlineData(0x102, "ours", 9u, false)] // Another subsystem.
    public void What_means_removal(int type, string table, uint port, bool isRemoval) =>
        Assert.Equal(isRemoval, PacketFilterNews.IsRemoval([.. Message(0xa03, "x", 9), .. Message((ushort)type, table, port)], "ours", Own));

    // Every length that a datagram can be cut to.
    [Fact]
    public void What_is_cut_short_means_nothing()
    {
        byte[] whole = Message(0xa02, "ours", 9);
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.False(PacketFilterNews.IsRemoval(whole.AsSpan(0, length), "ours", Own));
        }
    }

    private static byte[] Message(ushort type, string table, uint port)
    {
        byte[] name = Encoding.UTF8.GetBytes(table + "\0");
        byte[] attribute = [.. BitConverter.GetBytes((ushort)(4 + name.Length)), 1, 0, .. name, .. new byte[(4 - (name.Length % 4)) % 4]];
        return [.. BitConverter.GetBytes(20 + attribute.Length), .. BitConverter.GetBytes(type), 0, 0, .. BitConverter.GetBytes(1), .. BitConverter.GetBytes(port), 2, 0, 0, 0, .. attribute];
    }
}
