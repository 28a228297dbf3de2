// Ways around a refusal: the same request written otherwise, with a role or a name that the caller claims, with a good body, with what
// elsewhere counts as a login. Generated over the OpenAPI document, for nobody and for every role below the one needed.
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using HaMirror.Core.Api;
using Xunit.Abstractions;

namespace HaMirror.Lab.Tests.TwoAgents;

[Collection(AgentsCollection.Name)]
public sealed class RoleVariantTests(ITestOutputHelper output)
{
    private static readonly string[] Roles = ["", "monitor", "control", "admin"];

    [Fact]
    public async Task EveryRequest_WrittenOtherwise_IsStillRefused()
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        var keys = new Dictionary<string, string> { [""] = "" };
        foreach (var role in Roles[1..]) keys[role] = await pair.One.AddKeyAsync(role, role);
        using var admin = new ConsoleClient(pair.One, keys["admin"]);
        var document = await ApiDocument.OfAsync(admin);
        var before = pair.Files();
        var (asked, faults) = (0, new List<string>());
        foreach (var request in document.Requests)
        {
            foreach (var role in Roles.Except(request.Allowed))
            {
                foreach (var (what, message) in Variants(pair, document, request, keys[role], keys["admin"]))
                {
                    using (message)
                    using (var answer = await admin.AsNobody.SendAsync(message, CancellationToken.None))
                    {
                        asked++;
                        // No such request, or one that is none: nothing was done either. What must not be is any good answer, but for the
                        // console's page, which holds no data and is what every address that is no request shows.
                        var page = answer.Content.Headers.ContentType?.MediaType == "text/html" && message.Method.Method is "GET" or "HEAD";
                        if ((int)answer.StatusCode is not (>= 400 and < 500) && !page) faults.Add($"{request} by '{role}', {what}: {(int)answer.StatusCode}");
                    }
                }
            }
        }

        output.WriteLine($"{asked} requests");
        Assert.True(faults.Count == 0, string.Join("\n", faults.Take(60)));
        Assert.True(asked > 1500, $"Only {asked} requests were made.");
        Assert.Equal(before, pair.Files());
        Assert.All(new[] { pair.One, pair.Two }, node => Assert.DoesNotContain("Action ", node.Story));
    }

    /// <summary>The nodes' own requests are nobody's but the other node's, whatever the caller is.</summary>
    [Theory]
    [InlineData("POST", "/v1/peer/access")]
    [InlineData("POST", "/v1/peer/changes")]
    [InlineData("GET", "/v1/peer/changes/1")]
    [InlineData("DELETE", "/v1/peer/changes/1")]
    [InlineData("POST", "/v1/peer/changes/1/commit")]
    [InlineData("POST", "/v1/nodes/n2/peer/access")]
    [InlineData("POST", "/v1/nodes/n2/peer/changes/1/commit")]
    [InlineData("POST", "/v1/nodes/n1/peer/changes/1/commit")]
    public async Task RequestOfTheNodes_ByAnAdministrator_IsRefused(string method, string path)
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        using var admin = new ConsoleClient(pair.One, await pair.One.AddKeyAsync("admin", "admin"));
        admin.Http.DefaultRequestHeaders.Add("HaMirror-Role", "Admin");
        Assert.Equal(HttpStatusCode.Forbidden, await admin.StatusOfAsync(new HttpMethod(method), path, "{}"));
    }

    private static IEnumerable<(string What, HttpRequestMessage Message)> Variants(AgentPair pair, ApiDocument document, ApiDocument.Request request, string key, string adminKey)
    {
        var path = request.At(name => name switch { "module" => AgentPair.Module, "name" => "custom.x", "run" => "userlog_x", _ => "1" });
        var body = request.Body is null ? null : document.Example(request.Body).ToJsonString();
        HttpRequestMessage Make(string at, string? method = null, string? content = null)
        {
            var message = new HttpRequestMessage(new HttpMethod(method ?? request.Method), new Uri($"http://{pair.One.Address}:9010{at}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
            if (key.Length > 0) message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            if ((content ?? body) is { } text && request.Method != "GET") message.Content = new StringContent(text, Encoding.UTF8, "application/json");
            return message;
        }

        yield return ("with a good body", Make(path));
        if (request.Method == "GET") yield return ("as HEAD", Make(path, "HEAD"));
        foreach (var at in new[] { path + "/", path.ToUpperInvariant(), path.Replace("/v1/", "/v1/./"), path.Replace("/v1/", "//v1/"), path.Replace("/v1/", "/x/../v1/"), path.Replace("/v1/", "/%76%31/"), path + "?role=Admin&access_token=" + adminKey + "&key=" + adminKey, path + ";role=Admin" })
            yield return ("as " + at.Replace(adminKey, "KEY"), Make(at));
        if (path.StartsWith("/v1/"))
        {
            foreach (var node in new[] { "n1", "n2", "N1", "n1/nodes/n1", "n1/nodes/n2" }) yield return ($"at {node}", Make($"/v1/nodes/{node}{path[3..]}"));
        }

        foreach (var (name, value) in new[]
        {
            ("HaMirror-Role", "Admin"), ("HaMirror-By", "root@local"), ("X-HTTP-Method-Override", "GET"), ("X-Forwarded-For", "127.0.0.1"), ("X-Original-URL", ConsolePath.Health), ("X-Rewrite-URL", ConsolePath.Health),
            ("Cookie", "hamirror_session=" + adminKey), ("Cookie", "hamirror_session=hms1.e30.x"), ("Host", "agent"), ("X-Api-Key", adminKey), ("Upgrade", "h2c"),
        })
        {
            var message = Make(path);
            message.Headers.TryAddWithoutValidation(name, value);
            yield return ($"with {name}", message);
        }

        foreach (var authorization in new[] { "Basic YWRtaW46YWRtaW4=", "Bearer", "Bearer ", "Bearer hmk1-", "Bearer hms1.e30.AAAA", "Bearer " + adminKey[..^1], "Bearer " + adminKey + "x", "Bearer\t" + adminKey[..^2], "hmk1 " + adminKey })
        {
            if (key.Length > 0) continue; // Who has a key is known by it.
            var message = Make(path);
            message.Headers.TryAddWithoutValidation("Authorization", authorization);
            yield return ($"with Authorization: {authorization.Replace(adminKey, "KEY")}", message);
        }
    }
}
