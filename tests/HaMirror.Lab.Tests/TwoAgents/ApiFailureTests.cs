// The API fails in every way that can be brought about from outside: its sockets are ended or removed, its ports are taken, its files are
// no files. The module goes on without a change of state, and the API comes back by itself (docs/ports.md, "When the API fails").
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using HaMirror.Core.Api;
using Xunit.Abstractions;

namespace HaMirror.Lab.Tests.TwoAgents;

[Collection(AgentsCollection.Name)]
public sealed class ApiFailureTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Sockets_EndedOrRemoved_AreHadAgainWhileTheModuleGoesOn()
    {
        await using var stage = await StageAsync();
        var one = stage.Pair.One;
        var during = await stage.Writer.MeasureAsync(async () =>
        {
            foreach (var port in new[] { 9010, 4801 })
            {
                ForeignSocket.End(one.Id, socket => socket is { Kind: "tcp", Listens: true } && socket.Port == port);
                await Deadline.HoldsAsync($"port {port} is ended", AgentProcess.Patience, () => Task.FromResult(!OwnSocket.Of(one.Id).Any(socket => socket is { Kind: "tcp", Listens: true } && socket.Port == port)), () => one.Story);
                await ConsoleClient.ListensAsync(one);
                stage.StaysGreen($"port {port} was ended");
            }

            ForeignSocket.End(one.Id, socket => socket is { Kind: "unix", Listens: true } && socket.Path.EndsWith("/agent.sock", StringComparison.Ordinal));
            await AnswersAsync(one, "its socket was ended");
            stage.StaysGreen("the socket was ended");

            File.Delete(one.Root + ApiPath.Socket);
            await AnswersAsync(one, "its socket was removed");
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, File.GetUnixFileMode(one.Root + ApiPath.Socket));
            Directory.Delete(one.Root + "/run", recursive: true);
            await AnswersAsync(one, "its directory was removed");
            stage.StaysGreen("the socket was removed");
        });
        output.WriteLine($"{during.PerSecond:0} flushed writes a second, the longest {during.Longest * 1000:0} ms");
        Assert.InRange(during.Longest, 0, 3);
    }

    [Fact]
    public async Task Files_ThatAreNone_FailTheirRequestsAndNothingElse()
    {
        await using var stage = await StageAsync();
        var one = stage.Pair.One;
        using var admin = new ConsoleClient(one, await one.AddKeyAsync("admin", "admin"));
        string etc = one.Root + "/etc/hamirror/", state = one.Root + "/var/lib/hamirror/";
        string[] files = [etc + "access.json", etc + "notify.xml", etc + "console.xml", etc + "console.crt", etc + "console.key", state + "m1/timeline", state + "m1/decision", state + "m1/versions", state + ".changes"];
        foreach (var file in files)
        {
            var beside = one.Root + "/beside";
            var isThere = Path.Exists(file);
            if (isThere) Directory.Move(file, beside);
            if (File.Exists(beside) || !isThere) Directory.CreateDirectory(file);
            else File.WriteAllText(file, "no directory");
            foreach (var path in new[] { ApiPath.Status, ConsolePath.Metrics, ApiPath.Module("m1", "timeline"), ApiPath.Module("m1", "versions"), ConsolePath.Changes, ConsolePath.Users, ConsolePath.Notify, ConsolePath.Nodes })
            {
                try
                {
                    using var request = new HttpRequestMessage(HttpMethod.Get, path);
                    using var answer = await one.RawAsync(request); // Whatever it is: the next one is answered too.
                }
                catch (HttpRequestException error)
                {
                    Assert.Fail($"{file}: GET {path}: {error.Message}");
                }
            }

            await stage.Writer.MeasureAsync(TimeSpan.FromSeconds(3)); // Long enough for what looks every two seconds.
            Assert.NotNull(await one.StatusAsync());
            if (Directory.Exists(file)) Directory.Delete(file);
            else File.Delete(file);
            if (isThere) Directory.Move(beside, file);
            stage.StaysGreen(file);
        }

        await Deadline.HoldsAsync("all is as before", AgentProcess.Patience, async () => await admin.StatusOfAsync(HttpMethod.Get, ApiPath.Status) == HttpStatusCode.OK && await admin.StatusOfAsync(HttpMethod.Get, ConsolePath.Changes) == HttpStatusCode.OK, () => one.Story);
        using var events = new CancellationTokenSource(AgentProcess.Patience);
        await using var stream = await EventReader.OpenAsync(admin, ConsolePath.Events, null, events.Token);
        await stream.UntilAsync(made => made.Kind == "traffic"); // The parts beside the requests work.
    }

    [Fact]
    public async Task Agent_ThatCanListenNowhere_ServesItsModuleAndListensWhenItCan()
    {
        await using var pair = await AgentPair.CreateAsync(serviceAttributes: "boot=\"on\"");
        await pair.StartAsync();
        await pair.One.EndAsync();
        await pair.ExpectAsync(pair.Two, "ALONE Ready");
        var socket = pair.One.Root + ApiPath.Socket;
        if (File.Exists(socket)) File.Delete(socket);
        Directory.CreateDirectory(socket + "/in-the-way");
        using (var taken = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            taken.Bind(new IPEndPoint(IPAddress.Parse(pair.One.Address), 9010));
            taken.Listen();
            await pair.One.StartAsync(waits: false);
            await pair.ExpectAsync(pair.Two, "PRIM Ready"); // The other node has it as its standby.
            Assert.False(pair.One.HasExited, pair.One.Story);
            Directory.Delete(socket, recursive: true);
            await AnswersAsync(pair.One, "its socket was in the way");
            await pair.ExpectAsync(pair.One, "SECOND Ready");
        }

        await ConsoleClient.ListensAsync(pair.One);
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready");
    }

    [Fact]
    public async Task Agent_StartedTwice_LeavesTheFirstAlone()
    {
        await using var stage = await StageAsync();
        foreach (var withSocket in new[] { true, false })
        {
            if (!withSocket) File.Delete(stage.Pair.One.Root + ApiPath.Socket); // Then only the lock tells.
            var (code, said) = await stage.Pair.One.RunSecondAsync();
            Assert.Equal(1, code);
            Assert.Contains(withSocket ? "another hamirrord" : "hamirrord", said);
            stage.StaysGreen("a second agent was started");
            await AnswersAsync(stage.Pair.One, "a second one was started");
        }
    }

    private static Task AnswersAsync(AgentProcess agent, string what) => Deadline.HoldsAsync($"the agent answers after {what}", AgentProcess.Patience, async () =>
    {
        try
        {
            return await agent.StatusAsync() is not null;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }, () => agent.Story);

    private static async Task<GreenStage> StageAsync()
    {
        var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await pair.StartAsync();
        return await GreenStage.CreateAsync(pair);
    }
}
