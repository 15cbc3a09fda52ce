using System.Text;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Config.Binding;

/// <content>Whom the instance speaks to, and how they know each other.</content>
internal sealed partial class InstanceBinder
{
    private void CompleteAuthentication()
    {
        if (_hmac is not null)
        {
            if (_authentication is not null)
            {
                _diagnostics.Add(
                    DiagnosticCodes.AuthenticationDropped,
                    _authentication.Span,
                    "authentication is dropped, as in keepalived: auth_hmac replaces it",
                    "remove the block once all nodes have auth_hmac");
            }

            // Absent only with an error: an instance whose auth_hmac is not good never runs without it.
            _config.Hmac = new HmacBinder(context).Bind(_hmac, _config.AdvertInterval);
            RequireSignatures();
            return;
        }

        if (_authentication is null)
        {
            return;
        }

        if (IsStrict)
        {
            TakeBack(_authentication, "has no authentication: the block is dropped");
            return;
        }

        ConfigNode? type = _authentication.Children.LastOrDefault(node => node.Name == "auth_type");
        ConfigNode? password = _authentication.Children.LastOrDefault(node => node.Name == "auth_pass");
        if (type is not null && !_values.TryChoice(type, out _))
        {
            return;
        }

        if (password is null || type is null || password.Words.Count < 2)
        {
            bool isSaid = type is not null && type.Words.Skip(2).Any(word => word.Text == "auth_pass");
            if (!isSaid)
            {
                _diagnostics.Add(
                    DiagnosticCodes.PasswordLost,
                    _authentication.Span,
                    $"authentication without {(type is null ? "auth_type" : "a password")}: keepalived would send and accept adverts without it",
                    "auth_type PASS and auth_pass, each on a line of its own");
            }

            return;
        }

        if (_config.Version == 3)
        {
            _diagnostics.Add(DiagnosticCodes.AuthenticationDropped, _authentication.Span, "version 3 has no authentication; it is dropped, as in keepalived", "remove the block");
            return;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(password.Value);
        if (bytes.Length > 8)
        {
            _diagnostics.Add(DiagnosticCodes.PasswordTruncated, password.ValueSpan, "only the first 8 bytes of the password are used, as in keepalived", "two passwords with the same beginning are equal");
        }

        Array.Resize(ref bytes, 8);
        bool hasHeader = type.Value == "AH";
        _config.Authentication = hasHeader ? AuthenticationType.AuthenticationHeader : AuthenticationType.SimplePassword;
        _config.Password = bytes.ToEquatableArray();
        if (!hasHeader)
        {
            return;
        }

        _diagnostics.Add(
            DiagnosticCodes.AuthenticationHeaderWeak,
            type.ValueSpan,
            "auth_type AH is HMAC-MD5 with a key of 8 bytes: it can be guessed from one advert, and a restarted node accepts old adverts",
            "auth_hmac on all nodes");
        if (_config.IsStateMaster && !_config.IsOwner)
        {
            _diagnostics.Add(
                DiagnosticCodes.AuthenticationHeaderMaster,
                _authentication.Span,
                "auth_type AH with state MASTER: keepalived takes the state back, because the count of adverts has to be heard first",
                "state BACKUP; the priority decides");
        }
    }

    private void CompletePeers()
    {
        List<UnicastPeer> peers = [];
        foreach (ConfigNode node in _peerNodes)
        {
            if (Peer(node) is not UnicastPeer peer)
            {
                continue;
            }

            if (peer.Address == _config.Source || context.IsOwnAddress(peer.Address))
            {
                _diagnostics.Add(
                    DiagnosticCodes.OwnAddressAmongPeers,
                    node.Span,
                    $"{peer.Address} is an address of this machine: it is left out of the peers",
                    "list the other nodes only, or prefix the line with @^NODE in a shared file");
            }
            else if (peers.Any(other => other.Address == peer.Address))
            {
                _diagnostics.Add(DiagnosticCodes.AddressTwice, node.Span, $"peer {peer.Address} is written twice");
            }
            else
            {
                peers.Add(peer);
            }
        }

        if (_peerBlock is not null && peers.Count == 0)
        {
            // keepalived falls back to multicast; whoever wrote unicast_peer knows that multicast does not reach the others.
            _diagnostics.Add(DiagnosticCodes.NoSource, _peerBlock.Span, "unicast_peer names no other node: nobody would hear this one", "list the addresses of the other nodes");
        }
        else if (_unicastSource is not null && _peerBlock is null)
        {
            _diagnostics.Add(DiagnosticCodes.UnicastWithoutPeers, _unicastSource.Span, "unicast_src_ip without unicast_peer: adverts are sent by multicast, as in keepalived", "add unicast_peer, or write mcast_src_ip");
        }

        if (_peerBlock is null && block.Children.Find(node => node.Name == "old_unicast_checksum") is ConfigNode oldChecksum)
        {
            _diagnostics.Add(DiagnosticCodes.UnicastWithoutPeers, oldChecksum.Span, "old_unicast_checksum without unicast_peer: adverts are sent by multicast, as in keepalived", "add unicast_peer, or remove the line");
        }

        if (peers.Count == 0 && block.Children.Find(node => node.Name == "check_unicast_src") is ConfigNode checkSource)
        {
            _diagnostics.Add(DiagnosticCodes.NoEffect, checkSource.Span, "check_unicast_src has no effect without unicast_peer");
        }

        if (_config.UnicastTtl >= 0 && peers.Count == 0)
        {
            _diagnostics.Add(DiagnosticCodes.NoEffect, block.Children.First(node => node.Name == "unicast_ttl").Span, "unicast_ttl has no effect without unicast_peer");
        }

        if (_config.IsSourceTracked && _config.Source.IsNone)
        {
            _diagnostics.Add(DiagnosticCodes.NoEffect, block.Span, "track_src_ip has no effect without mcast_src_ip or unicast_src_ip");
            _config.IsSourceTracked = false;
        }

        // keepalived.conf(5): min_ttl and max_ttl switch on the check of the source.
        bool isTtlChecked = peers.Any(peer => peer.MinTtl > 0 || peer.MaxTtl < 255);
        _config.UnicastPeers = peers.ToEquatableArray();
        _config.IsUnicast = peers.Count > 0;
        _config.IsUnicastSourceChecked = _config.IsUnicastSourceChecked || isTtlChecked;
    }

    private UnicastPeer? Peer(ConfigNode node)
    {
        if (!_values.TryAddress(node.Words[0], "unicast_peer", out InternetAddress address))
        {
            return null;
        }

        if (address.IsIPv6 != _config.IsIPv6)
        {
            _diagnostics.Add(DiagnosticCodes.WrongFamily, node.Span, $"peer {address} is of another family than the instance");
            return null;
        }

        UnicastPeer peer = new(address);
        for (int i = 1; i < node.Words.Count; i += 2)
        {
            if (node.Words[i].Text is not ("min_ttl" or "max_ttl") || i + 1 >= node.Words.Count)
            {
                _diagnostics.Add(DiagnosticCodes.UnknownOption, node.Words[i].Span, $"'{node.Words[i].Text}' is not an option of a peer", "one peer per line: ADDRESS [min_ttl N] [max_ttl N]");
                return null;
            }

            if (!_values.TryInteger(node.Words[i + 1], 0, 255, node.Words[i].Text, out int ttl))
            {
                return null;
            }

            peer = node.Words[i].Text == "min_ttl" ? peer with { MinTtl = (byte)ttl } : peer with { MaxTtl = (byte)ttl };
        }

        if (peer.MinTtl > peer.MaxTtl)
        {
            _diagnostics.Add(
                DiagnosticCodes.OutOfRange,
                node.Words[1].Span,
                $"min_ttl {peer.MinTtl} is above max_ttl {peer.MaxTtl}: nothing that {address} sends would be accepted, and both nodes would be Master",
                "TTL is 255 on the same link, and one less for every router between");
        }

        return peer;
    }
}
