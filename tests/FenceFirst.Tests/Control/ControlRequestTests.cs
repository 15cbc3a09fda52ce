using System.Text;
using FenceFirst.Daemon.Operator;

namespace FenceFirst.Tests.Control;

/// <summary>The control protocol: any bytes are a request or a refusal in words.</summary>
public class ControlRequestTests
{
    // Shown: the requests that there are.
    [Fact]
    public void The_requests_are_understood()
    {
        Assert.Equal(ControlVerb.Status, Parse("""{"version":1,"request":"status"}""", out _)?.Verb);
        Assert.Equal("VI_1", Parse("""{"request":"retry","instance":"VI_1","version":1}""", out _)?.Instance);
        Assert.Equal("10.0.0.1", Parse("""{"version":1,"request":"confirm","instance":"VI_1","target":"10.0.0.1","checked":true}""", out _)?.Target.ToString());
    }

    // Shown: what belongs to the operator's later verbs.
    [Fact]
    public void The_requests_with_a_time_or_a_device_are_understood()
    {
        ControlRequest handover = Parse("{\"version\":1,\"request\":\"handover\",\"instance\":\"VI_1\",\"seconds\":30}", out _)!; // It parses.
        Assert.Equal((ControlVerb.Handover, "VI_1", 30), (handover.Verb, handover.Instance, handover.Seconds));
        Assert.True(Parse("{\"version\":1,\"request\":\"maintenance\",\"on\":true,\"seconds\":7200}", out _)!.IsOn); // It parses.
        Assert.Equal("VI_1", Parse("{\"version\":1,\"request\":\"maintenance\",\"on\":false,\"instance\":\"VI_1\"}", out _)!.Instance); // It parses.
        ControlRequest test = Parse("{\"version\":1,\"request\":\"fence_test\",\"device\":\"db1\",\"checked\":true}", out _)!; // It parses.
        Assert.Equal((ControlVerb.FenceTest, "db1", false, true), (test.Verb, test.Device, test.IsStatusOnly, test.IsChecked));
        Assert.Equal(7, Parse("{\"version\":1,\"request\":\"operation\",\"operation\":7}", out _)!.Operation); // It parses.
        Assert.Equal(ControlVerb.Reload, Parse("{\"version\":1,\"request\":\"reload\"}", out _)?.Verb);
    }

    // Shown: what is wrong is named.
    [Theory]
    [InlineData("", "not a JSON object")]
    [InlineData("status", "not a JSON object")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("{\"version\":1,\"request\":\"status\"", "not a JSON object")]
    [InlineData("{\"version\":1,\"request\":\"status\"}{}", "not a JSON object")]
    [InlineData("{\"version\":1,\"request\":\"\\ud800\"}", "not a JSON object")]
    [InlineData("{\"version\":1,\"request\":{\"a\":{\"b\":1}}}", "wrong kind")]
    [InlineData("{\"version\":1,\"request\":\"shutdown\"}", "is not known")]
    [InlineData("{\"version\":2,\"request\":\"status\"}", "version 1")]
    [InlineData("{\"version\":99999999999,\"request\":\"status\"}", "wrong kind")]
    [InlineData("{\"request\":\"status\"}", "has none")]
    [InlineData("{\"version\":1,\"request\":\"status\",\"colour\":1}", "colour")]
    [InlineData("{\"version\":1,\"request\":\"retry\"}", "needs \"instance\"")]
    [InlineData("{\"version\":1,\"request\":\"confirm\",\"instance\":\"a\",\"checked\":true}", "needs \"target\"")]
    [InlineData("{\"version\":1,\"request\":\"confirm\",\"instance\":\"a\",\"target\":\"10.0.0.1\"}", "needs \"checked\"")]
    [InlineData("{\"version\":1,\"request\":\"handover\"}", "needs \"instance\"")]
    [InlineData("{\"version\":1,\"request\":\"handover\",\"instance\":\"a\",\"seconds\":0}", "\"seconds\" is a whole number")]
    [InlineData("{\"version\":1,\"request\":\"handover\",\"instance\":\"a\",\"seconds\":-5}", "\"seconds\" is a whole number")]
    [InlineData("{\"version\":1,\"request\":\"handover\",\"instance\":\"a\",\"seconds\":1.5}", "wrong kind")]
    [InlineData("{\"version\":1,\"request\":\"handover\",\"instance\":\"a\",\"seconds\":99999999}", "\"seconds\" is a whole number")]
    [InlineData("{\"version\":1,\"request\":\"maintenance\"}", "needs \"on\"")]
    [InlineData("{\"version\":1,\"request\":\"maintenance\",\"on\":\"yes\"}", "wrong kind")]
    [InlineData("{\"version\":1,\"request\":\"maintenance\",\"on\":false,\"seconds\":5}", "belongs to \"on\": true")]
    [InlineData("{\"version\":1,\"request\":\"fence_test\",\"status_only\":true}", "needs \"device\"")]
    [InlineData("{\"version\":1,\"request\":\"fence_test\",\"device\":\"db1\"}", "loses its power")]
    [InlineData("{\"version\":1,\"request\":\"operation\"}", "needs \"operation\"")]
    public void A_bad_request_is_refused_with_the_reason(string line, string reason)
    {
        Assert.Null(Parse(line, out string problem));
        Assert.Contains(reason, problem);
    }

    // Shown: never an exception. How: random bytes, and every kind of damage to good requests, from fixed seeds.
    [Fact]
    public void Any_bytes_are_a_request_or_a_refusal()
    {
        Random random = new(7);
        byte[][] goods =
        [
            .. ((string[])
            [
                "{\"version\":1,\"request\":\"confirm\",\"instance\":\"VI_1\",\"target\":\"10.0.0.1\",\"checked\":true}",
                "{\"version\":1,\"request\":\"maintenance\",\"on\":true,\"seconds\":7200,\"instance\":\"VI_1\"}",
                "{\"version\":1,\"request\":\"fence_test\",\"device\":\"db1\",\"status_only\":false,\"checked\":true}",
            ]).Select(Encoding.UTF8.GetBytes),
        ];
        for (int i = 0; i < 20_000; i++)
        {
            byte[] good = goods[i % goods.Length];
            byte[] line = i % 4 == 0 ? new byte[random.Next(60)] : [.. good];
            if (i % 4 == 0)
            {
                random.NextBytes(line);
            }

            for (int change = 0; change < i % 5 && line.Length > 0; change++)
            {
                line[random.Next(line.Length)] = (byte)random.Next(256);
            }

            ReadOnlySpan<byte> part = i % 4 == 1 ? line.AsSpan(0, random.Next(line.Length + 1)) : line;
            ControlRequest? request = ControlRequest.Parse(part, out string problem);
            Assert.NotEqual(request is null, problem.Length == 0);
        }
    }

    private static ControlRequest? Parse(string line, out string problem) => ControlRequest.Parse(Encoding.UTF8.GetBytes(line), out problem);
}
