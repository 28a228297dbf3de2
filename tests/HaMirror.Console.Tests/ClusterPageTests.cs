// The page Cluster: from two nodes that know nothing of each other to a cluster with two LANs and a witness; and what it refuses.
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using HaMirror.Core.Api;
using HaMirror.Lab.Tests.TwoAgents;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace HaMirror.Console.Tests;

/// <summary>The cluster in the browser.</summary>
[Collection(ConsoleCollection.Name)]
public sealed class ClusterPageTests(BrowserFixture browser)
{
    [Fact]
    public async Task Cluster_FromNothing_IsMadeJoinedAndGivenASecondLanAndAWitness()
    {
        await using var stage = await NetworkStage.CreateAsync(browser);
        var one = await stage.LogInAsync(stage.One, NetworkStage.AdminOfOne);
        await one.Page.GetByRole(AriaRole.Link, new() { Name = "Cluster", Exact = true }).ClickAsync();
        await Expect(one.Page.GetByText("This node belongs to no cluster yet.")).ToBeVisibleAsync();
        await MakeAsync(stage, one);
        var token = await TokenAsync(one);
        await one.LookAsync("cluster-token");

        var two = await stage.LogInAsync(stage.Two, NetworkStage.AdminOfTwo);
        await two.Page.GotoAsync("/cluster");
        await two.Page.GetByRole(AriaRole.Tab, new() { Name = "Join a cluster" }).ClickAsync();
        await two.Page.GetByLabel("Token").FillAsync("no token");
        await Expect(two.Page.GetByText("A token begins with hmj1-")).ToBeVisibleAsync();
        await two.Page.GetByLabel("Token").FillAsync(token);
        await two.Button("Join").ClickAsync();
        foreach (var page in new[] { one, two })
        {
            foreach (var node in new[] { "n1", "n2" }) await Expect(page.Node(node).Locator("header")).ToContainTextAsync("answers");
            await Expect(page.Page.GetByText("is not heard yet")).ToBeHiddenAsync();
        }

        // Until the other node is there the browser lets the page ask none; it loads itself anew then, and from there on it may.
        foreach (var page in new[] { one, two })
        {
            await page.Page.ReloadAsync();
            page.ForgetFaults();
        }

        // The page names the certificate that the connection really has.
        await Expect(one.Node("n1")).ToContainTextAsync(await FingerprintAsync(stage.One));
        await Expect(one.Node("n1")).ToContainTextAsync("HaMirror itself (self-signed)");

        await AddLanAsync(stage, one);
        await one.Button("Test from both nodes").ClickAsync();
        await Expect(one.Page.GetByText("n1 reaches a witness")).ToBeVisibleAsync();
        await Expect(one.Page.GetByText("n2 reaches a witness")).ToBeVisibleAsync();
        await one.LookAsync("cluster-made");
        stage.ExpectNoFaults();
    }

    [Fact]
    public async Task Change_WhileTheOtherNodeIsAway_IsRefusedWithARemedyAndChangesNothing()
    {
        await using var stage = await ConsoleStage.CreateAsync(browser);
        var pair = stage.Pair;
        var page = await stage.LogInAsync();
        await page.Page.GotoAsync("/cluster");
        await Expect(page.Node("n2").Locator("header")).ToContainTextAsync("answers");
        await Expect(page.Page.GetByText("The cluster has no witness.")).ToBeVisibleAsync();
        await Expect(page.Page.GetByText("There is no second LAN.")).ToBeVisibleAsync();
        var before = (await pair.One.GetAsync(ConsolePath.ClusterConfiguration, ConsoleJson.Default.ClusterFile)).Version;
        await pair.Two.KillAsync();
        await page.Button("Change networks and witness").ClickAsync();
        await Expect(page.Button("Apply to both nodes")).ToBeDisabledAsync();
        await page.Page.GetByLabel("Witness", new() { Exact = true }).FillAsync("192.0.2.77");
        await Expect(page.Page.GetByText("n2 cannot look at it")).ToBeVisibleAsync();
        await page.Button("Apply to both nodes").ClickAsync();
        var alert = page.Page.GetByRole(AriaRole.Alert);
        await Expect(alert).ToContainTextAsync("Nothing was changed on either node");
        await Expect(alert).ToContainTextAsync("Try again when n2 answers.");
        await page.LookAsync("cluster-refused");
        Assert.Equal(before, (await pair.One.GetAsync(ConsolePath.ClusterConfiguration, ConsoleJson.Default.ClusterFile)).Version);
        await pair.Two.StartAsync();
        await Deadline.HoldsAsync("the change goes through", AgentApi.Patience, async () =>
        {
            // Where there is one: it goes away as soon as the change is through.
            await page.Page.GetByRole(AriaRole.Button, new() { Name = "Apply to both nodes", Exact = true, Disabled = false }).EvaluateAllAsync<int>("buttons => { buttons.forEach(button => button.click()); return buttons.length; }");
            return await page.Page.GetByText("Both nodes have the new configuration.").IsVisibleAsync();
        }, () => pair.Story);
        Assert.Equal(["192.0.2.77"], (await pair.Two.GetAsync(ConsolePath.ClusterConfiguration, ConsoleJson.Default.ClusterFile)).Witnesses.AsEnumerable());
        stage.ExpectNoFaults();
    }

