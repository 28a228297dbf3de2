using System.Collections.Immutable;
using System.Globalization;
using HaMirror.Core.Api;
using HaMirror.Core.States;

namespace HaMirror.Agent.Modules;

/// <summary>What the API shows of a module.</summary>
internal static class StatusReport
{
    /// <summary>A hook that runs longer than this is worth a note.</summary>
    private static readonly TimeSpan SlowHook = TimeSpan.FromSeconds(5);

    public static ModuleStatus Of(ModuleDriver driver, string node)
    {
        var snapshot = driver.Snapshot;
        var view = snapshot.View;
        var peer = view.PeerHeard ? view.PeerBeat : null;
        return new ModuleStatus(
            driver.Name, node, StateName.Of(view.State), view.Phase.ToString(), view.Reason, snapshot.Since,
            view.Record.Condition.ToString(), view.Record.Current.ToString(), view.Beat.FailoverOn,
            peer is null ? null : StateName.Of(peer.State), peer?.Phase.ToString(), peer?.Record.Condition.ToString(),
            view.PeerHeard, view.Link is not null, driver.Storage.Resync,
            view.State == ModuleState.Stop ? null : driver.Storage.DirtyBytes, driver.Resources.All, Notes(driver))
        {
            ConfigurationVersion = ModuleContent.Text(driver.Definition.Hash),
            PeerConfigurationVersion = driver.PeerHash == 0 ? null : ModuleContent.Text(driver.PeerHash),
            Decision = driver.LastDecision,
            Features = driver.Storage.Mirror is { } mirror && driver.Definition.Active?.Replication is { } replication
                ? FeatureReport.Of(replication.Kernel, mirror.Status) : [],
        };
    }

    /// <summary>A module that cannot run yet.</summary>
    public static ModuleStatus Of(ModuleDefinition definition, string node, string reason) => new(
        definition.Name, node, "STOP", "NotReady", definition.Fault ?? reason, DateTimeOffset.UnixEpoch, "Unknown", "none",
        definition.Active?.Service.FailoverOn ?? true, null, null, null, false, false, null, null, [], []);

    private static ImmutableArray<string> Notes(ModuleDriver driver)
    {
        var notes = driver.Definition.Active?.Notes ?? [];
        if (driver.RunningHook is { } hook && driver.Time - hook.Since > SlowHook)
            notes = notes.Add(string.Create(CultureInfo.InvariantCulture,
                $"Hook {hook.Called} has been running since {hook.Since:yyyy-MM-dd HH:mm:ss} UTC ({(driver.Time - hook.Since).TotalSeconds:0} s): ")
                + "'hamirror stop' ends it after the stop time-out, 'hamirror force-stop' at once.");
        if (driver.Snapshot.View is { DiskFault: { } fault } view && fault != view.Reason) notes = notes.Add(fault);
        if (driver.Storage.Note is { } note) notes = notes.Add(note);
        if (driver.LinkRefusal is { } refusal) notes = notes.Add(refusal);
        if (SalvageDesk.Note(driver.Preimages?.SalvageCount ?? 0, driver.Name) is { } salvage) notes = notes.Add(salvage);
        return driver.PeerConfigurationDiffers && driver.Snapshot.View.PeerHeard
            ? notes.Add($"The peer runs module {driver.Name} with another configuration or other hooks: apply the right one again to both: 'hamirror module apply', or the console.")
            : notes;
    }
}
