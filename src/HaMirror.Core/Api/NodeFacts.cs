using System.Collections.Immutable;

namespace HaMirror.Core.Api;

/// <summary>Answer of <c>GET /v1/facts</c>: the machine under this node, and what its console shows browsers of itself.</summary>
/// <param name="Node">Empty before the cluster is made.</param>
/// <param name="Version">Of HaMirror.</param>
/// <param name="Started">When the agent was.</param>
/// <param name="System">The distribution, e.g. <c>Debian GNU/Linux 12 (bookworm)</c>.</param>
/// <param name="Booted">When the host was.</param>
/// <param name="Time">This node's clock.</param>
/// <param name="StateFreeBytes">Space left where HaMirror keeps marks, salvage sets and undo records; null: not known.</param>
/// <param name="Consoles">Where browsers reach this node.</param>
/// <param name="Certificate">Null: there is none that can be read.</param>
public sealed record NodeFacts(
    string Node, string HostName, string Version, DateTimeOffset Started, string System, string Kernel, string Processor, int Processors,
    long MemoryBytes, DateTimeOffset Booted, DateTimeOffset Time, long? StateFreeBytes, ImmutableArray<string> Consoles,
    CertificateStatus? Certificate);

/// <summary>The certificate of a node's console (<c>/etc/hamirror/console.crt</c>).</summary>
/// <param name="Fingerprint">SHA-256, hexadecimal with colons, as browsers show it.</param>
/// <param name="Names">DNS names and addresses that it is good for.</param>
/// <param name="SelfMade">HaMirror made it, and makes it anew before it expires or when the node's names change.</param>
public sealed record CertificateStatus(
    string Subject, string Issuer, string Fingerprint, DateTimeOffset From, DateTimeOffset Until, ImmutableArray<string> Names, bool SelfMade);
