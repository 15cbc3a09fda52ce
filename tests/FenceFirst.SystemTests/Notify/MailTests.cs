using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>smtp_alert with Debian's exim: keepalived's mails and ours, side by side.</summary>
public sealed class MailTests(ITestOutputHelper output)
{
    private static readonly string[] LifeOfAnInstance = ["Entering BACKUP state", "Entering MASTER state", "Entering FAULT state", "Entering BACKUP state", "Entering MASTER state", "Stopping"];

    [NeedsFact("keepalived", "fencefirst", "exim4")]
    public async Task The_mails_are_those_of_keepalived()
    {
        // Two nodes that know nothing of each other, the same life, one server. What arrives is compared header by header.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b", "c");
        MailServer server = new(lab, lab["c"]);
        await server.StartAsync();
        Task<IReadOnlyList<ReceivedMail>> ours = LiveAsync(lab, server, lab["a"], 51, (node, conf) => node.StartFenceFirst(conf), isStopTold: true);
        Task<IReadOnlyList<ReceivedMail>> theirs = LiveAsync(lab, server, lab["b"], 61, (node, conf) => node.StartKeepalived(conf), isStopTold: false);
        await Task.WhenAll(ours, theirs);

        foreach (string subject in (string[])["VRRP Instance VI_1", "VRRP Instance VI_2", "VRRP Group G"])
        {
            string[] story = [.. (await ours).Where(mail => mail.Subject.StartsWith($"[LAB] {subject} - ", StringComparison.Ordinal)).Select(mail => mail.Subject)];
            string[] other = [.. (await theirs).Where(mail => mail.Subject.StartsWith($"[LAB] {subject} - ", StringComparison.Ordinal)).Select(mail => mail.Subject)];
            Assert.Equal(LifeOfAnInstance.Select(text => $"[LAB] {subject} - {text}"), story);
            Assert.Equal(other, story[..^1]);
        }

        foreach (ReceivedMail mail in (await ours).Where(mail => !mail.Subject.EndsWith("Stopping", StringComparison.Ordinal)))
        {
            ReceivedMail same = (await theirs).First(other => other.Subject == mail.Subject);
            Assert.Equal(same.Body, mail.Body);
            Assert.Equal(same["From"], mail["From"]);
            Assert.Equal(same["To"].Replace("b", "a", StringComparison.Ordinal), mail["To"]);
            Assert.Equal(("Keepalived", "FenceFirst"), (same["X-Mailer"], mail["X-Mailer"]));
            Assert.Matches("^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} [+-][0-9]{4}( |$)", mail["Date"]);
            Assert.Equal(same["Date"][25..], mail["Date"][25..]);
        }

        // keepalived speaks in clear text, and ends before its last mails are sent; we use the encryption that is offered, and wait.
        Assert.All(await theirs, mail => Assert.Contains(" with smtp ", mail["Received"], StringComparison.Ordinal));
        Assert.All(await ours, mail => Assert.Contains(" with esmtps ", mail["Received"], StringComparison.Ordinal));
    }

    /// <summary>Backup, Master, Fault by a file, Backup, Master, stop; returns what one of the recipients got.</summary>
    private static async Task<IReadOnlyList<ReceivedMail>> LiveAsync(Lab lab, MailServer server, Node node, int vrid, Func<Node, string, Daemon> start, bool isStopTold)
    {
        string gate = node.WriteFile("gate", "0\n");
        string track = "    track_file {\n        gate\n    }\n";
        Daemon daemon = start(node, Conf.File(
            $"{MailServer.Globals(lab["c"].Address, 25, node.Name)}global_defs {{\n    smtp_alert\n    smtp_helo_name {node.Name}.example.org\n}}\ntrack_file gate {{\n    file {gate}\n    weight 0\n}}\nvrrp_sync_group G {{\n    group {{\n        VI_1\n        VI_2\n    }}\n}}\n",
            new Conf(IPAddress.Parse($"10.99.0.{vrid + 100}")) { Vrid = vrid, Extra = track },
            new Conf(IPAddress.Parse($"10.99.0.{vrid + 101}")) { Vrid = vrid + 1, Name = "VI_2", Extra = track }));
        Task Told(string text, int times) => lab.UntilAsync(() => Mine().Count(mail => mail.Subject == $"[LAB] {text}") == times, 15, $"{node.Name} to mail {text}");
        await Told("VRRP Group G - Entering MASTER state", 1);
        node.WriteFile("gate", "1\n");
        await Told("VRRP Group G - Entering FAULT state", 1);
        node.WriteFile("gate", "0\n");
        await Told("VRRP Group G - Entering MASTER state", 2);
        await daemon.StopAsync();
        if (isStopTold)
        {
            await Told("VRRP Group G - Stopping", 1);
            await Told("VRRP Instance VI_2 - Stopping", 1);
            await Told("VRRP Instance VI_1 - Stopping", 1);
        }

        return Mine();

        IReadOnlyList<ReceivedMail> Mine() => [.. server.Received.Where(mail => mail.To == $"{node.Name}@example.org")];
    }
}
