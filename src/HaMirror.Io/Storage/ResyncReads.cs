// Buffers and range locks of a resync's reads.
// Arithmetic: one buffer is a block and room for its compressed form, 2 MiB and a little; there are as many as reads may be
// under way (nbrei) and as many again on their way to the peer.
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Storage;

/// <summary>Reads of a resync. Belongs to the pump's thread.</summary>
internal sealed unsafe class ResyncReads : IDisposable
{
    private const long BufferBytes = 2 * IResyncHost.BlockBytes + (1 << 16);

    private readonly PageBlock _memory;
    private readonly Buffer[] _buffers;
    private readonly Stack<int> _free = new();

    private struct Buffer
    {
        public FileKey Key;
        public ulong Offset;
        public int Bytes;
        public bool IsReading;
        public long Era;
    }

    public ResyncReads(int streams)
    {
        _buffers = new Buffer[Math.Max(streams, 1) * 2];
        _memory = new PageBlock(_buffers.Length * BufferBytes);
        for (var index = _buffers.Length - 1; index >= 0; index--)
            _free.Push(index);
    }

    /// <summary>Rises when a resync ends, so that what comes late for an old one is known.</summary>
    public long Era { get; private set; }

    public bool HasFree => _free.Count > 0;

    public int ReadingCount { get; private set; }

    public byte* Data(int token) => _memory.Address + token * BufferBytes;

    public byte* Spare(int token) => Data(token) + IResyncHost.BlockBytes;

    public int Begin(FileKey key, ulong offset, int bytes)
    {
        var token = _free.Pop();
        _buffers[token] = new Buffer { Key = key, Offset = offset, Bytes = bytes, IsReading = true, Era = Era };
        ReadingCount++;
        return token;
    }

    /// <summary>The disk is done with it.</summary>
    /// <returns>False: it belongs to a resync that has ended; the buffer is free again.</returns>
    public bool End(int token)
    {
        _buffers[token].IsReading = false;
        ReadingCount--;
        if (_buffers[token].Era == Era)
            return true;
        Release(token);
        return false;
    }

    public void Release(int token) => _free.Push(token);

    public bool Overlaps(FileKey key, ulong offset, ulong bytes)
    {
        if (ReadingCount == 0)
            return false;
        var end = offset + bytes < offset ? ulong.MaxValue : offset + bytes;
        foreach (ref var buffer in _buffers.AsSpan())
            if (buffer.IsReading && buffer.Key == key && buffer.Offset < end && offset < buffer.Offset + (ulong)buffer.Bytes)
                return true;
        return false;
    }

    /// <summary>The resync is over: everything that no read uses is free, and the pages are given back.</summary>
    public void Reset()
    {
        Era++;
        _free.Clear();
        for (var index = _buffers.Length - 1; index >= 0; index--)
            if (!_buffers[index].IsReading)
                _free.Push(index);
        if (ReadingCount == 0)
            _memory.Forget();
    }

    public void Dispose() => _memory.Dispose();
}
