// Keeps the accounts of both nodes equal: soon after each change here, and now and then in case the other node was away. One
// exchange does both directions: this node sends its book, the other merges it and answers with what it has then.
using System.Net.Http.Json;
using System.Text.Json;
using HaMirror.Agent.Access;
using HaMirror.Agent.Hosting;

namespace HaMirror.Agent.Nodes;

/// <summary>Exchanges accounts, keys and ended sessions with the other node.</summary>
internal sealed class AccessExchange(AccessStore store, NodeService node, NodeChannel channel, ILogger<AccessExchange> log) : LastingPart
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _changed = new(0, 1);

    public override void Dispose()
    {
        _changed.Dispose();
        base.Dispose();
    }

    protected override ILogger Log => log;

    protected override async Task WorkAsync(CancellationToken stopping)
    {
        store.Changed = Nudge;
        while (!stopping.IsCancellationRequested)
        {
            if (node.Membership is not null) await ExchangeAsync(stopping);
            await _changed.WaitAsync(Period, stopping);
        }
    }

    private void Nudge()
    {
        try
        {
            _changed.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is about to exchange anyway.
        }
    }

    private async Task ExchangeAsync(CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, AccessRules.PeerAccess) { Content = JsonContent.Create(store.Book, AccessJson.Default.AccessBook) };
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(Timeout); // Of the answer's body too.
            using var answer = await channel.SendAsync(request, Timeout, limit.Token);
            if (!answer.IsSuccessStatusCode) return;
            if (await answer.Content.ReadFromJsonAsync(AccessJson.Default.AccessBook, limit.Token) is { } book) store.Merge(book);
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            // Of whatever kind: an exception that leaves a hosted service ends the host, and with it every module.
            log.LogDebug(error, "The accounts could not be exchanged. It is tried again.");
        }
    }
}
