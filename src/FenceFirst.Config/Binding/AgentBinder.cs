using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <summary>agent, option, option_file, action and verify of a fence_device. No message holds the value of an option.</summary>
internal sealed class AgentBinder(BindContext context)
{
    private const int NameLengthMax = 64;

    private static readonly string[] Folders = ["/usr/sbin/", "/usr/bin/"];

    private readonly DiagnosticBag _diagnostics = context.Diagnostics;
    private readonly CommandBinder _commands = new(context);
    private readonly Dictionary<CommandLine, string?> _answers = [];

    /// <summary>The agent of a block and the command that starts it; both null with at least one error.</summary>
    public FenceAgent? Bind(ConfigNode block, ConfigNode agentNode, ConfigNode? script, UserFacts? user, out CommandLine? command)
    {
        int errorsBefore = _diagnostics.ErrorCount;
        if (script is not null)
        {
            _diagnostics.Add(DiagnosticCodes.AgentOption, script.Span, "a fence_device has either a script or an agent, not both");
        }

        FenceAgent agent = new();
        List<(AgentOption Option, Token Word)> options = [];
        List<(AgentOption Option, Token Word)> files = [];
        foreach (ConfigNode node in block.Children)
        {
            switch (node.Name)
            {
                case "option" or "option_file" when Option(node, options.Concat(files)) is { } option:
                    (node.Name == "option" ? options : files).Add((option, node.Words[1]));
                    break;
                case "action" when context.Values.TryChoice(node, out string action):
                    agent = agent with { Action = action == "reboot" ? FenceAction.Reboot : FenceAction.Off };
                    break;
                case "verify" when context.Values.TryBoolean(node, out bool isVerified):
                    agent = agent with { IsVerified = isVerified };
                    break;
            }
        }

        command = Program(agentNode, user);
        if (command is null || _diagnostics.ErrorCount > errorsBefore)
        {
            // A program that is not trusted, or not the one that is meant, is not started to ask it.
            return null;
        }

        agent = agent with
        {
            Options = options.Select(each => each.Option).ToList().ToEquatableArray(),
            OptionFiles = files.Select(each => each.Option).ToList().ToEquatableArray(),
        };
        bool isMonitored = block.Children.Any(node => node.Name == "monitor_interval" && node.Value != "0");
        CompareWithMetadata(agentNode, command, agent, [.. options, .. files], isMonitored);
        return agent;
    }

    /// <summary>Says what has no meaning without an agent.</summary>
    public void WarnWithoutAgent(ConfigNode block)
    {
        foreach (ConfigNode node in block.Children)
        {
            switch (node.Name)
            {
                case "option" or "option_file":
                    _diagnostics.Add(DiagnosticCodes.AgentOption, node.Span, $"{node.Name} belongs to `agent`, and there is none");
                    break;
                case "action" when context.Values.TryChoice(node, out string action) && action == "reboot":
                    _diagnostics.Add(DiagnosticCodes.NoEffect, node.Span, "action only means something to an agent: the script decides what it does");
                    break;
                case "monitor_interval" when context.Values.TryInteger(node, out int interval) && interval > 0:
                    _diagnostics.Add(
                        DiagnosticCodes.AgentOption, node.Span, "monitor_interval needs an agent: a script cannot be asked for its status", "use a fence agent, or watch the device by other means");
                    break;
                case "verify" when context.Values.TryBoolean(node, out bool isVerified) && isVerified:
                    _diagnostics.Add(
                        DiagnosticCodes.AgentOption, node.Span, "verify needs an agent: a script is not asked for a status", "let the script verify that the target is off before it exits with 0");
                    break;
            }
        }
    }

