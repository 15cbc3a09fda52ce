namespace FenceFirst.SystemTests;

/// <summary>
/// Judges a story by G1, G2 and G3. It knows the guarantees and the words of the journal, and nothing of the daemon's insides: every rule is about what kernels and
/// scripts said, and the journal has to agree with them.
/// </summary>
internal static class StoryChecker
{
    /// <summary>A kernel's message is read by a thread that may have to wait for a processor: what was heard happened so much earlier at most.</summary>
    private static readonly TimeSpan Hearing = TimeSpan.FromSeconds(0.15);

    /// <summary>From the first line of a life in its journal until it has found and ended what an earlier one left, on a busy machine.</summary>
    private static readonly TimeSpan Ending = TimeSpan.FromSeconds(0.5);

    /// <summary>The journal is written beside the loop: of a killed daemon the last lines may be missing, and no others.</summary>
    private static readonly TimeSpan JournalTail = TimeSpan.FromSeconds(0.5);

    /// <summary>Everything that contradicts a guarantee; empty = none does.</summary>
    public static List<string> Violations(Story story)
    {
        List<string> found = [];
        foreach (DateTime heard in Taken(story.Address))
        {
            if (PermittedAt(story, heard) is { } added)
            {
                CheckJournalOf(story, added, found);
            }
            else
            {
                found.Add($"G1: the address came at {Seen.Stamp(heard)}, and no promotion of that life had all its steps end with status 0 in their order before it");
            }
        }

        CheckOwners(story, found);
        CheckUnknownIsNo(story, found);
        CheckRemembered(story, found);
        CheckLeftAddress(story, found);
        CheckEnded(story, found);
        return found;
    }

    /// <summary>When the address came to a node that did not have it.</summary>
    private static IEnumerable<DateTime> Taken(List<(DateTime At, bool Added)> events)
    {
        bool held = false;
        foreach ((DateTime at, bool added) in events)
        {
            if (added && !held)
            {
                yield return at;
            }

            held = added;
        }
    }

    /// <summary>
    /// G1: one promotion in which every step ended with status 0, one after the other, and the address after it in the same life. Returns when the address came: as
    /// heard, or at the kill, when it was heard just after that and was not removed between. Null = nothing permits it.
    /// </summary>
    private static DateTime? PermittedAt(Story story, DateTime heard)
    {
        foreach (IGrouping<ulong, ScriptFact> promotion in story.Scripts.GroupBy(fact => fact.Epoch).Reverse())
        {
            if (CompletedAt(story, promotion) is not { } completed || completed > heard)
            {
                continue;
            }

            DateTime killed = story.Kills.Where(kill => kill > promotion.First().At).DefaultIfEmpty(DateTime.MaxValue).Min();
            bool isSwept = story.Address.Any(each => !each.Added && each.At > killed && each.At < heard);
            if (completed < killed && (heard <= killed || ((Earliest(story, heard) <= killed || heard - killed < Hearing) && !isSwept)))
            {
                return heard <= killed ? heard : killed;
            }
        }

        return null;
    }

    /// <summary>When something may have happened that was heard at an instant: then, or since the beginning of a pause of the whole machine that had just ended.</summary>
    private static DateTime Earliest(Story story, DateTime heard) =>
        story.Pauses.Where(pause => pause.From < heard && pause.To > heard - Hearing).Select(pause => pause.From).DefaultIfEmpty(heard).Min();

    /// <summary>When the last step of a promotion ended well; null = not all did, or not in their order.</summary>
    private static DateTime? CompletedAt(Story story, IGrouping<ulong, ScriptFact> promotion)
    {
        DateTime last = DateTime.MinValue;
        foreach (string step in story.Plan)
        {
            // The last try of the step decides.
            ScriptFact begin = promotion.LastOrDefault(fact => fact.What == "begin" && fact.Step == step);
            ScriptFact end = promotion.LastOrDefault(fact => fact.What == "end" && fact.Attempt == begin.Attempt);
            if (begin.What is null || end.What is null || end.Rest != "0" || begin.At <= last || end.At < begin.At)
            {
                return null;
            }

            last = end.At;
        }

        return last;
    }

    /// <summary>
    /// The journal tells the same: PromotionStarted, every step's success in order, EnteredMaster, then the address. Where the whole machine stood still when the
    /// address came, the daemon may have left again before it was heard.
    /// </summary>
    private static void CheckJournalOf(Story story, DateTime added, List<string> found)
    {
        DateTime killed = story.Kills.Where(kill => kill >= added).DefaultIfEmpty(DateTime.MaxValue).Min();
        JournalFact[] life = [.. Life(story, added).Where(fact => fact.At <= added)];
        int master = Array.FindLastIndex(life, fact => fact.Kind == "EnteredMaster");
        int left = Array.FindLastIndex(life, fact => fact.Kind is "EnteredBackup" or "EnteredFault" or "Stopped");
        bool isLeftBefore = left > master && life[left].At < Earliest(story, added);
        if (master < 0 || isLeftBefore)
        {
            if (killed - added > JournalTail)
            {
                found.Add($"G1: the address came at {Seen.Stamp(added)}, and the journal of that life does not tell of EnteredMaster before it");
            }

            return;
        }

        int start = Array.FindLastIndex(life, master, fact => fact.Kind == "PromotionStarted");
        List<int> passed = [];
        for (int i = Math.Max(start, 0); i < master; i++)
        {
            if (life[i].Kind is "PromotionFailed" or "PromotionEnded" or "EnteredBackup" or "EnteredFault")
            {
                found.Add($"G1: EnteredMaster at {Seen.Stamp(life[master].At)} follows {life[i].Kind} in its own promotion");
            }

            if (life[i].Kind == "StepEnded" && life[i].IsSuccess)
            {
                passed.Add(life[i].Step);
            }
        }

        if (start < 0 || !passed.SequenceEqual(Enumerable.Range(0, story.Plan.Count)))
        {
            found.Add($"G1: EnteredMaster at {Seen.Stamp(life[master].At)} with the steps {string.Join(' ', passed)} of {story.Plan.Count} succeeded");
        }
    }

