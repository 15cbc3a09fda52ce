using System.CommandLine;
using FenceFirst.Config.Keywords;

namespace FenceFirst.Cli;

/// <summary><c>completion</c>: a script for a shell, which completes verbs, their options, keywords behind <c>help</c>, and files everywhere else.</summary>
internal static class CompletionVerb
{
    /// <summary>The shells, as they are named on the command line.</summary>
    public static readonly string[] Shells = ["bash", "fish", "zsh"];

    /// <summary>Prints the script; always 0.</summary>
    /// <param name="shell">One of <see cref="Shells"/>.</param>
    /// <param name="root">Every verb.</param>
    /// <param name="output">Where to.</param>
    public static int Run(string shell, RootCommand root, TextWriter output)
    {
        Command[] verbs = [.. root.Subcommands.Where(verb => !verb.Hidden)];
        switch (shell)
        {
            case "fish":
                Fish(verbs, output);
                break;
            case "zsh":
                Zsh(verbs, output);
                break;
            default:
                Bash(verbs, output);
                break;
        }

        return 0;
    }

    private static void Bash(Command[] verbs, TextWriter output)
    {
        output.WriteLine("# bash completion for fencefirst: fencefirst completion bash > /etc/bash_completion.d/fencefirst");
        output.WriteLine("_fencefirst() {");
        output.WriteLine("    local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]}");
        output.WriteLine("    if ((COMP_CWORD == 1)); then");
        output.WriteLine($"        COMPREPLY=($(compgen -W '{string.Join(' ', verbs.Select(verb => verb.Name))}' -- \"$word\"))");
        output.WriteLine("        return");
        output.WriteLine("    fi");
        output.WriteLine("    case $verb in");
        output.WriteLine($"        help) COMPREPLY=($(compgen -W '{string.Join(' ', KeywordHelp.Names)}' -- \"$word\")); return ;;");
        foreach (Command verb in verbs.Where(verb => verb.Options.Count > 0))
        {
            string options = string.Join(' ', Options(verb).SelectMany(Names));
            output.WriteLine($"        {verb.Name}) [[ $word == -* ]] && COMPREPLY=($(compgen -W '{options}' -- \"$word\")) && return ;;");
        }

        output.WriteLine("    esac");
        output.WriteLine("    COMPREPLY=($(compgen -f -- \"$word\"))");
        output.WriteLine("}");
        output.WriteLine("complete -o filenames -F _fencefirst fencefirst");
    }

    private static void Zsh(Command[] verbs, TextWriter output)
    {
        output.WriteLine("#compdef fencefirst");
        output.WriteLine("# zsh completion for fencefirst: fencefirst completion zsh > /usr/local/share/zsh/site-functions/_fencefirst");
        output.WriteLine("_fencefirst() {");
        output.WriteLine("    local -a verbs options");
        output.WriteLine($"    verbs=({string.Join(' ', verbs.Select(verb => Quoted($"{verb.Name}:{Summary(verb)}")))})");
        output.WriteLine("    if ((CURRENT == 2)); then");
        output.WriteLine("        _describe verb verbs");
        output.WriteLine("        return");
        output.WriteLine("    fi");
        output.WriteLine("    case $words[2] in");
        output.WriteLine($"        help) compadd -- {string.Join(' ', KeywordHelp.Names)}; return ;;");
        foreach (Command verb in verbs.Where(verb => verb.Options.Count > 0))
        {
            string options = string.Join(' ', Options(verb).SelectMany(option => Names(option).Select(name => Quoted($"{name}:{Summary(option)}"))));
            output.WriteLine($"        {verb.Name}) options=({options}) ;;");
        }

        output.WriteLine("    esac");
        output.WriteLine("    if [[ $PREFIX == -* ]]; then");
        output.WriteLine("        _describe option options");
        output.WriteLine("    else");
        output.WriteLine("        _files");
        output.WriteLine("    fi");
        output.WriteLine("}");

        // In a file of $fpath the file is the function; read with `source` the function has to be named to the shell.
        output.WriteLine("if [[ $funcstack[1] == _fencefirst ]]; then");
        output.WriteLine("    _fencefirst \"$@\"");
        output.WriteLine("else");
        output.WriteLine("    compdef _fencefirst fencefirst");
        output.WriteLine("fi");
    }

    private static void Fish(Command[] verbs, TextWriter output)
    {
        output.WriteLine("# fish completion for fencefirst: fencefirst completion fish > /etc/fish/completions/fencefirst.fish");
        foreach (Command verb in verbs)
        {
            output.WriteLine($"complete -c fencefirst -n __fish_use_subcommand -f -a {verb.Name} -d {Quoted(Summary(verb))}");
        }

        output.WriteLine($"complete -c fencefirst -n '__fish_seen_subcommand_from help' -f -a '{string.Join(' ', KeywordHelp.Names)}'");
        foreach (Command verb in verbs)
        {
            foreach (Option option in Options(verb))
            {
                string names = string.Concat(Names(option).Select(name => name.StartsWith("--", StringComparison.Ordinal) ? $" -l {name[2..]}" : $" -s {name[1..]}"));
                string value = option.Arity.MinimumNumberOfValues > 0 ? " -r" : "";
                output.WriteLine($"complete -c fencefirst -n '__fish_seen_subcommand_from {verb.Name}'{names}{value} -d {Quoted(Summary(option))}");
            }
        }
    }

    private static IEnumerable<Option> Options(Command verb) => verb.Options.Where(option => !option.Hidden);

    private static IEnumerable<string> Names(Option option) => option.Aliases.Prepend(option.Name).Where(name => name.TrimStart('-').All(c => char.IsAsciiLetterOrDigit(c) || c == '-'));

    /// <summary>What it does, without the exit statuses.</summary>
    private static string Summary(Symbol symbol) => (symbol.Description ?? "").Split(" (exit status", 2)[0];

    /// <summary>Between single quotes no shell of the three expands anything, and none of them has the same way to write a quote there.</summary>
    private static string Quoted(string text) => $"'{text.Replace('\'', '"').Replace('\\', '/')}'";
}
