using System.Net;
using System.Net.Http.Json;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

[Collection(AgentsCollection.Name)]
public sealed class AccessTests
{
    [Fact]
    public async Task Login_AtOneNode_IsGoodAtBoth()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.One.AddUserAsync("anna", "admin");
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        using var browser = new ConsoleClient(pair.One);
        Assert.Equal(HttpStatusCode.Unauthorized, await browser.StatusOfAsync(HttpMethod.Get, ApiPath.Status));
        var session = await browser.LoginAsync("anna");
        Assert.Equal(("anna", "Admin", "session"), (session.Name, session.Role, session.Kind));
        Assert.Equal("n1", (await browser.GetAsync(ApiPath.Status, ApiJson.Default.NodeStatus)).Node);

        var cookie = Assert.Single(browser.Cookies.GetAllCookies());
        Assert.True(cookie.HttpOnly);
        using var page = new ConsoleClient(pair.Two, session.Token);
        await Deadline.HoldsAsync("n2 knows the session", AgentProcess.Patience,
            async () => await page.StatusOfAsync(HttpMethod.Get, ApiPath.Status) == HttpStatusCode.OK, () => pair.Story);

        Assert.Equal(HttpStatusCode.NoContent, await browser.StatusOfAsync(HttpMethod.Delete, ConsolePath.Session));
        Assert.Equal(HttpStatusCode.Unauthorized, await browser.StatusOfAsync(HttpMethod.Get, ApiPath.Status));
        await Deadline.HoldsAsync("n2 knows that it ended", AgentProcess.Patience,
            async () => await page.StatusOfAsync(HttpMethod.Get, ApiPath.Status) == HttpStatusCode.Unauthorized, () => pair.Story);
    }

    [Fact]
    public async Task Session_OfAnAccountThatIsAMomentOld_IsGoodAtBothNodesAtOnce()
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        for (var round = 0; round < 10; round++)
        {
            var name = $"user{round}";
            await pair.One.AddUserAsync(name, "admin");
            using var browser = new ConsoleClient(pair.One);
            var session = await browser.LoginAsync(name);
            using var page = new ConsoleClient(pair.Two, session.Token);
            Assert.True(await page.StatusOfAsync(HttpMethod.Get, ApiPath.Status) == HttpStatusCode.OK, $"round {round}\n{pair.Story}");

            using var changed = await browser.Http.PutAsJsonAsync(ConsolePath.Session + "/password", new PasswordRequest(ConsoleClient.Password, "another horse battery"), ConsoleJson.Default.PasswordRequest);
            var renewed = (await changed.Content.ReadFromJsonAsync(ConsoleJson.Default.SessionStatus))!;
            using var after = new ConsoleClient(pair.Two, renewed.Token);
            Assert.True(await after.StatusOfAsync(HttpMethod.Get, ApiPath.Status) == HttpStatusCode.OK, $"round {round}\n{pair.Story}");
            Assert.Equal(HttpStatusCode.Unauthorized, await page.StatusOfAsync(HttpMethod.Get, ApiPath.Status));
        }
    }

    [Fact]
    public async Task Session_OfAnAccountThatWasMadeWhileTheOtherNodeWasAway_IsGoodThereFromItsFirstAnswerOn()
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await pair.Two.KillAsync();
        await pair.One.AddUserAsync("anna", "admin");
        using var browser = new ConsoleClient(pair.One);
        var session = await browser.LoginAsync("anna");
        await pair.Two.StartAsync();
        await ConsoleClient.ListensAsync(pair.Two);
        using var page = new ConsoleClient(pair.Two, session.Token);
        Assert.True(await page.StatusOfAsync(HttpMethod.Get, ApiPath.Status) == HttpStatusCode.OK, pair.Story);
        using var forged = new ConsoleClient(pair.Two, session.Token![..^2] + "xx");
        Assert.Equal(HttpStatusCode.Unauthorized, await forged.StatusOfAsync(HttpMethod.Get, ApiPath.Status));
    }

    [Fact]
    public async Task OtherNode_AskedThroughThisOne_AnswersWithTheCallersRole()
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        using var control = new ConsoleClient(pair.One, await pair.One.AddKeyAsync("c", "control"));
        using var monitor = new ConsoleClient(pair.One, await pair.One.AddKeyAsync("m", "monitor"));
        await Deadline.HoldsAsync("n2 is asked through n1", AgentProcess.Patience,
            async () => await monitor.StatusOfAsync(HttpMethod.Get, ConsolePath.At("n2", ApiPath.Status)) == HttpStatusCode.OK, () => pair.Story);
        Assert.Equal("n2", (await monitor.GetAsync(ConsolePath.At("n2", ApiPath.Status), ApiJson.Default.NodeStatus)).Node);
        Assert.Equal("n1", (await monitor.GetAsync(ConsolePath.At("n1", ApiPath.Status), ApiJson.Default.NodeStatus)).Node);
        var nodes = await monitor.GetAsync(ConsolePath.Nodes, ConsoleJson.Default.ImmutableArrayNodeSummary);
        Assert.Equal(["n1 True True", "n2 False True"], nodes.Select(node => $"{node.Node} {node.Own} {node.Reachable}"));

        var start = ConsolePath.At("n2", ApiPath.Module(AgentPair.Module, "start"));
        Assert.Equal(HttpStatusCode.Forbidden, await monitor.StatusOfAsync(HttpMethod.Post, start));
        Assert.Equal(HttpStatusCode.Accepted, await control.StatusOfAsync(HttpMethod.Post, start, """{"role":"primary","by":"root@forged"}"""));
        await pair.ExpectAsync(pair.Two, "ALONE Ready");
        Assert.Contains("called by c (key)@", pair.Two.Story);
        Assert.DoesNotContain("forged", pair.Two.Story);
        Assert.Equal(HttpStatusCode.NotFound, await monitor.StatusOfAsync(HttpMethod.Get, ConsolePath.At("n3", ApiPath.Status)));
        Assert.Equal(HttpStatusCode.OK, await ServingAsync(pair.Two));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await ServingAsync(pair.One));

        await pair.Two.KillAsync();
        Assert.Equal(HttpStatusCode.BadGateway, await monitor.StatusOfAsync(HttpMethod.Get, ConsolePath.At("n2", ApiPath.Status)));
        Assert.Equal(HttpStatusCode.OK, await monitor.StatusOfAsync(HttpMethod.Get, ConsolePath.At("n1", ApiPath.Status)));
    }

    [Fact]
    public async Task Failures_Repeated_AreSlowedDown()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.One.AddUserAsync("anna", "admin");
        await ConsoleClient.ListensAsync(pair.One);
        using var browser = new ConsoleClient(pair.One);
        await Deadline.HoldsAsync("a further try is not even looked at", AgentProcess.Patience, async () =>
        {
            using var answer = await browser.TryLoginAsync("anna", "a wrong password");
            Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.Unauthorized, HttpStatusCode.TooManyRequests });
            return answer.StatusCode == HttpStatusCode.TooManyRequests;
        }, () => pair.One.Story);
    }

    private static async Task<HttpStatusCode> ServingAsync(AgentProcess agent)
    {
        await ConsoleClient.ListensAsync(agent);
        using var balancer = new ConsoleClient(agent);
        return await balancer.StatusOfAsync(HttpMethod.Get, ConsolePath.Health + "/modules/" + AgentPair.Module);
    }
}
