using System.Diagnostics;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary><c>hamirror seed</c> on two real agents: what was carried is not sent.</summary>
[Collection(AgentsCollection.Name)]
public sealed class SeedTests
{
    private const int DiskBytes = 32 << 20;
    private static readonly string Path = ApiPath.Module(AgentPair.Module, "seed");

    [Fact]
    public async Task Seed_ExportedWhileServingAndImported_LeavesOnlyTheDifferenceToTheLink()
    {
        await using var pair = await AgentPair.CreateAsync();
        var seed = Directory.CreateTempSubdirectory("hamirror-seed-").FullName;
        try
        {
            Prepare(AgentPair.Data(pair.One));
            var early = await pair.One.RefusedAsync(Path, new SeedRequest("export", seed, null), ApiJson.Default.SeedRequest);
            Assert.Contains("is not known to be up to date", early.Title);
            await pair.One.StartModuleAsync(AgentPair.Module, "primary");
            await pair.ExpectAsync(pair.One, "ALONE Ready");
            await CopyAsync(pair, pair.One, "export", seed);
            Assert.Contains("is not empty", (await pair.One.RefusedAsync(Path, new SeedRequest("export", seed, null), ApiJson.Default.SeedRequest)).Title);
            Assert.Contains("runs here", (await pair.One.RefusedAsync(Path, new SeedRequest("import", seed, null), ApiJson.Default.SeedRequest)).Title);
            Assert.True(Allocated($"{seed}/0/sparse") < 1 << 20, "the holes of a sparse file are filled in the seed");

            // What changes after the copy: the difference that travels.
            await using (var disk = new FileStream(AgentPair.Data(pair.One) + "/disk", FileMode.Open))
            {
                disk.Seek(5 << 20, SeekOrigin.Begin);
                disk.Write(new byte[5000]);
            }

            File.WriteAllText(AgentPair.Data(pair.One) + "/later", "written after the export");
            await CopyAsync(pair, pair.Two, "import", seed);
            Assert.Equal("cafe", Attribute(AgentPair.Data(pair.Two) + "/disk"));
            await pair.Two.StartModuleAsync(AgentPair.Module);
            await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
            var sent = System.Text.RegularExpressions.Regex.Match(pair.One.Story, @"Resync of module m1 ended: \d+ directories, (\d+) bytes looked at, (\d+) sent");
            Assert.True(sent.Success, pair.Story);
            Assert.InRange(long.Parse(sent.Groups[1].Value), DiskBytes, long.MaxValue);
            Assert.InRange(long.Parse(sent.Groups[2].Value), 1, 1 << 20);
            var have = await pair.One.RefusedAsync(Path, new SeedRequest("import", "/", null), ApiJson.Default.SeedRequest);
            Assert.NotEmpty(have.Title);

            await pair.Two.ActAsync(AgentPair.Module, "stop");
            await pair.ExpectAsync("ALONE Ready", "STOP NotReady");
            Assert.Contains("has a replica of module m1 already", (await pair.Two.RefusedAsync(Path, new SeedRequest("import", seed, null), ApiJson.Default.SeedRequest)).Title);
            await pair.One.ActAsync(AgentPair.Module, "stop");
            await pair.ExpectAsync("STOP NotReady", "STOP NotReady");
            pair.ExpectEqualReplicas();
            Assert.Equal("cafe", Attribute(AgentPair.Data(pair.Two) + "/disk"));
        }
        finally
        {
            Directory.Delete(seed, recursive: true);
        }
    }

    [Fact]
    public async Task Import_ThatWouldLoseSomethingOrIsOfAnother_IsRefused()
    {
        await using var pair = await AgentPair.CreateAsync();
        var seed = Directory.CreateTempSubdirectory("hamirror-seed-").FullName;
        try
        {
            Assert.Contains("holds no whole seed", await RefusedAsync(pair.Two, seed));
            Prepare(AgentPair.Data(pair.One));
            await pair.One.StartModuleAsync(AgentPair.Module, "primary");
            await pair.ExpectAsync(pair.One, "ALONE Ready");
            await CopyAsync(pair, pair.One, "export", seed);
            var manifest = File.ReadAllText($"{seed}/hamirror-seed.json");

            File.WriteAllText(AgentPair.Data(pair.Two) + "/mine", "somebody's");
            Assert.Contains("is not empty (mine)", await RefusedAsync(pair.Two, seed));
            File.Delete(AgentPair.Data(pair.Two) + "/mine");
            File.WriteAllText($"{seed}/hamirror-seed.json", manifest.Replace("\"m1\"", "\"other\"", StringComparison.Ordinal));
            Assert.Contains("is of module other", await RefusedAsync(pair.Two, seed));
            File.WriteAllText($"{seed}/hamirror-seed.json",
                System.Text.RegularExpressions.Regex.Replace(manifest, "(\"cluster\": \")[0-9a-f-]{36}", "${1}11111111-2222-3333-4444-555555555555"));
            Assert.Contains("another cluster", await RefusedAsync(pair.Two, seed));
            File.WriteAllText($"{seed}/hamirror-seed.json", "{");
            Assert.Contains("cannot be read", await RefusedAsync(pair.Two, seed));
            Assert.Empty(Directory.EnumerateFileSystemEntries(AgentPair.Data(pair.Two)));
        }
        finally
        {
            Directory.Delete(seed, recursive: true);
        }
    }

    private static async Task<string> RefusedAsync(AgentProcess node, string seed) =>
        (await node.RefusedAsync(Path, new SeedRequest("import", seed, null), ApiJson.Default.SeedRequest)).Title;

    private static async Task CopyAsync(AgentPair pair, AgentProcess node, string action, string seed)
    {
        await node.PostAsync(Path, new SeedRequest(action, seed, "test@lab"), ApiJson.Default.SeedRequest, ApiJson.Default.SeedReport);
        await Deadline.HoldsAsync($"the {action} ends", AgentProcess.Patience, async () =>
            !(await node.GetAsync(Path, ApiJson.Default.SeedReport)).Running, () => pair.Story);
        var report = await node.GetAsync(Path, ApiJson.Default.SeedReport);
        Assert.True(report.End is null, report.End);
        Assert.InRange(report.BytesDone, DiskBytes, DiskBytes + (2 << 20));
    }

    private static void Prepare(string folder)
    {
        var content = new byte[DiskBytes];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(folder + "/disk", content);
        Run("setfattr", "-n", "user.mark", "-v", "cafe", folder + "/disk");
        Directory.CreateDirectory(folder + "/d");
        File.WriteAllText(folder + "/d/one", "one");
        Run("ln", folder + "/d/one", folder + "/d/two");
        File.CreateSymbolicLink(folder + "/d/three", "one");
        using var sparse = new FileStream(folder + "/sparse", FileMode.Create);
        sparse.SetLength(1L << 30);
        sparse.Seek(500 << 20, SeekOrigin.Begin);
        sparse.Write(new byte[] { 1, 2, 3 });
    }

    private static string Attribute(string path) => Run("getfattr", "--only-values", "-n", "user.mark", path).Trim();

    private static long Allocated(string path) => 512 * long.Parse(Run("stat", "-c", "%b", path));

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
