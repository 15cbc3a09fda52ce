using FenceFirst.Tests.Repo;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>
/// Every transition of docs/order.md with the real kernel: the same is done to keepalived 2.2.7 and to us, side by side, and an observer that has no part of
/// either says in which order which of them did what. Expected is what the page says; it is made of the table that our machine walks.
/// </summary>
public sealed class OrderTests(ITestOutputHelper output)
{
    [OrderFact("keepalived", "fencefirst")]
    public Task From_start_to_stop() => OrderSide.BesideAsync(output, 1, async side =>
    {
        OrderConf conf = side.Configuration;
        conf.SetGate(0, 0);
        await side.ExpectAsync(OrderTable.Start, "BACKUP", side.Start);
        await side.ExpectAsync(OrderTable.Raise, "MASTER", () => { });
        await side.ExpectAsync(OrderTable.Assert, "MASTER_RX_LOWER_PRI", () => side.SayAsync(0, 50));
        await side.ExpectAsync(OrderTable.Answer, "", () => side.SayAsync(0, 0));
        await side.ExpectAsync(OrderTable.Restore, "", () => side.Node.RunAsync("ip", "addr", "del", $"{conf.Address(0)}/24", "dev", "eth0"));
        await side.ExpectAsync(OrderTable.RestoreExcluded, "", () => side.Node.RunAsync("ip", "addr", "del", $"{conf.Excluded(0)}/32", "dev", "eth0"));
        await side.ExpectAsync(OrderTable.RestoreRoute, "", () => side.Node.RunAsync("ip", "route", "del", $"{conf.Route(0)}/16"));
        await side.ExpectAsync(OrderTable.RestoreRule, "", () => side.Node.RunAsync("ip", "rule", "del", "priority", $"{OrderConf.RulePriority(0)}"));
        await side.ExpectAsync(OrderTable.Fault, "FAULT", () => conf.SetGate(0, 1));
        await side.ExpectAsync(OrderTable.Recover, "BACKUP", () => conf.SetGate(0, 0));
        await side.ExpectAsync(OrderTable.Raise, "MASTER", () => { });
        IDisposable? rival = null;
        await side.ExpectAsync(OrderTable.Yield, "BACKUP", () => rival = side.Rival(0));
        using (rival)
        {
            await side.ExpectAsync(OrderTable.Fail, "FAULT", () => conf.SetGate(0, 1));
            await side.ExpectAsync(OrderTable.Recover, "BACKUP", () => conf.SetGate(0, 0));
            await side.ExpectAsync(OrderTable.Stop, "STOP", () => side.Daemon!.Send(Signal.Term));
        }
    });

    [OrderFact("keepalived", "fencefirst")]
    public Task Of_owners_and_of_checks_that_have_not_run() => OrderSide.BesideAsync(output, 4, async side =>
    {
        OrderConf conf = side.Configuration;
        conf.IsOwnerFirst = true;
        for (int i = 0; i < 4; i++)
        {
            conf.SetGate(i, 0);
        }
        OrderWish[] none = [new(0, OrderTable.Nothing, ""), new(1, OrderTable.Nothing, ""), new(2, OrderTable.Nothing, ""), new(3, OrderTable.Nothing, "")];
        await side.ExpectAsync([new(0, OrderTable.Raise, "MASTER"), .. none[1..]], side.Start);
        await side.ExpectAsync([none[0], new(1, OrderTable.Start, "BACKUP"), new(2, OrderTable.Fail, "FAULT"), new(3, OrderTable.Raise, "MASTER")], conf.LetChecksEnd);

        // After a fault an owner waits as everybody does.
        await side.ExpectAsync([new(3, OrderTable.Fault, "FAULT")], () => conf.SetGate(3, 1));
        await side.ExpectAsync([new(3, OrderTable.Recover, "BACKUP")], () => conf.SetGate(3, 0));
        await side.ExpectAsync(
            [new(0, OrderTable.Leave, "STOP"), new(1, OrderTable.Stop, "STOP"), new(2, OrderTable.Stop, "STOP"), new(3, OrderTable.Stop, "STOP")], () => side.Daemon!.Send(Signal.Term));
    });
}

