namespace HaMirror.Agent.Modules;

/// <summary>A hook that has begun and not ended.</summary>
/// <param name="Called">As it was called, e.g. <c>stop_prim force</c>.</param>
internal sealed record RunningHook(string Called, DateTimeOffset Since);
