// A picture for eyes, axe-core for rules, and whether anything is wider than the window: of a page as a test has brought it to.
// Pictures go to HAMIRROR_SCREENS, else to tests/HaMirror.Console.Tests/screens, which is not in git.
using Deque.AxeCore.Playwright;
using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;

namespace HaMirror.Console.Tests;

/// <summary>Looks at a page.</summary>
internal static class Appearance
{
    private const int Wide = 1440, WideHeight = 900, Narrow = 390, NarrowHeight = 844;

    private static string Folder => Environment.GetEnvironmentVariable("HAMIRROR_SCREENS") is { Length: > 0 } named ? named
        : Path.Combine(AgentProcess.Repository, "tests/HaMirror.Console.Tests/screens");

    /// <summary>In both widths and both themes; the page is as before afterwards.</summary>
    /// <param name="name">Of the pictures, without an end.</param>
    public static async Task LookAsync(this ConsolePage page, string name)
    {
        var faults = new List<string>();
        foreach (var (width, height) in new[] { (Narrow, NarrowHeight), (Wide, WideHeight) })
        {
            await page.Page.SetViewportSizeAsync(width, height);
            foreach (var scheme in new[] { ColorScheme.Dark, ColorScheme.Light })
            {
                await page.Page.EmulateMediaAsync(new() { ColorScheme = scheme });
                await LookAsync(page, name, scheme, width, faults);
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    /// <summary>As it is now.</summary>
    /// <param name="faults">Gets a sentence for each.</param>
    public static async Task LookAsync(ConsolePage page, string name, ColorScheme scheme, int width, List<string> faults)
    {
        Directory.CreateDirectory(Folder);
        var label = $"{name}-{scheme.ToString().ToLowerInvariant()}-{width}";
        await page.Page.EvaluateAsync("window.scrollTo(0, 0)");
        await page.Page.ScreenshotAsync(new() { Path = $"{Folder}/{label}.png", FullPage = true, Animations = ScreenshotAnimations.Disabled });
        var spilled = await page.Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        if (spilled > 0) faults.Add($"{label}: {spilled} pixels wider than the window.");
        var result = await page.Page.RunAxe();
        faults.AddRange(result.Violations.Select(violation => $"{label}: {violation.Id} ({violation.Impact}): {violation.Help}: "
            + string.Join("; ", violation.Nodes.Take(3).Select(node => $"{node.Target} {node.Html}"))));
    }
}
