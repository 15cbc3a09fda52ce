using System.Buffers.Binary;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <summary>The entries of virtual_ipaddress, virtual_ipaddress_excluded and static_ipaddress: ADDRESS[/LENGTH] and options (keepalived.conf(5)).</summary>
/// <param name="context">What all binders share.</param>
/// <param name="isStatic">Whether the entries are those of static_ipaddress.</param>
internal sealed class AddressBinder(BindContext context, bool isStatic = false)
{
    /// <summary>Longest label the kernel takes.</summary>
    public const int LabelLengthMax = 15;

    private bool _isDeviceGiven;

    /// <summary>The track_group of the last static entry; null = none.</summary>
    public Token? TrackGroup { get; private set; }

    /// <summary>One address, or null when it cannot be used, which is reported.</summary>
    /// <param name="entry">The line.</param>
    /// <param name="defaultLink">The instance's interface, or -1.</param>
    public VirtualAddress? Bind(ConfigNode entry, int defaultLink)
    {
        if (!context.Values.TryNetwork(entry.Words[0], "address", out InternetAddress address, out byte length))
        {
            return null;
        }

        if (address.IsMulticast)
        {
            context.Diagnostics.Add(DiagnosticCodes.BadAddress, entry.Span, $"{address} is a multicast address");
            return null;
        }

        VirtualAddress result = new(address, length, defaultLink);
        _isDeviceGiven = false;
        TrackGroup = null;
        for (int i = 1; i < entry.Words.Count; i++)
        {
            VirtualAddress? next = Option(result, entry.Words, ref i);
            if (next is null)
            {
                return null;
            }

            result = next;
        }

        if (!result.Peer.IsNone && !result.Broadcast.IsNone)
        {
            context.Diagnostics.Add(DiagnosticCodes.NoEffect, entry.Span, $"{address} has a peer, so it has no broadcast address: brd is ignored");
            result = result with { Broadcast = InternetAddress.None };
        }

        if (result.Link < 0)
        {
            context.Diagnostics.Add(DiagnosticCodes.MissingKeyword, entry.Span, $"{address} has no interface", "add `dev NAME`, or `interface` to the instance");
            return null;
        }

        return result;
    }

    private VirtualAddress? Option(VirtualAddress address, List<Token> words, ref int i)
    {
        Token option = words[i];
        switch (option.Text)
        {
            case "no_track":
                return address with { IsUntracked = true };
            case "home":
                return address with { Flags = address.Flags | 0x10 };
            case "mngtmpaddr":
                return address with { Flags = address.Flags | 0x100 };
            case "noprefixroute":
                return address with { Flags = address.Flags | 0x200 };
            case "autojoin":
                return address with { Flags = address.Flags | 0x400 };
            case "-nodad":
                return address with { IsDuplicateDetected = true };
            case "use_vmac" when !isStatic:
                return address with { IsOnVmac = true };
        }

        if (i + 1 >= words.Count)
        {
            return Refuse(DiagnosticCodes.UnknownOption, option, $"'{option.Text}' is not an option of an address, or its value is missing", "one address per line");
        }

        Token value = words[++i];
        switch (option.Text)
        {
            case "track_group" when isStatic:
                TrackGroup = value;
                return address;
            case "dev" when _isDeviceGiven:
                return Refuse(DiagnosticCodes.UnknownOption, option, $"{address.Address} has two interfaces", "one dev per address");
            case "dev":
                _isDeviceGiven = true;
                int link = context.Link(value.Text, value.Span);
                return link < 0 ? null : address with { Link = link };
            case "brd" or "broadcast":
                return Broadcast(address, value);
            case "peer":
                return Peer(address, value);
            case "label":
                if (address.Address.IsIPv6 || value.Text.Length is 0 or > LabelLengthMax)
                {
                    return Refuse(DiagnosticCodes.BadName, value, $"'{value.Text}' cannot be a label", $"1 to {LabelLengthMax} characters, IPv4 only");
                }

                return address with { Label = value.Text };
            case "scope":
                if (address.Address.IsIPv6 || !context.RoutingNames.TryScope(value.Text, out uint scope))
                {
                    return Refuse(DiagnosticCodes.BadChoice, value, $"'{value.Text}' is not possible as scope", "global, site, link, host or a number; IPv4 only");
                }

                return address with { Scope = (byte)scope };
            case "preferred_lft":
                if (value.Text is "forever" or "infinity")
                {
                    return address with { PreferredLifetimeSeconds = -1 };
                }

                return context.Values.TryInteger(value, 0, int.MaxValue, "preferred_lft", out int seconds) ? address with { PreferredLifetimeSeconds = seconds } : null;
            default:
                bool isAddress = InternetAddress.TryParse(option.Text.Split('/')[0], out _);
                return Refuse(DiagnosticCodes.UnknownOption, option, $"'{option.Text}' is not an option of an address", isAddress ? "one address per line" : "dev, brd, label, scope, peer, no_track ...");
        }
    }

    /// <summary>The other end of a point-to-point address; it is what has the prefix length.</summary>
    private VirtualAddress? Peer(VirtualAddress address, Token value)
    {
        if (!context.Values.TryNetwork(value, "peer", out InternetAddress peer, out byte length))
        {
            return null;
        }

        if (peer.IsIPv6 != address.Address.IsIPv6)
        {
            return Refuse(DiagnosticCodes.WrongFamily, value, $"peer {peer} is of another family than {address.Address}");
        }

        if (value.Text.Contains('/', StringComparison.Ordinal))
        {
            context.Diagnostics.Add(DiagnosticCodes.KeepalivedForm, value.Span, "keepalived drops a peer with a prefix length; FenceFirst reads it", $"peer {peer}, if the node alone is meant");
        }

        if (address.PrefixLength != address.Address.Length * 8)
        {
            context.Diagnostics.Add(DiagnosticCodes.NoEffect, value.Span, $"the prefix length of {address} is ignored: the peer's holds", $"{address.Address} peer {peer}/{address.PrefixLength}");
        }

        return address with { Peer = peer, PrefixLength = length };
    }

    private VirtualAddress? Broadcast(VirtualAddress address, Token value)
    {
        if (address.Address.IsIPv6)
        {
            return Refuse(DiagnosticCodes.WrongFamily, value, "IPv6 has no broadcast address");
        }

        if (value.Text is not ("+" or "-"))
        {
            if (!context.Values.TryAddress(value, "brd", out InternetAddress given))
            {
                return null;
            }

            return given.IsIPv4 ? address with { Broadcast = given } : Refuse(DiagnosticCodes.WrongFamily, value, "the broadcast address must be IPv4");
        }

        if (address.PrefixLength > 30)
        {
            return Refuse(DiagnosticCodes.OutOfRange, value, $"a /{address.PrefixLength} network has no broadcast address", "write the prefix length: 10.0.0.1/24");
        }

        Span<byte> bytes = stackalloc byte[4];
        address.Address.WriteTo(bytes);
        uint host = uint.MaxValue >> address.PrefixLength;
        uint number = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return address with { Broadcast = InternetAddress.FromIPv4(value.Text == "+" ? number | host : number & ~host) };
    }

    private VirtualAddress? Refuse(DiagnosticCode code, Token at, string message, string hint = "")
    {
        context.Diagnostics.Add(code, at.Span, message, hint);
        return null;
    }
}
