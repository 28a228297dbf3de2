using HaMirror.Core.Api;
using HaMirror.Files.Tests.Replication;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>A disk of one of two real agents breaks or hangs (G7).</summary>
[Collection(AgentsCollection.Name)]
public sealed class DiskFaultTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PrimaryDisk_Breaks_IsServedThroughThePeerUntilASwapAndAttach(bool replaced)
    {
        using var disk = new FaultyDisk();
        await using var pair = await AgentPair.CreateAsync(diskOfOne: disk);
        await pair.StartAsync();
        using (var file = new FileStream(AgentPair.Data(pair.One) + "/disk.img", FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1))
        {
            Append(file, "before");
            disk.Break();
            Append(file, "during");
            Assert.Equal("before during ", Content(file));
        }

        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
        var status = await pair.One.StatusAsync(AgentPair.Module);
        Assert.Contains("hamirror swap", $"{status.Reason} {string.Join(' ', status.Notes)}", StringComparison.Ordinal);
        Assert.Equal("Outdated", status.Condition);
        Assert.True(AgentPair.Serves(pair.One));

        await pair.One.ActAsync(AgentPair.Module, "swap");
        await pair.ExpectAsync("WAIT NotReady", "ALONE Ready");
        Assert.Equal("before during ", File.ReadAllText(AgentPair.Data(pair.Two) + "/disk.img"));
        Assert.Contains("hamirror attach", (await pair.One.StatusAsync(AgentPair.Module)).Reason, StringComparison.Ordinal);

        // Still broken: it is tried, and refused.
        await pair.One.ActAsync(AgentPair.Module, "attach");
        await Deadline.HoldsAsync("the broken disk is refused", AgentProcess.Patience, async () =>
            (await pair.One.StatusAsync(AgentPair.Module)).Reason?.Contains("A file to try the disk with", StringComparison.Ordinal) == true
            || (await pair.One.StatusAsync(AgentPair.Module)).State == "STOP", () => pair.Story);

        await pair.One.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync(pair.One, "STOP NotReady");
        if (replaced)
        {
            disk.Replace();
            Directory.CreateDirectory(AgentPair.Data(pair.One));
        }
        else
        {
            disk.Repair();
        }
        await pair.One.ActAsync(AgentPair.Module, "attach");
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready");
        Assert.Empty((await pair.One.StatusAsync(AgentPair.Module)).Notes);
        await pair.One.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync(pair.One, "STOP NotReady");
        await pair.Two.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync(pair.Two, "STOP NotReady");
        Assert.Equal("before during ", File.ReadAllText(AgentPair.Data(pair.One) + "/disk.img"));
        pair.ExpectEqualReplicas();
    }

    [Fact]
    public async Task PrimaryDisk_BreaksAndThenThePeerIsLost_EndsTheServiceAndOnlyThePeerStartsAgain()
    {
        using var disk = new FaultyDisk();
        await using var pair = await AgentPair.CreateAsync(diskOfOne: disk);
        await pair.StartAsync();
        using (var file = new FileStream(AgentPair.Data(pair.One) + "/disk.img", FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1))
        {
            Append(file, "before");
            disk.Break();
            Append(file, "during");
            await pair.Two.KillAsync();
            Assert.ThrowsAny<IOException>(() => Append(file, "lost"));
        }
        await pair.ExpectAsync(pair.One, "WAIT NotReady");
        Assert.False(AgentPair.Serves(pair.One));
        await pair.Two.StartAsync();
        await pair.ExpectAsync(pair.Two, "ALONE Ready");
        Assert.Equal("before during ", File.ReadAllText(AgentPair.Data(pair.Two) + "/disk.img"));
        await pair.ExpectAsync(pair.One, "WAIT NotReady");
    }

    [Fact]
    public async Task PrimaryDisk_Hangs_IsServedThroughThePeerAndTheMountLives()
    {
        using var disk = new FaultyDisk(canHang: true);
        await using var pair = await AgentPair.CreateAsync(diskOfOne: disk);
        await pair.StartAsync();
        using var file = new FileStream(AgentPair.Data(pair.One) + "/disk.img", FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1);
        Append(file, "before");
        disk.Hang();
        try
        {
            var appended = Task.Run(() => Append(file, "during"));
            await appended.WaitAsync(TimeSpan.FromSeconds(15)); // checktime is 10 s
            Assert.Equal("before during ", Content(file));
            await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
            Assert.Contains("has not answered", string.Join(' ', (await pair.One.StatusAsync(AgentPair.Module)).Notes)
                + (await pair.One.StatusAsync(AgentPair.Module)).Reason, StringComparison.Ordinal);
        }
        finally
        {
            disk.Resume();
        }
        Append(file, "after");
        Assert.Equal("before during after ", Content(file));
        Assert.Equal("before during after ", await File.ReadAllTextAsync(AgentPair.Data(pair.Two) + "/disk.img"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task StandbyDisk_BreaksOrHangs_LeavesThePrimaryAloneAndIsSaidWithTheRemedy(bool hangs)
    {
        using var disk = new FaultyDisk(canHang: hangs);
        await using var pair = await AgentPair.CreateAsync(diskOfTwo: disk);
        await pair.StartAsync();
        using var file = new FileStream(AgentPair.Data(pair.One) + "/disk.img", FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1);
        Append(file, "before");
        if (hangs) disk.Hang();
        else disk.Break();
        try
        {
            var began = Environment.TickCount64;
            await Task.Run(() => Append(file, "during"));
            Assert.InRange(Environment.TickCount64 - began, 0, 3000 + 4000); // locktimeout, and a busy machine
            await pair.ExpectAsync(pair.One, "ALONE Ready");
            await Deadline.HoldsAsync("the standby says what is wrong and what helps", AgentProcess.Patience, async () =>
            {
                var status = await pair.Two.StatusAsync(AgentPair.Module);
                var said = $"{status.Reason} {string.Join(' ', status.Notes)}";
                return status is { State: "WAIT", Condition: "Outdated" } && said.Contains("epair", StringComparison.Ordinal)
                    && said.Contains(hangs ? "not answered" : "EIO", StringComparison.Ordinal);
            }, () => pair.Story);
        }
        finally
        {
            disk.Resume();
        }
        Append(file, "after");
        if (hangs)
        {
            // A disk that answers again needs nobody.
            await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
            Assert.Empty((await pair.Two.StatusAsync(AgentPair.Module)).Notes);
        }
    }

    private static void Append(FileStream file, string word)
    {
        file.Seek(0, SeekOrigin.End);
        file.Write(System.Text.Encoding.ASCII.GetBytes(word + " "));
        file.Flush(flushToDisk: true);
    }

    private static string Content(FileStream file)
    {
        file.Seek(0, SeekOrigin.Begin);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return System.Text.Encoding.ASCII.GetString(bytes);
    }
}
