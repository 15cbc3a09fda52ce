using System.Globalization;

namespace FenceFirst.SystemTests;

/// <summary>The wall clock of some programs, which the test may set: a library in front of them adds an offset that stands in a file. Their other clocks
/// and timers go on as they are; libfaketime moves those as well, and a step back then silences a keepalived.</summary>
internal sealed class WallClock
{
    private const string Source =
        """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <stdlib.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>
        static long offset(void)
        {
            char text[32] = "";
            int saved = errno, file = open(getenv("LAB_CLOCK"), O_RDONLY | O_CLOEXEC);
            if (file >= 0) {
                if (read(file, text, sizeof text - 1) < 0) text[0] = 0;
                close(file);
            }
            errno = saved;
            return atol(text);
        }
        int clock_gettime(clockid_t clock, struct timespec *now)
        {
            int result = ((int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime"))(clock, now);
            if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) now->tv_sec += offset();
            return result;
        }
        int gettimeofday(struct timeval *now, void *zone)
        {
            int result = ((int (*)(struct timeval *, void *))dlsym(RTLD_NEXT, "gettimeofday"))(now, zone);
            now->tv_sec += offset();
            return result;
        }
        time_t time(time_t *now)
        {
            struct timespec wall;
            clock_gettime(CLOCK_REALTIME, &wall);
            if (now) *now = wall.tv_sec;
            return wall.tv_sec;
        }

        """;

    private readonly string _file;
    private readonly string _library;

    private WallClock(string file, string library)
    {
        _file = file;
        _library = library;
        Set(TimeSpan.Zero);
    }

    /// <summary>What stands in front of a program; several programs may share one clock.</summary>
    public IReadOnlyList<string> Prefix => ["env", "LD_PRELOAD=" + _library, "LAB_CLOCK=" + _file];

    /// <summary>Makes a clock that is right.</summary>
    public static async Task<WallClock> MakeAsync(Lab lab)
    {
        string source = Path.Combine(lab.Folder, "clock.c"), library = Path.Combine(lab.Folder, "clock.so");
        File.WriteAllText(source, Source);
        await lab.RunAsync("gcc", ["-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"]);
        return new WallClock(Path.Combine(lab.Folder, "clock"), library);
    }

    /// <summary>The clock steps: from now on it differs so much from the machine's.</summary>
    public void Set(TimeSpan offset)
    {
        // In place of the old one in one go: a program that reads half a number would have a third time.
        File.WriteAllText(_file + ".next", offset.TotalSeconds.ToString("0", CultureInfo.InvariantCulture) + "\n");
        File.Move(_file + ".next", _file, overwrite: true);
    }
}
