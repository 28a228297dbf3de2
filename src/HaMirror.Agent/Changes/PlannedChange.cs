using System.Collections.Immutable;
using System.Text.Json.Serialization;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Changes;

/// <summary>A change of both nodes, as each of them has it on its disk until it is carried out everywhere.</summary>
/// <param name="Module">Empty for the cluster.</param>
/// <param name="Version">What the module or the cluster has afterwards; null: the module is removed.</param>
/// <param name="Coordinator">The node that decides.</param>
/// <param name="NeedsStop">It can only be carried out while the module is stopped, and until then the module does not start.</param>
internal sealed record PlannedChange(
    string Id, ChangeKind Kind, string Module, string? Version, string By, string? Comment, DateTimeOffset Time, string Coordinator,
    bool NeedsStop, bool MakeDirectories)
{
    /// <summary>The coordinator has decided that it happens; nothing undoes it any more.</summary>
    public bool Decided { get; init; }

    /// <summary>This node has carried it out; the other one may not have.</summary>
    public bool Done { get; init; }

    /// <summary>What names it on the disk. No module has the cluster's.</summary>
    [JsonIgnore]
    public string Key => Kind == ChangeKind.Cluster ? ".cluster" : Module;
}

internal enum ChangeKind : byte { Apply, Remove, Cluster }

/// <summary>What the coordinator asks the other node to prepare.</summary>
/// <param name="Files">Of the module; of the cluster: cluster.xml alone; empty for a removal.</param>
internal sealed record ChangeProposal(PlannedChange Change, ImmutableArray<ModuleFile> Files);

/// <summary>What became of a change at its coordinator.</summary>
/// <param name="State"><c>prepared</c>, <c>decided</c> or <c>unknown</c>: it is over, and was not decided if it still waits elsewhere.</param>
internal sealed record ChangeOutcome(string State);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(PlannedChange))]
[JsonSerializable(typeof(ChangeProposal))]
[JsonSerializable(typeof(ChangeOutcome))]
internal sealed partial class ChangeJson : JsonSerializerContext;
