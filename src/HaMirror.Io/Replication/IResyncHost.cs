using System.Diagnostics.CodeAnalysis;

namespace HaMirror.Io.Replication;

/// <summary>What the pump does for a running resync. Everything happens on the pump's thread.</summary>
internal unsafe interface IResyncHost
{
    /// <summary>The largest read, in bytes.</summary>
    const int BlockBytes = 1 << 20;

    /// <summary>Requests of the guest are under way: the resync keeps its blocks small.</summary>
    bool IsBusy { get; }

    /// <summary>A guest reads or writes, or did a moment ago: what a resync has under way must not keep it waiting.</summary>
    bool IsGuestActive { get; }

    /// <summary>The local disk has not failed: what is read from it is what was written.</summary>
    bool IsDiskSound { get; }

    /// <summary>A buffer is free for <see cref="TryRead"/>.</summary>
    bool CanRead { get; }

    /// <summary>No change that overlaps the range is under way on the local disk. While one is, no other begins until the
    /// resync's next turn.</summary>
    bool Quieten(FileKey key, ulong offset, ulong bytes);

    /// <summary>As <see cref="Quieten"/>, for all files at once.</summary>
    bool QuietenAll();

    /// <summary>Whether changes of names and attributes wait; until the resync lets them go, or ends.</summary>
    void HoldNames(bool held);

    /// <summary>A resync goes on where an earlier link left it.</summary>
    void GoesOn(ulong done, ulong total);

    /// <summary>Marks what is being changed on the local disk: a look at the files now would not see it.</summary>
    void MarkUnderWay();

    /// <summary>Reads a range of a file, ordered against changes: none that touches an extent of it is under way when it
    /// begins, and none that overlaps begins until <see cref="ResyncSource.ReadCompleted"/> has returned; by then the range's
    /// place in the stream is fixed.</summary>
    /// <returns>A token; -1: not now, try again in the next round.</returns>
    int TryRead(FileKey key, int descriptor, ulong offset, int bytes);

    /// <summary>Room of <see cref="BlockBytes"/> beside a read's data, for its compressed form.</summary>
    byte* Spare(int token);

    /// <summary>Gives the buffer of a completed read back when nothing of it is sent. One that is sent in place (owner:
    /// <see cref="Owner"/>) comes back by itself.</summary>
    void Release(int token);

    /// <summary>The owner that the source stream has to tell when the payload has left.</summary>
    int Owner(int token);

    /// <summary>The directories in the configuration's order.</summary>
    IReadOnlyList<ResyncRoot> Roots { get; }
}

/// <param name="Descriptor">The underlying directory.</param>
/// <param name="IsReplicated">False for a path that <c>notreplicated</c> excludes.</param>
internal sealed record ResyncRoot(int Descriptor, Func<string, bool> IsReplicated);
