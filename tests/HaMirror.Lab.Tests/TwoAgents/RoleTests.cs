using System.Net;
using System.Text.Json;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>Every request of the OpenAPI document, asked by nobody and by each role.</summary>
[Collection(AgentsCollection.Name)]
public sealed class RoleTests
{
    [Fact]
    public async Task EveryRequest_WithoutTheRoleItNeeds_IsRefused()
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        var keys = new Dictionary<string, string>();
        foreach (var role in new[] { "monitor", "control", "admin" }) keys[role] = await pair.One.AddKeyAsync(role, role);
        using var admin = new ConsoleClient(pair.One, keys["admin"]);
        using var document = JsonDocument.Parse(await admin.Http.GetStringAsync(ConsolePath.OpenApi));
        Assert.StartsWith("3.", document.RootElement.GetProperty("openapi").GetString());
        var looked = 0;
        foreach (var (method, path, operation) in Operations(document))
        {
            Assert.True(operation.TryGetProperty("summary", out var summary) && summary.GetString()!.Length > 10, $"{method} {path} is not described.");
            var text = operation.GetProperty("description").GetString()!;
            string[] allowed = text switch
            {
                "Role Monitor." => ["monitor", "control", "admin"],
                "Role Control." => ["control", "admin"],
                "Role Admin." => ["admin"],
                _ => ["", "monitor", "control", "admin"],
            };
            if (text.Contains("metrics=")) allowed = allowed[1..];
            foreach (var role in new[] { "", "monitor", "control", "admin" }.Except(allowed))
            {
                using var client = new ConsoleClient(pair.One, role.Length == 0 ? null : keys[role]);
                foreach (var at in new[] { path, path.StartsWith("/v1/") ? ConsolePath.At("n2", path) : path })
                {
                    var status = await client.StatusOfAsync(new HttpMethod(method), at.Replace("{module}", "m1").Replace("{name}", "custom.x").Replace("{run}", "userlog_x").Replace("{id}", "1"));
                    Assert.True(status == (role.Length == 0 ? HttpStatusCode.Unauthorized : HttpStatusCode.Forbidden), $"{method} {at} by '{role}': {status}");
                    looked++;
                }
            }
        }

        Assert.True(looked > 100, $"{looked} requests were refused.");
        Assert.DoesNotContain(Operations(document), operation => operation.Path.Contains("peer"));
    }

    [Fact]
    public async Task EveryReading_ByWhoMay_IsAnswered()
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        using var admin = new ConsoleClient(pair.One, await pair.One.AddKeyAsync("admin", "admin"));
        using var document = JsonDocument.Parse(await admin.Http.GetStringAsync(ConsolePath.OpenApi));
        foreach (var (method, path, _) in Operations(document))
        {
            if (method != "GET" || path == ConsolePath.Events || path.Contains("{name}") || path.Contains("{run}") || path.Contains("{id}")) continue;
            using var answer = await admin.Http.GetAsync(path.Replace("{module}", "m1"), HttpCompletionOption.ResponseHeadersRead);
            Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable or HttpStatusCode.Conflict or HttpStatusCode.NotFound,
                $"GET {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}\n{pair.One.Story}");
        }
    }

    [Fact]
    public async Task Change_ProvenByACookieAlone_IsRefused()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.One.AddUserAsync("anna", "admin");
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        using var browser = new ConsoleClient(pair.One);
        await browser.LoginAsync("anna");
        var stop = ApiPath.Module(AgentPair.Module, "failover");
        browser.Http.DefaultRequestHeaders.Remove(ConsolePath.ChangeHeader);
        Assert.Equal(HttpStatusCode.Forbidden, await browser.StatusOfAsync(HttpMethod.Post, stop, """{"on":false}"""));
        using (var form = await browser.Http.PostAsync(ConsolePath.Session, new StringContent("""{"name":"anna","password":"correct horse battery"}""")))
            Assert.Equal(HttpStatusCode.UnsupportedMediaType, form.StatusCode);
        browser.Http.DefaultRequestHeaders.Add(ConsolePath.ChangeHeader, "1");
        Assert.Equal(HttpStatusCode.Accepted, await browser.StatusOfAsync(HttpMethod.Post, stop, """{"on":false}"""));

        using var answer = await browser.Http.GetAsync(ApiPath.Status);
        Assert.Equal("DENY", Assert.Single(answer.Headers.GetValues("X-Frame-Options")));
        Assert.Contains("frame-ancestors 'none'", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
    }

    private static IEnumerable<(string Method, string Path, JsonElement Operation)> Operations(JsonDocument document) =>
        from path in document.RootElement.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        where operation.Name is "get" or "post" or "put" or "delete"
        select (operation.Name.ToUpperInvariant(), path.Name, operation.Value);
}
