// Guessing passwords and keys: each address and each name is slowed down, a name that is none takes as long as one that is, and nothing of
// what was typed stands anywhere.
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using HaMirror.Core.Api;
using Xunit.Abstractions;

namespace HaMirror.Lab.Tests.TwoAgents;

[Collection(AgentsCollection.Name)]
public sealed class GuessingTests(ITestOutputHelper output)
{
    private const int Samples = 9;

    [Fact]
    public async Task UnknownName_TakesAsLongAsAKnownOne_AndSaysTheSame()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.One.AddUserAsync("anna", "admin");
        await ConsoleClient.ListensAsync(pair.One);
        var (known, unknown, texts) = (new List<double>(), new List<double>(), new HashSet<string>());
        for (var sample = 0; sample < Samples; sample++)
        {
            // Each try from an address of its own, so that nothing is slowed down; in turn, so that a busy machine is busy for both.
            known.Add(await TryAsync(pair, sample * 2 + 1, "anna", texts));
            unknown.Add(await TryAsync(pair, sample * 2 + 2, $"nobody{sample}", texts));
        }

        var (one, other) = (Median(known), Median(unknown));
        output.WriteLine($"known name {one:0} ms, unknown name {other:0} ms (medians of {Samples})");
        Assert.Single(texts);
        Assert.InRange(one / other, 0.5, 2.0); // Without the same work it would be a hundredfold.
    }

    [Fact]
    public async Task Guesses_OfOneAddressAndAgainstOneName_AreSlowedDown()
    {
        await using var pair = await AgentPair.CreateAsync();
        await pair.One.AddUserAsync("anna", "admin");
        await pair.One.AddUserAsync("bert", "monitor");
        await ConsoleClient.ListensAsync(pair.One);
        var key = await pair.One.AddKeyAsync("prometheus", "monitor");

        using (var attacker = From(pair, "127.200.0.1"))
        {
            await Deadline.HoldsAsync("an address is slowed down, whatever name it tries", AgentProcess.Patience,
                async () => (await LoginAsync(attacker, "nobody" + Random.Shared.Next(), "a wrong password")).StatusCode == HttpStatusCode.TooManyRequests, () => pair.One.Story);
            Assert.Equal(HttpStatusCode.TooManyRequests, (await LoginAsync(attacker, "anna", ConsoleClient.Password)).StatusCode);
        }

        using (var owner = From(pair, "127.200.0.2")) Assert.Equal(HttpStatusCode.OK, (await LoginAsync(owner, "anna", ConsoleClient.Password)).StatusCode);

        // Many addresses against one name; one's own good login in between forgives nothing of another's.
        await Deadline.HoldsAsync("a name is slowed down, whoever tries it", AgentProcess.Patience * 2, async () =>
        {
            using var attacker = From(pair, $"127.201.{Random.Shared.Next(256)}.{Random.Shared.Next(1, 255)}");
            var status = (await LoginAsync(attacker, "anna", "another wrong password")).StatusCode;
            if (status == HttpStatusCode.TooManyRequests) return true;
            Assert.Equal(HttpStatusCode.Unauthorized, status);
            return false;
        }, () => pair.One.Story);
        using (var other = From(pair, "127.202.0.1")) Assert.Equal(HttpStatusCode.OK, (await LoginAsync(other, "bert", ConsoleClient.Password)).StatusCode);

        // Bad keys are slowed down; a good one of the same host goes on.
        using var host = From(pair, "127.203.0.1");
        await Deadline.HoldsAsync("keys that are none are slowed down", AgentProcess.Patience, async () => await StatusAsync(host, "hmk1-" + Guid.NewGuid().ToString("N")) == HttpStatusCode.TooManyRequests, () => pair.One.Story);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, key));
        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync(host, key[..^1]));
    }

    [Fact]
    public async Task Secrets_ThatWereTyped_StandInNoLogNoAnswerAndNoArgument()
    {
        const string typed = "typed-Password-0815", wrong = "wrong-Password-4711";
        await using var pair = await AgentPair.CreateAsync(hooks: new Dictionary<string, string> { ["prestart"] = "tr '\\0' ' ' < /proc/$PPID/cmdline; env; sleep 1" });
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        await pair.One.PostAsync(ConsolePath.Users, new UserAddRequest("anna", "admin", typed), ConsoleJson.Default.UserAddRequest, ConsoleJson.Default.UserStatus);
        var key = await pair.One.AddKeyAsync("robot", "admin");
        using var browser = new ConsoleClient(pair.One);
        var session = await browser.LoginAsync("anna", typed);
        using (await browser.TryLoginAsync("anna", wrong)) { }
        using (await browser.TryLoginAsync(wrong, typed)) { }
        using var robot = new ConsoleClient(pair.One, key);
        // A token where tokens do not belong: not taken, and not written down.
        using (await browser.Http.GetAsync($"{ApiPath.Status}?access_token={session.Token}&key={key}")) { }
        using (await robot.Http.GetAsync($"/v1/modules/{Uri.EscapeDataString(key)}")) { }
        var token = (await pair.One.PostAsync(ApiPath.ClusterToken, new ActionRequest(null, null), ApiJson.Default.ActionRequest, ApiJson.Default.JoinToken)).Token;
        await pair.One.StartModuleAsync(AgentPair.Module, "primary");
        await Deadline.HoldsAsync("a hook has run", AgentProcess.Patience, () => Task.FromResult(Directory.Exists($"{pair.One.Root}/var/log/hamirror/m1/hooks") && Directory.EnumerateFiles($"{pair.One.Root}/var/log/hamirror/m1/hooks").Any()), () => pair.Story);
        var arguments = string.Concat(Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)).Select(Arguments));
        await pair.ExpectAsync(pair.One, "ALONE Ready");
        var places = new[] { pair.One, pair.Two }.SelectMany(node => Directory.EnumerateFiles(node.Root + "/var/log/hamirror", "*", SearchOption.AllDirectories)).ToDictionary(file => file, File.ReadAllText);
        places["process arguments"] = arguments;
        places["output"] = pair.Story;
        places["users"] = await robot.Http.GetStringAsync(ConsolePath.Users);
        places["keys"] = await robot.Http.GetStringAsync(ConsolePath.Keys);
        places["status"] = await robot.Http.GetStringAsync(ApiPath.Status);
        places["cluster"] = await robot.Http.GetStringAsync(ApiPath.Cluster);
        places["metrics"] = await robot.Http.GetStringAsync(ConsolePath.Metrics);
        var cluster = Convert.ToHexStringLower(File.ReadAllBytes(pair.One.Root + "/etc/hamirror/cluster.key"));
        foreach (var (what, secret) in new[] { ("password", typed), ("wrong password", wrong), ("key", key), ("session", session.Token!), ("join token", token), ("cluster's key", cluster), ("cluster's key", Convert.ToBase64String(Convert.FromHexString(cluster))) })
        {
            // A name that is none is shown as it was typed: whoever types his password there is told so by its being shown.
            foreach (var (place, text) in places)
                Assert.False(text.Contains(secret, StringComparison.Ordinal) && !(secret == wrong && text.Contains($"'{wrong}'", StringComparison.Ordinal)), $"The {what} stands in {place}.");
        }
    }

    private static string Arguments(string process)
    {
        try
        {
            return File.ReadAllText(process + "/cmdline").Replace('\0', ' ') + "\n";
        }
        catch (IOException)
        {
            return ""; // It has ended.
        }
    }

    private static async Task<double> TryAsync(AgentPair pair, int number, string name, HashSet<string> texts)
    {
        using var client = From(pair, $"127.199.0.{number}");
        using (await client.GetAsync(ConsolePath.Health)) { } // The connection stands.
        var clock = Stopwatch.StartNew();
        using var answer = await LoginAsync(client, name, "a wrong password");
        var took = clock.Elapsed.TotalMilliseconds;
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        texts.Add(await answer.Content.ReadAsStringAsync());
        return took;
    }

    private static Task<HttpResponseMessage> LoginAsync(HttpClient client, string name, string password) =>
        client.PostAsJsonAsync(ConsolePath.Session, new LoginRequest(name, password), ConsoleJson.Default.LoginRequest);

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, ApiPath.Status);
        request.Headers.Authorization = new("Bearer", key);
        using var answer = await client.SendAsync(request);
        return answer.StatusCode;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    /// <summary>A client that comes from that address of this machine.</summary>
    private static HttpClient From(AgentPair pair, string address) => new(new SocketsHttpHandler
    {
        UseProxy = false, UseCookies = false,
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = new Uri($"http://{pair.One.Address}:9010"), Timeout = TimeSpan.FromMinutes(1) };
}
