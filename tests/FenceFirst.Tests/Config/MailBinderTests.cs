using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core.Node;

namespace FenceFirst.Tests.Config;

/// <summary>Where mails go, and whose changes are mailed.</summary>
public sealed class MailBinderTests
{
    private const string Complete = "smtp_server mail.example.org\nnotification_email {\ndba@example.org\n}\n";

    [Fact]
    public void Everything_that_can_be_said()
    {
        (NodeConfig? config, string shown) = Load(
            "router_id db1\nsmtp_server 2001:db8::25 587\nsmtp_helo_name db1.example.org\nsmtp_connect_timeout 7\nnotification_email_from \"FenceFirst <ha@example.org>\"\n"
            + "notification_email {\ndba@example.org ops@example.org\nboss@example.org\n}\nno_email_faults\nsmtp_login_file /etc/login\nsmtp_alert\n");
        Assert.Equal("", shown);
        Assert.Equal(
            new MailConfig
            {
                Server = "2001:db8::25",
                Port = 587,
                HeloName = "db1.example.org",
                ConnectTimeout = TimeSpan.FromSeconds(7),
                Sender = "FenceFirst <ha@example.org>",
                Recipients = ["dba@example.org", "ops@example.org", "boss@example.org"],
                IsFaultLeftOut = true,
                LoginFile = "/etc/login",
            },
            config!.Mail);
    }

    [Fact]
    public void Without_a_word_everything_is_as_documented()
    {
        MailConfig mail = Load(Complete).Config!.Mail; // A good file.
        Assert.Equal((25, 30, "root@node1.example.org", "node1.example.org", false), (mail.Port, mail.ConnectTimeout.TotalSeconds, mail.Sender, mail.HeloName, mail.IsFaultLeftOut));
        Assert.True(mail.IsComplete);
        Assert.False(Load("").Config!.Mail.IsComplete);
    }

    // keepalived: the instance, then smtp_alert_vrrp, then smtp_alert, then off.
    [Theory]
    [InlineData("", "", false)]
    [InlineData("smtp_alert", "", true)]
    [InlineData("smtp_alert\nsmtp_alert_vrrp off", "", false)]
    [InlineData("smtp_alert off\nsmtp_alert_vrrp", "", true)]
    [InlineData("", "smtp_alert", true)]
    [InlineData("smtp_alert_vrrp on", "smtp_alert no", false)]
    public void Who_is_mailed_about_is_inherited(string globals, string lines, bool isMailed)
    {
        NodeConfig config = Load(Complete + globals, lines, lines).Config!; // A good file.
        Assert.Equal(isMailed, config.Instances[0].Notify.IsMailed);
        Assert.Equal(isMailed, config.Groups[0].Notify.IsMailed);
    }

    [Theory]
    [InlineData("smtp_server mail.example.org 0", "FF1202", "outside 1 to 65535")]
    [InlineData("smtp_server mail.example.org smtp", "FF1201", "is not a whole number")]
    [InlineData("smtp_server mail_at:25", "FF1495", "neither a name nor an address")]
    [InlineData("smtp_server 10.0.0.256", "FF1495", "neither a name nor an address")]
    [InlineData("smtp_connect_timeout 4295", "FF1202", "outside")]
    [InlineData("smtp_alert maybe", "FF1203", "")]
    [InlineData("smtp_login_file etc/login", "FF1496", "is no absolute path")]
    [InlineData("smtp_login_file /etc/login.open", "FF1496", "others than its owner can use it")]
    [InlineData("smtp_login_file /etc/login.theirs", "FF1496", "belongs to user 26, who can read it")]
    [InlineData("smtp_login_file /etc/login.short", "FF1496", "has no second line")]
    [InlineData("smtp_login_file /etc/missing", "FF1496", "does not exist")]
    public void What_cannot_be_is_an_error(string globals, string code, string text)
    {
        (NodeConfig? config, string shown) = Load(globals);
        Assert.Null(config);
        Assert.Contains("error " + code, shown, StringComparison.Ordinal);
        Assert.Contains(text, shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("smtp_alert", "there is no smtp_server and no notification_email")]
    [InlineData("smtp_alert_vrrp on\nsmtp_server 10.0.0.25", "there is no notification_email")]
    [InlineData("notification_email {\na@b\n}\nsmtp_alert", "there is no smtp_server in")]
    public void Asking_for_mails_that_have_nowhere_to_go_is_told(string globals, string text)
    {
        // keepalived says nothing and sends nothing.
        (NodeConfig? config, string shown) = Load(globals);
        Assert.NotNull(config);
        Assert.Contains("warning FF1595", shown, StringComparison.Ordinal);
        Assert.Contains(text, shown, StringComparison.Ordinal);
        Assert.Contains("warning FF1595", Load("", "smtp_alert").Shown, StringComparison.Ordinal);
        Assert.DoesNotContain("FF1595", Load(globals, "smtp_alert off", "smtp_alert off").Shown, StringComparison.Ordinal);
    }

    // RFC 5321 section 4.5.3.1.3 bounds an address; without SMTPUTF8 it is ASCII.
    [Theory]
    [InlineData("dbä@example.org")]
    [InlineData("\"a b@example.org\"")]
    [InlineData("<>")]
    public void An_address_that_no_server_takes_is_left_out(string address)
    {
        (NodeConfig? config, string shown) = Load($"smtp_server 10.0.0.25\nnotification_email {{\n{address}\nops@example.org\n}}\n");
        Assert.Equal(["ops@example.org"], config!.Mail.Recipients);
        Assert.Contains("warning FF1596", shown, StringComparison.Ordinal);
    }

    private static (NodeConfig? Config, string Shown) Load(string globals, string lines = "", string group = "")
    {
        FakeMachine machine = new();
        machine.Files["/etc/login"] = "dba\nsecret\n";
        machine.Files["/etc/login.open"] = machine.Files["/etc/login.theirs"] = "dba\nsecret\n";
        machine.Files["/etc/login.short"] = "dba\n";
        machine.Kinds["/etc/login"] = machine.Kinds["/etc/login.short"] = new FileFacts(FileKind.Regular, 0b110_000_000, 0, 0);
        machine.Kinds["/etc/login.open"] = new FileFacts(FileKind.Regular, 0b110_100_000, 0, 0);
        machine.Kinds["/etc/login.theirs"] = new FileFacts(FileKind.Regular, 0b110_000_000, 26, 26);
        machine.Files["test.conf"] =
            $"global_defs {{\n{globals}\n}}\nvrrp_sync_group G {{\ngroup {{\nVI_1\nVI_2\n}}\n{group}\n}}\n"
            + $"vrrp_instance VI_1 {{\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {{\n10.0.0.100/24\n}}\n{lines}\n}}\n"
            + "vrrp_instance VI_2 {\ninterface eth0\nvirtual_router_id 52\nvirtual_ipaddress {\n10.0.0.101/24\n}\n" + lines + "\n}\n";
        (NodeConfig? config, DiagnosticBag diagnostics) = ConfigLoader.Load("test.conf", null, machine.Facts);
        return (config, DiagnosticText.Render(diagnostics));
    }
}
