// Who may do what: the page says why not, and the API refuses all the same when somebody asks it past the page.
using HaMirror.Core.Api;
using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace HaMirror.Console.Tests;

public sealed partial class JourneyTests
{
    private const int Forbidden = 403;

    [Fact]
    public async Task Monitor_MayLookAndNothingElse_InThePageAndAtTheApi()
    {
        const string module = "vm-monitor";
        await Pair.AddModuleAsync(module);
        await StartAsync(module);
        var page = await Stage.LogInAsync(ConsoleStage.Monitor);
        await page.OpenModuleAsync(module);
        foreach (var name in new[] { "Swap", "Stop on n1", "Restart service on n1", "Stop on n2" })
        {
            var button = page.Button(name);
            await Expect(button).ToHaveAttributeAsync("aria-disabled", "true");
            await button.HoverAsync();
            await Expect(page.Page.GetByRole(AriaRole.Tooltip).Filter(new() { HasText = "This needs the role Control; yours is Monitor." })).ToBeVisibleAsync();
            await button.PressAsync("Enter");
            await Expect(page.Dialog).ToHaveCountAsync(0);
        }

        await Expect(page.Page.GetByRole(AriaRole.Switch)).ToBeDisabledAsync();
        await page.Button("More actions on n1").ClickAsync();
        await Expect(page.Page.GetByRole(AriaRole.Menuitem).Filter(new() { HasText = "Stop by force" })).ToHaveAttributeAsync("aria-disabled", "true");
        await page.Page.Keyboard.PressAsync("Escape");
        await page.Page.GetByRole(AriaRole.Tab, new() { Name = "Data" }).ClickAsync();
        await Expect(page.Button("Verify")).ToHaveAttributeAsync("aria-disabled", "true");

        await page.GoAsync("Log");
        await page.Page.GetByLabel("Module", new() { Exact = true }).SelectOptionAsync(module);
        var run = page.Page.GetByRole(AriaRole.Button, new() { NameRegex = HookRunName() }).First;
        await Expect(run).ToHaveAttributeAsync("aria-disabled", "true");

        string[] changes =
        [
            ApiPath.Module(module, "stop"), ApiPath.Module(module, "swap"), ApiPath.Module(module, "force-stop"), ApiPath.Module(module, "restart"), ApiPath.Module(module, "failover"),
            ApiPath.Module(module, "verify"), ApiPath.Module(module, "salvage/x/export"), ConsolePath.Users, ConsolePath.Keys, ConsolePath.NotifyTest,
        ];
        foreach (var path in changes)
        {
            Assert.Equal(Forbidden, await AskAsync(page, "POST", path));
            Assert.Equal(Forbidden, await AskAsync(page, "POST", ConsolePath.At("n2", path)));
        }

        Assert.Equal(Forbidden, await AskAsync(page, "DELETE", ConsolePath.Operation("x")));
        Assert.Equal(Forbidden, await AskAsync(page, "PUT", ConsolePath.Configuration(module)));
        Assert.Equal(Forbidden, await AskAsync(page, "GET", ConsolePath.Configuration(module)));
        Assert.Equal(Forbidden, await AskAsync(page, "GET", ConsolePath.Users));
        Assert.Equal(Forbidden, await AskAsync(page, "GET", ConsolePath.Support));
        Assert.Equal(200, await AskAsync(page, "GET", ApiPath.Module(module)));
        await Pair.ExpectAsync("PRIM Ready", "SECOND Ready", module);
        Stage.ExpectNoFaults();
    }

    [Fact]
    public async Task Control_ActsOnModulesAndChangesNoConfigurationNorAccounts()
    {
        const string module = "vm-control";
        await Pair.AddModuleAsync(module);
        await StartAsync(module);
        var page = await Stage.LogInAsync(ConsoleStage.Control);
        foreach (var (method, path) in new[]
        {
            ("PUT", ConsolePath.Configuration(module)), ("DELETE", ConsolePath.Configuration(module)), ("DELETE", ApiPath.Module(module, "salvage/x")), ("POST", ApiPath.Module(module, "salvage/x/restore")),
            ("GET", ConsolePath.Users), ("POST", ConsolePath.Users), ("POST", ConsolePath.Keys), ("GET", ConsolePath.Support), ("PUT", ConsolePath.ClusterConfiguration),
        })
        {
            Assert.Equal(Forbidden, await AskAsync(page, method, path));
        }

        Assert.Equal(200, await AskAsync(page, "GET", ConsolePath.Configuration(module)));
        await page.OpenModuleAsync(module);
        await Expect(page.Button("Swap")).Not.ToHaveAttributeAsync("aria-disabled", "true");
        await page.Button("Stop on n2").ClickAsync();
        await page.ConfirmAsync("Stop");
        await page.NodeShowsAsync("n2", "STOPnot ready");
        Stage.ExpectNoFaults();
    }

    /// <summary>As a script of the page would, with the session's cookie.</summary>
    /// <returns>The status of the answer.</returns>
    private static Task<int> AskAsync(ConsolePage page, string method, string path) => page.Page.EvaluateAsync<int>("""
        async ([method, path]) => {
          const init = { method, headers: { 'HaMirror-Change': '1' } };
          if (method === 'POST' || method === 'PUT') { init.body = '{}'; init.headers['Content-Type'] = 'application/json'; }
          const answer = await fetch(path, init);
          await answer.body?.cancel();
          return answer.status;
        }
        """, new[] { method, path });
}
