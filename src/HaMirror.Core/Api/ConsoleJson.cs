using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace HaMirror.Core.Api;

/// <summary>As <see cref="ApiJson"/>, for accounts, keys, events and notifications.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(LoginRequest))]
[JsonSerializable(typeof(SessionStatus))]
[JsonSerializable(typeof(PasswordRequest))]
[JsonSerializable(typeof(ImmutableArray<UserStatus>))]
[JsonSerializable(typeof(UserStatus))]
[JsonSerializable(typeof(UserAddRequest))]
[JsonSerializable(typeof(UserChangeRequest))]
[JsonSerializable(typeof(ImmutableArray<KeyStatus>))]
[JsonSerializable(typeof(KeyStatus))]
[JsonSerializable(typeof(KeyAddRequest))]
[JsonSerializable(typeof(KeyMade))]
[JsonSerializable(typeof(ImmutableArray<NodeSummary>))]
[JsonSerializable(typeof(NodeSummary))]
[JsonSerializable(typeof(StreamBeat))]
[JsonSerializable(typeof(ModuleRemoved))]
[JsonSerializable(typeof(NodeStatus))]
[JsonSerializable(typeof(ModuleStatus))]
[JsonSerializable(typeof(LogLine))]
[JsonSerializable(typeof(ImmutableArray<LogLine>))]
[JsonSerializable(typeof(Traffic))]
[JsonSerializable(typeof(ImmutableArray<HookRun>))]
[JsonSerializable(typeof(NotifyStatus))]
[JsonSerializable(typeof(ChannelStatus))]
[JsonSerializable(typeof(NotifyTestRequest))]
[JsonSerializable(typeof(Notification))]
public sealed partial class ConsoleJson : JsonSerializerContext;
