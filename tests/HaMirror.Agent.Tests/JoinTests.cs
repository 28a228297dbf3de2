using System.Net;
using System.Net.Sockets;
using HaMirror.Agent.Cluster;
using HaMirror.Agent.Hosting;
using HaMirror.Core.Configuration;
using HaMirror.Io.Records;
using Microsoft.Extensions.Logging.Abstractions;

namespace HaMirror.Agent.Tests;

public sealed class JoinTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("hamirror-join-").FullName;
    private readonly byte[] _key = [.. Enumerable.Range(0, 32).Select(value => (byte)value)];
    private readonly JoinServer _server = new(NullLogger<JoinServer>.Instance, TimeProvider.System);

    public void Dispose()
    {
        _server.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task Token_Used_BringsClusterAndKeyOver()
    {
        var token = _server.Open(Cluster()).Token;
        var store = new ClusterStore(new AgentFiles(_root));
        await JoinClient.JoinAsync(token, store, "1", CancellationToken.None);

        var joined = store.Load();
        Assert.NotNull(joined);
        Assert.Equal("n2", joined.NodeName);
        Assert.Equal("n1", joined.PeerName);
        Assert.Equal(_key, joined.Key);
        var files = new AgentFiles(_root);
        foreach (var file in new[] { files.ClusterKeyFile, files.ClusterFile, files.NodeNameFile })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task Token_UsedTwice_IsRefused()
    {
        var token = _server.Open(Cluster()).Token;
        await JoinClient.JoinAsync(token, new ClusterStore(new AgentFiles(_root)), "1", CancellationToken.None);
        Assert.True(SpinWait.SpinUntil(() => _server.Expires is null, TimeSpan.FromSeconds(30)));
        await ExpectRefusalAsync(token, "expired or was used");
    }

    [Fact]
    public async Task Token_WithAnotherSecret_IsRefusedAndTheRightOneStillWorks()
    {
        var token = _server.Open(Cluster()).Token;
        Assert.True(JoinSecret.TryParse(token, out var right));
        var wrong = new JoinSecret(new byte[JoinSecret.SecretBytes], right.Address, right.Port);
        await ExpectRefusalAsync(wrong.ToString(), "refused the token");
        await JoinClient.JoinAsync(token, new ClusterStore(new AgentFiles(_root)), "1", CancellationToken.None);
    }

    [Fact]
    public async Task Token_Replaced_IsRefused()
    {
        var cluster = Cluster();
        var first = _server.Open(cluster).Token;
        var second = _server.Open(cluster).Token;
        await ExpectRefusalAsync(first, "refused the token");
        await JoinClient.JoinAsync(second, new ClusterStore(new AgentFiles(_root)), "1", CancellationToken.None);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hmj1-")]
    [InlineData("hmj1-AAAA")]
    [InlineData("hmj1-!!!!")]
    [InlineData("nonsense")]
    public async Task Token_ThatIsNone_IsRefused(string token) => await ExpectRefusalAsync(token, "no join token");

    [Fact]
    public void Token_WrittenAndRead_IsTheSame()
    {
        var secret = JoinSecret.New("fd00::1", 4800);
        Assert.True(JoinSecret.TryParse(secret.ToString(), out var read));
        Assert.Equal(secret.Secret, read.Secret);
        Assert.Equal(("fd00::1", 4800), (read.Address, read.Port));
    }

    private async Task ExpectRefusalAsync(string token, string part)
    {
        var refusal = await Assert.ThrowsAsync<Refusal>(() =>
            JoinClient.JoinAsync(token, new ClusterStore(new AgentFiles(_root + "/none")), "1", CancellationToken.None));
        Assert.Contains(part, refusal.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_root + "/none"));
    }

    private ClusterMembership Cluster()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)probe.LocalEndPoint!).Port;
        var lan = new LanConfiguration("default", [new NodeAddress("n1", "127.0.0.1", "127.0.0.1"), new NodeAddress("n2", "127.0.0.2", "127.0.0.2")]);
        return new ClusterMembership(new ClusterConfiguration(Guid.NewGuid(), [lan]) { Port = port }, "n1", _key);
    }
}
