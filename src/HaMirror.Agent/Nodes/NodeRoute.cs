// /v1/nodes/NODE/REST is /v1/REST at the named node. At this node it is served as if it had been asked so; at the other it is
// looked at here first (is there such a request, may the caller make it), then sent there with the caller's name and role, and
// the answer is passed through as it comes. What came from the peer is never sent back to it.
using HaMirror.Agent.Access;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Web;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Nodes;

/// <summary>Chooses the node that a request is for, and passes on what is for the other.</summary>
internal sealed class NodeRoute(NodeService node, NodeChannel channel, WebListener web, AccessGate gate)
{
    private const int CopyBytes = 16 << 10;

    /// <summary>How soon an answer that lasts ends when what let the caller in holds no more.</summary>
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(1);

    private static readonly string[] Passed = ["Accept", "Last-Event-ID", "If-None-Match", "If-Match", "Prefer"];
    private static readonly string[] Returned = ["ETag", "Location", "Content-Disposition", "Preference-Applied"];

    /// <summary>Marks a request that is for the other node.</summary>
    private sealed record ForPeer;

    /// <summary>Before routing: takes the node out of the path.</summary>
    public Task ChooseAsync(HttpContext context, RequestDelegate next)
    {
        var path = context.Request.Path.Value ?? "";
        if (!path.StartsWith(ConsolePath.Nodes + "/", StringComparison.Ordinal)) return next(context);
        var rest = path[(ConsolePath.Nodes.Length + 1)..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0) return next(context);
        var name = rest[..slash];
        var cluster = node.Membership ?? throw new Refusal(Refusal.Conflict, "This node belongs to no cluster yet.", "Run 'hamirror cluster init' or 'hamirror cluster join'.");
        if (name != cluster.NodeName)
        {
            if (name != cluster.PeerName)
                throw new Refusal(Refusal.NotFound, "The cluster has no such node.", $"Its nodes are {cluster.NodeName} and {cluster.PeerName}.");
            if (context.Features.Get<Arrival>() is { Kind: ArrivalKind.Peer })
                throw new Refusal(Refusal.Conflict, $"This node is {cluster.NodeName}, and the one that asked takes it for {name}.", "Compare cluster.xml and the file 'node' below /etc/hamirror on both nodes.");
            context.Features.Set(new ForPeer());
        }

        context.Request.Path = "/v1" + rest[slash..];
        return next(context);
    }

    /// <summary>After the caller's role was looked at: sends it on.</summary>
    public async Task PassAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<ForPeer>() is null || context.GetEndpoint() is null)
        {
            await next(context);
            return;
        }

        // The peer takes our word for the caller, and would go on telling one whose key or session is gone.
        using var refused = new CancellationTokenSource();
        var caller = context.Features.Get<Caller>();
        await using var watch = new Timer(_ => Look(caller, refused), null, LookPeriod, LookPeriod);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, web.Closing, refused.Token);
        try
        {
            await PassAsync(context, ending.Token, refused.Token);
        }
        catch (OperationCanceledException) when (refused.IsCancellationRequested && !context.Response.HasStarted)
        {
            throw new Refusal(AccessGate.Unauthorized, "The key or session was removed while the answer was awaited.", "Log in again, or send another key.");
        }
    }

    private void Look(Caller? caller, CancellationTokenSource refused)
    {
        if (caller is not null && !gate.StillGood(caller)) refused.Cancel();
    }

    private async Task PassAsync(HttpContext context, CancellationToken ending, CancellationToken refused)
    {
        using var request = Request(context);
        var timeout = request.RequestUri!.OriginalString.Split('?')[0].EndsWith("/wait", StringComparison.Ordinal) ? Timeout.InfiniteTimeSpan : NodeChannel.AnswerTimeout;
        using var answer = await channel.SendAsync(request, timeout, ending);
        context.Response.StatusCode = (int)answer.StatusCode;
        if (answer.Content.Headers.ContentType is { } type) context.Response.ContentType = type.ToString();
        foreach (var name in Returned)
        {
            if (answer.Headers.TryGetValues(name, out var values) || answer.Content.Headers.TryGetValues(name, out values)) context.Response.Headers[name] = values.ToArray();
        }

        if (answer.Headers.Location is { } at && at.OriginalString.StartsWith("/v1/", StringComparison.Ordinal))
            context.Response.Headers.Location = ConsolePath.At(node.Membership?.PeerName ?? "", at.OriginalString); // There it is known, not here.
        await CopyAsync(answer, context, ending, refused);
    }

    private static HttpRequestMessage Request(HttpContext context)
    {
        // Who needed no name here must not get root's there.
        var caller = Caller.Of(context);
        var request = new HttpRequestMessage(new HttpMethod(context.Request.Method),
            new Uri(context.Request.Path.ToUriComponent() + context.Request.QueryString.ToUriComponent(), UriKind.Relative));
        foreach (var name in Passed)
        {
            if (context.Request.Headers[name].ToString() is { Length: > 0 } value) request.Headers.TryAddWithoutValidation(name, value);
        }

        request.Headers.TryAddWithoutValidation(AccessGate.RoleHeader, caller.Role.ToString());
        request.Headers.TryAddWithoutValidation(AccessGate.ByHeader, caller.Name);
        if (context.Request.ContentLength > 0 || context.Request.Headers.TransferEncoding.Count > 0)
        {
            request.Content = new StreamContent(context.Request.Body);
            if (context.Request.ContentType is { } type) request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        return request;
    }

    /// <summary>Each piece goes on at once: it may be an event.</summary>
    private static async Task CopyAsync(HttpResponseMessage answer, HttpContext context, CancellationToken cancellation, CancellationToken refused)
    {
        var buffer = new byte[CopyBytes];
        try
        {
            await using var body = await answer.Content.ReadAsStreamAsync(cancellation);
            int count;
            while ((count = await body.ReadAsync(buffer, cancellation)) > 0)
            {
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, count), cancellation);
                await context.Response.Body.FlushAsync(cancellation);
            }
        }
        catch (Exception error) when (error is IOException or HttpRequestException or OperationCanceledException)
        {
            // A stream of events has no end that it could lack, and ends as it does at the node itself.
            if (refused.IsCancellationRequested && answer.Content.Headers.ContentType?.MediaType == "text/event-stream") return;
            context.Abort(); // The other node broke off in the middle: so does this answer, or it would look whole.
        }
    }
}
