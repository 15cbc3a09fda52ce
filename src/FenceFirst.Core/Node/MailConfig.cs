namespace FenceFirst.Core.Node;

/// <summary>Where mails about changes go (keepalived's smtp_alert; docs/notifications.md).</summary>
public sealed record MailConfig
{
    /// <summary>Port on which TLS begins with the first byte instead of with STARTTLS (RFC 8314 section 3.3).</summary>
    public const int ImplicitTlsPort = 465;

    /// <summary>Who gets them, in file order; empty = nothing is mailed (notification_email).</summary>
    public EquatableArray<string> Recipients { get; init; }

    /// <summary>The sender; default the user and the host name (notification_email_from).</summary>
    public string Sender { get; init; } = "";

    /// <summary>Name or address of the mail server; empty = nothing is mailed (smtp_server).</summary>
    public string Server { get; init; } = "";

    /// <summary>Its port; 1..65535, default 25 (smtp_server).</summary>
    public int Port { get; init; } = 25;

    /// <summary>How this node names itself to the server; default the host name (smtp_helo_name).</summary>
    public string HeloName { get; init; } = "";

    /// <summary>Bound on the connection and on each answer of the server; 1..4294 s, default 30 s (smtp_connect_timeout).</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether entering Fault is not mailed; default false (no_email_faults).</summary>
    public bool IsFaultLeftOut { get; init; }

    /// <summary>File with user and password for the server, a line each; empty = no login (smtp_login_file, ours).</summary>
    public string LoginFile { get; init; } = "";

    /// <summary>Whether any mail can be sent: keepalived sends nothing, and says nothing, without a server or without recipients.</summary>
    public bool IsComplete => Server.Length > 0 && !Recipients.IsEmpty;
}
