using FenceFirst.Core;

namespace FenceFirst.Daemon;

/// <summary>Deadlines by timer index, the earliest first: an indexed binary heap that allocates nothing after construction.</summary>
internal sealed class TimerHeap
{
    private readonly int[] _heap;
    private readonly int[] _position;
    private readonly MonotonicInstant[] _deadline;
    private int _count;

    /// <summary>Room for timers 0..<paramref name="timers"/>-1, all disarmed.</summary>
    public TimerHeap(int timers)
    {
        _heap = new int[timers];
        _position = new int[timers];
        _deadline = new MonotonicInstant[timers];
        _position.AsSpan().Fill(-1);
        _deadline.AsSpan().Fill(MonotonicInstant.Never);
    }

    /// <summary>The earliest deadline; Never when nothing is armed.</summary>
    public MonotonicInstant Earliest => _count == 0 ? MonotonicInstant.Never : _deadline[_heap[0]];

    /// <summary>Arms, moves or (with Never) disarms a timer.</summary>
    public void Set(int timer, MonotonicInstant deadline)
    {
        _deadline[timer] = deadline;
        if (deadline.IsNever)
        {
            Remove(timer);
        }
        else if (_position[timer] < 0)
        {
            _position[timer] = _count;
            _heap[_count++] = timer;
            Up(_position[timer]);
        }
        else
        {
            Up(_position[timer]);
            Down(_position[timer]);
        }
    }

    /// <summary>Takes the earliest timer whose deadline is not after <paramref name="now"/>; equal deadlines come in index order.</summary>
    public bool TryTakeDue(MonotonicInstant now, out int timer)
    {
        if (_count == 0 || _deadline[_heap[0]] > now)
        {
            timer = -1;
            return false;
        }

        timer = _heap[0];
        _deadline[timer] = MonotonicInstant.Never;
        Remove(timer);
        return true;
    }

    private void Remove(int timer)
    {
        int at = _position[timer];
        if (at < 0)
        {
            return;
        }

        _position[timer] = -1;
        int last = _heap[--_count];
        if (at == _count)
        {
            return;
        }

        _heap[at] = last;
        _position[last] = at;
        Up(at);
        Down(_position[last]);
    }

    private bool IsBefore(int a, int b)
    {
        int order = _deadline[a].CompareTo(_deadline[b]);
        return order < 0 || (order == 0 && a < b);
    }

    private void Up(int at)
    {
        int timer = _heap[at];
        while (at > 0)
        {
            int parent = (at - 1) / 2;
            if (!IsBefore(timer, _heap[parent]))
            {
                break;
            }

            Place(_heap[parent], at);
            at = parent;
        }

        Place(timer, at);
    }

    private void Down(int at)
    {
        int timer = _heap[at];
        while (true)
        {
            int child = (2 * at) + 1;
            if (child >= _count)
            {
                break;
            }

            if (child + 1 < _count && IsBefore(_heap[child + 1], _heap[child]))
            {
                child++;
            }

            if (!IsBefore(_heap[child], timer))
            {
                break;
            }

            Place(_heap[child], at);
            at = child;
        }

        Place(timer, at);
    }

    private void Place(int timer, int at)
    {
        _heap[at] = timer;
        _position[timer] = at;
    }
}
