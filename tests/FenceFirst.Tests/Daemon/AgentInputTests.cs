using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Promotion;
using FenceFirst.Daemon.Steps;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Tests.Daemon;

/// <summary>What an agent reads, and that nothing secret of it is left in what it writes.</summary>
public sealed class AgentInputTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    [Fact]
    public void Options_are_lines_on_standard_input_and_the_action_is_the_last()
    {
        Write("hunter#2 =x\nsecond line\n");
        AgentInput? input = AgentInput.Build(Agent(), "status", out string problem, out int errno);
        Assert.Equal(("", 0), (problem, errno));
        Assert.Equal("ip=10.0.0.12\nkey=k\npassword=hunter#2 =x\naction=status\n", Encoding.UTF8.GetString(input!.Bytes.Span)); // No problem, so it is there.
    }

    [Fact]
    public void A_secret_is_read_anew_and_a_file_that_changed_is_refused()
    {
        Write("one");
        Assert.NotNull(AgentInput.Build(Agent(), "off", out _, out _));
        Write("two");
        Assert.Contains("password=two\n", Encoding.UTF8.GetString(AgentInput.Build(Agent(), "off", out _, out _)!.Bytes.Span), StringComparison.Ordinal);
        Write("");
        Assert.Contains("holds nothing", Problem(22), StringComparison.Ordinal);
        Write("three", UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Contains($"option_file password: {_file} has mode 0440", Problem(13), StringComparison.Ordinal);
        File.Delete(_file);
        Assert.Contains("does not exist", Problem(2), StringComparison.Ordinal);
        Directory.CreateDirectory(_file);
        Assert.Contains("is no regular file", Problem(13), StringComparison.Ordinal);
        Directory.Delete(_file);
    }

    [Theory]
    [InlineData("login with hunter2, hunter2!", false, "login with ***, ***!")]
    [InlineData("hunter2hunter2", false, "******")]
    [InlineData("nothing here", false, "nothing here")]
    [InlineData("ends in hunt", false, "ends in hunt")]
    [InlineData("ends in hunt", true, "ends in ")]
    [InlineData("", true, "")]
    public void Output_is_shown_without_secrets(string text, bool isCut, string shown)
    {
        Write("hunter2");
        FenceAgent agent = Agent() with { Options = default };
        AgentInput input = AgentInput.Build(agent, "off", out _, out _)!; // The file is good.
        Assert.Equal(shown, Encoding.UTF8.GetString(input.Mask(Encoding.UTF8.GetBytes(text), isCut)));
        ProcessCompletion masked = input.Masked(new ProcessCompletion(1, ProcessEnd.Exited, 0, 1, Encoding.UTF8.GetBytes(text), text.Length + (isCut ? 9 : 0), default, false));
        Assert.Equal(isCut, masked.OutputBytes > masked.Output.Length);
        Assert.Equal(shown, Encoding.UTF8.GetString(masked.Output.Span));
    }

    [Fact]
    public void A_password_that_stands_in_the_configuration_is_masked_too()
    {
        FenceAgent agent = new() { Options = ((AgentOption[])[new("ip", "10.0.0.12"), new("passwd", "abc")]).ToEquatableArray() };
        AgentInput input = AgentInput.Build(agent, "off", out _, out _)!; // There is no file.
        Assert.Equal("10.0.0.12 ***", Encoding.UTF8.GetString(input.Mask("10.0.0.12 abc"u8, false)));
    }

    /// <inheritdoc/>
    public void Dispose() => File.Delete(_file);

    private string Problem(int errno)
    {
        Assert.Null(AgentInput.Build(Agent(), "off", out string problem, out int number));
        Assert.Equal(errno, number);
        return problem;
    }

    private FenceAgent Agent() => new()
    {
        Options = ((AgentOption[])[new("ip", "10.0.0.12"), new("key", "k")]).ToEquatableArray(),
        OptionFiles = ((AgentOption[])[new("password", _file)]).ToEquatableArray(),
    };

    private void Write(string text, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        File.Delete(_file);
        File.WriteAllText(_file, text);
        File.SetUnixFileMode(_file, mode);
    }
}
