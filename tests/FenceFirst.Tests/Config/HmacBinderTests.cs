using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core.Node;
using FenceFirst.Core.Wire;

namespace FenceFirst.Tests.Config;

/// <summary>auth_hmac keys from files: what the file must be, and that no message and no warning shows a key.</summary>
public sealed class HmacBinderTests
{
    private const string Path = "/run/credentials/vrrp";
    private const string Hex = "hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    [Theory]
    [InlineData(Hex)]
    [InlineData(Hex + "\n")]
    public void A_key_comes_from_a_private_file(string contents)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load(contents, new FileFacts(FileKind.Regular, 0b110_000_000, 0, 0));
        Assert.Equal("", DiagnosticText.Render(diagnostics));
        Assert.Equal(32, config!.Instances[0].Hmac!.ActiveKey.Bytes.Count); // No diagnostics, so both are there.
        Assert.Equal(5, config.Instances[0].Hmac!.TimeWindowSeconds);
        Assert.Equal(HmacMode.Enforce, config.Instances[0].Hmac!.Mode);
    }

    [Theory]
    [InlineData(0b110_100_000, "0640")]
    [InlineData(0b110_000_100, "0604")]
    [InlineData(0b110_010_000, "0620")]
    public void A_file_that_others_can_use_is_an_error_with_path_and_mode(int mode, string text)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load(Hex, new FileFacts(FileKind.Regular, mode, 0, 0));
        Assert.Null(config);
        Assert.Contains($"{Path} has mode {text}", DiagnosticText.Render(diagnostics), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_other_file_is_an_error()
    {
        Assert.Contains("belongs to user 26", Problem(Hex, new FileFacts(FileKind.Regular, 0b110_000_000, 26, 0)), StringComparison.Ordinal);
        Assert.Contains("no regular file", Problem(Hex, new FileFacts(FileKind.Folder, 0b111_000_000, 0, 0)), StringComparison.Ordinal);
        Assert.Contains("does not exist or is not accessible", Problem(Hex, new FileFacts(FileKind.SymbolicLink, 0b111_000_000, 0, 0, Path)), StringComparison.Ordinal);
        Assert.Contains("fewer than 32", Problem("hex:00", new FileFacts(FileKind.Regular, 0b110_000_000, 0, 0)), StringComparison.Ordinal);
        Assert.Contains("is empty", Problem("\n", new FileFacts(FileKind.Regular, 0b110_000_000, 0, 0)), StringComparison.Ordinal);
        Assert.Contains("cannot be read", Problem(null, new FileFacts(FileKind.Regular, 0b110_000_000, 0, 0)), StringComparison.Ordinal);
    }

    // Shown: without the library the file is refused with the reason; .NET would end the process, that of a running Master at a reload too.
    [Fact]
    public void A_machine_that_cannot_sign_refuses_the_file()
    {
        FileFacts facts = new(FileKind.Regular, 0b110_000_000, 0, 0);
        (NodeConfig? config, DiagnosticBag diagnostics) = Load(Hex, facts, canSign: false);
        Assert.Null(config);
        Assert.Contains("OpenSSL (libssl), which computes the signatures, is not installed", DiagnosticText.Render(diagnostics), StringComparison.Ordinal);

        // The answer is in a record, so that a replay refuses it too.
        MachineFacts asked = Machine(Hex, facts).Facts with { CanSign = () => false };
        FactsRecord record = new(asked, salt: 1);
        ConfigLoader.Load("test.conf", null, record.Facts);
        Assert.True(FactsRecord.TryRead(record.Text("test.conf", null), out MachineFacts? told, out _, out _));
        Assert.False(told!.CanSign()); // It was read, so it is there.
    }

    [Theory]
    [InlineData("auth_pass SECRETSECRET extra", "auth_pass")]
    [InlineData("auth_hmac {\nkey 7 SECRETSECRET\nactive_key 7\n}", "key 7")]
    [InlineData("auth_hmac { key 7 SECRETSECRET }", "key 7")]
    [InlineData("auth_hmac {\nkey hex:5ec7e75ec7e7\n}", "key")]
    [InlineData("key 7 SECRETSECRET", "key 7")]
    public void A_line_with_a_secret_is_shown_with_stars(string line, string kept)
    {
        string text = $"vrrp_instance A {{\ninterface eth0\nvirtual_router_id 1\n{line}\nvirtual_ipaddress {{\n10.0.0.1/24\n}}\n}}\n";
        (_, DiagnosticBag diagnostics) = FakeMachine.Load(text);
        string shown = DiagnosticText.Render(diagnostics);
        Assert.Contains(kept, shown, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("5ec7e7", shown, StringComparison.Ordinal);
        Assert.Contains("****", shown, StringComparison.Ordinal);
    }

    private static string Problem(string? contents, FileFacts facts)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load(contents, facts);
        Assert.Null(config);
        return DiagnosticText.Render(diagnostics);
    }

    private static (NodeConfig? Config, DiagnosticBag Diagnostics) Load(string? contents, FileFacts facts, bool canSign = true) =>
        ConfigLoader.Load("test.conf", null, Machine(contents, facts).Facts with { CanSign = () => canSign });

    private static FakeMachine Machine(string? contents, FileFacts facts)
    {
        FakeMachine machine = new();
        machine.Files["test.conf"] =
            $"vrrp_instance A {{\ninterface eth0\nvirtual_router_id 1\nauth_hmac {{\nkey 1 file:{Path}\nactive_key 1\n}}\nvirtual_ipaddress {{\n10.0.0.1/24\n}}\n}}\n";
        if (contents is not null)
        {
            machine.Files[Path] = contents;
        }

        machine.Kinds[Path] = facts;
        return machine;
    }
}
