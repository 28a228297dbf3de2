using System.Security.Cryptography;
using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Core.Wire;

/// <summary>The payload of Introduction, the second frame of each end: a proof that the sender holds the cluster key, and
/// on the control connection what it has to say of its replica.</summary>
/// <remarks>
/// <code>
/// offset size field
///      0   32 HMAC-SHA-256 with the replication key over: one byte (1 who dialled, 2 who listens), the payload of the
///             dialler's Hello, that of the listener's Hello, and the rest of this payload
///     32    1 state                     (nothing from here on: the data connection)
///     33    1 flags: 1 full sync, 2 a divergence is left to an operator
///     34    4 files with marks
///     38  2+n node name
///        rest replica record
/// </code>
/// Both nonces are under the MAC, so nothing that was said before can be said again; the byte keeps an end from being
/// answered with its own words. The proof is asked for with TLS too: one way of doing things.
/// </remarks>
public static class IntroductionFrame
{
    public const int ProofBytes = 32;

    /// <summary>Bytes of the largest Introduction.</summary>
    public const int BytesMax = ProofBytes + 8 + WireProtocol.NameBytesMax + ReplicaRecordCodec.BytesMax;

    /// <param name="hello">Null on the data connection.</param>
    /// <returns>Bytes written, or 0 when a name is too long.</returns>
    public static int Write(
        Span<byte> room, ReadOnlySpan<byte> key, bool dialler, ReadOnlySpan<byte> diallerHello,
        ReadOnlySpan<byte> listenerHello, PeerHello? hello)
    {
        var writer = new WireWriter(room[ProofBytes..]);
        if (hello is not null)
        {
            writer.Byte((byte)hello.State);
            writer.Byte((byte)((hello.FullSync ? 1 : 0) | (hello.ManualDivergence ? 2 : 0)));
            writer.UInt32((uint)hello.MarkCount);
            writer.Text(hello.NodeName, WireProtocol.NameBytesMax);
            ReplicaRecordCodec.Write(ref writer, hello.Record);
        }
        if (writer.Overflowed)
            return 0;
        Prove(key, dialler, diallerHello, listenerHello, room.Slice(ProofBytes, writer.Count), room);
        return ProofBytes + writer.Count;
    }

    /// <summary>Whether the sender holds the key. To be asked before anything else of the payload is looked at.</summary>
    public static bool IsProven(
        ReadOnlySpan<byte> payload, ReadOnlySpan<byte> key, bool dialler, ReadOnlySpan<byte> diallerHello,
        ReadOnlySpan<byte> listenerHello)
    {
        if (payload.Length < ProofBytes)
            return false;
        Span<byte> proof = stackalloc byte[ProofBytes];
        Prove(key, dialler, diallerHello, listenerHello, payload[ProofBytes..], proof);
        return CryptographicOperations.FixedTimeEquals(proof, payload[..ProofBytes]);
    }

    /// <summary>The content of a control connection's Introduction; null: a violation.</summary>
    public static PeerHello? Read(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < ProofBytes)
            return null;
        var reader = new WireReader(payload[ProofBytes..]);
        var state = (ModuleState)reader.Byte();
        var flags = reader.Byte();
        var marks = reader.UInt32();
        var name = reader.Text(WireProtocol.NameBytesMax);
        var record = ReplicaRecordCodec.Read(ref reader);
        return reader.IsWhole && flags <= 3 && state <= ModuleState.Second && marks <= int.MaxValue && name.Length > 0
            ? new PeerHello(name, record, state, (flags & 1) != 0, (int)marks) { ManualDivergence = (flags & 2) != 0 }
            : null;
    }

    private static void Prove(
        ReadOnlySpan<byte> key, bool dialler, ReadOnlySpan<byte> diallerHello, ReadOnlySpan<byte> listenerHello,
        ReadOnlySpan<byte> content, Span<byte> proof)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        mac.AppendData([dialler ? (byte)1 : (byte)2]);
        mac.AppendData(diallerHello);
        mac.AppendData(listenerHello);
        mac.AppendData(content);
        mac.GetHashAndReset(proof);
    }
}
