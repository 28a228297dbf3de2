using HaMirror.Core.Hooks;
using HaMirror.Core.Machine;

namespace HaMirror.Simulator;

/// <summary>What one process of a node has beside its machine: it carries actions out, and holds the data path, the ends of a
/// link and a guest.</summary>
public sealed class SimulatedDriver
{
    /// <summary>Of a disk that is tried (<c>checktime</c>).</summary>
    private const long ProbePatience = 10_000_000;

    private readonly World _world;
    private readonly SimulatedNetwork _network;
    private readonly Ledger _ledger;
    private readonly SimulatedNode _node;
    private readonly Mutation _mutation;
    private readonly Queue<MachineAction> _behind = new(); // What the data path is asked for while its target half is stuck in the disk.
    private long _sequence;
    private bool _listens;
    private bool _dials;
    private bool _guestRuns;
    private bool _mounted;

    public SimulatedDriver(World world, SimulatedNetwork network, Ledger ledger, SimulatedNode node, Mutation mutation)
    {
        (_world, _network, _ledger, _node, _mutation) = (world, network, ledger, node, mutation);
        Pump = new SimulatedPump(world, ledger, node, mutation);
        Target = new SimulatedTarget(world, node, mutation);
    }

    /// <summary>Flushes of the replica's disk that failed in this process. The kernel says it once and counts the pages as written: no
    /// later flush, whoever asks for it, proves what was there before.</summary>
    public int FailedFlushes { get; private set; }

    public SimulatedPump Pump { get; }

    /// <summary>The target half of a link.</summary>
    public SimulatedTarget Target { get; }

    public SimulatedLink? Link { get; private set; }

    /// <summary>The last one, whether it has ended or not.</summary>
    public SimulatedLink? LastLink { get; private set; }

    /// <summary>The block is under way to the target.</summary>
    public bool IsChanging(int block) => Pump.IsChanging(block) || _node.Peer.Driver.Target.IsPending(block);

    /// <summary>A flush has ended.</summary>
    public DiskAnswer Flushed(DiskAnswer answer)
    {
        if (answer != DiskAnswer.Done) FailedFlushes++;
        return answer;
    }

    /// <summary>The process is gone.</summary>
    public void Die(bool toldToPeer)
    {
        if (toldToPeer) Link?.Close(_node, "process gone");
        Link = null;
    }

    /// <summary>This end of the link ends.</summary>
    public void EndLink(string reason)
    {
        if (Link is not { } link) return;
        link.Close(_node, reason);
        LinkEnded(link, reason);
    }

    public void LinkEnded(SimulatedLink link, string reason, long silence = 0)
    {
        if (Link == link) Link = null;
        if (link.Target == _node) Target.Drain(Tell);
        else Tell();

        void Tell()
        {
            _node.Input(new MachineInput.LinkDown(link.Id, reason) { Silence = TimeSpan.FromMicroseconds(silence) }); // Before a drain that it ends.
            Pump.LinkLost(link);
        }
    }

    public void PlanReceived(SimulatedLink link, ResyncPlan plan)
    {
        link.SourcePlan = plan;
        _node.Input(new MachineInput.PlanReceived(link.Id, plan));
    }

    /// <summary>The guest writes, flushes and reads now and then.</summary>
    public void Guest()
    {
        var guests = _world.Guests;
        _node.After(_node.Options.Quiet ? guests.Next(20_000, 1_500_000) : guests.Next(5_000, 120_000), Guest);
        if (!_guestRuns) return;
        Pump.Read();
        var block = guests.Next(SimulatedReplica.BlockCount);
        if (_node.Options.Plain && guests.Next(8) == 0) Pump.Flush();
        else Pump.Write(block, (_world.Now * 2) + _node.Index, _node.Options.Plain && guests.Next(3) > 0);
    }

    public void Carry(MachineAction action)
    {
        if (_world.Tracing && action is not (MachineAction.Beat or MachineAction.Say)) _world.Note($"{_node.Name} -> {NodeWords.Describe(action)}");
        switch (action)
        {
            case MachineAction.RunSequence run: RunHooks(run); break;
            case MachineAction.Mount when _node.Disk.Wait is > 0 and var wait: _node.After(wait, Mount); break;
            case MachineAction.Mount: Mount(); break;
            case MachineAction.Unmount: _node.After(_world.Between(1, 30), Unmount); break;
            case MachineAction.Dial dial:
                if (dial.On && !_dials) _node.After(_world.Between(1, 5), DialOnce);
                _dials = dial.On;
                break;
            case MachineAction.Listen listen: _listens = listen.On; break;
            case MachineAction.AskWitness ask: AskWitness(ask.Ticket); break;
            case MachineAction.ProbeDisk probe: ProbeDisk(probe.Ticket); break;
            case MachineAction.Beat: _world.After(1, _node.Beats.Send); break;
            case MachineAction.Say: break;
            default:
                // In the order in which it was asked for, behind what a disk that hangs keeps.
                if (_behind.Count > 0 || (Target.IsStuck && action is MachineAction.SetWritable { Writable: true })) Defer(action);
                else CarryStorage(action);
                break;
        }
    }

