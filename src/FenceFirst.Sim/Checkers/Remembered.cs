using FenceFirst.Core.Promotion;

namespace FenceFirst.Sim;

/// <summary>
/// G3: until the outcome of a fence is known no second attempt on the same target starts on that node, on behalf of any instance; attempts are numbered, and
/// no number is used twice. A fence that lives on when its daemon dies is one of them for the next life as well.
/// </summary>
internal sealed class Remembered(Cast cast) : Checker(cast, "G3")
{
    private readonly List<Open> _open = [];
    private readonly uint[] _lastAttempt = new uint[cast.Nodes.Length];

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => kind is SightingKind.PowerOff or SightingKind.StepStarted or SightingKind.StepEnded or SightingKind.LeftoverEnded;

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        int node = sighting.Node;
        switch (sighting.Kind)
        {
            case SightingKind.PowerOff:
                _open.RemoveAll(open => open.Node == node);
                break;
            case SightingKind.StepStarted:
                Start(sighting);
                break;
            case SightingKind.StepEnded:
            case SightingKind.LeftoverEnded:
                uint ended = sighting.Attempt;
                _open.RemoveAll(open => open.Node == node && open.Attempt == ended);
                break;
        }
    }

    private void Start(in Sighting sighting)
    {
        Judged++;
        int node = sighting.Node;
        if (sighting.Attempt <= _lastAttempt[node])
        {
            Violate(sighting.At, $"{Who(node, sighting.Instance)} uses attempt number {sighting.Attempt} again");
        }

        _lastAttempt[node] = sighting.Attempt;
        if (sighting.IsDemotion)
        {
            return;
        }

        PromotionStep step = Cast.Nodes[node].Instances[sighting.Instance].Promotion!.Steps[sighting.Number]; // A promotion step belongs to a plan.
        uint targets = step.Kind == StepKind.Fence ? Cast.NodesOf(step.Targets) : 0;
        if (targets == 0)
        {
            return;
        }

        for (int i = _open.Count - 1; i >= 0; i--)
        {
            if (_open[i].Node != node || (_open[i].Targets & targets) == 0)
            {
                continue;
            }

            Violate(sighting.At, $"{Who(node, sighting.Instance)} starts fence attempt {sighting.Attempt} while attempt {_open[i].Attempt} on the same target is under way");
        }

        _open.Add(new Open(node, sighting.Attempt, targets));
    }

    private readonly record struct Open(int Node, uint Attempt, uint Targets);
}
