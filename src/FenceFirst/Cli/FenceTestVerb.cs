using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FenceFirst.Config;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Daemon.Steps;
using FenceFirst.Demo;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Cli;

/// <summary>How a fence test is asked for.</summary>
internal sealed record FenceTestOptions(string Device, string Socket)
{
    /// <summary>Configuration for a test without a daemon; null = the daemon does it.</summary>
    public string? File { get; init; }

    /// <summary>Config id for @ID lines of that file; null = host name.</summary>
    public string? ConfigId { get; init; }

    /// <summary>Whether the device is only asked for its status.</summary>
    public bool IsStatusOnly { get; init; }

    /// <summary>Whether somebody knows that the target loses its power.</summary>
    public bool IsSure { get; init; }

    /// <summary>Whether the result is printed as JSON.</summary>
    public bool IsJson { get; init; }
}

/// <summary><c>fencefirst fence-test</c>: proves that a fence device works before the night in which it is needed.</summary>
internal static class FenceTestVerb
{
    /// <summary>The option that stands in for the question.</summary>
    public const string SureOption = "--i-know-this-powers-off-the-target";

    private const string NotSure = $"nothing was done: the target really loses its power, and {SureOption} was not said";
    private const int ExitFailed = 1;
    private const int PollMs = 100;
    private const long ProcessToken = 1;
    private const long TimerToken = 2;

    /// <summary>Tests a device through the daemon, or alone with a file.</summary>
    /// <returns>0 = it works, 1 = it does not, or refused, 2 = no daemon answers.</returns>
    public static int Run(FenceTestOptions options, TextWriter output, TextWriter error)
    {
        if (options.File is not null)
        {
            return RunAlone(options, options.File, output, error);
        }

        if (!ControlClient.IsReachable(options.Socket))
        {
            ControlClient.Connect(options.Socket, text => Refusal.Tell(text, options.IsJson, output, error))?.Dispose();
            error.WriteLine("Without a daemon, name the configuration: fencefirst fence-test DEVICE -f FILE");
            return ControlClient.ExitUnreachable;
        }

        if (!options.IsStatusOnly && !Consent.Ask(options.IsSure, Warning(options), $"fencefirst fence-test {options.Device} {SureOption}", error))
        {
            Refusal.TellProgram(NotSure, options.IsJson, output);
            return ExitFailed;
        }

        return LongRequest.Run(
            options.Socket,
            json =>
            {
                json.WriteString("request", "fence_test");
                json.WriteString("device", options.Device);
                json.WriteBoolean("status_only", options.IsStatusOnly);
                json.WriteBoolean("checked", !options.IsStatusOnly);
            },
            options.IsJson,
            output,
            error);
    }

    /// <summary>What a test does, with the targets and with who of them is the master now, as far as the daemon tells.</summary>
    private static string Warning(FenceTestOptions options)
    {
        using JsonDocument? answer = ControlClient.Ask(options.Socket, json => json.WriteString("request", "status"), _ => { });
        string[] targets = [];
        string[] masters = [];
        if (answer is not null && answer.RootElement.TryGetProperty("fence_devices", out JsonElement devices))
        {
            targets = [.. devices.EnumerateArray().Where(device => device.GetProperty("name").GetString() == options.Device)
                .SelectMany(device => device.GetProperty("targets").EnumerateArray()).Select(target => target.GetString() ?? "")];
            masters = [.. answer.RootElement.GetProperty("instances").EnumerateArray()
                .Where(instance => targets.Contains(instance.GetProperty("master").GetString()) && instance.GetProperty("master_priority").GetInt32() != 0)
                .Select(instance => $"{instance.GetProperty("master").GetString()} is the master of {instance.GetProperty("name").GetString()} NOW.")];
        }

        return string.Join(' ', [Text(options.Device, targets), .. masters]);
    }

    private static string Text(string device, string[] targets) =>
        $"this test really fences: fence_device {device} takes the power from {(targets.Length == 0 ? "its targets" : string.Join(" and ", targets))}, now, without asking what runs there.";

