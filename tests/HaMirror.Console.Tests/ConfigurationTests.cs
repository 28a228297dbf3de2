using System.Diagnostics;
using HaMirror.Core.Api;
using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace HaMirror.Console.Tests;

/// <summary>Modules' configurations in a browser, on both nodes at once or not at all.</summary>
[Collection(ConsoleCollection.Name)]
public sealed class ConfigurationTests(BrowserFixture browser)
{
    [Fact]
    public async Task Module_FromNothing_ServesOnOneNodeWithAStandbyOnTheOther()
    {
        await using var stage = await ConsoleStage.CreateAsync(browser);
        var pair = stage.Pair;
        await InstallTemplatesAsync(pair);
        var page = await stage.LogInAsync();
        var configuration = new ConfigurationPage(page);

        // The one that the pair comes with goes, so that there is nothing.
        await configuration.OpenAsync();
        await configuration.TabAsync("Versions");
        await page.Button("Remove …").ClickAsync();
        await configuration.ConfirmAsync("Remove", AgentPair.Module);
        await Expect(page.Heading("There are no modules yet.")).ToBeVisibleAsync();
        Assert.False(Directory.Exists(pair.Two.Root + "/etc/hamirror/modules/m1"), pair.Story);

        await page.Button("Make the first module").ClickAsync();
        await page.Page.GetByRole(AriaRole.Radio, new() { Name = "mirror" }).CheckAsync();
        await page.Button("Go on").ClickAsync();
        await Expect(page.Page.GetByText("Up to 64 letters")).ToBeVisibleAsync();
        await configuration.Field("Name").FillAsync("db");
        await page.Button("Go on").ClickAsync();
        await Expect(page.Heading("New module db")).ToBeVisibleAsync();

        // The form and the XML are one thing.
        await configuration.Field("DIRECTORY").FillAsync("%HAMIRROR_ROOT%/db");
        await configuration.Field("START").FillAsync("echo \"<&'up'\" > \"$HAMIRROR_ROOT/service-db\"");
        await configuration.Field("STOP").FillAsync("rm -f \"$HAMIRROR_ROOT/service-db\"");
        await configuration.TabAsync("XML");
        await Expect(configuration.Text()).ToHaveValueAsync(new System.Text.RegularExpressions.Regex("name=\"DIRECTORY\" value=\"%HAMIRROR_ROOT%/db\""));
        await configuration.ReplaceAsync("maxloop=\"3\"", "maxloop=\"7\"");
        await configuration.TabAsync("Form");
        await Expect(configuration.Field("maxloop")).ToHaveValueAsync("7");
        await Expect(configuration.Field("START")).ToHaveValueAsync("echo \"<&'up'\" > \"$HAMIRROR_ROOT/service-db\"");
        await configuration.GoodAsync("Both nodes would take it.");

        await page.Button("Make the module …").ClickAsync();
        await Expect(configuration.Dialog.GetByRole(AriaRole.Checkbox)).ToBeCheckedAsync();
        await configuration.ConfirmAsync("Make the module");
        foreach (var node in new[] { pair.One, pair.Two }) Assert.True(Directory.Exists(node.Root + "/db"), pair.Story);

        await Expect(page.Heading("db")).ToBeVisibleAsync();
        await page.Button("More actions on n1").ClickAsync();
        await page.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Start as primary …" }).ClickAsync();
        await configuration.ConfirmAsync("Start as primary", "db");
        await Expect(page.Node("n1")).ToContainTextAsync("ALONEready");
        await page.Button("Start on n2").ClickAsync();
        await Expect(page.Node("n1")).ToContainTextAsync("PRIMready");
        await Expect(page.Node("n2")).ToContainTextAsync("SECONDready");
        Assert.Equal("<&'up'\n", File.ReadAllText(pair.One.Root + "/service-db"));
        await page.Page.GetByRole(AriaRole.Link, new() { Name = "Overview" }).First.ClickAsync();
        await Expect(page.Tile("db")).ToContainTextAsync("Protected");
        stage.ExpectNoFaults();
    }

