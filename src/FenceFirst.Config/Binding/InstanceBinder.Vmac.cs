using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <content>Interfaces with a virtual MAC address, and which of the addresses are put on them (keepalived 2.2.7: vrrp.c, vrrp_complete_instance).</content>
internal sealed partial class InstanceBinder
{
    private List<VirtualLink>? _addressVmacs;
    private ConfigNode? _vmac;
    private ConfigNode? _vmacAddress;
    private ConfigNode? _xmitBase;
    private ConfigNode? _promoteSecondaries;

    private bool TryVmac(ConfigNode node)
    {
        switch (node.Name)
        {
            case "use_vmac":
                _vmac = node;
                return true;
            case "use_vmac_addr":
                _vmacAddress = node;
                return true;
            case "vmac_xmit_base":
                _xmitBase = node;
                return true;
            default:
                return false;
        }
    }

    private void CompleteVmac()
    {
        VmacLine? line = _vmac is null ? null : VmacLine.Read(_vmac, context);
        if (line is not null && IsStrict)
        {
            line = Strict(line);
        }

        if (line is null && _xmitBase is not null)
        {
            _diagnostics.Add(DiagnosticCodes.NoEffect, _xmitBase.Span, "vmac_xmit_base has no effect without use_vmac");
        }

        if (line is not null && _promoteSecondaries is not null)
        {
            _diagnostics.Add(DiagnosticCodes.NoEffect, _promoteSecondaries.Span, "promote_secondaries is always so with use_vmac", "remove it");
            _config.IsPromotingSecondaries = false;
        }

        if (line is not null && IsVmacPossible())
        {
            _config.Vmac = OwnVmac(line);
        }

        if (_config.Link >= 0 && (_config.Vmac is not null || _vmacAddress is not null || IsAnyOnVmac()))
        {
            _config.Addresses = _config.Addresses.Select(address => Placed(address, line)).ToEquatableArray();
            _config.ExcludedAddresses = _config.ExcludedAddresses.Select(address => Placed(address, line)).ToEquatableArray();
            _config.AddressVmacs = _addressVmacs?.ToEquatableArray() ?? default;
        }
    }

    private bool IsAnyOnVmac()
    {
        foreach (VirtualAddress address in new AddressWalk(_config.Addresses, _config.ExcludedAddresses))
        {
            if (address.IsOnVmac)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The addresses are those of the RFC, and are what adverts come from.</summary>
    private VmacLine Strict(VmacLine line)
    {
        if (line.Mac is not null)
        {
            TakeBack(_vmac!, "has the MAC address of the RFC"); // The line comes from it.
        }

        if (_xmitBase is not null)
        {
            TakeBack(_xmitBase, "sends adverts from the virtual MAC address");
            _xmitBase = null;
        }

        return line.WithoutMac();
    }

    private bool IsVmacPossible()
    {
        if (_interface is null)
        {
            _diagnostics.Add(DiagnosticCodes.VmacBad, _vmac!.Span, "use_vmac needs an interface to put its own on", "interface NAME"); // Asked only with use_vmac.
            return false;
        }

        // ARPHRD_ETHER; what cannot be read is not judged.
        if (_config.Link >= 0 && !context.Facts.IsElsewhere && context.Facts.ReadFile($"/sys/class/net/{_interface.Value}/type")?.Trim() is { } type && type != "1")
        {
            _diagnostics.Add(DiagnosticCodes.VmacBad, _interface.ValueSpan, $"use_vmac is only possible on Ethernet, and {_interface.Value} is no Ethernet interface");
            return false;
        }

        return _config.Link >= 0;
    }

    private VirtualLink OwnVmac(VmacLine line)
    {
        if (_config.IsUnicast && _xmitBase is null)
        {
            _diagnostics.Add(DiagnosticCodes.KeepalivedForm, _vmac!.Span, "unicast adverts leave from the interface below: vmac_xmit_base is assumed, as in keepalived", "vmac_xmit_base");
        }

        string name = line.Name is { } given && IsFree(given) ? given.Text : context.VmacNames.Take(context.Globals.PrefixOf(isOfAddress: false), _config.Vrid, _config.IsIPv6);
        return new VirtualLink(context.NewLink(name), _config.Link, MacOf(line, _config.IsIPv6))
        {
            IsIPv6 = _config.IsIPv6,
            IsSending = !_config.IsUnicast && _xmitBase is null,
            IsMacGiven = line.Mac is not null,
            Group = line.Group,
            IsLowerTold = line.IsLowerTold,
        };
    }

    /// <summary>Whether a given name can be used for a new interface.</summary>
    private bool IsFree(Token name)
    {
        if (!context.VmacNames.TryTake(name.Text))
        {
            _diagnostics.Add(DiagnosticCodes.DuplicateName, name.Span, $"two instances use {name.Text} as their virtual MAC interface", "each needs its own");
            return false;
        }

        bool isOther = name.Text == _interface!.Value // Only asked with an interface.
            || name.Text == "lo"
            || (!context.Facts.IsElsewhere
                && context.Facts.HasInterface(name.Text)
                && context.Facts.ReadFile($"/sys/class/net/{name.Text}/uevent") is { } kind
                && !kind.Contains("DEVTYPE=macvlan", StringComparison.Ordinal));
        if (isOther)
        {
            _diagnostics.Add(DiagnosticCodes.VmacBad, name.Span, $"interface {name.Text} exists and is no macvlan: use_vmac makes a new one", "another name, or none");
        }

        return !isOther;
    }

    private ulong MacOf(VmacLine? line, bool isIPv6) => line?.Mac is not { } given ? VirtualLink.MacOf(_config.Vrid, isIPv6) : line.IsVridLast ? given | _config.Vrid : given;

    /// <summary>The address on the interface that it belongs on.</summary>
    private VirtualAddress Placed(VirtualAddress address, VmacLine? line)
    {
        bool isOwn = address.Link == _config.Link && address.Address.IsIPv6 == _config.IsIPv6;
        if (isOwn && _config.Vmac is not null)
        {
            WarnOfVmac(address, "use_vmac of the instance");
            return address with { Link = _config.Vmac.Link };
        }

        if (!isOwn && _vmacAddress is not null)
        {
            WarnOfVmac(address, "use_vmac_addr");
        }

        return address.IsOnVmac || (!isOwn && _vmacAddress is not null) ? address with { Link = VmacOn(address.Link, address.Address.IsIPv6, line) } : address;
    }

    private void WarnOfVmac(VirtualAddress address, string other)
    {
        if (address.IsOnVmac)
        {
            _diagnostics.Add(DiagnosticCodes.NoEffect, (_vmacAddress ?? _vmac ?? block).Span, $"use_vmac of {address.Address} says no more than {other} does", "write one of them");
        }
    }

    private int VmacOn(int lower, bool isIPv6, VmacLine? line)
    {
        ulong mac = MacOf(line, isIPv6);
        _addressVmacs ??= [];
        VirtualLink? known = _addressVmacs.Prepend(_config.Vmac).FirstOrDefault(each => each is not null && each.Lower == lower && each.Mac == mac);
        if (known is null)
        {
            string prefix = context.Globals.PrefixOf(isOfAddress: true);
            known = new VirtualLink(context.NewLink(context.VmacNames.Take(prefix, _config.Vrid, isIPv6)), lower, mac) { IsIPv6 = isIPv6, IsMacGiven = line?.Mac is not null };
            _addressVmacs.Add(known);
        }

        return known.Link;
    }
}
