// The page Users: accounts and keys that count at both nodes at once, one's own password, and what is not shown to whom.
using System.Net;
using System.Text.RegularExpressions;
using HaMirror.Core.Api;
using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace HaMirror.Console.Tests;

/// <summary>Users and keys in the browser.</summary>
[Collection(ConsoleCollection.Name)]
public sealed class UsersPageTests(BrowserFixture browser)
{
    private const string Fresh = "a quite new password";

    [Fact]
    public async Task Users_AddedChangedAndRemoved_CountAtBothNodesAtOnce()
    {
        await using var stage = await ConsoleStage.CreateAsync(browser);
        var page = await stage.LogInAsync();
        await page.Page.GetByRole(AriaRole.Link, new() { Name = "Users", Exact = true }).ClickAsync();
        await Expect(Row(page, ConsoleStage.Admin)).ToContainTextAsync("(you)");

        // Nobody would be left to administer.
        await ClusterPageTests.ExpectRefusedAsync(page, "Remove anna", "anna is the only administrator: make another one first.");
        await ClusterPageTests.ExpectRefusedAsync(page, "Role of anna", "anna is the only administrator");

        await page.Button("Add a user").ClickAsync();
        var dialog = page.Page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Name").FillAsync("a b");
        await Expect(dialog.GetByText("Use letters, digits")).ToBeVisibleAsync();
        await dialog.GetByLabel("Name").FillAsync("dora");
        await dialog.GetByLabel("Role").SelectOptionAsync("Control");
        await dialog.GetByLabel("Password", new() { Exact = true }).FillAsync("short");
        await Expect(dialog.GetByText("5 more")).ToBeVisibleAsync();
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true })).ToBeDisabledAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Make one up" }).ClickAsync();
        var made = await dialog.GetByLabel("Password", new() { Exact = true }).InputValueAsync();
        Assert.Matches(new Regex("^([a-z2-9]{5}-){3}[a-z2-9]{5}$"), made);
        await page.LookAsync("users-add");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();
        await Expect(Row(page, "dora")).ToContainTextAsync("Control");
        await ExpectLoginAsync(stage.Pair.Two, "dora", made, "Control");

        await page.Button("Role of dora").ClickAsync();
        await dialog.GetByLabel("Role").SelectOptionAsync("Admin");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Change the role" }).ClickAsync();
        await Expect(Row(page, "dora")).ToContainTextAsync("Admin");
        await Expect(page.Button("Remove anna")).Not.ToHaveAttributeAsync("aria-disabled", "true");

        await page.Button("Password of dora").ClickAsync();
        await dialog.GetByLabel("New password", new() { Exact = true }).FillAsync(Fresh);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Set the password" }).ClickAsync();
        await Expect(dialog).ToBeHiddenAsync();
        await ExpectLoginAsync(stage.Pair.Two, "dora", Fresh, "Admin");

        await page.Button("Remove dora").ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Remove", Exact = true })).ToBeDisabledAsync();
        await dialog.GetByRole(AriaRole.Textbox).FillAsync("dora");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Remove", Exact = true }).ClickAsync();
        await Expect(Row(page, "dora")).ToBeHiddenAsync();
        using var client = new ConsoleClient(stage.Pair.Two);
        using var refused = await client.TryLoginAsync("dora", Fresh);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        stage.ExpectNoFaults();
    }

    [Fact]
    public async Task Key_MadeInTheBrowser_IsShownOnceAndGoodUntilItIsRevoked()
    {
        await using var stage = await ConsoleStage.CreateAsync(browser);
        var page = await stage.LogInAsync();
        await page.Page.GotoAsync("/users");
        await Expect(page.Page.GetByText("There is none. A key lets a script")).ToBeVisibleAsync();
        await page.Button("Make a key").ClickAsync();
        var dialog = page.Page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Name").FillAsync("prometheus");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Make the key" }).ClickAsync();
        await Expect(page.Page.GetByText("It is shown this once.")).ToBeVisibleAsync();
        var key = await page.Page.GetByLabel("Key", new() { Exact = true }).InnerTextAsync();
        Assert.StartsWith("hmk1-", key);
        await page.LookAsync("users-key");
        await page.Page.Keyboard.PressAsync("Escape");
        await Expect(page.Page.GetByText("It is shown this once.")).ToBeVisibleAsync(); // Not by a slip.
        await page.Button("I have it").ClickAsync();
        await Expect(page.Page.GetByText(key)).ToBeHiddenAsync();
        Assert.DoesNotContain(key, await page.Page.ContentAsync());
        foreach (var node in new[] { stage.Pair.One, stage.Pair.Two })
        {
            using var script = new ConsoleClient(node, key);
            Assert.Equal(HttpStatusCode.OK, await script.StatusOfAsync(HttpMethod.Get, ApiPath.Status));
            Assert.Equal(HttpStatusCode.Forbidden, await script.StatusOfAsync(HttpMethod.Get, ConsolePath.Users));
        }

        await page.Button("Revoke prometheus").ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Revoke", Exact = true }).ClickAsync();
        await Expect(page.Page.GetByText("There is none. A key lets a script")).ToBeVisibleAsync();
        foreach (var node in new[] { stage.Pair.One, stage.Pair.Two })
        {
            using var script = new ConsoleClient(node, key);
            Assert.Equal(HttpStatusCode.Unauthorized, await script.StatusOfAsync(HttpMethod.Get, ApiPath.Status));
        }

        stage.ExpectNoFaults();
    }

    [Fact]
    public async Task OwnPassword_Changed_LeavesThisPageInAndEndsTheOthers()
    {
        await using var stage = await ConsoleStage.CreateAsync(browser, users: true);
        var page = await stage.LogInAsync(ConsoleStage.Monitor);
        var other = await stage.LogInAsync(ConsoleStage.Monitor);
        await page.Page.GotoAsync("/users");
        await Expect(page.Page.GetByText("Users and API keys are shown to administrators.")).ToBeVisibleAsync();
        await Expect(page.Button("Add a user")).ToBeHiddenAsync();
        await page.LookAsync("users-monitor");
        await ChangeAsync(page, "not the password", Fresh);
        await Expect(page.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The old password is wrong.");
        await ChangeAsync(page, ConsoleClient.Password, Fresh);
        await Expect(page.Page.GetByText("Your password is changed.")).ToBeVisibleAsync();

        // The other page's session is over; this one's goes on, also by what it holds for the other node.
        await Expect(other.Heading("Log in")).ToBeVisibleAsync();
        await page.Page.GetByRole(AriaRole.Link, new() { Name = "Overview", Exact = true }).ClickAsync();
        await page.TileShowsAsync("STOP", "STOP");
        await page.Page.WaitForResponseAsync(answer => answer.Url.StartsWith(stage.Url(stage.Pair.Two) + "/health", StringComparison.Ordinal) && answer.Ok, new() { Timeout = 60_000 });
        await stage.Pair.One.KillAsync();
        await Expect(page.Page.GetByText("The page goes on with n2.")).ToBeVisibleAsync();
        await Expect(page.NodeEntry("n2")).Not.ToContainTextAsync("does not answer");
        await Expect(page.Heading("Log in")).ToBeHiddenAsync();
        await ExpectLoginAsync(stage.Pair.Two, ConsoleStage.Monitor, Fresh, "Monitor");
        stage.ExpectNoFaults();
    }

    /// <summary>What was found in the field: a login with an account that is a moment old, and the node that it was made at dies.</summary>
    [Fact]
    public async Task Page_OfAnAccountThatIsAMomentOld_GoesOnWithTheOtherNodeWithoutANewLogin()
    {
        await using var stage = await ConsoleStage.CreateAsync(browser);
        var page = await stage.OpenAsync();
        var known = page.Page.WaitForResponseAsync(answer => answer.Url.StartsWith(stage.Url(stage.Pair.Two) + "/health", StringComparison.Ordinal) && answer.Ok, new() { Timeout = 60_000 });
        await stage.Pair.One.AddUserAsync("late", "admin");
        await page.LogInAsync("late");
        await page.Page.GetByRole(AriaRole.Link, new() { Name = "Users", Exact = true }).ClickAsync();
        await Expect(Row(page, "late")).ToContainTextAsync("(you)");
        await known;
        await stage.Pair.One.KillAsync();
        await Expect(page.Page.GetByText("The page goes on with n2.")).ToBeVisibleAsync();

        // What the other node is asked it answers, and what changes something it does.
        await page.Button("Make a key").ClickAsync();
        var dialog = page.Page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Name").FillAsync("made-there");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Make the key" }).ClickAsync();
        await page.Button("I have it").ClickAsync();
        await Expect(page.Button("Revoke made-there")).ToBeVisibleAsync();
        await Expect(page.Heading("Log in")).ToBeHiddenAsync();
        stage.ExpectNoFaults();
    }

    private static ILocator Row(ConsolePage page, string user) =>
        page.Page.GetByRole(AriaRole.List, new() { Name = "Users" }).GetByRole(AriaRole.Listitem).Filter(new() { HasText = user });

    private static async Task ChangeAsync(ConsolePage page, string old, string fresh)
    {
        await page.Page.GetByLabel("Your present password").FillAsync(old);
        await page.Page.GetByLabel("Your new password", new() { Exact = true }).FillAsync(fresh);
        await page.Page.GetByLabel("The new one again").FillAsync(fresh + "x");
        await Expect(page.Page.GetByText("It is another one.")).ToBeVisibleAsync();
        await page.Page.GetByLabel("The new one again").FillAsync(fresh);
        await page.Button("Change the password").ClickAsync();
    }

    private static async Task ExpectLoginAsync(AgentProcess node, string user, string password, string role)
    {
        using var client = new ConsoleClient(node);
        Assert.Equal(role, (await client.LoginAsync(user, password)).Role);
    }
}
