using System.Diagnostics;
using System.Globalization;
using System.Text;
using FenceFirst.Config;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Output;
using FsCheck;
using FsCheck.Fluent;

namespace FenceFirst.Tests.Config;

public sealed class FuzzTests
{
    /// <summary>Of processor time: a machine that is busy with something else shows nothing about the reader.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    /// <summary>Of real time, for a reader that waits for ever and uses no processor.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    [Fact]
    public void No_text_crashes_the_reader() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string>(), text => Survives(text ?? "")).QuickCheckThrowOnFailure();

    [Fact]
    public void No_bytes_crash_the_reader() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => Survives(Encoding.UTF8.GetString(bytes ?? []))).QuickCheckThrowOnFailure();

    [Fact]
    public void Mutated_good_files_do_not_crash_the_reader()
    {
        // A seeded loop: characters replaced, removed and doubled, lines exchanged, in every file of the corpus.
        Random random = new(42);
        string[] files = [.. Directory.GetFiles(Golden.Corpus("valid"), "*.conf").Concat(Directory.GetFiles(Golden.Corpus("invalid"), "*.conf")).Order(StringComparer.Ordinal)];
        string alphabet = "{}\"'\\#!$@~= \n\r\0a1/.:-é\u4e2d";
        for (int run = 0; run < 400; run++)
        {
            StringBuilder text = new(File.ReadAllText(files[run % files.Length]));
            for (int change = random.Next(1, 12); change > 0; change--)
            {
                int at = random.Next(text.Length);
                switch (random.Next(4))
                {
                    case 0:
                        text[at] = alphabet[random.Next(alphabet.Length)];
                        break;
                    case 1:
                        text.Remove(at, Math.Min(random.Next(1, 30), text.Length - at));
                        text.Append('x');
                        break;
                    case 2:
                        text.Insert(at, alphabet[random.Next(alphabet.Length)]);
                        break;
                    default:
                        text.Insert(at, text.ToString(0, Math.Min(text.Length, random.Next(200))));
                        break;
                }
            }

            Assert.True(Survives(text.ToString()));
        }
    }

    [Theory]
    [InlineData("long word")]
    [InlineData("long line of words")]
    [InlineData("long references")]
    [InlineData("deep blocks")]
    [InlineData("deep unknown blocks")]
    [InlineData("definition of itself")]
    [InlineData("doubling definitions")]
    [InlineData("lines of themselves")]
    [InlineData("include of itself")]
    [InlineData("endless sequence")]
    [InlineData("nested sequences")]
    [InlineData("long list")]
    [InlineData("open parenthesis")]
    [InlineData("routes of many ways")]
    [InlineData("members of groups")]
    [InlineData("includes in a ring")]
    [InlineData("Latin-1")]
    [InlineData("UTF-8")]
    [InlineData("NUL")]
    [InlineData("CRLF")]
    [InlineData("script quotes")]
    public void Hostile_texts_end_in_time(string name)
    {
        // Each would be quadratic, endless or a stack overflow in a careless reader.
        string text = name switch
        {
            "long word" => new string('x', 1_000_000),
            "long line of words" => string.Concat(Enumerable.Repeat("priority 1 ", 90_000)),
            "long references" => "$A=1\n" + string.Concat(Enumerable.Repeat("$A ", 300_000)),
            "deep blocks" => string.Concat(Enumerable.Repeat("vrrp_instance A { promotion {\n", 5_000)),
            "deep unknown blocks" => string.Concat(Enumerable.Repeat("nonsense {\n", 10_000)),
            "definition of itself" => "$A=$A $A\n$A\n",
            "doubling definitions" => string.Concat(Enumerable.Range(0, 40).Select(i => $"$A{i}=${{A{i + 1}}}${{A{i + 1}}}\n")) + "$A40=x\nx $A0\n",
            "lines of themselves" => "$A=\\\nx\\\n$A\n$A\n",
            "include of itself" => "include test.conf\n",
            "includes in a ring" => "include *.conf\ninclude ./test.conf\ninclude ./ring.conf\n",
            "UTF-8" => "# gr\u00fc\u00dfe \u4e2d\U0001f600\n! \u00fc\nvrrp_instance \u00fc { # \u00e4\n}\n",
            "endless sequence" => "~SEQ(n, -2000000000, 2000000000) vrrp_instance I$n {\n}\n",
            "nested sequences" => "~SEQ(a, 400) ~SEQ(b, 400) ~SEQ(c, 400) x$a$b$c\n",
            "long list" => "~LST(a, " + string.Concat(Enumerable.Repeat("{1,2,", 100_000)) + ") x\n",
            "open parenthesis" => "~SEQ(" + new string('(', 500_000) + "\n",
            "routes of many ways" => "vrrp_instance A {\nvirtual_routes {\n10.0.0.0/8 " + string.Concat(Enumerable.Repeat("nexthop via 10.0.0.1 weight 2 ", 30_000)) + "\n}\n}\n",
            "members of groups" => string.Concat(Enumerable.Repeat("vrrp_sync_group G {\ngroup {\n" + string.Concat(Enumerable.Repeat("A ", 500)) + "\n}\n}\n", 200)),
            "Latin-1" => "# gr\ufffd\ufffde\nvrrp_instance \u00fc {\n}\n",
            "NUL" => "vrrp_instance A\0 {\n\0\n}",
            "CRLF" => "vrrp_instance A {\r\n  interface eth0\r\n  virtual_router_id 5\r\n  virtual_ipaddress {\r\n10.0.0.1\r\n}\r\n}\r\n",
            _ => "vrrp_script a {\nscript " + string.Concat(Enumerable.Repeat("'\"\\", 100_000)) + "\n}",
        };
        Assert.True(Survives(text));
    }

    [Theory]
    [InlineData("\0", "FF1007")]
    [InlineData("include test.conf\n", "FF1012")]
    [InlineData("include ring.conf\n", "FF1012")]
    [InlineData("deep", "FF1004")]
    [InlineData("# \ufffd Latin-1, as it is read, and UTF-8: \u00fc \U0001f600\n! \u00fc\n", "")]
    [InlineData("\r\n# c\r\n\r\n", "")]
    public void What_is_odd_is_told_by_its_code_and_comments_may_hold_anything(string before, string code)
    {
        FakeMachine machine = new();
        string good = "vrrp_instance A {\r\n  interface eth0 # \u00fc \ufffd\r\n  virtual_router_id 5\r\n  virtual_ipaddress {\r\n10.0.0.1/24\r\n}\r\n}\r\n";
        machine.Files["test.conf"] = (before == "deep" ? string.Concat(Enumerable.Repeat("vrrp_instance A {\n", 10_000)) : before) + good;
        machine.Files["ring.conf"] = "include test.conf\n";
        (FenceFirst.Core.Node.NodeConfig? config, DiagnosticBag diagnostics) = ConfigLoader.Load("test.conf", null, machine.Facts);
        Assert.Equal(code.Length == 0, config is not null);
        Assert.Equal(code.Length == 0 ? [] : [code], diagnostics.Sorted().Select(each => each.Code.Id).Where(id => code.Length == 0 || id == code).Distinct());
    }

    [Fact]
    public void Processor_time_is_what_is_judged()
    {
        // A thread that works and one that sleeps: only the first one uses its time up.
        TimeSpan[] used = new TimeSpan[2];
        for (int i = 0; i < used.Length; i++)
        {
            int index = i;
            Thread thread = new(() =>
            {
                string folder = File.ResolveLinkTarget("/proc/thread-self", returnFinalTarget: false)!.FullName; // /proc is there on Linux.
                Stopwatch watch = Stopwatch.StartNew();
                while (ProcessorTime(folder) < TimeSpan.FromMilliseconds(50) && watch.Elapsed < (index == 0 ? Patience : TimeSpan.FromMilliseconds(100)))
                {
                    Thread.Sleep(index * 100);
                }

                used[index] = ProcessorTime(folder);
            });
            thread.Start();
            thread.Join();
        }

        Assert.InRange(used[0], TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(5));
        Assert.InRange(used[1], TimeSpan.Zero, TimeSpan.FromMilliseconds(40));
    }

    private static bool Survives(string text)
    {
        string? folder = null;
        Task<bool> load = Task.Factory.StartNew(
            () =>
            {
                Volatile.Write(ref folder, File.ResolveLinkTarget("/proc/thread-self", returnFinalTarget: false)?.FullName);
                (FenceFirst.Core.Node.NodeConfig? config, DiagnosticBag diagnostics) = FakeMachine.Load(text);
                return Formatter.Format(text).Length >= 0 && (config is null) == diagnostics.HasErrors && DiagnosticText.Render(diagnostics).Length >= 0;
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        Stopwatch watch = Stopwatch.StartNew();
        while (!load.Wait(TimeSpan.FromSeconds(1)))
        {
            if (watch.Elapsed > Patience || ProcessorTime(Volatile.Read(ref folder)) > Bound)
            {
                return false;
            }
        }

        return load.Result;
    }

    /// <summary>What a thread has used, from its folder in /proc; zero when it has just ended.</summary>
    private static TimeSpan ProcessorTime(string? folder)
    {
        try
        {
            // Behind the name in parentheses: the fields from the third on; the 14th and 15th are hundredths of a second (proc(5)).
            string stat = folder is null ? "" : File.ReadAllText(Path.Combine(folder, "stat"));
            string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields.Length < 13 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(10 * (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)));
        }
        catch (IOException)
        {
            return TimeSpan.Zero;
        }
    }
}
