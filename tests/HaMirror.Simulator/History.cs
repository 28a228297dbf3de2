using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Simulator;

/// <summary>One history: a pair lives through random faults, then everything is repaired and the pair must heal.</summary>
public sealed class History
{
    private const long FaultsEnd = 40_000_000;

    /// <summary>After the last fault a pair is mirrored again within this time, an operator's decisions included.</summary>
    private const long HealTime = 60_000_000;

    /// <summary>How long the operator watches a module that asks for him before he acts.</summary>
    private const long OperatorPatience = 6_000_000;

    private const string Resource = "tcp.web";

    private readonly World _world;
    private readonly Pair _pair;
    private readonly FaultProfile _profile;
    private readonly SimulatedNetwork _network;
    private readonly IReadOnlyList<SimulatedNode> _nodes;
    private long _waitingSince = -1;

    private History(int seed, bool tracing, Mutation mutation)
    {
        _world = new World(seed) { Tracing = tracing };
        _profile = FaultProfile.Draw(_world.Random);
        _pair = new Pair(_world, _profile, mutation);
        (_network, _nodes) = (_pair.Network, _pair.Nodes);
        _world.Note(_profile.ToString());
    }

    private Ledger Ledger => _pair.Ledger;

    /// <summary>Runs the history of a seed.</summary>
    public static HistoryResult Run(int seed, bool tracing = false, Mutation? mutation = null)
    {
        var history = new History(seed, tracing, mutation ?? Mutation.None);
        history.Play();
        return new HistoryResult(seed, history._world.Violation, history.Ledger.Count, history.Ledger.Excuses, history._world.Trace);
    }

    private void Play()
    {
        foreach (var node in _nodes) node.Boot();
        _world.After(300_000, () =>
        {
            _nodes[0].Command(OperatorCommand.StartAsPrimary);
            _nodes[1].Command(OperatorCommand.Start);
        });
        if (!_world.Run(15_000_000, _pair.IsMirrored))
        {
            _world.Violate("the pair was not mirrored 15 s after its first start");
            return;
        }

        _world.Faulty = true;
        ScheduleFault();
        _world.Run(FaultsEnd);
        _world.Faulty = false;
        Repair();
        _world.After(200_000, Care);
        if (!_world.Run(_world.Now + HealTime, _pair.IsMirrored) && _world.Violation is null)
            _world.Violate("the pair did not heal: " + string.Join("; ", _nodes.Select(node =>
                $"{node.Name} {node.View?.State} {node.View?.Phase}: {node.View?.Reason}")));
    }

    private void ScheduleFault() => _world.After(_world.Between(100, 5000), () =>
    {
        if (_world.Now >= FaultsEnd) return;
        Fault();
        ScheduleFault();
    });

    private void Fault()
    {
        var node = _nodes[_world.Random.Next(2)];
        switch (_world.Random.Next(12))
        {
            case 0 when _profile.Crashes: node.Restart(powerCut: false); break;
            case 1 when _profile.PowerCuts:
                node.Restart(powerCut: true);
                if (_world.Chance(0.3)) node.Peer.Restart(powerCut: true);
                break;
            case 2 when _profile.Pauses: node.Pause(_world.Between(50, _world.Chance(0.5) ? 900 : 9000)); break;
            case 3 when _profile.Pauses: node.JumpClock(TimeSpan.FromSeconds(_world.Random.NextDouble() * 5)); break;
            case 4 when _profile.LinkResets: node.ResetLink(); break;
            case 5 when _profile.Partitions && _network.Connected:
                if (!_profile.Witness) Ledger.Excuse("isolation without a witness");
                _network.Partition();
                // A heartbeat gets through before the next one: a shorter gap is one partition that changes its shape.
                _world.After(_world.Between(200, 12_000), _network.Heal);
                break;
            case 6 or 7 when _profile.Commands: Operate(node); break;
            case 8 when _profile.TargetFailures: node.FailTarget(); break;
            case 9 when _profile.StorageFailures && _world.Chance(0.5):
                node.WhenRunning(() => node.Input(new MachineInput.StorageFailed("The disk failed.")));
                break;
            case 11 when _profile.Hangs: node.Hang(_world.Between(50, _world.Chance(0.5) ? 1500 : 12_000)); break;
            case 10 when _profile.Checkers:
                var action = (AutomaticAction)_world.Random.Next(Enum.GetValues<AutomaticAction>().Length);
                node.WhenRunning(() => node.Input(new MachineInput.CheckerFired(Resource, false, action)));
                node.After(_world.Between(500, 8000), () => node.Input(new MachineInput.CheckerFired(Resource, true, null)));
                break;
        }
    }

