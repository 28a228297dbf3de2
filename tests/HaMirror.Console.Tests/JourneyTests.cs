// What an operator does, from the log-in to the end, on real agents. Each journey has a module of its own on the one pair of this class.
using System.Text.RegularExpressions;
using HaMirror.Core.Api;
using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace HaMirror.Console.Tests;

/// <summary>Whole ways through the console.</summary>
[Collection(ConsoleCollection.Name)]
public sealed partial class JourneyTests(StageFixture fixture) : IClassFixture<StageFixture>
{
    private const int Megabyte = 1 << 20;

    private ConsoleStage Stage => fixture.Stage;

    private AgentPair Pair => fixture.Stage.Pair;

    [Fact]
    public async Task Operator_FromThePage_StartsSwapsRestartsAndStopsAndFindsItAllAgain()
    {
        const string module = "vm-journey";
        await Pair.AddModuleAsync(module);
        var page = await Stage.LogInAsync(ConsoleStage.Control);
        await page.OpenModuleAsync(module);
        await StartPairAsync(page, module);

        await page.Button("Swap").ClickAsync();
        await Expect(page.Dialog).ToContainTextAsync("nothing is lost");
        await page.ConfirmAsync("Swap");
        await page.NodeShowsAsync("n1", "SECONDready");
        await page.NodeShowsAsync("n2", "PRIMready");
        await Pair.ExpectAsync("SECOND Ready", "PRIM Ready", module);

        await page.Button("Restart service on n2").ClickAsync();
        await Expect(page.Dialog).ToContainTextAsync("without a failover");
        var calls = File.ReadAllLines(AgentPair.HookLog(Pair.Two, module)).Length;
        await page.ConfirmAsync("Restart service");
        await Deadline.HoldsAsync("the hooks were called again", AgentApi.Patience, () => Task.FromResult(
            File.ReadAllLines(AgentPair.HookLog(Pair.Two, module)).Skip(calls).Count(line => line.StartsWith("start_prim", StringComparison.Ordinal)) == 1), () => Pair.Story);
        await Pair.ExpectAsync("SECOND Ready", "PRIM Ready", module);

        var failover = page.Page.GetByRole(AriaRole.Switch);
        await failover.Locator("xpath=ancestor::*[contains(@class,'mantine-Switch-root')]").Locator("label").First.ClickAsync();
        await page.ConfirmAsync("Turn off");
        await Expect(page.Page.GetByText("Failover off", new() { Exact = true }).First).ToBeVisibleAsync();
        Assert.False((await Pair.One.StatusAsync(module)).FailoverOn || (await Pair.Two.StatusAsync(module)).FailoverOn);
        await failover.FocusAsync();
        await page.Page.Keyboard.PressAsync(" ");
        await Expect(page.Page.GetByText("Failover on", new() { Exact = true })).ToBeVisibleAsync();

        await page.Button("Stop on n2").ClickAsync();
        await Expect(page.Dialog).ToContainTextAsync("n1 takes it over");
        await page.ConfirmAsync("Stop");
        await page.NodeShowsAsync("n2", "STOPnot ready");
        await page.NodeShowsAsync("n1", "ALONEready");
        Assert.True(AgentPair.Serves(Pair.One, module) && !AgentPair.Serves(Pair.Two, module));

        await FindOperationsAsync(page, module);
        await FindTimelineAsync(page, module);
        Stage.ExpectNoFaults();
    }

