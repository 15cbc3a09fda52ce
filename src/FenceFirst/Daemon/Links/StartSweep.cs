using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Daemon.Links;

/// <summary>Removes what an earlier life of the daemon left in the kernel, before anything else is done: rules, routes, addresses, in the order of a release (G5).</summary>
/// <remarks>Routes and rules are ours when they are exactly as configured and carry the owner mark that we give them; an administrator's own ones do not.</remarks>
internal sealed class StartSweep(KernelRunner kernel, LinkTable links, LogWriter log, Action<int, SideEffect> refused)
{
    /// <summary>Removes and tells of everything that was there.</summary>
    public void Run(VrrpConfig instance, int index)
    {
        foreach (VirtualRule rule in instance.Rules)
        {
            Tell(instance, index, SideEffect.RemoveRules, $"rule {rule}", kernel.RemoveIfThere(rule, out bool wasThere), wasThere);
        }

        foreach (VirtualRoute route in instance.Routes)
        {
            // Without its interface a route is gone, and the request would mean any interface.
            if (route.Link < 0 || links.IndexOf(route.Link) != 0)
            {
                Tell(instance, index, SideEffect.RemoveRoutes, $"route {route}", kernel.RemoveIfThere(route, out bool wasThere), wasThere);
            }
        }

        foreach (VirtualAddress address in links.PresentOf(index))
        {
            SideEffect effect = instance.Addresses.Span.Contains(address) ? SideEffect.RemoveAddresses : SideEffect.RemoveExcluded;
            Tell(instance, index, effect, $"{address} on {links.NameOf(address.Link)}", kernel.Remove(address), wasThere: true);
        }
    }

    private void Tell(VrrpConfig instance, int index, SideEffect effect, string what, int errno, bool wasThere)
    {
        if (errno != 0)
        {
            refused(index, effect);
        }

        if (errno != 0 || wasThere)
        {
            string result = errno == 0 ? "removed" : $"could not be removed: {ErrnoText.Describe(errno)}; it is asked again";
            log.Write(
                errno == 0 ? TimelineLevel.Warning : TimelineLevel.Error, instance.Name, "sweep", $"({instance.Name}) {what} was left by an earlier run: {result}");
        }
    }
}
