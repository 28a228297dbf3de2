using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>Both nodes have gone on alone: one is kept, and what only the other one holds can be had back.</summary>
[Collection(AgentsCollection.Name)]
public sealed class DivergenceTests
{
    private const int DiskBytes = 8 << 20;

    private static readonly string Salvage = ApiPath.Module(AgentPair.Module, "salvage");

    [Fact]
    public async Task Divergence_MetAgain_IsSettledAndTheLosersFilesAreSalvaged()
    {
        await using var pair = await AgentPair.CreateAsync();
        var (one, two) = (AgentPair.Data(pair.One), AgentPair.Data(pair.Two));
        var random = new Random(7);
        var disk = new byte[DiskBytes];
        random.NextBytes(disk);
        File.WriteAllBytes(one + "/disk", disk);
        File.WriteAllText(one + "/both", "as both had it");
        File.WriteAllText(one + "/untouched", "never changed");
        await pair.StartAsync();

        // The first node goes on alone, and ends.
        await pair.Two.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync("ALONE Ready", "STOP NotReady");
        Change(one + "/disk", 1 << 20, 5000, random);
        Change(one + "/disk", 6 << 20, 100, random);
        File.WriteAllText(one + "/both", "as the first node left it");
        Directory.CreateDirectory(one + "/only");
        File.WriteAllText(one + "/only/first", "what only the first node ever had");
        File.SetUnixFileMode(one + "/only/first", UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await pair.One.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync(pair.One, "STOP NotReady");
        var expected = pair.One.Root + "/expected";
        Run("cp", "-a", one, expected);
        await pair.One.EndAsync();

        // An operator lets the second one go on with what it had.
        await pair.Two.StartModuleAsync(AgentPair.Module, "primary");
        await pair.ExpectAsync(pair.Two, "ALONE Ready");
        Change(two + "/disk", 3 << 20, 9000, random);
        File.WriteAllText(two + "/both", "as the second node left it");

        // They meet again: the one that serves is kept.
        await pair.One.StartAsync();
        await pair.One.StartModuleAsync(AgentPair.Module);
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready");
        Assert.Equal("as the second node left it", File.ReadAllText(one + "/both"));
        Assert.False(File.Exists(one + "/only/first"));
        Assert.Contains("Both nodes have changed the data since they parted", pair.One.Story, StringComparison.Ordinal);
        var set = await OneSetAsync(pair);
        Assert.Contains((await pair.One.StatusAsync(AgentPair.Module)).Notes, note => note.Contains("hamirror salvage list", StringComparison.Ordinal));
        Assert.Equal(("n1", "n2"), (set.Node, set.Peer));
        Assert.Equal(["/both", "/disk", "/only/first"], set.Files.Select(file => file.Path[one.Length..]));
        Assert.All(set.Files, file => Assert.True(file.Whole, file.Path));
        Change(two + "/disk", 7 << 20, 4096, random); // What both had alike changes later.
        Assert.Empty(await pair.Two.GetAsync(Salvage, ApiJson.Default.ImmutableArraySalvageSetStatus));

        var exported = pair.One.Root + "/exported";
        var written = await pair.One.PostAsync($"{Salvage}/{set.Id}/export", new SalvageExportRequest(exported, [], "test@lab"),
            ApiJson.Default.SalvageExportRequest, ApiJson.Default.SalvageWritten);
        Assert.Equal(3, written.Files.Length);
        foreach (var name in (string[])["both", "disk", "only/first"])
        {
            Assert.Equal(File.ReadAllBytes($"{expected}/{name}"), File.ReadAllBytes($"{exported}{one}/{name}"));
            Assert.Equal(File.GetLastWriteTimeUtc($"{expected}/{name}"), File.GetLastWriteTimeUtc($"{exported}{one}/{name}"));
            Assert.Equal(File.GetUnixFileMode($"{expected}/{name}"), File.GetUnixFileMode($"{exported}{one}/{name}"));
        }

        await RestoreAsync(pair, set, one);
    }

    [Fact]
    public async Task Divergence_WithManualPolicyOnOneNode_WaitsForAnOperator()
    {
        await using var pair = await AgentPair.CreateAsync(replicationAttributes: "divergence=\"manual\"");
        await pair.StartAsync();
        await pair.Two.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync("ALONE Ready", "STOP NotReady");
        File.WriteAllText(AgentPair.Data(pair.One) + "/first", "of the first");
        await pair.One.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync(pair.One, "STOP NotReady");
        await pair.One.EndAsync();
        await pair.Two.StartModuleAsync(AgentPair.Module, "primary");
        await pair.ExpectAsync(pair.Two, "ALONE Ready");
        File.WriteAllText(AgentPair.Data(pair.Two) + "/second", "of the second");
        await pair.One.StartAsync();
        await pair.One.StartModuleAsync(AgentPair.Module);
        await Deadline.HoldsAsync("the first node waits", AgentProcess.Patience, async () =>
            (await pair.One.StatusAsync(AgentPair.Module)) is { State: "WAIT", Phase: "NotReady" } status
            && status.Reason?.Contains("divergence=\"manual\"", StringComparison.Ordinal) == true, () => pair.Story);
        Assert.True(File.Exists(AgentPair.Data(pair.One) + "/first"));
    }

    private static async Task RestoreAsync(AgentPair pair, SalvageSetStatus set, string one)
    {
        var wanted = new SalvageRestoreRequest([one + "/only/first"], "test@lab");
        var refusal = await pair.One.RefusedAsync($"{Salvage}/{set.Id}/restore", wanted, ApiJson.Default.SalvageRestoreRequest);
        Assert.Contains("SECOND Ready", refusal.Title, StringComparison.Ordinal);
        Assert.Contains("hamirror swap", refusal.Detail, StringComparison.Ordinal);
        await pair.One.ActAsync(AgentPair.Module, "swap");
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
        await RestoreAsOperationAsync(pair, set, wanted);
        Assert.Equal("what only the first node ever had", File.ReadAllText(one + "/only/first"));
        await Deadline.HoldsAsync("the standby has it too", AgentProcess.Patience,
            () => Task.FromResult(File.Exists(AgentPair.Data(pair.Two) + "/only/first")), () => pair.Story);
        await pair.Two.ActAsync(AgentPair.Module, "stop");
        await pair.One.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync("STOP NotReady", "STOP NotReady");
        pair.ExpectEqualReplicas();
    }

    private static async Task RestoreAsOperationAsync(AgentPair pair, SalvageSetStatus set, SalvageRestoreRequest wanted)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Salvage}/{set.Id}/restore")
        {
            Content = JsonContent.Create(wanted, ApiJson.Default.SalvageRestoreRequest), Headers = { { "Prefer", "respond-async" } },
        };
        using var answer = await pair.One.RawAsync(request);
        Assert.Equal(System.Net.HttpStatusCode.Accepted, answer.StatusCode);
        var operation = (await answer.Content.ReadFromJsonAsync(ConsoleJson.Default.OperationStatus))!;
        Assert.Equal(("salvage-restore", AgentPair.Module, answer.Headers.Location?.ToString()), (operation.Kind, operation.Module, ConsolePath.Operation(operation.Id)));
        await Deadline.HoldsAsync("the file is put back", AgentProcess.Patience, async () =>
            (operation = await pair.One.GetAsync(ConsolePath.Operation(operation.Id), ConsoleJson.Default.OperationStatus)).State != "running", () => pair.Story);
        Assert.Equal(("done", 100.0), (operation.State, operation.Percent));
        // Written out beside the replica, and put back from there.
        Assert.Equal(2 * "what only the first node ever had".Length, operation.BytesTotal);
        Assert.Equal(operation.BytesTotal, operation.BytesDone);
        Assert.Equal(wanted.Files[0], Assert.Single(operation.Result!.Value.Deserialize(ApiJson.Default.SalvageWritten)!.Files).WrittenTo);
    }

    private static async Task<SalvageSetStatus> OneSetAsync(AgentPair pair)
    {
        SalvageSetStatus? set = null;
        await Deadline.HoldsAsync("the salvage set is whole", AgentProcess.Patience, async () =>
        {
            var sets = await pair.One.GetAsync(Salvage, ApiJson.Default.ImmutableArraySalvageSetStatus);
            set = sets is [{ Open: false } only] ? only : null;
            return set is not null;
        }, () => pair.Story);
        return await pair.One.GetAsync($"{Salvage}/{set!.Id}", ApiJson.Default.SalvageSetStatus);
    }

    private static void Change(string path, long offset, int bytes, Random random)
    {
        var content = new byte[bytes];
        random.NextBytes(content);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write);
        file.Seek(offset, SeekOrigin.Begin);
        file.Write(content);
    }

    private static void Run(string program, params string[] arguments)
    {
        using var child = Process.Start(program, arguments);
        child.WaitForExit();
        Assert.Equal(0, child.ExitCode);
    }
}
