// What is wrong with a draft on this node, what it changes, and whether that can be done now. Nothing is written.
using System.Collections.Immutable;
using HaMirror.Agent.Cluster;
using HaMirror.Agent.Modules;
using HaMirror.Core.Api;
using HaMirror.Core.Configuration;
using HaMirror.Core.Hooks;
using HaMirror.Core.States;

namespace HaMirror.Agent.Changes;

/// <summary>The result for one node.</summary>
/// <param name="Refusal">Why this node would not apply it now although it is right; null: it would.</param>
internal sealed record DraftVerdict(
    ImmutableArray<ConfigurationFault> Faults, ImmutableArray<string> Notes, ImmutableArray<ConfigurationChange> Changes, bool NeedsStop, string State, string? Refusal);

/// <summary>Looks at drafts.</summary>
internal sealed class DraftCheck(ModuleCatalog catalog, ModuleRoster roster)
{
    public DraftVerdict Of(string module, ModuleContent draft, ClusterMembership? cluster)
    {
        var node = cluster?.NodeName ?? "";
        var state = StateName.Of(roster.StateOf(module));
        var parsed = ModuleXml.Parse(draft.Xml, ModuleContent.XmlPath, module, ModuleCatalog.Variables());
        if (!parsed.Succeeded)
            return new DraftVerdict([.. parsed.Errors.Select(error => new ConfigurationFault(node, error.File, error.Line, error.Column, error.Text))], [], [], false, state, null);
        var faults = catalog.Misfits(parsed.Value, cluster?.Configuration, roster.Definitions).Select(text => new ConfigurationFault(node, ModuleContent.XmlPath, 0, 0, text))
            .Concat(from hook in draft.Hooks
                    where !hook.Executable && HookTable.Names.Contains(hook.Name)
                    select new ConfigurationFault(node, "bin/" + hook.Name, 0, 0, $"the hook {hook.Name} is not executable: mark it so"));
        var notes = parsed.Value.Notes;
        if (!ModuleCatalog.ServiceHooks.Any(hook => draft.Hooks.Any(one => one.Name == hook)))
            notes = notes.Add($"There is neither {ModuleCatalog.ServiceHooks[0]} nor {ModuleCatalog.ServiceHooks[1]} in bin: the module starts no service, it only mirrors.");
        notes = notes.AddRange(ModuleCatalog.MissingDirectories(parsed.Value));
        var changes = Changes(module, draft);
        var held = changes.FirstOrDefault(change => !change.WhileRunning);
        var needsStop = held is not null || (changes.IsEmpty && catalog.InForce(module) is null);
        var refusal = needsStop && roster.StateOf(module) != ModuleState.Stop
            ? $"Module {module} runs on {node} ({state}), and {held?.Setting ?? held?.File ?? "its configuration"} cannot change meanwhile{(held?.Setting is { } setting && LiveSettings.WhyFixed(setting) is { } why ? ": " + why : "")}."
            : null;
        return new DraftVerdict([.. faults], notes, changes, needsStop, state, refusal);
    }

    private ImmutableArray<ConfigurationChange> Changes(string module, ModuleContent draft)
    {
        if (catalog.InForce(module) is not { } before) return [];
        var changes = ImmutableArray.CreateBuilder<ConfigurationChange>();
        foreach (var setting in ConfigurationDifference.Of(before.Xml, draft.Xml, module, ModuleCatalog.Variables()))
        {
            var (running, effect) = LiveSettings.Of(setting.Setting);
            changes.Add(new ConfigurationChange(ModuleContent.XmlPath, setting.Setting, setting.Before, setting.After, setting.Line, running, effect));
        }

        foreach (var path in draft.Differing(before))
        {
            if (path == ModuleContent.XmlPath && changes.Count > 0) continue;
            var (running, effect) = path == ModuleContent.XmlPath ? (true, "It says the same in other words.") : LiveSettings.OfFile(path);
            changes.Add(new ConfigurationChange(path, null, before.Paths.Contains(path) ? "" : null, draft.Paths.Contains(path) ? "" : null, 0, running, effect));
        }

        return changes.ToImmutable();
    }
}
