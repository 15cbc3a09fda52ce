using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <content>What the instance holds: addresses, routes and rules.</content>
internal sealed partial class InstanceBinder
{
    private void CompleteAddresses()
    {
        AddressBinder binder = new(context);

        // When the interface is named but missing, the addresses would all be reported too.
        int link = _interface is not null && _config.Link < 0 ? 0 : _config.Link;
        List<VirtualAddress> addresses = [];
        foreach (ConfigNode node in _addressNodes)
        {
            if (binder.Bind(node, link) is not VirtualAddress address)
            {
                continue;
            }

            if (addresses.Count > 0 && addresses[0].Address.IsIPv6 != address.Address.IsIPv6)
            {
                _diagnostics.Add(
                    DiagnosticCodes.WrongFamily, node.Span, $"{address.Address} is of another family than the first address; one advert carries one family", "put it into virtual_ipaddress_excluded");
            }
            else if (addresses.Any(other => other.Address == address.Address))
            {
                _diagnostics.Add(DiagnosticCodes.AddressTwice, node.Span, $"{address.Address} is written twice; the second one is dropped");
            }
            else
            {
                addresses.Add(address);
            }
        }

        if (addresses.Count > byte.MaxValue)
        {
            _diagnostics.Add(DiagnosticCodes.OutOfRange, block.Span, $"{addresses.Count} addresses: an advert carries at most 255", "put the others into virtual_ipaddress_excluded");
        }

        List<VirtualAddress> excluded = [];
        foreach (ConfigNode node in _excludedNodes)
        {
            if (binder.Bind(node, link) is VirtualAddress address)
            {
                excluded.Add(address);
            }
        }

        _config.Addresses = addresses.ToEquatableArray();
        _config.ExcludedAddresses = excluded.ToEquatableArray();
    }

    private void CompleteRoutes()
    {
        if (_routeNodes.Count + _ruleNodes.Count == 0)
        {
            return;
        }

        // A route or rule that says nothing about its family is IPv4 in keepalived, whatever the instance is.
        RouteBinder routes = new(context);
        RuleBinder rules = new(context);
        _config.Routes = _routeNodes.Select(node => routes.Route(node, isIPv6: false)).OfType<VirtualRoute>().ToEquatableArray();
        _config.Rules = _ruleNodes.Select(node => rules.Rule(node, isIPv6: false)).OfType<VirtualRule>().ToEquatableArray();
    }
}
