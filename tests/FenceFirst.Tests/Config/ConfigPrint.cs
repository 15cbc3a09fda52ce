using System.Collections;
using System.Reflection;
using System.Text;
using FenceFirst.Core;

namespace FenceFirst.Tests.Config;

/// <summary>A bound configuration as text: every property that differs from its default would be too clever, so every property.</summary>
internal static class ConfigPrint
{
    public static string Print(object value)
    {
        StringBuilder text = new();
        Append(text, value, 0);
        return text.ToString();
    }

    private static void Append(StringBuilder text, object value, int depth)
    {
        foreach (PropertyInfo property in value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.Name != "EqualityContract" && p.GetIndexParameters().Length == 0))
        {
            AppendValue(text, property.Name, property.GetValue(value), depth);
        }
    }

    private static void AppendValue(StringBuilder text, string name, object? value, int depth)
    {
        string indent = new(' ', depth * 2);
        switch (value)
        {
            case null:
                text.Append(indent).Append(name).Append(": none\n");
                break;
            case string or bool or byte or int or uint or TimeSpan or Enum or InternetAddress:
                text.Append(indent).Append(name).Append(": ").Append(value).Append('\n');
                break;
            case IEnumerable<string> or IEnumerable<byte>:
                text.Append(indent).Append(name).Append(": ").AppendJoin(" ", ((IEnumerable)value).Cast<object>()).Append('\n');
                break;
            case IEnumerable items:
                int index = 0;
                foreach (object item in items)
                {
                    AppendValue(text, $"{name}[{index++}]", item, depth);
                }

                break;
            default:
                text.Append(indent).Append(name).Append(":\n");
                Append(text, value, depth + 1);
                break;
        }
    }
}
