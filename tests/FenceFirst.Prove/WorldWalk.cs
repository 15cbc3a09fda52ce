using System.Diagnostics;
using FenceFirst.Sim;

namespace FenceFirst.Prove;

/// <summary>Small worlds by hand.</summary>
internal static class WorldWalk
{
    /// <summary>Walks a world; returns the exit status.</summary>
    public static int Run(int nodes, int statesMax, string[] words)
    {
        bool Says(string word) => words.Contains(word);
        SmallOptions options = new(SmallOptions.Cluster(nodes, (instance, _) => instance with
        {
            IsPreempt = !Says("nopreempt"),
            Promotion = Says("plain") ? null : instance.Promotion! with
            {
                Steps = Says("nofence") ? default : instance.Promotion!.Steps,
                IsProbing = Says("probe") || Says("nofence"),
                IsAdvertising = !Says("silent"),
                ListenAfter = Says("listen") ? TimeSpan.FromSeconds(1) : TimeSpan.Zero,
            },
        }, Says("watchdog")))
        {
            StatesMax = statesMax,
            IsReplaying = !Says("once"),
            IsLying = Says("lie"),
            IsKernelRefusing = Says("refuse"),
            Quantum = Says("tick") ? TimeSpan.FromSeconds(0.25) : TimeSpan.Zero,
            Oversleep = Says("ontime") ? TimeSpan.Zero : TimeSpan.FromSeconds(4),
            IsCrashing = !Says("nocrash"),
            IsRemembering = !Says("forget"),
        };
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        SmallResult result = new SmallWorld(options).Walk();
        double seconds = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds;
        Console.Write(result.Story);
        string verdict = result.StoryLength > 0 ? $"TWO OWNERS after {result.StoryLength} steps" : result.IsComplete ? "complete, never two owners" : "bounded, never two owners";
        Console.WriteLine($"{nodes} nodes {string.Join(' ', words)}: {verdict}; {result.States} states ({result.NodeStates} of single nodes), {result.Transitions} transitions, depth {result.Depth}, "
            + $"{seconds:0.00} CPU seconds: {result.States / seconds:0} states/s");
        return result.StoryLength > 0 ? 1 : 0;
    }
}
