using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <content><c>fence a and b then c</c>: levels of devices, what they have to have in common, and what goes with them.</content>
internal sealed partial class PromotionBinder
{
    /// <summary>What release_is_enough needs besides; asked when the whole instance is known.</summary>
    /// <param name="block">The promotion block.</param>
    /// <param name="config">The instance.</param>
    /// <param name="isHmacBad">Whether there is an auth_hmac block that was refused: then that is what has to be mended.</param>
    public void CheckRelease(ConfigNode block, VrrpConfig config, bool isHmacBad)
    {
        ConfigNode? node = block.Children.LastOrDefault(each => each.Name == "release_is_enough");
        if (node is null || config.Promotion is not { IsReleaseEnough: true } plan)
        {
            return;
        }

        if (config.Hmac is not { IsReleaseTrustworthy: true } && !isHmacBad)
        {
            (string why, string hint) = config.Hmac switch
            {
                null => ("adverts are not signed", "auth_hmac { key ... active_key ... } on all nodes"),
                { Mode: not Core.Wire.HmacMode.Enforce } => ("auth_hmac accepts unsigned adverts as well", "mode enforce, the default, once all nodes sign"),
                _ => ("anti_replay monotonic accepts an advert that was held back for days", "anti_replay time, the default"),
            };
            context.Diagnostics.Add(
                DiagnosticCodes.ReleaseNotTrusted, node.Span, $"release_is_enough yes is refused: {why}, and a priority 0 that is delayed, replayed or forged would be a false release", $"{hint}; or `release_is_enough no`");
        }

        if (!plan.HasFence)
        {
            context.Diagnostics.Add(DiagnosticCodes.NoEffect, node.Span, "release_is_enough has no effect: this promotion has no fence that a release could replace");
        }

        if (node.Span.Source is { } source && source.Line(node.Span.Line).TrimStart().StartsWith('@' + Preprocessor.OwnConfigId, StringComparison.Ordinal))
        {
            context.Diagnostics.Add(
                DiagnosticCodes.ReleaseOfKeepalived,
                node.Span,
                "this file is written for keepalived too: a plain keepalived sends priority 0 before its addresses are gone and its scripts have run, and nobody would fence it then",
                "release_is_enough yes only where every node runs FenceFirst");
        }

        if (config.Demotion is { IsReleasedOnFailure: true })
        {
            context.Diagnostics.Add(
                DiagnosticCodes.ReleaseOnFailure, node.Span, "with `on_failure release` a node releases although its demotion has failed, and with release_is_enough nobody fences it then", "demotion { on_failure silent }");
        }
    }

    /// <summary>One `fence` line: names in a row are steps of their own, `and` and `then` make one step of several devices.</summary>
    private void Fences(ConfigNode node, List<PromotionStep> steps)
    {
        List<Token> words = node.Words[1..];
        if (words.Any(word => word.Text is "and" or "then"))
        {
            AddIfBound(steps, Levels(words));
            return;
        }

        foreach (Token word in words)
        {
            AddIfBound(steps, Device(word)?.Step);
        }
    }

    private FenceDevice? Device(Token word)
    {
        if (!devices.TryGetValue(word.Text, out FenceDevice? device))
        {
            context.Diagnostics.Add(DiagnosticCodes.UndefinedName, word.Span, $"there is no fence_device {word.Text}", "fence_device NAME { ... } at the top level");
            return null;
        }

        if (device.Step is not null && device.Step.Targets.Any(context.IsOwnAddress))
        {
            context.Diagnostics.Add(
                DiagnosticCodes.FenceSelf,
                word.Span,
                $"fence_device {word.Text} fences an address of this machine: the node would shoot itself",
                "in a file shared by the nodes, put @NODE before the line (config id: the host name up to the first dot)");
        }

        return device;
    }

    /// <summary>DEVICE [and DEVICE ...] [then DEVICE [and DEVICE ...] ...]; null with at least one error.</summary>
    private PromotionStep? Levels(List<Token> words)
    {
        for (int i = 0; i < words.Count; i++)
        {
            bool isJoint = words[i].Text is "and" or "then";
            if (isJoint != (i % 2 == 1) || (isJoint && i == words.Count - 1))
            {
                context.Diagnostics.Add(
                    DiagnosticCodes.FenceExpression,
                    words[i].Span,
                    isJoint ? $"`{words[i].Text}` stands between two names" : $"before {words[i].Text} `and` or `then` is missing",
                    "fence a and b then c; for another peer write another `fence` line");
                return null;
            }
        }

        List<List<(Token Word, PromotionStep Device)>> levels = [[]];
        bool isGood = true;
        for (int i = 0; i < words.Count; i++)
        {
            if (words[i].Text == "then")
            {
                levels.Add([]);
            }
            else if (words[i].Text != "and")
            {
                PromotionStep? device = Device(words[i])?.Step;
                isGood &= device is not null && Fits(words[i], device, levels);
                levels[^1].Add((words[i], device!)); // Not used unless all are good.
            }
        }

        if (!isGood)
        {
            return null;
        }

        PromotionStep first = levels[0][0].Device;
        return new PromotionStep(StepKind.Fence, string.Join(' ', words.Select(word => word.Text)), first.Command)
        {
            Targets = first.Targets,
            Levels = levels.Select(level => new FenceLevel(InOrder(level.ConvertAll(each => each.Device)))).ToEquatableArray(),
        };
    }