/// <summary>As <see cref="OrderTests"/>; apart, so that it runs beside it.</summary>
public sealed class OrderOfReloadTests(ITestOutputHelper output)
{
    // Shown: instances that come and go, and one whose next advert of the grid is 40 s away: every advert that it sends is another one.
    [OrderFact("keepalived", "fencefirst")]
    public Task With_reloads() => OrderSide.BesideAsync(output, 4, async side =>
    {
        OrderConf conf = side.Configuration;
        conf.SetGate(0, 1);
        conf.SetGate(1, 0);
        conf.SetGate(2, 1);
        conf.SetGate(3, 0);
        conf.FarOwner = 3;
        await side.ExpectAsync([new(0, OrderTable.Fail, "FAULT"), new(1, OrderTable.Start, "BACKUP"), new(2, OrderTable.Fail, "FAULT"), new(3, OrderTable.Raise, "MASTER")], side.Start);
        await side.ExpectAsync([new(1, OrderTable.Raise, "MASTER")], () => { });
        await side.ExpectAsync(OrderTable.Recover, "BACKUP", () => conf.SetGate(0, 0));
        await side.ExpectAsync(OrderTable.Raise, "MASTER", () => { });
        await side.ExpectAsync([new(0, OrderTable.Reload, ""), new(3, OrderTable.ReloadHeard, "")], () =>
        {
            conf.HasMore = true;
            conf.HasFarMore = true;
            side.Reload();
        });
        await side.ExpectAsync([new(0, OrderTable.ReloadLess, ""), new(3, OrderTable.ReloadOfNothing, "")], () =>
        {
            conf.HasMore = false;
            side.Reload();
        });
        conf.SetGate(4, 0);
        conf.SetGate(5, 1);
        OrderWish[] reloaded =
        [
            new(0, OrderTable.Leave, "DELETED"),
            new(1, OrderTable.Nothing, ""),
            new(2, OrderTable.Delete, "DELETED"),
            new(3, OrderTable.ReloadOfNothing, ""),
            new(4, OrderTable.Start, "BACKUP"),
            new(5, OrderTable.Fail, "FAULT"),
        ];
        await side.ExpectAsync(reloaded, () =>
        {
            conf.Remove(0);
            conf.Remove(2);
            conf.Add(4);
            conf.Add(5);
            side.Reload();
        });
        await side.ExpectAsync([new(4, OrderTable.Raise, "MASTER")], () => { });
        await side.ExpectAsync([new(1, OrderTable.Leave, "STOP"), new(4, OrderTable.Leave, "STOP"), new(5, OrderTable.Stop, "STOP")], () => side.Daemon!.Send(Signal.Term));
    });
}

/// <summary>As <see cref="OrderTests"/>; apart, so that it runs beside it.</summary>
public sealed class OrderOfGroupTests(ITestOutputHelper output)
{
    [OrderFact("keepalived", "fencefirst")]
    public Task Of_a_sync_group() => OrderSide.BesideAsync(output, 2, async side =>
    {
        OrderConf conf = side.Configuration;
        conf.IsGrouped = true;
        conf.SetGate(0, 0);
        conf.SetGate(1, 0);
        OrderWish[] Both(OrderRow row, string state) => [new(0, row, state), new(1, row, state)];
        await side.ExpectAsync(Both(OrderTable.Start, "BACKUP"), side.Start, "BACKUP");
        await side.ExpectAsync(Both(OrderTable.Raise, "MASTER"), () => { }, "MASTER");
        await side.ExpectAsync([new(0, OrderTable.Leave, "FAULT"), new(1, OrderTable.Fault, "FAULT")], () => conf.SetGate(1, 1), "FAULT");
        await side.ExpectAsync(Both(OrderTable.Recover, "BACKUP"), () => conf.SetGate(1, 0), "BACKUP");
        await side.ExpectAsync(Both(OrderTable.Raise, "MASTER"), () => { }, "MASTER");
        IDisposable? rival = null;
        await side.ExpectAsync(Both(OrderTable.Yield, "BACKUP"), () => rival = side.Rival(0), "BACKUP");
        using (rival)
        {
            await side.ExpectAsync(Both(OrderTable.Stop, "STOP"), () => side.Daemon!.Send(Signal.Term), "STOP");
        }
    });
}

/// <summary>As <see cref="OrderTests"/>; apart, so that it runs beside it.</summary>
public sealed class OrderOfStallTests(ITestOutputHelper output)
{
    // Shown: three masters are stopped for longer than their peers wait. Of the first nobody spoke meanwhile, of the second a lower priority, of the third a higher one.
    [OrderFact("keepalived", "fencefirst")]
    public Task When_own_timers_are_late() => OrderSide.BesideAsync(output, 3, async side =>
    {
        await StallAsync(side, [new(0, OrderTable.Stall, "BACKUP"), new(1, OrderTable.StallLower, side.IsOurs ? "BACKUP" : "MASTER_RX_LOWER_PRI"), new(2, OrderTable.StallBetter, "BACKUP")]);
        await side.ExpectAsync(
            side.IsOurs
                ? [new(0, OrderTable.Raise, "MASTER"), new(1, OrderTable.Raise, "MASTER"), new(2, OrderTable.Raise, "MASTER")]
                : [new(0, OrderTable.Nothing, ""), new(1, OrderTable.Nothing, ""), new(2, OrderTable.Raise, "MASTER")],
            () => { });
    });

