using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>A module's configuration over the API: both nodes at once or not at all.</summary>
[Collection(AgentsCollection.Name)]
public sealed class ConfigurationTests
{
    private const string Xml = "conf/userconfig.xml";

    private static readonly string Path = ConsolePath.Configuration(AgentPair.Module);

    [Fact]
    public async Task Draft_Applied_IsActiveOnBothNodes()
    {
        await using var pair = await ReadyPairAsync();
        var before = await ReadAsync(pair.One);
        Assert.Equal(before.Version, before.ActiveVersion);
        var draft = Edited(before, "mode=\"mirror\"", "mode=\"mirror\" defaultprim=\"lastprim\"");
        var check = await CheckAsync(pair.One, draft);
        Assert.True(check is { Valid: true, NeedsStop: true, Nodes.Length: 2 }, JsonSerializer.Serialize(check, ConsoleJson.Default.ConfigurationCheck));
        Assert.Contains(check.Changes, change => change is { Setting: "service defaultprim", Before: "alone", After: "lastprim", WhileRunning: false, Line: > 0 });

        var applied = await ApplyAsync(pair.One, draft, before.Version!);
        Assert.True(applied.Finished, pair.Story);
        foreach (var node in new[] { pair.One, pair.Two })
        {
            var now = await ReadAsync(node);
            Assert.Equal((applied.Version, applied.Version), (now.Version, now.ActiveVersion));
            Assert.Contains("defaultprim", File.ReadAllText($"{node.Root}/etc/hamirror/modules/m1/{Xml}"));
            Assert.Equal(applied.Version, (await node.StatusAsync(AgentPair.Module)).ConfigurationVersion);
        }

        await pair.StartAsync();
        Assert.Equal(applied.Version, (await pair.One.StatusAsync(AgentPair.Module)).PeerConfigurationVersion);

        // Two browsers: the second one has not seen what the first one did.
        var late = await pair.Two.SendAsync(HttpMethod.Put, Path, draft, ConsoleJson.Default.ModuleDraft, before.Version);
        Assert.Equal(HttpStatusCode.PreconditionFailed, late.Status);
        Assert.Equal(HttpStatusCode.PreconditionRequired, (await pair.Two.SendAsync(HttpMethod.Put, Path, draft, ConsoleJson.Default.ModuleDraft)).Status);
    }

