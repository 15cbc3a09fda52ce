using System.Text;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Files;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Sockets;

/// <summary>Who is at the other end of a local connection, as the kernel says (SO_PEERCRED).</summary>
/// <param name="ProcessId">Process that connected; it may have ended since.</param>
/// <param name="UserId">Its effective user.</param>
public readonly record struct SocketPeer(int ProcessId, uint UserId);

/// <summary>A Unix stream socket for a few local clients that send lines and get lines: never blocks, every buffer is bounded.</summary>
/// <remarks>
/// The file has mode 0600 from its first instant. Only root and the user of this process are answered. A client that does not read its answer is not
/// read from meanwhile, and the one that was idle longest makes room when all places are taken.
/// </remarks>
public sealed unsafe class ControlSocket : IDisposable
{
    /// <summary>Clients at a time.</summary>
    public const int ClientsMax = 16;

    /// <summary>Longest request line in bytes, without its line feed.</summary>
    public const int RequestBytesMax = 64 * 1024;

    /// <summary>Longest answer in bytes; 250 instances need about 200 KB.</summary>
    public const int AnswerBytesMax = 8 * 1024 * 1024;

    private const int PathBytesMax = 107;
    private const int ReadBytes = 16 * 1024;
    private const int Backlog = 16;

    /// <summary>A client that has been silent for so long may lose its place to a new one.</summary>
    private static readonly TimeSpan IdleMax = TimeSpan.FromSeconds(5);

    private readonly EventPoll _poll;
    private readonly long _tokenBase;
    private readonly string _path;
    private readonly uint _user = LibC.geteuid();
    private readonly Client?[] _clients = new Client?[ClientsMax];
    private readonly byte[] _read = new byte[ReadBytes];
    private readonly FileIdentity _file;
    private int _listener;

    private ControlSocket(int listener, string path, EventPoll poll, long tokenBase)
    {
        _listener = listener;
        _path = path;
        _poll = poll;
        _tokenBase = tokenBase;
        _ = FileStatus.TryIdentify(path, out _file);
        poll.Add(listener, PollEvents.Readable, tokenBase);
    }

    /// <summary>Answers one request line; the answer ends with a line feed and is used up before the next question.</summary>
    public delegate ReadOnlyMemory<byte> Responder(ReadOnlySpan<byte> line, SocketPeer peer);

    /// <summary>Tokens in use: this many, from the base on.</summary>
    public static int TokenCount => ClientsMax + 1;

    /// <summary>Whether its file still stands at its path: without it nobody finds the socket, and another one may have taken the place.</summary>
    public bool IsInPlace => FileStatus.TryIdentify(_path, out FileIdentity found) && found.Number == _file.Number && found.Device == _file.Device;

    /// <summary>Begins to listen.</summary>
    /// <param name="path">Where; a socket that a dead process left there is replaced.</param>
    /// <param name="poll">Told of the descriptors.</param>
    /// <param name="tokenBase">First of <see cref="TokenCount"/> tokens.</param>
    /// <param name="isAlive">Whether a living process listens there already: that is the reason for null.</param>
    /// <param name="problem">Why it returned null, one sentence.</param>
    public static ControlSocket? TryListen(string path, EventPoll poll, long tokenBase, out bool isAlive, out string problem)
    {
        isAlive = false;
        byte* address = stackalloc byte[2 + PathBytesMax + 1];
        if (!TryFill(path, address, out uint length))
        {
            problem = $"the path of the control socket is longer than {PathBytesMax} bytes, or empty: {path}";
            return null;
        }

        int socket = LibC.socket(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, 0);
        if (socket < 0)
        {
            problem = Problem(path, LibC.Errno);
            return null;
        }

        // unix(7): the file gets the mode of the unbound socket, so that it is never open to others, not even for an instant.
        _ = LibC.fchmod(socket, 0x180);
        int errno = LibC.bind(socket, address, length) == 0 ? 0 : LibC.Errno;
        if (errno == LibC.EADDRINUSE)
        {
            errno = Replace(socket, path, address, length, out isAlive);
        }

        if (errno == 0 && LibC.listen(socket, Backlog) != 0)
        {
            errno = LibC.Errno;
        }

        if (errno != 0)
        {
            _ = LibC.close(socket);
            problem = isAlive ? $"another daemon answers at {path}; choose another path with --socket" : Problem(path, errno);
            return null;
        }

        problem = "";
        return new ControlSocket(socket, path, poll, tokenBase);
    }

