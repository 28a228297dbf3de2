// What `hamirror diff` shows: this node's marks, and what both records say of them.
using System.Collections.Immutable;
using HaMirror.Agent.Hosting;
using HaMirror.Core.Api;
using HaMirror.Core.States;
using HaMirror.Io.Replication;

namespace HaMirror.Agent.Modules;

/// <summary>Estimates the next resync.</summary>
internal static class DiffReport
{
    /// <exception cref="Refusal">The replica cannot be looked at.</exception>
    public static async Task<ModuleDiff> OfAsync(ModuleDriver driver, string node, CancellationToken cancellation)
    {
        var directories = driver.Definition.Active?.Replication?.Directories ?? [];
        if (driver.Storage.Mirror is not { } storage || directories.IsEmpty)
            throw new Refusal(Refusal.Conflict, $"Module {driver.Name} replicates no directory, so nothing can differ.",
                "Name the module of a replicated directory: 'hamirror status' shows all.");
        var view = driver.Snapshot.View;
        MarkedBytes marked;
        try
        {
            using var replica = await storage.LookAsync();
            marked = await Task.Run(() => MarkedBytes.Of(replica, cancellation), cancellation);
        }
        catch (IOException error)
        {
            throw new Refusal(Refusal.Conflict, $"The replica of module {driver.Name} cannot be looked at: {error.Message}",
                "Repair what it names, then ask again.");
        }

        var comparesAll = view.Record.CompareAll || view.Record.Current.IsNone || view.PeerBeat is { Record: var peer }
            && (peer.CompareAll || peer.Current.IsNone);
        var running = driver.Storage.Resync;
        var last = storage.LastResync;
        var rate = running is { BytesPerSecond: > 0 } ? running.BytesPerSecond : last?.BytesPerSecond;
        var diff = new ModuleDiff(
            driver.Name, node, StateName.Of(view.State),
            [.. marked.Largest.Select(file => new FileDiff($"{directories[file.Root].Path.TrimEnd('/')}/{file.Path}", (long)file.Bytes, file.IsWhole))],
            marked.FileCount, (long)marked.ExtentBytes, marked.WholeCount, (long)marked.WholeBytes, comparesAll, marked.AllCount,
            (long)marked.AllBytes, rate, running is { BytesPerSecond: > 0 } ? null : last?.Ended, null, Notes(driver, comparesAll));
        return diff with { SecondsNeeded = diff.BytesPerSecond is > 0 and var known ? diff.BytesToCompare / known : null };
    }

    private static ImmutableArray<string> Notes(ModuleDriver driver, bool comparesAll)
    {
        var view = driver.Snapshot.View;
        var notes = ImmutableArray.CreateBuilder<string>();
        if (comparesAll)
            notes.Add("Marks may be missing on one of the nodes (a crash, or a first synchronisation): everything is compared by hash, and only what differs is sent.");
        if (view.Record.Condition != ReplicaCondition.UpToDate)
            notes.Add("This node's replica is not known to be up to date: it would be the target, and these are only its own marks. Ask on the other node.");
        else if (driver.Storage.Resync is { Source: true })
            notes.Add("A resync runs: what it has already copied is not counted.");
        else if (view.State == ModuleState.Prim && view.Phase == Phase.Ready)
            notes.Add("The peer is up to date: only what verify found, if anything, is marked.");
        else if (view.State == ModuleState.Second && view.Phase == Phase.Ready)
            notes.Add("This node is an up-to-date standby: what the peer has marked is shown there.");
        else
            notes.Add("What the peer has marked itself is added when the two connect; of the two sets, the union is looked at.");
        notes.Add("Marked is not different: equal blocks are recognised by hash and not sent.");
        return notes.ToImmutable();
    }
}
