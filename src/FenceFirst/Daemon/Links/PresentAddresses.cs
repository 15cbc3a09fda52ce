using System.Runtime.InteropServices;
using FenceFirst.Core;
using FenceFirst.Linux.Network;

namespace FenceFirst.Daemon.Links;

/// <summary>The addresses of the machine by kernel index of their interface, in the order in which the kernel told of them.</summary>
internal sealed class PresentAddresses
{
    private readonly Dictionary<int, List<AddressInfo>> _byLink = [];

    /// <summary>Those of an interface; none for index 0 and for an interface without.</summary>
    public ReadOnlySpan<AddressInfo> Of(int linkIndex) => _byLink.TryGetValue(linkIndex, out List<AddressInfo>? present) ? CollectionsMarshal.AsSpan(present) : [];

    /// <summary>Whether the address is there, with any prefix length.</summary>
    public bool Has(int linkIndex, InternetAddress address)
    {
        foreach (AddressInfo one in Of(linkIndex))
        {
            if (one.Address == address)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether an interface has an IPv4 address.</summary>
    public bool HasIPv4(int linkIndex)
    {
        foreach (AddressInfo one in Of(linkIndex))
        {
            if (one.Address.IsIPv4)
            {
                return true;
            }
        }

        return false;
    }

    public void Clear() => _byLink.Clear();

    /// <summary>Forgets what an interface had.</summary>
    public void Remove(int linkIndex) => _byLink.Remove(linkIndex);

    public void Add(in AddressInfo address)
    {
        if (!_byLink.TryGetValue(address.LinkIndex, out List<AddressInfo>? present))
        {
            _byLink[address.LinkIndex] = present = [];
        }

        present.Add(address);
    }

    /// <summary>Takes what the kernel has told of one address; whether anything is different. A removal always counts, also of what was not known.</summary>
    public bool Apply(in AddressChange change)
    {
        int index = IndexOf(change);
        if (!change.IsAdded)
        {
            if (index >= 0)
            {
                _byLink[change.LinkIndex].RemoveAt(index);
            }

            return true;
        }

        AddressInfo now = new(change.LinkIndex, change.Address, change.PrefixLength, change.Flags, 0, 0);
        if (index < 0)
        {
            Add(now);
            return true;
        }

        // With the same flags a lifetime was renewed (G6). With leases this is the most frequent message of all.
        List<AddressInfo> present = _byLink[change.LinkIndex];
        bool isChanged = present[index].Flags != change.Flags;
        present[index] = isChanged ? now : present[index];
        return isChanged;
    }

    private int IndexOf(in AddressChange change)
    {
        ReadOnlySpan<AddressInfo> present = Of(change.LinkIndex);
        for (int i = 0; i < present.Length; i++)
        {
            if (present[i].Address == change.Address && present[i].PrefixLength == change.PrefixLength)
            {
                return i;
            }
        }

        return -1;
    }
}
