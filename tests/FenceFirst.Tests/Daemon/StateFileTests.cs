using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Daemon;
using FenceFirst.Daemon.Records;
using FenceFirst.Linux.Files;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Tests.Daemon;

/// <summary>The file that survives the daemon: what comes out is what went in, and everything else is refused and set aside.</summary>
public sealed class StateFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fencefirst").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string FilePath => Path.Combine(_folder, StateFile.FileName);

    // Shown: every member survives, and the text is one line of JSON and one of checksum.
    [Fact]
    public void What_was_written_is_read()
    {
        KeptState kept = Sample();
        byte[] bytes = StateFile.Format(kept);
        KeptState? read = StateFile.Parse(bytes, out string problem);
        Assert.Equal("", problem);
        Assert.Equal(kept.BootId, read!.BootId);
        Assert.Equal(kept.LastAttempt, read.LastAttempt);
        Assert.Equal(kept.Instances, read.Instances);
        Assert.Equal(kept.Attempts, read.Attempts);
        Assert.Equal(kept.Maintenance, read.Maintenance);
        Assert.Equal(2, Encoding.UTF8.GetString(bytes).Count(each => each == '\n'));
    }

    // Shown: a file cut at any byte, and one with any byte changed, is refused with words and without an exception.
    [Fact]
    public void Every_torn_or_changed_file_is_refused()
    {
        byte[] bytes = StateFile.Format(Sample());
        for (int i = 0; i < bytes.Length; i++)
        {
            Assert.Null(StateFile.Parse(bytes.AsMemory(0, i), out string problem));
            Assert.NotEqual("", problem);
            byte[] changed = [.. bytes];
            changed[i] ^= 0x10;
            Assert.Null(StateFile.Parse(changed, out problem));
            Assert.NotEqual("", problem);
        }
    }

    /// <summary>A good line with one of everything.</summary>
    private const string Good = "{\"v\":2,\"boot\":\"b\",\"last_attempt\":1,\"instances\":[{\"instance\":\"VI\",\"failed_promotions\":1,\"retry_at\":5,\"fault\":false,\"demotion_due\":false}],\"attempts\":[{\"instance\":\"VI\",\"attempt\":3,\"kind\":\"run\",\"step\":0,\"demotion\":false,\"targets\":[],\"run\":\"r\",\"program\":\"p\"}],\"maintenance\":[{\"instance\":\"\",\"until\":5,\"left\":7,\"ends_at\":\"2026-01-01T00:00:00+00:00\"}]}";

    // Shown: a good checksum does not save what this version would not write: each row changes one thing in a line that is accepted.
    [Theory]
    [InlineData("\"v\":2", "\"v\":3")]
    [InlineData("\"v\":2", "\"v\":1")]
    [InlineData("\"v\":2", "\"v\":0")]
    [InlineData("\"boot\":\"b\"", "\"boot\":null")]
    [InlineData("\"last_attempt\":1", "\"last_attempt\":-1")]
    [InlineData("\"last_attempt\":1", "\"last_attempt\":4294967296")]
    [InlineData("\"instances\":[", "\"instances\":{},\"other\":[")]
    [InlineData("\"v\":2", "\"v\":2,\"more\":1")]
    [InlineData("\"boot\":\"b\",", "")]
    [InlineData("\"failed_promotions\":1", "\"failed_promotions\":-1")]
    [InlineData("\"retry_at\":5", "\"retry_at\":-1")]
    [InlineData("\"fault\":false", "\"fault\":0")]
    [InlineData("\"demotion_due\":false", "\"demotion_due\":false,\"more\":1")]
    [InlineData("\"kind\":\"run\"", "\"kind\":\"dance\"")]
    [InlineData("\"step\":0", "\"step\":256")]
    [InlineData("\"targets\":[]", "\"targets\":[\"z\"]")]
    [InlineData("\"program\":\"p\"", "\"program\":\"p\",\"pid\":1")]
    [InlineData("\"attempt\":3", "\"attempt\":-3")]
    [InlineData("\"until\":5", "\"until\":-5")]
    [InlineData("\"left\":7", "\"left\":-7")]
    [InlineData("\"left\":7", "\"left\":9223372036854775806")]
    [InlineData("\"left\":7", "\"left\":25920000000001")]
    [InlineData("2026-01-01T00", "yesterday T00")]
    [InlineData(Good, "[]")]
    [InlineData(Good, "null")]
    [InlineData(Good, "{}")]
    public void What_this_version_would_not_write_is_refused(string part, string instead)
    {
        Assert.NotNull(StateFile.Parse(Summed(Good), out _));
        Assert.Contains(part, Good);
        Assert.Null(StateFile.Parse(Summed(Good.Replace(part, instead, StringComparison.Ordinal)), out string problem));
        Assert.NotEqual("", problem);
    }

    // Shown: the file of the version before is read after an upgrade, whole: nothing of what it remembers is lost, and it knew of no maintenance.
    [Fact]
    public void The_file_of_the_version_before_is_read()
    {
        string old = Good[..Good.IndexOf(",\"maintenance\"", StringComparison.Ordinal)].Replace("\"v\":2", "\"v\":1", StringComparison.Ordinal) + "}";
        KeptState before = StateFile.Parse(Summed(old), out _)!, now = StateFile.Parse(Summed(Good), out _)!;
        Assert.Equal((now.BootId, now.LastAttempt, now.Instances, now.Attempts), (before.BootId, before.LastAttempt, before.Instances, before.Attempts));
        Assert.True(before.Maintenance.IsEmpty);
    }

    // Shown: maintenance without an end outlives a boot; of one with an end the wall clock says how much is left, and never more than was.
    [Theory]
    [InlineData(-1, 0, -1)]
    [InlineData(7200, 600, 6600)]
    [InlineData(7200, 7200, 0)]
    [InlineData(7200, 100_000, 0)]
    [InlineData(7200, -100_000, 7200)]
    public void After_a_boot_the_wall_clock_ends_maintenance(int leftSeconds, int passedSeconds, int expectedSeconds)
    {
        DateTimeOffset then = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        MonotonicInstant before = new(9_000_000_000_000), now = new(20_000_000_000);
        MonotonicInstant until = leftSeconds < 0 ? MonotonicInstant.Never : before + TimeSpan.FromSeconds(leftSeconds);
        KeptMaintenance kept = KeptMaintenance.Of(new MaintenanceMemory("VI_1", until), before, then);
        MonotonicInstant expected = expectedSeconds < 0 ? MonotonicInstant.Never : expectedSeconds == 0 ? MonotonicInstant.Zero : now + TimeSpan.FromSeconds(expectedSeconds);
        Assert.Equal(new MaintenanceMemory("VI_1", expected), kept.AfterBoot(now, then.AddSeconds(passedSeconds)));
    }

    // Shown: no file is a first life; a damaged one is renamed, named in the log, and the five youngest are kept.
    [Fact]
    public void A_damaged_file_is_set_aside()
    {
        MemoryStream text = new();
        using (LogWriter log = new(text, null, LogFormat.Text, TimelineLevel.Notice))
        {
            Assert.NotNull(StateFile.Load(_folder, log));
            for (int i = 0; i < 8; i++)
            {
                File.WriteAllText(FilePath, $"damage {i}");
                Assert.Null(StateFile.Load(_folder, log));
                Assert.False(File.Exists(FilePath));
            }
        }

        string[] aside = Directory.GetFiles(_folder);
        Assert.InRange(aside.Length, 1, 5);
        Assert.All(aside, each => Assert.Contains(".damaged-", each));
        Assert.Contains(aside, each => File.ReadAllText(each) == "damage 7");
        string lines = Encoding.UTF8.GetString(text.ToArray());
        Assert.Contains("cannot be used: it is not whole", lines);
        Assert.Contains("every promotion counts as having just failed", lines);
    }

    // Shown: what stands in the place of the file and cannot be read as one is no first life either; it goes out of the way, so that the next state can be written.
    [Fact]
    public void A_directory_of_that_name_is_no_first_life()
    {
        MemoryStream text = new();
        using (LogWriter log = new(text, null, LogFormat.Text, TimelineLevel.Notice))
        {
            Directory.CreateDirectory(FilePath);
            Assert.Null(StateFile.Load(_folder, log));
            Assert.False(Directory.Exists(FilePath));
            File.CreateSymbolicLink(FilePath, FilePath);
            Assert.Null(StateFile.Load(_folder, log));
        }

        string lines = Encoding.UTF8.GetString(text.ToArray());
        Assert.Contains("cannot be used: it is a directory", lines);
        Assert.Contains("cannot be read: ", lines);
    }

    // Shown: the newest of many states is what is on the disk in the end, and a directory that is gone gives an error number.
    [Fact]
    public void The_newest_state_is_written()
    {
        using (StateWriter writer = new(FilePath))
        {
            long last = 0;
            for (int i = 0; i < 100; i++)
            {
                last = writer.Post(Encoding.ASCII.GetBytes($"state {i}"));
            }

            Assert.Equal((last, 0), writer.Wait());
        }

        Assert.Equal("state 99", File.ReadAllText(FilePath));
        using StateWriter lost = new(Path.Combine(_folder, "missing", "state.json"));
        long number = lost.Post([1]);
        (long settled, int errno) = lost.Wait();
        Assert.Equal(number, settled);
        Assert.Equal("ENOENT", ErrorNumber.Name(errno));
    }

    // Shown: one owner at a time, and the other one is told who it is.
    [Fact]
    public void A_locked_file_is_refused_with_its_owner()
    {
        string path = Path.Combine(_folder, "lock");
        using (LockFile? first = LockFile.TryTake(path, TimeSpan.Zero, out _, out int errno))
        {
            Assert.NotNull(first);
            Assert.Equal(0, errno);
            Assert.Null(LockFile.TryTake(path, TimeSpan.FromMilliseconds(30), out string owner, out errno));
            Assert.Equal(ErrorNumber.WouldBlock, errno);
            Assert.Equal(Environment.ProcessId.ToString(), owner);
        }

        using LockFile? second = LockFile.TryTake(path, TimeSpan.Zero, out _, out _);
        Assert.NotNull(second);
        Assert.Null(LockFile.TryTake(Path.Combine(_folder, "missing", "lock"), TimeSpan.Zero, out _, out int missing));
        Assert.Equal("ENOENT", ErrorNumber.Name(missing));
    }

    // Shown: this very process is found by id and start time, and an id with another start time is nobody.
    [Fact]
    public void A_process_is_its_id_and_its_start()
    {
        ProcessIdentity self = ProcessIdentity.Of(Environment.ProcessId)!.Value;
        Assert.True(self.IsAlive);
        Assert.False((self with { StartTicks = self.StartTicks + 1 }).IsAlive);
        Assert.False(new ProcessIdentity(int.MaxValue, 1).IsAlive);
        Assert.NotEqual("", ProcessIdentity.BootId);
    }

    private static byte[] Summed(string json)
    {
        // FNV-1a as its authors describe it, written down once more.
        ulong sum = 0xcbf29ce484222325;
        foreach (byte each in Encoding.UTF8.GetBytes(json))
        {
            sum = unchecked((sum ^ each) * 0x100000001b3);
        }

        return Encoding.UTF8.GetBytes($"{json}\n{sum:x16}\n");
    }

    private static KeptState Sample() => new()
    {
        BootId = "0f2d5c1e",
        LastAttempt = uint.MaxValue,
        Instances = [new InstanceMemory("VI_\"ö", 3, new MonotonicInstant(123456789), true, true)],
        Attempts =
        [
            new PromisedAttempt(
                new AttemptMemory("VI_1", 12) { Kind = StepKind.Fence, Step = 1, Targets = [InternetAddress.Parse("10.0.0.1"), InternetAddress.Parse("fe80::1")] },
                "fe:1:2-12",
                "/etc/fencefirst/fence.sh")
            {
                Process = new ProcessIdentity(4711, 998877),
            },
            new PromisedAttempt(new AttemptMemory("VI_2", 13) { Kind = StepKind.Run, IsDemotion = true }, "fe:1:2-13", "/bin/stop"),
        ],
    };
}