    [Fact]
    public async Task Mistake_InFormXmlOrHook_IsShownWhereItStandsAndCannotBeApplied()
    {
        await using var stage = await ConsoleStage.CreateAsync(browser);
        var page = await stage.LogInAsync();
        var configuration = new ConfigurationPage(page);
        await configuration.OpenAsync();
        await configuration.GoodAsync("It is what runs now.");

        // In the form: at the field, in the node's words.
        await configuration.MoreAsync("Module");
        await configuration.Field("maxloop").FillAsync("many");
        await Expect(configuration.Check).ToContainTextAsync("1 fault: it cannot be applied like this.");
        await Expect(configuration.Field("maxloop")).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(page.Page.GetByRole(AriaRole.Region, new() { Name = "Module", Exact = true })).ToContainTextAsync("maxloop");
        await Expect(configuration.Apply).ToHaveAttributeAsync("aria-disabled", "true");

        // In the XML: at the line, and Tab leaves the text as it leaves every field.
        await configuration.Check.GetByRole(AriaRole.Button, new() { Name = "line 3" }).ClickAsync();
        await Expect(configuration.Text()).ToBeFocusedAsync();
        Assert.Equal("3", await page.Page.EvaluateAsync<string>("(() => { const field = document.activeElement; return String(field.value.slice(0, field.selectionStart).split('\\n').length); })()"));
        await page.Page.Keyboard.PressAsync("Tab");
        await Expect(configuration.Text()).Not.ToBeFocusedAsync();
        await configuration.ReplaceAsync(" maxloop=\"many\"", "");
        await configuration.GoodAsync("It is what runs now.");
        await configuration.ReplaceAsync("</service>", "</servise>");
        await Expect(configuration.Check).ToContainTextAsync("line 8");
        await configuration.TabAsync("Form");
        await Expect(page.Page.GetByText("The form cannot show this XML: line 8 cannot be read.")).ToBeVisibleAsync();
        await page.Button("Go to line 8").ClickAsync();
        await configuration.ReplaceAsync("</servise>", "</service>");
        await configuration.GoodAsync("It is what runs now.");

        // A hook that could not be run, and one that is new.
        await configuration.TabAsync("Hooks");
        await page.Page.GetByLabel("Executable").UncheckAsync();
        await Expect(configuration.Check).ToContainTextAsync("is not executable");
        await Expect(page.Page.GetByRole(AriaRole.List, new() { Name = "Files" }).GetByRole(AriaRole.Listitem).Filter(new() { HasText = "start_prim" })).ToContainTextAsync("wrong");
        await page.Page.GetByLabel("Executable").CheckAsync();
        await page.Page.GetByLabel("Add", new() { Exact = true }).SelectOptionAsync("poststop");
        await Expect(configuration.Text("bin/poststop")).ToHaveValueAsync(new System.Text.RegularExpressions.Regex("^#!/bin/sh"));
        await configuration.GoodAsync("1 difference from what runs: it takes effect while the module runs.");
        await page.Page.GetByLabel("Add", new() { Exact = true }).SelectOptionAsync("another file");
        await page.Page.GetByRole(AriaRole.Textbox, new() { Name = "Path", Exact = true }).FillAsync("bin/../../passwd");
        await page.Button("Add the file").ClickAsync();
        await Expect(page.Page.GetByText("no dot first")).ToBeVisibleAsync();
        stage.ExpectNoFaults();
    }

    [Fact]
    public async Task Change_OfARunningModule_TakesEffectAtOnceOrStopsAndStartsItWhenThatIsWanted()
    {
        await using var stage = await ConsoleStage.CreateAsync(browser);
        var pair = stage.Pair;
        await pair.StartAsync();
        var page = await stage.LogInAsync();
        var configuration = new ConfigurationPage(page);
        await configuration.OpenAsync();
        var since = (await pair.One.StatusAsync(AgentPair.Module)).Since;
        await configuration.MoreAsync("Module");
        await configuration.Field("maxloop").FillAsync("7");
        await configuration.GoodAsync("1 difference from what runs: it takes effect while the module runs.");
        await configuration.TabAsync("Difference");
        await Expect(page.Page.GetByRole(AriaRole.Region, new() { Name = "Difference in conf/userconfig.xml" })).ToContainTextAsync("maxloop=\"7\"");
        await configuration.ApplyAsync();
        await Expect(page.Page.GetByText("In force, and runs (PRIM on n1, SECOND on n2).")).ToBeVisibleAsync();
        var applied = await SameAsync(pair);
        Assert.Equal(since, (await pair.One.StatusAsync(AgentPair.Module)).Since);

        await configuration.TabAsync("XML");
        await configuration.ReplaceAsync("<rfs ", "<rfs async=\"none\" ");
        await configuration.GoodAsync("1 difference from what runs: it needs the module stopped on both nodes.");
        await configuration.ApplyAsync(stops: AgentPair.Module);
        Assert.NotEqual(applied, await SameAsync(pair));
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");
        Assert.NotEqual(since, (await pair.One.StatusAsync(AgentPair.Module)).Since);
        Assert.True(AgentPair.Serves(pair.One), pair.Story);

        // A node that does not answer: nothing is changed, and it is said before.
        await pair.Two.KillAsync();
        await configuration.ReplaceAsync("maxloop=\"7\"", "maxloop=\"8\"");
        await Expect(configuration.Check).ToContainTextAsync("n2 does not answer, so nothing can be applied now.");
        await configuration.Apply.ClickAsync();
        await Expect(configuration.Dialog).ToContainTextAsync("n2 does not answer: nothing is changed without it.");
        await Expect(configuration.Dialog.GetByRole(AriaRole.Button, new() { Name = "Apply to both nodes" })).ToBeDisabledAsync();
        stage.ExpectNoFaults();
    }

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

