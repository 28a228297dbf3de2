using HaMirror.Core.Generations;
using HaMirror.Core.Hooks;
using HaMirror.Core.Machine;
using HaMirror.Io.Crashes;
using HaMirror.Io.Peer;

namespace HaMirror.Agent.Modules;

/// <summary>Carries a step's actions out. Used by the driver's thread; what takes long is started and answers later.</summary>
internal sealed class ModuleActions : IDisposable
{
    /// <summary>A data path that lets no change in for so long does not start its service.</summary>
    private static readonly TimeSpan AdmissionMax = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan WitnessTimeoutMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ListenRetry = TimeSpan.FromSeconds(1);

    /// <summary>A peer that is refused dials again after <see cref="DialLoop.PauseMax"/>: an older refusal is no news.</summary>
    private static readonly TimeSpan RefusalHolds = TimeSpan.FromSeconds(10);

    private volatile ModuleSurroundings _around;
    private readonly IModuleStorage _storage;
    private readonly DialLoop _dial;
    private readonly Action<MachineInput> _post;
    private readonly Func<PeerHello> _hello;
    private readonly CancellationTokenSource _end = new();
    private CancellationTokenSource? _hooks;
    private Task _hooksRunning = Task.CompletedTask;
    private ReplicaRecord _durable;
    private readonly Lock _listening = new(); // The retry runs beside the driver's thread.
    private ReplicaRecord? _wanted;
    private IDisposable? _listener;
    private CancellationTokenSource? _listenRetry;
    private (string Why, long At)? _refused;

    public ModuleActions(
        ModuleSurroundings around, IModuleStorage storage, DialLoop dial, Action<MachineInput> post, Func<PeerHello> hello,
        ReplicaRecord durable)
    {
        (_around, _storage, _dial, _post, _hello, _durable) = (around, storage, dial, post, hello, durable);
    }

    /// <summary>What is on disk, when the last attempt to replace it failed; null when the machine's record is there.</summary>
    public ReplicaRecord? DurableInstead { get; private set; }

    /// <summary>Why this node refuses the peer that dials, as a sentence; null: it does not.</summary>
    public string? PeerRefusal
    {
        get
        {
            lock (_listening)
                return _refused is { } last && _around.Clock.GetElapsedTime(last.At) < RefusalHolds ? last.Why : null;
        }
    }

    /// <summary>The next resync is asked to copy everything (start --full-sync), until one has ended.</summary>
    public bool FullSync { get; set; }

    /// <summary>The module's configuration was changed while it runs.</summary>
    public void Renew(ModuleSurroundings around) => _around = around;

    /// <returns>True when a beat is to be sent once the step is published.</returns>
    public bool Carry(IEnumerable<MachineAction> actions)
    {
        var beat = false;
        var failure = _wanted is { } wanted ? TrySave(wanted) : null;
        var holds = failure is null;
        foreach (var action in actions)
        {
            if (!holds && action.RestsOnRecord())
            {
                if (failure is not null && action is not MachineAction.Beat)
                {
                    _post(new MachineInput.StorageFailed(failure) { RecordUnwritten = true });
                    failure = null;
                }

                if (action is MachineAction.RunSequence refused)
                    _post(new MachineInput.SequenceEnded(refused.Ticket, "The replica record could not be written, so no service may start."));
                if (action is MachineAction.Undo undo)
                    _post(new MachineInput.Undone(undo.Ticket, null, "The replica record could not be written, so nothing is undone. Mend that disk, then ask again."));
                continue;
            }

            switch (action)
            {
                case MachineAction.Persist persist:
                    holds = Persist(persist);
                    break;
                case MachineAction.Beat:
                    beat = true;
                    break;
                case MachineAction.Say say:
                    _around.Log.Add(say.Level, say.Text);
                    break;
                case MachineAction.RunSequence run:
                    Run(run);
                    break;
                case MachineAction.Dial dial:
                    _dial.Set(dial.On);
                    break;
                case MachineAction.Listen listen:
                    Listen(listen.On);
                    break;
                case MachineAction.AskWitness ask:
                    Ask(ask.Ticket);
                    break;
                default:
                    CarryStorage(action);
                    break;
            }
        }

        return beat;
    }