    private void Defer(MachineAction action)
    {
        _behind.Enqueue(action);
        if (_behind.Count == 1) Target.Drain(() =>
        {
            // A service that was ended meanwhile lets nothing in: no change goes before its machine has opened a generation for it. Nor does
            // one on a replica that could not apply all: its machine is just being told.
            while (_behind.TryDequeue(out var next))
                if (next is not MachineAction.SetWritable { Writable: true } || !(Target.HasFailed || _behind.Contains(new MachineAction.SetWritable(false)))) CarryStorage(next);
        });
    }

    private void Mount()
    {
        var failure = Pump.Load(_node.Intent.Load(_mutation.ComparesHot));
        _mounted = failure is null;
        _node.After(_world.Between(1, 30), () => _node.Step(new MachineInput.MountEnded(failure)));
    }

    private void Unmount()
    {
        string? failure = null;
        if (Target.IsStuck) failure = "The disk does not answer: nothing can be unmounted.";
        else if (_mounted)
        {
            _mounted = false;
            if (_node.Disk.LogFails) failure = "The marks cannot be saved.";
            else _node.Intent.Close(_mutation.SavesMarks ? Pump.Close() : []);
        }

        _node.Step(new MachineInput.UnmountEnded(failure));
    }

    /// <summary>A nameless file is written, made durable, and read back.</summary>
    private void ProbeDisk(long ticket) => _node.After(_world.Disks.Next(1000, 20_000) + Math.Min(_node.Disk.Wait, ProbePatience), () =>
        _node.Probed(ticket, _node.Disk.Hangs || _node.Disk.Write() != DiskAnswer.Done ? "The disk cannot be written." : null));

    private void CarryStorage(MachineAction action)
    {
        switch (action)
        {
            case MachineAction.SetWritable writable:
                if (writable.Writable) _ledger.ServiceBegan(_node);
                Pump.SetWritable(writable.Writable);
                break;
            case MachineAction.Freeze: Pump.Freeze(); break;
            case MachineAction.Thaw: Pump.Thaw(); break;
            case MachineAction.OpenGeneration: Pump.OpenGeneration(); break;
            case MachineAction.Drain drain: Pump.Drain(drain.Ticket); break;
            case MachineAction.KeepDisk: Pump.KeepDisk(); break;
            case MachineAction.Undo undo: Undo(undo.Ticket); break;
            case MachineAction.EndUndo: _node.Journal.End(); break;
            default: CarryLink(action); break;
        }
    }

    private void CarryLink(MachineAction action)
    {
        if (Link is not { } link) return;
        switch (action)
        {
            case MachineAction.BeginSource begin when begin.Link == link.Id: Pump.BeginSource(link, begin.Plan); break;
            case MachineAction.BeginTarget begin when begin.Link == link.Id:
                link.TargetPlan = begin.Plan;
                if (_node.Disk.RecordFails && begin.Keeps.Kind is Preservation.Salvage or Preservation.ContinuedSalvage)
                {
                    EndLink("what only this node holds cannot be saved");
                    break;
                }

                if (_mutation.Salvages || begin.Keeps.Kind is not (Preservation.Salvage or Preservation.ContinuedSalvage)) _node.Journal.Begin(begin.Keeps, _node.Replica);
                TargetBegins(link);
                break;
            case MachineAction.Offer offer when offer.Link == link.Id: Pump.Offer(link, offer.Generation); break;
            case MachineAction.AcceptOffer accept when accept.Link == link.Id:
                _node.Journal.End();
                Pump.Equalled();
                link.ToSource(() =>
                {
                    link.Source.Driver.Pump.OfferAccepted(link);
                    link.Source.Input(new MachineInput.OfferAccepted(link.Id));
                });
                break;
            case MachineAction.SendHandover handover when handover.Link == link.Id:
                link.ToTarget(() => link.Target.Input(new MachineInput.HandoverReceived(link.Id, handover.Swap)));
                break;
            case MachineAction.SendSwapRequest request when request.Link == link.Id:
                link.ToSource(() => link.Source.Input(new MachineInput.SwapRequested(link.Id)));
                break;
            case MachineAction.Detach detach when detach.Link == link.Id: Pump.Detach(link); break;
            case MachineAction.AcceptDetach accept when accept.Link == link.Id: Target.AcceptDetach(link); break;
            case MachineAction.CutLink cut when cut.Link == link.Id:
                Link = null;
                if (link.Target == _node) Target.Drain();
                Pump.LinkLost(link);
                link.Close(_node, cut.Reason);
                break;
        }
    }

