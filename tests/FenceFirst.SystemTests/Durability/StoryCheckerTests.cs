namespace FenceFirst.SystemTests;

/// <summary>The judge of the kill test is judged: stories made by hand, one good, and each of the others with one thing planted that a guarantee forbids.</summary>
public sealed class StoryCheckerTests
{
    private static readonly DateTime Zero = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void A_failover_over_two_lives_is_good() => Assert.Empty(StoryChecker.Violations(Good()));

    // Shown: the journal's last lines may be missing when the daemon was killed right after the address came.
    [Fact]
    public void The_last_lines_before_a_kill_may_be_missing_in_the_journal()
    {
        Story story = Good();
        story.Journal.RemoveAll(fact => fact.At >= At(3.4));
        story.Kills.Add(At(3.55));
        Assert.Empty(StoryChecker.Violations(story));
    }

    // Shown: a script of the killed life that comes to its own end while the next life runs was not ended. One that is asked to end and does not want to may.
    [Theory]
    [InlineData(false, 2.8, true)]
    [InlineData(false, 1.9, false)]
    [InlineData(true, 2.8, false)]
    public void A_script_that_was_not_ended_is_found(bool isStubborn, double endsAt, bool isFound)
    {
        Story good = Good(isStubborn);
        good.Scripts.Add(new ScriptFact(At(endsAt), "end", "fence", 1, 1, "0"));
        good.Scripts.Sort((one, other) => one.At.CompareTo(other.At));
        Assert.Equal(isFound, StoryChecker.Violations(good).Any(each => each.Contains("was not ended", StringComparison.Ordinal)));
    }

    [Fact]
    public void An_address_without_any_promotion_is_found()
    {
        Story story = Good();
        story.Address.Insert(0, (At(0.5), true));
        story.Address.Insert(1, (At(0.6), false));
        AssertFound(story, "G1: the address came", "no promotion of that life");
    }

    [Fact]
    public void An_address_after_half_a_promotion_is_found()
    {
        Story story = Good();
        story.Scripts.RemoveAll(fact => fact.Step == "run");
        AssertFound(story, "G1: the address came", "no promotion of that life had all its steps");
    }

    [Fact]
    public void An_address_after_a_failed_step_is_found()
    {
        Story story = Good();
        Replace(story.Scripts, fact => fact is { What: "end", Attempt: 10001 }, fact => fact with { Rest = "1" });
        AssertFound(story, "G1: the address came", "no promotion of that life had all its steps");
    }

    [Fact]
    public void Steps_in_the_wrong_order_are_found()
    {
        Story story = Good();
        Replace(story.Scripts, fact => fact.Step == "run", fact => fact with { At = fact.At - TimeSpan.FromSeconds(0.35) });
        AssertFound(story, "G1: the address came");
    }

    [Fact]
    public void A_fence_of_the_life_before_is_no_permission()
    {
        // The first life's fence succeeded; it was killed; the second one takes the address with nothing but a run.
        Story story = Good();
        story.Scripts.Add(new ScriptFact(At(1.15), "end", "fence", 1, 1, "0"));
        story.Scripts.RemoveAll(fact => fact.Attempt == 10001);
        Replace(story.Scripts, fact => fact.Epoch == 1_000_001, fact => fact with { Epoch = 1 });
        story.Scripts.Sort((one, other) => one.At.CompareTo(other.At));
        AssertFound(story, "G1: the address came");
    }

    // Shown: the kernel's message is read a little after the kill: the address came before it. Half a second after it, or after a removal, it did not.
    [Theory]
    [InlineData(0.05, false, true)]
    [InlineData(0.5, false, false)]
    [InlineData(0.05, true, false)]
    public void An_address_heard_just_after_the_kill_is_the_killed_lifes(double late, bool isSwept, bool isGood)
    {
        Story story = Good();
        story.Kills.Add(At(3.45));
        story.Address.Clear();
        if (isSwept)
        {
            story.Address.AddRange([(At(3.44), true), (At(3.46), false)]);
        }

        story.Address.Add((At(3.45 + late), true));
        Assert.Equal(isGood, StoryChecker.Violations(story).Count == 0);
    }

    // Shown: the machine stood still from the instant at which the address came; when it went on, the daemon found that it had stalled and left, and then the address
    // was heard. Without the pause, or when the daemon had left before it began, the address came without a promotion. (Seed 20260142.)
    [Theory]
    [InlineData(3.42, 4.4, 4.41, true)]
    [InlineData(3.42, 4.2, 4.41, false)]
    [InlineData(4.415, 4.425, 4.41, false)]
    [InlineData(0, 0, 4.41, false)]
    public void An_address_heard_after_a_pause_of_the_machine_came_in_it(double from, double to, double left, bool isGood)
    {
        Story story = Good();
        story.Address.Clear();
        story.Address.AddRange([(At(left + 0.02), true), (At(left + 0.03), false)]);
        story.Pauses.Add((At(from), At(to)));
        story.Journal.AddRange([new JournalFact(At(left - 0.01), "Stalled"), new JournalFact(At(left), "EnteredBackup")]);
        Assert.Equal(isGood, StoryChecker.Violations(story).Count == 0);
    }

    [Fact]
    public void A_journal_that_tells_of_too_few_steps_is_found()
    {
        Story story = Good();
        story.Journal.RemoveAll(fact => fact is { Kind: "StepEnded", Step: 0 });
        AssertFound(story, "G1: EnteredMaster", "with the steps 1 of 2");
    }

