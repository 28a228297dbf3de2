using System.Collections.Immutable;

namespace HaMirror.Core.Api;

/// <summary>Body of <c>POST /v1/modules/{m}/start</c>.</summary>
/// <param name="Role"><c>auto</c> (default), <c>primary</c> or <c>secondary</c>.</param>
/// <param name="FullSync">With <c>secondary</c>: copy everything, compare nothing.</param>
/// <param name="By">Who asks, as the log shows it, e.g. <c>root@local</c>.</param>
/// <param name="Identity">Given with <c>-i</c>: an automatic action, which counts against maxloop.</param>
public sealed record StartRequest(string? Role, bool FullSync, string? By, string? Identity)
{
    /// <summary>With <c>primary</c>: undo a resync that did not end, and start with the replica that was before it.</summary>
    [System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingDefault)]
    public bool Undo { get; init; }
}

/// <summary>Body of stop, force-stop, restart, stopstart, swap and attach.</summary>
public sealed record ActionRequest(string? By, string? Identity);

/// <summary>Answer (202) of every action: it was accepted and goes on; poll the module's status or ask <c>wait</c>.</summary>
/// <param name="State">The state at the moment of acceptance.</param>
public sealed record ActionAccepted(string Module, string Action, string State, string Phase);

/// <summary>Body of <c>POST /v1/modules/{m}/failover</c>.</summary>
public sealed record FailoverRequest(bool On, string? By);

/// <summary>Body of <c>POST /v1/modules/{m}/wait</c>.</summary>
/// <param name="States">Any of STOP, WAIT, ALONE, PRIM, SECOND; empty: any.</param>
/// <param name="Phase">NotReady, Transient or Ready; null: any.</param>
/// <param name="TimeoutSeconds">At most 86400; 0 looks once.</param>
public sealed record WaitRequest(ImmutableArray<string> States, string? Phase, double TimeoutSeconds);

/// <summary>Body of <c>PUT /v1/modules/{m}/resources/{name}</c>.</summary>
/// <param name="State"><c>up</c> or <c>down</c>.</param>
/// <param name="By">Who sets it, for the log.</param>
public sealed record ResourceRequest(string State, string? By);

/// <summary>Body of <c>POST /v1/modules</c>.</summary>
/// <param name="Name">Letters, digits, <c>_</c> and <c>-</c>, at most 64, a letter first.</param>
/// <param name="Template">Name of an installed template (<c>kvm</c>, <c>mirror</c>) or an absolute path of a directory
/// that has <c>conf/userconfig.xml</c>.</param>
/// <param name="Variables">Macro values to write into the new userconfig.xml, e.g. <c>VM_NAME</c> → <c>vm1</c>.</param>
public sealed record ModuleAddRequest(string Name, string Template, ImmutableDictionary<string, string>? Variables);

/// <summary>Answer of add, check and config.</summary>
/// <param name="Directory">Where the operator edits the module.</param>
/// <param name="Active">The checked configuration is the one that the module runs with.</param>
/// <param name="Notes">Accepted without effect, one sentence each with its line.</param>
public sealed record ModuleConfigured(string Module, string Directory, bool Active, ImmutableArray<string> Notes);

/// <summary>One row of <c>GET /v1/modules</c>.</summary>
/// <param name="Id">1 to 32; replication listens on 5600 + 4·(id−1).</param>
/// <param name="Configured">A configuration is active; else <c>module config</c> is needed before <c>start</c>.</param>
public sealed record ModuleSummary(
    string Module, int Id, bool Configured, string State, string Phase, ImmutableArray<string> Directories);
