using System.Text;
using FenceFirst.Core.Promotion;
using FenceFirst.Daemon.Notify;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Daemon.Steps;

/// <summary>What an agent reads from its standard input, and what must not be seen of it afterwards.</summary>
internal sealed class AgentInput
{
    private const int InvalidArgument = 22;

    private readonly List<byte[]> _secrets = [];

    private AgentInput()
    {
    }

    /// <summary>One option per line as NAME=VALUE, the action last.</summary>
    public ReadOnlyMemory<byte> Bytes { get; private set; }

    /// <summary>Builds the input; secrets are read from their files now.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="action">What it is asked to do.</param>
    /// <param name="problem">Which file cannot be used and why; otherwise empty.</param>
    /// <param name="errno">The same as an error number.</param>
    /// <returns>The input; null when a file cannot be used.</returns>
    public static AgentInput? Build(FenceAgent agent, string action, out string problem, out int errno)
    {
        AgentInput input = new();
        using MemoryStream lines = new();
        foreach (AgentOption option in agent.Options)
        {
            byte[] value = Encoding.UTF8.GetBytes(option.Value);
            Append(lines, option.Name, value);
            if (option.HasSecretName && value.Length > 0)
            {
                input._secrets.Add(value);
            }
        }

        foreach (AgentOption option in agent.OptionFiles)
        {
            byte[]? value = FirstLine(option.Value, out string why, out errno);
            if (value is null)
            {
                problem = $"option_file {option.Name}: {option.Value} {why}";
                return null;
            }

            Append(lines, option.Name, value);
            input._secrets.Add(value);
        }

        Append(lines, "action", Encoding.UTF8.GetBytes(action));
        input.Bytes = lines.ToArray();
        problem = "";
        errno = 0;
        return input;
    }

    /// <summary>The end of the agent with every secret in its output replaced.</summary>
    public ProcessCompletion Masked(in ProcessCompletion completion)
    {
        bool isCut = completion.OutputBytes > completion.Output.Length;
        byte[] masked = Mask(completion.Output.Span, isCut);
        return completion with { Output = masked, OutputBytes = completion.OutputBytes - completion.Output.Length + masked.Length };
    }

    /// <summary>The text with three stars in place of every secret; where the text was cut, the beginning of one at its end goes too.</summary>
    public byte[] Mask(ReadOnlySpan<byte> text, bool isCut)
    {
        byte[] masked = text.ToArray();
        foreach (byte[] secret in _secrets.OrderByDescending(each => each.Length))
        {
            masked = Replaced(masked, secret);
            for (int length = Math.Min(secret.Length - 1, masked.Length); isCut && length > 0; length--)
            {
                if (masked.AsSpan().EndsWith(secret.AsSpan(0, length)))
                {
                    masked = masked[..^length];
                    break;
                }
            }
        }

        return masked;
    }

    private static byte[] Replaced(byte[] text, byte[] secret)
    {
        if (text.AsSpan().IndexOf(secret) < 0)
        {
            return text;
        }

        using MemoryStream result = new();
        ReadOnlySpan<byte> rest = text;
        for (int at = rest.IndexOf(secret); at >= 0; at = rest.IndexOf(secret))
        {
            result.Write(rest[..at]);
            result.Write("***"u8);
            rest = rest[(at + secret.Length)..];
        }

        result.Write(rest);
        return result.ToArray();
    }

    /// <summary>The first line of a private regular file; null with the reason.</summary>
    private static byte[]? FirstLine(string path, out string why, out int errno)
    {
        if (PrivateFile.Read(path, out why, out errno) is not { } read)
        {
            return null;
        }

        int end = read.AsSpan().IndexOf((byte)'\n');
        byte[] line = read.AsSpan(0, end < 0 ? read.Length : end).TrimEnd((byte)'\r').ToArray();
        (why, errno) = line.Length == 0 ? ("holds nothing in its first line", InvalidArgument) : ("", 0);
        return line.Length == 0 ? null : line;
    }

    private static void Append(MemoryStream lines, string name, ReadOnlySpan<byte> value)
    {
        lines.Write(Encoding.UTF8.GetBytes(name));
        lines.WriteByte((byte)'=');
        lines.Write(value);
        lines.WriteByte((byte)'\n');
    }
}
