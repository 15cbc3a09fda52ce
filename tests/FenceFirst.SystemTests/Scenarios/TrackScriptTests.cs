using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>Track scripts with and without weight, as the adverts show them.</summary>
public sealed class TrackScriptTests(ITestOutputHelper output)
{
    [NeedsFact("fencefirst")]
    public Task Our_priority_follows_the_scripts() => TellAsync((node, conf) => node.StartFenceFirst(conf));

    [NeedsFact("keepalived")]
    public Task The_priority_of_keepalived_follows_the_scripts() => TellAsync((node, conf) => node.StartKeepalived(conf));

    private async Task TellAsync(Func<Node, string, Daemon> start)
    {
        // +3 while one succeeds, -5 while another fails, and a third without weight decides between having and not having the address.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        Capture capture = await lab.CaptureAsync();
        string definitions = "", tracked = "";
        foreach ((string name, int weight, string status) in new[] { ("pos", 3, "1"), ("nag", -5, "0"), ("zero", 0, "0") })
        {
            a.WriteFile(name, status);
            string script = a.WriteScript(name + ".sh", $"exit $(cat '{a.Folder}/{name}')");
            definitions += $"vrrp_script {name} {{\n    script \"{script}\"\n    interval 1\n    weight {weight}\n    fall 1\n    rise 1\n}}\n";
            tracked += $"        {name}\n";
        }
        Daemon daemon = start(a, Conf.File(definitions, new Conf(lab.Virtual) { Extra = $"    track_script {{\n{tracked}    }}\n" }));
        await a.WaitForAddressAsync(lab.Virtual);
        await capture.WaitForAdvertAsync(a, each => each.Priority == 100, "priority 100");
        a.WriteFile("pos", "0");
        Frame.Vrrp raised = await capture.WaitForAdvertAsync(a, each => each.Priority == 103, "priority 103");
        await daemon.WaitForLogAsync("(VI_1) Changing effective priority from 100 to 103");
        a.WriteFile("nag", "1");
        await capture.WaitForAdvertAsync(a, each => each.Priority == 98, "priority 98", from: raised.At);

        int mark = daemon.Log.Mark;
        a.WriteFile("zero", "1");
        await daemon.WaitForLogAsync("(VI_1) Entering FAULT STATE", 10, mark);
        await a.WaitForNoAddressAsync(lab.Virtual);
        mark = daemon.Log.Mark;
        a.WriteFile("zero", "0");
        await daemon.WaitForLogAsync("(VI_1) Entering BACKUP STATE", 10, mark);
        await a.WaitForAddressAsync(lab.Virtual);
        await capture.AssertCleanAsync();
    }
}
