using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux;

namespace FenceFirst.Daemon;

/// <summary>Answers the control socket on the event loop. What changes something is logged and journaled with the caller first.</summary>
internal sealed class ControlServer(EventLoop loop, LinkTable links, LogWriter log, PhaseTimes times)
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The answer to one line: an object with version and either ok or error.</summary>
    public ReadOnlyMemory<byte> Answer(ReadOnlySpan<byte> line, SocketPeer peer)
    {
        ArrayBufferWriter<byte> buffer = new(1024);
        using (Utf8JsonWriter json = new(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteNumber("version", ControlRequest.Version);
            if (ControlRequest.Parse(line, out string problem) is not { } request)
            {
                json.WriteString("error", problem);
            }
            else if (request.Verb == ControlVerb.Status)
            {
                json.WriteBoolean("ok", true);
                new StatusReport(loop.Config, loop.State, MonotonicClock.Now, json).Write(links, loop.Transport.Counters, times);
            }
            else if (Change(request, peer, out string text))
            {
                json.WriteBoolean("ok", true);
                json.WriteString("text", text);
            }
            else
            {
                json.WriteString("error", text);
            }

            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private bool Change(ControlRequest request, SocketPeer peer, out string text)
    {
        int index = 0;
        while (index < loop.Config.Instances.Count && loop.Config.Instances[index].Name != request.Instance)
        {
            index++;
        }

        if (index == loop.Config.Instances.Count)
        {
            text = "there is no instance of that name";
            return false;
        }

        VrrpConfig instance = loop.Config.Instances[index];
        bool isConfirm = request.Verb == ControlVerb.Confirm;
        string words = isConfirm ? $"confirm {instance.Name} --target {request.Target} --i-have-checked" : $"retry {instance.Name}";
        Record(instance.Name, words, peer);
        if (!isConfirm)
        {
            loop.Deliver(NodeEvent.OperatorRetry(index));
            text = $"{instance.Name}: no pause is kept any more; it is {loop.State.Instances[index].Phase} now";
            return true;
        }

        ConfirmVerdict verdict = OperatorRules.JudgeConfirm(loop.Config, loop.State, index, request.Target, loop.Now);
        loop.Deliver(NodeEvent.OperatorConfirmed(index, request.Target));
        text = verdict == ConfirmVerdict.Accepted
            ? $"{instance.Name}: the fence of {request.Target} counts as succeeded in this one promotion; every other step still runs; it is {loop.State.Instances[index].Phase} now"
            : $"{instance.Name}: refused: {TimelineText.Refusal(instance, request.Target, verdict)}";
        return verdict == ConfirmVerdict.Accepted;
    }

    private void Record(string instance, string words, SocketPeer peer)
    {
        string who = peer.UserId == 0 ? "root" : $"user {peer.UserId}";
        string text = $"({instance}) operator: {who} (process {peer.ProcessId}) asks: {words}";
        log.Write(TimelineLevel.Notice, instance, "Operator", text);
        log.Write(new JournalEntry(MonotonicClock.WallNow, MonotonicClock.Now, instance, "Operator", text, User: peer.UserId));
    }
}
