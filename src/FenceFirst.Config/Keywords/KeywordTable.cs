namespace FenceFirst.Config.Keywords;

/// <summary>Every keyword we know, one row each: the parser, the binder, the messages and docs/keywords.md all read this table.</summary>
/// <remarks>Names, ranges and defaults are keepalived's (keepalived.conf(5), checked against its parser), or ours where <see cref="Keyword.IsOwn"/>.</remarks>
internal static partial class KeywordTable
{
    /// <summary>All rows, block by block, in the order of the documentation.</summary>
    public static readonly Keyword[] All =
        [.. RootRows(), .. GlobalRows(), .. GlobalProcessRows(), .. ScriptRows(), .. InstanceRows(), .. InstanceOtherRows(), .. GroupRows(), .. TrackerRows(), .. TrackingRows(), .. NotifyRows(), .. MailRows(), .. OwnRows()];

    /// <summary>For every block what stands in it.</summary>
    private static readonly Dictionary<string, Keyword>[] ByName =
        [.. Enumerable.Range(0, (int)BlockKind.Opaque + 1).Select(block => All.Where(row => (int)row.Block == block).ToDictionary(row => row.Name, StringComparer.Ordinal))];

    private static readonly Dictionary<string, List<BlockKind>> Blocks =
        All.GroupBy(row => row.Name).ToDictionary(rows => rows.Key, rows => rows.Select(row => row.Block).Distinct().ToList());

    /// <summary>The row of a keyword in a block, or null.</summary>
    public static Keyword? Find(BlockKind block, string name) => ByName[(int)block].GetValueOrDefault(name);

    /// <summary>The name of a block as an operator writes it.</summary>
    public static string BlockName(BlockKind block) => block switch
    {
        BlockKind.Root => "the top level",
        BlockKind.GlobalDefs => "global_defs",
        BlockKind.VrrpScript => "vrrp_script",
        BlockKind.VrrpInstance => "vrrp_instance",
        BlockKind.VrrpSyncGroup => "vrrp_sync_group",
        BlockKind.Authentication => "authentication",
        BlockKind.AuthHmac => "auth_hmac",
        BlockKind.TrackFileDefinition => "track_file",
        BlockKind.TrackProcessDefinition => "vrrp_track_process",
        BlockKind.BfdInstance => "bfd_instance",
        BlockKind.GarpGroup => "garp_group",
        BlockKind.TrackGroup => "track_group",
        BlockKind.FenceDevice => "fence_device",
        BlockKind.Promotion => "promotion",
        BlockKind.Demotion => "demotion",
        BlockKind.Entries => "a list",
        BlockKind.WordList => "a list of words",
        BlockKind.Opaque => "a skipped block",
    };

    /// <summary>The keyword of a block that is spelt most like the word; null when none is close.</summary>
    public static Keyword? Nearest(BlockKind block, string word)
    {
        Keyword? nearest = null;
        int best = Math.Max(2, word.Length / 3) + 1;
        foreach (Keyword row in All)
        {
            if (row.Block == block)
            {
                int distance = Distance(row.Name, word);
                if (distance < best)
                {
                    best = distance;
                    nearest = row;
                }
            }
        }

        return nearest;
    }

    /// <summary>The name that is spelt most like the word, with two mistakes at most; null when there is none.</summary>
    public static string? Nearest(IEnumerable<string> names, string word) =>
        names.Select(name => (Name: name, Distance: Distance(name, word))).Where(each => each.Distance <= 2).OrderBy(each => each.Distance).FirstOrDefault().Name;

    /// <summary>Other blocks where the word is a keyword.</summary>
    public static List<BlockKind> BlocksOf(string word) => Blocks.GetValueOrDefault(word, []);

    /// <summary>Edit distance with neighbouring letters exchanged counting as one; words longer than any keyword are never close.</summary>
    public static int Distance(string a, string b)
    {
        if (a.Length > WordLengthMax || b.Length > WordLengthMax)
        {
            return int.MaxValue;
        }

        int[] before = new int[b.Length + 1];
        int[] previous = [.. Enumerable.Range(0, b.Length + 1)];
        int[] current = new int[b.Length + 1];
        for (int i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int substitution = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                current[j] = Math.Min(substitution, Math.Min(previous[j], current[j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    current[j] = Math.Min(current[j], before[j - 2] + 1);
                }
            }

            (before, previous, current) = (previous, current, before);
        }

        return previous[b.Length];
    }

    private const int WordLengthMax = 48;

    private static Keyword Row(BlockKind block, string name, ValueShape shape, string meaning) => new(block, name, shape, Support.Honoured, meaning);

    private static Keyword Integer(BlockKind block, string name, long min, long max, string standard, string meaning, string unit = "") =>
        new(block, name, ValueShape.Integer, Support.Honoured, meaning) { Min = min, Max = max, Default = standard, Unit = unit };

    private static Keyword Seconds(BlockKind block, string name, decimal min, decimal max, string standard, string meaning, int decimals = 6) =>
        new(block, name, ValueShape.Seconds, Support.Honoured, meaning) { Min = min, Max = max, Default = standard, Unit = "s", Decimals = decimals };

    private static Keyword Block(BlockKind block, string name, BlockKind opens, string meaning, bool isNamed = false) =>
        new(block, name, ValueShape.Free, Support.Honoured, meaning) { Opens = opens, IsNamed = isNamed };

    private static Keyword Refused(BlockKind block, string name, string meaning, string advice) =>
        new(block, name, ValueShape.Free, Support.Refused, meaning) { Advice = advice };

    private static Keyword Flag(BlockKind block, string name, string meaning) => Row(block, name, ValueShape.Flag, meaning);

    private static Keyword Boolean(BlockKind block, string name, string meaning) => Row(block, name, ValueShape.Boolean, meaning);

    private static Keyword Word(BlockKind block, string name, string meaning) => Row(block, name, ValueShape.Word, meaning);

    private static Keyword Words(BlockKind block, string name, string meaning) => Row(block, name, ValueShape.Words, meaning);

    private static Keyword Free(BlockKind block, string name, string meaning) => Row(block, name, ValueShape.Free, meaning);

    /// <summary>A row that is read and checked, with what it asks for left undone.</summary>
    private static Keyword Unused(Keyword row, string advice, string topic = "") => row with { Support = Support.Warned, Advice = advice, Topic = topic };

    /// <summary>Several rows of <see cref="Unused"/> with the same reason: one warning per file.</summary>
    private static IEnumerable<Keyword> UnusedAll(string topic, string advice, params Keyword[] rows) => rows.Select(row => Unused(row, advice, topic));

    /// <summary>A row that is read and checked and still an error, until its behaviour is built.</summary>
    private static Keyword Awaits(Keyword row, string advice = "") => row with { Support = Support.NotYet, Advice = advice };

    /// <summary>Several rows of <see cref="Awaits"/>.</summary>
    private static IEnumerable<Keyword> AwaitsAll(string advice, params Keyword[] rows) => rows.Select(row => Awaits(row, advice));

    /// <summary>Rows that differ only in their name.</summary>
    private static IEnumerable<Keyword> Many(Func<string, Keyword> row, params string[] names) => names.Select(row);
}
