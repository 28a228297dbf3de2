namespace HaMirror.Io.Preimages;

/// <summary>How far the writing of losing versions is. Any thread.</summary>
public sealed class SalvageProgress
{
    private long _total;
    private long _done;

    /// <summary>Bytes to write, without holes: at most, where a file is not wholly saved. 0: not known yet.</summary>
    public long BytesTotal => Interlocked.Read(ref _total);

    /// <summary>Bytes written.</summary>
    public long BytesDone => Interlocked.Read(ref _done);

    internal void Expect(long bytes) => Interlocked.Exchange(ref _total, bytes);

    internal void Wrote(ulong bytes) => Interlocked.Add(ref _done, (long)bytes);
}