    [Fact]
    public async Task Witness_WhileAModuleRuns_ChangesAndLansDoNot()
    {
        await using var stage = await ConsoleStage.CreateAsync(browser, users: true);
        var pair = stage.Pair;
        await pair.StartAsync();
        var page = await stage.LogInAsync();
        await page.TileShowsAsync("PRIMready", "SECONDready");
        await page.Page.GetByRole(AriaRole.Link, new() { Name = "Cluster", Exact = true }).ClickAsync();
        await page.Button("Change networks and witness").ClickAsync();
        await page.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("other");
        await Expect(page.Page.GetByText("LANs change only while all modules are stopped on both nodes")).ToBeVisibleAsync();
        await Expect(page.Button("Apply to both nodes")).ToBeDisabledAsync();
        await page.Page.GetByLabel("Name", new() { Exact = true }).FillAsync("default");
        await page.Page.GetByLabel("Witness", new() { Exact = true }).FillAsync("192.0.2.77");
        await Expect(page.Page.GetByText("does not answer a ping")).ToBeVisibleAsync();
        await page.Button("Apply to both nodes").ClickAsync();
        await Expect(page.Page.GetByText("Both nodes have the new configuration.")).ToBeVisibleAsync();
        await page.Button("Test from both nodes").ClickAsync();
        await Expect(page.Page.GetByText("n1 reaches no witness")).ToBeVisibleAsync();
        await Expect(page.Page.GetByText("n2 reaches no witness")).ToBeVisibleAsync();
        await page.LookAsync("cluster-silent-witness");
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");

        // Who may not is told why, and who may only test, may.
        var mona = await stage.LogInAsync(ConsoleStage.Monitor);
        await mona.Page.GotoAsync("/cluster");
        await ExpectRefusedAsync(mona, "Change networks and witness", "This needs the role Admin; yours is Monitor.");
        await ExpectRefusedAsync(mona, "Test from both nodes", "This needs the role Control; yours is Monitor.");
        var carl = await stage.LogInAsync(ConsoleStage.Control);
        await carl.Page.GotoAsync("/cluster");
        await ExpectRefusedAsync(carl, "Change networks and witness", "This needs the role Admin; yours is Control.");
        await carl.Button("Test from both nodes").ClickAsync();
        await Expect(carl.Page.GetByText("n2 reaches no witness")).ToBeVisibleAsync();
        stage.ExpectNoFaults();
    }

    /// <summary>A button that stays reachable and says why it does nothing.</summary>
    internal static async Task ExpectRefusedAsync(ConsolePage page, string button, string reason)
    {
        await Expect(page.Button(button)).ToHaveAttributeAsync("aria-disabled", "true");
        await page.Button(button).FocusAsync();
        await page.Page.Keyboard.PressAsync("Shift+Tab"); // There by keyboard: after a click a focus alone shows nothing.
        await page.Page.Keyboard.PressAsync("Tab");
        await Expect(page.Page.GetByRole(AriaRole.Tooltip)).ToContainTextAsync(reason);
        await page.Button(button).BlurAsync();
    }