    // Shown: a keepalived that knows timer_expired_backup.
    [OrderFact("keepalived-2.4", "fencefirst")]
    public Task When_own_timers_are_late_and_keepalived_knows_it() => OrderSide.BesideAsync(
        output,
        3,
        side => StallAsync(side, [new(0, OrderTable.StallKnown, "BACKUP"), new(1, OrderTable.StallKnown, "BACKUP"), new(2, OrderTable.StallKnown, "BACKUP")]),
        "keepalived-2.4");

    private static async Task StallAsync(OrderSide side, OrderWish[] wishes)
    {
        OrderConf conf = side.Configuration;
        conf.IsLatenessTold = true;
        OrderWish[] all = [new(0, OrderTable.Start, "BACKUP"), new(1, OrderTable.Start, "BACKUP"), new(2, OrderTable.Start, "BACKUP")];
        for (int i = 0; i < all.Length; i++)
        {
            conf.SetGate(i, 0);
        }
        await side.ExpectAsync(all, side.Start);
        await side.ExpectAsync([.. all.Select(each => each with { Row = OrderTable.Raise, State = "MASTER" })], () => { });
        await side.ExpectAsync(wishes, async () =>
        {
            side.Suspend();
            side.SayUnheard(1, 50);
            side.SayUnheard(2, 200);
            await side.GoOnAsync(OrderConf.MasterDown + TimeSpan.FromSeconds(0.7));
        });
    }
}

/// <summary>As <see cref="OrderTests"/>; apart, so that it runs beside it.</summary>
public sealed class OrderOfUnicastTests(ITestOutputHelper output)
{
    // Shown: one instance at a time, since both have the same address of their own to announce.
    [OrderFact("keepalived", "fencefirst")]
    public Task With_unicast_peers() => OrderSide.BesideAsync(output, 2, async side =>
    {
        OrderConf conf = side.Configuration;
        conf.IsUnicast = true;
        conf.SetGate(0, 0);
        conf.SetGate(1, 0);
        await side.ExpectAsync([new(0, OrderTable.StartUnicast, "BACKUP"), new(1, OrderTable.Nothing, "")], side.Start);
        await side.ExpectAsync([new(0, OrderTable.Nothing, ""), new(1, OrderTable.StartUnicastAfterChecks, "BACKUP")], conf.LetChecksEnd);
        await side.ExpectAsync(OrderTable.Fail, "FAULT", () => conf.SetGate(0, 1));
        await side.ExpectAsync(OrderTable.RecoverUnicast, "BACKUP", () => conf.SetGate(0, 0));
        await side.ExpectAsync([new(0, OrderTable.Stop, "STOP"), new(1, OrderTable.Stop, "STOP")], () => side.Daemon!.Send(Signal.Term));
    });
}

/// <summary>As <see cref="OrderTests"/>; apart, so that it runs beside it.</summary>
public sealed class OrderOfMishapsTests(ITestOutputHelper output)
{
    [OrderFact("keepalived", "fencefirst")]
    public Task With_a_second_burst_a_priority_a_cable_and_a_kill() => OrderSide.BesideAsync(output, 1, async side =>
    {
        OrderConf conf = side.Configuration;
        conf.IsTalkative = true;
        conf.SetGate(0, 0);
        conf.SetWeight(0);
        await side.ExpectAsync(OrderTable.Start, "BACKUP", side.Start);
        await side.ExpectAsync(OrderTable.Raise, "MASTER", () => { });
        await side.ExpectAsync(OrderTable.SecondBurst, "", () => { });
        await side.ExpectAsync(OrderTable.Priority, "MASTER_PRIORITY", () => conf.SetWeight(-20));
        IDisposable? rival = null;
        await side.ExpectAsync(OrderTable.YieldAloud, "BACKUP", () => rival = side.Rival(0));
        rival?.Dispose();
        await side.ExpectAsync(OrderTable.Raise, "MASTER", () => { });
        await side.ExpectAsync(OrderTable.FaultOfCable, "FAULT", () => side.Lab.SetCableAsync(side.Node, false));
        await side.ExpectAsync(OrderTable.Recover, "BACKUP", () => side.Lab.SetCableAsync(side.Node, true));
        await side.ExpectAsync(OrderTable.Raise, "MASTER", () => { });
        side.Daemon!.Crash();
        await side.Daemon.WaitForExitAsync();
        conf.SetWeight(0);
        await side.ExpectAsync(OrderTable.StartAnew, "BACKUP", side.Start);
        await side.ExpectAsync(OrderTable.Stop, "STOP", () => side.Daemon!.Send(Signal.Term));
    });
}

