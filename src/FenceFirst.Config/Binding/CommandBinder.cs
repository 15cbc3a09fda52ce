using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <summary>Command lines: arguments, identity, and whether the program is there, may run, and cannot be replaced by somebody else.</summary>
/// <remarks>
/// Differs from keepalived, which logs and then runs without a check script that is missing: here that is an error, because an instance
/// must never run without a check that was asked for.
/// </remarks>
internal sealed class CommandBinder(BindContext context)
{
    private const string DefaultAccount = "keepalived_script";
    /// <summary>Groups that a program runs with besides its own; more are left out.</summary>
    private const int GroupsMax = 255;

    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>A notify script: the command, then perhaps user and group; null when something is wrong with it.</summary>
    public CommandLine? Notify(ConfigNode node)
    {
        List<Token> words = Words(node);
        if (words.Count < 2)
        {
            return null;
        }

        UserFacts? user = null;
        if (words.Count > 2)
        {
            context.Diagnostics.Add(
                DiagnosticCodes.UserAfterScript,
                words[2].Span,
                $"'{words[2].Text}' is taken as the user{(words.Count > 3 ? $" and '{words[3].Text}' as the group" : "")} that the script runs as, not as an argument",
                "put the command and its arguments into one pair of double quotes");
            user = User(words, 2);
            if (user is null)
            {
                return null;
            }
        }

        if (words.Count > 4)
        {
            context.Diagnostics.Add(DiagnosticCodes.ExtraWords, words[4].Span, $"'{words[4].Text}' and what follows is ignored");
        }

        return Command(words[1], user);
    }

    /// <summary>A check or fence script: words after the command are lost, in keepalived too.</summary>
    public CommandLine? Script(ConfigNode node, UserFacts? user)
    {
        List<Token> words = Words(node);
        if (words.Count < 2)
        {
            return null;
        }

        if (words.Count > 2)
        {
            context.Diagnostics.Add(
                DiagnosticCodes.ExtraWords,
                words[2].Span,
                $"'{words[2].Text}' and what follows is ignored, in keepalived too: it is not an argument of the script",
                "put the command and its arguments into one pair of double quotes");
        }

        return Command(words[1], user);
    }

    /// <summary>The words of a line with a command; none when a quote is never closed, which is reported.</summary>
    public List<Token> Words(ConfigNode node) => IsFinished(node.Line.Text, node.Line.Span) ? ScriptText.Words(node.Line) : [];

    /// <summary>Whether every quote is closed and no backslash is the last character.</summary>
    private bool IsFinished(string text, Func<int, int, SourceSpan> place)
    {
        int at = ScriptText.Unfinished(text);
        bool isKnown = at >= 0 && text[at] == '"' && text.AsSpan().Count('"') % 2 == 1; // Told of when the line was read.
        if (at >= 0 && !isKnown)
        {
            context.Diagnostics.Add(
                DiagnosticCodes.UnterminatedQuote,
                place(at, 1),
                text[at] == '\\' ? "nothing follows this backslash" : $"a command is read with both kinds of quotes, and one {text[at]} is never closed",
                "keepalived would not run it; write \\' for an apostrophe");
        }

        return at < 0;
    }

    /// <summary>USER [[:]GROUP] at the index; null when there is no such account, which is reported.</summary>
    public UserFacts? User(List<Token> words, int index)
    {
        if (words.Count <= index)
        {
            return null;
        }

        UserFacts? user = context.Facts.FindUser(words[index].Text);
        if (user is null)
        {
            context.Diagnostics.Add(
                DiagnosticCodes.UserUnknown, words[index].Span, $"there is no user '{words[index].Text}' on this machine", "the words after a script are the user and group it runs as");
            return null;
        }

        return words.Count > index + 1 ? Group(user, words[index + 1]) : user;
    }

