using FenceFirst.Core.Wire;
using static FenceFirst.Tests.Wire.WireSamples;

namespace FenceFirst.Tests.Wire;

/// <summary>RFC 1071: the example of its section 3, and sums gathered in pieces.</summary>
public sealed class InternetChecksumTests
{
    [Fact]
    public void The_example_of_RFC_1071_section_3_gives_ddf2() =>
        Assert.Equal(unchecked((ushort)~0xddf2), InternetChecksum.Compute(Bytes("0001 f203 f4f5 f6f7")));

    [Fact]
    public void No_bytes_sum_to_zero() => Assert.Equal(0xffff, InternetChecksum.Compute([]));

    // RFC 1071 section 2 (B) and RFC 1071 section 4.1.
    [Fact]
    public void Every_way_to_cut_the_bytes_into_three_gives_the_same_sum()
    {
        byte[] bytes = [.. Bytes(Version2Password), 0x7f];
        ushort expected = InternetChecksum.Compute(bytes);
        for (int first = 0; first <= bytes.Length; first++)
        {
            for (int second = first; second <= bytes.Length; second++)
            {
                InternetChecksum checksum = default;
                checksum.Add(bytes.AsSpan(0, first));
                checksum.Add(bytes.AsSpan(first, second - first));
                checksum.Add(bytes.AsSpan(second));
                Assert.Equal(expected, checksum.Value);
            }
        }
    }

    [Fact]
    public void Carries_are_folded_back_in()
    {
        byte[] ones = new byte[65_535 - 1];
        Array.Fill(ones, (byte)0xff);
        Assert.Equal(0, InternetChecksum.Compute(ones));
    }

    [Fact]
    public void The_pseudo_header_equals_its_written_out_bytes()
    {
        // RFC 8200 section 8.1: source, destination, length in four bytes, three zeros, next header.
        InternetChecksum helper = default;
        helper.AddPseudoHeader(LinkLocal1, GroupIPv6, 112, 40);
        byte[] written = Bytes("fe80000000000000e474c2fffe6a77ca ff020000000000000000000000000012 00000028 00000070");
        Assert.Equal(InternetChecksum.Compute(written), helper.Value);
    }
}
