using System.Collections.Immutable;
using HaMirror.Core.Generations;
using HaMirror.Core.States;

namespace HaMirror.Core.Wire;

/// <summary>A replica record as bytes: in a hello, in a heartbeat and in the record's file.</summary>
/// <remarks>
/// <code>
/// size field
///   16 current generation
///   16 base generation
///   16 generation of the resync's source
///    1 condition
///    1 flags: 1 serving, 2 sole, 4 handed over, 8 compare all, 16 a peer's name follows, 32 marks unsaved, 64 took over,
///      128 the disk is detached
///    1 length of the history, in generations, at most 32
/// 16*n history, newest first
///  2+n the peer's name (flag 16)
/// </code>
/// A record that breaks an invariant of <see cref="ReplicaRecord.Validate"/> is a failure when it is read.
/// </remarks>
public static class ReplicaRecordCodec
{
    /// <summary>Bytes of the largest record.</summary>
    public const int BytesMax = 3 * 16 + 3 + ReplicaRecord.HistoryMax * 16 + 2 + WireProtocol.NameBytesMax;

    public static void Write(ref WireWriter writer, ReplicaRecord record)
    {
        writer.Guid(record.Current.Value);
        writer.Guid(record.Base.Value);
        writer.Guid(record.ResyncFrom.Value);
        writer.Byte((byte)record.Condition);
        writer.Byte((byte)((record.Serving ? 1 : 0) | (record.Sole ? 2 : 0) | (record.HandedOver ? 4 : 0)
            | (record.CompareAll ? 8 : 0) | (record.PeerName is null ? 0 : 16)
            | (record.MarksUnsaved ? 32 : 0) | (record.TookOver ? 64 : 0) | (record.Detached ? 128 : 0)));
        writer.Byte((byte)record.History.Length);
        foreach (var generation in record.History)
            writer.Guid(generation.Value);
        if (record.PeerName is { } name)
            writer.Text(name, WireProtocol.NameBytesMax);
    }

    /// <returns>A record, worth nothing when the reader has failed.</returns>
    public static ReplicaRecord Read(ref WireReader reader)
    {
        var current = new GenerationId(reader.Guid());
        var basis = new GenerationId(reader.Guid());
        var from = new GenerationId(reader.Guid());
        var condition = (ReplicaCondition)reader.Byte();
        var flags = reader.Byte();
        var count = reader.Byte();
        if (condition > ReplicaCondition.Unknown || count > ReplicaRecord.HistoryMax)
            reader.Fail();
        var history = ImmutableArray.CreateBuilder<GenerationId>();
        for (var index = 0; index < count && !reader.Failed; index++)
            history.Add(new GenerationId(reader.Guid()));
        var record = new ReplicaRecord
        {
            Current = current,
            Base = basis,
            ResyncFrom = from,
            Condition = condition,
            Serving = (flags & 1) != 0,
            Sole = (flags & 2) != 0,
            HandedOver = (flags & 4) != 0,
            CompareAll = (flags & 8) != 0,
            MarksUnsaved = (flags & 32) != 0,
            TookOver = (flags & 64) != 0,
            Detached = (flags & 128) != 0,
            History = history.ToImmutable(),
            PeerName = (flags & 16) != 0 ? reader.Text(WireProtocol.NameBytesMax) : null,
        };
        if (!reader.Failed && record.Validate() is not null)
            reader.Fail();
        return record;
    }
}