    /// <summary>The user with another group; null when there is no such group, which is reported.</summary>
    public UserFacts? Group(UserFacts user, Token word)
    {
        string name = word.Text.TrimStart(':');
        if (context.Facts.FindGroup(name) is uint group)
        {
            return user with { GroupId = group, HasAllGroups = word.Text.StartsWith(':') };
        }

        context.Diagnostics.Add(DiagnosticCodes.UserUnknown, word.Span, $"there is no group '{name}' on this machine");
        return null;
    }

    /// <summary>The command with its arguments, run as the user or as script_user says.</summary>
    public CommandLine? Command(Token command, UserFacts? user)
    {
        user ??= DefaultUser(command.Span);
        if (user is null)
        {
            return null;
        }

        // keepalived: "</path" asks whether the file can be opened.
        string text = command.Text.TrimStart();
        if (text.StartsWith('<') && text[1..].TrimStart().StartsWith('/'))
        {
            return Made(["/bin/sh", "-c", ": <\"$0\"", text[1..].Trim()], user);
        }

        if (!IsFinished(command.Text, (_, _) => command.Span))
        {
            return null;
        }

        List<string> arguments = ScriptText.Arguments(command.Text);
        if (arguments.Count == 0 || arguments[0].Length == 0)
        {
            context.Diagnostics.Add(DiagnosticCodes.MissingValue, command.Span, "the command is empty");
            return null;
        }

        if (command.Text.Contains('\0') || arguments.Exists(argument => argument.Contains('\0')))
        {
            context.Diagnostics.Add(DiagnosticCodes.NulCharacter, command.Span, "an argument of a program cannot hold a NUL character");
            return null;
        }

        string? resolved = Program(arguments[0], command.Span, user);
        if (resolved is null)
        {
            return null;
        }

        if (!context.Facts.IsElsewhere)
        {
            WarnOfSecurityOff(command.Span);
        }
        arguments[0] = resolved;
        return Made(arguments, user);
    }

    private CommandLine Made(List<string> arguments, UserFacts user) => new(arguments.ToEquatableArray())
    {
        UserId = user.UserId,
        GroupId = user.GroupId,
        UserName = user.Name,
        SupplementaryGroups = GroupsOf(user).ToEquatableArray(),
    };

    /// <summary>The groups that it runs with besides its own, when that is asked for.</summary>
    private IReadOnlyList<uint> GroupsOf(UserFacts user)
    {
        if (!user.HasAllGroups && !context.Globals.HasSupplementaryGroups)
        {
            return [];
        }

        string? name = user.Name.Length > 0 ? user.Name : context.Facts.FindUser(user.UserId.ToString())?.Name;
        return name is null ? [] : [.. context.Facts.FindGroupsOf(name).Where(group => group != user.GroupId).Take(GroupsMax)];
    }

    /// <summary>script_user, else the account keepalived_script, else whoever we are (keepalived.conf(5), script_user).</summary>
    private UserFacts? DefaultUser(SourceSpan span)
    {
        UserFacts? user = context.Globals.ScriptUser ?? context.Facts.FindUser(DefaultAccount);
        if (user is null && context.Globals.IsScriptSecurityEnabled)
        {
            context.Diagnostics.Add(
                DiagnosticCodes.UserUnknown, span, $"with enable_script_security a script needs a user, and there is no account {DefaultAccount}", "write `script_user root` or another user in global_defs");
            return null;
        }

        return user ?? new UserFacts("", context.Facts.UserId, context.Facts.GroupId);
    }

    private string? Program(string written, SourceSpan span, UserFacts user)
    {
        if (context.Facts.IsElsewhere)
        {
            return written;
        }

        // Thousands of scripts run few programs: one against which nothing was to be said is not looked at again.
        if (context.GoodPrograms.TryGetValue((written, user), out string? known))
        {
            return known;
        }

        int before = context.Diagnostics.AddedCount;
        string? program = LookedAt(written, span, user);
        if (program is not null && context.Diagnostics.AddedCount == before)
        {
            context.GoodPrograms.Add((written, user), program);
        }

        return program;
    }

