using System.Text;
using System.Xml;
using FenceFirst.Config.Keywords;

namespace FenceFirst.Config.Binding;

/// <summary>One parameter of an agent's metadata.</summary>
/// <param name="Name">As it is written on standard input.</param>
/// <param name="IsRequired">Whether it has to be given.</param>
/// <param name="IsDeprecated">Whether there is a newer name for it.</param>
/// <param name="HasDefault">Whether the agent has a value for it.</param>
/// <param name="Obsoletes">The older name that it replaces; empty = none.</param>
internal sealed record AgentParameter(string Name, bool IsRequired, bool IsDeprecated, bool HasDefault, string Obsoletes);

/// <summary>What a fence agent says about itself: the XML that ClusterLabs' FenceAgentAPI.md describes.</summary>
internal sealed class AgentDescription
{
    private const string RootName = "resource-agent";
    private const int CharactersMax = 1 << 20;

    /// <summary>Its parameters by name.</summary>
    public SortedDictionary<string, AgentParameter> Parameters { get; } = new(StringComparer.Ordinal);

    /// <summary>Its actions; empty = it does not say.</summary>
    public HashSet<string> Actions { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads the answer of an agent. Warnings of its interpreter may stand around the document.</summary>
    /// <param name="text">What it printed.</param>
    /// <param name="problem">Why there is no description; otherwise empty.</param>
    /// <returns>The description; null when the answer is not XML or describes no parameter.</returns>
    public static AgentDescription? Parse(string text, out string problem)
    {
        int begin = text.IndexOf("<" + RootName, StringComparison.Ordinal);
        int end = text.LastIndexOf($"</{RootName}>", StringComparison.Ordinal);
        if (begin < 0 || end < begin || end - begin > CharactersMax)
        {
            problem = $"holds no <{RootName}> document";
            return null;
        }

        AgentDescription description = new();
        try
        {
            // Not XmlReader.Create: with its schemas and its HTTP client for DTDs the program would be almost twice as large. This one knows no DTD at all.
            byte[] document = Encoding.UTF8.GetBytes(text[begin..(end + RootName.Length + 3)]);
            using XmlDictionaryReader reader = XmlDictionaryReader.CreateTextReader(document, XmlDictionaryReaderQuotas.Max);
            description.Read(reader);
        }
        catch (XmlException failure)
        {
            problem = $"is not good XML (line {failure.LineNumber})";
            return null;
        }

        problem = description.Parameters.Count == 0 ? "describes no parameter" : "";
        return description.Parameters.Count == 0 ? null : description;
    }

    /// <summary>The parameter or action that is spelt most like the word; empty when none is close.</summary>
    public string Nearest(string word)
    {
        string nearest = "";
        int best = Math.Max(2, word.Length / 3) + 1;
        foreach (AgentParameter parameter in Parameters.Values)
        {
            int distance = KeywordTable.Distance(parameter.Name, word);
            if (distance < best && !parameter.IsDeprecated)
            {
                best = distance;
                nearest = parameter.Name;
            }
        }

        return nearest;
    }

    private void Read(XmlDictionaryReader reader)
    {
        AgentParameter? open = null;
        while (reader.Read())
        {
            if (reader.NodeType != XmlNodeType.Element)
            {
                continue;
            }

            string name = reader.GetAttribute("name") ?? "";
            switch (reader.Name)
            {
                case "parameter" when name.Length > 0:
                    open = new AgentParameter(name, reader.GetAttribute("required") == "1", reader.GetAttribute("deprecated") == "1", false, reader.GetAttribute("obsoletes") ?? "");
                    Parameters[name] = open;
                    break;
                case "content" when open is not null && reader.GetAttribute("default") is not null:
                    Parameters[open.Name] = open with { HasDefault = true };
                    break;
                case "action" when name.Length > 0:
                    Actions.Add(name);
                    break;
            }
        }
    }
}