    [Fact]
    public async Task Change_AskedForAsAnOperation_EndsAsTheRequestWouldHave()
    {
        await using var pair = await ReadyPairAsync();
        var before = await ReadAsync(pair.One);
        var draft = Edited(before, "mode=\"mirror\"", "mode=\"mirror\" maxloop=\"5\"");
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await BeginAsync(pair.One, HttpMethod.Put, Path, draft, "0000000000000001")).Status);
        var done = await EndAsync(pair.One, await BegunAsync(pair.One, HttpMethod.Put, Path, draft, before.Version!));
        Assert.True(done is { State: "done", Kind: "configuration", Module: AgentPair.Module, CanCancel: false, Text: "Both nodes have it." }, done.Text);
        var applied = done.Result!.Value.Deserialize(ConsoleJson.Default.ConfigurationApplied)!;
        foreach (var node in new[] { pair.One, pair.Two }) Assert.Equal((applied.Version, true), ((await ReadAsync(node)).ActiveVersion, applied.Finished));

        // What the other node's API is asked for is its operation.
        var restored = await EndAsync(pair.One, await BegunAsync(pair.One, HttpMethod.Post, ConsolePath.At("n2", ConsolePath.Version(AgentPair.Module, before.Version!) + "/restore"), null, applied.Version!));
        Assert.True(restored is { State: "done", Node: "n2" }, restored.Text);
        foreach (var node in new[] { pair.One, pair.Two }) Assert.Equal(before.Version, (await ReadAsync(node)).ActiveVersion);

        var wrong = await EndAsync(pair.One, await BegunAsync(pair.One, HttpMethod.Put, Path, Edited(before, "mode=\"mirror\"", "mode=\"mirror\" maxloop=\"many\""), before.Version!));
        Assert.True(wrong is { State: "failed", Problem: { Status: 422, Errors.IsEmpty: false } }, wrong.Text);
        var removed = await EndAsync(pair.One, await BegunAsync(pair.One, HttpMethod.Delete, Path, null, before.Version!));
        Assert.True(removed.State == "done" && !Directory.Exists(pair.Two.Root + "/etc/hamirror/modules/m1"), removed.Text);
    }

    [Fact]
    public async Task Module_OfATemplate_IsMadeOnBothNodesAndRemovedFromBoth()
    {
        await using var pair = await ReadyPairAsync();
        foreach (var node in new[] { pair.One, pair.Two })
        {
            Directory.CreateDirectory(node.Root + "/etc/hamirror/templates");
            using var copy = System.Diagnostics.Process.Start("cp", ["-r", AgentProcess.Repository + "/modules/mirror", node.Root + "/etc/hamirror/templates/"]);
            await copy.WaitForExitAsync();
        }

        var templates = await pair.One.GetAsync(ConsolePath.Templates, ConsoleJson.Default.ImmutableArrayTemplateStatus);
        Assert.Contains(templates, template => template.Name == "mirror" && template.Fields.Any(field => field.Name == "DIRECTORY") && template.Description.Contains("directory"));
        var files = await pair.One.PostAsync(ConsolePath.Templates + "/mirror/draft",
            new TemplateDraftRequest("db", ImmutableDictionary<string, string>.Empty.Add("DIRECTORY", $"%HAMIRROR_ROOT%/db").Add("START", "echo \"<&'started\"")),
            ConsoleJson.Default.TemplateDraftRequest, ConsoleJson.Default.ModuleFiles);
        Assert.Contains(files.Fields, field => field is { Name: "START", Value: "echo \"<&'started\"" });
        var path = ConsolePath.Configuration("db");
        var made = await pair.One.SendAsync(HttpMethod.Put, path, new ModuleDraft(files.Files, true, "first", null), ConsoleJson.Default.ModuleDraft, "new");
        Assert.True(made.Status == HttpStatusCode.OK, made.Text + pair.Story);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await pair.Two.SendAsync(HttpMethod.Put, path, new ModuleDraft(files.Files, true, null, null), ConsoleJson.Default.ModuleDraft, "new")).Status);
        Assert.True(Directory.Exists(pair.One.Root + "/db") && Directory.Exists(pair.Two.Root + "/db"));
        await pair.One.StartModuleAsync("db", "primary");
        await pair.Two.StartModuleAsync("db");
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready", "db");

        var version = JsonSerializer.Deserialize(made.Text, ConsoleJson.Default.ConfigurationApplied)!.Version!;
        var refused = await pair.One.SendAsync<ModuleDraft>(HttpMethod.Delete, path, null, ConsoleJson.Default.ModuleDraft, version);
        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        await pair.One.ActAsync("db", "stop");
        await pair.ExpectAsync("STOP NotReady", "ALONE Ready", "db");
        refused = await pair.One.SendAsync<ModuleDraft>(HttpMethod.Delete, path, null, ConsoleJson.Default.ModuleDraft, version);
        Assert.True(refused.Status == HttpStatusCode.Conflict && refused.Text.Contains("runs on n2"), refused.Text);
        await pair.Two.ActAsync("db", "stop");
        await pair.ExpectAsync("STOP NotReady", "STOP NotReady", "db");
        var gone = await pair.One.SendAsync<ModuleDraft>(HttpMethod.Delete, path, null, ConsoleJson.Default.ModuleDraft, version);
        Assert.True(gone.Status == HttpStatusCode.OK, gone.Text);
        foreach (var node in new[] { pair.One, pair.Two })
        {
            Assert.DoesNotContain((await node.StatusAsync())!.Modules, module => module.Module == "db");
            Assert.True(Directory.Exists(node.Root + "/db"));
        }
    }

    [Fact]
    public async Task Peer_NotReachable_ChangesNothingAnywhere()
    {
        await using var pair = await ReadyPairAsync();
        var before = await ReadAsync(pair.One);
        await pair.Two.KillAsync();
        var refused = await pair.One.SendAsync(HttpMethod.Put, Path, Edited(before, "mode=\"mirror\"", "mode=\"mirror\" boot=\"on\""), ConsoleJson.Default.ModuleDraft, before.Version);
        Assert.Equal(HttpStatusCode.BadGateway, refused.Status);
        Assert.Contains("Nothing was changed on either node", refused.Text);
        var now = await ReadAsync(pair.One);
        Assert.Equal((before.Version, before.Version, null), (now.Version, now.ActiveVersion, now.Change));
        await pair.Two.StartAsync();
        Assert.Equal(before.Version, (await ReadAsync(pair.Two)).ActiveVersion);
    }

    [Fact]
    public async Task Check_ThatFailsOnThePeerOnly_ChangesNothingAndNamesIt()
    {
        await using var pair = await ReadyPairAsync();
        var before = await ReadAsync(pair.One);
        var taken = Directory.CreateTempSubdirectory("hamirror-taken-").FullName;
        try
        {
            // On the second node another module has the directory already.
            await pair.AddModuleAsync("other", content: "");
            File.WriteAllText($"{pair.Two.Root}/etc/hamirror/modules/other/{Xml}",
                $"<safe><service mode=\"mirror\"><rfs><replicated dir=\"{taken}\"/></rfs><user/></service></safe>");
            await pair.Two.ConfigureAsync("other");
            var draft = Edited(before, "%HAMIRROR_ROOT%/data-%SAFEMODULE%", taken);
            var check = await CheckAsync(pair.One, draft);
            Assert.False(check.Valid);
            Assert.Equal("n2", Assert.Single(check.Faults).Node);
            var refused = await pair.One.SendAsync(HttpMethod.Put, Path, draft, ConsoleJson.Default.ModuleDraft, before.Version);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
            Assert.Contains("wrong on n2", refused.Text);
            foreach (var node in new[] { pair.One, pair.Two })
            {
                var now = await ReadAsync(node);
                Assert.Equal((before.Version, before.Version, null), (now.Version, now.ActiveVersion, now.Change));
            }
        }
        finally
        {
            Directory.Delete(taken);
        }
    }

    [Theory]
    [InlineData("change-prepared", false)]
    [InlineData("change-decided", true)]
    [InlineData("change-committed", true)]
    public async Task Coordinator_DyingInTheMiddle_LeavesBothNodesEqual(string point, bool applied)
    {
        await using var pair = await ReadyPairAsync();
        await pair.One.EndAsync();
        await pair.One.StartAsync(crashAt: point);
        await ConsoleClient.ListensAsync(pair.One);
        var before = await ReadAsync(pair.One);
        var draft = Edited(before, "<rfs ", "<rfs async=\"none\" ");
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => pair.One.SendAsync(HttpMethod.Put, Path, draft, ConsoleJson.Default.ModuleDraft, before.Version));
        await pair.One.DiesAsync();
        if (point != "change-committed")
        {
            var held = (await ReadAsync(pair.Two)).Change;
            Assert.True(held is { State: "prepared", Coordinator: "n1" } && held.Sentence.Contains("n1 decides"), pair.Story);
            Assert.Equal(held, (await pair.Two.StatusAsync(AgentPair.Module)).Change);
            var start = await pair.Two.RefusedAsync(ApiPath.Module(AgentPair.Module, "start"), new StartRequest("primary", false, null, null), ApiJson.Default.StartRequest);
            Assert.Contains("is being changed", start.Title);
        }

        await pair.One.StartAsync();
        await Deadline.HoldsAsync("both nodes have ended the change", AgentProcess.Patience, async () =>
            (await ReadAsync(pair.One)).Change is null && (await ReadAsync(pair.Two)).Change is null, () => pair.Story);
        var (one, two) = (await ReadAsync(pair.One), await ReadAsync(pair.Two));
        Assert.Equal((one.Version, one.ActiveVersion), (two.Version, two.ActiveVersion));
        Assert.Equal(applied, one.Version != before.Version);
        await pair.StartAsync();
    }

    [Fact]
    public async Task Participant_DyingWhileItHoldsAChange_EndsItWhenItIsBack()
    {
        await using var pair = await ReadyPairAsync();
        await pair.Two.EndAsync();
        await pair.Two.StartAsync(crashAt: "change-held");
        await ConsoleClient.ListensAsync(pair.Two);
        var before = await ReadAsync(pair.One);
        var refused = await pair.One.SendAsync(HttpMethod.Put, Path, Edited(before, "mode=\"mirror\"", "mode=\"mirror\" boot=\"on\""), ConsoleJson.Default.ModuleDraft, before.Version);
        Assert.Equal(HttpStatusCode.BadGateway, refused.Status);
        await pair.Two.DiesAsync();
        await pair.Two.StartAsync();
        await Deadline.HoldsAsync("the second node has forgotten the change", AgentProcess.Patience, async () => (await ReadAsync(pair.Two)).Change is null, () => pair.Story);
        Assert.Equal(before.Version, (await ReadAsync(pair.Two)).ActiveVersion);
        Assert.Equal(before.Version, (await ReadAsync(pair.One)).ActiveVersion);
    }

    [Fact]
    public async Task Change_WhoseCoordinatorIsGoneForGood_IsEndedByHand()
    {
        await using var pair = await ReadyPairAsync();
        await pair.One.EndAsync();
        await pair.One.StartAsync(crashAt: "change-prepared");
        await ConsoleClient.ListensAsync(pair.One);
        var before = await ReadAsync(pair.One);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => pair.One.SendAsync(HttpMethod.Put, Path, Edited(before, "mode=\"mirror\"", "mode=\"mirror\" boot=\"on\""), ConsoleJson.Default.ModuleDraft, before.Version));
        await pair.One.DiesAsync();
        var open = Assert.Single(await pair.Two.GetAsync(ConsolePath.Changes, ConsoleJson.Default.ImmutableArrayChangeStatus));
        var undone = await pair.Two.SendAsync<ModuleDraft>(HttpMethod.Delete, ConsolePath.Change(open.Id), null, ConsoleJson.Default.ModuleDraft);
        Assert.Equal(HttpStatusCode.NoContent, undone.Status);
        await pair.Two.StartModuleAsync(AgentPair.Module, "primary");
        await pair.ExpectAsync(pair.Two, "ALONE Ready");
    }

    [Fact]
    public async Task Version_Restored_IsActiveOnBothNodesAgain()
    {
        await using var pair = await ReadyPairAsync();
        var first = await ReadAsync(pair.One);
        var version = first.Version!;
        for (var round = 0; round < 11; round++)
            version = (await ApplyAsync(pair.One, Edited(await ReadAsync(pair.One), "<service mode=\"mirror\"", $"<service mode=\"mirror\" "), version)).Version!;
        var versions = await pair.One.GetAsync(ApiPath.Module(AgentPair.Module, "versions"), ConsoleJson.Default.ImmutableArrayModuleVersion);
        Assert.Equal(10, versions.Length);
        Assert.True(versions[0] is { Active: true, By: "test@lab", Comment: "a test" } && versions[0].Id == version);
        var old = versions[^1].Id;
        var restored = await pair.Two.SendAsync(HttpMethod.Post, ConsolePath.Version(AgentPair.Module, old) + "/restore", new VersionRequest("anna"), ConsoleJson.Default.VersionRequest, version);
        Assert.True(restored.Status == HttpStatusCode.OK, restored.Text);
        foreach (var node in new[] { pair.One, pair.Two }) Assert.Equal(old, (await ReadAsync(node)).ActiveVersion);
        Assert.Equal("anna", (await pair.One.GetAsync(ApiPath.Module(AgentPair.Module, "versions"), ConsoleJson.Default.ImmutableArrayModuleVersion))[0].By);
    }

    [Fact]
    public async Task Setting_ThatCanChangeWhileRunning_DoesSoWithoutAStop()
    {
        await using var pair = await ReadyPairAsync();
        var file = await ReadAsync(pair.One);
        await pair.StartAsync();
        var since = (await pair.One.StatusAsync(AgentPair.Module)).Since;
        var draft = Edited(file, "<rfs ", "<rfs reiallowedbw=\"5000\" ", ("</service>", "<check><custom ident=\"look\" exec=\"look\" when=\"prim\"/></check></service>"));
        draft = draft with
        {
            Files = draft.Files.Add(new ModuleFile("bin/look", "#!/bin/sh\n\"$SAFE/safekit\" set -r custom.look -v up || true\ntouch \"$HAMIRROR_ROOT/looked\"\nsleep 1000\n", null, true))
                .Replace(draft.Files.First(one => one.Path == "bin/stop_prim"), draft.Files.First(one => one.Path == "bin/stop_prim") with { Text = "#!/bin/sh\ntouch \"$HAMIRROR_ROOT/new-hook\"\n" }),
        };
        var check = await CheckAsync(pair.One, draft);
        Assert.True(check is { Valid: true, NeedsStop: false }, JsonSerializer.Serialize(check, ConsoleJson.Default.ConfigurationCheck));
        var applied = await ApplyAsync(pair.One, draft, file.Version!);
        Assert.True(applied.Finished);
        var status = await pair.One.StatusAsync(AgentPair.Module);
        Assert.Equal(("PRIM", "Ready", since, applied.Version), (status.State, status.Phase, status.Since, status.ConfigurationVersion));
        await Deadline.HoldsAsync("the new checker runs", AgentProcess.Patience, () => Task.FromResult(File.Exists(pair.One.Root + "/looked")), () => pair.Story);

        var refused = await pair.One.SendAsync(HttpMethod.Put, Path, Edited(await ReadAsync(pair.One), "<rfs ", "<rfs async=\"none\" "), ConsoleJson.Default.ModuleDraft, applied.Version);
        Assert.True(refused.Status == HttpStatusCode.Conflict && refused.Text.Contains("service/rfs async cannot change meanwhile"), refused.Text);
        await pair.One.ActAsync(AgentPair.Module, "stop");
        await pair.ExpectAsync(pair.One, "STOP NotReady");
        Assert.True(File.Exists(pair.One.Root + "/new-hook"));
    }

    [Fact]
    public async Task FileName_ThatIsNone_IsRefused()
    {
        await using var pair = await ReadyPairAsync();
        var file = await ReadAsync(pair.One);
        foreach (var name in new[] { "../../etc/passwd", "/etc/passwd", "bin/../../x", "bin/a b", "bin/.hidden", "bin/\u0000x", "bin//x", "bin/x\ny", "bin/;reboot", "bin/" + new string('x', 65), "", "a/b/c/d/e", "bin/start_prim/x" })
        {
            var draft = new ModuleDraft(file.Files.Add(new ModuleFile(name, "x", null, true)), true, null, null);
            var refused = await pair.One.SendAsync(HttpMethod.Put, Path, draft, ConsoleJson.Default.ModuleDraft, file.Version);
            Assert.True(refused.Status == HttpStatusCode.BadRequest, $"{name}: {refused.Text}");
        }

        Assert.Equal(file.Version, (await ReadAsync(pair.One)).Version);
    }

    [Fact]
    public async Task Injection_InEveryOtherInput_IsRefused()
    {
        await using var pair = await ReadyPairAsync();
        var file = await ReadAsync(pair.One);
        foreach (var module in new[] { "..%2F..%2Fetc", "%2e%2e", ".cluster", "a%20b", "a%0Ab", "-x" })
        {
            var status = (await pair.One.SendAsync(HttpMethod.Put, $"/v1/modules/{module}/configuration", new ModuleDraft(file.Files, false, null, null), ConsoleJson.Default.ModuleDraft, "new")).Status;
            Assert.True(status is HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed, $"{module}: {status}");
        }

        foreach (var id in new[] { "..", "..%2f..", "%2e%2e%2fm1" })
            Assert.True((await pair.One.SendAsync(HttpMethod.Post, $"/v1/modules/m1/versions/{id}/restore", new VersionRequest(null), ConsoleJson.Default.VersionRequest, file.Version)).Status is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed, id);
        foreach (var template in new[] { "..", "%2Fetc", "..%2F..%2Fetc" })
            Assert.True((await pair.One.SendAsync(HttpMethod.Post, $"/v1/templates/{template}/draft", new TemplateDraftRequest("x", null), ConsoleJson.Default.TemplateDraftRequest)).Status is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed, template);
        foreach (var xml in new[]
        {
            "<!DOCTYPE safe [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><safe><service mode=\"mirror\" defaultprim=\"&x;\"/></safe>",
            "<!DOCTYPE safe [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><safe>&b;</safe>",
            "<safe xmlns:xi=\"http://www.w3.org/2001/XInclude\"><xi:include href=\"/etc/passwd\"/></safe>",
            "<safe><service mode=\"mirror\">&undefined;</service></safe>",
        })
        {
            var draft = new ModuleDraft([new ModuleFile(Xml, xml, null, false)], false, null, null);
            Assert.False((await CheckAsync(pair.One, draft)).Valid);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await pair.One.SendAsync(HttpMethod.Put, Path, draft, ConsoleJson.Default.ModuleDraft, file.Version)).Status);
        }

        var large = new ModuleDraft(file.Files.Add(new ModuleFile("bin/large", new string('x', 600 << 10), null, false)), false, null, null);
        Assert.Equal(HttpStatusCode.BadRequest, (await pair.One.SendAsync(HttpMethod.Put, Path, large, ConsoleJson.Default.ModuleDraft, file.Version)).Status);
        Assert.Equal(file.Version, (await ReadAsync(pair.One)).Version);
        Assert.Equal(file.Version, (await ReadAsync(pair.Two)).Version);
    }

    private static async Task<AgentPair> ReadyPairAsync()
    {
        var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        return pair;
    }

    private static async Task<(HttpStatusCode Status, string Text, string? Location)> BeginAsync(AgentProcess node, HttpMethod method, string path, ModuleDraft? draft, string version)
    {
        using var request = new HttpRequestMessage(method, path);
        if (draft is not null) request.Content = System.Net.Http.Json.JsonContent.Create(draft, ConsoleJson.Default.ModuleDraft);
        request.Headers.TryAddWithoutValidation("If-Match", $"\"{version}\"");
        request.Headers.TryAddWithoutValidation("Prefer", "respond-async");
        using var answer = await node.RawAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.Location?.OriginalString);
    }

    private static async Task<string> BegunAsync(AgentProcess node, HttpMethod method, string path, ModuleDraft? draft, string version)
    {
        var (status, text, location) = await BeginAsync(node, method, path, draft, version);
        Assert.True(status == HttpStatusCode.Accepted && location is not null, text + node.Story);
        return location;
    }

    private static async Task<OperationStatus> EndAsync(AgentProcess node, string location)
    {
        OperationStatus? seen = null;
        await Deadline.HoldsAsync("the operation ends", AgentProcess.Patience, async () =>
            (seen = await node.GetAsync(location, ConsoleJson.Default.OperationStatus)).State != "running", () => $"{seen}\n{node.Story}");
        return seen!;
    }

    private static Task<ModuleFiles> ReadAsync(AgentProcess node) => node.GetAsync(Path, ConsoleJson.Default.ModuleFiles);

    private static Task<ConfigurationCheck> CheckAsync(AgentProcess node, ModuleDraft draft) =>
        node.PostAsync(Path + "/check", draft, ConsoleJson.Default.ModuleDraft, ConsoleJson.Default.ConfigurationCheck);

    private static async Task<ConfigurationApplied> ApplyAsync(AgentProcess node, ModuleDraft draft, string version)
    {
        var (status, text) = await node.SendAsync(HttpMethod.Put, Path, draft, ConsoleJson.Default.ModuleDraft, version);
        Assert.True(status == HttpStatusCode.OK, text + node.Story);
        return JsonSerializer.Deserialize(text, ConsoleJson.Default.ConfigurationApplied)!;
    }

    private static ModuleDraft Edited(ModuleFiles files, string before, string after, params (string Before, string After)[] more)
    {
        var xml = files.Files.First(file => file.Path == Xml);
        var text = xml.Text!;
        foreach (var (one, two) in more.Prepend((before, after)))
        {
            Assert.Contains(one, text);
            text = text.Replace(one, two);
        }

        return new ModuleDraft(files.Files.Replace(xml, xml with { Text = text }), false, "a test", "test@lab");
    }
}
