// The page outlives the node that served it: SafeKit's and Proxmox's go blank then.
using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace HaMirror.Console.Tests;

/// <summary>Nodes that die under the page.</summary>
[Collection(ConsoleCollection.Name)]
public sealed class NodeLossTests(BrowserFixture browser)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Page_WhoseNodeIsKilled_GoesOnWithTheOtherAndSaysWhichIsGone(bool https)
    {
        await using var stage = await ConsoleStage.CreateAsync(browser, https);
        var pair = stage.Pair;
        await pair.StartAsync();
        var page = await stage.LogInAsync();
        await page.TileShowsAsync("PRIMready", "SECONDready");
        await Expect(page.Tile()).ToContainTextAsync("Protected");
        // It knows the other door, and has what proves it there.
        await page.Page.WaitForResponseAsync(answer => answer.Url.StartsWith(stage.Url(pair.Two) + "/health", StringComparison.Ordinal) && answer.Ok, new() { Timeout = 60_000 });

        await pair.One.KillAsync();
        await pair.ExpectAsync(pair.Two, "ALONE Ready");
        await Expect(page.Page.GetByText("n1 served this page and does not answer any more. The page goes on with n2.")).ToBeVisibleAsync();
        await page.TileShowsAsync("PRIMlast known", "ALONEready");
        await Expect(page.NodeEntry("n1")).ToContainTextAsync("does not answer");
        await Expect(page.Tile()).ToContainTextAsync("No standby");

        // The page does not only look: what it asks for is done.
        await page.OpenModuleAsync();
        await page.Button("Stop on n2").ClickAsync();
        await page.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await pair.ExpectAsync(pair.Two, "STOP NotReady");
        await Expect(page.Node("n2")).ToContainTextAsync("STOP");

        await pair.One.StartAsync();
        await Expect(page.Page.GetByText("n1 answers again; the page still goes through n2.")).ToBeVisibleAsync();
        stage.ExpectNoFaults();
    }

    [Fact]
    public async Task OtherNode_Killed_IsSaidAndItsLastStateKept()
    {
        await using var stage = await ConsoleStage.CreateAsync(browser);
        var pair = stage.Pair;
        await pair.StartAsync();
        var page = await stage.LogInAsync();
        await page.TileShowsAsync("PRIMready", "SECONDready");
        await pair.Two.KillAsync();
        await Expect(page.Page.GetByText("n2 does not answer.", new() { Exact = true })).ToBeVisibleAsync();
        await page.TileShowsAsync("ALONEready", "SECONDlast known");
        await pair.Two.StartAsync();
        await page.TileShowsAsync("PRIMready", "SECONDready");
        await Expect(page.Page.GetByText("n2 does not answer.", new() { Exact = true })).ToBeHiddenAsync();
        stage.ExpectNoFaults();
    }
}
