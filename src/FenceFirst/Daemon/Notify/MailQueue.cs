using FenceFirst.Core;
using FenceFirst.Core.Node;

namespace FenceFirst.Daemon.Notify;

/// <summary>A mail that waits, or is being sent.</summary>
/// <param name="Text">Subject and body.</param>
/// <param name="WallMilliseconds">When it happened, for people.</param>
/// <param name="Since">When it happened.</param>
/// <param name="Number">Different for every mail of this life of the daemon.</param>
internal sealed record QueuedMail(MailText Text, long WallMilliseconds, MonotonicInstant Since, long Number)
{
    /// <summary>How often it has been tried.</summary>
    public int Tries { get; set; }

    /// <summary>Who has not got it, when others have; empty = nobody has.</summary>
    public IReadOnlyList<string> Remaining { get; set; } = [];

    /// <summary>Who of the recipients is to get it; empty = nobody: those who have not got it are no recipients any more.</summary>
    /// <param name="recipients">Whom the configuration names now.</param>
    public IReadOnlyList<string> Wanted(IEnumerable<string> recipients) => [.. Remaining.Count == 0 ? recipients : Remaining.Intersect(recipients)];
}

/// <summary>Mails in their order: the next one is not tried before the earlier one is sent or given up.</summary>
/// <remarks>
/// Every number here is bounded: mails that wait, tries of one, and how old one may be for another try. One that has waited behind an older one
/// until it is too old is still tried once.
/// </remarks>
internal sealed class MailQueue
{
    /// <summary>Mails that wait; beyond that the oldest one is dropped.</summary>
    public const int MailsMax = 100;

    /// <summary>Tries of one mail.</summary>
    public const int TriesMax = 15;

    /// <summary>How old a mail may be for another try.</summary>
    public static readonly TimeSpan AgeMax = TimeSpan.FromHours(1);

    private static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PauseMax = TimeSpan.FromMinutes(5);

    private readonly List<QueuedMail> _mails = [];
    private MonotonicInstant _nextTry = MonotonicInstant.Zero;
    private bool _isHurried;
    private bool _isPauseWaived;
    private long _lastNumber;

    /// <summary>The mail that is being sent; null = none.</summary>
    public QueuedMail? Sending { get; private set; }

    /// <summary>Mails that are being sent or wait.</summary>
    public int Count => _mails.Count;

    /// <summary>When the next try is due; Never = there is nothing to try.</summary>
    public MonotonicInstant Due => Sending is not null || _mails.Count == 0 ? MonotonicInstant.Never : _nextTry;

    /// <summary>Appends a mail.</summary>
    /// <returns>The mail that is dropped for it; null = there was room.</returns>
    public QueuedMail? Add(MailText text, long wallMilliseconds, MonotonicInstant now)
    {
        QueuedMail? dropped = null;
        if (_mails.Count >= MailsMax)
        {
            int oldest = Sending is null ? 0 : 1;
            dropped = _mails[oldest];
            _mails.RemoveAt(oldest);
        }

        _mails.Add(new QueuedMail(text, wallMilliseconds, now, ++_lastNumber));
        return dropped;
    }

    /// <summary>The mail to try now, which counts as a try; null = none is due.</summary>
    public QueuedMail? Take(MonotonicInstant now)
    {
        if (Due.IsNever || now < Due)
        {
            return null;
        }

        Sending = _mails[0];
        Sending.Tries++;
        return Sending;
    }

    /// <summary>The try has ended.</summary>
    /// <param name="isSettled">Whether no other try is wanted: it is sent, or refused for good.</param>
    /// <param name="remaining">Who has not got it, when others have.</param>
    /// <param name="now">The present.</param>
    /// <returns>How long the next try of the same mail is away; null = it is not tried again.</returns>
    public TimeSpan? Ended(bool isSettled, IReadOnlyList<string> remaining, MonotonicInstant now)
    {
        Invariant.Check(Sending is not null, "a try ends that was begun");
        QueuedMail mail = Sending;
        Sending = null;
        TimeSpan pause = _isPauseWaived ? TimeSpan.Zero : PauseAfter(mail.Tries);
        _isPauseWaived = false;
        if (isSettled || _isHurried || mail.Tries >= TriesMax || now + pause > mail.Since + AgeMax)
        {
            _mails.RemoveAt(0);
            _nextTry = MonotonicInstant.Zero;
            return null;
        }

        mail.Remaining = remaining.Count > 0 ? remaining : mail.Remaining;
        _nextTry = now + pause;
        return pause;
    }

    /// <summary>What was wrong may be mended: the next try is due at once, and the one that is under way is followed by another without a pause.</summary>
    public void TryAgain()
    {
        _nextTry = MonotonicInstant.Zero;
        _isPauseWaived = Sending is not null;
    }

    /// <summary>The daemon stops: every mail has one more try, at once.</summary>
    public void Hurry()
    {
        _isHurried = true;
        _nextTry = MonotonicInstant.Zero;
    }

    /// <summary>Forgets every mail; returns how many.</summary>
    public int Clear()
    {
        int count = _mails.Count;
        _mails.Clear();
        Sending = null;
        return count;
    }

    /// <summary>5 s, 10 s, 20 s and so on up to 5 minutes.</summary>
    private static TimeSpan PauseAfter(int tries)
    {
        TimeSpan pause = PauseMin * (1 << Math.Min(tries - 1, 10));
        return pause < PauseMax ? pause : PauseMax;
    }
}
