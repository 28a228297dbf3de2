using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace HaMirror.Console.Tests;

/// <summary>What the configuration looks like in the middle of work; AppearanceTests looks at it as it is opened.</summary>
[Collection(ConsoleCollection.Name)]
public sealed class ConfigurationAppearanceTests(BrowserFixture browser)
{
    [Fact]
    public async Task Configuration_InTheMiddleOfWork_HasNoViolationNothingSpilledAndItsPicture()
    {
        Directory.CreateDirectory(AppearanceTests.Folder);
        await using var stage = await ConsoleStage.CreateAsync(browser);
        var pair = stage.Pair;
        await ConfigurationTests.InstallTemplatesAsync(pair);
        await pair.StartAsync();
        var faults = new List<string>();
        var page = await stage.LogInAsync();
        var configuration = new ConfigurationPage(page);

        await page.Button("New module").ClickAsync();
        await configuration.Field("Name").FillAsync("vm-mail");
        await page.Button("Go on").ClickAsync();
        await Expect(configuration.Check).ToContainTextAsync("Both nodes would take it.");
        await LookAsync(page, "new-module-form", faults);
        await page.Button("Make the module …").ClickAsync();
        await Expect(configuration.Dialog.GetByRole(AriaRole.Checkbox)).ToBeCheckedAsync();
        await LookAsync(page, "new-module-make", faults);
        await page.Page.Keyboard.PressAsync("Escape");

        await page.Page.GetByRole(AriaRole.Link, new() { Name = "Overview" }).First.ClickAsync();
        await configuration.OpenAsync();
        await configuration.TabAsync("XML");
        await configuration.ReplaceAsync("<rfs ", "<rfs async=\"sometimes\" ");
        await Expect(configuration.Check).ToContainTextAsync("1 fault");
        await LookAsync(page, "configuration-fault-xml", faults);
        await configuration.TabAsync("Form");
        await LookAsync(page, "configuration-fault-form", faults);
        await configuration.TabAsync("XML");
        await configuration.ReplaceAsync("async=\"sometimes\"", "async=\"none\"");
        await configuration.ReplaceAsync("forcestoptimeout=\"10s\"", "forcestoptimeout=\"15s\"");
        await configuration.TabAsync("Hooks");
        await page.Page.GetByLabel("Add", new() { Exact = true }).SelectOptionAsync("poststop");
        await configuration.GoodAsync("3 differences from what runs: 1 of them needs the module stopped on both nodes.");
        await configuration.TabAsync("Difference");
        await LookAsync(page, "configuration-changed-difference", faults);
        await configuration.Apply.ClickAsync();
        await Expect(configuration.Dialog).ToContainTextAsync("The module is stopped for it, and started again.");
        await LookAsync(page, "configuration-apply", faults);
        await page.Page.Keyboard.PressAsync("Escape");

        var other = await stage.LogInAsync(node: pair.Two);
        var theirs = new ConfigurationPage(other);
        await theirs.OpenAsync();
        await theirs.TabAsync("XML");
        await theirs.ReplaceAsync("forcestoptimeout=\"10s\"", "forcestoptimeout=\"20s\"");
        await theirs.ApplyAsync();
        await Expect(configuration.Meanwhile).ToContainTextAsync("You both changed the same lines");
        await LookAsync(page, "configuration-meanwhile", faults);
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        stage.ExpectNoFaults();
    }

    /// <summary>In both themes and widths, without beginning anew.</summary>
    private static async Task LookAsync(ConsolePage page, string name, List<string> faults)
    {
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            foreach (var (width, height) in new[] { (1440, 900), (390, 844) })
            {
                await page.Page.EmulateMediaAsync(new() { ColorScheme = scheme });
                await page.Page.SetViewportSizeAsync(width, height);
                await AppearanceTests.LookAsync(page, name, scheme, width, faults);
            }
        }

        await page.Page.SetViewportSizeAsync(1440, 900);
    }
}
