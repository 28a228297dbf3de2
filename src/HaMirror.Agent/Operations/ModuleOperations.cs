// What the API begins for a module and what it means to wait for its end.
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using HaMirror.Agent.Changes;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Modules;
using HaMirror.Core.Api;
using HaMirror.Core.States;

namespace HaMirror.Agent.Operations;

/// <summary>Operations on one module.</summary>
internal static class ModuleOperations
{
    /// <summary>A state that is not reached by then is told as it is; the module goes on.</summary>
    private static readonly TimeSpan StateTimeout = TimeSpan.FromHours(24);

    /// <summary>Between a resync's last byte and the state that says so.</summary>
    private static readonly TimeSpan SettleTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LookPeriod = TimeSpan.FromMilliseconds(500);

    /// <summary>Waits for what a command leads to.</summary>
    /// <param name="before">The state when it was given.</param>
    public static OperationStatus OfCommand(OperationTable table, ModuleDriver driver, string kind, string by, ModuleState before)
    {
        var cancellation = new CancellationTokenSource();
        return table.Begin(kind, driver.Name, by, () => Progress(driver), async () =>
        {
            var reached = await driver.WaitAsync(snapshot => IsReached(kind, before, snapshot), StateTimeout, cancellation.Token);
            var view = driver.Snapshot.View;
            var state = $"Module {driver.Name} is {StateName.Of(view.State)} {view.Phase}.";
            return reached && !IsRefused(kind, view.State) ? (state, null)
                : throw new Refusal(Refusal.Conflict, reached ? $"{state.TrimEnd('.')}: {view.Reason ?? "it was stopped."}" : $"{state} The wait for more is over.", "The module's log tells what happened.");
        }, cancellation.Cancel);
    }

    public static OperationStatus OfVerify(OperationTable table, ModuleDriver driver, string node, string by) =>
        table.Begin("verify", driver.Name, by, () => OperationProgress.Of(VerifyDesk.Show(driver, node)), async () =>
        {
            while (VerifyDesk.Show(driver, node).Running) await Task.Delay(LookPeriod);
            var report = VerifyDesk.Show(driver, node);
            return report.End is { } end ? throw new Refusal(Refusal.Conflict, end) : (report.FindingCount == 0 ? "Both replicas are equal." : $"{report.FindingCount} differences were found.", Element(report, ApiJson.Default.VerifyReport));
        }, () => VerifyDesk.Stop(driver, "an operator"));

    /// <summary>Watches a resync that runs; nobody asked for it, so nobody stops it but by stopping the module.</summary>
    public static OperationStatus OfResync(OperationTable table, ModuleDriver driver)
    {
        var last = new OperationProgress("The replicas are made equal.");
        return table.Begin("resync", driver.Name, "agent", () => driver.Storage.Resync is { } resync ? last = OperationProgress.Of(resync) : last, async () =>
        {
            while (driver.Storage.Resync is not null) await Task.Delay(LookPeriod);
            var equal = await driver.WaitAsync(snapshot => snapshot.View is { State: ModuleState.Prim or ModuleState.Second, Phase: Phase.Ready }, SettleTimeout, CancellationToken.None);
            var view = driver.Snapshot.View;
            return equal ? ("Both replicas are equal: the standby may take over.", null) : throw new Refusal(Refusal.Conflict,
                $"The resync did not come to its end: module {driver.Name} is {StateName.Of(view.State)} {view.Phase}{(view.Reason is { } reason ? $" ({reason.TrimEnd('.')})" : "")}.",
                "It begins again by itself when both nodes run the module and hear each other.");
        });
    }

    public static OperationStatus OfSeed(OperationTable table, SeedDesk seeds, string module, string by) =>
        table.Begin("seed", module, by, () => OperationProgress.Of(seeds.Show(module)), async () =>
        {
            while (seeds.Show(module).Running) await Task.Delay(LookPeriod);
            var report = seeds.Show(module);
            return report.End is { } end ? throw new Refusal(Refusal.Conflict, end) : ($"The seed {report.Action} has ended.", Element(report, ApiJson.Default.SeedReport));
        }, () => seeds.Stop(module));

    public static OperationStatus OfSalvage(OperationTable table, string kind, string module, string by, string done, SalvageTask task, Task<SalvageWritten> work) =>
        table.Begin(kind, module, by, () => task.Progress, async () => (done, Element(await work, ApiJson.Default.SalvageWritten)), task.Stop);

    /// <summary>Something whose answer comes late.</summary>
    public static OperationStatus Of<T>(OperationTable table, string kind, string module, string by, string doing, string done, Func<CancellationToken, Task<T>> work, JsonTypeInfo<T> type, bool canCancel)
    {
        var cancellation = new CancellationTokenSource();
        return table.Begin(kind, module, by, () => new OperationProgress(doing), async () => (done, Element(await work(cancellation.Token), type)), canCancel ? cancellation.Cancel : null);
    }

    /// <summary>A change of both nodes. It cannot be stopped: once it is decided it happens.</summary>
    /// <param name="work">Is given whom to tell of each step.</param>
    public static OperationStatus OfChange(OperationTable table, PlannedChange change, Func<Action<OperationProgress>, Task<ConfigurationApplied>> work)
    {
        var now = new OperationProgress("The change is looked at.", 0);
        return table.Begin("configuration", change.Module, change.By, () => Volatile.Read(ref now), async () =>
        {
            var applied = await work(step => Volatile.Write(ref now, step));
            return (applied.Finished ? "Both nodes have it." : $"It is decided, and the other node gets it by itself: {applied.Waiting}", Element(applied, ConsoleJson.Default.ConfigurationApplied));
        });
    }

    private static JsonElement Element<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToElement(value, type);

    private static OperationProgress Progress(ModuleDriver driver)
    {
        var view = driver.Snapshot.View;
        var text = view.Reason ?? $"The module is {StateName.Of(view.State)} {view.Phase}.";
        return driver.Storage.Resync is { } resync ? OperationProgress.Of(resync) with { Text = text } : new OperationProgress(text);
    }

    private static bool IsReached(string kind, ModuleState before, ModuleSnapshot snapshot)
    {
        var (state, phase) = (snapshot.View.State, snapshot.View.Phase);
        var serves = phase == Phase.Ready && state is ModuleState.Alone or ModuleState.Prim or ModuleState.Second && phase == Phase.Ready;
        return kind switch
        {
            "stop" or "force-stop" => state == ModuleState.Stop,
            "swap" => (serves && (state == ModuleState.Second) != (before == ModuleState.Second)) || state == ModuleState.Stop,
            "stopstart" => serves,
            _ => serves || state == ModuleState.Stop,
        };
    }

    private static bool IsRefused(string kind, ModuleState state) => state == ModuleState.Stop && kind is not ("stop" or "force-stop");
}