    private static async Task MakeAsync(NetworkStage stage, ConsolePage page)
    {
        await page.Page.GetByLabel("Name of this node").FillAsync("n1");
        await page.Page.GetByLabel("Name of the other node").FillAsync("n1");
        await Expect(page.Page.GetByText("Both nodes need names of their own.")).ToBeVisibleAsync();
        await page.Page.GetByLabel("Name of the other node").FillAsync("n2");
        await Expect(page.Button("Make the cluster")).ToBeDisabledAsync();

        var (own, peer) = (page.Page.GetByLabel("Address of n1"), page.Page.GetByLabel("Address of n2"));
        await own.FillAsync(stage.FirstLan(2));
        await Expect(page.Page.GetByText($"This node does not have the address {stage.FirstLan(2)}").First).ToBeVisibleAsync();
        await own.FillAsync(stage.FirstLan(1));
        await Expect(page.Page.GetByText("It is an address of this node.")).ToBeVisibleAsync();
        await peer.FillAsync(stage.FirstLan(1));
        await Expect(page.Page.GetByText($"{stage.FirstLan(1)} is an address of this node itself.").First).ToBeVisibleAsync();
        await peer.FillAsync("nobody.invalid");
        await Expect(page.Page.GetByText("cannot be resolved here").First).ToBeVisibleAsync();
        await page.LookAsync("cluster-new");
        await Expect(page.Button("Make the cluster")).ToBeDisabledAsync();
        await peer.FillAsync(stage.FirstLan(2));
        await Expect(page.Page.GetByText($"{stage.FirstLan(2)} answers.")).ToBeVisibleAsync();
        await page.Page.GetByLabel("Witness", new() { Exact = true }).FillAsync(stage.Witness);
        await Expect(page.Page.GetByText($"{stage.Witness} answers.")).ToBeVisibleAsync();
        await page.Button("Make the cluster").ClickAsync();
    }

    private static async Task<string> TokenAsync(ConsolePage page)
    {
        await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Name = "n2 is not heard yet" })).ToBeVisibleAsync();
        await Expect(page.Page.GetByText("hamirror cluster join hmj1-")).ToBeVisibleAsync();
        var text = await page.Page.GetByRole(AriaRole.Main).InnerTextAsync();
        return Regex.Match(text, "hmj1-[A-Za-z0-9_-]+").Value;
    }

    private static async Task AddLanAsync(NetworkStage stage, ConsolePage page)
    {
        await page.Button("Change networks and witness").ClickAsync();
        await page.Button("Add a second LAN").ClickAsync();
        var lan = page.Page.GetByRole(AriaRole.Group, new() { Name = "Second LAN" });
        await lan.GetByLabel("Address of n1").FillAsync(stage.SecondLan(1));
        await Expect(lan.GetByText($"{stage.SecondLan(1)} is n1, and answers.")).ToBeVisibleAsync();
        await lan.GetByLabel("Address of n2").FillAsync(stage.Witness);
        await Expect(lan.GetByText($"This node does not have the address {stage.Witness}")).ToBeVisibleAsync(); // It answers, and is neither node.
        await Expect(page.Button("Apply to both nodes")).ToBeDisabledAsync();
        await page.LookAsync("cluster-second-lan");
        await lan.GetByLabel("Address of n2").FillAsync(stage.SecondLan(2));
        await Expect(lan.GetByText($"{stage.SecondLan(2)} is n2, and answers.")).ToBeVisibleAsync();
        await page.Button("Apply to both nodes").ClickAsync();
        await Expect(page.Page.GetByText("Both nodes have the new configuration.")).ToBeVisibleAsync();
        var row = page.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "replication" });
        await Expect(row.GetByText("peer is heard")).ToHaveCountAsync(2);
        foreach (var node in new[] { stage.One, stage.Two })
            Assert.Equal(2, (await node.GetAsync(ConsolePath.ClusterConfiguration, ConsoleJson.Default.ClusterFile)).Lans.Length);
    }

    /// <summary>SHA-256 of the certificate that the node's console shows whoever connects.</summary>
    private static async Task<string> FingerprintAsync(AgentProcess node)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(node.Address, 9010);
        await using var tls = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("n1");
        return string.Join(':', SHA256.HashData(tls.RemoteCertificate!.GetRawCertData()).Select(octet => octet.ToString("X2", System.Globalization.CultureInfo.InvariantCulture)));
    }
}
