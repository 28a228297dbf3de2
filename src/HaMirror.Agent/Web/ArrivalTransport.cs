// Kestrel's other source of connections beside its own socket: what the listeners of this agent accepted and, where it must
// be, encrypted. So they can come and go with the cluster's configuration without a restart of anything.
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace HaMirror.Agent.Web;

/// <summary>Hands accepted connections to the API.</summary>
internal sealed class ArrivalTransport : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private const int WaitingMax = 64;

    private readonly Channel<ConnectionContext> _arrivals = Channel.CreateBounded<ConnectionContext>(WaitingMax);

    public bool CanBind(EndPoint endpoint) => endpoint is ArrivalEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IConnectionListener>(new Listener(_arrivals, endpoint));

    /// <summary>Completes when the connection is over.</summary>
    public async Task HandAsync(Stream stream, Arrival arrival, EndPoint? local)
    {
        var connection = new StreamConnection(stream, arrival, local);
        try
        {
            await _arrivals.Writer.WriteAsync(connection);
        }
        catch (ChannelClosedException)
        {
            await connection.DisposeAsync(); // The agent ends.
        }

        await connection.Ended.Task;
    }

    private sealed class Listener(Channel<ConnectionContext> arrivals, EndPoint endpoint) : IConnectionListener
    {
        public EndPoint EndPoint => endpoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                return await arrivals.Reader.ReadAsync(cancellationToken);
            }
            catch (ChannelClosedException)
            {
                return null;
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            arrivals.Writer.TryComplete();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}

/// <summary>Stands for "whatever the agent accepted".</summary>
internal sealed class ArrivalEndPoint : EndPoint
{
    public override string ToString() => "arrivals";
}