    /// <summary>Ends the service whatever the machine thought: links, forced stop hooks, mounts.</summary>
    public async Task EndByForceAsync()
    {
        _dial.Set(false);
        Listen(false);
        if (_hooks is { } running) await running.CancelAsync();
        await _hooksRunning;
        _storage.SetWritable(false);
        await _around.Hooks.RunAsync(HookSequence.ForcedEnd, CancellationToken.None);
        await _storage.UnmountAsync(force: true);
        _around.Companion.Unmounted();
        (_wanted, DurableInstead) = (null, null); // The next machine begins from what is on the disk.
    }

    public void Dispose()
    {
        _end.Cancel();
        _hooks?.Cancel();
        Listen(false);
        _end.Dispose();
    }

    private bool Persist(MachineAction.Persist persist)
    {
        if (TrySave(persist.Record) is not { } failure) return true;
        if (persist.MayFail) _around.Log.Add(SayLevel.Warning, failure);
        else _post(new MachineInput.StorageFailed(failure) { RecordUnwritten = true });
        return false;
    }

    private string? TrySave(ReplicaRecord record)
    {
        try
        {
            Crash.At(CrashPoint.RecordWanted);
            _around.SaveRecord(record);
            Crash.At(CrashPoint.RecordPersisted);
            var late = _wanted is not null;
            (_durable, _wanted, DurableInstead) = (record, null, null);
            if (late) _post(new MachineInput.RecordSaved());
            return null;
        }
        catch (IOException error)
        {
            (_wanted, DurableInstead) = (record, _durable);
            return error.Message;
        }
    }

    private void CarryStorage(MachineAction action)
    {
        switch (action)
        {
            case MachineAction.Mount:
                Answer(MountAsync, failure => new MachineInput.MountEnded(failure));
                break;
            case MachineAction.Unmount:
                Answer(UnmountAsync, failure => new MachineInput.UnmountEnded(failure));
                break;
            case MachineAction.Drain drain:
                Answer(_storage.DrainAsync, failure => new MachineInput.Drained(drain.Ticket, failure));
                break;
            case MachineAction.Undo undo:
                Undo(undo.Ticket);
                break;
            case MachineAction.EndUndo:
                _storage.EndUndo();
                break;
            case MachineAction.SetWritable set:
                _storage.SetWritable(set.Writable);
                break;
            case MachineAction.Freeze:
                _storage.Freeze();
                break;
            case MachineAction.Thaw:
                _storage.Thaw();
                break;
            case MachineAction.OpenGeneration open:
                _storage.OpenGeneration(open.Current);
                break;
            default:
                CarryLink(action);
                break;
        }
    }

    private void CarryLink(MachineAction action)
    {
        switch (action)
        {
            case MachineAction.BeginSource begin:
                _around.Log.Add(SayLevel.Event, $"Updating the peer's directories ({begin.Plan})");
                _storage.BeginSource(begin.Link, begin.Plan);
                break;
            case MachineAction.BeginTarget begin:
                _around.Log.Add(SayLevel.Event, $"Updating directory tree from {_around.Rules.PeerName} ({begin.Plan})");
                _storage.BeginTarget(begin.Link, begin.Plan, begin.Keeps);
                break;
            case MachineAction.Offer offer:
                _storage.Offer(offer.Link, offer.Generation);
                break;
            case MachineAction.AcceptOffer accept:
                FullSync = false;
                _storage.AcceptOffer(accept.Link);
                break;
            case MachineAction.SendHandover handover:
                _storage.SendHandover(handover.Link, handover.Swap);
                break;
            case MachineAction.SendSwapRequest request:
                _storage.SendSwapRequest(request.Link);
                break;
            case MachineAction.Detach detach:
                _storage.Detach(detach.Link);
                break;
            case MachineAction.KeepDisk:
                _storage.KeepDisk();
                break;
            case MachineAction.AcceptDetach accept:
                _storage.AcceptDetach(accept.Link);
                break;
            case MachineAction.ProbeDisk probe:
                Answer(_storage.ProbeAsync, failure => new MachineInput.DiskProbed(probe.Ticket, failure));
                break;
            case MachineAction.CutLink cut:
                _storage.CutLink(cut.Link, cut.Reason);
                break;
            default:
                throw new InvalidOperationException($"The driver does not know the action {action.GetType().Name}.");
        }
    }

