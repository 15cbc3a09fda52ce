namespace FenceFirst.Core.Promotion;

/// <summary>How a fence agent of ClusterLabs is used; the program and its identity are the step's command.</summary>
/// <remarks>For Core one attempt is one run, bounded by the step's time-out, whatever number of programs the host runs for it.</remarks>
public sealed record FenceAgent
{
    /// <summary>Options as written; the values may be secret, so they go nowhere but to the agent's standard input.</summary>
    public EquatableArray<AgentOption> Options { get; init; }

    /// <summary>Options whose value is the path of a file; its first line is read at each run.</summary>
    public EquatableArray<AgentOption> OptionFiles { get; init; }

    /// <summary>What the agent is asked to do; default off (action).</summary>
    public FenceAction Action { get; init; } = FenceAction.Off;

    /// <summary>Whether the agent's status has to say off before the fence has succeeded; default true (verify).</summary>
    public bool IsVerified { get; init; } = true;

    /// <summary>The action that only asks: <c>status</c>, or <c>monitor</c> where the agent's status is not to be relied on (<c>verify no</c>).</summary>
    public string Question => IsVerified ? "status" : "monitor";
}

/// <summary>What a fence agent does to its target.</summary>
public enum FenceAction : byte
{
    /// <summary>Switches it off.</summary>
    Off = 0,

    /// <summary>Switches it off and on again.</summary>
    Reboot,

    /// <summary>Switches it on again, after every device of its level has switched it off; not written in a file, see <see cref="FenceLevel"/>.</summary>
    On,
}

/// <summary>One option of a fence agent.</summary>
/// <param name="Name">As in the agent's metadata.</param>
/// <param name="Value">Its value, or the path of the file that holds it.</param>
public readonly record struct AgentOption(string Name, string Value)
{
    /// <summary>Whether the name says that the value is a secret.</summary>
    public bool HasSecretName =>
        Name.Contains("passw", StringComparison.OrdinalIgnoreCase) || Name.Contains("secret", StringComparison.OrdinalIgnoreCase)
        || Name.Contains("token", StringComparison.OrdinalIgnoreCase) || Name.Contains("key", StringComparison.OrdinalIgnoreCase);

    /// <summary>The name alone: a value may be a password.</summary>
    public override string ToString() => Name;
}
