// Every input of every request of the OpenAPI document gets what no input expects. What must hold: the agent refuses with problem details
// or takes it for what it is, never fails inside; nothing outside of where it may write was written, nothing outside read; no line of a
// log is the caller's.
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HaMirror.Core.Api;
using Xunit.Abstractions;

namespace HaMirror.Lab.Tests.TwoAgents;

[Collection(AgentsCollection.Name)]
public sealed class InjectionTests(ITestOutputHelper output)
{
    /// <summary>Ends the agent's work, or waits by its nature.</summary>
    private static readonly string[] Lasting = [ConsolePath.Events, ConsolePath.Support];

    /// <summary>The caller's own session: after the first success there would be no caller any more.</summary>
    private static readonly string[] Own = [ConsolePath.Session + "/password"];

    private readonly List<string> _faults = [];
    private int _asked, _refused;

    [Fact]
    public async Task EveryPath_WithHostileParts_IsRefusedInOrder()
    {
        await using var stage = await StageAsync();
        foreach (var request in stage.Document.Requests.Where(request => request.Parameters.Length > 0 && !Lasting.Contains(request.Path)))
        {
            foreach (var hostile in request.Parameters)
            {
                foreach (var text in Hostile.Texts(stage.Canary).SelectMany(Hostile.InPath).Distinct())
                {
                    if (request.Method != "GET" && IsElsewhere(text)) continue;
                    var path = request.At(name => name == hostile ? text : Good(name));
                    await AskAsync(stage, request, path, Body(stage, request)?.ToJsonString());
                }

                // And through this node at the other one, with a part of them.
                foreach (var text in new[] { "..%2f" + Hostile.Mark, "%2e%2e/" + Hostile.Mark, "x%0d%0aHaMirror-Role:%20Admin", "x%0d%0a" + Uri.EscapeDataString(Hostile.Forged), new string('a', 300), "%D0%B0dmin" })
                    await AskAsync(stage, request, ConsolePath.At("n2", request.At(name => name == hostile ? text : Good(name))), null);
            }
        }

        await JudgeAsync(stage, least: 3000);
    }

    [Fact]
    public async Task EveryQuery_WithHostileValues_IsRefusedOrIgnored()
    {
        await using var stage = await StageAsync();
        foreach (var request in stage.Document.Requests.Where(request => !Lasting.Contains(request.Path)))
        {
            foreach (var name in request.Queries.Where(name => name != "follow").DefaultIfEmpty("unknown"))
            {
                if (request.Method != "GET" && name == "unknown") continue;
                foreach (var text in Hostile.Texts(stage.Canary)) await AskAsync(stage, request, $"{request.At(Good)}?{name}={Uri.EscapeDataString(text)}", null);
                await AskAsync(stage, request, $"{request.At(Good)}?{name}=%zz&{name}=%ff%fe&&=&{name}", null);
            }
        }

        await JudgeAsync(stage, least: 1500);
    }

    [Fact]
    public async Task EveryMember_OfEveryBody_WithHostileValues_IsRefusedInOrder()
    {
        await using var stage = await StageAsync();
        var members = 0;
        foreach (var request in stage.Document.Requests.Where(request => request.Body is not null && !Own.Contains(request.Path)))
        {
            var path = request.At(Good);
            foreach (var body in Hostile.Bodies()) await AskAsync(stage, request, path, body);
            var example = Body(stage, request)!;
            foreach (var member in ApiDocument.Members(example))
            {
                members++;
                foreach (var value in Hostile.Values)
                {
                    var json = value.Contains("\\ud", StringComparison.Ordinal) ? Broken(example, member, value) : ApiDocument.With(example, member, Hostile.Json(value)).ToJsonString();
                    await AskAsync(stage, request, path, json);
                }

                foreach (var text in Hostile.Texts(stage.Canary)) await AskAsync(stage, request, path, ApiDocument.With(example, member, text).ToJsonString());
            }
        }

        Assert.True(members > 60, $"Only {members} members of bodies were found in the document.");
        await JudgeAsync(stage, least: 5000);
    }

