using System.Text.RegularExpressions;
using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace HaMirror.Console.Tests;

public sealed partial class JourneyTests
{
    private const int StopsMax = 150;

    /// <summary>Whether the element that has the focus shows it: an outline of its own, or, of a control that is drawn by its neighbours,
    /// of one of those.</summary>
    private const string FocusScript = """
        () => {
          const own = document.activeElement;
          if (!own || own === document.body) return { name: '', place: 'page', shown: true };
          const outlined = one => { const style = getComputedStyle(one); return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 || style.boxShadow.includes('0px 0px 0px 2px'); };
          const box = own.getBoundingClientRect();
          const visible = box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight && getComputedStyle(own).opacity !== '0';
          const near = [...(own.parentElement?.children ?? [])].filter(one => one !== own);
          const text = own.getAttribute('aria-label') ?? (own.labels?.[0]?.innerText) ?? own.innerText ?? '';
          return { name: text.replace(/\s+/g, ' ').trim(), place: own.tagName.toLowerCase(), shown: visible && outlined(own) || near.some(outlined) };
        }
        """;

    /// <summary>What the script answers.</summary>
    private sealed class Focus
    {
        public string Name { get; set; } = "";

        public string Place { get; set; } = "";

        public bool Shown { get; set; }
    }

    [Fact]
    public async Task Keyboard_Alone_LogsInSwapsFiltersTheLogAndLogsOut()
    {
        const string module = "vm-keys";
        await Pair.AddModuleAsync(module);
        await StartAsync(module);
        var page = await Stage.OpenAsync();
        var keys = page.Page.Keyboard;
        await Expect(page.Page.GetByLabel("User", new() { Exact = true })).ToBeFocusedAsync();
        await keys.TypeAsync(ConsoleStage.Admin);
        await TabToAsync(page, "Password");
        await keys.TypeAsync(ConsoleClient.Password);
        await keys.PressAsync("Enter");
        await Expect(page.Heading("Overview")).ToBeVisibleAsync();
        await Expect(page.Tile(module)).ToContainTextAsync("Protected");

        await TabToAsync(page, module);
        await keys.PressAsync("Enter");
        await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync(module);
        await TabToAsync(page, "Swap");
        await keys.PressAsync("Enter");
        await Expect(page.Dialog).ToBeVisibleAsync();
        await TabToAsync(page, "Swap");
        await keys.PressAsync("Enter");
        await Expect(page.Dialog).ToHaveCountAsync(0);
        await page.NodeShowsAsync("n1", "SECONDready");
        await page.NodeShowsAsync("n2", "PRIMready");

        // A menu: opened, walked and left by keys; the focus comes back to where it was.
        await TabToAsync(page, "More actions on n2");
        await keys.PressAsync("Enter");
        // The first one that can be chosen gets the focus a moment after the menu is to be seen.
        var items = page.Page.GetByRole(AriaRole.Menuitem);
        await Expect(page.Page.Locator("[role=menuitem]:focus")).ToHaveCountAsync(1);
        await keys.PressAsync("ArrowDown");
        await keys.PressAsync("Escape");
        await Expect(items).ToHaveCountAsync(0);
        await Expect(page.Button("More actions on n2")).ToBeFocusedAsync();
        await TabToAsync(page, "Activity");
        await keys.PressAsync("ArrowRight");
        await Expect(page.Page.GetByRole(AriaRole.Tab, new() { Name = "Resources" })).ToHaveAttributeAsync("aria-selected", "true");

        await TabToAsync(page, "Log", back: true);
        await keys.PressAsync("Enter");
        await Expect(page.Heading("Log")).ToBeVisibleAsync();
        await TabToAsync(page, "Text");
        await keys.TypeAsync("Action swap");
        var lines = page.Page.GetByRole(AriaRole.Log).GetByRole(AriaRole.Listitem);
        await Expect(lines.First).ToContainTextAsync("Action swap");
        Assert.All(await lines.AllInnerTextsAsync(), text => Assert.Contains("action swap", text, StringComparison.OrdinalIgnoreCase));

        await TabToAsync(page, UserMenu(), back: true);
        await keys.PressAsync("Enter");
        await Expect(page.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Log out" })).ToBeFocusedAsync();
        await keys.PressAsync("Enter");
        await Expect(page.Heading("Log in")).ToBeVisibleAsync();
        Stage.ExpectNoFaults();
    }

    private static Task TabToAsync(ConsolePage page, string name, bool back = false) => TabToAsync(page, new Regex($"^{Regex.Escape(name)}$"), back);

    /// <summary>Goes on by the tabulator until the element has the focus; each stop on the way must show that it has it.</summary>
    private static async Task TabToAsync(ConsolePage page, Regex name, bool back = false)
    {
        var seen = new List<string>();
        for (var stop = 0; stop < StopsMax; stop++)
        {
            await page.Page.Keyboard.PressAsync(back ? "Shift+Tab" : "Tab");
            // What slides in is shown a moment later.
            Focus focus;
            var tries = 0;
            do focus = await page.Page.EvaluateAsync<Focus>(FocusScript); while (!focus.Shown && ++tries < 20);
            seen.Add($"{focus.Place} '{focus.Name}'");
            Assert.True(focus.Shown, $"The focus is not to be seen on {seen[^1]}, after {string.Join(", ", seen)}.");
            if (focus.Name.Length > 0 && name.IsMatch(focus.Name)) return;
        }

        Assert.Fail($"The tabulator never came to {name}: {string.Join(", ", seen)}");
    }

    [GeneratedRegex("^anna.*role Admin")]
    private static partial Regex UserMenu();
}
