using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Daemon.Notify;

namespace FenceFirst.Tests.Daemon;

/// <summary>Mails in their order, tried again with growing pauses, and given up after a bounded time.</summary>
public sealed class MailQueueTests
{
    private static readonly string[] Somebody = ["dba@example.org"];

    private readonly MailQueue _queue = new();
    private MonotonicInstant _now = MonotonicInstant.Zero + TimeSpan.FromHours(5);

    [Fact]
    public void One_at_a_time_and_in_order()
    {
        Add("1");
        Add("2");
        Assert.Equal("1", Take());
        Assert.Null(Take());
        Assert.True(_queue.Due.IsNever);
        Assert.Null(_queue.Ended(isSettled: true, [], _now));
        Assert.Equal("2", Take());
        Assert.Null(_queue.Ended(isSettled: true, [], _now));
        Assert.Equal(0, _queue.Count);
        Assert.True(_queue.Due.IsNever);
    }

    [Fact]
    public void A_failed_one_keeps_its_place_and_is_tried_again_later_and_later()
    {
        Add("1");
        Add("2");
        List<double> pauses = [];
        while (true)
        {
            Assert.Equal("1", Take());
            if (_queue.Ended(isSettled: false, [], _now) is not { } pause)
            {
                break;
            }

            pauses.Add(pause.TotalSeconds);
            _now += pause - TimeSpan.FromMilliseconds(1);
            Assert.Null(Take());
            _now += TimeSpan.FromMilliseconds(1);
        }

        Assert.Equal([5, 10, 20, 40, 80, 160, 300, 300, 300, 300, 300, 300, 300, 300], pauses);
        Assert.Equal(MailQueue.TriesMax, pauses.Count + 1);
        Assert.Equal("2", Take());
    }

    [Fact]
    public void One_that_is_too_old_is_still_tried_once()
    {
        // The server was away for two hours: what happened meanwhile is told once it is back, if it is; and nothing waits behind it for ever.
        Add("1");
        _now += TimeSpan.FromHours(2);
        Assert.Equal("1", Take());
        Assert.Null(_queue.Ended(isSettled: false, [], _now));
        Assert.Equal(0, _queue.Count);
    }

    [Fact]
    public void Beyond_a_hundred_the_oldest_that_waits_is_dropped()
    {
        Add("0");
        Assert.Equal("0", Take());
        for (int i = 1; i < MailQueue.MailsMax; i++)
        {
            Assert.Null(Add($"{i}"));
        }

        // The one that is being sent is not taken back.
        Assert.Equal("1", Add("100"));
        Assert.Equal("2", Add("101"));
        Assert.Equal(MailQueue.MailsMax, _queue.Count);
        Assert.Equal(5, _queue.Ended(isSettled: false, [], _now)!.Value.TotalSeconds);
        Assert.Equal("0", Add("102"));
    }

    [Fact]
    public void Only_those_are_tried_again_who_have_not_got_it()
    {
        Add("1");
        Take();
        _now += _queue.Ended(isSettled: false, Somebody, _now)!.Value;
        Take();
        Assert.Equal(Somebody, _queue.Sending!.Remaining);

        // A try that reached nobody leaves that as it was.
        _now += _queue.Ended(isSettled: false, [], _now)!.Value;
        Take();
        Assert.Equal(Somebody, _queue.Sending!.Remaining);
    }

    [Fact]
    public void Who_has_got_it_does_not_get_it_again_because_of_a_reload()
    {
        Add("1");
        Take();
        QueuedMail mail = _queue.Sending!;
        Assert.Equal(["a", "b"], mail.Wanted(["a", "b"]));
        mail.Remaining = ["b"];
        Assert.Equal(["b"], mail.Wanted(["a", "b", "c"]));
        Assert.Empty(mail.Wanted(["a", "c"]));
    }

    [Fact]
    public void Another_server_is_tried_at_once()
    {
        // While a mail waits, and while it is on its way to the old server: the pause was for that one.
        Add("1");
        Take();
        _queue.Ended(isSettled: false, [], _now);
        Assert.Null(Take());
        _queue.TryAgain();
        Assert.Equal("1", Take());
        _queue.TryAgain();
        Assert.Null(Take());
        Assert.Equal(TimeSpan.Zero, _queue.Ended(isSettled: false, [], _now));
        Assert.Equal("1", Take());
        Assert.NotEqual(TimeSpan.Zero, _queue.Ended(isSettled: false, [], _now));
    }

    [Fact]
    public void At_the_end_every_mail_has_one_more_try_at_once()
    {
        Add("1");
        Add("2");
        Take();
        Assert.NotNull(_queue.Ended(isSettled: false, [], _now));
        Assert.Null(Take());
        _queue.Hurry();
        Assert.Equal("1", Take());
        Assert.Null(_queue.Ended(isSettled: false, [], _now));
        Assert.Equal("2", Take());
        Assert.Equal(1, _queue.Clear());
        Assert.True(_queue.Due.IsNever);
    }

    private string? Add(string subject) => _queue.Add(new MailText(subject, ""), 0, _now)?.Text.Subject;

    private string? Take() => _queue.Take(_now)?.Text.Subject;
}