    [Fact]
    public async Task Configuration_ThatExpandsOrReaches_IsRefusedAtOnce()
    {
        await using var stage = await StageAsync();
        var check = stage.Document.Requests.Single(request => request.Path.EndsWith("/configuration/check", StringComparison.Ordinal));
        var good = File.ReadAllText(stage.Pair.One.Root + "/etc/hamirror/modules/m1/conf/userconfig.xml");
        var macros = string.Concat(Enumerable.Range(1, 40).Select(level => $"<macro name=\"A{level}\" value=\"%A{level - 1}%%A{level - 1}%%A{level - 1}%\"/>"));
        string[] files =
        [
            .. Hostile.Texts(stage.Canary),
            good.Replace("<safe>", $"<safe><macro name=\"A0\" value=\"ha\"/>{macros}"),
            good.Replace("<safe>", $"<safe><xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file://{stage.Canary}\" parse=\"text\"/>"),
            good.Replace("<!DOCTYPE safe>", $"<!DOCTYPE safe SYSTEM \"http://127.0.0.1:1/{Hostile.Mark}\">"),
            good.Replace("<!DOCTYPE safe>", $"<!DOCTYPE safe [<!ENTITY % x SYSTEM \"file://{stage.Canary}\"> %x;]>"),
            good.Replace("<safe>", "<safe>" + string.Concat(Enumerable.Repeat("<a>", 20_000))),
            good.Replace("<safe>", "<safe " + string.Concat(Enumerable.Range(0, 20_000).Select(number => $"a{number}=\"\" ")) + ">"),
            good.Replace("<rfs ", "<rfs locktimeout=\"99999999999999d\" "), good.Replace("<rfs ", "<rfs reiallowedbw=\"-1\" "),
            good.Replace("<replicated dir=\"", "<replicated dir=\"/etc/../proc/" + Hostile.Mark + "/../../"), good.Replace("<replicated dir=\"", "<replicated dir=\"relative/"),
            good.Replace("mode=\"mirror\"", "mode=\"mirror\" defaultprim=\"../" + Hostile.Mark + "\""),
            .. new[] { string.Concat(Enumerable.Repeat("(", 1000)), "((a{1000}){1000}){1000}", "(a+)+$", "x{2147483647}", string.Concat(Enumerable.Repeat("(a|", 300)) }
                .Select(expression => good.Replace("</rfs>", $"<!-- --></rfs>").Replace("/></rfs>", "></replicated></rfs>").Replace("></replicated>", $"><notreplicated regexpath=\"{expression}\"/></replicated>")),
        ];
        foreach (var file in files)
        {
            var body = new JsonObject { ["files"] = new JsonArray(new JsonObject { ["path"] = "conf/userconfig.xml", ["text"] = file, ["executable"] = false }) };
            var clock = System.Diagnostics.Stopwatch.StartNew();
            await AskAsync(stage, check, ApiPath.Module(AgentPair.Module, "configuration/check?node=own"), body.ToJsonString());
            if (clock.Elapsed > AgentProcess.Patience) _faults.Add($"Checking {Hostile.Shown(file)} took {clock.Elapsed.TotalSeconds:0} s.");
        }

        await JudgeAsync(stage, least: 60);
    }

    private static string Good(string parameter) => parameter switch
    {
        "module" => AgentPair.Module, "name" => "custom.x", "run" => "userlog_x", "id" => "0123456789abcdef", _ => "x",
    };

    /// <summary>It stands for another request, as the HTTP server itself resolves it: what that does would be done.</summary>
    private static bool IsElsewhere(string text) => text is "m1/" || text.Split('/').Any(part => Uri.UnescapeDataString(part) is "." or "..");

    /// <summary>A body that comes as far as it can without doing anything that the next request would miss.</summary>
    private static JsonNode? Body(Stage stage, ApiDocument.Request request)
    {
        if (request.Body is null) return null;
        var body = stage.Document.Example(request.Body).AsObject();
        foreach (var (member, value) in Fitting.Where(one => request.Path.EndsWith(one.Path, StringComparison.Ordinal)).SelectMany(one => JsonNode.Parse(one.Json)!.AsObject()))
            body[member] = value?.DeepClone();
        return body;
    }

    private static readonly (string Path, string Json)[] Fitting =
    [
        ("/start", """{"role":"auto"}"""), ("/wait", """{"states":["STOP"],"phase":"NotReady","timeoutSeconds":0}"""), ("/resources/{name}", """{"state":"up"}"""),
        ("/v1/users", """{"role":"monitor","password":"correct horse battery"}"""), ("/v1/keys", """{"role":"monitor"}"""), ("/log", """{"level":"Event"}"""),
        ("/cluster/check", """{"kind":"own"}"""), ("/seed", """{"action":"export","directory":"/nonexistent/seed"}"""), ("/export", """{"directory":"/nonexistent/salvage"}"""),
    ];

    /// <summary>Half a character cannot be made by a JSON writer.</summary>
    private static string Broken(JsonNode example, string[] member, string value) =>
        ApiDocument.With(example, member, "BROKEN").ToJsonString().Replace("\"BROKEN\"", value, StringComparison.Ordinal);

