using FenceFirst.Core;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>One walk over everything that an instance adds.</summary>
public class AddressWalkTests
{
    // Shown: all addresses in the order of the file, the excluded ones last, with either list empty or both.
    [Theory]
    [InlineData("", "")]
    [InlineData("10.0.0.1", "")]
    [InlineData("", "10.0.0.2")]
    [InlineData("10.0.0.1 10.0.0.3", "10.0.0.2 10.0.0.4 10.0.0.5")]
    public void The_excluded_addresses_come_last(string addresses, string excluded)
    {
        VrrpConfig config = TestConfig.Instance() with { Addresses = Parse(addresses), ExcludedAddresses = Parse(excluded) };
        List<string> seen = [];
        foreach (VirtualAddress each in config.EachAddress())
        {
            seen.Add(each.Address.ToString());
        }

        Assert.Equal($"{addresses} {excluded}".Split(' ', StringSplitOptions.RemoveEmptyEntries), seen);
    }

    private static EquatableArray<VirtualAddress> Parse(string addresses) =>
        addresses.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(each => new VirtualAddress(InternetAddress.Parse(each), 24, 0)).ToEquatableArray();
}
