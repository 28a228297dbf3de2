using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace HaMirror.Console.Tests;

/// <summary>Modules' configurations in a browser, on both nodes at once or not at all.</summary>
[Collection(ConsoleCollection.Name)]
public sealed class ConfigurationTests(BrowserFixture browser)
{
    [Fact]
    public async Task Version_Kept_IsComparedAndRestoredOnBothNodes()
    {
        await using var stage = await ConsoleStage.CreateAsync(browser);
        var pair = stage.Pair;
        var first = (await pair.One.StatusAsync(AgentPair.Module)).ConfigurationVersion;
        var page = await stage.LogInAsync();
        var configuration = new ConfigurationPage(page);
        await configuration.OpenAsync();
        await configuration.MoreAsync("Module");
        await configuration.Field("defaultprim").FillAsync("lastprim");
        await configuration.GoodAsync("it needs the module stopped, and it is.");
        await configuration.ApplyAsync();
        Assert.NotEqual(first, await SameAsync(pair));
        await configuration.TabAsync("Versions");
        var rows = page.Page.GetByRole(AriaRole.Region, new() { Name = "Table of the last versions", Exact = true }).Locator("tbody tr");
        await Expect(rows).ToHaveCountAsync(2);
        await Expect(rows.First).ToContainTextAsync("runs now");
        await Expect(rows.First).ToContainTextAsync(ConsoleStage.Admin);
        await rows.Last.GetByRole(AriaRole.Button).Filter(new() { HasText = "Compare" }).ClickAsync();
        await Expect(page.Page.GetByRole(AriaRole.Region, new() { Name = "Difference in conf/userconfig.xml" })).ToContainTextAsync("lastprim");
        await rows.Last.GetByRole(AriaRole.Button).Filter(new() { HasText = "Restore" }).ClickAsync();
        await Expect(configuration.Dialog).ToContainTextAsync("service defaultprim");
        await configuration.ConfirmAsync("Restore");
        await Expect(rows.First).ToContainTextAsync("As of ");
        Assert.Equal(first, await SameAsync(pair));
        stage.ExpectNoFaults();
    }

    /// <summary>Both nodes run with the same, whose version this is.</summary>
    private static async Task<string> SameAsync(AgentPair pair)
    {
        var one = (await pair.One.StatusAsync(AgentPair.Module)).ConfigurationVersion;
        Assert.Equal(one, (await pair.Two.StatusAsync(AgentPair.Module)).ConfigurationVersion);
        return one!;
    }
}
