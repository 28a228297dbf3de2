// The page Support: an archive that is made before the eyes and fetched, versions, and what became of test messages.
using System.Formats.Tar;
using System.IO.Compression;
using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace HaMirror.Console.Tests;

/// <summary>Support in the browser.</summary>
[Collection(ConsoleCollection.Name)]
public sealed class SupportPageTests(BrowserFixture browser)
{
    [Fact]
    public async Task Archive_MadeInTheBrowser_HasBothNodes()
    {
        await using var stage = await ConsoleStage.CreateAsync(browser);
        var page = await stage.LogInAsync();
        await page.Page.GetByRole(AriaRole.Link, new() { Name = "Support", Exact = true }).ClickAsync();
        await Expect(page.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "n2" })).ToContainTextAsync("Linux");
        await Expect(page.Page.GetByText("The nodes run different versions")).ToBeHiddenAsync();
        await page.Button("Make the archive").ClickAsync();
        await Expect(page.Page.GetByRole(AriaRole.Progressbar, new() { Name = "Support archive" }).Or(page.Button("Download"))).ToBeVisibleAsync();
        await Expect(page.Button("Download")).ToBeVisibleAsync();
        await page.LookAsync("support-made");
        var download = await page.Page.RunAndWaitForDownloadAsync(() => page.Button("Download").ClickAsync());
        Assert.Matches("^hamirror-support-n1-[0-9]{8}-[0-9]{6}\\.tar\\.gz$", download.SuggestedFilename);
        var names = new List<string>();
        await using (var file = File.OpenRead(await download.PathAsync()))
        await using (var zip = new GZipStream(file, CompressionMode.Decompress))
        await using (var tar = new TarReader(zip))
        {
            while (await tar.GetNextEntryAsync() is { } entry) names.Add(entry.Name);
        }

        Assert.Contains("n1/state/status.json", names);
        Assert.Contains("n2/state/status.json", names);

        // Without the other node it says so before.
        await stage.Pair.Two.KillAsync();
        await Expect(page.Page.GetByText("The archive says that this half is missing.")).ToBeVisibleAsync();
        stage.ExpectNoFaults();
    }

    [Fact]
    public async Task Notifications_Tested_SayWhatArrivedAndWhatDidNotAndWhy()
    {
        await using var stage = await ConsoleStage.CreateAsync(browser, users: true);
        var one = stage.Pair.One;
        var page = await stage.LogInAsync();
        await page.Page.GotoAsync("/support");
        var part = page.Page.GetByRole(AriaRole.Region, new() { Name = "Notifications of n1" });
        await Expect(part).ToContainTextAsync("Nobody is told of anything.");
        var (program, kept) = ($"{one.Root}/page-me", $"{one.Root}/kept");
        File.WriteAllText(program, $"#!/bin/sh\nprintf '%s\\n' \"$HAMIRROR_SUBJECT\" >> {kept}\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText($"{one.Root}/etc/hamirror/notify.xml", $"""
            <notify><mail server="{one.Address}" port="1" from="a@example.org" to="ops@example.org"/><webhook url="http://{one.Address}:1/hook?token=hidden"/><command path="{program}"/></notify>
            """);
        await Expect(part).ToContainTextAsync("ops@example.org");
        await page.Button("Test e-mail from n1").ClickAsync();
        await Expect(part.GetByRole(AriaRole.Alert)).ToContainTextAsync("mail to ops@example.org: ");
        await Expect(part).ToContainTextAsync("The last message did not arrive");
        await page.Button("Test webhook from n1").ClickAsync();
        await Expect(part.GetByRole(AriaRole.Alert)).ToContainTextAsync($"webhook to http://{one.Address}:1/");
        await Expect(part).Not.ToContainTextAsync("hidden");
        await page.Button("Test command from n1").ClickAsync();
        await Expect(part).ToContainTextAsync("Command: 1 test message was taken");
        Assert.Contains("test: This is a test", File.ReadAllText(kept));
        await page.LookAsync("support-notify");
        File.WriteAllText($"{one.Root}/etc/hamirror/notify.xml", "<notify><pager/></notify>");
        await Expect(part).ToContainTextAsync("is not in force.");
        await Expect(part).ToContainTextAsync("pager");

        var carl = await stage.LogInAsync(ConsoleStage.Control);
        await carl.Page.GotoAsync("/support");
        await ClusterPageTests.ExpectRefusedAsync(carl, "Make the archive", "This needs the role Admin; yours is Control.");
        await Expect(carl.Page.GetByText("Notifications are shown to administrators")).ToBeVisibleAsync();
        await Expect(carl.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "n2" })).ToContainTextAsync("Linux");
        stage.ExpectNoFaults();
    }
}
