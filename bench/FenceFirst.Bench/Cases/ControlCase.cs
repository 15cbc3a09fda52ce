using System.Net.Sockets;
using System.Text;

namespace FenceFirst.Bench.Cases;

/// <summary>How long the control socket takes to answer <c>status</c> for 250 instances, and what that does to their adverts.</summary>
/// <remarks>The questions are 37 ms apart, so that they fall on every part of the second in which the adverts leave together.</remarks>
internal static class ControlCase
{
    private const double BoundMs = 10;
    private const long IntervalNanoseconds = 37_000_000;

    public static IEnumerable<Row> Run(RunLength length)
    {
        if (Programs.IsSelfComparison)
        {
            // keepalived has no such socket.
            yield break;
        }

        Conf conf = new() { Instances = 250 };
        List<double> answers = [];
        Evenness adverts = new(conf);
        int bytes = 0;
        double processorMs = 0;
        for (int round = 0; round < length.Rounds; round++)
        {
            adverts.Add(Measured.AsMaster(Subject.FenceFirst, conf, (daemon, lab) =>
            {
                long before = daemon.ProcessorTime().Values.Sum();
                IReadOnlyList<SeenAdvert> seen = Ask(daemon, lab, conf, length.WindowSeconds, answers, out bytes);
                processorMs += (daemon.ProcessorTime().Values.Sum() - before) / 1e6;
                return seen;
            }));
        }

        double p99 = Statistics.Percentile(answers, 0.99);
        yield return new Row(
            "control-status",
            $"status of 250 instances, {bytes / 1000} kB, n = {answers.Count}: time to answer, p99 [p50, max]",
            $"{Row.Text(p99)} [{Row.Text(Statistics.Median(answers))}, {Row.Text(answers.Max())}] ms",
            "",
            double.NaN,
            $"≤ {BoundMs} ms",
            p99 <= BoundMs);
        yield return new Row(
            "control-cpu", "processor time of the daemon per answer, its adverts included", $"{Row.Text(processorMs / answers.Count)} ms", "", double.NaN, "", true);
        yield return new Row(
            "control-adverts",
            $"adverts meanwhile, 250 × 1 s, n = {adverts.Count}: deviation, p99 [p50, max]; mean {adverts.MeanText}",
            adverts.DeviationText,
            "",
            double.NaN,
            $"p99 ≤ {BoundMs} ms",
            adverts.Percentile(0.99) <= BoundMs);
    }

    private static IReadOnlyList<SeenAdvert> Ask(Daemon daemon, Lab lab, Conf conf, int windowSeconds, List<double> answers, out int bytes)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 5000, SendTimeout = 5000 };
        socket.Connect(new UnixDomainSocketEndPoint(daemon.SocketPath));
        byte[] request = Encoding.UTF8.GetBytes("{\"version\":1,\"request\":\"status\"}\n");
        byte[] answer = new byte[8 * 1024 * 1024];
        bytes = Exchange(socket, request, answer);
        string text = Encoding.UTF8.GetString(answer, 0, bytes);
        if (!text.Contains($"\"VI_{conf.Instances}\"", StringComparison.Ordinal) || !text.StartsWith("{\"version\":1,\"ok\":true", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"the status does not hold what it should: {text[..Math.Min(200, text.Length)]}");
        }

        using WireTap tap = new(lab.There);
        long end = Native.MonotonicNanoseconds + (windowSeconds * 1_000_000_000L);
        for (long next = Native.MonotonicNanoseconds; next < end; next += IntervalNanoseconds)
        {
            Native.SleepUntil(next);
            long before = Native.MonotonicNanoseconds;
            bytes = Exchange(socket, request, answer);
            answers.Add((Native.MonotonicNanoseconds - before) / 1e6);
        }

        return tap.Adverts;
    }

    private static int Exchange(Socket socket, byte[] request, byte[] answer)
    {
        socket.Send(request);
        int length = 0;
        while (length == 0 || answer[length - 1] != (byte)'\n')
        {
            int count = socket.Receive(answer, length, answer.Length - length, SocketFlags.None);
            if (count == 0)
            {
                throw new InvalidOperationException("the daemon has closed the control socket");
            }

            length += count;
        }

        return length;
    }
}
