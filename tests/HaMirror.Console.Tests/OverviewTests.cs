using System.Text.Json;
using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;
using Xunit.Abstractions;
using static Microsoft.Playwright.Assertions;

namespace HaMirror.Console.Tests;

/// <summary>The first page, live.</summary>
[Collection(ConsoleCollection.Name)]
public sealed class OverviewTests(BrowserFixture browser, ITestOutputHelper output)
{
    /// <summary>The bound of a change's way to the screen.</summary>
    private const int ShownWithinMilliseconds = 500;

    [Fact]
    public async Task Resync_WhileItRuns_ShowsHowFarItIsAndEndsGreen()
    {
        const int megabytes = 96;
        await using var stage = await ConsoleStage.CreateAsync(browser);
        var pair = stage.Pair;
        var content = new byte[1 << 20];
        Random.Shared.NextBytes(content);
        using (var file = File.Create(AgentPair.Data(pair.One) + "/disk")) for (var n = 0; n < megabytes; n++) file.Write(content);
        var page = await stage.LogInAsync();
        await page.TileShowsAsync("STOPnot ready", "STOPnot ready");
        await pair.One.StartModuleAsync(AgentPair.Module, "primary");
        await pair.ExpectAsync(pair.One, "ALONE Ready");
        await ConsoleStage.CapResyncAsync(pair.One, AgentPair.Module, 8 << 20);
        await pair.Two.StartModuleAsync(AgentPair.Module);
        var bar = page.Tile().GetByRole(AriaRole.Progressbar);
        await Expect(bar).ToBeVisibleAsync();
        await Expect(page.Tile()).ToContainTextAsync("/s");
        await Expect(page.Tile()).ToContainTextAsync("left");
        var first = await PercentAsync(bar);
        await Deadline.HoldsAsync("it goes on before the eyes", AgentApi.Patience, async () => await PercentAsync(bar) > first, () => pair.Story);
        await ConsoleStage.CapResyncAsync(pair.One, AgentPair.Module, null);
        await page.TileShowsAsync("PRIMready", "SECONDready");
        await Expect(bar).ToBeHiddenAsync();
        await Expect(page.Tile()).ToContainTextAsync("Protected");
        stage.ExpectNoFaults();
    }

    /// <summary>From the node's own time of the change to the page's drawing of it; both clocks are this machine's. The best of six
    /// counts: the machine may be busy with something else, and a way that is slow by itself is slow each time.</summary>
    [Fact]
    public async Task StateChange_AsItHappens_IsOnTheScreenWithinHalfASecond()
    {
        await using var stage = await ConsoleStage.CreateAsync(browser);
        var pair = stage.Pair;
        await pair.StartAsync();
        var page = await stage.LogInAsync();
        await page.TileShowsAsync("PRIMready", "SECONDready");
        await page.Page.EvaluateAsync("""
            module => {
              window.drawn = [];
              const tile = document.querySelector(`article[aria-label="${module}"]`);
              let last = tile.innerText;
              new MutationObserver(() => {
                if (tile.innerText === last) return;
                last = tile.innerText;
                const text = last.replace(/\s+/g, '');
                requestAnimationFrame(() => window.drawn.push({ at: Date.now(), text }));
              }).observe(tile, { subtree: true, childList: true, characterData: true });
            }
            """, AgentPair.Module);
        var best = double.MaxValue;
        for (var round = 0; round < 3; round++)
        {
            await pair.Two.ActAsync(AgentPair.Module, "stop");
            await pair.ExpectAsync("ALONE Ready", "STOP NotReady");
            best = Math.Min(best, await DelayAsync(page, pair.One, "ALONE"));
            await pair.Two.StartModuleAsync(AgentPair.Module);
            await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
            best = Math.Min(best, await DelayAsync(page, pair.One, "PRIM"));
        }

        output.WriteLine($"The best of six changes was on the screen after {best:0} ms.");
        Assert.True(best < ShownWithinMilliseconds * ConsoleStage.Slack, $"The best of six changes was on the screen {best:0} ms after the node had made it.");
    }

    /// <summary>Between the node's own time of its last change and the page's first drawing of it; one machine, one clock.</summary>
    private static async Task<double> DelayAsync(ConsolePage page, AgentProcess node, string state)
    {
        var since = (await node.StatusAsync(AgentPair.Module)).Since.ToUnixTimeMilliseconds();
        double? drawn = null;
        await Deadline.HoldsAsync($"{state} is on the screen", AgentApi.Patience, async () =>
        {
            var all = await page.Page.EvaluateAsync<JsonElement>("window.drawn");
            foreach (var one in all.EnumerateArray())
            {
                if (one.GetProperty("at").GetInt64() < since || !one.GetProperty("text").GetString()!.Contains($"n1{state}ready", StringComparison.Ordinal)) continue;
                drawn = one.GetProperty("at").GetInt64() - since;
                return true;
            }

            return false;
        }, () => node.Story);
        return drawn!.Value;
    }

    private static async Task<double> PercentAsync(ILocator bar) =>
        double.Parse(await bar.GetAttributeAsync("aria-valuenow") ?? "0", System.Globalization.CultureInfo.InvariantCulture);
}
