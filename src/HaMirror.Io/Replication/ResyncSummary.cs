// How the last resync of a module went: what the next one's time is estimated from. Kept in the module's state directory.
// Layout of the content: plan (1), bytes done (8), bytes sent (8), duration in ms (8), end in ms since 1970 (8).
using System.Buffers.Binary;
using HaMirror.Core.Machine;
using HaMirror.Io.Records;

namespace HaMirror.Io.Replication;

/// <summary>A resync that has ended well.</summary>
/// <param name="BytesDone">Compared, copied or skipped as holes.</param>
/// <param name="BytesSent">Payload that crossed the link, after compression.</param>
/// <param name="Ended">By this node's wall clock.</param>
public sealed record ResyncSummary(ResyncPlan Plan, ulong BytesDone, ulong BytesSent, TimeSpan Duration, DateTimeOffset Ended)
{
    private const uint Magic = 0x53524D48; // "HMRS"

    /// <summary>1: the first.</summary>
    private const uint Version = 1;

    private const int Bytes = 33;

    /// <summary>Below this nothing can be said of a rate.</summary>
    private const ulong RateBytesMin = 1 << 20;

    /// <summary>Of <see cref="BytesDone"/>; null: it was too little to measure.</summary>
    public double? BytesPerSecond => BytesDone >= RateBytesMin ? BytesDone / Math.Max(Duration.TotalSeconds, 0.001) : null;

    /// <returns>Null: there is none, or it is damaged; only an estimate hangs on it.</returns>
    public static ResyncSummary? Load(string path)
    {
        CheckedFile.Load(path, Magic, Version, out var content, out _);
        if (content is not { Length: Bytes })
            return null;
        var span = content.AsSpan();
        return new ResyncSummary(
            (ResyncPlan)span[0], BinaryPrimitives.ReadUInt64LittleEndian(span[1..]), BinaryPrimitives.ReadUInt64LittleEndian(span[9..]),
            TimeSpan.FromMilliseconds(BinaryPrimitives.ReadUInt64LittleEndian(span[17..]) % int.MaxValue),
            DateTimeOffset.UnixEpoch.AddMilliseconds(BinaryPrimitives.ReadUInt64LittleEndian(span[25..]) % (1UL << 45)));
    }

    /// <exception cref="IOException">It cannot be kept; the message is a sentence.</exception>
    public void Save(string path)
    {
        var content = new byte[Bytes];
        content[0] = (byte)Plan;
        BinaryPrimitives.WriteUInt64LittleEndian(content.AsSpan(1), BytesDone);
        BinaryPrimitives.WriteUInt64LittleEndian(content.AsSpan(9), BytesSent);
        BinaryPrimitives.WriteUInt64LittleEndian(content.AsSpan(17), (ulong)Duration.TotalMilliseconds);
        BinaryPrimitives.WriteUInt64LittleEndian(content.AsSpan(25), (ulong)Ended.ToUnixTimeMilliseconds());
        CheckedFile.Save(path, Magic, Version, content);
    }
}
