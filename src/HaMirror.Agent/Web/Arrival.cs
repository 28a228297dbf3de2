using System.Net;

namespace HaMirror.Agent.Web;

/// <summary>How a connection came to the API. One that says nothing of it is nobody's, and gets nothing.</summary>
/// <param name="Remote">The other end; null where it has no address.</param>
/// <param name="Secure">Encrypted by TLS.</param>
internal sealed record Arrival(ArrivalKind Kind, IPEndPoint? Remote, bool Secure);

/// <summary>From whom a connection came.</summary>
internal enum ArrivalKind : byte
{
    /// <summary>Over the Unix socket, which only root and its group may open: it may do everything.</summary>
    Local,

    /// <summary>A browser, a script, a monitor: it has to say who it is.</summary>
    Web,

    /// <summary>The peer, proven by the cluster's key: it says on whose behalf it asks.</summary>
    Peer,
}