    /// <summary>Whether a device may follow those before it; they are good, or the answer does not matter any more.</summary>
    private bool Fits(Token word, PromotionStep device, List<List<(Token Word, PromotionStep Device)>> before)
    {
        List<(Token Word, PromotionStep Device)> level = before[^1];
        if (level.Any(each => each.Word.Text == word.Text))
        {
            context.Diagnostics.Add(DiagnosticCodes.FenceExpression, word.Span, $"{word.Text} stands twice in one level", "`attempts N` in its fence_device tries it again");
            return false;
        }

        if (before.Count > FenceLevel.LevelsMax || level.Count == FenceLevel.DevicesMax)
        {
            context.Diagnostics.Add(DiagnosticCodes.FenceExpression, word.Span, $"a fence has at most {FenceLevel.LevelsMax} levels of {FenceLevel.DevicesMax} devices");
            return false;
        }

        (Token Word, PromotionStep? Device) first = before[0].Count > 0 ? before[0][0] : (word, device);
        if (first.Device is { } other && (other.Targets.Count != device.Targets.Count || device.Targets.Any(target => !other.Targets.Contains(target))))
        {
            context.Diagnostics.Add(
                DiagnosticCodes.FenceTargetsDiffer,
                word.Span,
                $"{word.Text} fences {string.Join(' ', device.Targets.Select(target => target.ToString()))}, but {first.Word.Text} fences {string.Join(' ', other.Targets.Select(target => target.ToString()))}: "
                + "joined by `and` or `then` they are one fence of the same peers, and a level that covers fewer would leave one alive",
                "write the same `targets` in both devices, or a `fence` line for each of them");
            return false;
        }

        if (level.Count > 0 && level[0].Device is { } neighbour && (IsReboot(neighbour) || IsReboot(device)) && !(IsVerifiedReboot(neighbour) && IsVerifiedReboot(device)))
        {
            context.Diagnostics.Add(
                DiagnosticCodes.FenceRebootTogether,
                word.Span,
                $"{level[0].Word.Text} and {word.Text} cannot reboot together: all have to be proved off before one is switched on again",
                "`agent`, `action reboot` and `verify yes` for every device that `and` joins, or `action off` for all of them");
            return false;
        }

        return true;
    }

    private static bool IsReboot(PromotionStep device) => device.Agent is { Action: FenceAction.Reboot };

    private static bool IsVerifiedReboot(PromotionStep device) => device.Agent is { Action: FenceAction.Reboot, IsVerified: true };

    /// <summary>Devices that reboot together: all off, and only then all on again. A single one does so by itself.</summary>
    private static EquatableArray<PromotionStep> InOrder(List<PromotionStep> level)
    {
        if (level.Count == 1 || !IsReboot(level[0]))
        {
            return level.ToEquatableArray();
        }

        IEnumerable<PromotionStep> off = level.Select(device => device with { Agent = device.Agent! with { Action = FenceAction.Off } }); // IsReboot: an agent.
        IEnumerable<PromotionStep> on = level.Select(device => device with
        {
            Agent = device.Agent! with { Action = FenceAction.On },
            Attempts = 1,
            Delay = TimeSpan.Zero,
            RandomDelay = TimeSpan.Zero,
            PriorityDelay = TimeSpan.Zero,
        });
        return off.Concat(on).ToEquatableArray();
    }

    /// <summary>Two nodes that start at once and do not hear each other both fence. Only one of them can have the delay, so `delay 0` is an answer too.</summary>
    private void WarnWithoutDelay(ConfigNode block)
    {
        ConfigNode? first = block.Children.FirstOrDefault(node => node.Name == "fence");
        IEnumerable<FenceDevice> used = block.Children.Where(node => node.Name == "fence").SelectMany(node => node.Words.Skip(1))
            .Select(word => devices.GetValueOrDefault(word.Text)).OfType<FenceDevice>();
        if (first is not null && used.Any() && !used.Any(device => device.IsDelayGiven))
        {
            context.Diagnostics.Add(
                DiagnosticCodes.FenceWithoutDelay,
                first.Span,
                "no device of this promotion has a `delay`: two nodes that start at the same time and do not hear each other would shoot each other",
                "`delay 0` in the fence_device on one node, and on the other one a delay longer than the fence needs to switch off");
        }
    }

    /// <summary>delay N [random M] [priority P].</summary>
    private FenceDelay Delay(ConfigNode node)
    {
        FenceDelay delay = default;
        bool isGood = node.Words.Count is 2 or 4 or 6;
        for (int i = 2; isGood && i < node.Words.Count; i += 2)
        {
            isGood = node.Words[i].Text is "random" or "priority" && node.Words.Skip(2).Count(word => word.Text == node.Words[i].Text) == 1;
        }

        if (!isGood)
        {
            if (node.Words.Count > 1)
            {
                context.Diagnostics.Add(DiagnosticCodes.UnknownOption, node.ValueSpan, "delay is `delay SECONDS [random SECONDS] [priority SECONDS]`");
            }

            return delay;
        }

        delay = delay with { Seconds = Seconds(node.Words[1], "delay") };
        for (int i = 2; i < node.Words.Count; i += 2)
        {
            TimeSpan value = Seconds(node.Words[i + 1], node.Words[i].Text);
            delay = node.Words[i].Text == "random" ? delay with { Random = value } : delay with { Priority = value };
        }

        return delay;
    }

    private TimeSpan Seconds(Token word, string what) => _values.TrySeconds(word, 0, 86400, 3, what, out TimeSpan seconds) ? seconds : default;

    /// <summary>The words of `delay`.</summary>
    private readonly record struct FenceDelay(TimeSpan Seconds, TimeSpan Random, TimeSpan Priority);
}
