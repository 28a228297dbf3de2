using System.Globalization;
using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Simulator;

/// <summary>Carries one command of a story out.</summary>
/// <remarks>
/// <code>
/// node1 start [--as-primary [--undo] | --as-secondary | --full-sync]
/// node1 stop | force-stop | restart | stopstart | swap | failover-on | failover-off
/// node1 crash [2s] | power-cut [2s]   its process dies, or its host; with a time it boots and starts after it
/// node1 crash-at 3 [2s]               the same (power-cut-at, too) before the third action that its machine asks for from now on
/// node1 crash-at-data 3 [2s]          the same (power-cut-at-data, too) just after the third step of its data path from now on
/// node1 boot
/// node1 pause 2s | hang 2s            nothing of it runs; its disk hangs, its heartbeats go on
/// node1 jump 2s                       its clock
/// node1 reset-link
/// node1 target-fails | full-at 3      its disk refuses what it received, now or with the third write from now on
/// node1 storage-fails                 its disk fails for good
/// node1 record-fails 2s               its record cannot be written for that long
/// node1 disk-breaks [2s] [record]     every read, write and flush fails, until 'repair' or for that long; 'record': its record and
///                                     intent log lie on it, too
/// node1 disk-error-at 3               the third operation of its disk from now on fails, and only that
/// node1 disk-fills 2s [record]        writes find it full
/// node1 disk-hangs [2s]               it does not answer, for that long or until 'repair'; machine and record are elsewhere
/// node1 log-fails 2s                  its intent log cannot be written for that long
/// node1 disk-repaired | disk-replaced by an empty one, if it is detached
/// node1 attach
/// node1 hook-fails | hook-hangs 5s    the next sequence of hooks
/// node1 checker tcp.web up|down Swap  a checker fires; 2s instead of 'down': it fires up after that time
/// both power-cut 2s 3s
/// cut [SHAPE [2s]]                    node1 | node2 | none: all is cut, and who keeps the witness; both: everybody keeps it;
///                                     1>2 | 2>1: this way only; lan1 | lan2: one LAN. With a time it heals after it.
/// heal
/// repair                              the network and the nodes; their disks are well, and they boot and start
/// run 5s                              let time pass
/// until mirrored                      a violation when they are not after 30 s
/// until healed                        an operator does what the modules ask for; a violation when they are not mirrored after 60 s
/// </code>
/// </remarks>
public static class StoryLine
{
    private const long UntilMax = 30_000_000;

    /// <exception cref="FormatException">The line is not understood.</exception>
    public static void Carry(Pair pair, string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        switch (words)
        {
            case []: break;
            case ["run", var time]: pair.World.Run(pair.World.Now + Story.Microseconds(time)); break;
            case ["until", "mirrored"]:
                if (!pair.World.Run(pair.World.Now + UntilMax, pair.IsMirrored) && pair.World.Violation is null)
                    pair.World.Violate("the pair was not mirrored within 30 s");
                break;
            case ["until", "healed"]: pair.Operator.Heal(); break;
            case ["repair"]: pair.Operator.Repair(); break;
            case ["cut"]:
                pair.Ledger.Excuse("isolation without a witness");
                pair.Network.Cut("none");
                break;
            case ["cut", var shape]: pair.Cut(shape); break;
            case ["cut", var shape, var time]:
                pair.Cut(shape);
                pair.World.After(Story.Microseconds(time), pair.Network.Heal);
                break;
            case ["heal"]: pair.Network.Heal(); break;
            case ["both", "power-cut", var first, var second]:
                pair.Nodes[0].Restart(powerCut: true, Story.Microseconds(first));
                pair.Nodes[1].Restart(powerCut: true, Story.Microseconds(second));
                break;
            case ["node1" or "node2", ..]:
                var node = pair.Nodes[words[0] == "node1" ? 0 : 1];
                if (!Happens(node, words[1..])) Command(pair, node, words, line);
                break;
            default: throw new FormatException($"'{line}' is not understood.");
        }
    }

