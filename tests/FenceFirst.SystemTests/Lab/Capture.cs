using System.Buffers.Binary;
using System.Net;

namespace FenceFirst.SystemTests;

/// <summary>A tcpdump on the laboratory's switch, in a file that is read while it grows. The switch outlives every node.</summary>
internal sealed class Capture
{
    private const int FileHeader = 24, RecordHeader = 16;
    private const uint NanosecondMagic = 0xa1b23c4d;

    /// <summary>To a station that is not there, from another one, of a kind that is set aside for experiments (IEEE 802).</summary>
    private static readonly byte[] Marker = [2, 0, 0, 0, 0xff, 0xfe, 2, 0, 0, 0, 0xff, 0xfd, 0x88, 0xb5];
    private readonly Lab _lab;
    private readonly Daemon _tcpdump;
    private readonly List<Frame> _frames = [];
    private readonly string _namespace;
    private int _marks;
    private int _seenMarks;
    private long _offset = FileHeader;

    private Capture(Lab lab, Daemon tcpdump, string networkNamespace, string file)
    {
        _namespace = networkNamespace;
        _lab = lab;
        _tcpdump = tcpdump;
        Path = file;
    }

    public string Path { get; }

    /// <summary>Starts the capture, and returns when it listens.</summary>
    public static async Task<Capture> StartAsync(Lab lab, string networkNamespace, string file)
    {
        Daemon tcpdump = new(lab, "tcpdump", networkNamespace,
            ["tcpdump", "-i", "br0", "-n", "-U", "--immediate-mode", "--time-stamp-precision=nano", "-Z", "root", "-w", file]);
        lab.Adopt(tcpdump);
        await tcpdump.WaitForLogAsync("listening on");
        return new Capture(lab, tcpdump, networkNamespace, file);
    }

    /// <summary>Waits until everything is here that has crossed the switch by now: a frame of our own comes last.</summary>
    public async Task CatchUpAsync()
    {
        int mark = ++_marks;
        using (FramePort port = FramePort.Open(_namespace, "br0", TimeSpan.Zero))
        {
            port.Send([.. Marker, .. BitConverter.GetBytes(mark), .. new byte[46]]);
        }
        await _lab.UntilAsync(() => Frames.Count >= 0 && Volatile.Read(ref _seenMarks) >= mark, 10, "the capture to catch up");
    }

    /// <summary>Everything seen until now, oldest first.</summary>
    public IReadOnlyList<Frame> Frames
    {
        get
        {
            lock (_frames)
            {
                ReadOn();
                return [.. _frames];
            }
        }
    }

    public IReadOnlyList<Frame.Vrrp> Adverts(int vrid = 51) => [.. Frames.OfType<Frame.Vrrp>().Where(each => each.Vrid == vrid)];

    public IReadOnlyList<Frame.Vrrp> AdvertsOf(Node node, int vrid = 51) => [.. Adverts(vrid).Where(each => node.Owns(each.Source))];

    /// <summary>Gratuitous ARP and unsolicited neighbour advertisements for an address.</summary>
    public IReadOnlyList<Frame.Neighbour> Announcements(IPAddress address) =>
        [.. Frames.OfType<Frame.Neighbour>().Where(each => each.Kind == NeighbourKind.Gratuitous && each.Target.Equals(address))];

    /// <summary>Waits for an advert that fits, from now or from a given time on.</summary>
    public async Task<Frame.Vrrp> WaitForAdvertAsync(Node node, Func<Frame.Vrrp, bool> fits, string what, double seconds = 10, int vrid = 51, DateTime from = default)
    {
        Frame.Vrrp? found = null;
        await _lab.UntilAsync(() => (found = AdvertsOf(node, vrid).FirstOrDefault(each => each.At >= from && fits(each))) is not null,
            seconds, $"an advert of {node.Name} with {what}");
        return found!;
    }

    /// <summary>The largest time between two adverts of one node for one instance, both between the given times, without the time in which the whole machine stood still.</summary>
    public TimeSpan LargestGap(Node node, int vrid, DateTime from, DateTime to)
    {
        DateTime[] times = [.. AdvertsOf(node, vrid).Select(each => each.At).Where(at => at >= from && at <= to)];
        if (times.Length == 0)
        {
            return PauseMeter.Without(_lab.Pauses, from, to);
        }
        // What is missing at the ends counts as well.
        return times.Append(to).Zip(times.Prepend(from), (later, earlier) => PauseMeter.Without(_lab.Pauses, earlier, later)).Max();
    }

    /// <summary>Ends the capture and lets tshark look at every packet: no malformed one, no wrong checksum, no error of any dissector.</summary>
    public async Task AssertCleanAsync()
    {
        _tcpdump.Send(Signal.Int);
        await _tcpdump.WaitForExitAsync();
        string bad = await _lab.RunAsync("tshark", ["-r", Path, "-o", "ip.check_checksum:TRUE", "-Y",
            "_ws.malformed || (_ws.expert.severity == 8388608 && (vrrp || arp || icmpv6)) || vrrp.checksum.status == 0 || ip.checksum.status == 0 || icmpv6.checksum.status == 0"]);
        if (bad.Trim().Length > 0)
        {
            throw _lab.Failure("tshark objects to these packets:\n" + bad);
        }
    }

    /// <summary>Given fields of every packet that a display filter lets through, as tshark reads them: one row each.</summary>
    public async Task<IReadOnlyList<string[]>> TsharkAsync(string filter, params string[] fields)
    {
        string text = await _lab.RunAsync("tshark", ["-r", Path, "-Y", filter, "-T", "fields", "-E", "separator=|", .. fields.SelectMany(each => new[] { "-e", each })]);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(row => row.Split('|'))];
    }

    // Whole records only: tcpdump may be in the middle of writing the last one.
    private void ReadOn()
    {
        using FileStream file = new(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        if (file.Length < FileHeader)
        {
            return;
        }
        byte[] header = new byte[RecordHeader];
        file.ReadExactly(header, 0, 4);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != NanosecondMagic)
        {
            throw new InvalidDataException("Not a capture with nanoseconds: " + Path);
        }
        while (file.Length - _offset >= RecordHeader)
        {
            file.Position = _offset;
            file.ReadExactly(header);
            int length = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(8));
            if (file.Length - _offset - RecordHeader < length)
            {
                return;
            }
            byte[] frame = new byte[length];
            file.ReadExactly(frame);
            _offset += RecordHeader + length;
            DateTime at = DateTime.UnixEpoch.AddSeconds(BinaryPrimitives.ReadUInt32LittleEndian(header)).AddTicks(BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)) / 100);
            if (frame.AsSpan().StartsWith(Marker))
            {
                Volatile.Write(ref _seenMarks, BitConverter.ToInt32(frame, Marker.Length));
            }
            if (Frame.Read(at, frame) is { } read)
            {
                _frames.Add(read);
            }
        }
    }
}
