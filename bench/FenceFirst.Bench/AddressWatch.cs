using System.Buffers.Binary;
using FenceFirst.Core;

namespace FenceFirst.Bench;

/// <summary>One message of the kernel about an address.</summary>
/// <param name="At">Wall time in nanoseconds since 1970.</param>
/// <param name="Address">Which.</param>
/// <param name="IsAdded">Added or renewed; otherwise removed.</param>
internal readonly record struct AddressNews(long At, InternetAddress Address, bool IsAdded);

/// <summary>Hears from the kernel when addresses are added, renewed and removed on a node (RTM_NEWADDR, RTM_DELADDR).</summary>
/// <remarks>Netlink messages carry no time stamp: the time is when a real-time thread that waits for nothing else has read them, some tens of microseconds later, the same for every daemon.</remarks>
internal sealed class AddressWatch : IDisposable
{
    private readonly List<AddressNews> _news = [];
    private readonly int _descriptor;
    private readonly Thread _thread;
    private volatile bool _isStopping;

    public AddressWatch(Node node)
    {
        _descriptor = Lab.Run(node, Native.OpenAddressMonitor);
        _thread = new Thread(Listen, 256 * 1024) { IsBackground = true, Name = "address watch" };
        _thread.Start();
    }

    /// <summary>What was told about an address so far.</summary>
    public IReadOnlyList<AddressNews> NewsOf(InternetAddress address)
    {
        lock (_news)
        {
            return [.. _news.Where(each => each.Address == address)];
        }
    }

    /// <summary>When the address was first added, or 0 when it has not been within the bound.</summary>
    public long WaitForAdded(InternetAddress address, TimeSpan bound) =>
        WaitFor(bound, () => NewsOf(address).Any(each => each.IsAdded)) ? NewsOf(address).First(each => each.IsAdded).At : 0;

    /// <summary>Waits until something is so that the kernel's news can change; false = not within the bound.</summary>
    public static bool WaitFor(TimeSpan bound, Func<bool> isSo)
    {
        long until = Native.MonotonicNanoseconds + (bound.Ticks * 100);
        while (!isSo())
        {
            if (Native.MonotonicNanoseconds > until)
            {
                return false;
            }

            Thread.Sleep(5);
        }

        return true;
    }

    public void Dispose()
    {
        _isStopping = true;
        _thread.Join();
        Native.Close(_descriptor);
    }

    private void Listen()
    {
        const ushort newAddress = 20, deleteAddress = 21;
        const int header = 16, addressHeader = 8;
        _ = Native.TryBecomeRealTime();
        byte[] buffer = new byte[32 * 1024];
        while (!_isStopping)
        {
            int length = Native.Receive(_descriptor, buffer, out _);
            long now = Native.WallNanoseconds;
            ReadOnlySpan<byte> left = buffer.AsSpan(0, length);
            while (left.Length >= header + addressHeader)
            {
                int size = Math.Clamp(BinaryPrimitives.ReadInt32LittleEndian(left), header, left.Length);
                ushort type = BinaryPrimitives.ReadUInt16LittleEndian(left[4..]);
                if (type is newAddress or deleteAddress && TryReadAddress(left[(header + addressHeader)..size], out InternetAddress address))
                {
                    lock (_news)
                    {
                        _news.Add(new AddressNews(now, address, type == newAddress));
                    }
                }

                left = left[Math.Min((size + 3) & ~3, left.Length)..];
            }
        }
    }

    // IFA_LOCAL (2) for IPv4, IFA_ADDRESS (1) for IPv6, which has no other.
    private static bool TryReadAddress(ReadOnlySpan<byte> attributes, out InternetAddress address)
    {
        while (attributes.Length >= 8)
        {
            int size = Math.Clamp((int)BinaryPrimitives.ReadUInt16LittleEndian(attributes), 4, attributes.Length);
            ushort type = BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]);
            if ((type == 2 && size == 8) || (type == 1 && size == 20))
            {
                address = InternetAddress.FromBytes(attributes[4..size]);
                return true;
            }

            attributes = attributes[Math.Min((size + 3) & ~3, attributes.Length)..];
        }

        address = default;
        return false;
    }
}