    /// <summary>Serves what is ready; returns whether the token was one of ours.</summary>
    public bool Serve(long token, Core.MonotonicInstant now, Responder respond)
    {
        long place = token - _tokenBase - 1;
        if (place < -1 || place >= ClientsMax)
        {
            return false;
        }

        if (place == -1)
        {
            Accept(now);
        }
        else if (_clients[place] is { } client)
        {
            client.UsedAt = now;
            if (!Flush(client) || (client.Pending.Length == 0 && !Receive(client, respond)))
            {
                Drop((int)place);
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_listener < 0)
        {
            return;
        }

        for (int i = 0; i < ClientsMax; i++)
        {
            Drop(i);
        }

        if (IsInPlace)
        {
            fixed (byte* path = SocketOptions.CString(_path))
            {
                _ = LibC.unlink(path);
            }
        }

        _poll.Remove(_listener);
        _ = LibC.close(_listener);
        _listener = -1;
    }

    private static string Problem(string path, int errno) => $"the control socket {path} cannot be made: {ErrorNumber.Text(errno)}";

    private static bool TryFill(string path, byte* address, out uint length)
    {
        new Span<byte>(address, 2 + PathBytesMax + 1).Clear();
        *(ushort*)address = LibC.AF_UNIX;
        bool isShort = Encoding.UTF8.TryGetBytes(path, new Span<byte>(address + 2, PathBytesMax), out int count);
        length = (uint)(2 + count + 1);
        return isShort && count > 0 && !path.Contains('\0');
    }

    /// <summary>Something is at the path already: a living daemon and a file that is no socket stay, the socket of a dead one goes.</summary>
    private static int Replace(int socket, string path, byte* address, uint length, out bool isAlive)
    {
        isAlive = false;
        if (!FileStatus.TryRead(path, out int mode, out _, out _) || (mode & 0xf000) != 0xc000)
        {
            return LibC.EEXIST;
        }

        int probe = LibC.socket(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, 0);
        if (probe < 0)
        {
            return LibC.Errno;
        }

        int errno = LibC.connect(probe, address, length) == 0 ? 0 : LibC.Errno;
        _ = LibC.close(probe);
        if (errno != LibC.ECONNREFUSED)
        {
            // EAGAIN: its backlog is full, so it lives.
            isAlive = errno is 0 or LibC.EAGAIN;
            return isAlive ? LibC.EADDRINUSE : errno;
        }

        _ = LibC.unlink(address + 2);
        return LibC.bind(socket, address, length) == 0 ? 0 : LibC.Errno;
    }

    private void Accept(Core.MonotonicInstant now)
    {
        for (int i = 0; i < Backlog; i++)
        {
            int descriptor = LibC.accept4(_listener, null, null, LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC);
            if (descriptor < 0)
            {
                return;
            }

            PeerCredentials credentials = default;
            uint length = (uint)sizeof(PeerCredentials);
            bool isKnown = LibC.getsockopt(descriptor, LibC.SOL_SOCKET, LibC.SO_PEERCRED, &credentials, &length) == 0;
            if (!isKnown || (credentials.UserId != 0 && credentials.UserId != _user))
            {
                Refuse(descriptor, $"only root and user {_user} may talk to this daemon");
                continue;
            }

            int place = FindPlace(now);
            if (place < 0)
            {
                Refuse(descriptor, $"{ClientsMax} clients are connected already; try again");
                continue;
            }

            _clients[place] = new Client(descriptor, new SocketPeer(credentials.ProcessId, credentials.UserId)) { UsedAt = now };
            _poll.Add(descriptor, PollEvents.Readable, _tokenBase + 1 + place);
        }
    }

    private static void Refuse(int descriptor, string why)
    {
        byte[] line = Encoding.UTF8.GetBytes($"{{\"version\":1,\"error\":\"{why}\"}}\n");
        fixed (byte* bytes = line)
        {
            _ = LibC.send(descriptor, bytes, (nuint)line.Length, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL);
        }

        _ = LibC.close(descriptor);
    }

    private int FindPlace(Core.MonotonicInstant now)
    {
        int oldest = 0;
        for (int i = 0; i < ClientsMax; i++)
        {
            if (_clients[i] is not { } client)
            {
                return i;
            }

            if (client.UsedAt < _clients[oldest]!.UsedAt)
            {
                // Every place before i is taken, and so is the oldest of them.
                oldest = i;
            }
        }

        if (now - _clients[oldest]!.UsedAt < IdleMax)
        {
            return -1;
        }

        Drop(oldest);
        return oldest;
    }

    /// <summary>Reads and answers; false = the client is done with.</summary>
    private bool Receive(Client client, Responder respond)
    {
        // One read or one answer per turn: a client that talks without end shares the loop with everybody else.
        if (client.HasLine)
        {
            return AnswerLine(client, respond);
        }

        nint count;
        fixed (byte* bytes = _read)
        {
            count = LibC.read(client.Descriptor, bytes, ReadBytes);
        }

        if (count < 0)
        {
            return LibC.Errno is LibC.EAGAIN or LibC.EINTR;
        }

        if (count == 0)
        {
            return false;
        }

        client.Line.Write(_read, 0, (int)count);
        return AnswerLine(client, respond);
    }

    private bool AnswerLine(Client client, Responder respond)
    {
        ReadOnlySpan<byte> all = client.Line.GetBuffer().AsSpan(0, (int)client.Line.Length);
        int end = all.IndexOf((byte)'\n');
        if ((end < 0 ? all.Length : end) > RequestBytesMax)
        {
            client.Pending = Encoding.UTF8.GetBytes($"{{\"version\":1,\"error\":\"the request is longer than {RequestBytesMax} bytes\"}}\n");
            _ = Flush(client);
            return false;
        }

        if (end < 0)
        {
            return true;
        }

        ReadOnlyMemory<byte> answer = respond(all[..end], client.Peer);
        client.Pending = answer.Length <= AnswerBytesMax ? answer : Encoding.UTF8.GetBytes($"{{\"version\":1,\"error\":\"the answer is longer than {AnswerBytesMax} bytes\"}}\n");
        byte[] rest = all[(end + 1)..].ToArray();
        client.Line.SetLength(0);
        client.Line.Write(rest);
        client.HasLine = rest.AsSpan().Contains((byte)'\n');
        bool isAlive = Flush(client);

        // What the kernel did not take outlives the answer, so it is copied; mostly that is nothing.
        client.Pending = client.Pending.IsEmpty ? default(ReadOnlyMemory<byte>) : client.Pending.ToArray();
        return isAlive;
    }

    /// <summary>Sends what is pending as far as the kernel takes it; false = the client has gone.</summary>
    private bool Flush(Client client)
    {
        while (client.Pending.Length > 0)
        {
            nint sent;
            fixed (byte* bytes = client.Pending.Span)
            {
                sent = LibC.send(client.Descriptor, bytes, (nuint)client.Pending.Length, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL);
            }

            if (sent < 0)
            {
                if (LibC.Errno != LibC.EAGAIN)
                {
                    return false;
                }

                Watch(client, PollEvents.Writable);
                return true;
            }

            client.Pending = client.Pending[(int)sent..];
        }

        // A line that waits in our buffer is answered in the next turn, which comes at once while the client can be written to.
        Watch(client, client.HasLine ? PollEvents.Writable : PollEvents.Readable);
        return true;
    }

    private void Watch(Client client, PollEvents events)
    {
        if (client.Watched != events)
        {
            client.Watched = events;
            _poll.Modify(client.Descriptor, events, _tokenBase + 1 + Array.IndexOf(_clients, client));
        }
    }

    private void Drop(int place)
    {
        if (_clients[place] is { } client)
        {
            _clients[place] = null;
            _poll.Remove(client.Descriptor);
            _ = LibC.close(client.Descriptor);
        }
    }

    private sealed class Client(int descriptor, SocketPeer peer)
    {
        public int Descriptor => descriptor;

        public SocketPeer Peer => peer;

        public MemoryStream Line { get; } = new();

        /// <summary>Whether <see cref="Line"/> holds a whole request already.</summary>
        public bool HasLine { get; set; }

        public ReadOnlyMemory<byte> Pending { get; set; }

        public PollEvents Watched { get; set; } = PollEvents.Readable;

        public Core.MonotonicInstant UsedAt { get; set; }
    }

    /// <summary>struct ucred.</summary>
    private struct PeerCredentials
    {
        public int ProcessId;
        public uint UserId;
        public uint GroupId;
    }
}
