using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>Tracked files, as the adverts show them: the number times the weight, and fault with weight 0.</summary>
public sealed class TrackFileTests(ITestOutputHelper output)
{
    [NeedsFact("fencefirst")]
    public Task Our_priority_follows_the_file() => TellAsync((node, conf) => node.StartFenceFirst(conf));

    [NeedsFact("keepalived")]
    public Task The_priority_of_keepalived_follows_the_file() => TellAsync((node, conf) => node.StartKeepalived(conf));

    private async Task TellAsync(Func<Node, string, Daemon> start)
    {
        // Made at start with 3; then replaced by renaming, rewritten in place, deleted, and filled with what is no number.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        Capture capture = await lab.CaptureAsync();
        string number = Path.Combine(a.Folder, "number"), gate = Path.Combine(a.Folder, "gate");
        Daemon daemon = start(a, Conf.File(
            $"track_file number {{\n    file {number}\n    weight 2\n    init_file 3\n}}\ntrack_file gate {{\n    file {gate}\n    weight 0\n    init_file\n}}\n",
            new Conf(lab.Virtual) { Extra = "    track_file {\n        number\n        gate\n    }\n" }));
        await a.WaitForAddressAsync(lab.Virtual);
        DateTime from = (await capture.WaitForAdvertAsync(a, each => each.Priority == 106, "priority 106")).At;
        Assert.Equal("3", File.ReadAllText(number).Trim());
        Assert.Equal("0", File.ReadAllText(gate).Trim());

        a.WriteFile("number", "-5\n");
        from = (await capture.WaitForAdvertAsync(a, each => each.Priority == 90, "priority 90", from: from)).At;
        await File.WriteAllTextAsync(number, "0x10\n");
        from = (await capture.WaitForAdvertAsync(a, each => each.Priority == 132, "priority 132", from: from)).At;
        File.Delete(number);
        from = (await capture.WaitForAdvertAsync(a, each => each.Priority == 100, "priority 100", from: from)).At;
        await File.WriteAllTextAsync(number, "7\n");
        from = (await capture.WaitForAdvertAsync(a, each => each.Priority == 114, "priority 114", from: from)).At;
        await File.WriteAllTextAsync(number, "seven\n");
        await capture.WaitForAdvertAsync(a, each => each.Priority == 100, "priority 100 again", from: from);

        int mark = daemon.Log.Mark;
        await File.WriteAllTextAsync(gate, "1\n");
        await daemon.WaitForLogAsync("(VI_1) Entering FAULT STATE", 5, mark);
        await a.WaitForNoAddressAsync(lab.Virtual);
        await File.WriteAllTextAsync(gate, "0\n");
        await daemon.WaitForLogAsync("(VI_1) Entering BACKUP STATE", 5, mark);
        await a.WaitForAddressAsync(lab.Virtual);
        await capture.AssertCleanAsync();
    }

    [NeedsFact("fencefirst")]
    public async Task A_directory_may_come_and_go_and_bad_contents_are_told()
    {
        // keepalived does not watch a file whose directory is missing at start; here it is looked for every second, and its absence is said.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        string folder = Path.Combine(a.Folder, "later"), file = Path.Combine(folder, "number");
        Capture capture = await lab.CaptureAsync();
        Daemon daemon = a.StartFenceFirst(Conf.File(
            $"track_file number {{\n    file {file}\n}}\n", new Conf(lab.Virtual) { Extra = "    track_file {\n        number weight -1\n    }\n" }));
        await a.WaitForAddressAsync(lab.Virtual);
        await daemon.WaitForLogAsync($"track_file number: {file} cannot be read: No such file or directory: counts as 0");
        for (int round = 0; round < 2; round++)
        {
            DateTime from = DateTime.UtcNow;
            Directory.CreateDirectory(folder);
            await File.WriteAllTextAsync(file, "20\n");
            await capture.WaitForAdvertAsync(a, each => each.Priority == 80, "priority 80", from: from);
            from = DateTime.UtcNow;
            int mark = daemon.Log.Mark;
            await File.WriteAllTextAsync(file, "twenty\n");
            await daemon.WaitForLogAsync("does not begin with a number: counts as 0", 5, mark);
            await capture.WaitForAdvertAsync(a, each => each.Priority == 100, "priority 100", from: from);
            Directory.Delete(folder, recursive: true);
            await daemon.WaitForLogAsync("cannot be read: No such file or directory", 5, mark);
        }

        Directory.CreateDirectory(file);
        await daemon.WaitForLogAsync("is not a regular file: counts as 0", 5);
    }
}
