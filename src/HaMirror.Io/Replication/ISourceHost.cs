namespace HaMirror.Io.Replication;

/// <summary>What the pump does for a running resync. Everything happens on the pump's thread.</summary>
public unsafe interface ISourceHost
{
    /// <summary>Reads a range of a file, ordered against changes: it begins when no overlapping change is in flight, and
    /// no overlapping change begins until <see cref="ISourceReads.Completed"/> has returned (by then the range's place in
    /// the stream is fixed). At most <see cref="BlockBytes"/> at a time.</summary>
    /// <returns>False when no buffer is free: try again in the next round.</returns>
    bool TryRead(FileKey key, int descriptor, ulong offset, int bytes, long token);

    /// <summary>Gives the buffer of a completed read back, once its bytes have left.</summary>
    void Release(long token);

    const int BlockBytes = 1 << 20;
}

/// <summary>Told by the pump when a read asked for with <see cref="ISourceHost.TryRead"/> is done.</summary>
public unsafe interface ISourceReads
{
    /// <param name="result">Bytes read (0 at the end of the file) or -errno.</param>
    void Completed(long token, byte* data, long result);
}
