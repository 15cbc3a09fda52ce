using System.Globalization;
using System.Text;
using System.Text.Json;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Output;

/// <summary>Where the effective values of a configuration are written to; <see cref="ConfigDump"/> walks, this decides how it looks.</summary>
internal abstract class DumpWriter
{
    /// <summary>A word or a sentence.</summary>
    public abstract void Text(string name, string value);

    /// <summary>Several words, each by itself.</summary>
    /// <param name="name">The keyword.</param>
    /// <param name="words">What follows it.</param>
    /// <param name="comment">What a reader may want to know besides; empty = nothing. In text only.</param>
    public abstract void Words(string name, IEnumerable<string> words, string comment = "");

    /// <summary>A number; times are in the unit of their keyword.</summary>
    public abstract void Number(string name, decimal value);

    /// <summary>A number; 0 = there is none, which a file says by leaving it out.</summary>
    public abstract void NumberIfAny(string name, decimal value);

    /// <summary>Something that is on or off.</summary>
    public abstract void Switch(string name, bool value);

    /// <summary>Something that is on or off, and on where a file leaves it out.</summary>
    public abstract void Choice(string name, bool value);

    /// <summary>A program with its arguments and identity; null = none.</summary>
    /// <param name="name">The keyword.</param>
    /// <param name="command">The program.</param>
    /// <param name="options">What follows it on the line, with a blank in front. In text only.</param>
    public abstract void Command(string name, CommandLine? command, string options = "");

    /// <summary>A keyword that a file repeats with a name and a value.</summary>
    public abstract void Options(string name, IEnumerable<(string Name, string Value)> options);

    /// <summary>A list with one entry per line, in the language of the file.</summary>
    public abstract void List(string name, IEnumerable<string> entries);

    /// <summary>Blocks of one kind follow.</summary>
    public abstract void BeginBlocks(string name);

    /// <summary>One of them.</summary>
    /// <param name="keyword">Its keyword.</param>
    /// <param name="title">Its name; empty = it has none.</param>
    public abstract void BeginBlock(string keyword, string title);

    /// <summary>The end of one block.</summary>
    public abstract void EndBlock();

    /// <summary>The end of the blocks of one kind.</summary>
    public abstract void EndBlocks();

    /// <summary>A block of which there is one.</summary>
    public void Block(string keyword, Action content)
    {
        BeginSingle(keyword);
        content();
        EndBlock();
    }

    /// <summary>Named blocks of one kind.</summary>
    public void Blocks<T>(string keyword, IEnumerable<T> items, Func<T, string> nameOf, Action<T> content)
    {
        BeginBlocks(keyword);
        foreach (T item in items)
        {
            BeginBlock(keyword, nameOf(item));
            content(item);
            EndBlock();
        }

        EndBlocks();
    }

    /// <summary>The beginning of a block of which there is one.</summary>
    protected abstract void BeginSingle(string keyword);
}

/// <summary>Text in the shape of the file: blocks, one keyword per line; what is off or empty is left out.</summary>
internal sealed class TextDumpWriter : DumpWriter
{
    private readonly StringBuilder _text = new();
    private int _depth;

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    /// <inheritdoc/>
    public override void Text(string name, string value)
    {
        if (value.Length > 0)
        {
            Line($"{name} {Quoted(value)}");
        }
    }

    /// <inheritdoc/>
    public override void Words(string name, IEnumerable<string> words, string comment = "") =>
        Line(string.Join(' ', words.Select(Quoted).Prepend(name)) + (comment.Length > 0 ? $" # {comment}" : ""));

