using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace HaMirror.Console.Tests;

/// <summary>The configuration of a module in the console, by the names that its parts have.</summary>
internal sealed class ConfigurationPage(ConsolePage console)
{
    public const string XmlPath = "conf/userconfig.xml";

    public IPage Page => console.Page;

    public ILocator Dialog => Page.GetByRole(AriaRole.Dialog);

    /// <summary>What both nodes say of the draft.</summary>
    public ILocator Check => Page.GetByRole(AriaRole.Region, new() { Name = "Check", Exact = true });

    public ILocator Meanwhile => Page.GetByRole(AriaRole.Region, new() { Name = "Changed meanwhile", Exact = true });

    public ILocator Apply => Page.GetByRole(AriaRole.Button, new() { Name = "Apply …", Exact = true });

    public ILocator Field(string name) => Page.GetByLabel(name, new() { Exact = true });

    public ILocator Text(string path = XmlPath) => Page.GetByLabel("Text of " + path, new() { Exact = true });

    /// <summary>From the overview, over the module's page.</summary>
    public async Task OpenAsync(string module = AgentPair.Module)
    {
        await console.OpenModuleAsync(module);
        await console.Button("Configuration").ClickAsync();
        await Expect(console.Heading("Configuration of " + module)).ToBeVisibleAsync();
    }

    public async Task TabAsync(string name)
    {
        var tab = Page.GetByRole(AriaRole.Tab, new() { Name = name, Exact = true });
        await tab.ClickAsync();
        await Expect(tab).ToHaveAttributeAsync("aria-selected", "true");
    }

    /// <summary>Makes the settings visible that the XML leaves out.</summary>
    public Task MoreAsync(string part) => Page.GetByRole(AriaRole.Region, new() { Name = part, Exact = true }).Locator("summary").First.ClickAsync();

    /// <summary>Changes the XML as somebody does who types.</summary>
    public async Task ReplaceAsync(string before, string after)
    {
        var text = await Text().InputValueAsync();
        Assert.Contains(before, text);
        await Text().FillAsync(text.Replace(before, after, StringComparison.Ordinal));
    }

    public async Task GoodAsync(string sentence)
    {
        await Expect(Check).ToContainTextAsync("No fault, say n1 and n2.");
        await Expect(Check).ToContainTextAsync(sentence);
    }

    /// <summary>Applies the draft, and waits until it is in force.</summary>
    /// <param name="stops">It is to be stopped for it, which is confirmed by the module's name.</param>
    public async Task ApplyAsync(string? stops = null)
    {
        await Expect(Apply).Not.ToHaveAttributeAsync("aria-disabled", "true");
        var done = Page.GetByText("n1 and n2 have the new configuration.");
        await Expect(done).ToHaveCountAsync(0); // what was said of an earlier one has gone
        await Apply.ClickAsync();
        await ConfirmAsync(stops is null ? "Apply to both nodes" : "Stop, change, start again", stops);
        await Expect(done).ToBeVisibleAsync();
    }

    public async Task ConfirmAsync(string button, string? word = null)
    {
        if (word is not null) await Dialog.GetByLabel($"Type {word} to confirm").FillAsync(word);
        var confirm = Dialog.GetByRole(AriaRole.Button, new() { Name = button, Exact = true });
        await Expect(confirm).ToBeEnabledAsync();
        await confirm.ClickAsync();
        await Expect(Dialog).ToBeHiddenAsync();
    }
}
