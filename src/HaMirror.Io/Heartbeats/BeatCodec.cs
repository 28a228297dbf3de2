using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Io.Heartbeats;

/// <summary>The bytes of one <see cref="ModuleAnnouncement"/> within a heartbeat. Integers are little-endian, generations
/// are 16 bytes, a text is one byte of length and UTF-8.</summary>
/// <remarks>
/// <code>
///  module text · port u16 · configuration hash u64 · marked bytes u64 · node text · state u8 · phase u8
///  flags u8 (1 wants primary, 2 leaving, 4 failover on, 8 claims, 16 manual divergence) · peer outdated 16 · confirms outdated 16
///  sequence u64 · peer boot u64 · echo u64 · received boot u64 · received u64
///  current 16 · base 16 · condition u8 · resync from 16
///  record flags u8 (1 serving, 2 sole, 4 handed over, 8 compare all, 16 marks unsaved, 32 took over) · peer name text (empty: none)
///  history count u8 · history 16 each
/// </code>
/// The boot number is not among them: it is the sender's, from the datagram's header.
/// </remarks>
public static class BeatCodec
{
    /// <summary>Longest text: names are at most 64 characters of ASCII, which the configuration checks.</summary>
    private const int TextBytesMax = 64;

    /// <summary>No announcement is longer: 3 texts, the fixed part, and 32 generations of history.</summary>
    public const int BytesMax = (3 * (1 + TextBytesMax)) + 64 + (6 * 16) + (ReplicaRecord.HistoryMax * 16);

    /// <returns>Bytes written to <paramref name="target"/>, which has at least <see cref="BytesMax"/>.</returns>
    public static int Write(Span<byte> target, ModuleAnnouncement announcement)
    {
        var writer = new BeatWriter(target);
        var beat = announcement.Beat;
        var record = beat.Record;
        writer.Text(announcement.Module);
        writer.U16((ushort)announcement.Port);
        writer.U64(announcement.ConfigurationHash);
        writer.U64(announcement.MarkedBytes);
        writer.Text(beat.NodeName);
        writer.U8((byte)beat.State);
        writer.U8((byte)beat.Phase);
        writer.U8((byte)((beat.WantsPrimary ? 1 : 0) | (beat.Leaving ? 2 : 0) | (beat.FailoverOn ? 4 : 0)
            | (beat.Claims ? 8 : 0) | (beat.ManualDivergence ? 16 : 0)));
        writer.Generation(beat.PeerOutdated);
        writer.Generation(beat.ConfirmsOutdated);
        writer.U64(beat.Sequence);
        writer.U64(beat.PeerBoot);
        writer.U64(beat.Echo);
        writer.U64(beat.ReceivedBoot);
        writer.U64(beat.Received);
        writer.Generation(record.Current);
        writer.Generation(record.Base);
        writer.U8((byte)record.Condition);
        writer.Generation(record.ResyncFrom);
        writer.U8((byte)((record.Serving ? 1 : 0) | (record.Sole ? 2 : 0) | (record.HandedOver ? 4 : 0)
            | (record.CompareAll ? 8 : 0) | (record.MarksUnsaved ? 16 : 0) | (record.TookOver ? 32 : 0)));
        writer.Text(record.PeerName ?? "");
        writer.U8((byte)record.History.Length);
        foreach (var generation in record.History) writer.Generation(generation);
        return writer.Length;
    }