    private async Task<string?> MountAsync()
    {
        var failure = await _storage.MountAsync();
        if (failure is null) _around.Companion.Mounted();
        return failure;
    }

    private async Task<string?> UnmountAsync()
    {
        var failure = await _storage.UnmountAsync(force: false);
        _around.Companion.Unmounted();
        return failure;
    }

    /// <summary>Runs something long off the driver's thread. Whatever it throws is its failure: the machine always hears.</summary>
    private void Answer(Func<Task<string?>> work, Func<string?, MachineInput> input) => _ = Task.Run(async () =>
    {
        string? failure;
        try
        {
            failure = await work();
        }
        catch (Exception error)
        {
            failure = error.Message;
        }

        _post(input(failure));
    });

    private void Undo(long ticket) => _ = Task.Run(async () =>
    {
        MachineInput.Undone undone;
        try
        {
            var (before, failure) = await _storage.UndoAsync();
            undone = new MachineInput.Undone(ticket, before, failure);
        }
        catch (Exception error)
        {
            undone = new MachineInput.Undone(ticket, null, error.Message);
        }

        _post(undone);
    });

    private void Run(MachineAction.RunSequence run)
    {
        var before = _hooksRunning;
        // A sequence that comes while another one runs is more urgent: that one is killed, and the machine ignores its answer.
        _hooks?.Cancel();
        // Never disposed: it has no timer and no registration of its own, and may be cancelled at any later moment.
        var cancel = new CancellationTokenSource();
        _hooks = cancel;
        var admitted = run.RestsOnRecord() ? _storage.SettledAsync() : Task.CompletedTask;
        _hooksRunning = Task.Run(async () =>
        {
            await before;
            string? failure;
            try
            {
                // What lets changes in may wait for a disk: a guest must not meet a mount that is still read-only.
                if (run.RestsOnRecord()) await admitted.WaitAsync(AdmissionMax, cancel.Token);
                Crash.At(CrashPoint.HooksBegun);
                failure = await _around.Hooks.RunAsync(run.Sequence, cancel.Token);
            }
            catch (Exception error)
            {
                failure = $"The hooks of {run.Sequence} could not be run: {error.Message}";
            }

            if (cancel.IsCancellationRequested) return; // A more urgent one took its place: its answer is the one that counts.
            _post(new MachineInput.SequenceEnded(run.Ticket, failure));
        });
    }

    private void Ask(long ticket) => _ = Task.Run(async () =>
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        deadline.CancelAfter(WitnessTimeoutMax);
        var reachable = false;
        try
        {
            reachable = await _around.AskWitness(deadline.Token);
        }
        catch (Exception error)
        {
            _around.Log.Add(SayLevel.Warning, $"The witness could not be asked: {error.Message}");
        }

        _post(new MachineInput.WitnessAnswered(ticket, reachable));
    });

    private void Listen(bool on)
    {
        lock (_listening)
        {
            _listenRetry?.Cancel();
            _listenRetry = null;
            if (!on)
            {
                _listener?.Dispose();
                (_listener, _refused) = (null, null);
            }
            else if (_listener is null)
            {
                TryListen();
            }
        }
    }

    private void Refused(string why)
    {
        lock (_listening) _refused = (why, _around.Clock.GetTimestamp());
    }

    private void TryListen()
    {
        try
        {
            _listener = _around.Listen(_hello, Accepted, Refused);
        }
        catch (IOException error)
        {
            // A network that is not up yet, or a port that something else holds: said once, tried again.
            _around.Log.Add(SayLevel.Warning, error.Message);
            var retry = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
            _listenRetry = retry;
            _ = Task.Run(() => RetryListenAsync(retry.Token));
        }
    }

    private async Task RetryListenAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(ListenRetry, cancellation);
                var listener = _around.Listen(_hello, Accepted, Refused);
                lock (_listening)
                {
                    if (cancellation.IsCancellationRequested) listener.Dispose();
                    else _listener = listener;
                }

                return;
            }
            catch (Exception error) when (error is IOException or OperationCanceledException)
            {
                continue; // Said already; the loop's condition ends it.
            }
        }
    }

    private void Accepted(PeerLink link) => _storage.Attach(link);
}
