namespace FenceFirst.Bench;

/// <summary>One advert as it arrived on a node.</summary>
/// <param name="At">Kernel's receive time stamp, nanoseconds since 1970.</param>
/// <param name="Vrid">Virtual router.</param>
/// <param name="Priority">Priority in the advert.</param>
internal readonly record struct SeenAdvert(long At, byte Vrid, byte Priority);

/// <summary>Collects the adverts that arrive on a node's interface, dated by the kernel at reception (SO_TIMESTAMPNS on a packet socket).</summary>
internal sealed class WireTap : IDisposable
{
    private readonly List<SeenAdvert> _adverts = new(1 << 17);
    private readonly int _descriptor;
    private readonly Thread _thread;
    private volatile bool _isStopping;

    public WireTap(Node node)
    {
        _descriptor = Lab.Run(node, () => Native.OpenTap(node.LinkIndex));
        _thread = new Thread(Listen, 256 * 1024) { IsBackground = true, Name = "wire tap" };
        _thread.Start();
    }

    public IReadOnlyList<SeenAdvert> Adverts
    {
        get
        {
            lock (_adverts)
            {
                return [.. _adverts];
            }
        }
    }

    /// <summary>Waits for the first advert; fails after the bound.</summary>
    public SeenAdvert WaitForFirst(TimeSpan bound, Daemon sender)
    {
        long until = Native.MonotonicNanoseconds + (bound.Ticks * 100);
        while (Native.MonotonicNanoseconds < until)
        {
            lock (_adverts)
            {
                if (_adverts.Count > 0)
                {
                    return _adverts[0];
                }
            }

            Thread.Sleep(10);
        }

        throw new InvalidOperationException($"no advert of {sender.Subject} within {bound.TotalSeconds} s; its log:\n{sender.Log}");
    }

    public void Dispose()
    {
        _isStopping = true;
        _thread.Join();
        Native.Close(_descriptor);
    }

    private void Listen()
    {
        const int ethernet = 14, protocolOffset = 9, vrrp = 112;
        Span<byte> frame = new byte[2048];
        while (!_isStopping)
        {
            int length = Native.Receive(_descriptor, frame, out long at);
            if (length < ethernet + 28 || frame[ethernet + protocolOffset] != vrrp)
            {
                continue;
            }

            ReadOnlySpan<byte> message = frame[(ethernet + ((frame[ethernet] & 0x0f) * 4))..];
            lock (_adverts)
            {
                _adverts.Add(new SeenAdvert(at, message[1], message[2]));
            }
        }
    }
}
