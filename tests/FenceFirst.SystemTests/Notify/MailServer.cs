using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FenceFirst.SystemTests;

/// <summary>A mail as it lies in the mailbox.</summary>
/// <param name="To">Whom it was delivered to.</param>
/// <param name="Headers">Name and value, in order; a folded one in one line.</param>
/// <param name="Body">Its lines.</param>
internal sealed record ReceivedMail(string To, IReadOnlyList<(string Name, string Value)> Headers, string Body)
{
    public string Subject => this["Subject"];

    public string this[string name] => Headers.FirstOrDefault(header => header.Name == name).Value ?? "";

    /// <summary>Reads a message with headers.</summary>
    public static ReceivedMail Parse(string text)
    {
        string[] halves = text.ReplaceLineEndings("\n").Split("\n\n", 2);
        List<(string Name, string Value)> headers = [];
        foreach (string line in halves[0].Split('\n'))
        {
            if (line.StartsWith(' ') || line.StartsWith('\t'))
            {
                headers[^1] = (headers[^1].Name, $"{headers[^1].Value} {line.Trim()}");
            }
            else
            {
                string[] words = line.Split(": ", 2);
                headers.Add((words[0], words.Length > 1 ? words[1] : ""));
            }
        }

        return new ReceivedMail(headers.Find(header => header.Name == "Envelope-to").Value ?? "", headers, halves[1].Trim());
    }
}

/// <summary>Debian's exim on a node of the laboratory: STARTTLS on port 25, STARTTLS and a login on 587, TLS from the first byte on 465; mails for example.org in a folder.</summary>
internal sealed class MailServer(Lab lab, Node node)
{
    /// <summary>Name and password that port 587 wants.</summary>
    public const string User = "dba", Password = "s3cret";

    /// <summary>exim's words for "this name and this password".</summary>
    private const string Condition = "${if and{{eq{$auth2}{" + User + "}}{eq{$auth3}{" + Password + "}}}}";

    private string Box => Path.Combine(node.Folder, "box");

    /// <summary>The certificate that it shows, for both addresses of the node.</summary>
    public string CertificatePath => Path.Combine(node.Folder, "certificate.pem");

    /// <summary>Everything that has arrived, in the order in which the server took it.</summary>
    public IReadOnlyList<ReceivedMail> Received => !Directory.Exists(Path.Combine(Box, "new")) ? [] :
        [.. Directory.GetFiles(Path.Combine(Box, "new")).Select(file => ReceivedMail.Parse(File.ReadAllText(file))).OrderBy(mail => mail["X-Arrived"], StringComparer.Ordinal)];

    /// <summary>global_defs that send mails to two people.</summary>
    public static string Globals(IPAddress server, int port, string who) =>
        $"global_defs {{\n    smtp_server {server} {port}\n    notification_email_from ha@example.net\n    notification_email {{\n        {who}@example.org\n        {who}2@example.org\n    }}\n    smtp_connect_timeout 10\n}}\n";

    /// <summary>Starts it and waits until it listens.</summary>
    public async Task StartAsync()
    {
        WriteCertificate();
        foreach (string name in (string[])["spool", "log", "box"])
        {
            string folder = Path.Combine(node.Folder, name);
            Directory.CreateDirectory(folder);
            File.SetUnixFileMode(folder, (UnixFileMode)0b111_111_111);
        }

        string file = node.WriteFile("exim.conf",
            $$$"""
            primary_hostname = mail.example.org
            spool_directory = {{{node.Folder}}}/spool
            log_file_path = {{{node.Folder}}}/log/%slog
            pid_file_path = {{{node.Folder}}}/exim.pid
            local_interfaces = <; {{{node.Address}}} ; {{{node.Address6}}}
            daemon_smtp_ports = 25 : 465 : 587
            tls_on_connect_ports = 465
            tls_advertise_hosts = *
            tls_certificate = {{{CertificatePath}}}
            tls_privatekey = {{{node.Folder}}}/key.pem
            rfc1413_query_timeout = 0s
            keep_environment =
            deliver_drop_privilege = true
            acl_smtp_rcpt = rcpt
            acl_smtp_data = data
            begin acl
            rcpt:
              deny condition = ${if eq{$received_port}{587}}
                   !authenticated = *
                   message = log in first
              accept domains = example.org
              deny
            data:
              accept add_header = X-Arrived: $tod_epoch_l
            begin routers
            box:
              driver = accept
              transport = box
            begin transports
            box:
              driver = appendfile
              directory = {{{Box}}}
              maildir_format
              envelope_to_add
              user = Debian-exim
            begin authenticators
            plain:
              driver = plaintext
              public_name = PLAIN
              server_advertise_condition = ${if def:tls_in_cipher}
              server_condition = {{{Condition}}}
              server_set_id = $auth2

            """);
        node.Start("exim", "exim4", "-bdf", "-C", file);
        await lab.UntilAsync(() => File.Exists(Path.Combine(node.Folder, "exim.pid")), 10, "the mail server to listen");
    }

    private void WriteCertificate()
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=mail.example.org", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(node.Address);
        names.AddIpAddress(node.Address6);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        node.WriteFile("certificate.pem", certificate.ExportCertificatePem());
        node.WriteFile("key.pem", key.ExportPkcs8PrivateKeyPem());
    }
}