    private void TargetBegins(SimulatedLink link)
    {
        if (link.SourcePlan is not { } plan || link.TargetPlan is not { } own || Link != link) return;
        if (plan != own)
        {
            LinkEnded(link, "the plans differ");
            link.Close(_node, "the plans differ");
            return;
        }

        int[] marks = [.. Pump.TargetMarks()];
        link.ToSource(() => link.Source.Driver.Pump.Resync.Begin(link, marks, plan));
    }

    private void RunHooks(MachineAction.RunSequence run)
    {
        var calls = HookTable.Calls(run.Sequence);
        if (calls.Any(call => call.Hook == "stop_prim")) _guestRuns = false;
        var starts = calls.Any(call => call.Hook == "start_prim");
        var sequence = ++_sequence;
        var hangs = _node.Faults.HookHangs;
        var fails = hangs > 0 || _node.Faults.HookFails;
        (_node.Faults.HookHangs, _node.Faults.HookFails) = (0, false);
        _node.After(hangs > 0 ? hangs : _world.Chance(0.1) ? _world.Between(200, 3000) : _world.Between(5, 200), () =>
        {
            if (sequence != _sequence) return; // A forced end took its place.
            if (starts) _guestRuns = !fails;
            _node.Step(new MachineInput.SequenceEnded(run.Ticket, fails ? "A hook failed." : null));
        });
    }

    private void AskWitness(long ticket)
    {
        var reachable = _network.WitnessReachableFrom(_node.Index);
        if (reachable && _network.WitnessAnswers(_node.Index)) _ledger.Excuse("the witness answered both nodes in one separation");
        _node.After(reachable ? _world.Between(0.2, 5) : _world.Between(150, 250),
            () => _node.Step(new MachineInput.WitnessAnswered(ticket, reachable)));
    }

    private void Undo(long ticket) => _node.After(_world.Disks.Next(1000, 40_000) + _node.Disk.Wait, () =>
    {
        const string broken = "The disk failed. Repair it, then run 'hamirror start --as-primary --undo' again.";
        if (_node.Journal.Blocks is > 0 and var blocks && _node.Disk.Write() != DiskAnswer.Done)
        {
            _node.Journal.UndoPart(_node.Replica, _world.Disks.Next(blocks));
            _node.Step(new MachineInput.Undone(ticket, null, broken));
            return;
        }

        var before = _node.Journal.Undo(_node.Replica);
        var failure = before is null ? "There is no undo record. Start without --undo."
            : _node.Disk.FlushAll(_node.Disk.Open(), _node.Replica.Order) == DiskAnswer.Done ? null : broken;
        _node.Step(new MachineInput.Undone(ticket, failure is null ? before : null, failure));
    });

    private void DialOnce()
    {
        if (!_dials) return;
        _node.After(_world.Between(50, 200), DialOnce);
        var (source, boot, peerBoot) = (_node.Peer, _node.Boots, _node.Peer.Boots);
        if (!_network.Connected || !source.Answers || !source.Driver._listens || Link is not null || Target.IsStuck) return;
        _world.After(_world.Between(1, 6), () =>
        {
            if (boot != _node.Boots || peerBoot != source.Boots || !_node.Answers || !source.Answers || Link is not null || !_network.Connected) return;
            var link = new SimulatedLink(_world, _network, _world.Now, source, _node);
            source.Driver.EndLink("dialled anew");
            Link = LastLink = link;
            source.Driver.Link = source.Driver.LastLink = link;
            Target.Begin(link);
            link.Watch();
            _node.Input(new MachineInput.LinkUp(link.Id, false, source.Driver.Hello()));
            source.Input(new MachineInput.LinkUp(link.Id, true, Hello()));
        });
    }

    private PeerHello Hello() => new(_node.Name, _node.Record, _node.View!.State, _node.View.FullSync, Pump.Marks.Count)
    {
        ManualDivergence = _node.Options.Manual,
    };
}
