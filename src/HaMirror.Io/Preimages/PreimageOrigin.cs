// The file "origin" beside a journal: what the journal is of (Records/FORMAT.md, "undo and salvage").
// Invariants: (1) it is durable before the journal's first record and goes away after the journal: no origin, no undo record; (2) before
// anything of the replica is replaced it says how much of the journal is on stable storage, and of a salvage set that is sealed all of
// it: a journal that ends earlier, be it between two records, was cut and is refused (PreimageReader.Of).
using HaMirror.Core.Generations;
using HaMirror.Core.Wire;
using HaMirror.Io.Records;

namespace HaMirror.Io.Preimages;

/// <summary>What a journal is of.</summary>
/// <param name="IsSalvage">What it keeps must not be lost: it was acknowledged on the losing side of a divergence.</param>
/// <param name="Began">When the resync began, by this node's clock.</param>
/// <param name="Node">This node.</param>
/// <param name="Peer">The node that the resync copies from.</param>
/// <param name="Before">The record of the replica as it was.</param>
/// <param name="Source">The source's generation.</param>
internal sealed record PreimageOrigin(
    bool IsSalvage, DateTimeOffset Began, string Node, string Peer, ReplicaRecord Before, GenerationId Source)
{
    public const string FileName = "origin";

    private const uint Magic = 0x4F524D48; // "HMRO"

    /// <summary>2: says how long the journal is.</summary>
    private const uint Version = 2;

    /// <summary>Bytes of the journal that were on stable storage when this was written: so many at least are there.</summary>
    public long Bytes { get; init; }

    /// <summary>Number of the last record among them.</summary>
    public ulong LastNumber { get; init; }

    /// <exception cref="IOException">The message is a sentence that names the file.</exception>
    public void Save(string directory)
    {
        var content = new byte[64 + (2 * (2 + WireProtocol.NameBytesMax)) + ReplicaRecordCodec.BytesMax];
        var writer = new WireWriter(content);
        writer.Byte(IsSalvage ? (byte)1 : (byte)0);
        writer.Int64(Began.ToUnixTimeMilliseconds());
        writer.Int64(Bytes);
        writer.UInt64(LastNumber);
        writer.Guid(Source.Value);
        writer.Text(Node, WireProtocol.NameBytesMax);
        writer.Text(Peer, WireProtocol.NameBytesMax);
        ReplicaRecordCodec.Write(ref writer, Before);
        if (writer.Overflowed)
            throw new InvalidOperationException("An origin does not fit its format.");
        CheckedFile.Save(PathIn(directory), Magic, Version, content.AsMemory(0, writer.Count));
    }

    /// <returns>Null: there is none.</returns>
    /// <exception cref="IOException">It is damaged; the message is a sentence that names the file.</exception>
    public static PreimageOrigin? Load(string directory)
    {
        CheckedFile.Load(PathIn(directory), Magic, Version, out var content, out var fault);
        if (fault is null && content is null)
            return null;
        if (fault is null && Read(content) is { } origin)
            return origin;
        throw new IOException($"{PathIn(directory)} {fault ?? "holds no valid origin"}. What lies in {directory} cannot be used: "
            + "move that directory away, or remove it when nothing of it is needed.");
    }

    private static string PathIn(string directory) => Path.Combine(directory, FileName);

    private static PreimageOrigin? Read(byte[]? content)
    {
        var reader = new WireReader(content);
        var salvage = reader.Flag();
        var began = reader.Int64();
        var bytes = reader.Int64();
        var number = reader.UInt64();
        var source = new GenerationId(reader.Guid());
        var node = reader.Text(WireProtocol.NameBytesMax);
        var peer = reader.Text(WireProtocol.NameBytesMax);
        var before = ReplicaRecordCodec.Read(ref reader);
        return reader.IsWhole && Math.Abs(began) < DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? new PreimageOrigin(salvage, DateTimeOffset.FromUnixTimeMilliseconds(began), node, peer, before, source) { Bytes = bytes, LastNumber = number }
            : null;
    }
}