/// <summary>As <see cref="OrderTests"/>; apart, so that it runs beside it.</summary>
public sealed class OrderOfGroupFaultTests(ITestOutputHelper output)
{
    [OrderFact("keepalived", "fencefirst")]
    public Task Of_a_sync_group_in_trouble() => OrderSide.BesideAsync(output, 2, async side =>
    {
        OrderConf conf = side.Configuration;
        conf.IsGrouped = true;
        conf.SetGate(0, 1);
        conf.SetGate(1, 0);
        OrderWish[] Both(OrderRow row, string state) => [new(0, row, state), new(1, row, state)];
        await side.ExpectAsync(Both(OrderTable.Fail, "FAULT"), side.Start, "FAULT");
        await side.ExpectAsync(Both(OrderTable.Recover, "BACKUP"), () => conf.SetGate(0, 0), "BACKUP");
        await side.ExpectAsync(Both(OrderTable.Fail, "FAULT"), () => conf.SetGate(1, 1), "FAULT");
        await side.ExpectAsync(Both(OrderTable.Recover, "BACKUP"), () => conf.SetGate(1, 0), "BACKUP");
        await side.ExpectAsync(Both(OrderTable.Raise, "MASTER"), () => { }, "MASTER");
        await side.ExpectAsync(
            [new(0, OrderTable.Restore, ""), new(1, OrderTable.RestoreMember, "")],
            () => side.Node.RunAsync("ip", "addr", "del", $"{conf.Address(0)}/24", "dev", "eth0"),
            side.IsOurs ? "" : "MASTER");
        await side.ExpectAsync(Both(OrderTable.Stall, "BACKUP"), () =>
        {
            side.Suspend();
            return side.GoOnAsync(OrderConf.MasterDown + TimeSpan.FromSeconds(0.7));
        }, side.IsOurs ? "BACKUP" : "");
        if (side.IsOurs)
        {
            await side.ExpectAsync(Both(OrderTable.Raise, "MASTER"), () => { }, "MASTER");
        }
        await side.ExpectAsync(Both(OrderTable.Leave, "STOP"), () => side.Daemon!.Send(Signal.Term), "STOP");
    });
}

/// <summary>As <see cref="OrderTests"/>; apart, so that it runs beside it.</summary>
public sealed class OrderOfIPv6Tests(ITestOutputHelper output)
{
    [OrderFact("keepalived", "fencefirst")]
    public Task With_addresses_of_IPv6() => OrderSide.BesideAsync(output, 1, async side =>
    {
        OrderConf conf = side.Configuration;
        conf.IsIPv6 = true;
        conf.SetGate(0, 0);
        await side.ExpectAsync(OrderTable.Start, "BACKUP", side.Start);
        await side.ExpectAsync(OrderTable.Raise, "MASTER", () => { });
        await side.ExpectAsync(OrderTable.Restore, "", () => side.Node.RunAsync("ip", "addr", "del", conf.Prefix(0), "dev", "eth0"));
        await side.ExpectAsync(OrderTable.Fault, "FAULT", () => conf.SetGate(0, 1));
        await side.ExpectAsync(OrderTable.Recover, "BACKUP", () => conf.SetGate(0, 0));
        await side.ExpectAsync(OrderTable.Raise, "MASTER", () => { });
        await side.ExpectAsync(OrderTable.Leave, "STOP", () => side.Daemon!.Send(Signal.Term));
    });
}

/// <summary>As <see cref="OrderTests"/>; apart, so that it runs beside it.</summary>
public sealed class OrderOfFilterTests(ITestOutputHelper output)
{
    [OrderFact("keepalived", "fencefirst")]
    public Task With_static_items_and_no_accept() => OrderSide.BesideAsync(output, 2, async side =>
    {
        OrderConf conf = side.Configuration;
        conf.HasStatic = true;
        conf.IsFiltered = true;
        conf.SetGate(0, 0);
        conf.SetGate(1, 0);
        await side.ExpectAsync([new(0, OrderTable.StartStatic, "BACKUP"), new(1, OrderTable.Start, "BACKUP")], side.Start);
        await side.ExpectAsync([new(0, OrderTable.Raise, "MASTER"), new(1, OrderTable.RaiseFiltered, "MASTER")], () => { });
        await side.ExpectAsync([new(0, OrderTable.LeaveStatic, "STOP"), new(1, OrderTable.LeaveFiltered, "STOP")], () => side.Daemon!.Send(Signal.Term));
    });
}
