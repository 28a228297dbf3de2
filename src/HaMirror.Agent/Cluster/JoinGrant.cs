using System.Text.Json.Serialization;

namespace HaMirror.Agent.Cluster;

/// <summary>What the first node hands to the one that joins.</summary>
/// <param name="NodeName">What the joining node is called.</param>
internal sealed record JoinGrant(string ClusterXml, byte[] Key, string NodeName);

/// <summary>The joining node's answer, after all is stored.</summary>
internal sealed record JoinReceipt(string NodeName, string Version);

[JsonSerializable(typeof(JoinGrant))]
[JsonSerializable(typeof(JoinReceipt))]
internal sealed partial class JoinJson : JsonSerializerContext;
