using FenceFirst.Core.Node;

namespace FenceFirst.Config.Output;

/// <summary>The values that hold, by top-level block, to be compared with those of another file. Made of the text of <see cref="ConfigDump"/>: what is shown there is compared here.</summary>
public sealed class ConfigBlocks
{
    private readonly Dictionary<string, List<string>> _blocks = new(StringComparer.Ordinal);

    private ConfigBlocks(string dump)
    {
        List<string> open = [];
        foreach (string line in dump.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line == "}")
            {
                open.RemoveAt(open.Count - 1);
            }
            else if (line.EndsWith(" {", StringComparison.Ordinal))
            {
                open.Add(line[..^2]);
                _blocks.TryAdd(open[0], []);
            }
            else
            {
                // An entry with the names of the blocks that it stands in: virtual_ipaddress 10.0.0.1/24 dev eth0.
                _blocks[open[0]].Add(string.Join(' ', open.Skip(1).Append(line)));
            }
        }
    }

    /// <summary>The blocks of a configuration.</summary>
    public static ConfigBlocks Of(NodeConfig config) => new(ConfigDump.Text(config));

    /// <summary>What a block no longer says (with a minus) and what another one says instead (with a plus), in the order of the blocks; empty = they say the same.</summary>
    /// <param name="name">Keyword and name of the block; one that is not there says nothing.</param>
    /// <param name="next">The blocks it is compared with.</param>
    /// <param name="nextName">Keyword and name of the block there.</param>
    public List<string> Changes(string name, ConfigBlocks next, string nextName)
    {
        List<string> before = _blocks.GetValueOrDefault(name, []);
        List<string> after = next._blocks.GetValueOrDefault(nextName, []);
        List<string> changes = [.. Without(before, after).Select(line => $"- {line}"), .. Without(after, before).Select(line => $"+ {line}")];
        return changes.Count == 0 && !before.SequenceEqual(after) ? ["the same in another order"] : changes;
    }

    private static IEnumerable<string> Without(List<string> lines, List<string> others)
    {
        Dictionary<string, int> left = others.GroupBy(line => line).ToDictionary(group => group.Key, group => group.Count());
        foreach (string line in lines)
        {
            int count = left.GetValueOrDefault(line);
            if (count == 0)
            {
                yield return line;
            }
            else
            {
                left[line] = count - 1;
            }
        }
    }
}
