using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Simulator;

/// <summary>Who looks after a pair when all its faults are over.</summary>
public sealed class Operator(Pair pair)
{
    /// <summary>After the last fault a pair is mirrored again within this time, an operator's decisions included.</summary>
    private const long HealTime = 60_000_000;

    /// <summary>How long the operator watches a module that asks for him before he acts.</summary>
    private const long Patience = 6_000_000;

    private long _waitingSince = -1;

    private World World => pair.World;

    public void Repair()
    {
        pair.Network.Heal();
        World.Note("everything is repaired");
        foreach (var node in pair.Nodes)
        {
            node.Faults.Clear();
            node.RepairDisk();
            if (World.Disks.Next(2) == 0) node.ReplaceDisk();
            node.BootAndStart();
            node.WhenRunning(() => node.Input(new MachineInput.CheckerFired("tcp.web", true, null)));
        }
    }

    /// <summary>Lets the pair heal; a violation when it does not.</summary>
    public void Heal()
    {
        World.After(200_000, Care);
        if (!World.Run(World.Now + HealTime, pair.IsMirrored) && World.Violation is null)
            World.Violate("the pair did not heal: " + string.Join("; ", pair.Nodes.Select(node =>
                $"{node.Name} {node.View?.State} {node.View?.Phase}: {node.View?.Reason}")));
    }

    /// <summary>The operator does what the modules tell him to do, and nothing else: a module that waits without saying what
    /// for is a violation.</summary>
    private void Care()
    {
        World.After(World.Between(300, 500), Care);
        foreach (var node in pair.Nodes)
        {
            if (!node.Up) node.BootAndStart();
            else if (node.View is { State: ModuleState.Stop, Record.Detached: true }) node.Command(OperatorCommand.Attach);
            else if (node.View is { State: ModuleState.Stop }) node.Command(OperatorCommand.Start);
            else if (node.View is { State: ModuleState.Prim, Phase: Phase.Ready, Record.Detached: true }) node.Command(OperatorCommand.Swap);
        }

        var waits = pair.Nodes.Where(node => node.View is { State: ModuleState.Wait, Phase: Phase.NotReady }).ToArray();
        var serves = pair.Nodes.FirstOrDefault(node => node.View is { State: ModuleState.Alone or ModuleState.Prim });
        if (waits.Length == 0 || (waits.Length == 1 && serves is null && !IsBroken(waits[0]))) _waitingSince = -1;
        else if (_waitingSince < 0) _waitingSince = World.Now;
        else if (World.Now - _waitingSince > Patience)
        {
            _waitingSince = -1;
            Decide(waits, serves);
        }
    }

    private static bool IsBroken(SimulatedNode node) => Says(node, "'hamirror stopstart'");

    private static bool Says(SimulatedNode node, string words) => node.View?.Reason?.Contains(words, StringComparison.Ordinal) == true;

    private void Decide(SimulatedNode[] waits, SimulatedNode? serves)
    {
        foreach (var node in waits.Where(IsBroken)) node.Command(OperatorCommand.StopStart);
        if (waits.Any(IsBroken)) return;
        foreach (var node in waits.Where(node => Says(node, "'hamirror attach'"))) node.Command(OperatorCommand.Attach);
        if (serves is not null)
        {
            if (Says(waits[0], "--full-sync")) waits[0].Command(OperatorCommand.StartAsSecondaryFullSync);
            return;
        }

        var asked = waits.Where(node => Says(node, "--as-primary")).ToArray();
        if (asked.Length > 0) asked[World.Random.Next(asked.Length)].Command(OperatorCommand.StartAsPrimary);
        foreach (var node in waits.Where(node => Says(node, "'hamirror start' here"))) node.Command(OperatorCommand.Start);
    }
}
