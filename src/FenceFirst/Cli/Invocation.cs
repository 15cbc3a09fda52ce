using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using FenceFirst.Config.Keywords;

namespace FenceFirst.Cli;

/// <summary>Reads a command line and carries it out, or says in one line why not.</summary>
internal static class Invocation
{
    /// <summary>The command line cannot be read, a value in it cannot be used, or the output cannot be written (docs/decisions/125).</summary>
    public const int ExitUnusable = 2;

    /// <summary>A word that begins with @ is a config id here, not a file with more arguments.</summary>
    private static readonly ParserConfiguration Reading = new() { ResponseFileTokenReplacer = null };

    /// <summary>Carries a command line out; returns the verb's exit status, or <see cref="ExitUnusable"/>.</summary>
    /// <param name="root">The program with its verbs and options.</param>
    /// <param name="arguments">What stands behind the program's name; nothing at all is answered with the help.</param>
    /// <param name="output">Where the verb writes.</param>
    /// <param name="error">Where problems go.</param>
    /// <param name="name">How the program is called.</param>
    public static int Run(Command root, string[] arguments, TextWriter output, TextWriter error, string name = "fencefirst")
    {
        ParseResult parsed = root.Parse(arguments, Reading);
        if (parsed.Errors.Count == 0)
        {
            // The daemon does not end because of what it cannot write, so whatever gets here from it is told with its stack.
            bool isDaemon = parsed.CommandResult.Command.Name == "run";
            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = isDaemon });
        }

        if (arguments.Length == 0)
        {
            root.Parse("--help").Invoke(new InvocationConfiguration { Output = error, Error = error });
            return ExitUnusable;
        }

        string command = parsed.CommandResult.Command == root ? name : $"{name} {parsed.CommandResult.Command.Name}";
        error.WriteLine($"{command}: {Problem(parsed, root)}; see '{command} --help'");
        return ExitUnusable;
    }

    /// <summary>Runs what may find that it cannot write its output (a full disk, a closed descriptor), and says so in place of a stack.</summary>
    public static int Guard(Func<int> run, TextWriter error)
    {
        try
        {
            return run();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"fencefirst: cannot go on: {(exception.InnerException ?? exception).Message}");
            return ExitUnusable;
        }
    }

    private static string Problem(ParseResult parsed, Command root)
    {
        Command command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens is [string word, ..])
        {
            bool isVerb = command == root && command.Subcommands.Count > 0;
            bool isOption = !isVerb && word.StartsWith('-');
            IEnumerable<string> names = isVerb ? command.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name)
                : isOption ? command.Options.Where(option => !option.Hidden).SelectMany(option => option.Aliases.Append(option.Name)).Where(each => each.StartsWith("--", StringComparison.Ordinal))
                : [];
            string nearest = KeywordHelp.Nearest(names, word) is string name ? $", perhaps '{name}'" : "";
            return isVerb ? $"'{word}' is no verb{nearest}" : isOption ? $"there is no option '{word}'{nearest}" : $"nothing is expected here: '{word}'";
        }

        ParseError first = parsed.Errors[0];
        return first.SymbolResult switch
        {
            OptionResult { Option: { Required: true } option, IdentifierToken: null } => $"{option.Name} is missing",
            OptionResult { Tokens: [] } option => $"{option.IdentifierToken?.Value ?? option.Option.Name} needs a value",
            OptionResult { Tokens: [.., Token value] } option => Unusable(option.Option, option.Option.Name, value.Value),
            ArgumentResult { Tokens: [.., Token value] } argument => Unusable(argument.Argument, argument.Argument.Name, value.Value),
            ArgumentResult argument => $"{argument.Argument.Name} is missing",
            CommandResult when command.Options.FirstOrDefault(option => option.Required && parsed.GetResult(option) is null or { Implicit: true }) is Option option => $"{option.Name} is missing",
            CommandResult when command.Arguments.FirstOrDefault(argument => argument.Arity.MinimumNumberOfValues > (parsed.GetResult(argument)?.Tokens.Count ?? 0)) is Argument argument => $"{argument.Name} is missing",
            _ => first.Message,
        };
    }

    private static string Unusable(Symbol symbol, string name, string value)
    {
        string choice = string.Join(", ", symbol.GetCompletions(CompletionContext.Empty).Select(each => each.Label).Order(StringComparer.Ordinal));
        return choice.Length > 0 && symbol is not Option<bool> ? $"'{value}' is not one of {choice}" : $"{name} cannot be '{value}'";
    }
}
