using FenceFirst.Core;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Config;

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

        TimeSpan timeout = _promotions.BeforeVipTimeout(node);
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
        _config = _config with
        {
            Promotion = plan with { Steps = plan.Steps.Append(step).ToEquatableArray() },
            Notify = _config.Notify with { Master = null },
        };
    }

    private void Lint()
    {
        bool hasWeight = _config.TrackScripts.Concat(_config.TrackLinks).Concat(_config.TrackFiles).Concat(_config.TrackProcesses).Any(reference => reference.Weight != 0);
        if (hasWeight && !_config.IsPreempt)
        {
            _diagnostics.Add(
                DiagnosticCodes.WeightWithNopreempt,
                _nopreempt!.Span, // Without it the instance preempts.
                "with nopreempt on the other nodes a weight never moves the address: a lowered Master is left in place",
                "weight 0 makes a failing check a fault");
        }

        if (hasWeight && _config.IsOwner)
        {
            _diagnostics.Add(DiagnosticCodes.OwnerIgnoresWeights, _priority?.Span ?? block.Span, "with priority 255 no weight applies", "a priority up to 254");
        }

        _promotions.LintReach(_config);
        if (_promotionNode is not null)
        {
            _promotions.CheckRelease(_promotionNode, _config, isHmacBad: _hmac is not null && _config.Hmac is null);
        }

        if (_config.Promotion is not PromotionPlan plan || !plan.HasFence)
        {
            return;
        }

        _promotions.LintFence(_promotionNode!, plan, [_config]); // A fence only comes from it.
    }
}