    [Fact]
    public async Task Administrators_TwoAtOnce_LoseNothingOfEachOther()
    {
        await using var stage = await ConsoleStage.CreateAsync(browser);
        var (one, two) = (await stage.LogInAsync(), await stage.LogInAsync(node: stage.Pair.Two));
        var (mine, theirs) = (new ConfigurationPage(one), new ConfigurationPage(two));
        await mine.OpenAsync();
        await theirs.OpenAsync();
        await mine.TabAsync("XML");
        await theirs.TabAsync("XML");
        await mine.ReplaceAsync("forcestoptimeout=\"10s\"", "forcestoptimeout=\"11s\"");
        await theirs.ReplaceAsync("<safe>", "<safe>\n  <macro name=\"X\" value=\"y\"/>");
        await theirs.ApplyAsync();

        // It is seen at once, and nothing of either is lost.
        await Expect(mine.Meanwhile).ToContainTextAsync("Somebody else has changed m1 meanwhile.");
        await Expect(mine.Meanwhile).ToContainTextAsync("macro name=\"X\"");
        await Expect(mine.Apply).ToHaveAttributeAsync("aria-disabled", "true");
        await mine.Meanwhile.GetByRole(AriaRole.Button, new() { Name = "Put my changes on top" }).ClickAsync();
        await Expect(mine.Meanwhile).ToBeHiddenAsync();
        await mine.ApplyAsync();
        await SameAsync(stage.Pair);
        var text = File.ReadAllText($"{stage.Pair.Two.Root}/etc/hamirror/modules/m1/{ConfigurationPage.XmlPath}");
        Assert.True(text.Contains("forcestoptimeout=\"11s\"", StringComparison.Ordinal) && text.Contains("macro name=\"X\"", StringComparison.Ordinal), text);

        // Between the question and the answer: the node refuses, and both say who changed the same line.
        await Expect(theirs.Text()).ToHaveValueAsync(new System.Text.RegularExpressions.Regex("forcestoptimeout=\"11s\""));
        await mine.ReplaceAsync("forcestoptimeout=\"11s\"", "forcestoptimeout=\"12s\"");
        await mine.Apply.ClickAsync();
        await Expect(mine.Dialog).ToContainTextAsync("service/user forcestoptimeout");
        await theirs.ReplaceAsync("forcestoptimeout=\"11s\"", "forcestoptimeout=\"13s\"");
        await theirs.ApplyAsync();
        await mine.Dialog.GetByRole(AriaRole.Button, new() { Name = "Apply to both nodes" }).ClickAsync();
        await Expect(mine.Dialog).ToBeHiddenAsync();
        await Expect(mine.Meanwhile).ToContainTextAsync("You both changed the same lines");
        await mine.Meanwhile.GetByRole(AriaRole.Button, new() { Name = "Theirs count there" }).ClickAsync();
        await Expect(mine.Text()).ToHaveValueAsync(new System.Text.RegularExpressions.Regex("forcestoptimeout=\"13s\""));
        await mine.GoodAsync("It is what runs now.");
        stage.ExpectNoFaults();
    }

    [Fact]
    public async Task Roles_BelowAdmin_SeeWhatTheyMayAndChangeNothing()
    {
        await using var stage = await ConsoleStage.CreateAsync(browser, users: true);
        var control = await stage.LogInAsync(ConsoleStage.Control);
        await Expect(control.Button("New module")).ToHaveAttributeAsync("aria-disabled", "true");
        var read = new ConfigurationPage(control);
        await read.OpenAsync();
        await Expect(control.Page.GetByText("Read only: the role Admin changes it.")).ToBeVisibleAsync();
        await read.GoodAsync("It is what runs now.");
        await read.TabAsync("XML");
        await Expect(read.Text()).ToHaveAttributeAsync("readonly", "");
        await Expect(read.Apply).ToHaveAttributeAsync("aria-disabled", "true");

        var monitor = await stage.LogInAsync(ConsoleStage.Monitor);
        await new ConfigurationPage(monitor).OpenAsync();
        await Expect(monitor.Page.GetByText("The files themselves need the role Control.")).ToBeVisibleAsync();
        await Expect(monitor.Page.GetByText("runs now")).ToBeVisibleAsync();
        await Expect(monitor.Button("Remove …")).ToHaveAttributeAsync("aria-disabled", "true");
        await monitor.Page.GotoAsync("/new-module");
        await Expect(monitor.Heading("This page needs the role Admin.")).ToBeVisibleAsync();
        stage.ExpectNoFaults();
    }

    /// <summary>Both nodes run with the same, whose version this is.</summary>
    private static async Task<string> SameAsync(AgentPair pair)
    {
        var one = (await pair.One.StatusAsync(AgentPair.Module)).ConfigurationVersion;
        Assert.Equal(one, (await pair.Two.StatusAsync(AgentPair.Module)).ConfigurationVersion);
        return one!;
    }

    /// <summary>Those that the package brings.</summary>
    internal static async Task InstallTemplatesAsync(AgentPair pair)
    {
        foreach (var node in new[] { pair.One, pair.Two })
        {
            var place = Directory.CreateDirectory(node.Root + "/etc/hamirror/templates").FullName;
            using var copy = Process.Start("cp", ["-r", AgentProcess.Repository + "/modules/.", place]);
            await copy.WaitForExitAsync();
            Assert.Equal(0, copy.ExitCode);
        }
    }
}