    private void Operate(SimulatedNode node)
    {
        var kinds = new List<OperatorCommand>
        {
            OperatorCommand.Start, OperatorCommand.Stop, OperatorCommand.Restart, OperatorCommand.StopStart, OperatorCommand.Swap,
            OperatorCommand.Swap, OperatorCommand.ForceStop, OperatorCommand.Start, OperatorCommand.StartAsSecondary,
        };
        if (_profile.ForcedByOperator)
            kinds.AddRange([OperatorCommand.StartAsPrimary, OperatorCommand.StartAsPrimary, OperatorCommand.StartAsSecondaryFullSync]);
        if (_profile.FailoverOff) kinds.AddRange([OperatorCommand.FailoverOff, OperatorCommand.FailoverOff, OperatorCommand.FailoverOn]);
        var kind = kinds[_world.Random.Next(kinds.Count)];
        node.Command(kind);
        if (kind == OperatorCommand.StartAsPrimary && _world.Chance(0.3)) node.Peer.Command(kind);
    }

    private void Repair()
    {
        _network.Heal();
        _world.Note("everything is repaired");
        foreach (var node in _nodes)
        {
            node.BootAndStart();
            node.WhenRunning(() => node.Input(new MachineInput.CheckerFired(Resource, true, null)));
        }
    }

    /// <summary>The operator does what the modules tell him to do, and nothing else: a module that waits without saying what
    /// for is a violation.</summary>
    private void Care()
    {
        _world.After(_world.Between(300, 500), Care);
        foreach (var node in _nodes)
        {
            if (!node.Up) node.BootAndStart();
            else if (node.View is { State: ModuleState.Stop }) node.Command(OperatorCommand.Start);
        }

        var waits = _nodes.Where(node => node.View is { State: ModuleState.Wait, Phase: Phase.NotReady }).ToArray();
        var serves = _nodes.FirstOrDefault(node => node.View is { State: ModuleState.Alone or ModuleState.Prim });
        if (waits.Length == 0 || (waits.Length == 1 && serves is null && !IsBroken(waits[0]))) _waitingSince = -1;
        else if (_waitingSince < 0) _waitingSince = _world.Now;
        else if (_world.Now - _waitingSince > OperatorPatience)
        {
            _waitingSince = -1;
            Decide(waits, serves);
        }
    }

    private static bool IsBroken(SimulatedNode node) => node.View!.Reason!.Contains("'hamirror stopstart'", StringComparison.Ordinal);

    private void Decide(SimulatedNode[] waits, SimulatedNode? serves)
    {
        foreach (var node in waits.Where(IsBroken)) node.Command(OperatorCommand.StopStart);
        if (waits.Any(IsBroken)) return;
        if (serves is not null)
        {
            if (waits[0].View!.Reason!.Contains("--full-sync", StringComparison.Ordinal))
                waits[0].Command(OperatorCommand.StartAsSecondaryFullSync);
            return;
        }

        var asked = waits.Where(node => node.View!.Reason!.Contains("--as-primary", StringComparison.Ordinal)).ToArray();
        if (asked.Length > 0) asked[_world.Random.Next(asked.Length)].Command(OperatorCommand.StartAsPrimary);
        foreach (var node in waits.Where(node => node.View!.Reason!.Contains("'hamirror start' here", StringComparison.Ordinal)))
            node.Command(OperatorCommand.Start);
    }
}
