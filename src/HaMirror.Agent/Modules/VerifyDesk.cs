// Verifications as the API asks for them: where they may run, what the log says of them, and how they are shown.
using HaMirror.Agent.Hosting;
using HaMirror.Core.Api;
using HaMirror.Core.Machine;
using HaMirror.Core.States;
using HaMirror.Io.Replication;

namespace HaMirror.Agent.Modules;

/// <summary>Begins, stops and shows the verification of a module.</summary>
internal static class VerifyDesk
{
    /// <summary>Findings that the module's log names; the report has more.</summary>
    private const int LoggedMax = 20;

    /// <exception cref="Refusal">It cannot run here or now.</exception>
    public static async Task<VerifyReport> BeginAsync(ModuleDriver driver, string node, VerifyRequest request)
    {
        var view = driver.Snapshot.View;
        var storage = driver.Storage.Mirror;
        if (storage is null || (driver.Definition.Active?.Replication?.Directories ?? []).IsEmpty)
            throw new Refusal(Refusal.Conflict, $"Module {driver.Name} replicates no directory, so there is nothing to verify.",
                "Name the module of a replicated directory: 'hamirror status' shows all.");
        if (view.State == ModuleState.Second)
            throw new Refusal(Refusal.Conflict, $"Module {driver.Name} is SECOND on {node}: the primary drives a verification.",
                "Run it on the node where the module is PRIM.");
        if (view.State != ModuleState.Prim || view.Phase != Phase.Ready)
            throw new Refusal(Refusal.Conflict,
                $"Module {driver.Name} is {StateName.Of(view.State)} {view.Phase} on {node}: there is no up-to-date secondary to compare with.",
                "Start it on the other node and wait until both are green; a resync compares what is marked anyway.");
        if (await storage.VerifyAsync(request.Repair, status => Task.Run(() => Tell(driver, status))) is { } refusal)
            throw new Refusal(Refusal.Conflict, refusal, "'hamirror verify --status' shows how far it is.");
        driver.Log.Add(SayLevel.Event, $"Action verify{(request.Repair ? " --repair" : "")} called by {request.By ?? "operator@local"}");
        return Report(driver, node, storage.Verification!);
    }

    /// <exception cref="Refusal">None was begun.</exception>
    public static VerifyReport Show(ModuleDriver driver, string node) => Report(driver, node, driver.Storage.Mirror?.Verification
        ?? throw new Refusal(Refusal.NotFound, $"Module {driver.Name} was not verified from {node} since the agent's start.",
            $"Begin it with 'hamirror verify -m {driver.Name}' on the primary."));

    /// <summary>Ends it early; none running is no failure.</summary>
    public static void Stop(ModuleDriver driver, string by) => driver.Storage.Mirror?.StopVerify($"It was stopped by {by}.");

    private static void Tell(ModuleDriver driver, VerifyStatus status)
    {
        foreach (var finding in status.Findings.Take(LoggedMax))
            driver.Log.Add(SayLevel.Warning, $"Verify: {finding.Path} on {driver.Snapshot.View.PeerBeat?.NodeName ?? "the secondary"} {finding.What}"
                + (finding.Bytes > 0 ? $" ({finding.Bytes} bytes at {finding.Offset})" : "") + ".");
        driver.Log.Add(status is { FindingCount: 0, End: null } ? SayLevel.Event : SayLevel.Warning, Verdict(status));
    }

    private static string Verdict(VerifyStatus status)
    {
        var found = status.FindingCount == 0 ? "no difference" : $"{status.FindingCount} difference{(status.FindingCount == 1 ? "" : "s")}";
        return status.End is { } end ? $"Verify ended early with {found}: {end}"
            : status.FindingCount == 0 ? "Verify ended: both replicas are equal."
            : status.IsRepaired ? $"Verify ended: {found}, repaired."
            : $"Verify ended: {found}; 'hamirror verify --repair' makes the secondary equal, and so does its next resync.";
    }

    private static VerifyReport Report(ModuleDriver driver, string node, VerifyStatus status)
    {
        var directories = driver.Definition.Active?.Replication?.Directories ?? [];
        return new VerifyReport(
            driver.Name, node, status.Running, status.Repairs, status.End, status.Begun, status.Directories, status.Files,
            (long)status.BytesTotal, (long)status.BytesDone, status.BytesPerSecond, status.SecondsLeft,
            status.BytesTotal == 0 ? 0 : 100.0 * status.BytesDone / status.BytesTotal,
            [.. status.Findings.Select(finding => new VerifyFindingReport(
                finding.Root < directories.Length ? $"{directories[finding.Root].Path.TrimEnd('/')}/{finding.Path}".TrimEnd('/') : finding.Path,
                (long)finding.Offset, (long)finding.Bytes, finding.What))],
            status.FindingCount, (long)status.DifferentBytes, status.IsRepaired);
    }
}
