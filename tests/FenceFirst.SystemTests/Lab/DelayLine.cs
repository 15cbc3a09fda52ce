using System.Diagnostics;

namespace FenceFirst.SystemTests;

/// <summary>A slow way for adverts between two ports of the switch: a thread that keeps each one for a time and then hands it on unchanged.</summary>
internal sealed class DelayLine : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);
    private readonly FramePort _from;
    private readonly FramePort _to;
    private readonly Thread _thread;
    private readonly TimeSpan _delay;
    private int _handedOn;
    private volatile bool _stop;

    public DelayLine(string networkNamespace, string from, string to, TimeSpan delay)
    {
        _from = FramePort.Open(networkNamespace, from, Tick);
        _to = FramePort.Open(networkNamespace, to, TimeSpan.Zero);
        _delay = delay;
        _thread = new Thread(Run) { IsBackground = true, Name = $"delay {from} -> {to}" };
        _thread.Start();
    }

    /// <summary>How many adverts have come out at the other end.</summary>
    public int HandedOn => Volatile.Read(ref _handedOn);

    /// <summary>Ends it; what is still under way is lost.</summary>
    public void Dispose()
    {
        _stop = true;
        _thread.Join(TimeSpan.FromSeconds(2));
        _from.Dispose();
        _to.Dispose();
    }

    private void Run()
    {
        Queue<(long Due, byte[] Frame)> underWay = new();
        while (!_stop)
        {
            byte[] frame = _from.Receive();
            if (Frame.Read(default, frame) is Frame.Vrrp)
            {
                underWay.Enqueue((Stopwatch.GetTimestamp() + (long)(_delay.TotalSeconds * Stopwatch.Frequency), frame));
            }
            while (underWay.TryPeek(out (long Due, byte[] Frame) next) && next.Due <= Stopwatch.GetTimestamp())
            {
                _to.Send(underWay.Dequeue().Frame);
                Interlocked.Increment(ref _handedOn);
            }
        }
    }
}
