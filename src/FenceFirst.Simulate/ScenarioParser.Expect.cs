using FenceFirst.Sim;

namespace FenceFirst.Simulate;

/// <content>Expectations.</content>
internal sealed partial class ScenarioParser
{
    private bool Expect(ScenarioLine line, long at, int from)
    {
        bool isNever = line.Skip("never");
        if (line.Next == "two")
        {
            return ExpectTwoOwners(line, at, from, isNever);
        }

        if (!isNever && line.Skip("owned"))
        {
            return ExpectOwned(line, at, from);
        }

        const string Usage = "expect NODE [never] STATE [within TIME], expect owned [within TIME], expect [never] two owners";
        if (line.IsAtEnd || line.Next.Length > 1)
        {
            Unknown(line, "expect", ["never", "two", "owned"], Usage);
            return false;
        }

        if (!TryNode(line, Usage, out int node))
        {
            return false;
        }

        isNever |= line.Skip("never");
        if (!StateWords.Contains(line.Next))
        {
            Unknown(line, "a node", StateWords, Usage);
            return false;
        }

        string state = line.Take();
        int instance = line.Next == "within" ? -1 : Instance(line);
        long within = Nano.Never;
        bool hasWithin = line.Skip("within");
        if (hasWithin && isNever)
        {
            return Refuse(line, ScenarioCodes.ExtraWord, "'never' lasts to the end: it has no 'within'", Usage);
        }

        if (hasWithin && !TryTime(line, Usage, out within))
        {
            return false;
        }

        ClaimMode mode = isNever ? ClaimMode.Never : hasWithin ? ClaimMode.Within : ClaimMode.Instant;
        _claims.Add(new ScenarioClaim(state == "fenced" ? ClaimKind.Fenced : ClaimKind.State, mode, at >= 0 ? at : mode == ClaimMode.Instant ? Nano.Never : 0)
        {
            Node = node,
            Instance = instance,
            State = state == "fenced" ? default : (ClaimState)Array.IndexOf(StateWords, state),
            Within = within,
            Text = line.TextFrom(from),
            Line = line.Number,
        });
        Reach(at, within);
        return true;
    }

    private bool ExpectTwoOwners(ScenarioLine line, long at, int from, bool isNever)
    {
        line.Take();
        if (!line.Skip("owners"))
        {
            Unknown(line, "two", ["owners"], "expect never two owners");
            return false;
        }

        int instance = line.Next == "within" ? -1 : Instance(line);
        long within = Nano.Never;
        if (!isNever && line.Skip("within") && !TryTime(line, "expect two owners within TIME", out within))
        {
            return false;
        }

        _claims.Add(new ScenarioClaim(ClaimKind.TwoOwners, isNever ? ClaimMode.Never : ClaimMode.Within, Math.Max(0, at))
        {
            Instance = instance,
            Within = within,
            Text = line.TextFrom(from),
            Line = line.Number,
        });
        Reach(at, within);
        return true;
    }

    private bool ExpectOwned(ScenarioLine line, long at, int from)
    {
        int instance = line.Next == "within" ? -1 : Instance(line);
        long within = Nano.Never;
        bool hasWithin = line.Skip("within");
        if (hasWithin && !TryTime(line, "expect owned within TIME", out within))
        {
            return false;
        }

        ClaimMode mode = !hasWithin ? ClaimMode.Instant : at >= 0 ? ClaimMode.Within : ClaimMode.NeverLongerWithout;
        _claims.Add(new ScenarioClaim(ClaimKind.Owned, mode, at >= 0 ? at : hasWithin ? 0 : Nano.Never)
        {
            Instance = instance,
            Within = within,
            Text = line.TextFrom(from),
            Line = line.Number,
        });
        Reach(at, within);
        return true;
    }

    private void Reach(long at, long within) => _last = Math.Max(_last, Math.Max(0, at) + (within == Nano.Never ? 0 : within));
}
