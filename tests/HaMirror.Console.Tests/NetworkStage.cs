// Two agents on machines of their own, as far as networks go: a name space for each, two LANs between them, and this machine on the
// first LAN, where the browser is and which is the witness. They belong to no cluster yet. Names begin with hmcl.
using System.Diagnostics;
using HaMirror.Core.Api;
using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;

namespace HaMirror.Console.Tests;

/// <summary>What a test of the cluster's making plays on.</summary>
internal sealed class NetworkStage : IAsyncDisposable
{
    /// <summary>Of a node's own first administrator.</summary>
    public const string AdminOfOne = "anna", AdminOfTwo = "bert";

    private const string Switch = "hmcl-sw", Door = "hmcl0";

    private static readonly string[] Spaces = ["hmcl-n1", "hmcl-n2"];

    private readonly string _directory = Directory.CreateTempSubdirectory("hamirror-network-").FullName;
    private readonly IBrowser _browser;
    private readonly List<ConsolePage> _pages = [];
    private readonly int _third = Random.Shared.Next(1, 250);

    private NetworkStage(IBrowser browser)
    {
        _browser = browser;
        One = new AgentProcess(_directory + "/n1", "n1", FirstLan(1)) { NetworkSpace = Spaces[0] };
        Two = new AgentProcess(_directory + "/n2", "n2", FirstLan(2)) { NetworkSpace = Spaces[1] };
    }

    public AgentProcess One { get; }

    public AgentProcess Two { get; }

    /// <summary>This machine, which answers both nodes.</summary>
    public string Witness => FirstLan(254);

    public string FirstLan(int host) => $"10.231.{_third}.{host}";

    public string SecondLan(int host) => $"10.232.{_third}.{host}";

    public static async Task<NetworkStage> CreateAsync(BrowserFixture fixture)
    {
        var stage = new NetworkStage(fixture.Browser);
        try
        {
            stage.Lay();
            foreach (var (node, admin) in new[] { (stage.One, AdminOfOne), (stage.Two, AdminOfTwo) })
            {
                await node.StartAsync();
                await node.AddUserAsync(admin, "admin");
            }

            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    /// <summary>A page at a node's console, logged in as its administrator.</summary>
    public async Task<ConsolePage> LogInAsync(AgentProcess node, string user)
    {
        var context = await _browser.NewContextAsync(new()
        {
            BaseURL = $"https://{node.Address}:9010", IgnoreHTTPSErrors = true, ReducedMotion = ReducedMotion.Reduce, ViewportSize = new() { Width = 1440, Height = 900 },
        });
        context.SetDefaultTimeout(60_000);
        var page = new ConsolePage(await context.NewPageAsync());
        _pages.Add(page);
        await Deadline.HoldsAsync($"the console of {node.Name} answers", AgentApi.Patience, async () =>
        {
            try
            {
                return (await page.Page.GotoAsync("/"))?.Ok == true;
            }
            catch (PlaywrightException)
            {
                return false; // It does not listen yet.
            }
        }, () => node.Story);
        await page.LogInAsync(user);
        return page;
    }

    public void ExpectNoFaults() => Assert.Empty(_pages.SelectMany(page => page.Faults));

    public async ValueTask DisposeAsync()
    {
        foreach (var page in _pages) await page.Page.Context.CloseAsync();
        await One.DisposeAsync();
        await Two.DisposeAsync();
        Clear();
        Directory.Delete(_directory, recursive: true);
    }

    private void Lay()
    {
        Clear(); // What a test that was killed has left.
        foreach (var space in Spaces.Append(Switch)) Run($"netns add {space}");
        foreach (var lan in new[] { "first", "second" }) Run($"-n {Switch} link add {lan} type bridge forward_delay 0 stp_state 0", $"-n {Switch} link set {lan} up");
        for (var host = 1; host <= Spaces.Length; host++)
        {
            var space = Spaces[host - 1];
            Run($"link add f{host} netns {Switch} type veth peer name eth0 netns {space}", $"link add s{host} netns {Switch} type veth peer name eth1 netns {space}",
                $"-n {Switch} link set f{host} master first up", $"-n {Switch} link set s{host} master second up",
                $"-n {space} link set lo up", $"-n {space} link set eth0 up", $"-n {space} link set eth1 up",
                $"-n {space} addr add {FirstLan(host)}/24 dev eth0", $"-n {space} addr add {SecondLan(host)}/24 dev eth1");
        }

        Run($"link add {Door} type veth peer name door netns {Switch}", $"-n {Switch} link set door master first up", $"link set {Door} up", $"addr add {Witness}/24 dev {Door}");
    }

    private static void Clear()
    {
        if (Directory.Exists($"/sys/class/net/{Door}")) Run($"link del {Door}");
        foreach (var space in Spaces.Append(Switch).Where(space => File.Exists($"/run/netns/{space}"))) Run($"netns del {space}");
    }

    private static void Run(params string[] commands)
    {
        foreach (var command in commands)
        {
            using var ip = Process.Start(new ProcessStartInfo("ip", command.Split(' ')) { RedirectStandardError = true })!;
            var error = ip.StandardError.ReadToEnd();
            ip.WaitForExit();
            Assert.True(ip.ExitCode == 0, $"ip {command}: {error}");
        }
    }
}
