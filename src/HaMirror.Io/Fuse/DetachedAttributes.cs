// What is known of a file whose content and attributes change at the peer only.
using HaMirror.Io.Native;

namespace HaMirror.Io.Fuse;

/// <summary>Attributes of a file while the local disk is detached: as they were then, and as they were changed since.</summary>
internal sealed class DetachedAttributes(NativeStat stat, bool isKnown)
{
    private NativeStat _stat = stat;

    /// <summary>The local file system still told what they were.</summary>
    public bool IsKnown { get; } = isKnown;

    public ref NativeStat Stat => ref _stat;

    /// <summary>A write ended here.</summary>
    public void Reaches(ulong end)
    {
        Changed();
        if (end <= _stat.Size)
            return;
        _stat.Size = end;
        _stat.Blocks = Math.Max(_stat.Blocks, (end + 511) / 512);
    }

    public void Changed()
    {
        var now = DateTime.UtcNow - DateTime.UnixEpoch;
        _stat.ModifySeconds = _stat.ChangeSeconds = (long)now.TotalSeconds;
        _stat.ModifyNanoseconds = _stat.ChangeNanoseconds = (uint)(now.Ticks % TimeSpan.TicksPerSecond * 100);
    }
}
