namespace HaMirror.Core.Hooks;

/// <summary>The three arguments of every hook of a sequence, in this order (a forced call has <c>force</c> before them).</summary>
/// <param name="State">STOP, WAIT, ALONE, PRIM or SECOND as it was.</param>
/// <param name="Next">The state that the sequence leads to.</param>
/// <param name="Action">start, stop, stopstart or stopwait, as SafeKit's scripts test for them.</param>
public sealed record HookArguments(string State, string Next, string Action);
