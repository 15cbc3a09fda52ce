using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <summary>Reads <c>watchdog DEVICE [required]</c>.</summary>
internal sealed class WatchdogBinder(BindContext context)
{
    private const string Required = "required";

    /// <summary>The watchdog with the timeout that fits the instances; null = none, or the line is bad, which is reported.</summary>
    public WatchdogConfig? Bind(ConfigNode? node, IReadOnlyCollection<VrrpConfig> instances)
    {
        if (node is null || node.Words.Count < 2)
        {
            return null;
        }

        string path = node.Value;
        if (!path.StartsWith('/'))
        {
            context.Diagnostics.Add(DiagnosticCodes.WatchdogBad, node.ValueSpan, $"watchdog: '{path}' is not the absolute path of a device", "watchdog /dev/watchdog [required]");
            return null;
        }

        bool isRequired = node.Words.Count > 2 && node.Words[2].Text == Required;
        if (node.Words.Count > 3 || (node.Words.Count > 2 && !isRequired))
        {
            Token word = node.Words[isRequired ? 3 : 2];
            context.Diagnostics.Add(DiagnosticCodes.UnknownOption, word.Span, $"watchdog: '{word.Text}' is not known after the device", $"only `{Required}` may follow");
            return null;
        }

        switch (context.Facts.Inspect(path)?.Kind)
        {
            case FileKind.Regular or FileKind.Folder:
                context.Diagnostics.Add(DiagnosticCodes.WatchdogBad, node.ValueSpan, $"watchdog: {path} is not a device: it would never reset the machine");
                return null;
            case null:
                context.Diagnostics.Add(
                    DiagnosticCodes.WatchdogMissing, node.ValueSpan, $"watchdog: there is no {path} on this machine{(isRequired ? ": no instance will become master" : "")}", "load the driver of the hardware, or softdog");
                break;
        }

        TimeSpan timeout = WatchdogConfig.TimeoutFor(instances);
        if (instances.FirstOrDefault(instance => instance.AdvertInterval * instance.DownTimerAdverts < WatchdogConfig.TimeoutMin) is { } fast)
        {
            context.Diagnostics.Add(
                DiagnosticCodes.WatchdogSlow,
                node.Span,
                $"watchdog: the peers of {fast.Name} take over before the second has passed that a watchdog needs at least",
                "a longer advert_int, or vip_lease, or a fence on the peers");
        }

        return new WatchdogConfig(path, isRequired, timeout);
    }
}
