// The frames that wait to leave over the data connection, in order.
// Invariants: sequence numbers rise by one from 1; a frame's bytes stay where they are until the connection took all of
// them; what was offered once is offered again in the same order until it is taken, as TLS demands. Nothing here
// allocates managed memory while frames with payloads in place come and go.
using System.Runtime.InteropServices;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Peer;

namespace HaMirror.Io.Replication;

/// <summary>Sending side of the data connection of a link. Belongs to the pump's thread.</summary>
internal sealed unsafe class SourceStream : IDisposable
{
    /// <summary>Frames that may wait: every slot's, and a resync's, many times over; 384 KiB of headers.</summary>
    public const int FrameCountMax = 8192;

    /// <summary>Parts offered in one call (IOV_MAX is 1024).</summary>
    private const int VectorCountMax = 512;

    private readonly PeerConnection _connection;
    private readonly Action<int> _sent;
    private readonly byte* _headers;
    private readonly NativeVector* _vectors;
    private readonly Entry[] _entries = new Entry[FrameCountMax];
    private long _first;
    private long _end;
    private int _firstTaken;
    private ulong _sequence;

    /// <param name="sent">Told the owner of a payload in place once the connection took all of it.</param>
    public SourceStream(PeerConnection connection, Action<int> sent)
    {
        _connection = connection;
        _sent = sent;
        _headers = (byte*)NativeMemory.AlignedAlloc(FrameCountMax * FrameHeader.Size, 64);
        _vectors = (NativeVector*)NativeMemory.Alloc(VectorCountMax, (nuint)sizeof(NativeVector));
    }

    /// <summary>Sequence of the last frame that was added.</summary>
    public ulong Sequence => _sequence;

    /// <summary>Bytes that wait, headers included.</summary>
    public long WaitingBytes { get; private set; }

    /// <summary>Frames that can still be added.</summary>
    public int Room => FrameCountMax - (int)(_end - _first);

    /// <summary>When the connection last took bytes, or when something began to wait; ms of TickCount64.</summary>
    public long LastTaken { get; private set; }

    /// <summary>Adds a frame whose payload stays in place until <c>sent(owner)</c>.</summary>
    /// <returns>Its sequence.</returns>
    public ulong Add(
        FrameType type, FrameFlags flags, ulong file, ulong offset, uint argument, byte* payload, int bytes, int owner) =>
        Append(type, flags, file, offset, argument, payload, bytes, owner, false);

    /// <summary>Adds a frame whose payload is copied.</summary>
    public ulong Add(
        FrameType type, FrameFlags flags = 0, ulong file = 0, ulong offset = 0, uint argument = 0,
        ReadOnlySpan<byte> payload = default)
    {
        byte* copy = null;
        if (payload.Length > 0)
        {
            copy = (byte*)NativeMemory.Alloc((nuint)payload.Length);
            payload.CopyTo(new Span<byte>(copy, payload.Length));
        }
        return Append(type, flags, file, offset, argument, copy, payload.Length, -1, true);
    }

    /// <summary>Sends what the connection takes.</summary>
    /// <returns>Null, or a sentence when the connection is dead.</returns>
    public string? Send()
    {
        while (_first < _end)
        {
            var count = Gather(out var offered);
            var taken = _connection.Send(_vectors, count);
            if (taken < 0)
                return $"The data connection to {_connection.Remote} broke: {Errno.Describe((int)-taken)}.";
            if (taken == 0)
                return null;
            Take(taken);
            // Less than offered: on a plain socket it is full now and poll tells when it is not; TLS takes what it likes.
            if (taken < offered && taken == 0)
                return null;
        }
        return null;
    }

    public void Dispose()
    {
        for (; _first < _end; _first++)
        {
            ref var entry = ref _entries[_first % FrameCountMax];
            if (entry.Copied)
                NativeMemory.Free(entry.Payload);
        }
        NativeMemory.AlignedFree(_headers);
        NativeMemory.Free(_vectors);
    }

    private ulong Append(
        FrameType type, FrameFlags flags, ulong file, ulong offset, uint argument, byte* payload, int bytes, int owner,
        bool copied)
    {
        if (Room == 0)
            throw new InvalidOperationException("The source stream was given more frames than it has room for.");
        if (_first == _end)
            LastTaken = Environment.TickCount64;
        var at = (int)(_end++ % FrameCountMax);
        _entries[at] = new Entry { Payload = payload, Bytes = bytes, Owner = owner, Copied = copied };
        new FrameHeader(type, flags, bytes, bytes == 0 ? 0 : Shim.Crc32C(0, payload, (ulong)bytes), ++_sequence, file, offset, argument)
            .Write(new Span<byte>(_headers + at * FrameHeader.Size, FrameHeader.Size));
        WaitingBytes += FrameHeader.Size + bytes;
        return _sequence;
    }

    private int Gather(out long offered)
    {
        var count = 0;
        var skip = _firstTaken;
        offered = 0;
        for (var index = _first; index < _end && count + 2 <= VectorCountMax; index++)
        {
            var at = (int)(index % FrameCountMax);
            ref var entry = ref _entries[at];
            if (skip < FrameHeader.Size)
                _vectors[count++] = new NativeVector
                {
                    Data = _headers + at * FrameHeader.Size + skip, Bytes = (nuint)(FrameHeader.Size - skip),
                };
            skip = Math.Max(skip - FrameHeader.Size, 0);
            if (entry.Bytes > skip)
                _vectors[count++] = new NativeVector { Data = entry.Payload + skip, Bytes = (nuint)(entry.Bytes - skip) };
            skip = 0;
        }
        for (var index = 0; index < count; index++)
            offered += (long)_vectors[index].Bytes;
        return count;
    }

    private void Take(long taken)
    {
        WaitingBytes -= taken;
        LastTaken = Environment.TickCount64;
        taken += _firstTaken;
        while (_first < _end)
        {
            ref var entry = ref _entries[_first % FrameCountMax];
            var bytes = FrameHeader.Size + entry.Bytes;
            if (taken < bytes)
                break;
            taken -= bytes;
            _first++;
            if (entry.Copied)
                NativeMemory.Free(entry.Payload);
            else if (entry.Owner >= 0)
                _sent(entry.Owner);
        }
        _firstTaken = (int)taken;
    }

    private struct Entry
    {
        public byte* Payload;
        public int Bytes;
        public int Owner;
        public bool Copied;
    }
}
