// What the pump does for a resync and for a verification.
using HaMirror.Core.Extents;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Storage;

internal sealed unsafe partial class Pump
{
    /// <summary>The verification that runs, or the last one. Its status: any thread.</summary>
    public Verification Verification => _verification;

    /// <summary>This node becomes a target, or its replica another one: the marks are no longer those of a comparison.</summary>
    public void ForgetResync() => _memoryOfResync.Forget();

    /// <summary>Caps this and later resyncs, in bytes a second; null: no cap.</summary>
    public void LimitResync(long? bytesPerSecond)
    {
        _resyncLimit = bytesPerSecond;
        _source?.Resync?.Limit(bytesPerSecond);
    }

    /// <summary>Other time-outs for the disk and for the link, at once.</summary>
    public void ChangePatience(MirrorStorageOptions options)
    {
        _options = options;
        _source?.ChangePatience(options.Replication);
    }

    /// <returns>Null, or why it cannot, as a sentence.</returns>
    public string? BeginVerify(bool repairs, Action<VerifyStatus>? ended) => _verification.Begin(_source, repairs, ended);

    /// <summary>A log that cannot be written has told the driver itself: the marks stay in memory.</summary>
    private void KeepRecorded(string? failure)
    {
        if (failure is not null)
            _options.Log.MarksNotRecorded(_options.Module, failure);
    }

    void ISourceOwner.MarksReported(List<FileMarks> marks) => _verification.Keep(marks);

    bool IResyncHost.IsDiskSound => _flow.IsDiskSound;

    bool IResyncHost.Quieten(FileKey key, ulong offset, ulong bytes) => _flow.Quieten(key, offset, bytes);

    bool IResyncHost.QuietenAll() => _flow.QuietenAll();

    void IResyncHost.MarkUnderWay() => _flow.MarkUnderWay();

    void IResyncHost.HoldNames(bool held) => _flow.HoldNames(held);

    void IResyncHost.GoesOn(ulong done, ulong total) => _options.Log.ResyncGoesOn(_options.Module, _source?.Number ?? 0, done, total);

    bool IResyncHost.CanRead => _reads.HasFree;

    int IResyncHost.TryRead(FileKey key, int descriptor, ulong offset, int bytes)
    {
        // To the end of the extent: its mark goes as a whole, and a write behind the bytes read may have nothing but that mark.
        if (!_reads.HasFree || !_flow.Quieten(key, offset, ExtentSet.RoundUp((ulong)bytes)))
            return -1;
        var token = _reads.Begin(key, offset, bytes);
        _disk.Queue(NativeIoOperation.Read, descriptor, _reads.Data(token), (ulong)bytes, offset, ResyncUser | (ulong)token);
        return token;
    }

    byte* IResyncHost.Spare(int token) => _reads.Spare(token);

    void IResyncHost.Release(int token) => _reads.Release(token);

    int IResyncHost.Owner(int token) => SlotTable.Count + token;
}
