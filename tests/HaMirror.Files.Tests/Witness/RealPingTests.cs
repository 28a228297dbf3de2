using HaMirror.Io.Witness;

namespace HaMirror.Files.Tests.Witness;

/// <summary>With the real shim: sending an echo takes root.</summary>
public sealed class RealPingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Witness_RealPingOfLoopback_Answers()
    {
        var ping = new WitnessPing();
        Assert.True(await ping.AnyAnswersAsync(["127.0.0.1"], Patience, default));
        Assert.True(await ping.AnyAnswersAsync(["::1"], Patience, default) || !System.Net.Sockets.Socket.OSSupportsIPv6);
    }
}