    /// <summary>The entries of the life in which something happened.</summary>
    private static IEnumerable<JournalFact> Life(Story story, DateTime at)
    {
        DateTime from = story.Journal.Where(fact => fact.Kind == "Started" && fact.At <= at).Select(fact => fact.At).DefaultIfEmpty(DateTime.MinValue).Max();
        DateTime to = story.Journal.Where(fact => fact.Kind == "Started" && fact.At > at).Select(fact => fact.At).DefaultIfEmpty(DateTime.MaxValue).Min();
        return story.Journal.Where(fact => fact.At >= from && fact.At < to);
    }

    /// <summary>The fence is what keeps two owners apart: the old master has lost the address when the node gets it.</summary>
    private static void CheckOwners(Story story, List<string> found)
    {
        foreach (DateTime added in Taken(story.Address))
        {
            (DateTime At, bool Added) last = story.OldMaster.LastOrDefault(each => each.At < added - Hearing);
            bool isGone = story.OldMaster.Any(each => !each.Added && each.At >= last.At && each.At <= added + Hearing);
            if (last.Added && !isGone)
            {
                found.Add($"the address came at {Seen.Stamp(added)} while the old master had it");
            }
        }
    }

    /// <summary>G2: a success in the journal is the success of a script that this life started and that said so itself.</summary>
    private static void CheckUnknownIsNo(Story story, List<string> found)
    {
        HashSet<uint> started = [];
        foreach (JournalFact fact in story.Journal)
        {
            switch (fact.Kind)
            {
                case "Started":
                    started.Clear();
                    break;
                case "StepStarted":
                    started.Add(fact.Attempt);
                    break;
                case "StepEnded" when fact.IsSuccess:
                    if (!started.Contains(fact.Attempt))
                    {
                        found.Add($"G2: attempt {fact.Attempt} succeeded at {Seen.Stamp(fact.At)} in a life that did not start it");
                    }

                    if (!story.Scripts.Any(each => each.What == "end" && each.Attempt == fact.Attempt && each.Rest == "0" && each.At <= fact.At))
                    {
                        found.Add($"G2: attempt {fact.Attempt} succeeded at {Seen.Stamp(fact.At)}, but its script never ended with 0");
                    }

                    break;
            }
        }
    }

    /// <summary>G3: no two attempts beside each other, none that the disk did not know, no number twice, later ones greater.</summary>
    private static void CheckRemembered(Story story, List<string> found)
    {
        foreach (ScriptFact fact in story.Scripts)
        {
            if (fact.What == "beside")
            {
                found.Add($"G3: attempt {fact.Attempt} ({fact.Step}) ran beside another one at {Seen.Stamp(fact.At)}");
            }
            else if (fact.What == "forgotten")
            {
                found.Add($"G3: attempt {fact.Attempt} ({fact.Step}) ran at {Seen.Stamp(fact.At)} and the disk did not know of it");
            }
        }

        CheckGrowing("scripts", story.Scripts.Where(fact => fact.What == "begin").Select(fact => fact.Attempt), found);
        CheckGrowing("the journal", story.Journal.Where(fact => fact.Kind == "StepStarted" && fact.Attempt != 0).Select(fact => fact.Attempt), found);
    }

    private static void CheckGrowing(string where, IEnumerable<uint> numbers, List<string> found)
    {
        uint last = 0;
        foreach (uint number in numbers)
        {
            if (number <= last)
            {
                found.Add($"G3: attempt {number} after attempt {last} in {where}");
            }

            last = number;
        }
    }

    /// <summary>What a killed life left is gone before the next one starts anything.</summary>
    private static void CheckLeftAddress(Story story, List<string> found)
    {
        foreach (DateTime kill in story.Kills)
        {
            bool isLeft = story.Address.LastOrDefault(each => each.At <= kill + Hearing).Added;
            ScriptFact next = story.Scripts.FirstOrDefault(fact => fact.What == "begin" && fact.At > kill + Hearing);
            if (isLeft && next.What is not null && !story.Address.Any(each => !each.Added && each.At > kill && each.At <= next.At + Hearing))
            {
                found.Add($"the address that the life killed at {Seen.Stamp(kill)} left was still there when attempt {next.Attempt} began at {Seen.Stamp(next.At)}");
            }
        }
    }

    /// <summary>G3: what a killed life left running is ended by the next one: it does not come to its own end after that one has started.</summary>
    private static void CheckEnded(Story story, List<string> found)
    {
        foreach (ScriptFact begin in story.Scripts.Where(fact => fact.What == "begin" && !story.IsStubborn))
        {
            DateTime killed = story.Kills.Where(kill => kill > begin.At).DefaultIfEmpty(DateTime.MaxValue).Min();
            DateTime next = story.Journal.Where(fact => fact.Kind == "Started" && fact.At > killed).Select(fact => fact.At).DefaultIfEmpty(DateTime.MaxValue).Min();
            ScriptFact end = story.Scripts.FirstOrDefault(fact => fact.What == "end" && fact.Attempt == begin.Attempt);
            if (next < DateTime.MaxValue && end.What is not null && end.At > next + Ending)
            {
                found.Add($"G3: attempt {begin.Attempt} of the life killed at {Seen.Stamp(killed)} was not ended: it came to its own end at {Seen.Stamp(end.At)}");
            }
        }
    }
}
