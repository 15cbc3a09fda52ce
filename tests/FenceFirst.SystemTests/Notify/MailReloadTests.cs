using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>Where mails go: TLS from the first byte, a server with an IPv6 address, and what a reload changes.</summary>
public sealed class MailReloadTests(ITestOutputHelper output)
{
    private const double Patience = 30;

    [NeedsFact("fencefirst", "exim4")]
    public async Task Port_465_is_spoken_to_in_TLS_from_the_first_byte()
    {
        // Nobody answers in clear text there. The certificate is looked at, because there is a login, and is good for the IPv6 address.
        await using Lab lab = await Lab.OpenAsync(output, "a", "c");
        Node a = lab["a"];
        MailServer server = new(lab, lab["c"]);
        await server.StartAsync();
        string login = a.WriteFile("login", $"{MailServer.User}\n{MailServer.Password}\n");
        File.SetUnixFileMode(login, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string conf = Conf.File(
            $"{MailServer.Globals(lab["c"].Address6, 465, "a")}global_defs {{\n    smtp_login_file {login}\n}}\n",
            new Conf(lab.Virtual) { Extra = "    smtp_alert\n" });
        a.StartFenceFirst(conf, ["env", $"SSL_CERT_FILE={server.CertificatePath}"]);
        await lab.UntilAsync(() => server.Received.Count == 4, 15, "two mails to two people");
        Assert.All(server.Received, mail => Assert.Contains(" with esmtpsa ", mail["Received"], StringComparison.Ordinal));
        Assert.All(server.Received, mail => Assert.Contains($"[{lab["a"].Address6}]", mail["Received"], StringComparison.Ordinal));
    }

    [NeedsFact("fencefirst", "exim4")]
    public async Task A_reload_moves_what_waits_and_what_comes()
    {
        // Nobody listens on the first port. Every reload changes one thing; the instance stays Master throughout.
        await using Lab lab = await Lab.OpenAsync(output, "a", "c");
        Node a = lab["a"];
        MailServer server = new(lab, lab["c"]);
        await server.StartAsync();
        string gate = a.WriteFile("gate", "0\n");
        int reloads = 0;
        Daemon daemon = a.StartFenceFirst(Configuration(26, "old", "yes"));
        await daemon.WaitForLogAsync("mail not sent yet: [LAB] VRRP Instance VI_1 - Entering BACKUP state: cannot connect to ");
        await a.WaitForAddressAsync(lab.Virtual);

        // The mails that wait go to the new server at once: their pause was for the old one.
        await ReloadAsync(25, "old", "yes");
        await ToldAsync("old", 4, "Entering BACKUP state", "Entering MASTER state");

        // Other people get the next mail.
        await ReloadAsync(25, "new", "yes");
        await ChangeAsync("1", "FAULT");
        await ToldAsync("new", Patience, "Entering FAULT state");

        // Nobody gets what comes while mail is off. Fault, which was mailed last, is not mailed again afterwards, as always.
        await ReloadAsync(25, "new", "no");
        await ChangeAsync("0", "MASTER");
        await ReloadAsync(25, "new", "yes");
        await ChangeAsync("1", "FAULT");
        await ChangeAsync("0", "MASTER");
        await ToldAsync("new", Patience, "Entering FAULT state", "Entering BACKUP state", "Entering MASTER state");
        await ToldAsync("old", Patience, "Entering BACKUP state", "Entering MASTER state");
        Assert.Null(daemon.Log.Find("stopping it in order"));

        string Configuration(int port, string who, string alert) => Conf.File(
            $"{MailServer.Globals(lab["c"].Address, port, who)}track_file gate {{\n    file {gate}\n    weight 0\n}}\n",
            new Conf(lab.Virtual) { Extra = $"    smtp_alert {alert}\n    track_file {{\n        gate\n    }}\n" });

        async Task ReloadAsync(int port, string who, string alert)
        {
            a.WriteFile("fencefirst.conf", Configuration(port, who, alert));
            daemon.Send(Signal.Hup);
            reloads++;
            await lab.UntilAsync(() => daemon.Log.Count("reload complete") == reloads, 10, "the reload");
        }

        async Task ChangeAsync(string value, string state)
        {
            int from = daemon.Log.Mark;
            a.WriteFile("gate", value + "\n");
            await daemon.WaitForLogAsync($"Entering {state} STATE", from: from);
        }

        Task ToldAsync(string who, double seconds, params string[] story) => lab.WithinAsync(
            () => server.Received.Where(mail => mail.To == $"{who}@example.org").Select(mail => mail.Subject[(mail.Subject.IndexOf(" - ", StringComparison.Ordinal) + 3)..]).SequenceEqual(story),
            seconds,
            $"{who} to have had {string.Join(", ", story)}");
    }
}
