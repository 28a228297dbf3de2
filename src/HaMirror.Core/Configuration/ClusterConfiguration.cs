using System.Collections.Immutable;
using HaMirror.Core.Machine;

namespace HaMirror.Core.Configuration;

/// <summary>cluster.xml: who the two nodes are and over which LANs they see each other.</summary>
/// <param name="Id">Random identity made at <c>cluster init</c>; nodes of different clusters refuse each other.</param>
public sealed record ClusterConfiguration(Guid Id, ImmutableArray<LanConfiguration> Lans)
{
    /// <summary>UDP port of heartbeats, TCP port of joining.</summary>
    public int Port { get; init; } = 4800;

    /// <summary>What a node asks that hears its peer no more: addresses, any that answers counts. Empty: none.</summary>
    public ImmutableArray<string> Witnesses { get; init; } = [];

    /// <summary>The two node names in document order; the first breaks ties.</summary>
    public ImmutableArray<string> NodeNames => [.. Lans[0].Nodes.Select(node => node.Name)];

    /// <summary>The LAN that a heartbeat names. The empty name is the first LAN, and so is <c>default</c> where no LAN is
    /// called so: both stand in files that were made for other clusters. Null: there is none.</summary>
    public LanConfiguration? FindLan(string name) =>
        Lans.FirstOrDefault(lan => lan.Name == name) ?? (name is "" or "default" ? Lans[0] : null);

    /// <summary>The module as it runs in this cluster: one that says nothing of witnesses asks the cluster's.</summary>
    public ModuleConfiguration Complete(ModuleConfiguration module) =>
        Witnesses.IsEmpty || module.Checks.Any(check => check.Kind == CheckKind.SplitBrain) ? module
        : module with { Checks = module.Checks.Add(new CheckConfiguration(CheckKind.SplitBrain, "witness", CheckPhase.Pre, AutomaticAction.Wait) { Arguments = Witnesses }) };

    /// <summary>Both have the same nodes, addresses and port: what was made for the one goes on with the other.</summary>
    public bool HasSameLans(ClusterConfiguration other) => ClusterXml.Write(this with { Witnesses = [] }) == ClusterXml.Write(other with { Witnesses = [] });

    /// <summary>What in a module does not fit this cluster: LANs and nodes that do not exist. Sentences; empty when all fits.</summary>
    public ImmutableArray<string> Misfits(ModuleConfiguration module)
    {
        var sentences = ImmutableArray.CreateBuilder<string>();
        foreach (var beat in module.Heart.Heartbeats.Where(beat => FindLan(beat.LanName) is null))
        {
            sentences.Add($"module {module.Name}: cluster.xml has no LAN \"{beat.LanName}\" for a heartbeat{NearestName.Hint(beat.LanName, [.. Lans.Select(lan => lan.Name)])}");
        }

        var first = module.Service.DefaultPrim;
        if (first is not ("alone" or "lastprim") && !NodeNames.Contains(first))
        {
            sentences.Add($"module {module.Name}: defaultprim \"{first}\" is neither \"alone\" nor \"lastprim\" nor a node{NearestName.Hint(first, ["alone", "lastprim", .. NodeNames])}");
        }

        return sentences.ToImmutable();
    }
}

/// <param name="Name">Name that heartbeats refer to.</param>
public sealed record LanConfiguration(string Name, ImmutableArray<NodeAddress> Nodes);

/// <param name="Address">What the peer dials: IPv4, IPv6 or a DNS name.</param>
/// <param name="LocalAddress">What the node itself binds to, when it differs (NAT); else equal to <paramref name="Address"/>.</param>
public sealed record NodeAddress(string Name, string Address, string LocalAddress);
