using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace HaMirror.Console.Tests;

/// <summary>Into the console, and not.</summary>
[Collection(ConsoleCollection.Name)]
public sealed class LoginTests(BrowserFixture browser)
{
    [Fact]
    public async Task Password_RightAndWrong_IsTakenRefusedExplainedAndSlowedDown()
    {
        await using var stage = await ConsoleStage.CreateAsync(browser, https: true);
        var page = await stage.OpenAsync();
        await Expect(page.Heading("Log in")).ToBeVisibleAsync();
        var alert = page.Page.GetByRole(AriaRole.Alert);
        await page.TryLogInAsync(ConsoleStage.Admin, "a wrong password");
        await Expect(alert).ToContainTextAsync("password");
        await Expect(page.Page.GetByLabel("Password", new() { Exact = true })).ToHaveValueAsync("");
        await Deadline.HoldsAsync("a further try is not even looked at", AgentApi.Patience, async () =>
        {
            await page.TryLogInAsync(ConsoleStage.Admin, "a wrong password");
            await Expect(page.Button("Log in")).ToBeEnabledAsync();
            await Expect(alert).ToBeVisibleAsync();
            return (await alert.InnerTextAsync()).Contains("Too many failures: try again in", StringComparison.Ordinal);
        }, () => stage.Pair.Story);

        await Deadline.HoldsAsync("the right password is taken when the time is over", AgentApi.Patience * 2, async () =>
        {
            await page.TryLogInAsync(ConsoleStage.Admin, ConsoleClient.Password);
            await Expect(alert.Or(page.Heading("Overview"))).ToBeVisibleAsync();
            return await page.Heading("Overview").IsVisibleAsync();
        }, () => stage.Pair.Story);

        // What the browser keeps: one cookie that no script sees and no other site makes it send; no secret anywhere else.
        var cookie = Assert.Single(await page.Page.Context.CookiesAsync());
        Assert.Equal((true, true, SameSiteAttribute.Strict), (cookie.HttpOnly, cookie.Secure, cookie.SameSite));
        Assert.Equal("", await page.Page.EvaluateAsync<string>("document.cookie"));
        var kept = await page.Page.EvaluateAsync<string>("JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + location.href");
        Assert.DoesNotContain("hms1", kept, StringComparison.Ordinal);
        Assert.DoesNotContain(cookie.Value, kept, StringComparison.Ordinal);

        await page.Page.ReloadAsync();
        await Expect(page.Heading("Overview")).ToBeVisibleAsync();
        await page.Page.GetByRole(AriaRole.Button, new() { Name = ConsoleStage.Admin }).ClickAsync();
        await page.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Log out" }).ClickAsync();
        await Expect(page.Heading("Log in")).ToBeVisibleAsync();
        await page.Page.ReloadAsync();
        await Expect(page.Heading("Log in")).ToBeVisibleAsync();
        stage.ExpectNoFaults();
    }
}
