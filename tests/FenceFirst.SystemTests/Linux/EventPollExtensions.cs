using FenceFirst.Core;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;

namespace FenceFirst.SystemTests.Linux;

internal static class EventPollExtensions
{
    /// <summary>Waits until something is ready, 5 seconds at the most, and returns how much. A signal to the tests' own process, a child's end for one, ends a single wait with nothing.</summary>
    public static int Await(this EventPoll poll, Span<EpollEvent> ready)
    {
        MonotonicInstant end = MonotonicClock.Now + TimeSpan.FromSeconds(5);
        int count;
        do
        {
            count = poll.Wait(ready, 1000);
        }
        while (count == 0 && MonotonicClock.Now < end);
        return count;
    }
}
