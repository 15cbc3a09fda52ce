using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Cli;

/// <summary>Asks a fence agent for its metadata, which it tells without touching any device.</summary>
internal static class AgentQuestion
{
    /// <summary>How long an agent may take; after it the agent and its children are killed.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    private const int OutputBytesMax = 1 << 20;
    private const int PollMs = 100;
    private const long Tag = 1;

    /// <summary>What the agent printed; null when it could not be started, failed, or took too long.</summary>
    /// <param name="command">The agent and the user it runs as.</param>
    /// <param name="userId">Who we are.</param>
    /// <param name="groupId">Our group. Only root can run it as somebody else.</param>
    public static string? Metadata(CommandLine command, uint userId, uint groupId)
    {
        using ProcessRunner processes = new();
        using EventPoll poll = new();
        EpollEvent[] ready = new EpollEvent[EventPoll.ReadyMax];
        poll.Add(processes.Descriptor, PollEvents.Readable, Tag);
        processes.Start(new ProcessRequest(command.Arguments.AsArray(), Tag)
        {
            Environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "PYTHONWARNINGS=ignore"],
            UserId = userId == 0 ? command.UserId : userId,
            GroupId = userId == 0 ? command.GroupId : groupId,
            OutputBytesMax = OutputBytesMax,
            StandardInput = "action=metadata\n"u8.ToArray(),
        });
        MonotonicInstant deadline = MonotonicClock.Now + Bound;
        while (MonotonicClock.Now < deadline)
        {
            poll.Wait(ready, PollMs);
            processes.Pump();
            if (processes.TryTake(out ProcessCompletion completion))
            {
                return completion.IsSuccess ? Encoding.UTF8.GetString(completion.Output.Span) : null;
            }
        }

        processes.Kill(Tag);
        return null;
    }
}
