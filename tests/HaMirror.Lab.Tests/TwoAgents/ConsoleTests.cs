using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>How a node serves the console's page, and what the page needs to go on with the other node.</summary>
[Collection(AgentsCollection.Name)]
public sealed class ConsoleTests
{
    [Fact]
    public async Task Page_ByAnybody_IsServedWithHeadersThatHold()
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        using var nobody = new ConsoleClient(pair.One);
        using var page = await nobody.Http.GetAsync("/modules/m1");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal("text/html", page.Content.Headers.ContentType!.MediaType);
        Assert.Equal("no-cache", page.Headers.CacheControl!.ToString());
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'self'", policy);
        Assert.Contains("frame-ancestors 'none'", policy);
        Assert.DoesNotContain("unsafe", policy);
        Assert.EndsWith($"connect-src 'self' http://{pair.One.Address}:9010 http://{pair.Two.Address}:9010", policy);

        using var again = new HttpRequestMessage(HttpMethod.Get, "/");
        again.Headers.IfNoneMatch.Add(page.Headers.ETag!);
        using var unchanged = await nobody.Http.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);

        var script = (await page.Content.ReadAsStringAsync()).Split('"').First(part => part.StartsWith("/assets/", StringComparison.Ordinal));
        using var packed = new HttpRequestMessage(HttpMethod.Get, script);
        packed.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("br"));
        using var asset = await nobody.Http.SendAsync(packed);
        Assert.Equal("br", asset.Content.Headers.ContentEncoding.Single());
        Assert.Contains("immutable", asset.Headers.CacheControl!.ToString());
        Assert.Equal(HttpStatusCode.NotFound, await nobody.StatusOfAsync(HttpMethod.Get, "/assets/old-12345678.js"));
        Assert.Equal(HttpStatusCode.NotFound, await nobody.StatusOfAsync(HttpMethod.Get, "/v1/nothing"));
    }

    [Fact]
    public async Task Session_AsATokenOfThePage_GoesOnAtTheOtherNode_AndEndsThereToo()
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        await pair.One.AddUserAsync("anna", "control");
        using var page = new ConsoleClient(pair.One);
        await page.LoginAsync("anna");
        var nodes = await page.GetAsync(ConsolePath.Nodes, ConsoleJson.Default.ImmutableArrayNodeSummary);
        Assert.Equal($"http://{pair.One.Address}:9010", Assert.Single(nodes[0].Consoles));
        Assert.Equal($"http://{pair.Two.Address}:9010", Assert.Single(nodes[1].Consoles));

        using var answer = await page.Http.PostAsync(ConsolePath.SessionToken, null);
        var session = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ConsoleJson.Default.SessionStatus)!;
        using var elsewhere = new ConsoleClient(pair.Two, session.Token);
        await Deadline.HoldsAsync("the other node knows anna", AgentProcess.Patience, async () => await elsewhere.StatusOfAsync(HttpMethod.Get, ConsolePath.Session) == HttpStatusCode.OK, () => pair.Story);
        using var key = new ConsoleClient(pair.One, await pair.One.AddKeyAsync("robot", "monitor"));
        Assert.Equal(HttpStatusCode.BadRequest, await key.StatusOfAsync(HttpMethod.Post, ConsolePath.SessionToken));

        Assert.Equal(HttpStatusCode.NoContent, await elsewhere.StatusOfAsync(HttpMethod.Delete, ConsolePath.Session));
        await Deadline.HoldsAsync("the session has ended at both nodes", AgentProcess.Patience, async () => await page.StatusOfAsync(HttpMethod.Get, ConsolePath.Session) == HttpStatusCode.Unauthorized, () => pair.Story);
    }

    [Fact]
    public async Task Traffic_WhileSomebodyWatches_CountsWhatIsWritten()
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await pair.StartAsync();
        using var client = new ConsoleClient(pair.One, await pair.One.AddKeyAsync("robot", "monitor"));
        using var limit = new CancellationTokenSource(AgentProcess.Patience);
        await using var stream = await EventReader.OpenAsync(client, ConsolePath.Events, null, limit.Token);
        var before = await NextAsync(stream, _ => true);
        await File.WriteAllBytesAsync($"{AgentPair.Data(pair.One)}/file", new byte[100_000]);
        var written = await NextAsync(stream, traffic => traffic.WrittenBytes >= before.WrittenBytes + 100_000);
        Assert.True(written.Writes > before.Writes && written.Requests > before.Requests);

        var lines = await client.GetAsync(ConsolePath.Log + "?lines=5", ConsoleJson.Default.ImmutableArrayLogLine);
        Assert.InRange(lines.Length, 1, 5);
        Assert.DoesNotContain(lines, line => line.Level == "Detail");
        Assert.Equal(HttpStatusCode.BadRequest, await client.StatusOfAsync(HttpMethod.Get, ConsolePath.Log + "?lines=x"));
    }

    private static async Task<ModuleTraffic> NextAsync(EventReader stream, Func<ModuleTraffic, bool> wanted)
    {
        ModuleTraffic? Of(EventReader.One one) => one.Kind != "traffic" ? null
            : JsonSerializer.Deserialize(one.Data, ConsoleJson.Default.Traffic)!.Modules.FirstOrDefault(module => module.Module == AgentPair.Module);
        return Of(await stream.UntilAsync(one => Of(one) is { } traffic && wanted(traffic)))!;
    }
}
