// The page of the console goes on with the other node when its own dies, so it must know where that is. Each node knows of itself
// which port it listens on and with what; of the other one it keeps, in memory, what that one said last.
using System.Collections.Immutable;
using System.Net;
using HaMirror.Agent.Cluster;
using HaMirror.Agent.Hosting;

namespace HaMirror.Agent.Web;

/// <summary>Where browsers reach the consoles of both nodes.</summary>
internal sealed class ConsoleAddresses(NodeService node, WebListener web)
{
    private ImmutableArray<string> _heard = [];

    /// <summary>Of this node, best first; empty: nobody listens, or there is no cluster.</summary>
    public ImmutableArray<string> Own => node.Membership is { } cluster && web.Configuration.Enabled
        ? [.. cluster.Configuration.Lans.Select(lan => cluster.Own(lan).Address).Where(Listens).Select(Url).Append(web.Configuration.Url).OfType<string>().Distinct()
            .OrderBy(url => url == web.Configuration.Url ? 0 : 1)]
        : [];

    /// <summary>Of the other node: what it said last; else where it would be if its console.xml were like ours.</summary>
    public ImmutableArray<string> Peer => !_heard.IsEmpty ? _heard
        : node.Membership is { } cluster && web.Configuration.Enabled ? [.. cluster.Configuration.Lans.Select(lan => Url(cluster.Other(lan).Address)).Distinct()]
        : [];

    /// <summary>The other node's own word.</summary>
    public void Hear(ImmutableArray<string> consoles)
    {
        if (!consoles.IsDefaultOrEmpty) _heard = [.. consoles.Where(url => Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")];
    }

    /// <summary>Origins that a page of this node's console may ask.</summary>
    public IEnumerable<string> Origins => Own.Concat(Peer).Select(url => new Uri(url).GetLeftPart(UriPartial.Authority)).Distinct();

    private bool Listens(string address) =>
        web.Configuration.Listen.IsEmpty || (IPAddress.TryParse(address.Trim('[', ']'), out var own) && web.Configuration.Listen.Any(listen => listen.Equals(own) || listen.Equals(IPAddress.Any) || listen.Equals(IPAddress.IPv6Any)));

    private string Url(string address)
    {
        var host = address.Trim('[', ']');
        var plain = web.Configuration.PlainLoopback && IPAddress.TryParse(host, out var ip) && IPAddress.IsLoopback(ip);
        return $"{(plain ? "http" : "https")}://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{web.Configuration.Port}";
    }
}
