using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core.Wire;

namespace FenceFirst.Config.Binding;

/// <content>strict_mode: what it changes and what it takes back, as keepalived's vrrp_complete_instance.</content>
internal sealed partial class InstanceBinder
{
    private const int StrictDownTimerAdverts = 3;

    private bool IsStrict => _isStrict ?? context.Globals.IsStrict;

    /// <summary>Before what follows from the state.</summary>
    private void CompleteStrictState()
    {
        if (!IsStrict)
        {
            return;
        }

        if (_state is not null && _config.IsStateMaster != _config.IsOwner)
        {
            TakeBack(_state, "has state MASTER if and only if the priority is 255");
        }

        _config.IsStateMaster = _config.IsOwner;
    }

    private void CompleteStrict()
    {
        _config.IsStrict = IsStrict;
        if (!IsStrict)
        {
            return;
        }

        if (_preemptDelay is not null && _config.PreemptDelay > TimeSpan.Zero)
        {
            TakeBack(_preemptDelay, "has no preempt_delay");
        }

        if (_config.DownTimerAdverts != StrictDownTimerAdverts)
        {
            TakeBack(_downTimer ?? block, $"takes a master for lost after {StrictDownTimerAdverts} adverts: down_timer_adverts is {StrictDownTimerAdverts}");
        }

        if (_garpLowerRepeat > 0)
        {
            TakeBack(_garpLowerRepeatNode!, "announces nothing after an advert of lower priority"); // The number comes from it.
        }

        if (_garpLowerDelay > 0)
        {
            TakeBack(_garpLowerDelayNode!, "announces nothing after an advert of lower priority"); // The number comes from it.
        }

        if (_lowerNoAdvert is not null && !_config.IsLowerPriorityUnanswered)
        {
            TakeBack(_lowerNoAdvert, "leaves adverts of lower priority unanswered");
        }

        if (_higherAdvert is not null && _config.IsHigherPriorityAnswered)
        {
            TakeBack(_higherAdvert, "sends nothing before it yields");
        }

        _config.PreemptDelay = TimeSpan.Zero;
        _config.DownTimerAdverts = StrictDownTimerAdverts;
        _config.IsLowerPriorityUnanswered = true;
        _config.IsHigherPriorityAnswered = false;

        // RFC 9568 section 5.2.9; keepalived goes on with the order as it is.
        if (_config.IsIPv6 && _peerBlock is null && _config.Addresses.Count > 0 && !_config.Addresses[0].Address.IsLinkLocal)
        {
            TakeBack(_addressNodes[0], "has a link-local address first; the order is kept as it is");
        }
    }

    /// <summary>Signed adverts only.</summary>
    private void RequireSignatures()
    {
        if (IsStrict && _config.Hmac is { Mode: not HmacMode.Enforce } hmac)
        {
            TakeBack(_hmac!, "has mode enforce"); // Signatures come from it.
            HmacAuthentication.TryCreate(hmac.Keys, hmac.ActiveKey.Id, hmac.TimeWindowSeconds, hmac.AntiReplay, HmacMode.Enforce, out HmacAuthentication? enforced, out _);
            _config.Hmac = enforced;
        }
    }

    /// <summary>Whom the instance listens to, and whether its addresses answer.</summary>
    private void CompleteAcceptance()
    {
        bool isAccepting = _accept is null ? _config.IsOwner || !IsStrict : _accept.Name == "accept";
        if (isAccepting && IsStrict && _config.Version == 2 && !_config.IsOwner)
        {
            TakeBack(_accept!, "of version 2 does not accept packets to the addresses (RFC 3768 section 6.4.3)"); // By default it does not.
            isAccepting = false;
        }

        // Without interface the peers are far away; keepalived then allows it, and on an interface without multicast, of which there are few.
        if (IsStrict && _config.IsUnicast && _interface is not null)
        {
            _diagnostics.Add(DiagnosticCodes.StrictUnicast, _peerBlock!.Span, "strict_mode has no unicast on an interface", "multicast, or strict_mode off"); // Unicast comes from it.
        }

        _config.IsAccepting = isAccepting;
        _config.IsIgnoringAdverts = IsIgnoringAdverts();
    }

    private bool IsIgnoringAdverts()
    {
        if (_ignoreAdverts is null || !_values.TryBoolean(_ignoreAdverts, out bool isIgnoring))
        {
            return _config.IsOwner && (IsStrict || context.Globals.IsIgnoringAdverts);
        }

        if (isIgnoring && !_config.IsOwner)
        {
            _diagnostics.Add(DiagnosticCodes.NoEffect, _ignoreAdverts.Span, "owner_ignore_adverts has no effect: the priority is not 255", "remove it");
        }
        else if (!isIgnoring && _config.IsOwner && IsStrict)
        {
            TakeBack(_ignoreAdverts, "has owner_ignore_adverts with priority 255");
        }
        else if (!isIgnoring && _config.IsOwner)
        {
            _diagnostics.Add(
                DiagnosticCodes.InvertedBoolean, _ignoreAdverts.Span, "keepalived takes `owner_ignore_adverts off` with priority 255 for on; FenceFirst reads off", "remove the line if keepalived reads the file too");
        }

        return _config.IsOwner && (isIgnoring || IsStrict);
    }

    private void TakeBack(ConfigNode node, string what) =>
        _diagnostics.Add(DiagnosticCodes.StrictTakesBack, node.Span, $"strict_mode {what}, as in keepalived", "remove the line, or strict_mode off");
}
