using System.Collections.Immutable;

namespace HaMirror.Core.Api;

/// <summary>One file of a module's configuration.</summary>
/// <param name="Path"><c>conf/userconfig.xml</c>, <c>bin/HOOK</c>; letters, digits, <c>. _ -</c>, at most four parts.</param>
/// <param name="Text">Its content; null when that is no UTF-8 text.</param>
/// <param name="Base64">The content of a file that is no text; null for text.</param>
public sealed record ModuleFile(string Path, string? Text, string? Base64, bool Executable);

/// <summary>Answer of <c>GET /v1/modules/{m}/configuration</c>: the files as they are edited on one node, or a kept version.</summary>
/// <param name="Version">Of these files, 16 hexadecimal digits; also the ETag, to be given as If-Match when they are changed.</param>
/// <param name="ActiveVersion">What this node runs with; null: nothing is active yet.</param>
/// <param name="PeerVersion">What the other node says it runs with; null: it was not heard.</param>
/// <param name="Fields">What a form can set: macros and variables of the XML.</param>
/// <param name="Change">A change that is under way or was cut short; null: none.</param>
public sealed record ModuleFiles(
    string Module, string Node, string? Version, string? ActiveVersion, string? PeerVersion, ImmutableArray<ModuleFile> Files,
    ImmutableArray<ConfigurationField> Fields, ChangeStatus? Change);

/// <summary>A value of a module's XML that a form can set.</summary>
/// <param name="Kind"><c>macro</c> or <c>var</c>.</param>
/// <param name="Meaning">The comment before it; null: none.</param>
public sealed record ConfigurationField(string Name, string Kind, string Value, string? Meaning, int Line);

/// <summary>Body of <c>POST /v1/modules/{m}/configuration/check</c> and <c>PUT /v1/modules/{m}/configuration</c>: all files of the module.</summary>
/// <param name="MakeDirectories">Replicated directories that are missing are made, empty, on both nodes.</param>
/// <param name="Comment">Kept with the version; at most 200 characters.</param>
/// <param name="By">Who asks, over the socket.</param>
public sealed record ModuleDraft(ImmutableArray<ModuleFile> Files, bool MakeDirectories, string? Comment, string? By);

/// <summary>Answer of <c>POST /v1/modules/{m}/configuration/check</c>.</summary>
/// <param name="Version">Of the draft.</param>
/// <param name="Valid">No fault on any node that answered.</param>
/// <param name="Changes">Against what this node runs with.</param>
/// <param name="NeedsStop">A change cannot take effect while the module runs.</param>
public sealed record ConfigurationCheck(
    string Module, string? Version, bool Valid, ImmutableArray<ConfigurationFault> Faults, ImmutableArray<string> Notes,
    ImmutableArray<ConfigurationChange> Changes, bool NeedsStop, ImmutableArray<ConfigurationField> Fields, ImmutableArray<NodeReadiness> Nodes);

/// <param name="Line">From 1; 0: the file as a whole.</param>
/// <param name="Text">What is wrong and what to do, as a sentence.</param>
public sealed record ConfigurationFault(string Node, string File, int Line, int Column, string Text);

/// <summary>One difference between a draft and what is in force.</summary>
/// <param name="Setting">Elements and attribute, e.g. <c>service/rfs locktimeout</c>; null: the file as a whole.</param>
/// <param name="Before">Null: it was not there.</param>
/// <param name="Line">Where it stands in the draft; 0: nowhere.</param>
/// <param name="WhileRunning">It takes effect without a stop of the module.</param>
/// <param name="Effect">When, as a sentence.</param>
public sealed record ConfigurationChange(string File, string? Setting, string? Before, string? After, int Line, bool WhileRunning, string Effect);

/// <summary>What one node says to a draft.</summary>
/// <param name="Version">What it runs with; null: nothing, or it is not known.</param>
/// <param name="Refusal">Why it would not apply the draft now, as a sentence; null: it would.</param>
public sealed record NodeReadiness(string Node, bool Reachable, string? State, string? Version, string? Refusal);

/// <summary>Answer of what changes a module's configuration on both nodes.</summary>
/// <param name="Version">Null: the module was removed.</param>
/// <param name="Finished">Both nodes have it. False: it is decided, and the node in <paramref name="Waiting"/> gets it by itself.</param>
public sealed record ConfigurationApplied(string Module, string? Version, bool Finished, string? Waiting, ImmutableArray<string> Notes);

/// <summary>A change of both nodes that is prepared, or decided and not carried out yet.</summary>
/// <param name="Kind"><c>apply</c> or <c>remove</c> for a module, <c>cluster</c> for the cluster.</param>
/// <param name="Module">Empty for the cluster.</param>
/// <param name="Coordinator">The node that was asked; it decides.</param>
/// <param name="State"><c>prepared</c> or <c>decided</c>.</param>
/// <param name="Sentence">What it waits for and what to do.</param>
public sealed record ChangeStatus(
    string Id, string Kind, string Module, string? Version, string By, DateTimeOffset Time, string Coordinator, string State, string Sentence);

/// <summary>A kept version of a module's configuration.</summary>
/// <param name="Id">As <see cref="ModuleFiles.Version"/>.</param>
/// <param name="Active">The one in force.</param>
public sealed record ModuleVersion(string Id, DateTimeOffset Time, string By, string? Comment, bool Active);

/// <summary>Body of <c>POST /v1/modules/{m}/versions/{id}/restore</c> and of what finishes or undoes a change.</summary>
public sealed record VersionRequest(string? By);

/// <summary>A template of modules.</summary>
/// <param name="Description">The comment at the head of its XML.</param>
public sealed record TemplateStatus(string Name, string Description, ImmutableArray<ConfigurationField> Fields, ImmutableArray<ModuleFile> Files);

/// <summary>Body of <c>POST /v1/templates/{name}/draft</c>: a module as the template and these values make it. Nothing is written.</summary>
/// <param name="Values">By the name of a field.</param>
public sealed record TemplateDraftRequest(string Module, ImmutableDictionary<string, string>? Values);
