using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim;

/// <summary>Draws sync groups over instances that were drawn by themselves, as the configuration would make them (docs/sync-groups.md).</summary>
internal static class SimGroups
{
    private enum Tracking
    {
        /// <summary>The group tracks: the same weight for every member.</summary>
        OfGroup = 0,

        /// <summary>Members track, with sync_group_tracking_weight.</summary>
        Weighted,

        /// <summary>Members track, without: weighted scripts are dropped, weighted interfaces are faults.</summary>
        Unweighted,
    }

    /// <summary>
    /// The same nodes with one group, or two of two; what is left stays by itself. The first member gives the promotion, the demotion and the priority; now and
    /// then the members keep their own priorities.
    /// </summary>
    public static NodeConfig[] Join(Prng chance, NodeConfig[] nodes)
    {
        int count = nodes[0].Instances.Count;
        int[][] groups = count == 4 && chance.OneIn(2) ? [[0, 1], [2, 3]] : [[.. Enumerable.Range(0, 2 + chance.Below(count - 1))]];
        if (chance.OneIn(3))
        {
            Array.ForEach(groups, Array.Reverse);
        }

        int links = chance.OneIn(4) ? 1 : 2;
        bool isSamePriority = !chance.OneIn(8);
        Tracking tracking = (Tracking)chance.Below(3);
        int weight = chance.Pick(0, -30);
        bool isScriptAdded = chance.OneIn(3) && nodes[0].Scripts.IsEmpty;
        bool isOtherLinkTracked = links > 1 && chance.OneIn(3);
        NodeConfig[] joined = new NodeConfig[nodes.Length];
        for (int i = 0; i < nodes.Length; i++)
        {
            VrrpConfig[] instances = [.. nodes[i].Instances.Select((instance, k) => instance with { Link = k % links, TrackLinks = [new TrackReference(k % links, 0, false)] })];
            for (int g = 0; g < groups.Length; g++)
            {
                VrrpConfig leader = instances[groups[g][0]];
                foreach (int member in groups[g])
                {
                    VrrpConfig one = instances[member];
                    if (isScriptAdded)
                    {
                        one = one with { TrackScripts = [new TrackReference(0, chance.Pick(0, -30), false)] };
                    }

                    if (isOtherLinkTracked)
                    {
                        one = one with { TrackLinks = [.. one.TrackLinks, new TrackReference((member + 1) % links, -20, false)] };
                    }

                    instances[member] = Track(one, tracking, weight) with
                    {
                        SyncGroup = g,
                        BasePriority = isSamePriority ? leader.BasePriority : one.BasePriority,
                        Promotion = leader.Promotion is { } plan ? plan with { IsReleaseEnough = false } : null,
                        Demotion = leader.Demotion,
                    };
                }
            }

            joined[i] = nodes[i] with
            {
                Links = links > 1 ? ["eth0", "eth1"] : ["eth0"],
                Scripts = isScriptAdded
                    ? [new ScriptTracker("check", SimCluster.Command("/check")) { Interval = TimeSpan.FromSeconds(2), Timeout = TimeSpan.FromSeconds(2) }]
                    : nodes[i].Scripts,
                Instances = instances.ToEquatableArray(),
                Groups = groups.Select((members, g) => new SyncGroupConfig($"G{g + 1}", members.ToEquatableArray())).ToEquatableArray(),
            };
        }

        return joined;
    }

    private static VrrpConfig Track(VrrpConfig member, Tracking tracking, int weight) => tracking switch
    {
        Tracking.OfGroup => member with
        {
            TrackScripts = member.TrackScripts.Select(script => script with { Weight = weight }).ToEquatableArray(),
            TrackLinks = member.TrackLinks.Select(link => link with { Weight = 0 }).ToEquatableArray(),
        },
        Tracking.Weighted => member,
        Tracking.Unweighted => member with
        {
            TrackScripts = member.TrackScripts.Where(script => script.Weight == 0).ToEquatableArray(),
            TrackLinks = member.TrackLinks.Select(link => link with { Weight = 0 }).ToEquatableArray(),
        },
    };
}