    private async Task AskAsync(Stage stage, ApiDocument.Request request, string path, string? body)
    {
        using var message = new HttpRequestMessage(new HttpMethod(request.Method), new Uri(stage.Base + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (body is not null) message.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        if (request.Path.EndsWith("/configuration", StringComparison.Ordinal) && request.Method == "PUT") message.Headers.TryAddWithoutValidation("If-Match", "*");
        _asked++;
        var what = $"{request.Method} {Hostile.Shown(path)} {Hostile.Shown(body ?? "")}";
        try
        {
            using var answer = await stage.Client.Http.SendAsync(message);
            var text = await answer.Content.ReadAsStringAsync();
            if (!answer.IsSuccessStatusCode) _refused++;
            if (Fault(answer, text, path) is { } fault && _faults.Count < 60) _faults.Add($"{what}: {(int)answer.StatusCode}: {fault} {Hostile.Shown(text)}");
        }
        catch (HttpRequestException error) when (!stage.Pair.One.HasExited)
        {
            _faults.Add($"{what}: {error.Message}");
        }

        Assert.False(stage.Pair.One.HasExited || stage.Pair.Two.HasExited, $"An agent ended on {what}\n{stage.Pair.Story}");
    }

    private static string? Fault(HttpResponseMessage answer, string text, string path)
    {
        if (text.Contains(Hostile.Secret, StringComparison.Ordinal)) return "a file was read that must not be.";
        if (answer.Headers.TryGetValues("Set-Cookie", out var cookies) && cookies.Any(cookie => cookie.StartsWith("a=b", StringComparison.Ordinal))) return "a header was injected.";
        var health = path.StartsWith(ConsolePath.Health, StringComparison.Ordinal);
        if ((int)answer.StatusCode >= 500 && !(health && answer.StatusCode == HttpStatusCode.ServiceUnavailable)) return "it failed.";
        if ((int)answer.StatusCode < 400 || health) return null;
        // What is no request at all is refused by the HTTP server itself, which says nothing: a NUL in a path, a path that is too long.
        if (answer.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestUriTooLong && text.Length == 0) return null;
        if (answer.Content.Headers.ContentType?.MediaType != "application/problem+json") return "no problem details.";
        var problem = JsonSerializer.Deserialize(text, ApiJson.Default.Problem);
        if (problem is null || problem.Title.Length < 10 || problem.Title[^1] is not ('.' or ')' or '\'' or '?')) return "no sentence.";
        if (problem.Status != (int)answer.StatusCode) return "another status in the body.";
        if (problem.Title.Any(char.IsControl)) return "control characters in the sentence.";
        return text.Contains("Exception", StringComparison.Ordinal) || text.Contains("System.", StringComparison.Ordinal) || text.Contains("HaMirror.Core", StringComparison.Ordinal) ? "it shows what it is made of." : null;
    }

    private async Task JudgeAsync(Stage stage, int least)
    {
        output.WriteLine($"{_asked} requests, {_refused} refused, {_faults.Count} faults");
        Assert.True(_faults.Count == 0, string.Join("\n", _faults));
        Assert.True(_asked >= least, $"Only {_asked} requests were made.");
        Assert.Equal(HttpStatusCode.OK, await stage.Client.StatusOfAsync(HttpMethod.Get, ApiPath.Status));
        foreach (var place in Ancestors(stage.Pair.One.Root).Concat(Ancestors(stage.Pair.Two.Root)).Concat(["/etc", "/tmp", "/root", "/var/tmp", Environment.CurrentDirectory]).Distinct())
            Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(place), entry => Path.GetFileName(entry).Contains(Hostile.Mark, StringComparison.Ordinal));
        foreach (var node in new[] { stage.Pair.One, stage.Pair.Two })
        {
            // Below a node's own root a name may be anywhere but where it would be a file's.
            Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(node.Root, "*", SearchOption.AllDirectories), entry => Path.GetFileName(entry).Contains(Hostile.Mark, StringComparison.Ordinal));
            foreach (var log in Directory.EnumerateFiles(node.Root + "/var/log/hamirror", "*.log", SearchOption.AllDirectories))
            {
                var lines = File.ReadAllText(log).Split(['\n', '\r', '\u2028', '\u2029', '\u0085', '\v', '\f']);
                Assert.DoesNotContain(lines, line => line.StartsWith(Hostile.Forged, StringComparison.Ordinal));
                Assert.DoesNotContain(lines, line => line.Any(letter => char.IsControl(letter) && letter != '\t'));
            }
        }

        Assert.Equal(stage.Keys, stage.Pair.Files());
    }

    private static IEnumerable<string> Ancestors(string path)
    {
        for (var at = Path.GetDirectoryName(path); at is not null; at = Path.GetDirectoryName(at)) yield return at;
    }

    private static async Task<Stage> StageAsync()
    {
        var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        var client = new ConsoleClient(pair.One, await pair.One.AddKeyAsync("admin", "admin"));
        var canary = pair.One.Root + "-canary";
        File.WriteAllText(canary, Hostile.Secret);
        return new Stage(pair, client, await ApiDocument.OfAsync(client), canary, pair.Files());
    }

    /// <param name="Keys">What must be as it was at the end.</param>
    private sealed record Stage(AgentPair Pair, ConsoleClient Client, ApiDocument Document, string Canary, string Keys) : IAsyncDisposable
    {
        public string Base => $"http://{Pair.One.Address}:9010";

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            File.Delete(Canary);
            await Pair.DisposeAsync();
        }
    }
}