    [Fact]
    public void A_journal_that_does_not_tell_of_the_promotion_is_found()
    {
        Story story = Good();
        story.Journal.RemoveAll(fact => fact.Kind == "EnteredMaster");
        AssertFound(story, "the journal of that life does not tell of EnteredMaster");
    }

    [Fact]
    public void An_address_that_the_old_master_still_has_is_found()
    {
        Story story = Good();
        story.OldMaster.RemoveAll(each => !each.Added);
        AssertFound(story, "while the old master had it");
    }

    [Fact]
    public void A_success_without_a_script_that_said_so_is_found()
    {
        Story story = Good();
        story.Journal.Insert(3, new JournalFact(At(1.18), "StepEnded", 0, 1, true));
        AssertFound(story, "G2: attempt 1 succeeded", "its script never ended with 0");
    }

    [Fact]
    public void A_success_of_an_attempt_of_the_life_before_is_found()
    {
        Story story = Good();
        story.Scripts.Insert(1, new ScriptFact(At(1.3), "end", "fence", 1, 1, "0"));
        story.Journal.Insert(story.Journal.FindLastIndex(fact => fact.Kind == "Started") + 1, new JournalFact(At(2.1), "StepEnded", 0, 1, true));
        AssertFound(story, "G2: attempt 1 succeeded", "in a life that did not start it");
    }

    [Theory]
    [InlineData("beside", "ran beside another one")]
    [InlineData("forgotten", "the disk did not know of it")]
    public void What_a_script_complains_of_is_found(string what, string words)
    {
        Story story = Good();
        story.Scripts.Add(new ScriptFact(At(3.05), what, "fence", 10001, 1_000_001, ""));
        AssertFound(story, "G3: attempt 10001", words);
    }

    [Fact]
    public void A_number_that_is_used_again_is_found()
    {
        Story story = Good();
        Replace(story.Scripts, fact => fact.Attempt == 10001, fact => fact with { Attempt = 1 });
        Replace(story.Journal, fact => fact.Attempt == 10001, fact => fact with { Attempt = 1 });
        AssertFound(story, "G3: attempt 1 after attempt 1 in scripts");
    }

    [Fact]
    public void An_address_that_a_killed_life_left_is_found()
    {
        Story story = Good();
        story.Address.Insert(0, (At(1), true));
        AssertFound(story, "was still there when attempt 10001 began");
    }

    [Fact]
    public void A_torn_line_of_the_journal_is_passed_over_and_a_whole_one_is_read()
    {
        Assert.Null(JournalFact.Parse("{\"v\":1,\"at\":\"2026-01-01T00:0"));
        JournalFact read = JournalFact.Parse(
            "{\"v\":1,\"at\":\"2026-01-01T01:00:03+01:00\",\"mono\":1,\"boot\":\"b\",\"node\":\"n\",\"instance\":\"VI_1\",\"kind\":\"StepEnded\",\"phase\":\"Promoting\",\"first\":1,\"second\":1,\"attempt\":7,\"outcome\":\"Exited\",\"code\":0,\"text\":\"t\"}")!.Value;
        Assert.Equal(new JournalFact(At(3), "StepEnded", 1, 7, true), read);
    }

    private static DateTime At(double seconds) => Zero.AddSeconds(seconds);

    private static void AssertFound(Story story, params string[] words) =>
        Assert.Contains(StoryChecker.Violations(story), each => words.All(word => each.Contains(word, StringComparison.Ordinal)));

    private static void Replace<T>(List<T> list, Predicate<T> which, Func<T, T> change)
    {
        for (int i = 0; i < list.Count; i++)
        {
            if (which(list[i]))
            {
                list[i] = change(list[i]);
            }
        }
    }

    /// <summary>Killed at 1.2 while the first fence ran; the next life began at 2, fenced and ran, and took the address at 3.5.</summary>
    private static Story Good(bool isStubborn = false)
    {
        Story story = new() { IsStubborn = isStubborn };
        story.Kills.Add(At(1.2));
        story.OldMaster.AddRange([(At(0), true), (At(3.09), false)]);
        story.Address.Add((At(3.5), true));
        story.Scripts.AddRange([
            new ScriptFact(At(1.1), "begin", "fence", 1, 1, ""),
            new ScriptFact(At(3), "begin", "fence", 10001, 1_000_001, ""),
            new ScriptFact(At(3.1), "end", "fence", 10001, 1_000_001, "0"),
            new ScriptFact(At(3.2), "begin", "run", 10002, 1_000_001, ""),
            new ScriptFact(At(3.3), "end", "run", 10002, 1_000_001, "0"),
        ]);
        story.Journal.AddRange([
            new JournalFact(At(0), "Started"),
            new JournalFact(At(1), "PromotionStarted"),
            new JournalFact(At(1.05), "StepStarted", 0, 1),
            new JournalFact(At(2), "Started"),
            new JournalFact(At(2.1), "AttemptInterrupted", 0, 1),
            new JournalFact(At(2.2), "EnteredBackup"),
            new JournalFact(At(2.9), "PromotionStarted"),
            new JournalFact(At(2.91), "StepStarted", 0, 10001),
            new JournalFact(At(3.11), "StepEnded", 0, 10001, true),
            new JournalFact(At(3.12), "StepStarted", 1, 10002),
            new JournalFact(At(3.31), "StepEnded", 1, 10002, true),
            new JournalFact(At(3.4), "EnteredMaster"),
        ]);
        return story;
    }
}
