using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using HaMirror.Core.Api;

namespace HaMirror.Lab.Tests.TwoAgents;

[Collection(AgentsCollection.Name)]
public sealed class HttpsTests
{
    [Fact]
    public async Task Certificate_MadeAndReplaced_IsUsedFromTheNextConnectionOn()
    {
        await using var pair = await AgentPair.CreateAsync();
        var folder = pair.One.Root + "/etc/hamirror";
        File.WriteAllText(folder + "/console.xml", $"""<console listen="{pair.One.Address}" loopback="https"/>""");
        X509Certificate2? seen = null;
        await Deadline.HoldsAsync("the console speaks TLS", AgentProcess.Patience, async () =>
        {
            seen = await CertificateAsync(pair.One);
            return seen is not null && seen.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames().Contains("n1");
        }, () => pair.One.Story);
        var alternatives = seen!.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Contains(IPAddress.Parse(pair.One.Address), alternatives.EnumerateIPAddresses());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder + "/console.key"));

        using (var client = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } }))
            Assert.Equal("ok\n", await client.GetStringAsync($"https://{pair.One.Address}:9010{ConsolePath.Health}"));

        File.Copy(pair.Two.Root + "/etc/hamirror/console.key", folder + "/console.key", overwrite: true);
        File.Copy(pair.Two.Root + "/etc/hamirror/console.crt", folder + "/console.crt", overwrite: true);
        await Deadline.HoldsAsync("another certificate is shown", AgentProcess.Patience,
            async () => await CertificateAsync(pair.One) is { } now && now.Thumbprint != seen.Thumbprint, () => pair.One.Story);
    }

    [Fact]
    public async Task Caller_ThatIsNoCaller_HoldsNobody()
    {
        await using var pair = await AgentPair.CreateAsync();
        await ConsoleClient.ListensAsync(pair.One);
        await ConsoleClient.ListensAsync(pair.Two);
        var idle = new List<TcpClient>();
        for (var count = 0; count < 50; count++)
        {
            var client = new TcpClient();
            await client.ConnectAsync(pair.One.Address, 9010);
            idle.Add(client);
            await client.GetStream().WriteAsync(count % 2 == 0 ? "GET / HT"u8.ToArray() : new byte[] { 0x16, 3, 1, 0, 200 });
        }

        // The port of the nodes' own channel takes no stranger: TLS with the cluster's key or nothing.
        using (var stranger = new TcpClient())
        {
            await stranger.ConnectAsync(pair.One.Address, 4801);
            await stranger.GetStream().WriteAsync("POST /v1/peer/access HTTP/1.1\r\nHost: peer\r\nContent-Length: 2\r\n\r\n{}"u8.ToArray());
            using var limit = new CancellationTokenSource(AgentProcess.Patience);
            var answer = new byte[64];
            try
            {
                var count = await stranger.GetStream().ReadAsync(answer, limit.Token);
                Assert.False(System.Text.Encoding.ASCII.GetString(answer, 0, count).StartsWith("HTTP"));
            }
            catch (IOException)
            {
                // Broken off: as good an answer.
            }
        }

        using var balancer = new ConsoleClient(pair.One);
        Assert.Equal(HttpStatusCode.OK, await balancer.StatusOfAsync(HttpMethod.Get, ConsolePath.Health));
        Assert.Equal(HttpStatusCode.Forbidden, await new ConsoleClient(pair.One, await pair.One.AddKeyAsync("a", "admin")).StatusOfAsync(HttpMethod.Post, "/v1/peer/access", "{}"));
        foreach (var client in idle) client.Dispose();
    }

    private static async Task<X509Certificate2?> CertificateAsync(AgentProcess agent)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(agent.Address, 9010);
            await using var tls = new SslStream(client.GetStream());
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "n1", EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13, RemoteCertificateValidationCallback = (_, _, _, _) => true,
            });
            return X509CertificateLoader.LoadCertificate(tls.RemoteCertificate!.Export(X509ContentType.Cert));
        }
        catch (Exception error) when (error is SocketException or IOException or AuthenticationException)
        {
            return null;
        }
    }
}
