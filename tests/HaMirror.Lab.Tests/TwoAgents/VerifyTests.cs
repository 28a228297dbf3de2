using HaMirror.Core.Api;
using HaMirror.Io.Native;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary><c>hamirror verify</c> on two real agents.</summary>
[Collection(AgentsCollection.Name)]
public sealed class VerifyTests
{
    private static readonly string Path = ApiPath.Module(AgentPair.Module, "verify");

    [Fact]
    public async Task Verify_DamagedSecondary_IsFoundAndRepairedUnderLoad()
    {
        await using var pair = await AgentPair.CreateAsync();
        File.WriteAllBytes(AgentPair.Data(pair.One) + "/disk", Content(8 << 20));
        Directory.CreateDirectory(AgentPair.Data(pair.Two));
        var beneath = Shim.Check(Shim.Open(Shim.CurrentDirectory, AgentPair.Data(pair.Two), OpenFlags.ReadOnly | OpenFlags.Directory, 0), "open");
        try
        {
            await pair.StartAsync();
            using var stop = new CancellationTokenSource();
            var load = Task.Run(() => Load(AgentPair.Data(pair.One), stop.Token));
            Assert.Equal((0, null), await VerdictAsync(pair, repair: false));

            using (var disk = new FileStream($"/proc/self/fd/{beneath}/disk", FileMode.Open, FileAccess.Write))
            {
                disk.Seek(5 << 20, SeekOrigin.Begin);
                disk.Write(new byte[100]);
            }

            Assert.Equal((1, null), await VerdictAsync(pair, repair: false));
            Assert.Contains("/data-m1/disk", (await pair.One.GetAsync(Path, ApiJson.Default.VerifyReport)).Findings[0].Path);
            var marked = await pair.One.GetAsync(ApiPath.Module(AgentPair.Module, "diff"), ApiJson.Default.ModuleDiff);
            Assert.Equal((1, 4096L), (marked.FileCount, marked.ExtentBytes));
            Assert.Equal((1, null), await VerdictAsync(pair, repair: true));
            Assert.True((await pair.One.GetAsync(Path, ApiJson.Default.VerifyReport)).Repaired);
            Assert.Equal((0, null), await VerdictAsync(pair, repair: false));
            await stop.CancelAsync();
            await load;
            await Deadline.HoldsAsync("the log tells the verdict", AgentProcess.Patience, () =>
                Task.FromResult(pair.Story.Contains("Verify ended: 1 difference, repaired.", StringComparison.Ordinal)), () => pair.Story);

            var refusal = await pair.Two.RefusedAsync(Path, new VerifyRequest(false, null), ApiJson.Default.VerifyRequest);
            Assert.Contains("the primary drives a verification", refusal.Title);
            await pair.Two.ActAsync(AgentPair.Module, "stop");
            await pair.ExpectAsync("ALONE Ready", "STOP NotReady");
            Assert.Contains("no up-to-date secondary", (await pair.One.RefusedAsync(Path, new VerifyRequest(false, null), ApiJson.Default.VerifyRequest)).Title);
            await pair.One.ActAsync(AgentPair.Module, "stop");
            await pair.ExpectAsync("STOP NotReady", "STOP NotReady");
        }
        finally
        {
            _ = Shim.Close(beneath);
        }
    }

    private static byte[] Content(int bytes)
    {
        var content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        return content;
    }

    private static void Load(string folder, CancellationToken stop)
    {
        var random = new Random(1);
        using var file = new FileStream(folder + "/log", FileMode.Create, FileAccess.Write, FileShare.ReadWrite, 0);
        for (var round = 0; !stop.IsCancellationRequested; round++)
        {
            file.Seek(random.Next(1 << 20), SeekOrigin.Begin);
            file.Write(Content(random.Next(1, 20_000)));
            if (round % 50 == 0) file.Flush(flushToDisk: true);
        }
    }

    private static async Task<(int Findings, string? End)> VerdictAsync(AgentPair pair, bool repair)
    {
        await pair.One.PostAsync(Path, new VerifyRequest(repair, "test@lab"), ApiJson.Default.VerifyRequest, ApiJson.Default.VerifyReport);
        await Deadline.HoldsAsync("the verification ends", AgentProcess.Patience, async () =>
            !(await pair.One.GetAsync(Path, ApiJson.Default.VerifyReport)).Running, () => pair.Story);
        var report = await pair.One.GetAsync(Path, ApiJson.Default.VerifyReport);
        return (report.FindingCount, report.End);
    }
}
