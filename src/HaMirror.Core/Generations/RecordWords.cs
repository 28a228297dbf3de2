using System.Collections.Immutable;
using HaMirror.Core.States;

namespace HaMirror.Core.Generations;

/// <summary>A replica record in an operator's words.</summary>
public static class RecordWords
{
    /// <summary>What the flags of a record say, one phrase each; empty when nothing is out of the ordinary.</summary>
    /// <param name="state">Of the node whose record it is: it tells one that serves from one that crashed.</param>
    public static ImmutableArray<string> Flags(ReplicaRecord record, ModuleState state)
    {
        var words = ImmutableArray.CreateBuilder<string>();
        if (record.Serving)
            words.Add(state is ModuleState.Alone or ModuleState.Prim ? "it serves" : "it served and did not end in order (a crash, or its standby was lost)");
        if (record.Detached) words.Add("its disk is detached: what was written since is on the peer only");
        if (record.Sole) words.Add("it went on alone and may start without its peer");
        if (record.HandedOver) words.Add("it has handed its service over");
        if (record.TookOver) words.Add("it took over from its peer at the last separation");
        if (record.CompareAll) words.Add("its marks are not known to be complete, so everything is compared");
        else if (record.MarksUnsaved) words.Add("until it stops in order its intent log tells what may differ");
        return words.ToImmutable();
    }
}
