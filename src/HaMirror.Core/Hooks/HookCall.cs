namespace HaMirror.Core.Hooks;

/// <summary>One call of one hook within a sequence.</summary>
/// <param name="Hook">File name under the module's <c>bin</c>. A hook that does not exist has succeeded.</param>
/// <param name="Vital">Its failure fails the sequence. The others are only reported.</param>
public sealed record HookCall(string Hook, HookPass Pass, bool Vital);
