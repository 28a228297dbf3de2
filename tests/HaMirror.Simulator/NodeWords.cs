using System.Globalization;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Simulator;

/// <summary>What a node does, in the words of a scenario and of a trace.</summary>
internal static class NodeWords
{
    /// <summary>The line of a scenario for a step that changed the state, or that recorded something.</summary>
    public static IEnumerable<string> Tell(string node, (ModuleState State, Phase Phase) before, MachineView view, StepOutput output)
    {
        var parts = output.Actions.Select(action => action switch
        {
            MachineAction.Persist persist => $"persist {Describe(persist.Record)}",
            MachineAction.RunSequence run => $"hooks {run.Sequence}",
            MachineAction.SetWritable writable => writable.Writable ? "writable" : "read-only",
            MachineAction.Freeze => "freeze",
            MachineAction.Thaw => "thaw",
            MachineAction.Offer => "offer",
            MachineAction.SendHandover handover => handover.Swap ? "hand over (swap)" : "hand over",
            MachineAction.BeginSource begin => $"source {begin.Plan}",
            MachineAction.Drain => "drain",
            MachineAction.Detach => "detach",
            MachineAction.AcceptDetach => "stand in",
            MachineAction.ProbeDisk => "try the disk",
            _ => null,
        }).OfType<string>().ToArray();
        if (before == (view.State, view.Phase) && parts.Length == 0) yield break;
        var change = before == (view.State, view.Phase)
            ? Name(view.State, view.Phase)
            : $"{Name(before.State, before.Phase)} -> {Name(view.State, view.Phase)}";
        yield return $"{node} {change}{(parts.Length > 0 ? "  " : "")}{string.Join("; ", parts)}";

        static string Name(ModuleState state, Phase phase) => $"{state.ToString().ToUpperInvariant()} {phase}";
    }

    public static string Describe(object value) => value switch
    {
        GenerationId generation => generation.IsNone ? "none" : $"g{int.Parse(generation.ToString(), NumberStyles.HexNumber, CultureInfo.InvariantCulture)}",
        ReplicaRecord record => $"{record.Condition} current={Describe(record.Current)} base={Describe(record.Base)}"
            + $"{(record.Serving ? " serving" : "")}{(record.Sole ? " sole" : "")}{(record.Detached ? " detached" : "")}{(record.HandedOver ? " handed-over" : "")}"
            + $"{(record.CompareAll ? " compare-all" : "")}{(record.TookOver ? " took-over" : "")}",
        MachineAction.Persist persist => $"Persist {Describe(persist.Record)}",
        MachineInput.LinkUp up => $"LinkUp {up.Link} source={up.Source} {up.Peer.State} {Describe(up.Peer.Record)}",
        _ => value.ToString() ?? "",
    };
}
