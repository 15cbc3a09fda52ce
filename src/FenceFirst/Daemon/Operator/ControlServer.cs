using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using FenceFirst.Daemon.Links;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Daemon.Operator;

/// <summary>Answers the control socket on the event loop.</summary>
internal sealed class ControlServer(EventLoop loop, EffectRunner runner, LinkTable links, LogWriter log, PhaseTimes times) : IDisposable
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly OperatorActions _actions = new(loop, runner, log);
    private ArrayBufferWriter<byte>? _buffer;
    private Utf8JsonWriter? _json;

    /// <summary>The answer to one line: an object with version and either ok or error, and a line feed. It is good until the next question.</summary>
    public ReadOnlyMemory<byte> Answer(ReadOnlySpan<byte> line, SocketPeer peer)
    {
        // Kept from one answer to the next: an answer about hundreds of instances would otherwise leave a quarter of a megabyte of garbage.
        _buffer ??= new ArrayBufferWriter<byte>(4096);
        _json ??= new Utf8JsonWriter(_buffer, Options);
        _buffer.ResetWrittenCount();
        _json.Reset(_buffer);
        _json.WriteStartObject();
        _json.WriteNumber("version", ControlRequest.Version);
        if (ControlRequest.Parse(line, out string problem) is not { } request)
        {
            _json.WriteString("error", problem);
        }
        else
        {
            switch (request.Verb)
            {
                case ControlVerb.Status:
                    Status(request.Instance);
                    break;
                case ControlVerb.Operation:
                    Progress(request.Operation);
                    break;
                default:
                    Change(request, peer);
                    break;
            }
        }

        _json.WriteEndObject();
        _json.Flush();
        _buffer.Write("\n"u8);
        return _buffer.WrittenMemory;
    }

    /// <inheritdoc/>
    public void Dispose() => _json?.Dispose();

    private void Status(string instance)
    {
        int only = instance.Length == 0 ? -1 : _actions.IndexOf(instance);
        if (instance.Length > 0 && only < 0)
        {
            _json!.WriteString("error", _actions.Unknown(instance));
            return;
        }

        _json!.WriteBoolean("ok", true);
        new StatusReport(loop, runner, links, times, _json).Write(only);
    }

    private void Progress(long number)
    {
        if (loop.Operations.Find(number) is not { } operation)
        {
            _json!.WriteString("error", "there is no operation of that number, or not any more");
            return;
        }

        _json!.WriteBoolean("ok", true);
        operation.Write(_json, MonotonicClock.Now);
    }

    private void Change(ControlRequest request, SocketPeer peer)
    {
        ActionAnswer answer = _actions.Carry(request, peer);
        if (!answer.IsGood)
        {
            _json!.WriteString("error", answer.Text);
        }
        else
        {
            _json!.WriteBoolean("ok", true);
            _json.WriteString("text", answer.Text);
            if (answer.Operation is not null)
            {
                _json.WriteNumber("operation", answer.Operation.Number);
            }
        }
    }
}
