using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <summary>What global_defs says about mail.</summary>
internal sealed class MailSettings
{
    /// <summary>As far as it has been read.</summary>
    public MailConfig Config { get; set; } = new();

    /// <summary>smtp_alert; null = not said.</summary>
    public bool? IsAlerted { get; set; }

    /// <summary>smtp_alert_vrrp; null = not said.</summary>
    public bool? IsVrrpAlerted { get; set; }

    /// <summary>The line that names the login file.</summary>
    public ConfigNode? Login { get; set; }

    /// <summary>What an instance or group does that says nothing itself (keepalived's vrrp.c).</summary>
    public bool IsMailed => IsVrrpAlerted ?? IsAlerted ?? false;
}

/// <summary>Where mails about changes go.</summary>
internal sealed class MailBinder(BindContext context)
{
    private const int PortMax = 65535;
    private const int HostLengthMax = 253;

    /// <summary>Longest address in a command of SMTP (RFC 5321 section 4.5.3.1.3).</summary>
    private const int AddressLengthMax = 254;

    private readonly MailSettings _settings = context.Globals.Mail;
    private readonly ValueReader _values = context.Values;

    /// <summary>Reads a line of global_defs; false when it is about something else.</summary>
    public bool TryGlobal(ConfigNode node)
    {
        switch (node.Name)
        {
            case "notification_email":
                // Several blocks add up, as in keepalived.
                IEnumerable<Token> words = node.Children.SelectMany(line => line.Words);
                _settings.Config = _settings.Config with { Recipients = [.. _settings.Config.Recipients, .. words.Where(IsAddress).Select(word => word.Text)] };
                return true;
            case "notification_email_from":
                _settings.Config = node.Words.Count > 1 && IsAddress(node.Words[1]) ? _settings.Config with { Sender = node.Value } : _settings.Config;
                return true;
            case "smtp_server":
                Server(node);
                return true;
            case "smtp_helo_name":
                _settings.Config = _settings.Config with { HeloName = node.Value };
                return true;
            case "smtp_connect_timeout":
                _settings.Config = _values.TryInteger(node, out int seconds) ? _settings.Config with { ConnectTimeout = TimeSpan.FromSeconds(Math.Max(1, seconds)) } : _settings.Config;
                return true;
            case "smtp_login_file":
                _settings.Login = node;
                return true;
            case "smtp_alert":
                _settings.IsAlerted = _values.TryBoolean(node, out bool isAlerted) ? isAlerted : _settings.IsAlerted;
                return true;
            case "smtp_alert_vrrp":
                _settings.IsVrrpAlerted = _values.TryBoolean(node, out bool isVrrpAlerted) ? isVrrpAlerted : _settings.IsVrrpAlerted;
                return true;
            case "no_email_faults":
                _settings.Config = _settings.Config with { IsFaultLeftOut = true };
                return true;
            default:
                return false;
        }
    }

    /// <summary>What follows from all of them together, and what is missing where something is to be mailed.</summary>
    /// <param name="root">The whole file.</param>
    /// <param name="instances">Every instance, complete.</param>
    /// <param name="groups">Every group.</param>
    public MailConfig Complete(List<ConfigNode> root, List<VrrpConfig> instances, EquatableArray<SyncGroupConfig> groups)
    {
        MailConfig mail = _settings.Config;
        if (_settings.Login is { } login)
        {
            mail = IsPrivateFile(login) ? mail with { LoginFile = login.Value } : mail;
        }

        if (instances.Exists(instance => instance.Notify.IsMailed) || groups.Any(group => group.Notify.IsMailed))
        {
            Lint(root, mail);
        }

        string host = context.Facts.HostName;
        return mail.Server.Length == 0 ? mail : mail with
        {
            HeloName = mail.HeloName.Length > 0 ? mail.HeloName : host,
            Sender = mail.Sender.Length > 0 ? mail.Sender : $"{context.Facts.FindUser(context.Facts.UserId.ToString())?.Name ?? "root"}@{host}",
        };
    }

    private void Lint(List<ConfigNode> root, MailConfig mail)
    {
        string missing = (mail.Server.Length == 0, mail.Recipients.IsEmpty) switch
        {
            (true, true) => "no smtp_server and no notification_email",
            (true, false) => "no smtp_server",
            (false, true) => "no notification_email",
            (false, false) => "",
        };
        ConfigNode? asked = root.SelectMany(block => block.Children).FirstOrDefault(node => node.Name is "smtp_alert" or "smtp_alert_vrrp" && node.Value is "" or "yes" or "on" or "true");
        if (missing.Length > 0 && asked is not null)
        {
            context.Diagnostics.Add(
                DiagnosticCodes.MailNowhere, asked.Span, $"{asked.Name} asks for mails, but there is {missing} in global_defs: no mail is sent, as in keepalived", "smtp_server HOST, and notification_email { ADDRESS }");
        }
    }

    private void Server(ConfigNode node)
    {
        string host = node.Value;
        int port = 25;
        bool isPortGood = node.Words.Count < 3 || _values.TryInteger(node.Words[2], 1, PortMax, "the port of smtp_server", out port);
        bool isAddress = InternetAddress.TryParse(host.Split('%')[0], out _);
        bool isName = host.Length is > 0 and <= HostLengthMax && host.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') && host.Any(char.IsAsciiLetter);
        if (!isAddress && !isName)
        {
            context.Diagnostics.Add(DiagnosticCodes.MailServerBad, node.ValueSpan, $"smtp_server: '{host}' is neither a name nor an address", "smtp_server HOST [PORT]");
        }
        else if (isPortGood)
        {
            _settings.Config = _settings.Config with { Server = host, Port = port };
        }
    }

    private bool IsAddress(Token word)
    {
        string text = word.Text;
        bool isSendable = text.Length is > 0 and <= AddressLengthMax && text.All(c => c is >= ' ' and <= '~') && Bare(text).All(c => c is not (' ' or '<' or '>')) && Bare(text).Length > 0;
        if (!isSendable)
        {
            context.Diagnostics.Add(DiagnosticCodes.MailAddressBad, word.Span, $"'{text}' cannot be sent to a mail server as an address: it is left out", "name@example.org, in ASCII");
        }

        return isSendable;
    }

    private static string Bare(string text) => text.EndsWith('>') && text.Contains('<') ? text[(text.LastIndexOf('<') + 1)..^1] : text;

    private bool IsPrivateFile(ConfigNode node)
    {
        (string problem, string hint) = new SecretFile(context.Facts).Judge(node.Value);
        if (problem.Length == 0 && (context.Facts.ReadSecretFile ?? context.Facts.ReadFile)(node.Value) is { } contents && contents.Split('\n') is not [_, { Length: > 0 }, ..])
        {
            (problem, hint) = ($"{node.Value} has no second line", "the user in the first line, the password in the second");
        }

        if (problem.Length > 0)
        {
            context.Diagnostics.Add(DiagnosticCodes.MailLoginFile, node.ValueSpan, $"smtp_login_file: {problem}", hint);
        }

        return problem.Length == 0;
    }
}