    /// <summary>What befalls a node; false: it is a command.</summary>
    private static bool Happens(SimulatedNode node, string[] words)
    {
        switch (words)
        {
            case ["power-cut"]: node.Crash(powerCut: true); return true;
            case ["crash"]: node.Crash(powerCut: false); return true;
            case ["power-cut" or "crash", var time]: node.Restart(words[0] == "power-cut", Story.Microseconds(time)); return true;
            case ["crash-at" or "power-cut-at", var count, ..]:
                node.CrashAt(Number(count), words[0] == "power-cut-at", words.Length > 2 ? Story.Microseconds(words[2]) : null);
                return true;
            case ["crash-at-data" or "power-cut-at-data", var count, ..]:
                node.CrashAtData(Number(count), words[0] == "power-cut-at-data", words.Length > 2 ? Story.Microseconds(words[2]) : null);
                return true;
            case ["boot"]: node.Boot(); return true;
            case ["reset-link"]: node.ResetLink(); return true;
            case ["hang", var time]: node.Hang(Story.Microseconds(time)); return true;
            case ["pause", var time]: node.Pause(Story.Microseconds(time)); return true;
            case ["jump", var time]: node.JumpClock(TimeSpan.FromMicroseconds(Story.Microseconds(time))); return true;
            case ["target-fails"]: node.FailTarget(); return true;
            case ["full-at", var count]: node.Faults.FullAt = Number(count); return true;
            case ["storage-fails"]:
                node.WhenRunning(() => node.Input(new MachineInput.StorageFailed("The disk failed.")));
                return true;
            case ["record-fails", var time]: node.Faults.FailRecord(Story.Microseconds(time)); return true;
            case ["disk-breaks" or "disk-error-at" or "disk-fills" or "disk-hangs" or "log-fails" or "disk-repaired" or "disk-replaced", ..]
                when DiskHappens(node, words): return true;
            case ["hook-fails"]: node.Faults.HookFails = true; return true;
            case ["hook-hangs", var time]: node.Faults.HookHangs = Story.Microseconds(time); return true;
            case ["checker", var resource, var state, var action]:
                Check(node, resource, state, Enum.Parse<AutomaticAction>(action));
                return true;
            default: return false;
        }
    }

    private static bool DiskHappens(SimulatedNode node, string[] words)
    {
        switch (words)
        {
            case ["disk-breaks"] or ["disk-breaks", "record"]: node.Disk.Break(SimulatedDisk.Never, words.Length > 1); return true;
            case ["disk-breaks", var time, ..]: node.Disk.Break(Story.Microseconds(time), words.Length > 2); return true;
            case ["disk-error-at", var count]: node.Disk.ErrorAt = Number(count); return true;
            case ["disk-fills", var time, ..]: node.Disk.Fill(Story.Microseconds(time), words.Length > 2); return true;
            case ["disk-hangs"]: node.Disk.Hang(SimulatedDisk.Never); return true;
            case ["disk-hangs", var time]: node.Disk.Hang(Story.Microseconds(time)); return true;
            case ["log-fails", var time]: node.Disk.FailLog(Story.Microseconds(time)); return true;
            case ["disk-repaired"]: node.RepairDisk(); return true;
            case ["disk-replaced"]: node.ReplaceDisk(); return true;
            default: return false;
        }
    }

    private static void Check(SimulatedNode node, string resource, string state, AutomaticAction action)
    {
        node.WhenRunning(() => node.Input(new MachineInput.CheckerFired(resource, state == "up", action)));
        if (state is not ("up" or "down"))
            node.After(Story.Microseconds(state), () => node.Input(new MachineInput.CheckerFired(resource, true, null)));
    }

    private static void Command(Pair pair, SimulatedNode node, string[] words, string line)
    {
        var kind = words[1..] switch
        {
            ["start"] => OperatorCommand.Start,
            ["start", "--as-primary", ..] => OperatorCommand.StartAsPrimary,
            ["start", "--as-secondary"] => OperatorCommand.StartAsSecondary,
            ["start", "--full-sync"] => OperatorCommand.StartAsSecondaryFullSync,
            ["stop"] => OperatorCommand.Stop,
            ["force-stop"] => OperatorCommand.ForceStop,
            ["restart"] => OperatorCommand.Restart,
            ["stopstart"] => OperatorCommand.StopStart,
            ["swap"] => OperatorCommand.Swap,
            ["attach"] => OperatorCommand.Attach,
            ["failover-on"] => OperatorCommand.FailoverOn,
            ["failover-off"] => OperatorCommand.FailoverOff,
            _ => throw new FormatException($"'{line}' is not understood."),
        };
        if (node.Command(kind, undo: words[^1] == "--undo") is { } refusal) pair.World.Story?.Add($"{node.Name} refuses: {refusal}");
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
