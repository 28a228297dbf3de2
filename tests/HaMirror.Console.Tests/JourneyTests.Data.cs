// What was logged, what hooks printed, what a losing node had: to be read, kept and had back.
using System.Text.RegularExpressions;
using HaMirror.Core.Api;
using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace HaMirror.Console.Tests;

public sealed partial class JourneyTests
{
    [Fact]
    public async Task Log_OfBothNodes_IsFilteredHeldDownloadedAndShowsWhatAHookPrinted()
    {
        const string module = "vm-log", printed = "the service of this test begins";
        await Pair.AddModuleAsync(module, "", new Dictionary<string, string> { ["start_prim"] = $"echo '{printed}'; touch \"$HAMIRROR_ROOT/service-$SAFEMODULE\"" });
        await StartAsync(module);
        var page = await Stage.LogInAsync(ConsoleStage.Control);
        await page.GoAsync("Log");
        await page.Page.GetByLabel("Module", new() { Exact = true }).SelectOptionAsync(module);
        var lines = page.Page.GetByRole(AriaRole.Log).GetByRole(AriaRole.Listitem);
        await Expect(lines.Filter(new() { HasText = "n1" }).First).ToBeVisibleAsync();
        await Expect(lines.Filter(new() { HasText = "n2" }).First).ToBeVisibleAsync();

        await page.Page.GetByRole(AriaRole.Button, new() { NameRegex = StartRun() }).First.ClickAsync();
        await Expect(page.Dialog).ToContainTextAsync(printed);
        await page.Page.Keyboard.PressAsync("Escape");
        await Expect(page.Dialog).ToHaveCountAsync(0);

        // Held: lines wait, and come when it goes on.
        await page.Button("Pause").ClickAsync();
        await SayAsync(Pair.Two, module, "a line that waits");
        await Expect(page.Page.GetByRole(AriaRole.Button, new() { NameRegex = GoOn() })).ToBeVisibleAsync();
        await Expect(lines.Filter(new() { HasText = "a line that waits" })).ToHaveCountAsync(0);
        await page.Page.GetByRole(AriaRole.Button, new() { NameRegex = GoOn() }).ClickAsync();
        await Expect(lines.Filter(new() { HasText = "a line that waits" })).ToBeVisibleAsync();

        await page.Page.GetByLabel("Text", new() { Exact = true }).FillAsync("A LINE that");
        await Expect(lines).ToHaveCountAsync(1);
        var download = await page.Page.RunAndWaitForDownloadAsync(() => page.Button("Download").ClickAsync());
        Assert.Matches(@"^hamirror-log-.*\.txt$", download.SuggestedFilename);
        Assert.Matches($@"^\S+ n2 {module} Event a line that waits\n$", await File.ReadAllTextAsync((await download.PathAsync())!));
        await page.Page.GetByLabel("Level", new() { Exact = true }).SelectOptionAsync("Critical");
        await Expect(page.Page.GetByText("No line is like that.")).ToBeVisibleAsync();
        await page.Button("Clear the filter").ClickAsync();
        await page.Page.GetByLabel("Node", new() { Exact = true }).SelectOptionAsync("n2");
        await Expect(lines.Filter(new() { HasText = "a line that waits" })).ToBeVisibleAsync();
        Assert.All(await lines.AllInnerTextsAsync(), text => Assert.DoesNotMatch(@"^\S+\s+n1\s", text));
        await page.Page.GetByLabel("Time", new() { Exact = true }).SelectOptionAsync("range");
        await page.Page.GetByLabel("To", new() { Exact = true }).FillAsync("2020-01-01T00:00");
        await Expect(page.Page.GetByText("No line is like that.")).ToBeVisibleAsync();
        Stage.ExpectNoFaults();
    }

