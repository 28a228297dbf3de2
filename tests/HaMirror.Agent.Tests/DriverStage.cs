using System.Collections.Concurrent;
using HaMirror.Agent.Logging;
using HaMirror.Agent.Modules;
using HaMirror.Core.Api;
using HaMirror.Core.Generations;
using HaMirror.Core.Hooks;
using HaMirror.Core.Machine;
using HaMirror.Io.Peer;
using Microsoft.Extensions.Logging.Abstractions;

namespace HaMirror.Agent.Tests;

/// <summary>A driver with everything around it replaced: what it does is kept in order.</summary>
internal sealed class DriverStage : IModuleStorage, IModuleHooks, IModuleCompanion, IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hamirror-driver-").FullName;

    public DriverStage(ReplicaRecord? record = null)
    {
        Record = record ?? ReplicaRecord.New;
        var log = new ModuleLog(_directory + "/module.log", "vm1", TimeProvider.System);
        Driver = new ModuleDriver(new ModuleSurroundings
        {
            Definition = new ModuleDefinition("vm1", 1, null, null, 7),
            Rules = new ModuleRules { NodeName = "n1", PeerName = "n2", IsFirstNode = true },
            Storage = _ => this,
            Hooks = this,
            Companion = this,
            LoadRecord = () => Record,
            SaveRecord = Save,
            Intent = ModuleIntent.None,
            SaveIntent = _ => IntentAnswers.Wait(TimeSpan.FromSeconds(60)),
            AskWitness = _ => Task.FromResult(true),
            Listen = (_, _, _) => new MemoryStream(), // anything that may be disposed
            Dial = (_, _, _) => Task.FromResult(new PeerDialOutcome(null, "Nobody is there.")),
            Resources = new ResourceTable(log, TimeProvider.System),
            SayResource = (_, _, _) => { },
            AbortMount = path => Done.Enqueue("abort " + path),
            BeatNow = () => { },
            Boot = 1,
            Log = log,
            AgentLog = NullLogger.Instance,
            Clock = TimeProvider.System,
        });
        Driver.Start();
    }

    public ModuleDriver Driver { get; }

    public ConcurrentQueue<string> Done { get; } = new();

    public ReplicaRecord Record { get; private set; }

    public bool DiskFull { get; set; }

    /// <summary>While reset, writing the record takes for ever.</summary>
    public ManualResetEventSlim DiskAnswers { get; } = new(initialState: true);

    /// <summary>While reset, writing what the operator wants takes for ever.</summary>
    public ManualResetEventSlim IntentAnswers { get; } = new(initialState: true);

    /// <summary>How often writing the record has begun.</summary>
    public int SavesBegun { get; private set; }

    public bool WritableThrows { get; set; }

    /// <summary>A sequence whose hooks never end by themselves.</summary>
    public HookSequence? Hangs { get; set; }

    public int MarkCount => 0;

    public long? DirtyBytes => 0;

    public ResyncStatus? Resync => null;

    public Task<string?> CommandAsync(OperatorCommand command) => Driver.CommandAsync(new MachineInput.Command(command)).WaitAsync(TimeSpan.FromSeconds(60));

    public void Expect(string what, Func<bool> condition) => Assert.True(
        SpinWait.SpinUntil(() => { Thread.Sleep(5); return condition(); }, TimeSpan.FromSeconds(60)),
        $"{what}\n{string.Join('\n', Done)}\n{string.Join('\n', Driver.Log.Last(null, 100).Select(line => line.Text))}");

    Task<string?> IModuleStorage.MountAsync() => Kept("mount");

    Task<string?> IModuleStorage.UnmountAsync(bool force) => Kept(force ? "unmount force" : "unmount");

    Task IModuleStorage.SettledAsync() => Task.CompletedTask;

    void IModuleStorage.SetWritable(bool writable)
    {
        if (writable && WritableThrows) throw new InvalidOperationException("The storage failed on purpose.");
        Done.Enqueue(writable ? "writable" : "read-only");
    }

    void IModuleStorage.Freeze() => Done.Enqueue("freeze");

    void IModuleStorage.Thaw() => Done.Enqueue("thaw");

    void IModuleStorage.OpenGeneration(GenerationId current) => Done.Enqueue("open");

    Task<string?> IModuleStorage.DrainAsync() => Kept("drain");

    void IModuleStorage.Attach(PeerLink link) => Done.Enqueue("attach");

    void IModuleStorage.BeginSource(long link, ResyncPlan plan) => Done.Enqueue("source");

    void IModuleStorage.BeginTarget(long link, ResyncPlan plan, Preserving keeps) => Done.Enqueue("target");

    /// <summary>What an undo leads to.</summary>
    public (ReplicaRecord? Before, string? Failure) Undone { get; set; } = (null, "There is no undo record.");

    Task<(ReplicaRecord? Before, string? Failure)> IModuleStorage.UndoAsync()
    {
        Done.Enqueue("undo");
        return Task.FromResult(Undone);
    }

    void IModuleStorage.EndUndo() => Done.Enqueue("end undo");

    void IModuleStorage.Offer(long link, GenerationId generation) => Done.Enqueue("offer");

    void IModuleStorage.AcceptOffer(long link) => Done.Enqueue("accept");

    void IModuleStorage.SendHandover(long link, bool swap) => Done.Enqueue("handover");

    void IModuleStorage.SendSwapRequest(long link) => Done.Enqueue("swap request");

    void IModuleStorage.Detach(long link) => Done.Enqueue("detach");

    void IModuleStorage.KeepDisk() => Done.Enqueue("keep disk");

    void IModuleStorage.AcceptDetach(long link) => Done.Enqueue("accept detach");

    Task<string?> IModuleStorage.ProbeAsync()
    {
        Done.Enqueue("probe");
        return Task.FromResult<string?>(null);
    }

    void IModuleStorage.CutLink(long link, string reason) => Done.Enqueue("cut");

    async Task<string?> IModuleHooks.RunAsync(HookSequence sequence, CancellationToken cancellation)
    {
        await Kept(sequence.ToString());
        if (sequence != Hangs) return null;
        var killed = new TaskCompletionSource();
        await using var registration = cancellation.Register(killed.SetResult);
        await killed.Task;
        Done.Enqueue($"{sequence} killed");
        return "It was killed.";
    }

    void IModuleCompanion.Mounted() => Done.Enqueue("guard");

    void IModuleCompanion.Unmounted() => Done.Enqueue("unguard");

    void IModuleCompanion.Follow(MachineView view)
    {
        // Checkers have tests of their own.
    }

    private bool _disposing;

    public void Dispose()
    {
        // The driver disposes its storage and listener, which are this too.
        if (_disposing) return;
        _disposing = true;
        DiskAnswers.Set();
        IntentAnswers.Set();
        Driver.Dispose();
        DiskAnswers.Dispose();
        IntentAnswers.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private Task<string?> Kept(string what)
    {
        Done.Enqueue(what);
        return Task.FromResult<string?>(null);
    }

    private void Save(ReplicaRecord record)
    {
        SavesBegun++;
        DiskAnswers.Wait(TimeSpan.FromSeconds(60));
        if (DiskFull) throw new IOException("The disk is full on purpose.");
        Record = record;
        Done.Enqueue(record.Serving ? "record serving" : "record");
    }
}
