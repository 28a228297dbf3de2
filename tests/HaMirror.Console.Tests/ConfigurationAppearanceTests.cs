using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace HaMirror.Console.Tests;

/// <summary>What the configuration looks like as it is opened, and in the middle of work.</summary>
[Collection(ConsoleCollection.Name)]
public sealed class ConfigurationAppearanceTests(BrowserFixture browser)
{
    [Fact]
    public async Task Configuration_InTheMiddleOfWork_HasNoViolationNothingSpilledAndItsPicture()
    {
        await using var stage = await ConsoleStage.CreateAsync(browser);
        var pair = stage.Pair;
        await ConfigurationTests.InstallTemplatesAsync(pair);
        await pair.StartAsync();
        var page = await stage.LogInAsync();
        var configuration = new ConfigurationPage(page);

        await page.Button("New module").ClickAsync();
        await Expect(configuration.Field("Name")).ToBeVisibleAsync();
        await page.LookAsync("new-module");
        await configuration.Field("Name").FillAsync("vm-mail");
        await page.Button("Go on").ClickAsync();
        await Expect(configuration.Check).ToContainTextAsync("Both nodes would take it.");
        await page.LookAsync("new-module-form");
        await page.Button("Make the module …").ClickAsync();
        await Expect(configuration.Dialog.GetByRole(AriaRole.Checkbox)).ToBeCheckedAsync();
        await page.LookAsync("new-module-make");
        await page.Page.Keyboard.PressAsync("Escape");

        await page.Page.GetByRole(AriaRole.Link, new() { Name = "Overview" }).First.ClickAsync();
        await configuration.OpenAsync();
        await configuration.GoodAsync("It is what runs now.");
        await page.LookAsync("configuration");
        await configuration.TabAsync("XML");
        await configuration.ReplaceAsync("<rfs ", "<rfs async=\"sometimes\" ");
        await Expect(configuration.Check).ToContainTextAsync("1 fault");
        await page.LookAsync("configuration-fault-xml");
        await configuration.TabAsync("Form");
        await page.LookAsync("configuration-fault-form");
        await configuration.TabAsync("XML");
        await configuration.ReplaceAsync("async=\"sometimes\"", "async=\"none\"");
        await configuration.ReplaceAsync("forcestoptimeout=\"10s\"", "forcestoptimeout=\"15s\"");
        await configuration.TabAsync("Hooks");
        await page.Page.GetByLabel("Add", new() { Exact = true }).SelectOptionAsync("poststop");
        await configuration.GoodAsync("3 differences from what runs: 1 of them needs the module stopped on both nodes.");
        await configuration.TabAsync("Difference");
        await page.LookAsync("configuration-changed-difference");
        await configuration.Apply.ClickAsync();
        await Expect(configuration.Dialog).ToContainTextAsync("The module is stopped for it, and started again.");
        await page.LookAsync("configuration-apply");
        await page.Page.Keyboard.PressAsync("Escape");

        var other = await stage.LogInAsync(node: pair.Two);
        var theirs = new ConfigurationPage(other);
        await theirs.OpenAsync();
        await theirs.TabAsync("XML");
        await theirs.ReplaceAsync("forcestoptimeout=\"10s\"", "forcestoptimeout=\"20s\"");
        await theirs.ApplyAsync();
        await Expect(configuration.Meanwhile).ToContainTextAsync("You both changed the same lines");
        await page.LookAsync("configuration-meanwhile");
        stage.ExpectNoFaults();
    }
}