    private AgentOption? Option(ConfigNode node, IEnumerable<(AgentOption Option, Token Word)> before)
    {
        bool isFile = node.Name == "option_file";
        string name = node.Words.Count > 1 ? node.Words[1].Text : "";
        if (node.Words.Count != 3)
        {
            _diagnostics.Add(
                DiagnosticCodes.AgentOption, node.Words[0].Span, $"{node.Name} takes a name and a {(isFile ? "path" : "value")}", $"{node.Name} NAME {(isFile ? "/path" : "VALUE, in double quotes if it holds blanks")}");
            return null;
        }

        if (name.Length is 0 or > NameLengthMax || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
        {
            _diagnostics.Add(DiagnosticCodes.AgentOption, node.Words[1].Span, "the name of an option has letters, digits, _ and - only", $"{node.Name} NAME {(isFile ? "/path" : "VALUE")}");
            return null;
        }

        if (name is "action" or "option")
        {
            _diagnostics.Add(DiagnosticCodes.AgentOption, node.Words[1].Span, "the action is not an option", "action off, or action reboot");
            return null;
        }

        if (before.Any(each => each.Option.Name == name))
        {
            _diagnostics.Add(DiagnosticCodes.AgentOption, node.Words[1].Span, $"option {name} is given twice");
            return null;
        }

        string value = node.Words[2].Text;
        if (isFile)
        {
            return IsPrivateFile(value, name, node.Words[2].Span) ? new AgentOption(name, value) : null;
        }

        if (value.Any(char.IsControl))
        {
            _diagnostics.Add(DiagnosticCodes.AgentOption, node.Words[1].Span, $"the value of option {name} holds a control character");
            return null;
        }

        // password_script names a file; what it says is no secret.
        AgentOption option = new(name, value);
        if (option.HasSecretName && !value.StartsWith('/'))
        {
            _diagnostics.Add(
                DiagnosticCodes.AgentSecretInFile, node.Words[1].Span, $"the value of {name} stands in the configuration, which more people read than a file of its own", $"option_file {name} /etc/fencefirst/{name}");
        }

        return option;
    }

    private bool IsPrivateFile(string path, string name, SourceSpan span)
    {
        (string problem, string hint) = new SecretFile(context.Facts).Judge(path);
        if (problem.Length > 0)
        {
            _diagnostics.Add(DiagnosticCodes.AgentSecretFile, span, $"option_file {name}: {problem}", hint.Length > 0 ? hint : "option_file NAME /absolute/path");
        }

        return problem.Length == 0;
    }

    private CommandLine? Program(ConfigNode node, UserFacts? user)
    {
        string name = node.Value;
        Token word = node.Words[Math.Min(1, node.Words.Count - 1)];
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/' or '+'))
        {
            _diagnostics.Add(DiagnosticCodes.AgentOption, word.Span, "agent takes the name or the path of one program, without arguments", "its options are written with `option NAME VALUE`");
            return null;
        }

        string path = name.Contains('/') ? name : Folders.Select(folder => folder + name).FirstOrDefault(each => context.Facts.Inspect(each) is not null) ?? "";
        if (path.Length == 0)
        {
            _diagnostics.Add(
                DiagnosticCodes.ScriptMissing, word.Span, $"there is no fence agent {name} in /usr/sbin or /usr/bin", "install the package fence-agents, or write the agent's full path");
            return null;
        }

        // Agents look at the name they are started by (fence_idrac is a symbolic link to fence_ipmilan), so it is kept.
        string[] arguments = [path];
        return _commands.Command(new Token(path, word.Span, word.End), user) is { } command ? command with { Arguments = arguments.ToEquatableArray() } : null;
    }

    private void CompareWithMetadata(ConfigNode node, CommandLine command, FenceAgent agent, List<(AgentOption Option, Token Word)> options, bool isMonitored)
    {
        if (context.Facts.AgentMetadata is not { } ask)
        {
            return;
        }

        string program = command.Arguments[0];
        if (!_answers.TryGetValue(command, out string? answer))
        {
            _answers[command] = answer = ask(command);
        }

        if (answer is null)
        {
            _diagnostics.Add(DiagnosticCodes.AgentMetadata, node.ValueSpan, $"{program} did not tell its options within 10 s, or failed", $"echo action=metadata | {program}");
            return;
        }

        if (AgentDescription.Parse(answer, out string problem) is not { } description)
        {
            _diagnostics.Add(DiagnosticCodes.AgentMetadata, node.ValueSpan, $"the metadata of {program} {problem}: is it a fence agent?", $"echo action=metadata | {program}");
            return;
        }

        foreach ((AgentOption option, Token word) in options)
        {
            CheckOption(program, description, option.Name, word);
        }

        foreach (AgentParameter parameter in description.Parameters.Values)
        {
            bool isGiven = parameter.Name == "action" || options.Any(each => each.Option.Name == parameter.Name || each.Option.Name == parameter.Obsoletes);
            if (parameter.IsRequired && !parameter.IsDeprecated && !parameter.HasDefault && !isGiven)
            {
                _diagnostics.Add(DiagnosticCodes.AgentOptionMissing, node.ValueSpan, $"{program} needs option {parameter.Name}", $"option {parameter.Name} VALUE");
            }
        }

        string[] wanted = (agent.Action, agent.IsVerified) switch
        {
            (FenceAction.Reboot, false) => ["reboot"],
            (FenceAction.Reboot, true) => ["off", "status", "on"],
            (_, true) => ["off", "status"],
            (_, false) => ["off"],
        };
        foreach (string action in isMonitored ? wanted.Append(agent.Question).Distinct() : wanted)
        {
            if (description.Actions.Count > 0 && !description.Actions.Contains(action))
            {
                string hint = action == "status" ? "`verify no` believes the agent's exit status" : "";
                _diagnostics.Add(DiagnosticCodes.AgentAction, node.ValueSpan, $"{program} cannot do `{action}`", hint);
            }
        }
    }

    private void CheckOption(string program, AgentDescription description, string name, Token word)
    {
        if (!description.Parameters.TryGetValue(name, out AgentParameter? parameter))
        {
            string nearest = description.Nearest(name);
            _diagnostics.Add(
                DiagnosticCodes.AgentOption, word.Span, $"{program} has no option {name}", nearest.Length > 0 ? $"did you mean {nearest}?" : $"echo action=metadata | {program}");
            return;
        }

        if (parameter.IsDeprecated)
        {
            string newer = description.Parameters.Values.FirstOrDefault(each => each.Obsoletes == name)?.Name ?? "";
            _diagnostics.Add(DiagnosticCodes.AgentOptionDeprecated, word.Span, $"option {name} of {program} is deprecated", newer.Length > 0 ? $"write {newer}" : "");
        }
    }
}
