// One thread owns a module's machine: it takes an input, steps, and carries the actions out in order. Invariants:
// (1) a Persist is durable before any later action of its step begins, and before the view or a beat tells of it;
// (2) what takes long (hooks, mounts, the witness, dialling) runs elsewhere and comes back as an input;
// (3) what the peer's newest beat says is looked at before anything else, and `Received` in this node's beats counts on it;
// (4) an exception ends the module's service (forced hooks, unmount), never the process.
using System.Collections.Concurrent;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;
using HaMirror.Core.Api;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;
using HaMirror.Io.Heartbeats;
using HaMirror.Io.Storage;

namespace HaMirror.Agent.Modules;

/// <summary>Drives one module.</summary>
internal sealed class ModuleDriver : IStorageEvents, IDisposable
{
    /// <summary>Far more than a module's parts ever have outstanding: ticks and beats are never queued twice.</summary>
    private const int InputsMax = 4096;

    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5);

    /// <summary>No machine ever makes 2^32 beats, so each of this process begins beyond all earlier ones.</summary>
    private const int SequenceBitsPerMachine = 32;

    private static long _machines;

    private volatile ModuleSurroundings _around;
    private readonly BlockingCollection<Envelope> _inputs = new(InputsMax);
    private readonly Thread _thread;
    private readonly long _origin;
    private readonly ModuleActions _actions;
    private readonly DialLoop _dial;
    private ModuleMachine _machine;
    private readonly Lock _hearing = new(); // Held for a moment only: never while an action is carried out.
    private ModuleBeat? _newestBeat;
    private bool _beatWaits;
    private bool _goesOn;
    private (ulong Boot, ulong Sequence) _received;
    private volatile ModuleSnapshot _snapshot;
    private readonly CancellationTokenSource _disposed = new();
    private TaskCompletionSource _changed = NewSignal();
    private ModuleIntent _intent;
    private bool _agentEnds;
    private volatile bool _failed;
    private volatile int _peerPort;
    private ulong _peerHash;
    private HeardPeer? _heard;

    private sealed record HeardPeer(TimeSpan At, ulong MarkedBytes);

    private sealed record Envelope(MachineInput Input, TaskCompletionSource<string?>? Answer, ModuleDefinition? Renewal = null);

    public ModuleDriver(ModuleSurroundings around)
    {
        _around = around;
        _origin = around.Clock.GetTimestamp();
        _intent = around.Intent;
        Storage = around.Storage(this); // First: the record is judged by whether its marks could be read.
        _machine = NewMachine();
        _snapshot = new ModuleSnapshot(_machine.View, _around.Clock.GetUtcNow());
        _dial = new DialLoop(Hello, () => _peerPort, around.Dial, Storage.Attach, around.Log);
        _actions = new ModuleActions(around, Storage, _dial, Post, Hello, _machine.View.Record);
        _thread = new Thread(Run) { IsBackground = true, Name = $"driver {Name}" };
    }

    public string Name => _around.Definition.Name;

    public ModuleDefinition Definition => _around.Definition;

    public IModuleStorage Storage { get; }

    public ModuleLog Log => _around.Log;

    /// <summary>What the module was at the end of the last step.</summary>
    public ModuleSnapshot Snapshot => _snapshot;

    public ModuleIntent Intent => Volatile.Read(ref _intent);

    /// <summary>Of the configuration that the peer runs with; 0: it was not heard.</summary>
    public ulong PeerHash => Volatile.Read(ref _peerHash);

    /// <summary>The peer's active configuration is another one.</summary>
    public bool PeerConfigurationDiffers => _peerHash != 0 && _around.Definition.Hash != 0 && _peerHash != _around.Definition.Hash;

    /// <summary>Why there is no replication link though the peer is heard, as a sentence; null: there is one, or nothing is known.</summary>
    public string? LinkRefusal =>
        _snapshot.View is not { PeerHeard: true, Link: null } ? null
        : _dial.Refusal is { } dialled ? $"There is no replication link to {_around.Rules.PeerName}: {dialled}"
        : _actions.PeerRefusal is { } refused ? $"{_around.Rules.PeerName} is refused as a replication target: {refused}"
        : null;

    public ModuleAnnouncement Announcement
    {
        get
        {
            lock (_hearing)
                return new(Name, _around.Definition.Port, _around.Definition.Hash, _snapshot.View.Beat with
                {
                    ReceivedBoot = _received.Boot, Received = _received.Sequence,
                })
                { MarkedBytes = (ulong)(Storage.DirtyBytes ?? 0) };
        }
    }

    /// <summary>What going back from a half-made resync would mean; null: there is nothing to go back to.</summary>
    public Io.Preimages.UndoOffer? UndoOffer =>
        _snapshot.View.Record.Condition == ReplicaCondition.Inconsistent ? _around.Preimages?.Offer() : null;

    public Io.Preimages.PreimagePlace? Preimages => _around.Preimages;

    public ResourceTable Resources => _around.Resources;

    public ModuleRules Rules => _around.Rules;

    /// <summary>What was decided last at a connection or a failure; null: nothing yet.</summary>
    public DecisionStatus? LastDecision => _around.Decisions?.Last;

    /// <summary>How long ago the peer was last heard, and the bytes that it had marked then; null: never in this process.</summary>
    public (TimeSpan Ago, ulong MarkedBytes)? LastHeard =>
        Volatile.Read(ref _heard) is { } heard ? (Now - heard.At, heard.MarkedBytes) : null;

    /// <summary>A hook or an operator says that a resource is up or down.</summary>
    public void SayResource(string name, bool up, string by) => _around.SayResource(name, up, by);

    /// <summary>A mount does not answer. It is aborted at once: whoever waits in it could not even be killed (design, G8).</summary>
    public void MountHung(string path, string sentence)
    {
        _around.AbortMount(path);
        Post(new MachineInput.StorageFailed(char.ToUpperInvariant(sentence[0]) + sentence[1..] + ".", MountLost: true));
    }

    /// <summary>The hook that runs now; null when none does.</summary>
    public RunningHook? RunningHook => _around.Hooks.Running;

    public DateTimeOffset Time => _around.Clock.GetUtcNow();

    public void Start() => _thread.Start();

    /// <summary>Hands a command to the machine.</summary>
    /// <returns>Null when it was accepted, else the refusal.</returns>
    public Task<string?> CommandAsync(MachineInput.Command command)
    {
        var answer = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(new Envelope(command, answer));
        return answer.Task;
    }

    /// <summary>Takes what can change while the module runs from another configuration.</summary>
    public Task ReloadAsync(ModuleDefinition definition)
    {
        var answer = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(new Envelope(new MachineInput.Tick(), answer, definition));
        return answer.Task;
    }

    /// <summary>A beat of the peer. Only the newest waits: an older one has nothing to say that it does not.</summary>
    public void Hear(ModuleAnnouncement announcement)
    {
        _peerPort = announcement.Port;
        Volatile.Write(ref _peerHash, announcement.ConfigurationHash);
        Volatile.Write(ref _heard, new HeardPeer(Now, announcement.MarkedBytes));
        bool queued;
        lock (_hearing)
        {
            // A late datagram does not take the place of what is promised to be looked at.
            if (_beatWaits && _newestBeat is { } waiting && waiting.Boot == announcement.Beat.Boot
                && announcement.Beat.Sequence < waiting.Sequence) return;
            _newestBeat = announcement.Beat;
            (queued, _beatWaits) = (_beatWaits, true);
            Receive(announcement.Beat);
        }

        if (!queued) Post(new MachineInput.BeatHeard(announcement.Beat));
    }

    /// <summary>Completes when the condition holds, or with false when the time is over.</summary>
    public async Task<bool> WaitAsync(Func<ModuleSnapshot, bool> condition, TimeSpan timeout, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _disposed.Token);
        deadline.CancelAfter(timeout);
        while (true)
        {
            var changed = Volatile.Read(ref _changed).Task;
            if (condition(_snapshot)) return true;
            try
            {
                await changed.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return condition(_snapshot);
            }
        }
    }

    /// <summary>The agent ends: stops the module in order without forgetting that it is wanted running.</summary>
    /// <returns>False when it did not stop in time.</returns>
    public async Task<bool> EndAsync(TimeSpan timeout)
    {
        Volatile.Write(ref _agentEnds, true);
        if (_snapshot.View.State != ModuleState.Stop)
            _ = CommandAsync(new MachineInput.Command(OperatorCommand.Stop) { By = "agent: end of hamirrord" }); // its outcome is waited for, no longer than that
        return await WaitAsync(snapshot => snapshot.View.State == ModuleState.Stop, timeout, CancellationToken.None);
    }

    public void Dispose()
    {
        _inputs.CompleteAdding();
        _disposed.Cancel();
        if (_thread.IsAlive && !_thread.Join(EndTimeout))
            _around.AgentLog.ModuleLeft(Name, EndTimeout.TotalSeconds);
        _dial.Dispose();
        _actions.Dispose();
        Storage.Dispose();
        _around.Log.Dispose();
    }

    public void Post(MachineInput input) => Post(new Envelope(input, null));

    void IStorageEvents.GenerationNeeded() => Post(new MachineInput.GenerationNeeded());

    void IStorageEvents.LinkUp(long link, bool source, PeerHello peer) => Post(new MachineInput.LinkUp(link, source, peer));

    void IStorageEvents.LinkDown(long link, string reason) => LinkDown(link, reason, TimeSpan.Zero);

    void IStorageEvents.LinkDown(long link, string reason, TimeSpan silence) => LinkDown(link, reason, silence);

    private void LinkDown(long link, string reason, TimeSpan silence)
    {
        _dial.LinkEnded();
        Post(new MachineInput.LinkDown(link, reason) { Silence = silence });
    }

    void IStorageEvents.TargetFailed(long link, string reason)
    {
        _dial.TargetFailed();
        Post(new MachineInput.TargetFailed(link, reason));
    }

    void IStorageEvents.PlanReceived(long link, ResyncPlan plan) => Post(new MachineInput.PlanReceived(link, plan));

    void IStorageEvents.ResyncEnded(long link) => Post(new MachineInput.ResyncEnded(link));

    void IStorageEvents.OfferReceived(long link, GenerationId generation) => Post(new MachineInput.OfferReceived(link, generation));

    void IStorageEvents.OfferAccepted(long link) => Post(new MachineInput.OfferAccepted(link));

    void IStorageEvents.HandoverReceived(long link, bool swap) => Post(new MachineInput.HandoverReceived(link, swap));

    void IStorageEvents.SwapRequested(long link) => Post(new MachineInput.SwapRequested(link));

    void IStorageEvents.Told(string sentence) => Log.Add(SayLevel.Warning, sentence);

    void IStorageEvents.MountLost(string reason) => Post(new MachineInput.StorageFailed(reason, MountLost: true));

    void IStorageEvents.DiskFailed(string reason) => Post(new MachineInput.DiskFailed(reason));

    void IStorageEvents.PeerDetached(long link) => Post(new MachineInput.PeerDetached(link));

    void IStorageEvents.DetachAccepted(long link) => Post(new MachineInput.DetachAccepted(link));

    void IStorageEvents.StorageFailed(string reason) => Post(new MachineInput.StorageFailed(reason));

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TimeSpan Now => _around.Clock.GetElapsedTime(_origin);

    private ModuleRules PresentRules => _around.Rules with { FailoverOn = _intent.FailoverOn ?? _around.Rules.FailoverOn };

    private ModuleMachine NewMachine() => new(
        PresentRules, _around.LoadRecord(), _around.Boot, () => new GenerationId(Guid.NewGuid()),
        (ulong)Interlocked.Increment(ref _machines) << SequenceBitsPerMachine, _around.AreMarksComplete());

    private PeerHello Hello()
    {
        var view = _snapshot.View;
        return new PeerHello(_around.Rules.NodeName, view.Record, view.State, _actions.FullSync, Storage.MarkCount)
        {
            ManualDivergence = _around.Rules.ManualDivergence,
        };
    }

    private void Post(Envelope envelope)
    {
        try
        {
            _inputs.Add(envelope);
        }
        catch (InvalidOperationException)
        {
            envelope.Answer?.TrySetResult("The agent is ending."); // Completed: nobody takes inputs any more.
        }
    }

    private void Run()
    {
        ThreadUrgency.Raise();
        var next = Now;
        while (!_inputs.IsCompleted)
        {
            var left = next - Now;
            if (left > TimeSpan.Zero && _inputs.TryTake(out var envelope, left))
            {
                Take(envelope);
                continue;
            }

            // What waits was said before this tick: a beat of the peer's must be heard before its silence is judged. What
            // comes meanwhile is for the next round, so that time is looked at however slow the steps are.
            for (var waiting = _inputs.Count; waiting > 0 && _inputs.TryTake(out envelope); waiting--) Take(envelope);
            next = Now + ModuleRules.TickInterval;
            Take(new Envelope(new MachineInput.Tick(), null));
        }
    }

    private void Take(Envelope envelope)
    {
        // A beat that waits comes first, whatever it waits behind; its envelope then finds nothing left. While its actions are
        // carried out (a slow disk under the record) the next one may come, and was promised to be looked at as well.
        if (envelope.Input is MachineInput.BeatHeard) TakeBeat();
        else while (!Try(envelope)) TakeBeat();
    }

    private void TakeBeat()
    {
        if (Volatile.Read(ref _beatWaits)) _ = Try(new Envelope(new MachineInput.BeatHeard(Volatile.Read(ref _newestBeat)!), null));
    }

    private bool Try(Envelope envelope)
    {
        try
        {
            return Step(envelope);
        }
        catch (Exception error)
        {
            Fail(error, envelope);
            return true;
        }
    }

    /// <returns>False: nothing was done, for a beat waits that comes first.</returns>
    private bool Step(Envelope envelope)
    {
        if (_failed)
        {
            envelope.Answer?.TrySetResult("The module is being brought to a safe stop after an internal failure; agent.log tells which.");
            return true;
        }

        var input = envelope.Input;
        StepOutput output;
        lock (_hearing)
        {
            if (_beatWaits && input is not MachineInput.BeatHeard) return false;
            // Taken here: a beat that comes from now on waits for the next step, and is received only if this one allows it.
            if (input is MachineInput.BeatHeard) (input, _beatWaits) = (new MachineInput.BeatHeard(_newestBeat!), false);
            output = _machine.Step(input, Now);
            var view = _machine.View;
            _goesOn = view.Beat.Serves || view.Record.Sole || view.Record.Serving || view.Beat.Claims;
        }

        if (input is MachineInput.Command command && output.Refusal is null) Note(command); // the machine logs it
        if (input is MachineInput.WitnessAnswered witness) _around.Decisions?.Witness(witness.Reachable);
        if (envelope.Renewal is { } definition) Renew(definition);
        var beat = _actions.Carry(output.Actions);
        Publish();
        if (beat) _around.BeatNow();
        envelope.Answer?.TrySetResult(output.Refusal);
        return true;
    }

    /// <summary>The beat waits for the machine's next step. Not said of a machine that goes on or is about to: what it
    /// announces may be older than that.</summary>
    private void Receive(ModuleBeat beat)
    {
        if (_goesOn || _failed) return;
        if (_received.Boot != beat.Boot || beat.Sequence > _received.Sequence) _received = (beat.Boot, beat.Sequence);
    }

    private void Renew(ModuleDefinition definition)
    {
        if (_around.Renew?.Invoke(_around, definition) is not { } renewed) return;
        _around = renewed;
        _actions.Renew(renewed);
        _machine.Change(PresentRules);
        Log.Add(SayLevel.Event, "The configuration was changed while the module runs.");
    }

    private void Note(MachineInput.Command command)
    {
        _actions.FullSync = command.Kind switch
        {
            OperatorCommand.StartAsSecondaryFullSync => true,
            OperatorCommand.Start or OperatorCommand.StartAsPrimary or OperatorCommand.StartAsSecondary => false,
            _ => _actions.FullSync,
        };
        var intent = command.Kind switch
        {
            OperatorCommand.Start or OperatorCommand.StartAsPrimary or OperatorCommand.StartAsSecondary
                or OperatorCommand.StartAsSecondaryFullSync => _intent with { Running = true, HostBoot = ModuleIntent.PresentHostBoot() },
            OperatorCommand.FailoverOn => _intent with { FailoverOn = true },
            OperatorCommand.FailoverOff => _intent with { FailoverOn = false },
            _ => _intent,
        };
        Keep(intent);
    }

    private void Keep(ModuleIntent intent)
    {
        if (intent == _intent) return;
        Volatile.Write(ref _intent, intent);
        try
        {
            _around.SaveIntent(intent);
        }
        catch (IOException error)
        {
            Log.Add(SayLevel.Warning, error.Message); // It governs the next boot only; the module goes on.
        }
    }

    private void Publish()
    {
        var before = _snapshot.View;
        var view = _machine.View;

        // Nobody hears of a record that is not on this disk, except that this node may come to be the sole one.
        if (_actions.DurableInstead is { } durable) view = view with
        {
            Record = durable, Beat = view.Beat.Unwritten(durable),
        };
        var changed = view.State != before.State || view.Phase != before.Phase;
        _snapshot = new ModuleSnapshot(view, changed ? _around.Clock.GetUtcNow() : _snapshot.Since);
        SayRemote(before, view);
        _around.Decisions?.Look(before, view, _around.Rules, (ulong)(Storage.DirtyBytes ?? 0), LastHeard);
        if (changed && view.State == ModuleState.Stop && !Volatile.Read(ref _agentEnds)) Keep(_intent with { Running = false });
        _around.Companion.Follow(view);
        if (before != view) Interlocked.Exchange(ref _changed, NewSignal()).TrySetResult();
    }

    /// <summary>The machine tells each state that the peer reports; that it fell silent, and came back with the state it had,
    /// is no report.</summary>
    private void SayRemote(MachineView before, MachineView view)
    {
        if (before.PeerHeard == view.PeerHeard) return;
        if (!view.PeerHeard) Log.Add(SayLevel.Event, "Remote state UNKNOWN");
        else if (view.PeerBeat is { } now && before.PeerBeat is { } last && (now.State, now.Phase) == (last.State, last.Phase))
            Log.Add(SayLevel.Event, $"Remote state {StateName.Of(now.State)} {now.Phase}");
    }

    /// <summary>The machine's own state is not to be trusted any more: the service is ended by force and a new machine
    /// begins from what is on disk.</summary>
    private void Fail(Exception error, Envelope envelope)
    {
        _around.AgentLog.DriverFailed(error, Name, _snapshot.View.State.ToString(), envelope.Input.ToString());
        Log.Add(SayLevel.Critical, $"The module is stopped by force after an internal failure: {error.Message}");
        envelope.Answer?.TrySetResult($"The module failed inside: {error.Message} agent.log has the details.");
        if (_failed) return;
        _failed = true;
        _ = EndByForceAsync();
    }

    private async Task EndByForceAsync()
    {
        try
        {
            await _actions.EndByForceAsync();
            _machine = NewMachine();
            _failed = false; // Seen by the driver's thread with its next input at the latest.
            Post(new MachineInput.Tick());
        }
        catch (Exception error)
        {
            // Left failed: commands are refused, and the peer has taken over by the silence of this module's beats.
            _around.AgentLog.DriverFailed(error, Name, "safe stop", "forced end");
        }
    }
}
