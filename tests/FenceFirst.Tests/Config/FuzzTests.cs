using System.Text;
using FenceFirst.Config;
using FsCheck;
using FsCheck.Fluent;

namespace FenceFirst.Tests.Config;

public sealed class FuzzTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

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
    [InlineData("Latin-1")]
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

    private static bool Survives(string text)
    {
        Task<bool> load = Task.Run(() =>
        {
            (FenceFirst.Core.Node.NodeConfig? config, DiagnosticBag diagnostics) = FakeMachine.Load(text);
            return Formatter.Format(text).Length >= 0 && (config is null) == diagnostics.HasErrors && DiagnosticText.Render(diagnostics).Length >= 0;
        });
        return load.Wait(Bound) && load.Result;
    }
}
