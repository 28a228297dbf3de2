// The verification of a module, between the pump and its source: at most one runs, and what the last one found is kept.
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Storage;

/// <summary>Begins, ends and shows verifications. Belongs to the pump's thread, but for <see cref="Status"/>.</summary>
internal sealed class Verification(MirrorStorageOptions options, IResyncHost host, MarkSet marks, ResyncReads reads)
{
    private const long StatusIntervalMs = 200;

    private VerifyStatus? _status;
    private long _told;

    /// <summary>Any thread.</summary>
    public VerifyStatus? Status
    {
        get => Volatile.Read(ref _status);
        private set => Volatile.Write(ref _status, value);
    }

    /// <returns>Null, or why it cannot, as a sentence.</returns>
    public string? Begin(SourceLink? source, bool repairs, Action<VerifyStatus>? ended)
    {
        if (source is not { IsCommitted: true, IsStreaming: true, Resync: null })
            return "There is no up-to-date secondary to compare with: both nodes have to be Ready, and this one primary.";
        if (!host.IsDiskSound)
            return "The disk of this node has failed: there is nothing to compare with.";
        if (source.Verify is not null)
            return "A verification runs already.";
        source.Verify = new VerifySource(source, marks, host, options.Replication.ResyncStreams, repairs);
        Status = source.Verify.Status(null);
        _ended = ended;
        return null;
    }

    /// <summary>Ends it soon.</summary>
    public void Stop(string reason) => _stop = reason;

    private string? _stop;
    private Action<VerifyStatus>? _ended;

    public void Turn(SourceLink? source, long now)
    {
        if (source?.Verify is not { } verify)
        {
            _stop = null;
            return;
        }
        if (_stop is { } reason)
            verify.Stop(reason);
        verify.Turn(now);
        if (verify.HasEnded)
        {
            verify.Dispose();
            source.Verify = null;
            reads.Reset();
        }
        if (verify.HasEnded || now - _told >= StatusIntervalMs)
        {
            Status = verify.Status(null);
            _told = now;
            if (verify.HasEnded)
                Tell(Status);
        }
    }

    /// <summary>Makes marks outlive a crash of this node; null: nothing does.</summary>
    public Action<IReadOnlyList<FileMarks>>? Record { get; set; }

    private void Tell(VerifyStatus status)
    {
        if (status is { FindingCount: > 0, IsRepaired: false })
            Record?.Invoke([.. marks.All.Select(mark => new FileMarks(mark.Key.Root, mark.Key.Inode, "", mark.Value.IsWhole, mark.Value.Extents))]);
        _ended?.Invoke(status);
    }

    /// <summary>Its link is lost: what was found stays marked, what was under way is marked again.</summary>
    /// <param name="reason">A sentence.</param>
    public void LinkLost(SourceLink source, string reason)
    {
        if (source.Verify is not { } verify)
            return;
        Status = verify.Status(reason);
        _ended?.Invoke(Status);
        verify.Dispose();
        source.Verify = null;
    }

    /// <summary>Reported by the peer after the verification that caused it has ended.</summary>
    public unsafe void Keep(List<FileMarks> reported)
    {
        foreach (var mark in reported)
        {
            NativeStat stat;
            if (mark.Root < host.Roots.Count && Shim.StatAt(host.Roots[mark.Root].Descriptor, mark.Path, &stat) == 0)
                marks.MarkWhole(new FileKey(mark.Root, stat.Inode));
        }
    }
}
