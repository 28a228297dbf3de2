using System.Collections.Concurrent;
using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;

namespace HaMirror.Console.Tests;

/// <summary>The console in a browser, by the names that its parts have for everybody who cannot see them.</summary>
internal sealed class ConsolePage
{
    private readonly ConcurrentQueue<string> _faults = [];

    public ConsolePage(IPage page)
    {
        Page = page;
        page.PageError += (_, error) => _faults.Enqueue(error);
        page.Console += (_, message) =>
        {
            // A node that dies makes errors of the network, which the browser writes there as well.
            if (message.Text.Contains("Content Security Policy", StringComparison.Ordinal)) _faults.Enqueue(message.Text);
        };
    }

    public IPage Page { get; }

    /// <summary>Errors that nobody caught, and what the content security policy forbade.</summary>
    public IEnumerable<string> Faults => _faults;

    /// <summary>What comes from here on counts.</summary>
    public void ForgetFaults() => _faults.Clear();

    public ILocator Heading(string text) => Page.GetByRole(AriaRole.Heading, new() { Name = text, Exact = true });

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Dialog => Page.GetByRole(AriaRole.Dialog);

    /// <summary>The module's tile on the overview.</summary>
    public ILocator Tile(string module = AgentPair.Module) => Page.GetByRole(AriaRole.Article, new() { Name = module, Exact = true });

    /// <summary>The node's part of the module's page.</summary>
    public ILocator Node(string node) => Page.GetByRole(AriaRole.Region, new() { Name = "Node " + node, Exact = true });

    /// <summary>The node in the frame around every page.</summary>
    public ILocator NodeEntry(string node) => Page.GetByRole(AriaRole.Region, new() { Name = "Nodes", Exact = true }).GetByRole(AriaRole.Listitem).Filter(new() { HasText = node });

    public async Task LogInAsync(string user, string password = ConsoleClient.Password)
    {
        await TryLogInAsync(user, password);
        await Assertions.Expect(Heading("Overview")).ToBeVisibleAsync();
    }

    public async Task TryLogInAsync(string user, string password)
    {
        await Page.GetByLabel("User", new() { Exact = true }).FillAsync(user);
        await Page.GetByLabel("Password", new() { Exact = true }).FillAsync(password);
        await Button("Log in").ClickAsync();
    }

    /// <summary>Goes to a page of the navigation.</summary>
    public async Task GoAsync(string page)
    {
        await Page.GetByRole(AriaRole.Navigation, new() { Name = "Pages" }).GetByRole(AriaRole.Link, new() { Name = page, Exact = true }).ClickAsync();
        await Assertions.Expect(Heading(page)).ToBeVisibleAsync();
    }

    /// <summary>Says yes to what the dialogue asks, and waits until that was taken.</summary>
    public async Task ConfirmAsync(string button)
    {
        await Dialog.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();
        await Assertions.Expect(Dialog).ToHaveCountAsync(0);
    }

    /// <summary>A node's state on the module's page.</summary>
    public Task NodeShowsAsync(string node, string state) => Assertions.Expect(Node(node).Locator("header")).ToContainTextAsync(state);

    /// <summary>Goes to a module's page.</summary>
    public async Task OpenModuleAsync(string module = AgentPair.Module)
    {
        await Tile(module).GetByRole(AriaRole.Link, new() { Name = module, Exact = true }).ClickAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync(module);
    }

    /// <summary>Both nodes' states as the overview's tile shows them.</summary>
    public async Task TileShowsAsync(string first, string second, string module = AgentPair.Module)
    {
        await Assertions.Expect(Tile(module)).ToContainTextAsync($"n1{first}");
        await Assertions.Expect(Tile(module)).ToContainTextAsync($"n2{second}");
    }
}
