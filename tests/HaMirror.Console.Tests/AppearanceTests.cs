// Every page of the navigation, and the module's, in both themes and two widths. A page that somebody adds is looked at by itself.
using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace HaMirror.Console.Tests;

/// <summary>What the pages look like, and whether everybody can use them.</summary>
[Collection(ConsoleCollection.Name)]
public sealed class AppearanceTests(AppearanceFixture fixture) : IClassFixture<AppearanceFixture>
{
    private const int Wide = 1440, Narrow = 390;

    [Theory]
    [InlineData(ColorScheme.Light, Wide)]
    [InlineData(ColorScheme.Light, Narrow)]
    [InlineData(ColorScheme.Dark, Wide)]
    [InlineData(ColorScheme.Dark, Narrow)]
    public async Task EveryPage_InAThemeAndAWidth_HasNoViolationNothingSpilledAndItsPicture(ColorScheme scheme, int width)
    {
        var faults = new List<string>();
        var page = await fixture.Stage.OpenAsync(width: width, height: width == Wide ? 900 : 844, scheme: scheme);
        await Expect(page.Heading("Log in")).ToBeVisibleAsync();
        await Appearance.LookAsync(page, "login", scheme, width, faults);
        await page.LogInAsync(ConsoleStage.Admin);
        await page.TileShowsAsync("PRIMready", "SECONDready");
        foreach (var (name, path) in await PagesAsync(page))
        {
            await GoAsync(page, path);
            await Appearance.LookAsync(page, name, scheme, width, faults);
            await TabsAsync(page, name, scheme, width, faults);
        }

        await DialoguesAsync(page, scheme, width, faults);
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        fixture.Stage.ExpectNoFaults();
    }

    /// <summary>What is asked before something is done, and what a hook printed.</summary>
    private static async Task DialoguesAsync(ConsolePage page, ColorScheme scheme, int width, List<string> faults)
    {
        await GoAsync(page, $"/modules/{AgentPair.Module}");
        await page.Button("Swap").ClickAsync();
        await Expect(page.Dialog).ToBeVisibleAsync();
        await Appearance.LookAsync(page, "module-swap", scheme, width, faults);
        await page.Page.Keyboard.PressAsync("Escape");
        await GoAsync(page, "/modules/vm-web");
        await page.Button("More actions on n1").ClickAsync();
        await Appearance.LookAsync(page, "module-menu", scheme, width, faults);
        await page.Page.GetByRole(AriaRole.Menuitem).Filter(new() { HasText = "Start as primary" }).ClickAsync();
        await Expect(page.Dialog.GetByRole(AriaRole.Textbox)).ToBeVisibleAsync();
        await Appearance.LookAsync(page, "module-primary", scheme, width, faults);
        await GoAsync(page, $"/log?module={AgentPair.Module}");
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Show the output of userlog_" }).First.ClickAsync();
        await Expect(page.Dialog).ToBeVisibleAsync();
        await SettledAsync(page);
        await Appearance.LookAsync(page, "log-hook", scheme, width, faults);
        if (width == Wide) return;
        await GoAsync(page, "/");
        await page.Button("Open the menu").ClickAsync();
        await Expect(page.Dialog).ToBeVisibleAsync();
        await Appearance.LookAsync(page, "menu", scheme, width, faults);
    }

    /// <summary>Those of the navigation, and the module's; where modules are made and changed, ConfigurationAppearanceTests look.</summary>
    private static async Task<IReadOnlyList<(string Name, string Path)>> PagesAsync(ConsolePage page)
    {
        var paths = await page.Page.EvaluateAsync<string[]>("[...document.querySelectorAll('nav[aria-label=\"Pages\"] a')].map(a => a.getAttribute('href'))");
        return [.. paths.Append($"/modules/{AgentPair.Module}").Distinct().Select(path => (path == "/" ? "overview" : path.Trim('/').Replace('/', '-'), path))];
    }

    private static async Task GoAsync(ConsolePage page, string path)
    {
        await page.Page.GotoAsync(path);
        await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToBeVisibleAsync();
        await SettledAsync(page);
    }

    /// <summary>The parts of a page that has tabs.</summary>
    private static async Task TabsAsync(ConsolePage page, string name, ColorScheme scheme, int width, List<string> faults)
    {
        var tabs = page.Page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Tab);
        var count = await tabs.CountAsync();
        for (var n = 0; n < count; n++)
        {
            if (await tabs.Nth(n).GetAttributeAsync("aria-selected") == "true") continue;
            var word = (await tabs.Nth(n).InnerTextAsync()).Trim().ToLowerInvariant().Replace(' ', '-');
            await tabs.Nth(n).ClickAsync();
            await SettledAsync(page);
            await Appearance.LookAsync(page, $"{name}-{word}", scheme, width, faults);
        }
    }

    /// <summary>Nothing is being fetched that would change the page: no loader is shown, and both nodes are known.</summary>
    private static async Task SettledAsync(ConsolePage page) => await page.Page.WaitForFunctionAsync("""
        () => !document.querySelector('[class*="Loader-root"]') && ![...document.querySelectorAll('main')].some(main => /Loading the page|Asking the nodes/.test(main.innerText))
        """);
}