    [Fact]
    public async Task Resync_WatchedFromItsBeginToItsEnd_HasProgressRateTimeLeftChartAndOutcome()
    {
        const string module = "vm-resync";
        await Pair.AddModuleAsync(module);
        Fill(AgentPair.Data(Pair.One, module) + "/disk", 64);
        await Pair.One.StartModuleAsync(module, "primary");
        await Pair.ExpectAsync(Pair.One, "ALONE Ready", module);
        await ConsoleStage.CapResyncAsync(Pair.One, module, Megabyte / 2);
        var page = await Stage.LogInAsync(ConsoleStage.Control);
        await page.GoAsync("Operations");
        await Pair.Two.StartModuleAsync(module);
        var running = page.Page.GetByRole(AriaRole.Listitem, new() { Name = $"Resync of {module} on n1", Exact = true });
        await Expect(running.GetByRole(AriaRole.Progressbar)).ToBeVisibleAsync();
        await Expect(running).ToContainTextAsync(Seconds());
        await Expect(running).ToContainTextAsync("by itself");
        await Expect(page.Page.GetByRole(AriaRole.Listitem, new() { Name = $"Resync of {module} on n2", Exact = true })).ToHaveCountAsync(0);
        var sign = page.Page.GetByRole(AriaRole.Link, new() { NameRegex = Sign() });
        await Expect(sign).ToContainTextAsync($"Resync of {module}");

        await page.GoAsync("Overview");
        await page.OpenModuleAsync(module);
        await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Name = "Resync", Exact = true }).First).ToBeVisibleAsync();
        await Expect(page.Page.GetByRole(AriaRole.Img, new() { NameRegex = ResyncChart() })).ToBeVisibleAsync();
        // Writes of the service are drawn while it is made equal.
        await Deadline.HoldsAsync("the chart shows what is written", AgentApi.Patience, async () =>
        {
            Fill(AgentPair.Data(Pair.One, module) + "/written", 1);
            return WriteChart().IsMatch(await page.Page.GetByRole(AriaRole.Img).First.GetAttributeAsync("aria-label") ?? "");
        }, () => Pair.Story);

        await ConsoleStage.CapResyncAsync(Pair.One, module, null);
        await page.NodeShowsAsync("n1", "PRIMready");
        await page.NodeShowsAsync("n2", "SECONDready");
        await Expect(sign).ToBeHiddenAsync();
        await page.GoAsync("Operations");
        var row = page.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = $"Resync of {module}" });
        await Expect(row).ToContainTextAsync("done");
        await Expect(row).ToContainTextAsync("Both replicas are equal");
        Stage.ExpectNoFaults();
    }

    [Fact]
    public async Task Change_WhileTheTimelineIsOpen_AppearsWithItsCauseAndOnlyWhereItIsAskedFor()
    {
        const string module = "vm-timeline";
        await Pair.AddModuleAsync(module);
        await StartAsync(module);
        var page = await Stage.LogInAsync(ConsoleStage.Monitor, width: 390, height: 844);
        await page.Button("Open the menu").ClickAsync();
        await page.GoAsync("Timeline");
        await page.Page.GetByLabel("Module", new() { Exact = true }).SelectOptionAsync(module);
        var rows = page.Page.GetByRole(AriaRole.Table).GetByRole(AriaRole.Row);
        await Expect(rows.Filter(new() { HasText = "SECOND" }).First).ToBeVisibleAsync();
        await Expect(rows.Filter(new() { HasText = "Action stop called by test@lab" })).ToHaveCountAsync(0);
        await Pair.Two.ActAsync(module, "stop");
        await Expect(rows.Filter(new() { HasText = "STOP" }).Filter(new() { HasText = "Action stop called by test@lab" }).First).ToBeVisibleAsync();
        await Expect(rows.Filter(new() { HasText = "ALONE" }).First).ToBeVisibleAsync();

        await page.Page.GetByLabel("Show", new() { Exact = true }).SelectOptionAsync("all");
        await Expect(rows.Filter(new() { HasText = "Asked for" }).First).ToBeVisibleAsync();
        await page.Page.GetByLabel("Time", new() { Exact = true }).SelectOptionAsync("range");
        await page.Page.GetByLabel("To", new() { Exact = true }).FillAsync("2020-01-01T00:00");
        await Expect(page.Page.GetByText("Nothing changed then.")).ToBeVisibleAsync();
        await page.Button("Clear the filter").ClickAsync();
        await Expect(page.Page.GetByRole(AriaRole.Columnheader, new() { Name = "Module" })).ToHaveCountAsync(1);
        Stage.ExpectNoFaults();
    }

    /// <summary>From a module that never ran to a green pair.</summary>
    private async Task StartPairAsync(ConsolePage page, string module)
    {
        await page.Button("More actions on n1").ClickAsync();
        await page.Page.GetByRole(AriaRole.Menuitem, new() { NameRegex = AsPrimary() }).ClickAsync();
        await Expect(page.Dialog).ToContainTextAsync("was never synchronised");
        await Expect(page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Start as primary" })).ToBeDisabledAsync();
        await page.Dialog.GetByRole(AriaRole.Textbox).FillAsync(module);
        await page.ConfirmAsync("Start as primary");
        await page.NodeShowsAsync("n1", "ALONEready");
        await page.Button("Start on n2").ClickAsync();
        await page.NodeShowsAsync("n1", "PRIMready");
        await page.NodeShowsAsync("n2", "SECONDready");
        await Pair.ExpectAsync("PRIM Ready", "SECOND Ready", module);
    }

    private static async Task FindOperationsAsync(ConsolePage page, string module)
    {
        await page.GoAsync("Operations");
        await page.Page.GetByLabel("Module", new() { Exact = true }).SelectOptionAsync(module);
        foreach (var (what, node) in new[] { ("Swap", "n1"), ("Restart of the service", "n2"), ("Stop", "n2"), ("Start", "n2") })
        {
            var row = page.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = $"{what} of {module}on {node}, by {ConsoleStage.Control}" });
            await Expect(row).ToContainTextAsync("done");
        }
    }

    private static async Task FindTimelineAsync(ConsolePage page, string module)
    {
        await page.GoAsync("Timeline");
        await page.Page.GetByLabel("Module", new() { Exact = true }).SelectOptionAsync(module);
        var rows = page.Page.GetByRole(AriaRole.Table).GetByRole(AriaRole.Row);
        await Expect(rows.Filter(new() { HasText = "PRIM" }).Filter(new() { HasText = "Action swap called by" }).First).ToBeVisibleAsync();
        await Expect(rows.Filter(new() { HasText = $"Action stop called by {ConsoleStage.Control}" }).First).ToBeVisibleAsync();
    }

    private async Task StartAsync(string module)
    {
        await Pair.One.StartModuleAsync(module, "primary");
        await Pair.Two.StartModuleAsync(module);
        await Pair.ExpectAsync("PRIM Ready", "SECOND Ready", module);
    }

    private static void Fill(string path, int megabytes)
    {
        var content = new byte[Megabyte];
        Random.Shared.NextBytes(content);
        using var file = File.Create(path);
        for (var n = 0; n < megabytes; n++) file.Write(content);
    }

    [GeneratedRegex(@"\d .*left")]
    private static partial Regex Seconds();

    [GeneratedRegex("go to the operations$")]
    private static partial Regex Sign();

    [GeneratedRegex("^Bytes a second that the resync looks at.* n1: [1-9]")]
    private static partial Regex ResyncChart();

    [GeneratedRegex("^Bytes written a second.* n1: [1-9]")]
    private static partial Regex WriteChart();

    [GeneratedRegex("^Start as primary")]
    private static partial Regex AsPrimary();
}
