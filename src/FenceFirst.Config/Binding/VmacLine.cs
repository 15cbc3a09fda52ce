using System.Globalization;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;

namespace FenceFirst.Config.Binding;

/// <summary>What use_vmac says: [[name] IF] [MAC] [netlink_notify_msg] [group ID], in any order (keepalived 2.4, vrrp_vmac_handler).</summary>
internal sealed record VmacLine
{
    private const string Usage = "use_vmac [[name] IF] [MAC] [netlink_notify_msg] [group ID]";
    private const int MacBytes = 6;

    /// <summary>The name given, or null.</summary>
    public Token? Name { get; private init; }

    /// <summary>The Ethernet address given; with <see cref="IsVridLast"/> its last byte is the virtual router id.</summary>
    public ulong? Mac { get; private init; }

    /// <summary>Whether five bytes were given.</summary>
    public bool IsVridLast { get; private init; }

    /// <summary>Link group; -1 = none given.</summary>
    public long Group { get; private init; } = -1;

    /// <summary>Whether listeners are told of the interface below.</summary>
    public bool IsLowerTold { get; private init; }

    /// <summary>Reads the words; what is wrong is reported and left out.</summary>
    public static VmacLine Read(ConfigNode node, BindContext context)
    {
        VmacLine line = new();
        for (int i = 1; i < node.Words.Count; i++)
        {
            Token word = node.Words[i];
            bool hasNext = i + 1 < node.Words.Count;
            line = word.Text switch
            {
                "netlink_notify_msg" => line with { IsLowerTold = true },
                "group" when hasNext => line.WithGroup(node.Words[++i], context),
                "name" when hasNext => line.WithName(node.Words[++i], context),
                "group" or "name" => line.Refused(context, DiagnosticCodes.UnknownOption, word, $"'{word.Text}' needs a value"),
                _ when word.Text.Contains(':') => line.WithMac(word, context),
                _ => line.WithName(word, context),
            };
        }

        return line;
    }

    /// <summary>The same without an Ethernet address.</summary>
    public VmacLine WithoutMac() => this with { Mac = null, IsVridLast = false };

    /// <summary>Whether the kernel takes a name (dev_valid_name).</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= BindContext.InterfaceNameLengthMax && name is not ("." or "..") && !name.Any(letter => letter is '/' or ':' || char.IsWhiteSpace(letter));

    /// <summary>Whether a word is an option, so that an interface of that name needs <c>name</c> in front of it.</summary>
    public static bool IsOption(string word) => word is "netlink_notify_msg" or "group" or "name";

    private VmacLine WithName(Token word, BindContext context)
    {
        if (Name is not null)
        {
            return Refused(context, DiagnosticCodes.BadName, word, $"use_vmac has a second name, {word.Text}");
        }

        return IsName(word.Text)
            ? this with { Name = word }
            : Refused(context, DiagnosticCodes.BadName, word, $"'{word.Text}' cannot be the name of an interface", $"at most {BindContext.InterfaceNameLengthMax} characters, no slash and no colon");
    }

    private VmacLine WithGroup(Token word, BindContext context) => context.RoutingNames.TryGroup(word.Text, out uint group)
        ? this with { Group = group }
        : Refused(context, DiagnosticCodes.UndefinedName, word, $"there is no link group {word.Text}", "a number, or a name in /etc/iproute2/group");

    private VmacLine WithMac(Token word, BindContext context)
    {
        if (Mac is not null)
        {
            return Refused(context, DiagnosticCodes.BadMac, word, "use_vmac has a second MAC address");
        }

        // keepalived also takes a colon behind the fifth byte.
        string[] parts = word.Text.TrimEnd(':').Split(':');
        bool isShort = parts.Length == MacBytes - 1;
        bool isRight = word.Text.Length - word.Text.TrimEnd(':').Length <= (isShort ? 1 : 0) && (isShort || parts.Length == MacBytes);
        ulong mac = 0;
        foreach (string part in parts)
        {
            isRight &= byte.TryParse(part, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value) && part.Length <= 2;
            mac = (mac << 8) | value;
        }

        if (!isRight)
        {
            return Refused(context, DiagnosticCodes.BadMac, word, $"'{word.Text}' is no MAC address", "six bytes as 02:00:00:00:00:33, or five, then the last one is the virtual_router_id");
        }

        mac = isShort ? mac << 8 : mac;
        if ((mac & 0x0100_0000_0000) != 0)
        {
            return Refused(context, DiagnosticCodes.BadMac, word, $"{word.Text} is a multicast address", "the lowest bit of the first byte must be 0");
        }

        if (mac >> 8 is 0x5e0001 or 0x5e0002)
        {
            return Refused(context, DiagnosticCodes.BadMac, word, $"{word.Text} is one of the virtual router addresses of RFC 9568 section 7.3", "use_vmac without an address uses the right one");
        }

        return this with { Mac = mac, IsVridLast = isShort };
    }

    private VmacLine Refused(BindContext context, DiagnosticCode code, Token word, string message, string hint = Usage)
    {
        context.Diagnostics.Add(code, word.Span, message, hint);
        return this;
    }
}
