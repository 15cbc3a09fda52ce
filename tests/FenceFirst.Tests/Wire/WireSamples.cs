using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Tests.Wire;

/// <summary>Configurations and packets that the tests of the codec share. The packets were sent by keepalived 2.4 and 2.2.7.</summary>
internal static class WireSamples
{
    // IPv4 header and message; each row is named by what the sender was configured to do.
    public const string Version2 = "45c00028 0001 0000 ff70 d02e 0a630001 e0000012 | 21 33 96 01 00 01 3d34 0a630133 0000000000000000";
    public const string Version2Password = "45c00028 0001 0000 ff70 d02e 0a630001 e0000012 | 21 33 96 01 01 01 ceb5 0a630133 7365637265743132";
    public const string Version2ShortPassword = "45c00028 0001 0000 ff70 d02e 0a630001 e0000012 | 21 33 96 01 01 01 77d1 0a630133 6162630000000000";
    public const string Version2Release = "45c00028 0003 0000 ff70 d02c 0a630001 e0000012 | 21 33 00 01 00 01 d334 0a630133 0000000000000000";
    public const string Version3 = "45c00020 0001 0000 ff70 d036 0a630001 e0000012 | 31 33 96 01 00 64 41de 0a630133";
    public const string Version3Fast = "45c00020 0001 0000 ff70 d036 0a630001 e0000012 | 31 33 96 01 00 0a 4238 0a630133";
    public const string Version3Release = "45c00020 0003 0000 ff70 d034 0a630001 e0000012 | 31 33 00 01 00 64 d7de 0a630133";
    public const string Version3ThreeAddresses =
        "45c00028 0001 0000 ff70 d02e 0a630001 e0000012 | 31 33 96 03 00 64 2b05 0a63011e 0a63010a 0a630114";

    // Messages over IPv6, without IP header.
    public const string Version3IPv6 = "31 33 96 02 00 64 1fbb fe800000000000000000000000330051 fd990000000000000000000000010033";
    public const string Version3IPv6Unicast = "31 33 96 02 00 64 3fc4 fe800000000000000000000000330051 fd990000000000000000000000010033";

    public static readonly InternetAddress Node1 = InternetAddress.Parse("10.99.0.1");
    public static readonly InternetAddress Node2 = InternetAddress.Parse("10.99.0.2");
    public static readonly InternetAddress GroupIPv4 = InternetAddress.Parse("224.0.0.18");
    public static readonly InternetAddress GroupIPv6 = InternetAddress.Parse("ff02::12");
    public static readonly InternetAddress LinkLocal1 = InternetAddress.Parse("fe80::e474:c2ff:fe6a:77ca");

    public static readonly PacketContext MulticastIPv4 = new(Node1, GroupIPv4, 255);

    public static string RepositoryRoot
    {
        get
        {
            DirectoryInfo? directory = new(AppContext.BaseDirectory);
            while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "FenceFirst.slnx")))
            {
                directory = directory.Parent;
            }

            return directory?.FullName ?? throw new InvalidOperationException("the tests run outside the repository");
        }
    }

    public static string VectorsFolder => Path.Combine(RepositoryRoot, "tests", "FenceFirst.Tests", "Vectors");

    public static string GoldenFolder => Path.Combine(RepositoryRoot, "tests", "FenceFirst.Tests", "Golden");

    public static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal).Replace("|", "", StringComparison.Ordinal));

    /// <summary>The message of an IPv4 row.</summary>
    public static byte[] Message(string row) => Bytes(row[(row.IndexOf('|', StringComparison.Ordinal) + 1)..]);

    public static VrrpConfig InstanceOf(byte version = 3, params string[] addresses)
    {
        string[] texts = addresses.Length == 0 ? ["10.99.1.51"] : addresses;
        VirtualAddress[] virtualAddresses = [.. texts.Select(text => new VirtualAddress(InternetAddress.Parse(text), 24, 0))];
        bool isIPv6 = virtualAddresses[0].Address.IsIPv6;
        return new VrrpConfig
        {
            Name = "VI_51",
            Vrid = 51,
            Version = version,
            BasePriority = 150,
            IsIPv6 = isIPv6,
            Group = isIPv6 ? GroupIPv6 : GroupIPv4,
            Addresses = EquatableArray.Create<VirtualAddress>(virtualAddresses),
        };
    }

    public static VrrpConfig WithPassword(this VrrpConfig config, string password)
    {
        byte[] padded = new byte[8];
        System.Text.Encoding.ASCII.GetBytes(password).CopyTo(padded, 0);
        return config with { Authentication = AuthenticationType.SimplePassword, Password = EquatableArray.Create<byte>(padded) };
    }

    /// <summary>Puts the right checksum into a message that a test has changed.</summary>
    public static byte[] WithChecksum(byte[] message, InternetAddress source, InternetAddress destination, bool isPlain = false)
    {
        message[6] = 0;
        message[7] = 0;
        InternetChecksum checksum = default;
        if (!isPlain)
        {
            checksum.AddPseudoHeader(source, destination, 112, message.Length);
        }

        checksum.Add(message);
        ushort value = checksum.Value;
        message[6] = (byte)(value >> 8);
        message[7] = (byte)value;
        return message;
    }

    public static DecodeError Decode(byte[] message, PacketContext context)
    {
        bool isGood = VrrpCodec.TryDecode(message, context, out VrrpAdvert advert, out DecodeError error);
        Assert.Equal(error == DecodeError.None, isGood);
        Assert.Equal(isGood, advert != default);
        return error;
    }
}