    [Fact]
    public async Task WhatADivergenceReplaced_IsListedWrittenOutAndPutBackFromThePage()
    {
        const string module = "vm-salvage";
        await Pair.AddModuleAsync(module);
        var (one, two) = (AgentPair.Data(Pair.One, module), AgentPair.Data(Pair.Two, module));
        File.WriteAllText(one + "/letter", "as both had it");
        await StartAsync(module);
        await DivergeAsync(module, one + "/letter", two + "/letter");

        var page = await Stage.LogInAsync();
        await page.OpenModuleAsync(module);
        await page.Page.GetByRole(AriaRole.Tab, new() { Name = "Decision" }).ClickAsync();
        await Expect(page.Page.GetByRole(AriaRole.Region, new() { Name = "Decided last on n1" }).GetByRole(AriaRole.Table)).ToContainTextAsync("Generation");
        await page.Page.GetByRole(AriaRole.Tab, new() { Name = "Data" }).ClickAsync();
        await page.Page.GetByRole(AriaRole.Button, new() { NameRegex = SetFiles() }).ClickAsync();
        await Expect(page.Dialog).ToContainTextAsync(one + "/letter");
        await Expect(page.Dialog).ToContainTextAsync("swap first");
        await Expect(page.Dialog.GetByRole(AriaRole.Button, new() { NameRegex = PutBack() })).ToBeDisabledAsync();
        var directory = Pair.One.Root + "/salvaged";
        await page.Dialog.GetByLabel("Directory on n1").FillAsync(directory);
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Write 1 file out" }).ClickAsync();
        await Expect(page.Dialog).ToContainTextAsync("The set is written out.");
        Assert.Equal("as the first node left it", File.ReadAllText($"{directory}{one}/letter"));
        await page.Page.Keyboard.PressAsync("Escape");
        await Expect(page.Dialog).ToHaveCountAsync(0);

        await page.Button("Swap").ClickAsync();
        await page.ConfirmAsync("Swap");
        await page.NodeShowsAsync("n1", "PRIMready");
        await page.Page.GetByRole(AriaRole.Button, new() { NameRegex = SetFiles() }).ClickAsync();
        await page.Dialog.GetByRole(AriaRole.Button, new() { NameRegex = PutBack() }).ClickAsync();
        var asked = page.Page.GetByRole(AriaRole.Dialog, new() { Name = "Put 1 file back?" });
        await Expect(asked.GetByRole(AriaRole.Button, new() { Name = "Put back" })).ToBeDisabledAsync();
        await asked.GetByRole(AriaRole.Textbox).FillAsync(module);
        await asked.GetByRole(AriaRole.Button, new() { Name = "Put back" }).ClickAsync();
        await Expect(asked).ToHaveCountAsync(0);
        Assert.Equal("as the first node left it", File.ReadAllText(one + "/letter"));

        await page.Page.Keyboard.PressAsync("Escape");
        await page.Button("Verify").ClickAsync();
        await Expect(page.Page.GetByText("Both replicas are equal.")).ToBeVisibleAsync();
        await page.GoAsync("Operations");
        await Expect(page.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = $"Verification of {module}" })).ToContainTextAsync("Both replicas are equal.");
        await Expect(page.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = $"Export of a salvage set of {module}" })).ToContainTextAsync("done");
        Stage.ExpectNoFaults();
    }

    /// <summary>Each node goes on alone for a while; then they meet, and the second one is kept.</summary>
    private async Task DivergeAsync(string module, string one, string two)
    {
        await Pair.Two.ActAsync(module, "stop");
        await Pair.ExpectAsync("ALONE Ready", "STOP NotReady", module);
        File.WriteAllText(one, "as the first node left it");
        await Pair.One.ActAsync(module, "stop");
        await Pair.ExpectAsync(Pair.One, "STOP NotReady", module);
        await Pair.One.EndAsync();
        await Pair.Two.StartModuleAsync(module, "primary");
        await Pair.ExpectAsync(Pair.Two, "ALONE Ready", module);
        File.WriteAllText(two, "as the second node left it");
        await Pair.One.StartAsync();
        await ConsoleClient.ListensAsync(Pair.One);
        await Pair.One.StartModuleAsync(module);
        await Pair.ExpectAsync("SECOND Ready", "PRIM Ready", module);
    }

    private static async Task SayAsync(AgentProcess node, string module, string text)
    {
        var (status, answer) = await node.SendAsync(HttpMethod.Post, ApiPath.Module(module, "log"), new LogRequest("Event", text), ApiJson.Default.LogRequest);
        Assert.True(status == System.Net.HttpStatusCode.NoContent, answer);
    }

    [GeneratedRegex("^Show the output of userlog_.*start_prim")]
    private static partial Regex StartRun();

    [GeneratedRegex("^Show the output of userlog_")]
    private static partial Regex HookRunName();

    [GeneratedRegex(@"^Go on \([1-9]")]
    private static partial Regex GoOn();

    [GeneratedRegex("^Files of the salvage set")]
    private static partial Regex SetFiles();

    [GeneratedRegex("^Put .* back …$")]
    private static partial Regex PutBack();
}
