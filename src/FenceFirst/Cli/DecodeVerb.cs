using System.Text;
using System.Text.Json;
using FenceFirst.Core;
using FenceFirst.Core.Wire;

namespace FenceFirst.Cli;

/// <summary><c>fencefirst decode HEX|FILE.pcap</c>: packets in words, with the reason if the daemon would refuse them.</summary>
internal static class DecodeVerb
{
    private const int StatusGood = 0;
    private const int StatusRefused = 1;
    private const int StatusUnusable = 2;

    /// <summary>Decodes and prints; returns the exit status: 0 all good, 1 something is refused or malformed, 2 the input is unusable.</summary>
    /// <param name="hexOrFile">A file that exists, or hexadecimal.</param>
    /// <param name="json">Whether one JSON document is printed instead of text.</param>
    /// <param name="output">Where the packets go.</param>
    /// <param name="error">Where complaints about the input go.</param>
    internal static int Run(string hexOrFile, bool json, TextWriter output, TextWriter error)
    {
        if (File.Exists(hexOrFile))
        {
            return RunFile(hexOrFile, json, output, error);
        }

        if (hexOrFile.Contains('/', StringComparison.Ordinal))
        {
            return Unusable($"{hexOrFile}: {(Directory.Exists(hexOrFile) ? "it is a folder" : "there is no such file")}", json, output, error);
        }

        if (!HexText.TryParse(hexOrFile, out byte[] bytes, out string problem))
        {
            return Unusable($"the argument is neither a file nor a packet in hexadecimal: {problem}", json, output, error);
        }

        return Print([new Entry(1, "", Dissector.FromBytes(bytes))], isCapture: false, json, output);
    }