    private static int RunAlone(FenceTestOptions options, string file, TextWriter output, TextWriter error)
    {
        if (ControlClient.IsReachable(options.Socket))
        {
            Refusal.Tell($"a daemon answers at {options.Socket} and may be fencing the same target: leave -f away, so that it does the test", options.IsJson, output, error);
            return ExitFailed;
        }

        (NodeConfig? config, DiagnosticBag diagnostics) = ConfigLoader.Load(file, options.ConfigId, RealMachineFacts.Create());
        error.Write(diagnostics.ErrorCount + diagnostics.WarningCount > 0 ? DiagnosticText.Render(diagnostics) : "");
        FenceDeviceConfig? device = config?.FenceDevices.FirstOrDefault(each => each.Name == options.Device);
        if (config is null || device is null)
        {
            Refusal.Tell(config is null ? $"{file} is refused" : $"there is no fence_device {options.Device} in {file}", options.IsJson, output, error);
            return ExitFailed;
        }

        if (options.IsStatusOnly && device.Step.Agent is null)
        {
            Refusal.Tell($"{device.Name} is a script, which cannot be asked for its status; only a whole test shows whether it works", options.IsJson, output, error);
            return ExitFailed;
        }

        string[] targets = [.. device.Step.Targets.Select(target => target.ToString())];
        if (!options.IsStatusOnly && !Consent.Ask(options.IsSure, Text(device.Name, targets), $"fencefirst fence-test {device.Name} -f {file} {SureOption}", error))
        {
            Refusal.TellProgram(NotSure, options.IsJson, output);
            return ExitFailed;
        }

        return Tell(Fence(device, options.IsStatusOnly, new ProgressLine(error)), options.IsJson, output);
    }

    /// <summary>A small loop of its own, as long as the device takes.</summary>
    private static (DeviceRun Run, TimeSpan Took) Fence(FenceDeviceConfig device, bool isQuestion, ProgressLine progress)
    {
        DeviceRun? ended = null;
        using ProcessRunner processes = new();
        using DeviceRuns runs = new(processes, run => ended = run);
        using EventPoll poll = new();
        EpollEvent[] ready = new EpollEvent[EventPoll.ReadyMax];
        poll.Add(processes.Descriptor, PollEvents.Readable, ProcessToken);
        poll.Add(runs.Descriptor, PollEvents.Readable, TimerToken);
        MonotonicInstant start = MonotonicClock.Now;
        DeviceRun? running = null;

        // The program has a session of its own, so Ctrl-C does not reach it: without this it would go on, and nobody would ask whether it has succeeded.
        using Interruption interruption = new();
        runs.Start(device, isQuestion, new StepEnvironment().ForDevice(device), start, run => running = run);

        // The bound of the device ends it, and a killed program that does not die keeps us here on purpose: it may still be fencing.
        while (ended is null)
        {
            int count = poll.Wait(ready, PollMs);
            for (int i = 0; i < count; i++)
            {
                if (ready[i].Token == TimerToken)
                {
                    runs.TakeTimer();
                }
            }

            processes.Pump();
            while (processes.TryTake(out ProcessCompletion completion))
            {
                if (completion.End != ProcessEnd.StillAlive)
                {
                    runs.Completed(completion);
                }
            }

            if (interruption.Token.IsCancellationRequested && running is { IsStopped: false } && ended is null)
            {
                runs.Stop(running);
            }

            runs.Advance(MonotonicClock.Now);
            progress.Show($"{(isQuestion ? "asking for the status" : "fencing")}, at most {TimelineText.Duration(device.Step.Timeout)}");
        }

        progress.Clear();

        return (ended, MonotonicClock.Now - start);
    }

    private static int Tell((DeviceRun Run, TimeSpan Took) result, bool isJson, TextWriter output)
    {
        (DeviceRun run, TimeSpan took) = result;
        string text = run.Summary(took);
        if (!isJson)
        {
            foreach (string line in run.Lines)
            {
                output.WriteLine($"  {line}");
            }

            output.WriteLine(text);
            return run.IsGood ? 0 : run.IsStopped ? LongRequest.ExitInterrupted : ExitFailed;
        }

        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("kind", "fence_test");
            json.WriteString("subject", run.Device.Name);
            json.WriteString("state", run.IsGood ? "succeeded" : "failed");
            json.WriteString("text", text);
            json.WriteNumber("seconds", Math.Round(took.TotalSeconds, 3));
            json.WriteStartArray("lines");
            foreach (string line in run.Lines)
            {
                json.WriteStringValue(line);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
        return run.IsGood ? 0 : run.IsStopped ? LongRequest.ExitInterrupted : ExitFailed;
    }
}
