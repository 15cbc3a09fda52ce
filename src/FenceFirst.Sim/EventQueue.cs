namespace FenceFirst.Sim;

/// <summary>What a queued item is about.</summary>
internal enum ItemKind : byte
{
    /// <summary>A timer of a node may be due.</summary>
    Wake = 0,

    /// <summary>An advert arrives; <c>From</c>, <c>Number</c> priority, <c>Data</c> sequence.</summary>
    Packet,

    /// <summary>A damaged or foreign packet arrives; <c>Number</c> is the error.</summary>
    Refused,

    /// <summary>A daemon runs again.</summary>
    Resume,

    /// <summary>A step's program ends by itself; <c>Number</c> outcome.</summary>
    StepEnds,

    /// <summary>A check script ends.</summary>
    ScriptEnds,

    /// <summary>A program of an earlier life of the daemon ends.</summary>
    LeftoverEnds,

    /// <summary>A fence takes the power of <c>Node</c>.</summary>
    Strike,

    /// <summary>A host gets its power.</summary>
    Boot,

    /// <summary>A daemon is started.</summary>
    StartDaemon,

    /// <summary>The next round of a probe.</summary>
    ProbeDue,

    /// <summary>Somebody claims an address that is probed.</summary>
    ProbeAnswer,

    /// <summary>The lifetime of an instance's addresses may be over.</summary>
    LeaseEnds,

    /// <summary>The kernel's news of the link.</summary>
    LinkNews,

    /// <summary>The kernel's news of a removed address.</summary>
    AddressNews,

    /// <summary>An operator's word; <c>Number</c> is the <see cref="OperatorWord"/>.</summary>
    Operator,

    /// <summary>The link of a node comes up again.</summary>
    LinkUp,

    /// <summary>A path is whole again.</summary>
    CutEnds,

    /// <summary>The thief of an instance's address goes away.</summary>
    ThiefGoes,

    /// <summary>The slow loop of a node is fast again.</summary>
    LoopFast,

    /// <summary>A write of the state file ends; <c>Number</c> 1 = one that has failed is tried again.</summary>
    WriteEnds,

    /// <summary>Steps that wait for the disk may start.</summary>
    DiskAnswers,

    /// <summary>A watchdog was not fed in time.</summary>
    WatchdogBites,

    /// <summary>The next fault.</summary>
    Disturb,

    /// <summary>A step of the user's scenario.</summary>
    Script,
}

/// <summary>What an operator says.</summary>
internal enum OperatorWord : byte
{
    /// <summary>Stop the daemon in order.</summary>
    Stop = 0,

    /// <summary>fencefirst retry.</summary>
    Retry,

    /// <summary>fencefirst confirm; <c>From</c> is the target.</summary>
    Confirm,

    /// <summary>fencefirst handover; <c>Data</c> nanoseconds within which somebody has to take over, 0 = 10 s.</summary>
    Handover,

    /// <summary>fencefirst maintenance for <c>Data</c> nanoseconds (0 = 5 s, or <see cref="SimHost.UntilNever"/>, <see cref="SimHost.UntilNow"/>); <c>Attempt</c> 1 = of one instance only.</summary>
    Maintenance,
}

/// <summary>Something that will happen: 32 bytes, so that millions cost nothing.</summary>
internal struct SimItem
{
    /// <summary>When, in simulated time.</summary>
    public long Time;

    /// <summary>Order among equal times.</summary>
    public uint Sequence;

    /// <summary>What it is about.</summary>
    public ItemKind Kind;

    /// <summary>To whom.</summary>
    public byte Node;

    /// <summary>From whom, or the other node concerned.</summary>
    public byte From;

    /// <summary>Instance or check script.</summary>
    public byte Instance;

    /// <summary>Attempt number, or a generation: who was overtaken by events is ignored.</summary>
    public uint Attempt;

    /// <summary>A number.</summary>
    public int Number;

    /// <summary>More.</summary>
    public ulong Data;
}

/// <summary>Items by time, then by the order in which they were put in: a binary heap that allocates nothing once it has grown.</summary>
internal sealed class EventQueue
{
    private SimItem[] _heap = new SimItem[64];
    private int _count;
    private uint _sequence;

    /// <summary>Number of items.</summary>
    public int Count => _count;

    /// <summary>When the first one is due; Never when there is none.</summary>
    public long NextTime => _count == 0 ? Nano.Never : _heap[0].Time;

    /// <summary>Puts an item in.</summary>
    public void Push(in SimItem item)
    {
        if (_count == _heap.Length)
        {
            Array.Resize(ref _heap, _heap.Length * 2);
        }

        SimItem added = item;
        added.Sequence = ++_sequence;
        int at = _count++;
        while (at > 0)
        {
            int parent = (at - 1) / 2;
            if (!IsBefore(added, _heap[parent]))
            {
                break;
            }

            _heap[at] = _heap[parent];
            at = parent;
        }

        _heap[at] = added;
    }

    /// <summary>Takes the first item.</summary>
    public SimItem Pop()
    {
        SimItem first = _heap[0];
        SimItem last = _heap[--_count];
        int at = 0;
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

            if (!IsBefore(_heap[child], last))
            {
                break;
            }

            _heap[at] = _heap[child];
            at = child;
        }

        _heap[at] = last;
        return first;
    }

    private static bool IsBefore(in SimItem a, in SimItem b) => a.Time < b.Time || (a.Time == b.Time && a.Sequence < b.Sequence);
}
