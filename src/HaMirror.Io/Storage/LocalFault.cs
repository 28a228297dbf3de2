// The local disk as the pump sees it: attached, in question, detached, or given up.
// Invariants: (1) while in question nothing that met the fault is answered; (2) detached means that the peer has recorded,
// durably, that it alone is up to date, and from then on neither a write nor a read of replicated data goes to this disk;
// (3) nothing leads back but a new mount: what the disk still does belongs to the past.
using HaMirror.Io.Fuse;
using HaMirror.Io.Native;

namespace HaMirror.Io.Storage;

/// <summary>What became of the local disk since the mounts were made.</summary>
internal enum DiskCourse : byte
{
    /// <summary>Used.</summary>
    Attached,

    /// <summary>It failed; the machine decides whether the peer stands in.</summary>
    InQuestion,

    /// <summary>The peer stands in for it.</summary>
    Detached,

    /// <summary>It hangs and no peer stands in: every request fails.</summary>
    GivenUp,
}

/// <summary>The fault of the local disk, if any. Belongs to the pump's thread.</summary>
internal sealed class LocalFault(IStorageEvents events)
{
    /// <summary>The driver is told of the same fault at most this often.</summary>
    private const long TellIntervalMs = 1000;

    private long _toldAt;

    public DiskCourse Course { get; private set; }

    /// <summary>It does not answer, so nothing may be asked of it any more.</summary>
    public bool Hangs { get; private set; }

    public bool IsDetached => Course == DiskCourse.Detached;

    /// <summary>Requests that failed and wait for the machine's decision.</summary>
    public List<Slot> Waiting { get; } = [];

    /// <summary>Whether the errno tells of a broken disk or file system, not of a full one or of what was asked for.</summary>
    public static bool IsFault(int error) => error is Errno.EIO or Errno.ENXIO or Errno.ENODEV or Errno.EROFS or Errno.EBADMSG
        or Errno.EUCLEAN or Errno.EREMOTEIO or Errno.ETIMEDOUT or Errno.ESHUTDOWN;

    /// <summary>The local disk answered a slot with an error.</summary>
    /// <param name="standsIn">A peer that could stand in is linked.</param>
    /// <returns>True: the slot waits for the machine's decision. False: the error is its answer.</returns>
    public bool Takes(Slot slot, bool standsIn)
    {
        if (!IsFault(slot.Request.Error) || Course is DiskCourse.Detached or DiskCourse.GivenUp)
            return false;
        var path = slot.Request.Node?.ReplicatedPath;
        var what = slot.Verdict switch
        {
            FuseVerdict.Read => "A read",
            FuseVerdict.Write => "A write",
            FuseVerdict.Flush => "A flush",
            FuseVerdict.Change => "A change",
            _ => "A request",
        };
        // A flush that began before changes were sent can be sent now: what it covers is at the peer, or nobody would stand in.
        var waits = standsIn && (slot.IsSent || slot.Repeats || (slot.Verdict is FuseVerdict.Read or FuseVerdict.Flush && path is not null));
        Tell($"{what} of {path ?? "a file that is not replicated"} failed on the local disk: {Errno.Describe(slot.Request.Error)}.", waits);
        if (waits)
            Waiting.Add(slot);
        return waits;
    }

    /// <summary>An operation has been under way for too long.</summary>
    public void Hung(Slot slot, long milliseconds, bool standsIn)
    {
        if (Hangs || Course is DiskCourse.Detached or DiskCourse.GivenUp)
            return;
        Hangs = true;
        _toldAt = 0;
        Tell($"The local disk has not answered for {milliseconds / 1000.0:0.#} s under {slot.Request.Node?.ReplicatedPath ?? "a file that is not replicated"}.", standsIn);
        if (!standsIn)
            Course = DiskCourse.GivenUp;
    }

    /// <summary>The intent log cannot be written; a peer that could stand in is linked.</summary>
    public void LogFailed(string reason, bool hangs)
    {
        Hangs |= hangs;
        Tell(reason, true);
    }

    /// <summary>No peer stands in.</summary>
    public void Keep() => Course = Course == DiskCourse.InQuestion
        ? Hangs ? DiskCourse.GivenUp : DiskCourse.Attached
        : Course;

    public void Detach() => Course = DiskCourse.Detached;

    private void Tell(string reason, bool asks)
    {
        if (asks && Course == DiskCourse.Attached)
            Course = DiskCourse.InQuestion;
        else if (Environment.TickCount64 - _toldAt < TellIntervalMs)
            return;
        _toldAt = Environment.TickCount64;
        events.DiskFailed(reason);
    }
}
