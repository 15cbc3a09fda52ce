using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>Mail when the server is away, wants a login, or hangs while the daemon ends.</summary>
public sealed class MailServerAwayTests(ITestOutputHelper output)
{
    [NeedsFact("fencefirst", "exim4")]
    public async Task A_mail_waits_for_a_server_that_is_away_and_the_login_for_one_that_is_known()
    {
        // Port 587 takes nothing without encryption and a login. The first try finds nobody; 5 s later the server is there.
        await using Lab lab = await Lab.OpenAsync(output, "a", "c");
        Node a = lab["a"];
        MailServer server = new(lab, lab["c"]);
        string login = a.WriteFile("login", $"{MailServer.User}\n{MailServer.Password}\n");
        File.SetUnixFileMode(login, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string script = a.WriteScript("fence.sh", "exit 1");
        string conf = Conf.File(
            $"{MailServer.Globals(lab["c"].Address, 587, "a")}global_defs {{\n    router_id Zürich\n    smtp_login_file {login}\n}}\nfence_device d {{\n    script {script}\n    targets 10.99.0.77\n    delay 0\n}}\n",
            new Conf(lab.Virtual) { Extra = "    nopreempt\n    smtp_alert\n    promotion {\n        fence d\n        fence_scope all\n    }\n" });
        Daemon daemon = a.StartFenceFirst(conf, ["env", $"SSL_CERT_FILE={server.CertificatePath}"]);
        await daemon.WaitForLogAsync("mail not sent yet: [Zürich] VRRP Instance VI_1 - Entering BACKUP state: cannot connect to ");
        await server.StartAsync();
        await lab.UntilAsync(() => server.Received.Count(mail => mail.To == "a@example.org") == 2, 20, "both mails");
        IReadOnlyList<ReceivedMail> received = [.. server.Received.Where(mail => mail.To == "a@example.org")];
        Assert.All(received, mail => Assert.Contains(" with esmtpsa ", mail["Received"], StringComparison.Ordinal));
        Assert.Equal("=> VRRP Instance is no longer owning VRRP VIPs <=", received[0].Body);
        Assert.StartsWith("=?utf-8?B?", received[0].Subject, StringComparison.Ordinal);

        // Ours: what a person has to look at.
        Assert.Contains("ALARM", System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(received[1].Subject.Split('?')[3])), StringComparison.Ordinal);
        Assert.StartsWith("(VI_1) promotion: failed at fence d", received[1].Body, StringComparison.Ordinal);
        Assert.Null(daemon.Log.Find(MailServer.Password));
    }

    [NeedsFact("fencefirst")]
    public async Task A_stop_does_not_wait_for_a_server_that_hangs()
    {
        // Nobody has that address: a connection hangs for three seconds and more.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        IPAddress nobody = new([.. a.Address.GetAddressBytes()[..3], 250]);
        Daemon daemon = a.StartFenceFirst(Conf.File(MailServer.Globals(nobody, 25, "a"), new Conf(lab.Virtual) { Extra = "    smtp_alert\n" }));
        await a.WaitForAddressAsync(lab.Virtual);
        DateTime asked = DateTime.UtcNow;
        Assert.Equal(0, await daemon.StopAsync());
        Assert.InRange((DateTime.UtcNow - asked).TotalSeconds, 3.5, 8);
        Assert.NotNull(daemon.Log.Find("not sent: the daemon ends"));
        await lab.UntilAsync(() => lab.RunAsync("ip", ["netns", "pids", a.Namespace]).Result.Trim().Length == 0, 5, "fencefirst-mail to be gone");
    }
}
