using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace HaMirror.Core.Api;

/// <summary>How the API's records look on the wire: camelCase, nothing for null, no reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(NodeStatus))]
[JsonSerializable(typeof(ModuleStatus))]
[JsonSerializable(typeof(ResourceStatus))]
[JsonSerializable(typeof(ImmutableArray<ResourceStatus>))]
[JsonSerializable(typeof(ImmutableArray<ModuleSummary>))]
[JsonSerializable(typeof(ModuleConfigured))]
[JsonSerializable(typeof(ConnectionReport))]
[JsonSerializable(typeof(SalvageSetStatus))]
[JsonSerializable(typeof(ImmutableArray<SalvageSetStatus>))]
[JsonSerializable(typeof(SalvageExportRequest))]
[JsonSerializable(typeof(SalvageRestoreRequest))]
[JsonSerializable(typeof(SalvageWritten))]
[JsonSerializable(typeof(ClusterStatus))]
[JsonSerializable(typeof(JoinToken))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(LogLine))]
[JsonSerializable(typeof(LogRequest))]
[JsonSerializable(typeof(StartRequest))]
[JsonSerializable(typeof(ActionRequest))]
[JsonSerializable(typeof(ActionAccepted))]
[JsonSerializable(typeof(FailoverRequest))]
[JsonSerializable(typeof(WaitRequest))]
[JsonSerializable(typeof(ResourceRequest))]
[JsonSerializable(typeof(ModuleDiff))]
[JsonSerializable(typeof(SeedRequest))]
[JsonSerializable(typeof(SeedReport))]
[JsonSerializable(typeof(VerifyRequest))]
[JsonSerializable(typeof(VerifyReport))]
[JsonSerializable(typeof(ResyncRateRequest))]
[JsonSerializable(typeof(ModuleAddRequest))]
[JsonSerializable(typeof(ClusterInitRequest))]
[JsonSerializable(typeof(ClusterJoinRequest))]
public sealed partial class ApiJson : JsonSerializerContext;
