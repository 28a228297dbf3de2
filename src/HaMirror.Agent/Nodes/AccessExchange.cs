// Keeps the accounts of both nodes equal: soon after each change here, and now and then in case the other node was away. One
// exchange does both directions: this node sends its book, the other merges it and answers with what it has then. Two more things
// make it: a change of an account, which is answered when the other node has it too, so that who logs in with it is known there at
// once; and a session of an account that the other node must have changed, for this one does not know it so (a change that was
// made while the nodes did not see each other).
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

    /// <summary>Nobody waits longer for the other node; it hears of it later.</summary>
    private static readonly TimeSpan CatchUpTimeout = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _changed = new(0, 1);
    private readonly Lock _lock = new();
    private CancellationToken _end;
    private Task _present = Task.CompletedTask, _next = Task.CompletedTask;

    /// <summary>Both nodes have what each had when this was called, or the other one does not answer now.</summary>
    public async Task CatchUpAsync(CancellationToken cancellation)
    {
        if (node.Membership is null) return;
        try
        {
            await Begin().WaitAsync(CatchUpTimeout, cancellation);
        }
        catch (TimeoutException)
        {
            // The other node is away or slow: it gets it when it is back.
        }
    }

    public override void Dispose()
    {
        _changed.Dispose();
        base.Dispose();
    }

    protected override ILogger Log => log;

    protected override async Task WorkAsync(CancellationToken stopping)
    {
        _end = stopping;
        store.Changed = Nudge;
        while (!stopping.IsCancellationRequested)
        {
            if (node.Membership is not null) await Begin().WaitAsync(stopping);
            await _changed.WaitAsync(Period, stopping);
        }
    }

    /// <summary>An exchange that begins after this was called. Whoever calls while one runs waits for the next, all for the same.</summary>
    private Task Begin()
    {
        lock (_lock)
        {
            if (_present.IsCompleted) return _present = Task.Run(() => ExchangeAsync(_end));
            if (!_next.IsCompleted) return _next;
            var before = _present;
            return _next = Task.Run(async () =>
            {
                await before;
                lock (_lock) (_present, _next) = (_next, Task.CompletedTask); // It begins: who comes now waits for another.
                await ExchangeAsync(_end);
            });
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
        catch (Exception error)
        {
            // Of whatever kind: an exception that leaves a hosted service ends the host, and with it every module.
            if (!cancellation.IsCancellationRequested) log.LogDebug(error, "The accounts could not be exchanged. It is tried again.");
        }
    }
}
