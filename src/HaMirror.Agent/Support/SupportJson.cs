using System.Text.Json.Serialization;
using HaMirror.Agent.Changes;

namespace HaMirror.Agent.Support;

/// <summary>Records that appear in archives alone.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(PlannedChange[]))]
internal sealed partial class SupportJson : JsonSerializerContext;
