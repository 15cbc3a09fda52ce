using System.Numerics;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim;

/// <summary>What became of an expectation.</summary>
/// <param name="Claim">What was expected.</param>
/// <param name="IsHeld">Whether it was so.</param>
/// <param name="At">When that was clear, nanoseconds from the beginning.</param>
/// <param name="Seen">What was seen where it was not so; empty = nothing to add.</param>
internal sealed record Verdict(ScenarioClaim Claim, bool IsHeld, long At, string Seen);

/// <summary>Compares what happens with what a scenario expects.</summary>
internal sealed class ScenarioJudge(Cast cast, Scenario scenario) : Checker(cast, "scenario")
{
    private readonly Verdict?[] _verdicts = new Verdict?[scenario.Claims.Count];
    private readonly long[] _falseSince = new long[scenario.Claims.Count];
    private SimWorld? _world;
    private long _zero;
    private uint _fenced;

    /// <summary>One verdict per claim; complete after the run.</summary>
    public IEnumerable<Verdict> Verdicts => _verdicts.OfType<Verdict>();

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => kind is SightingKind.PowerOn or SightingKind.PowerOff or SightingKind.DaemonStarted or SightingKind.DaemonEnded
        or SightingKind.TurnEnded or SightingKind.Added or SightingKind.Removed;

    /// <summary>The scenario begins at this instant of the world.</summary>
    public void Begin(SimWorld world, long zero)
    {
        (_world, _zero) = (world, zero);
        _falseSince.AsSpan().Fill(-1);
        Review(0);
    }

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        if (_world is null)
        {
            return;
        }

        if (sighting.Kind == SightingKind.PowerOff && sighting.By >= 0)
        {
            _fenced |= 1u << sighting.Node;
        }

        Review(sighting.At - _zero);
    }

    /// <summary>The instant of a claim has come.</summary>
    public void Judge(int index)
    {
        if (_world is null || _verdicts[index] is not null)
        {
            return;
        }

        ScenarioClaim claim = scenario.Claims[index];
        if (claim.Mode == ClaimMode.Instant)
        {
            bool isHeld = IsTrue(claim);
            Conclude(index, isHeld, claim.At, isHeld ? "" : Seen(claim));
        }
        else
        {
            Review(index, _world.Now - _zero);
        }
    }

    /// <inheritdoc/>
    public override void End(long at)
    {
        if (_world is null)
        {
            return;
        }

        long now = at - _zero;
        Review(now);
        for (int i = 0; i < _verdicts.Length; i++)
        {
            ScenarioClaim claim = scenario.Claims[i];
            if (_verdicts[i] is not null)
            {
                continue;
            }

            bool isHeld = claim.Mode switch
            {
                ClaimMode.Instant => IsTrue(claim),
                ClaimMode.Within => false,
                ClaimMode.Never or ClaimMode.NeverLongerWithout => true,
            };
            Conclude(i, isHeld, now, isHeld ? "" : Seen(claim));
        }
    }

    private void Review(long now)
    {
        for (int i = 0; i < _verdicts.Length; i++)
        {
            if (_verdicts[i] is null)
            {
                Review(i, now);
            }
        }
    }

    private void Review(int index, long now)
    {
        ScenarioClaim claim = scenario.Claims[index];
        if (claim.Mode == ClaimMode.Instant || now < claim.At)
        {
            return;
        }

        Judged++;
        bool isTrue = IsTrue(claim);
        switch (claim.Mode)
        {
            case ClaimMode.Within:
                bool isLate = claim.Within != Nano.Never && now > claim.At + claim.Within;
                if (isLate || isTrue)
                {
                    Conclude(index, !isLate, isLate ? claim.At + claim.Within : now, isLate ? Seen(claim) : "");
                }

                break;
            case ClaimMode.Never when isTrue:
                Conclude(index, isHeld: false, now, Seen(claim));
                break;
            case ClaimMode.NeverLongerWithout:
                if (_falseSince[index] >= 0 && now - _falseSince[index] > claim.Within)
                {
                    Conclude(index, isHeld: false, _falseSince[index] + claim.Within, $"nobody since {Nano.Text(_falseSince[index])}");
                }

                _falseSince[index] = isTrue ? -1 : _falseSince[index] < 0 ? now : _falseSince[index];
                break;
        }
    }

    private void Conclude(int index, bool isHeld, long at, string seen) => _verdicts[index] = new Verdict(scenario.Claims[index], isHeld, at, seen);

    private bool IsTrue(ScenarioClaim claim)
    {
        // What shall never be is there as soon as one instance has it; what shall be has to be in every one.
        bool isAny = claim.Mode == ClaimMode.Never || claim.Kind == ClaimKind.TwoOwners;
        for (int i = 0; i < Cast.Instances; i++)
        {
            if ((claim.Instance < 0 || claim.Instance == i) && IsTrue(claim, i) == isAny)
            {
                return isAny;
            }
        }

        return !isAny;
    }

    private bool IsTrue(ScenarioClaim claim, int instance) => claim.Kind switch
    {
        ClaimKind.State => IsIn(_world!.Hosts[claim.Node], instance, claim.State), // Asked from Begin on only.
        ClaimKind.Owned => Owners(instance) > 0,
        ClaimKind.TwoOwners => Owners(instance) > 1,
        ClaimKind.Fenced => (_fenced & (1u << claim.Node)) != 0,
    };

    private int Owners(int instance)
    {
        uint owners = 0;
        foreach (SimHost host in _world!.Hosts)
        {
            owners |= (host.ThingsOf(instance) & Thing.Addresses) != 0 ? 1u << host.Index : 0;
        }

        return BitOperations.PopCount(owners);
    }

    private static bool IsIn(SimHost host, int instance, ClaimState state) => state switch
    {
        ClaimState.Owner => (host.ThingsOf(instance) & Thing.Addresses) != 0,
        ClaimState.Off => !host.IsPowered,
        ClaimState.Dead => host is { IsPowered: true, IsDaemonUp: false },
        ClaimState.Master => Phase(host, instance) == VrrpPhase.Master,
        ClaimState.Backup => Phase(host, instance) == VrrpPhase.Backup,
        ClaimState.Promoting => Phase(host, instance) == VrrpPhase.Promoting,
        ClaimState.Demoting => Phase(host, instance) == VrrpPhase.Demoting,
        ClaimState.Fault => Phase(host, instance) == VrrpPhase.Fault,
    };

    private static VrrpPhase? Phase(SimHost host, int instance) => host.IsDaemonUp ? host.State.Instances[instance].Phase : null;

    /// <summary>How the nodes are, for whoever expected something else.</summary>
    private string Seen(ScenarioClaim claim)
    {
        List<string> words = [];
        foreach (SimHost host in _world!.Hosts)
        {
            for (int i = 0; i < Cast.Instances; i++)
            {
                if (claim.Instance < 0 || claim.Instance == i)
                {
                    string name = SimCluster.NameOf(host.Index) + (Cast.Instances > 1 ? $" ({Cast.Nodes[host.Index].Instances[i].Name})" : "");
                    string state = !host.IsPowered ? "off" : !host.IsDaemonUp ? "dead" : host.State.Instances[i].Phase.ToString().ToLowerInvariant();
                    bool isOwner = (host.ThingsOf(i) & Thing.Addresses) != 0;
                    words.Add($"{name} {state}{(isOwner && state != "master" ? ", owner" : !isOwner && state == "master" ? ", not owner" : "")}");
                }
            }
        }

        return string.Join("; ", words);
    }
}
