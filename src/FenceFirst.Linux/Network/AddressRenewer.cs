namespace FenceFirst.Linux.Network;

/// <summary>Gives a set of addresses their lifetimes anew, again and again: the requests are written once, and sent with as few system calls as possible.</summary>
/// <remarks>
/// The kernel answers only what it refuses: an acknowledgement for each address would cost as much again as the renewal. Sending allocates nothing.
/// An address that is not there is added, so a caller must be sure that it may hold the whole set. For one thread.
/// </remarks>
public sealed class AddressRenewer : IDisposable
{
    private const int ReceiveBufferBytes = 1 << 18;

    /// <summary>Bytes sent with one system call, far below what a netlink socket takes; about 400 addresses.</summary>
    private const int DatagramBytesMax = 32 * 1024;

    /// <summary>Room for one request with everything that an address may carry.</summary>
    private const int RequestBytesMax = 256;

    /// <summary>Refusals are short: the kernel is asked not to repeat the request.</summary>
    private const int AnswerBytes = 8 * 1024;

    private readonly NetlinkSocket _socket = new(ReceiveBufferBytes);
    private readonly byte[] _answers = new byte[AnswerBytes];
    private readonly List<int> _ends = [];
    private byte[] _requests = new byte[4 * RequestBytesMax];
    private int _length;

    /// <summary>Our number in the kernel's messages: what is told about our own renewals carries it.</summary>
    public uint PortId => _socket.PortId;

    /// <summary>Forgets all requests.</summary>
    public void Clear()
    {
        _length = 0;
        _ends.Clear();
    }

    /// <summary>Adds an address with its lifetime.</summary>
    public void Add(in AddressRequest request)
    {
        if (_requests.Length - _length < RequestBytesMax)
        {
            Array.Resize(ref _requests, 2 * _requests.Length);
        }

        NetlinkWriter writer = new(_requests.AsSpan(_length, RequestBytesMax));
        NetlinkRequests.WriteAddress(ref writer, request with { IsRenewal = true }, (uint)_ends.Count + 1);
        _length += writer.Length;
        _ends.Add(_length);
    }

    /// <summary>Renews all; returns 0 or the first error number. All are tried.</summary>
    public int Send()
    {
        int first = 0;
        int start = 0;
        for (int i = 0; i < _ends.Count; i++)
        {
            if (i + 1 == _ends.Count || _ends[i + 1] - start > DatagramBytesMax)
            {
                int errno = _socket.Send(_requests.AsSpan(start, _ends[i] - start));
                errno = errno == 0 ? FirstRefusal() : errno;
                first = first == 0 ? errno : first;
                start = _ends[i];
            }
        }

        return first;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    /// <summary>The kernel works on requests within the call, so refusals are there when it returns. Usually there are none.</summary>
    private int FirstRefusal()
    {
        int first = 0;
        int length;
        while ((length = _socket.Receive(_answers)) > 0)
        {
            NetlinkReader reader = new(_answers.AsSpan(0, length));
            while (reader.TryNext(out NetlinkMessage message))
            {
                if (first == 0 && NetlinkFacts.TryReadError(in message, out int errno, out _))
                {
                    first = errno;
                }
            }
        }

        return first != 0 ? first : -length;
    }
}
