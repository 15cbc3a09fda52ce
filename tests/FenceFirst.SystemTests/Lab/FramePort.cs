namespace FenceFirst.SystemTests;

/// <summary>Sends and hears whole Ethernet frames on an interface of a namespace: what somebody with a cable to the switch can do.</summary>
internal sealed class FramePort : IDisposable
{
    private const int FrameMax = 2048;
    private readonly int _descriptor;
    private readonly byte[] _buffer = new byte[FrameMax];

    private FramePort(int descriptor) => _descriptor = descriptor;

    /// <summary>Opens it; a thread of its own goes into the namespace and ends there.</summary>
    /// <param name="networkNamespace">Where the interface is.</param>
    /// <param name="name">The interface.</param>
    /// <param name="timeout">How long <see cref="Receive"/> waits; zero = for sending only.</param>
    public static FramePort Open(string networkNamespace, string name, TimeSpan timeout)
    {
        int descriptor = -1;
        Exception? refused = null;
        Thread thread = new(() =>
        {
            try
            {
                descriptor = Native.OpenFrameSocket(networkNamespace, name, timeout);
            }
            catch (Exception exception)
            {
                refused = exception;
            }
        });
        thread.Start();
        thread.Join();
        return refused is null ? new FramePort(descriptor) : throw new InvalidOperationException("No frames on " + name, refused);
    }

    /// <summary>The node's own interface, for sending.</summary>
    public static FramePort Open(Node node) => Open(node.Namespace, "eth0", TimeSpan.Zero);

    public void Send(byte[] frame) => Native.Send(_descriptor, frame);

    /// <summary>Sends it again and again, until disposed; on a thread that is before all others, since a gap would tell a daemon something.</summary>
    public IDisposable Repeat(byte[] frame, TimeSpan interval) => new Repetition(this, frame, interval);

    /// <summary>The next frame; empty when the time-out passed.</summary>
    public byte[] Receive() => _buffer[..Native.Receive(_descriptor, _buffer)];

    public void Dispose() => Native.Close(_descriptor);

    private sealed class Repetition : IDisposable
    {
        private readonly Thread _thread;
        private volatile bool _isEnding;

        public Repetition(FramePort port, byte[] frame, TimeSpan interval)
        {
            _thread = new Thread(() =>
            {
                Native.PutFirst();
                while (!_isEnding)
                {
                    port.Send(frame);
                    Thread.Sleep(interval);
                }
            })
            { IsBackground = true, Name = "repeated frames" };
            _thread.Start();
        }

        public void Dispose()
        {
            _isEnding = true;
            _thread.Join(TimeSpan.FromSeconds(2));
        }
    }
}
