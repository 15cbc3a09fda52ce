using System.Globalization;

namespace FenceFirst.Config.Binding;

/// <summary>Names of interfaces with a virtual MAC address: those that the file gives, and keepalived's for the others (vrrp.c, create_vmac_name).</summary>
internal sealed class VmacNames
{
    /// <summary>As many tries as there can be names taken: a file has fewer instances.</summary>
    private const int TriesMax = 100_000;

    private readonly HashSet<string> _given = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    /// <summary>Keeps a name that an instance gives for that instance, wherever in the file it stands.</summary>
    public void Reserve(string name) => _given.Add(name);

    /// <summary>Whether an instance gives the name.</summary>
    public bool IsGiven(string name) => _given.Contains(name);

    /// <summary>Takes a given name; false when another instance has it.</summary>
    public bool TryTake(string name) => _used.Add(name);

    /// <summary>Takes vrrp.VRID, or, where that is taken, vrrp6.VRID for IPv6 and vrrp1.VRID, vrrp2.VRID and so on.</summary>
    public string Take(string prefix, byte vrid, bool isIPv6)
    {
        int number = 0;
        for (int i = 0; i < TriesMax; i++)
        {
            string ending = string.Create(CultureInfo.InvariantCulture, $"{(number == 0 ? "" : number)}.{vrid}");
            string name = prefix[..Math.Min(prefix.Length, BindContext.InterfaceNameLengthMax - ending.Length)] + ending;
            if (!_given.Contains(name) && _used.Add(name))
            {
                return name;
            }

            number = (isIPv6, number) switch
            {
                (true, 0) => 6,
                (true, 6) => 1,
                (true, 5) => 7,
                _ => number + 1,
            };
        }

        throw new InvalidOperationException($"no name is left for a virtual MAC interface {prefix}.{vrid}");
    }
}
