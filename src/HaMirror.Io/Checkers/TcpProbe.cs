using System.Net.Sockets;

namespace HaMirror.Io.Checkers;

/// <summary>A port that must accept a connection.</summary>
public sealed class TcpProbe(string address, int port, TimeSpan timeout) : IProbe
{
    public async Task<Look> LookAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeout);
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(address, port, limit.Token).ConfigureAwait(false);
            return new Look(true, $"{address} port {port} accepts");
        }
        catch (SocketException failure)
        {
            return new Look(false, $"{address} port {port}: {failure.Message}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Look(false, $"{address} port {port} does not answer within {timeout.TotalSeconds:0.###} s");
        }
    }
}