    /// <inheritdoc/>
    public override void Number(string name, decimal value) => Line($"{name} {value.ToString("0.######", CultureInfo.InvariantCulture)}");

    /// <inheritdoc/>
    public override void NumberIfAny(string name, decimal value)
    {
        if (value != 0)
        {
            Number(name, value);
        }
    }

    /// <inheritdoc/>
    public override void Switch(string name, bool value)
    {
        if (value)
        {
            Line(name);
        }
    }

    /// <inheritdoc/>
    public override void Choice(string name, bool value) => Line($"{name} {(value ? "yes" : "no")}");

    /// <inheritdoc/>
    public override void Options(string name, IEnumerable<(string Name, string Value)> options)
    {
        foreach ((string option, string value) in options)
        {
            Words(name, [option, value]);
        }
    }

    /// <inheritdoc/>
    public override void Command(string name, CommandLine? command, string options = "")
    {
        if (command is not null)
        {
            Line($"{name} {Line(command)}{options} # uid {command.UserId} gid {command.GroupId}{(command.SupplementaryGroups.IsEmpty ? "" : $" groups {string.Join(' ', command.SupplementaryGroups)}")}");
        }
    }

    /// <inheritdoc/>
    public override void List(string name, IEnumerable<string> entries)
    {
        string[] lines = [.. entries];
        if (lines.Length == 0)
        {
            return;
        }

        Line($"{name} {{");
        _depth++;
        foreach (string line in lines)
        {
            Line(line);
        }

        EndBlock();
    }

    /// <inheritdoc/>
    public override void BeginBlocks(string name)
    {
    }

    /// <inheritdoc/>
    public override void BeginBlock(string keyword, string title)
    {
        Line(title.Length == 0 ? $"{keyword} {{" : $"{keyword} {Quoted(title)} {{");
        _depth++;
    }

    /// <inheritdoc/>
    public override void EndBlock()
    {
        _depth--;
        Line("}");
    }

    /// <inheritdoc/>
    public override void EndBlocks()
    {
    }

    /// <inheritdoc/>
    protected override void BeginSingle(string keyword) => BeginBlock(keyword, "");

    /// <summary>The command as one word that is cut into the same arguments: no quote is in it that the line could take for its own.</summary>
    private static string Line(CommandLine command) => $"\"{string.Join(' ', command.Arguments.Select(Argument))}\"";

    private static string Argument(string argument)
    {
        StringBuilder text = new(argument.Length);
        bool isQuoted = argument.Length == 0;
        foreach (char c in argument)
        {
            isQuoted |= char.IsWhiteSpace(c);
            text.Append(c switch
            {
                '\\' => @"\\",
                '\'' => @"\'",
                '"' => @"\042", // As \" it would be no end for the command, but one for whoever reads the line.
                < ' ' or '\u007f' => FormattableString.Invariant($"\\{Convert.ToString(c, 8).PadLeft(3, '0')}"),
                _ => c.ToString(),
            });
        }

        return isQuoted ? $"'{text}'" : text.ToString();
    }

    private static string Quoted(string value) => value.Length == 0 || value.Any(c => char.IsWhiteSpace(c) || c is '#' or '!' or '{' or '}') ? $"\"{value}\"" : value;

    private void Line(string text) => _text.Append(' ', 4 * _depth).Append(text).Append('\n');
}

/// <summary>One JSON object; every member is always there but for programs and lists that are not configured.</summary>
internal sealed class JsonDumpWriter(Utf8JsonWriter json) : DumpWriter
{
    /// <inheritdoc/>
    public override void Text(string name, string value) => json.WriteString(name, value);

    /// <inheritdoc/>
    public override void Words(string name, IEnumerable<string> words, string comment = "") => json.WriteString(name, string.Join(' ', words));

    /// <inheritdoc/>
    public override void Number(string name, decimal value) => json.WriteNumber(name, value);

    /// <inheritdoc/>
    public override void NumberIfAny(string name, decimal value) => Number(name, value);

    /// <inheritdoc/>
    public override void Switch(string name, bool value) => json.WriteBoolean(name, value);

    /// <inheritdoc/>
    public override void Choice(string name, bool value) => Switch(name, value);

    /// <inheritdoc/>
    public override void Options(string name, IEnumerable<(string Name, string Value)> options) => List(name, options.Select(option => $"{option.Name} {option.Value}"));

    /// <inheritdoc/>
    public override void Command(string name, CommandLine? command, string options = "")
    {
        if (command is null)
        {
            return;
        }

        json.WriteStartObject(name);
        List("command", command.Arguments);
        json.WriteNumber("uid", command.UserId);
        json.WriteNumber("gid", command.GroupId);
        if (!command.SupplementaryGroups.IsEmpty)
        {
            json.WriteStartArray("groups");
            foreach (uint group in command.SupplementaryGroups)
            {
                json.WriteNumberValue(group);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <inheritdoc/>
    public override void List(string name, IEnumerable<string> entries)
    {
        json.WriteStartArray(name);
        foreach (string entry in entries)
        {
            json.WriteStringValue(entry);
        }

        json.WriteEndArray();
    }

    /// <inheritdoc/>
    public override void BeginBlocks(string name) => json.WriteStartArray(name);

    /// <inheritdoc/>
    public override void BeginBlock(string keyword, string title)
    {
        json.WriteStartObject();
        if (title.Length > 0)
        {
            json.WriteString("name", title);
        }
    }

    /// <inheritdoc/>
    public override void EndBlock() => json.WriteEndObject();

    /// <inheritdoc/>
    public override void EndBlocks() => json.WriteEndArray();

    /// <inheritdoc/>
    protected override void BeginSingle(string keyword) => json.WriteStartObject(keyword);
}
