// One node's part in a change of both: prepare (look at it, and put it on the disk beside what is in force), carry out, forget.
// Invariant: whatever is in force changes only in CarryOut, which can be repeated after being cut short anywhere.
using System.Collections.Immutable;
using System.Text;
using HaMirror.Agent.Cluster;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;
using HaMirror.Agent.Modules;
using HaMirror.Core.Api;
using HaMirror.Core.Configuration;
using HaMirror.Core.States;

namespace HaMirror.Agent.Changes;

/// <summary>Prepares and carries out changes on this node.</summary>
internal sealed class ChangeParticipant(
    ChangeStore store, DraftCheck drafts, ModuleRoster roster, NodeService node, ILogger<ChangeParticipant> log)
{
    private readonly SemaphoreSlim _oneAtATime = new(1);

    /// <returns>The change as this node keeps it.</returns>
    /// <exception cref="Refusal">This node refuses it; nothing was written.</exception>
    public PlannedChange Prepare(PlannedChange change, ImmutableArray<ModuleFile> files)
    {
        var own = node.Membership?.NodeName ?? "this node";
        switch (change.Kind)
        {
            case ChangeKind.Apply:
                change = change with { NeedsStop = RefuseWrong(change, ModuleContent.Of(files), own) };
                break;
            case ChangeKind.Remove when roster.StateOf(change.Module) != ModuleState.Stop:
                throw new Refusal(Refusal.Conflict, $"Module {change.Module} runs on {own} ({StateName.Of(roster.StateOf(change.Module))}).", $"Stop it on both nodes first: hamirror stop -m {change.Module}.");
            case ChangeKind.Cluster:
                node.RefuseCluster(files.IsDefaultOrEmpty ? "" : files[0].Text ?? "");
                break;
        }

        try
        {
            store.Prepare(change, files.IsDefault ? [] : files);
            return change;
        }
        catch (IOException error)
        {
            throw new Refusal(Refusal.Conflict, $"{own}: {error.Message}");
        }
    }

    /// <summary>Makes it so on this node. Done already: nothing happens.</summary>
    /// <exception cref="Refusal">It cannot be now; it stays, and is tried again.</exception>
    public async Task CarryOutAsync(PlannedChange change)
    {
        await _oneAtATime.WaitAsync();
        try
        {
            if (store.Find(change.Key) is not { Done: false } present || present.Id != change.Id) return;
            if (!present.Decided) store.Save(present = present with { Decided = true });
            switch (present.Kind)
            {
                case ChangeKind.Apply:
                    var content = store.ContentOf(present);
                    if (present.MakeDirectories) MakeDirectories(present, content);
                    await roster.InstallAsync(present.Module, content, present.By, present.Comment, present.NeedsStop);
                    break;
                case ChangeKind.Remove:
                    await roster.RemoveAsync(present.Module);
                    break;
                case ChangeKind.Cluster:
                    await node.ChangeClusterAsync(store.ClusterOf(present));
                    break;
            }

            // The coordinator keeps it until the other node has it too; what that asks for again later is over here.
            if (present.Coordinator == node.Membership?.NodeName) store.Save(present with { Done = true });
            else store.Remove(present);
            log.ChangeCarriedOut(ChangeStore.What(present), present.By, present.Version ?? "none");
        }
        catch (IOException error)
        {
            throw new Refusal(Refusal.Conflict, error.Message);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>Forgets it. What was carried out stays.</summary>
    public void Forget(PlannedChange change) => store.Remove(change);

    /// <exception cref="Refusal">A change waits for the module to stay stopped.</exception>
    public void RefuseStart(string module)
    {
        if (store.Find(module) is { Done: false, NeedsStop: true } change)
            throw new Refusal(Refusal.Conflict, $"The configuration of module {module} is being changed by {change.By}.", Sentence(change));
    }

    /// <summary>What a change waits for.</summary>
    public string Sentence(PlannedChange change)
    {
        var own = change.Coordinator == node.Membership?.NodeName;
        var peer = node.Membership?.PeerName ?? "the other node";
        return (own, change.Decided, change.Done) switch
        {
            (true, false, _) => $"{peer} is asked whether it can take the change.",
            (true, true, true) => $"It is carried out here and decided; {peer} gets it when it answers again.",
            (true, true, false) => "It is decided and is being carried out.",
            (false, false, _) => $"{change.Coordinator} decides whether it happens. It ends by itself when that answers; if it is gone for good, 'hamirror change finish' or 'hamirror change undo' ends it here.",
            (false, true, false) => roster.StateOf(change.Module) == ModuleState.Stop ? "It is decided and is being carried out." : $"It is decided, and waits until module {change.Module} is stopped here.",
            (false, true, true) => "It is carried out here.",
        };
    }

    public ChangeStatus Show(PlannedChange change) => new(
        change.Id, change.Kind.ToString().ToLowerInvariant(), change.Module, change.Version, change.By, change.Time, change.Coordinator,
        change.Decided ? "decided" : "prepared", Sentence(change));

    /// <returns>It needs a stop here.</returns>
    private bool RefuseWrong(PlannedChange change, ModuleContent content, string own)
    {
        var verdict = drafts.Of(change.Module, content, node.Membership);
        if (!verdict.Faults.IsEmpty)
        {
            var first = verdict.Faults[0];
            throw new Refusal(Refusal.Unprocessable, $"The configuration of module {change.Module} is wrong on {own}: {first.Text}", "Correct it and try again.")
            {
                Errors = [.. verdict.Faults.Select(Line)],
            };
        }

        if (verdict.Refusal is { } refusal)
            throw new Refusal(Refusal.Conflict, refusal, $"Stop the module on both nodes first: hamirror stop -m {change.Module}.");
        if (!roster.Definitions.Any(definition => definition.Name == change.Module) && roster.Definitions.Length >= ModuleDefinition.NumberMax)
            throw new Refusal(Refusal.Conflict, $"{own} has {ModuleDefinition.NumberMax} modules already.", "Remove one first.");
        return verdict.NeedsStop;
    }

    private static string Line(ConfigurationFault fault)
    {
        var at = new StringBuilder($"{fault.Node}: {fault.File}");
        if (fault.Line > 0) at.Append(System.Globalization.CultureInfo.InvariantCulture, $":{fault.Line}");
        return $"{at}: {fault.Text}";
    }

    private static void MakeDirectories(PlannedChange change, ModuleContent content)
    {
        var parsed = ModuleXml.Parse(content.Xml, ModuleContent.XmlPath, change.Module, ModuleCatalog.Variables());
        foreach (var directory in parsed.Value?.Replication?.Directories ?? [])
        {
            if (Io.Native.Shim.MountKind(directory.Path) <= 0 && !Directory.Exists(directory.Path)) Directory.CreateDirectory(directory.Path);
        }
    }
}