    private static int RunFile(string path, bool json, TextWriter output, TextWriter error)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 65_536);
            if (!Pcap.TryOpen(stream, out Pcap? pcap, out string problem) || pcap is null)
            {
                return Unusable($"{path}: {problem}", json, output, error);
            }

            Capture capture = new(pcap);
            int status = Print(capture.Entries(), isCapture: true, json, output);
            if (capture.Problem.Length > 0)
            {
                error.WriteLine($"fencefirst decode: {path}: {capture.Problem}");
                return StatusUnusable;
            }

            return status;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Unusable($"{path}: {exception.Message}", json, output, error);
        }
    }

    private static int Unusable(string reason, bool json, TextWriter output, TextWriter error)
    {
        error.WriteLine($"fencefirst decode: {reason}");
        Refusal.TellProgram(reason, json, output);
        return StatusUnusable;
    }

    private static int Print(IEnumerable<Entry> entries, bool isCapture, bool json, TextWriter output)
    {
        Counts counts = json ? PrintJson(entries, isCapture, output) : PrintText(entries, isCapture, output);
        return counts.Refused > 0 || (!isCapture && counts.Other > 0) ? StatusRefused : StatusGood;
    }

    private static Counts PrintText(IEnumerable<Entry> entries, bool isCapture, TextWriter output)
    {
        Counts counts = new();
        foreach (Entry entry in entries)
        {
            Dissection packet = entry.Packet;
            counts.Add(packet);
            if (isCapture && !packet.IsOfInterest)
            {
                continue;
            }

            output.WriteLine(Heading(entry, isCapture));
            foreach (string line in Body(packet).Split('\n').Concat(packet.Notes.Select(note => "note: " + note)))
            {
                output.WriteLine("  " + line);
            }
        }

        if (isCapture)
        {
            output.WriteLine(counts.ToString());
        }

        return counts;
    }

    private static string Heading(Entry entry, bool isCapture)
    {
        string start = isCapture ? $"packet {entry.Number}  {entry.Time}" : $"taken to start at the {StartName(entry.Packet)}";
        bool hasEthernet = entry.Packet.EthernetSource.Length > 0;
        return hasEthernet ? $"{start}  {entry.Packet.EthernetSource} > {entry.Packet.EthernetDestination}" : start;
    }

    private static string StartName(Dissection packet) => packet.Start switch
    {
        PacketStart.EthernetHeader => "Ethernet header",
        PacketStart.LinuxCookedHeader => "Linux cooked header",
        PacketStart.IPHeader => "IP header",
        PacketStart.VrrpMessage => "VRRP message",
    };

    private static string Body(Dissection packet) => packet.Kind switch
    {
        PacketKind.Other => "nothing that FenceFirst listens to: " + packet.Summary,
        PacketKind.Malformed => "malformed: " + packet.Summary,
        PacketKind.Vrrp => PacketWords.DescribeFields(packet.Message, packet.Context) + "\n" + PacketWords.Verdict(packet.Error),
        PacketKind.GratuitousArp => $"gratuitous ARP: {packet.Claimed} is at {packet.ClaimedBy}",
        PacketKind.NeighborAdvertisement =>
            $"unsolicited neighbour advertisement: {packet.Claimed} is at {(packet.ClaimedBy.Length > 0 ? packet.ClaimedBy : "the sender's address")}",
    };

    private static Counts PrintJson(IEnumerable<Entry> entries, bool isCapture, TextWriter output)
    {
        Counts counts = new();
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteString("input", isCapture ? "capture" : "hexadecimal");
            writer.WriteStartArray("packets");
            foreach (Entry entry in entries)
            {
                counts.Add(entry.Packet);
                if (!isCapture || entry.Packet.IsOfInterest)
                {
                    WritePacket(writer, entry, isCapture);
                    Drain(writer, buffer, output);
                }
            }

            writer.WriteEndArray();
            counts.WriteTo(writer);
            writer.WriteEndObject();
            Drain(writer, buffer, output);
        }

        output.WriteLine();
        return counts;
    }

    // Packet by packet, so that a long capture does not become one long string. The writer escapes everything that is not ASCII.
    private static void Drain(Utf8JsonWriter writer, MemoryStream buffer, TextWriter output)
    {
        writer.Flush();
        output.Write(Encoding.ASCII.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
        buffer.SetLength(0);
    }

    private static void WritePacket(Utf8JsonWriter writer, Entry entry, bool isCapture)
    {
        Dissection packet = entry.Packet;
        writer.WriteStartObject();
        if (isCapture)
        {
            writer.WriteNumber("number", entry.Number);
            writer.WriteString("time", entry.Time);
        }

        writer.WriteString("startsAt", StartName(packet));
        if (packet.EthernetSource.Length > 0)
        {
            writer.WriteString("ethernetSource", packet.EthernetSource);
            writer.WriteString("ethernetDestination", packet.EthernetDestination);
        }

        switch (packet.Kind)
        {
            case PacketKind.Other or PacketKind.Malformed:
                writer.WriteString("kind", packet.Kind == PacketKind.Other ? "other" : "malformed");
                writer.WriteString("summary", packet.Summary);
                break;
            case PacketKind.Vrrp:
                writer.WriteString("kind", "vrrp");
                WriteVrrp(writer, packet);
                break;
            case PacketKind.GratuitousArp or PacketKind.NeighborAdvertisement:
                writer.WriteString("kind", packet.Kind == PacketKind.GratuitousArp ? "gratuitousArp" : "neighborAdvertisement");
                writer.WriteString("address", packet.Claimed.ToString());
                writer.WriteString("hardwareAddress", packet.ClaimedBy);
                break;
        }

        writer.WriteStartArray("notes");
        foreach (string note in packet.Notes)
        {
            writer.WriteStringValue(note);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteVrrp(Utf8JsonWriter writer, Dissection packet)
    {
        PacketContext context = packet.Context;
        if (!context.Source.IsNone)
        {
            writer.WriteString("source", context.Source.ToString());
            writer.WriteString("destination", context.Destination.ToString());
            writer.WriteNumber("ttl", context.Ttl);
        }

        writer.WriteBoolean("isWellFormed", packet.Error == DecodeError.None);
        writer.WriteString("error", packet.Error.ToString());
        writer.WriteString("reason", DecodeErrorText.Describe(packet.Error));
        if (packet.Message.Length < VrrpCodec.HeaderLength)
        {
            return;
        }

        // The fields as they stand, so that a refused packet is shown too.
        ReadOnlySpan<byte> message = packet.Message;
        int version = message[0] >> 4;
        int interval = version == 2 ? message[5] * 100 : ((message[4] & 0x0f) << 8) | message[5];
        writer.WriteNumber("version", version);
        writer.WriteNumber("type", message[0] & 0x0f);
        writer.WriteNumber("vrid", message[1]);
        writer.WriteNumber("priority", message[2]);
        writer.WriteNumber("intervalCentiseconds", interval);
        if (version == 2)
        {
            writer.WriteNumber("authenticationType", message[4]);
        }

        int length = context.IsIPv6 ? 16 : 4;
        int held = Math.Min(message[3], (message.Length - VrrpCodec.HeaderLength) / length);
        writer.WriteStartArray("addresses");
        for (int i = 0; i < held; i++)
        {
            writer.WriteStringValue(InternetAddress.FromBytes(message.Slice(VrrpCodec.HeaderLength + (i * length), length)).ToString());
        }

        writer.WriteEndArray();
    }

    private readonly record struct Entry(int Number, string Time, Dissection Packet);

    /// <summary>The packets of a file one by one; whether the file was damaged is known when they are through.</summary>
    private sealed class Capture(Pcap pcap)
    {
        public string Problem { get; private set; } = "";

        public IEnumerable<Entry> Entries()
        {
            for (int number = 1; pcap.TryReadNext(out PcapPacket packet, out string problem) || SetProblem(problem); number++)
            {
                Dissection dissection = Dissector.FromCapture(packet.Bytes.Span, pcap.Link);
                if (packet.OriginalLength > packet.Bytes.Length)
                {
                    string note = $"the capture holds {packet.Bytes.Length} of {packet.OriginalLength} bytes";
                    dissection = dissection with { Notes = [.. dissection.Notes, note] };
                }

                yield return new Entry(number, Time(packet), dissection);
            }
        }

        private bool SetProblem(string problem)
        {
            Problem = problem;
            return false;
        }

        private static string Time(PcapPacket packet) =>
            $"{DateTimeOffset.FromUnixTimeSeconds(packet.Seconds).UtcDateTime:yyyy-MM-dd HH:mm:ss}.{packet.Nanoseconds / 1000:000000} UTC";
    }

    private sealed class Counts
    {
        private int _vrrp;
        private int _arp;
        private int _advertisements;

        public int Refused { get; private set; }

        public int Other { get; private set; }

        public void Add(Dissection packet)
        {
            _vrrp += packet.Kind == PacketKind.Vrrp ? 1 : 0;
            _arp += packet.Kind == PacketKind.GratuitousArp ? 1 : 0;
            _advertisements += packet.Kind == PacketKind.NeighborAdvertisement ? 1 : 0;
            Other += packet.Kind == PacketKind.Other ? 1 : 0;
            Refused += packet.IsRefused ? 1 : 0;
        }

        public void WriteTo(Utf8JsonWriter writer)
        {
            writer.WriteNumber("vrrp", _vrrp);
            writer.WriteNumber("gratuitousArp", _arp);
            writer.WriteNumber("neighborAdvertisements", _advertisements);
            writer.WriteNumber("others", Other);
            writer.WriteNumber("refused", Refused);
        }

        public override string ToString() =>
            $"{_vrrp} VRRP, {_arp} gratuitous ARP, {_advertisements} neighbour advertisements, {Other} others not shown; {Refused} refused";
    }
}
