using FenceFirst.Core;
using FenceFirst.Core.Wire;
using static FenceFirst.Tests.Wire.WireSamples;

namespace FenceFirst.Tests.Wire;

/// <summary>What a frame on the link says about an address: RFC 5227 section 2.1.1 (ARP), RFC 4862 section 5.4.3 (neighbour discovery).</summary>
public sealed class AddressClaimTests
{
    private const string Station = "e674c26a77ca";
    private const string Ip6Start = "333300000001" + Station + "86dd 60000000 0020 3a ff";
    private const string Address6 = "fd990000000000000000000000010033";
    private const string AllNodes = "ff020000000000000000000000000001";
    private const string Unspecified = "00000000000000000000000000000000";

    // RFC 5227 section 2.1.1: any ARP packet with the address as its sender is a conflict, reply, request and announcement; a probe asks for its target.
    [Theory]
    [InlineData("0002", "0a630133", "0a630101", "10.99.1.51", false)]
    [InlineData("0001", "0a630133", "0a630133", "10.99.1.51", false)]
    [InlineData("0001", "0a630133", "0a630101", "10.99.1.51", false)]
    [InlineData("0001", "00000000", "0a630133", "10.99.1.51", true)]
    public void ARP_claims_its_sender_and_a_probe_asks_for_its_target(string operation, string sender, string target, string address, bool isProbe)
    {
        byte[] frame = Bytes("ffffffffffff" + Station + "0806 0001 0800 06 04" + operation + Station + sender + "000000000000" + target);
        Assert.True(AddressClaim.TryDecode(frame, out AddressClaim claim));
        Assert.Equal(new AddressClaim(InternetAddress.Parse(address), 0xe674c26a77ca, isProbe), claim);
    }

    // RFC 4862 section 5.4.3: a solicitation from :: is somebody else's duplicate detection. RFC 4861 section 4.4: an advertisement is its target's.
    [Theory]
    [InlineData("88", "fe8000000000000000000000000000aa", Address6, "fd99::1:33", false)]
    [InlineData("87", Unspecified, Address6, "fd99::1:33", true)]
    [InlineData("87", Address6, "fd990000000000000000000000010099", "fd99::1:33", false)]
    public void Neighbour_discovery_claims_and_asks(string type, string source, string target, string address, bool isProbe)
    {
        byte[] frame = Bytes(Ip6Start + source + AllNodes + type + "00 0000 20000000" + target + "0201" + Station);
        Assert.True(AddressClaim.TryDecode(frame, out AddressClaim claim));
        Assert.Equal(new AddressClaim(InternetAddress.Parse(address), 0xe674c26a77ca, isProbe), claim);
    }

    // Shown: what we send ourselves is read as what it is.
    [Fact]
    public void Our_own_frames_are_understood()
    {
        InternetAddress four = InternetAddress.Parse("10.99.1.51");
        InternetAddress six = InternetAddress.Parse("fd99::1:33");
        byte[] frame = new byte[128];
        int length = ArpProbe.Write(frame, Bytes(Station), four);
        Assert.True(AddressClaim.TryDecode(frame.AsSpan(0, length), out AddressClaim claim) && claim.IsProbe && claim.Address == four);
        length = GratuitousArp.Write(frame, Bytes(Station), four);
        Assert.True(AddressClaim.TryDecode(frame.AsSpan(0, length), out claim) && !claim.IsProbe && claim.Address == four);
        length = NeighborSolicitation.Write(frame, Bytes(Station), six);
        Assert.True(AddressClaim.TryDecode(frame.AsSpan(0, length), out claim) && claim.IsProbe && claim.Address == six);
        length = NeighborAdvertisement.Write(frame, Bytes(Station), six, isRouter: false);
        Assert.True(AddressClaim.TryDecode(frame.AsSpan(0, length), out claim) && !claim.IsProbe && claim.Address == six);
    }

    // Shown: a frame that crossed a router, another protocol, a reply from nowhere, and every truncation are refused without an exception.
    [Fact]
    public void Other_frames_say_nothing()
    {
        string[] frames =
        [
            "333300000001" + Station + "86dd 60000000 0020 3a fe" + Address6 + AllNodes + "8800 0000 20000000" + Address6,
            "333300000001" + Station + "86dd 60000000 0020 11 ff" + Address6 + AllNodes + "8800 0000 20000000" + Address6,
            Ip6Start + Address6 + AllNodes + "8801 0000 20000000" + Address6,
            Ip6Start + Address6 + AllNodes + "8000 0000 20000000" + Address6,
            "ffffffffffff" + Station + "0806 0001 0800 06 04 0002" + Station + "00000000 000000000000 0a630133",
            "ffffffffffff" + Station + "0806 0001 0800 06 04 0003" + Station + "0a630133 000000000000 0a630133",
            "ffffffffffff" + Station + "0806 0006 0800 06 04 0001" + Station + "0a630133 000000000000 0a630133",
            "ffffffffffff" + Station + "0800 45",
        ];
        foreach (string frame in frames)
        {
            Assert.False(AddressClaim.TryDecode(Bytes(frame), out _), frame);
        }

        byte[] whole = Bytes(Ip6Start + Address6 + AllNodes + "8800 0000 20000000" + Address6);
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.False(AddressClaim.TryDecode(whole.AsSpan(0, length), out _));
        }
    }
}
