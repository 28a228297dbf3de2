// What the agent's ports speak. OpenSSL's client can be told to speak the old versions still (security level 0); that it can here is shown
// against a server of its own first, so that a refusal is the agent's.
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using HaMirror.Core.Api;
using Xunit.Abstractions;

namespace HaMirror.Lab.Tests.TwoAgents;

[Collection(AgentsCollection.Name)]
public sealed class TlsTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly string[] Old = ["-tls1", "-tls1_1"], New = ["-tls1_2", "-tls1_3"];

    [Fact]
    public async Task Versions_BelowTls12_AreRefusedByAgentsAndNotByThePlatform()
    {
        await using var pair = await AgentPair.CreateAsync();
        await SpeaksTlsAsync(pair);
        var folder = pair.One.Root + "/etc/hamirror";
        var port = FreePort();
        using var server = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
            "openssl", ["s_server", "-accept", $"127.0.0.1:{port}", "-cert", folder + "/console.crt", "-key", folder + "/console.key", "-cipher", "ALL:@SECLEVEL=0", "-quiet"])
        { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
        try
        {
            foreach (var version in Old)
                await Deadline.HoldsAsync($"this platform's OpenSSL speaks {version} at security level 0", Limit, () => Task.FromResult(Shakes($"127.0.0.1:{port}", version)), () => Client($"127.0.0.1:{port}", version));
        }
        finally
        {
            server.Kill();
        }

        foreach (var version in Old) Assert.False(Shakes($"{pair.One.Address}:9010", version), $"{version} was accepted.");
        foreach (var version in New) Assert.True(Shakes($"{pair.One.Address}:9010", version), $"{version} was refused: {Client($"{pair.One.Address}:9010", version)}");
        output.WriteLine("TLS 1.0 and 1.1: the platform's client and server can at security level 0, the agent refuses. TLS 1.2 and 1.3: accepted.");

        // Between the nodes nothing but TLS 1.3 with the cluster's key: no version gets through without it.
        foreach (var version in Old.Concat(New)) Assert.False(Shakes($"{pair.One.Address}:4801", version), $"The nodes' channel took {version} without the cluster's key.");
        foreach (var cipher in new[] { "NULL", "aNULL", "RC4", "3DES", "EXPORT", "LOW", "MD5" })
            Assert.False(Shakes($"{pair.One.Address}:9010", "-tls1_2", cipher), $"A cipher of {cipher} was accepted.");
    }

    [Fact]
    public async Task Answers_OverHttps_CarryWhatKeepsThemThere()
    {
        await using var pair = await AgentPair.CreateAsync();
        await SpeaksTlsAsync(pair);
        await pair.One.AddUserAsync("anna", "admin");
        using var browser = Browser(pair);
        using var login = await browser.PostAsJsonAsync(ConsolePath.Session, new LoginRequest("anna", ConsoleClient.Password), ConsoleJson.Default.LoginRequest);
        Assert.Equal(HttpStatusCode.OK, login.StatusCode);
        var cookie = Assert.Single(login.Headers.GetValues("Set-Cookie"));
        var flags = cookie.Split(';', StringSplitOptions.TrimEntries)[1..].Select(flag => flag.ToLowerInvariant()).ToArray();
        Assert.Contains("secure", flags);
        Assert.Contains("httponly", flags);
        Assert.Contains("samesite=strict", flags);
        Assert.Contains("path=/", flags);
        Assert.DoesNotContain(flags, flag => flag.StartsWith("domain="));
        foreach (var path in new[] { "/", ApiPath.Status, ConsolePath.Metrics, ConsolePath.Health, "/v1/nothing" })
        {
            using var answer = await browser.GetAsync(path);
            Assert.True(answer.Headers.TryGetValues("Strict-Transport-Security", out var lasting), path);
            Assert.StartsWith("max-age=31536000", lasting.Single());
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("DENY", answer.Headers.GetValues("X-Frame-Options").Single());
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            Assert.Contains("frame-ancestors 'none'", policy);
            Assert.Contains("default-src 'self'", policy);
            Assert.DoesNotContain("unsafe", policy);
            Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
            Assert.False(answer.Headers.Contains("Server"), "The answer names the server.");
            Assert.True(path == "/" || answer.Headers.CacheControl?.NoStore == true, $"{path} may be stored: {answer.Headers.CacheControl}");
        }

        using var plain = new TcpClient();
        await plain.ConnectAsync(pair.One.Address, 9010);
        await plain.GetStream().WriteAsync("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        var first = new byte[16];
        var count = await plain.GetStream().ReadAsync(first);
        Assert.False(System.Text.Encoding.ASCII.GetString(first, 0, count).StartsWith("HTTP"), "The port that speaks TLS answered plain HTTP.");
    }

    [Theory]
    [InlineData("http://evil.example")]
    [InlineData("null")]
    [InlineData("http://localhost.evil.example:9010")]
    [InlineData("https://127.0.0.1.evil.example")]
    public async Task Page_OfAnotherSite_GetsNothingAcross(string origin)
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await pair.One.AddUserAsync("anna", "admin");
        using var browser = new ConsoleClient(pair.One);
        await browser.LoginAsync("anna");
        browser.Http.DefaultRequestHeaders.Remove(ConsolePath.ChangeHeader);
        browser.Http.DefaultRequestHeaders.Add("Origin", origin);
        using (var asked = new HttpRequestMessage(HttpMethod.Options, ApiPath.Module(AgentPair.Module, "stop")))
        {
            asked.Headers.Add("Access-Control-Request-Method", "POST");
            asked.Headers.Add("Access-Control-Request-Headers", ConsolePath.ChangeHeader);
            using var answer = await browser.Http.SendAsync(asked);
            Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
            Assert.False(answer.Headers.Contains("Access-Control-Allow-Credentials"));
        }

        // What a form of a foreign page can send without asking beforehand, with the cookie if a browser were so careless.
        foreach (var type in new[] { "application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "application/json" })
        {
            using var content = new StringContent("""{"on":false}""");
            content.Headers.ContentType = new MediaTypeHeaderValue(type);
            using var answer = await browser.Http.PostAsync(ApiPath.Module(AgentPair.Module, "failover"), content);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
        }

        using (var read = await browser.Http.GetAsync(ApiPath.Status)) Assert.False(read.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.True((await pair.One.StatusAsync(AgentPair.Module)).FailoverOn);
    }

    private static async Task SpeaksTlsAsync(AgentPair pair)
    {
        File.WriteAllText(pair.One.Root + "/etc/hamirror/console.xml", $"""<console listen="{pair.One.Address}" loopback="https"/>""");
        await Deadline.HoldsAsync("the console speaks TLS", AgentProcess.Patience, () => Task.FromResult(Shakes($"{pair.One.Address}:9010", "-tls1_3")), () => pair.One.Story);
        await Deadline.HoldsAsync("the nodes' channel listens", AgentProcess.Patience, async () =>
        {
            using var channel = new TcpClient();
            try
            {
                await channel.ConnectAsync(pair.One.Address, 4801);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        }, () => pair.One.Story);
    }

    /// <summary>A handshake ends well and a cipher is agreed on.</summary>
    private static bool Shakes(string address, string version, string cipher = "ALL") =>
        Client(address, version, cipher) is var said && said.Contains("Server certificate", StringComparison.Ordinal) && !said.Contains("Cipher is (NONE)", StringComparison.Ordinal);

    private static string Client(string address, string version, string cipher = "ALL")
    {
        var run = Command.Run(Limit, "timeout", "20", "openssl", "s_client", "-connect", address, version, "-cipher", $"{cipher}:@SECLEVEL=0", "-ign_eof", "-no_ign_eof");
        return run.Output;
    }

    private static int FreePort()
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)listener.LocalEndPoint!).Port;
    }

    private static HttpClient Browser(AgentPair pair) => new(new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true } })
    {
        BaseAddress = new Uri($"https://{pair.One.Address}:9010"), Timeout = TimeSpan.FromMinutes(1), DefaultRequestHeaders = { { "Host", "n1.example.org" } },
    };
}
