namespace FenceFirst.Core.Node;

/// <summary>How <c>fencefirst-mail</c> ends; the numbers are those of sysexits.h.</summary>
public static class MailStatus
{
    /// <summary>The server has taken the mail for everybody.</summary>
    public const int Sent = 0;

    /// <summary>What was on standard input is no mail (EX_USAGE).</summary>
    public const int BadInput = 64;

    /// <summary>The server refuses for good: another try would change nothing (EX_UNAVAILABLE).</summary>
    public const int Refused = 69;

    /// <summary>Not now: worth another try (EX_TEMPFAIL).</summary>
    public const int Later = 75;

    /// <summary>Begins a line of the output that names a recipient for whom another try is worth it, when others have got the mail.</summary>
    public const string LaterWord = "later ";
}
