using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <content>The promotion, and what the keywords of an instance mean together though each is good by itself.</content>
internal sealed partial class InstanceBinder
{
    /// <summary>notify_master_before_vip: the existing script becomes the last step, and is then not run again as a notification.</summary>
    private void CompletePromotion()
    {
        ConfigNode? node = _beforeVip ?? (_notifyMaster is null ? null : context.Globals.NotifyMasterBeforeVip);
        if (node is null)
        {
            return;
        }

        TimeSpan timeout = Promotions.BeforeVipTimeout(node);
        if (_notifyMaster is null)
        {
            _diagnostics.Add(DiagnosticCodes.MissingKeyword, node.Span, "notify_master_before_vip needs a notify_master in the instance", "notify_master \"COMMAND\"");
            return;
        }

        if (_config.Notify.Master is not CommandLine command)
        {
            return;
        }

        PromotionPlan plan = _config.Promotion ?? new PromotionPlan();
        PromotionStep step = new(StepKind.Run, "notify_master", command) { Timeout = timeout };
        _config.Promotion = plan with { Steps = plan.Steps.Append(step).ToEquatableArray() };
        _config.Notify = _config.Notify with { Master = null };
    }

    private void Lint(VrrpConfig config)
    {
        bool hasWeight = HasWeight(config.TrackScripts) || HasWeight(config.TrackLinks) || HasWeight(config.TrackFiles) || HasWeight(config.TrackProcesses);
        if (hasWeight && !config.IsPreempt)
        {
            _diagnostics.Add(
                DiagnosticCodes.WeightWithNopreempt,
                _nopreempt!.Span, // Without it the instance preempts.
                "with nopreempt on the other nodes a weight never moves the address: a lowered Master is left in place",
                "weight 0 makes a failing check a fault");
        }

        if (hasWeight && config.IsOwner)
        {
            _diagnostics.Add(DiagnosticCodes.OwnerIgnoresWeights, _priority?.Span ?? block.Span, "with priority 255 no weight applies", "a priority up to 254");
        }

        _promotions?.LintReach(config);
        if (_promotionNode is not null)
        {
            Promotions.CheckRelease(_promotionNode, config, isHmacBad: _hmac is not null && config.Hmac is null);
        }

        if (config.Promotion is not PromotionPlan plan || !plan.HasFence)
        {
            return;
        }

        Promotions.LintFence(_promotionNode!, plan, [config]); // A fence only comes from it.
    }

    private static bool HasWeight(EquatableArray<TrackReference> references)
    {
        foreach (TrackReference reference in references)
        {
            if (reference.Weight != 0)
            {
                return true;
            }
        }

        return false;
    }
}