    /// <summary>Once for each file, and for its first script.</summary>
    private void WarnOfSecurityOff(SourceSpan span)
    {
        if (!context.Globals.IsScriptSecurityEnabled && span.Source is not null && context.WithoutSecurity.Add(span.Source))
        {
            context.Diagnostics.Add(
                DiagnosticCodes.ScriptSecurityOff, new SourceSpan(span.Source, 0, 0, 0), "scripts are run but enable_script_security is not set", "put enable_script_security into global_defs");
        }
    }

    private string? LookedAt(string written, SourceSpan span, UserFacts user)
    {
        ScriptPath paths = new(context.Facts);
        string path = written;
        if (!written.Contains('/'))
        {
            string[] directories = (context.Facts.EnvironmentVariable("PATH") ?? DefaultPath).Split(':', StringSplitOptions.RemoveEmptyEntries);
            string? found = directories.Select(directory => directory.TrimEnd('/') + "/" + written).FirstOrDefault(candidate =>
                paths.Resolve(candidate) is string target && paths.IsExecutableBy(target, user.UserId, [user.GroupId, .. GroupsOf(user)]));
            if (found is null)
            {
                context.Diagnostics.Add(DiagnosticCodes.ScriptMissing, span, $"the program {written} is not found in PATH", "write its full path");
                return null;
            }

            context.Diagnostics.Add(DiagnosticCodes.PathSearch, span, $"{written} was found by searching PATH: {found}", "write the full path, so that it is always the same program");
            path = found;
        }
        else if (!written.StartsWith('/'))
        {
            context.Diagnostics.Add(DiagnosticCodes.ScriptMissing, span, $"the path of a program must be absolute: {written}");
            return null;
        }

        string? resolved = paths.Resolve(path);
        FileFacts? file = resolved is null ? null : context.Facts.Inspect(resolved);
        if (resolved is null || file is null)
        {
            context.Diagnostics.Add(DiagnosticCodes.ScriptMissing, span, $"{path} does not exist or cannot be reached", "a script that cannot run would never say no: nothing is started without it");
            return null;
        }

        if (!paths.IsExecutableBy(resolved, user.UserId, [user.GroupId, .. GroupsOf(user)]))
        {
            string who = user.Name.Length > 0 ? user.Name : $"user id {user.UserId}";
            context.Diagnostics.Add(DiagnosticCodes.ScriptNotExecutable, span, $"{resolved} is not executable for {who}", $"chmod +x {resolved}, or another script_user");
            return null;
        }

        if (!file.IsProgram)
        {
            context.Diagnostics.Add(DiagnosticCodes.NoInterpreterLine, span, $"{resolved} does not begin with #!", "the kernel refuses to start it: put #!/bin/sh on its first line");
        }

        CheckSecurity(paths, path, resolved, file, span, user);
        return context.Globals.KeepsSymbolicLinks ? path : resolved;
    }

    /// <summary>Only scripts that run as root, or as somebody they make themselves, can be used to become root.</summary>
    private void CheckSecurity(ScriptPath paths, string path, string resolved, FileFacts file, SourceSpan span, UserFacts user)
    {
        const int SetUserId = 0b100_000_000_000;
        const int SetGroupId = 0b010_000_000_000;
        bool runsAsRoot = user.UserId == 0 || user.GroupId == 0 || GroupsOf(user).Contains(0u)
            || (file.OwnerId == 0 && (file.Mode & SetUserId) != 0) || (file.GroupId == 0 && (file.Mode & SetGroupId) != 0);
        string? reason = runsAsRoot ? paths.FindInsecure(path, resolved) : null;
        if (reason is not null)
        {
            bool isEnabled = context.Globals.IsScriptSecurityEnabled;
            bool isNameOnly = path != resolved && paths.FindInsecure(resolved, resolved) is null;
            context.Diagnostics.Add(new Diagnostic(
                DiagnosticCodes.ScriptInsecure,
                isEnabled ? Severity.Error : Severity.Warning,
                span,
                $"{path} runs as root but somebody else could replace it: {reason}",
                $"enable_script_security {(isEnabled ? "refuses" : "would refuse")} it{(isNameOnly ? $"; write {resolved}, which is the same program" : "")}"));
        }
    }
}
