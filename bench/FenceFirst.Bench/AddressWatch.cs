using System.Buffers.Binary;
using FenceFirst.Core;

namespace FenceFirst.Bench;

/// <summary>Hears from the kernel when addresses are added on a node (RTM_NEWADDR).</summary>
/// <remarks>Netlink messages carry no time stamp: the time is when a real-time thread that waits for nothing else has read them, some tens of microseconds later, the same for every daemon.</remarks>
internal sealed class AddressWatch : IDisposable
{
    private readonly List<(long At, InternetAddress Address)> _added = [];
    private readonly int _descriptor;
    private readonly Thread _thread;
    private volatile bool _isStopping;

    public AddressWatch(Node node)
    {
        _descriptor = Lab.Run(node, Native.OpenAddressMonitor);
        _thread = new Thread(Listen, 256 * 1024) { IsBackground = true, Name = "address watch" };
        _thread.Start();
    }

    /// <summary>When the address was first added, or 0 when it has not been within the bound.</summary>
    public long WaitForAdded(InternetAddress address, TimeSpan bound)
    {
        long until = Native.MonotonicNanoseconds + (bound.Ticks * 100);
        do
        {
            lock (_added)
            {
                foreach ((long at, InternetAddress each) in _added)
                {
                    if (each == address)
                    {
                        return at;
                    }
                }
            }

            Thread.Sleep(5);
        }
        while (Native.MonotonicNanoseconds < until);
        return 0;
    }

    public void Dispose()
    {
        _isStopping = true;
        _thread.Join();
        Native.Close(_descriptor);
    }

    private void Listen()
    {
        const ushort newAddress = 20;
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
                if (BinaryPrimitives.ReadUInt16LittleEndian(left[4..]) == newAddress && TryReadAddress(left[(header + addressHeader)..size], out InternetAddress address))
                {
                    lock (_added)
                    {
                        _added.Add((now, address));
                    }
                }

                left = left[Math.Min((size + 3) & ~3, left.Length)..];
            }
        }
    }

    // IFA_LOCAL (2).
    private static bool TryReadAddress(ReadOnlySpan<byte> attributes, out InternetAddress address)
    {
        while (attributes.Length >= 8)
        {
            int size = Math.Clamp((int)BinaryPrimitives.ReadUInt16LittleEndian(attributes), 4, attributes.Length);
            if (BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]) == 2 && size == 8)
            {
                address = InternetAddress.FromBytes(attributes[4..8]);
                return true;
            }

            attributes = attributes[Math.Min((size + 3) & ~3, attributes.Length)..];
        }

        address = default;
        return false;
    }
}
