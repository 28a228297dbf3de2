// Two agents with one module, an administrator, and a browser that looks at them. Agents listen on loopback addresses of this test
// alone, where the console is plain HTTP unless https is asked for; their certificate is looked at by HttpsTests of the lab.
using HaMirror.Core.Api;
using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;

namespace HaMirror.Console.Tests;

/// <summary>What a test of the console plays on.</summary>
internal sealed class ConsoleStage : IAsyncDisposable
{
    /// <summary>What a figure may be beyond what is asked of it. Only the long form (HAMIRROR_SOAK=1), which is run where nothing else
    /// does, judges by the figure itself: the plain one must not fail for what its machine does beside.</summary>
    public static double Slack { get; } = Environment.GetEnvironmentVariable("HAMIRROR_SOAK") == "1" ? 1 : 3;

    public const string Admin = "anna", Control = "carl", Monitor = "mona";

    private readonly IBrowser _browser;
    private readonly bool _https;
    private readonly List<ConsolePage> _pages = [];

    private ConsoleStage(IBrowser browser, AgentPair pair, bool https) => (_browser, Pair, _https) = (browser, pair, https);

    public AgentPair Pair { get; }

    /// <param name="users">Also those with the roles Control and Monitor.</param>
    public static async Task<ConsoleStage> CreateAsync(BrowserFixture fixture, bool https = false, bool users = false)
    {
        var stage = new ConsoleStage(fixture.Browser, await AgentPair.CreateAsync(), https);
        await stage.Pair.One.AddUserAsync(Admin, "admin");
        if (users)
        {
            await stage.Pair.One.AddUserAsync(Control, "control");
            await stage.Pair.One.AddUserAsync(Monitor, "monitor");
        }

        foreach (var node in new[] { stage.Pair.One, stage.Pair.Two })
        {
            await ConsoleClient.ListensAsync(node);
            if (https) await stage.EncryptAsync(node);
        }

        await stage.KnowsAsync(stage.Pair.Two, users ? Monitor : Admin);
        return stage;
    }

    public string Url(AgentProcess node) => $"{(_https ? "https" : "http")}://{node.Address}:9010";

    /// <summary>A page in a profile of its own, at the log-in.</summary>
    public async Task<ConsolePage> OpenAsync(AgentProcess? node = null, int width = 1440, int height = 900, ColorScheme scheme = ColorScheme.Light)
    {
        var context = await _browser.NewContextAsync(new()
        {
            BaseURL = Url(node ?? Pair.One), IgnoreHTTPSErrors = _https, ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce,
            ViewportSize = new() { Width = width, Height = height },
        });
        context.SetDefaultTimeout(60_000);
        var page = new ConsolePage(await context.NewPageAsync());
        _pages.Add(page);
        await page.Page.GotoAsync("/");
        return page;
    }

    /// <summary>A page where the user has logged in.</summary>
    public async Task<ConsolePage> LogInAsync(string user = Admin, AgentProcess? node = null, int width = 1440, int height = 900, ColorScheme scheme = ColorScheme.Light)
    {
        var page = await OpenAsync(node, width, height, scheme);
        await page.LogInAsync(user);
        return page;
    }

    /// <summary>Slows resyncs from the node down; null: as fast as they can.</summary>
    public static async Task CapResyncAsync(AgentProcess node, string module, long? bytesPerSecond)
    {
        var (status, text) = await node.SendAsync(HttpMethod.Put, ApiPath.Module(module, "resync-rate"), new ResyncRateRequest(bytesPerSecond, "test@lab"), ApiJson.Default.ResyncRateRequest);
        Assert.True(status == System.Net.HttpStatusCode.NoContent, text);
    }

    /// <summary>No page did what its content security policy forbids, and none failed.</summary>
    public void ExpectNoFaults() => Assert.Empty(_pages.SelectMany(page => page.Faults));

    public async ValueTask DisposeAsync()
    {
        foreach (var page in _pages) await page.Page.Context.CloseAsync();
        await Pair.DisposeAsync();
    }

    private async Task EncryptAsync(AgentProcess node)
    {
        File.WriteAllText(node.Root + "/etc/hamirror/console.xml", $"""<console listen="{node.Address}" loopback="https"/>""");
        using var client = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } });
        await Deadline.HoldsAsync($"{node.Name} speaks TLS", AgentApi.Patience, async () =>
        {
            try
            {
                return await client.GetStringAsync(Url(node) + ConsolePath.Health) == "ok\n";
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, () => node.Story);
    }

    /// <summary>Users reach the other node a moment later.</summary>
    private Task KnowsAsync(AgentProcess node, string user) => Deadline.HoldsAsync($"{node.Name} knows {user}", AgentApi.Patience,
        async () => (await node.GetAsync(ConsolePath.Users, ConsoleJson.Default.ImmutableArrayUserStatus)).Any(one => one.Name == user), () => Pair.Story);
}