    /// <summary>Null when the bytes are not exactly one announcement whose record holds its invariants.</summary>
    public static ModuleAnnouncement? Read(ReadOnlySpan<byte> source, ulong boot)
    {
        var reader = new BeatReader(source);
        var module = reader.Text();
        var port = reader.U16();
        var hash = reader.U64();
        var marked = reader.U64();
        var node = reader.Text();
        var state = reader.U8();
        var phase = reader.U8();
        var flags = reader.U8();
        var peerOutdated = reader.Generation();
        var confirms = reader.Generation();
        var sequence = reader.U64();
        var peerBoot = reader.U64();
        var echo = reader.U64();
        var receivedBoot = reader.U64();
        var received = reader.U64();
        var record = Record(ref reader);
        if (record is null || !reader.AtEnd || module.Length == 0 || node.Length == 0) return null;
        if (state > (byte)ModuleState.Second || phase > (byte)Phase.Ready || record.Validate() is not null) return null;
        return new ModuleAnnouncement(module, port, hash, new ModuleBeat(
            node, (ModuleState)state, (Phase)phase, record, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0,
            peerOutdated, confirms, boot, (flags & 8) != 0, sequence, peerBoot, echo)
        {
            ReceivedBoot = receivedBoot, Received = received, ManualDivergence = (flags & 16) != 0,
        })
        {
            MarkedBytes = marked,
        };
    }

    private static ReplicaRecord? Record(ref BeatReader reader)
    {
        var current = reader.Generation();
        var based = reader.Generation();
        var condition = reader.U8();
        var resyncFrom = reader.Generation();
        var flags = reader.U8();
        var peerName = reader.Text();
        int count = reader.U8();
        if (count > ReplicaRecord.HistoryMax || condition > (byte)ReplicaCondition.Unknown) return null;
        var history = ImmutableArray.CreateBuilder<GenerationId>(count);
        for (var index = 0; index < count; index++) history.Add(reader.Generation());
        return new ReplicaRecord
        {
            Current = current, Base = based, History = history.MoveToImmutable(),
            Condition = (ReplicaCondition)condition, ResyncFrom = resyncFrom,
            Serving = (flags & 1) != 0, Sole = (flags & 2) != 0, HandedOver = (flags & 4) != 0, CompareAll = (flags & 8) != 0,
            MarksUnsaved = (flags & 16) != 0, TookOver = (flags & 32) != 0,
            PeerName = peerName.Length == 0 ? null : peerName,
        };
    }

    private ref struct BeatWriter(Span<byte> target)
    {
        private readonly Span<byte> _target = target;

        public int Length { get; private set; }

        public void U8(byte value) => _target[Length++] = value;

        public void U16(ushort value)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(_target[Length..], value);
            Length += 2;
        }

        public void U64(ulong value)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_target[Length..], value);
            Length += 8;
        }

        public void Generation(GenerationId value)
        {
            value.Value.TryWriteBytes(_target[Length..]);
            Length += 16;
        }

        public void Text(string value)
        {
            var bytes = Encoding.UTF8.GetBytes(value, _target.Slice(Length + 1, TextBytesMax));
            _target[Length] = (byte)bytes;
            Length += 1 + bytes;
        }
    }

    /// <summary>Reads zeroes beyond the end and remembers that it did, so that the caller judges once.</summary>
    private ref struct BeatReader(ReadOnlySpan<byte> source)
    {
        private readonly ReadOnlySpan<byte> _source = source;
        private int _at;
        private bool _short;

        public readonly bool AtEnd => !_short && _at == _source.Length;

        private ReadOnlySpan<byte> Take(int bytes)
        {
            if (_short || _source.Length - _at < bytes)
            {
                _short = true;
                return default;
            }

            _at += bytes;
            return _source.Slice(_at - bytes, bytes);
        }

        public byte U8() => Take(1) is { Length: 1 } bytes ? bytes[0] : (byte)0;

        public ushort U16() => Take(2) is { Length: 2 } bytes ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : (ushort)0;

        public ulong U64() => Take(8) is { Length: 8 } bytes ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : 0;

        public GenerationId Generation() => Take(16) is { Length: 16 } bytes ? new GenerationId(new Guid(bytes)) : GenerationId.None;

        public string Text() => U8() is var bytes and <= TextBytesMax ? Encoding.UTF8.GetString(Take(bytes)) : Refuse();

        private string Refuse()
        {
            _short = true;
            return "";
        }
    }
}
