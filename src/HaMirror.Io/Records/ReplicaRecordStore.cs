// The replica record on disk: FORMAT.md, "record".
// Invariant: a record that was returned by Load was once given to Save, whole. A damaged file is refused, never guessed:
// what is in it decides which data survives.
using HaMirror.Core.Generations;
using HaMirror.Core.Wire;

namespace HaMirror.Io.Records;

/// <summary>Keeps one module's <see cref="ReplicaRecord"/>.</summary>
/// <param name="path">The file (<see cref="AgentFiles.ReplicaRecordFile"/>).</param>
public sealed class ReplicaRecordStore(string path)
{
    private const uint Magic = 0x52524D48; // "HMRR"

    /// <summary>1: the first.</summary>
    private const uint Version = 1;

    /// <summary>Reads the record. No file: <see cref="ReplicaRecord.New"/>.</summary>
    /// <returns>False: <paramref name="refusal"/> says what is wrong with which file, and what to do.</returns>
    public bool TryLoad(out ReplicaRecord record, out string refusal)
    {
        record = ReplicaRecord.New;
        refusal = "";
        CheckedFile.Load(path, Magic, Version, out var content, out var fault);
        if (fault is null && content is not null)
        {
            var reader = new WireReader(content);
            record = ReplicaRecordCodec.Read(ref reader);
            if (!reader.IsWhole)
                fault = "holds no valid replica record";
        }
        if (fault is null)
            return true;
        record = ReplicaRecord.New;
        refusal = $"The replica record {path} {fault}. HaMirror does not guess what this replica is worth: if the peer is up "
            + "to date, remove the file and start this node with 'hamirror start --as-secondary --full-sync'.";
        return false;
    }

    /// <summary>Replaces the record; durable when it returns.</summary>
    /// <exception cref="IOException">The message is a sentence that names the file.</exception>
    public void Save(ReplicaRecord record)
    {
        if (record.Validate() is { } broken)
            throw new InvalidOperationException(broken);
        var content = new byte[ReplicaRecordCodec.BytesMax];
        var writer = new WireWriter(content);
        ReplicaRecordCodec.Write(ref writer, record);
        if (writer.Overflowed)
            throw new InvalidOperationException($"The replica record of peer '{record.PeerName}' does not fit its format.");
        CheckedFile.Save(path, Magic, Version, content.AsMemory(0, writer.Count));
    }
}
