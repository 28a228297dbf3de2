namespace HaMirror.Core.Wire;

/// <summary>Every message of the replication link. Values are never reused; PROTOCOL.md has the payloads.</summary>
public enum FrameType : byte
{
    // The data connection, source to target, applied in order of their sequence.

    /// <summary>Names a file: from here on <c>file</c> means the file that has this path now.</summary>
    Bind = 1,
    Unbind = 2,
    Write = 3,
    Fallocate = 4,

    /// <summary>A change of names or attributes (<see cref="NamespaceChange"/>).</summary>
    Change = 5,

    /// <summary>Make one file durable; file 0 means everything. Answered by Flushed.</summary>
    Flush = 6,

    /// <summary>Make everything before it durable. Answered by Durable.</summary>
    Barrier = 7,

    /// <summary>All entries of one directory with their attributes: the target makes its own equal.</summary>
    ResyncDirectory = 8,
    ResyncBlock = 9,
    ResyncZero = 10,

    /// <summary>The source's hash of a range. Answered by HashResult.</summary>
    ResyncHash = 11,

    /// <summary>The times of a file whose data has been made equal. offset: of modification; payload: of access.</summary>
    ResyncTimes = 12,

    /// <summary>The source's hash of each extent of a range. Answered by HashResults.</summary>
    ResyncHashes = 14,

    /// <summary>All entries of one directory, as in ResyncDirectory: the target compares and changes nothing. Answered by
    /// VerifyResult.</summary>
    VerifyDirectory = 15,

    // The data connection, target to source.

    /// <summary>What a ReadRequest asked for. sequence: its number; argument: an errno, 0: the payload is what was read.</summary>
    ReadAnswer = 16,

    // The control connection, both ways, never behind bulk data.
    /// <summary>The first frame of each end on either connection (<see cref="HelloFrame"/>).</summary>
    Hello = 32,

    /// <summary>sequence: received in order and held; offset: applied.</summary>
    Progress = 33,
    Flushed = 34,
    Durable = 35,
    HashResult = 36,

    /// <summary>The target's own dirty extents, before the plan.</summary>
    Marks = 37,
    Plan = 38,
    Offer = 39,
    OfferAccepted = 40,
    Handover = 41,
    SwapRequest = 42,

    /// <summary>The last message: why the link ends, as a sentence.</summary>
    Bye = 43,

    /// <summary>Keeps an idle connection known alive; answered by ProbeReply.</summary>
    Probe = 44,
    ProbeReply = 45,

    /// <summary>The second frame of each end on either connection (<see cref="IntroductionFrame"/>).</summary>
    Introduction = 46,

    /// <summary>How far the resync is, for whoever looks at the target. sequence: bytes in all; offset: done; file: sent;
    /// argument: KiB a second.</summary>
    ResyncProgress = 47,

    /// <summary>Which extents of a ResyncHashes differ.</summary>
    HashResults = 52,

    /// <summary>How the directory of a VerifyDirectory differs.</summary>
    VerifyResult = 53,

    /// <summary>Source with a detached disk: read for it. sequence: a number; file, offset; argument: length; payload: the
    /// sequence of the data connection behind which it is to be answered.</summary>
    ReadRequest = 56,

    /// <summary>The source's disk failed: record that you alone are up to date. Answered by DetachAccepted.</summary>
    Detached = 57,
    DetachAccepted = 58,

    /// <summary>Before the target's last Marks: its replica is of the comparison of everything that the payload names (16 bytes).</summary>
    ComparisonHeld = 68,

    /// <summary>A comparison of everything begins, and is called so (16 bytes).</summary>
    ComparisonBegun = 69,
}

[Flags]
public enum FrameFlags : byte
{
    None = 0,

    /// <summary>Write: O_SYNC or O_DSYNC; answered by Flushed once durable.</summary>
    Durable = 1,

    /// <summary>ResyncBlock: the payload is an LZ4 block; the argument is its plain length.</summary>
    Lz4 = 2,

    /// <summary>Flush: data and size only (fdatasync).</summary>
    DataOnly = 4,

    /// <summary>HashResult: the range is equal.</summary>
    Equal = 8,

    /// <summary>Handover: the sender wants to become SECOND.</summary>
    Swap = 16,

    /// <summary>ResyncDirectory: the first part of a directory.</summary>
    First = 32,

    /// <summary>ResyncDirectory and Marks: another part follows; nothing else may come between.</summary>
    More = 64,

    /// <summary>Bind: a path that is not there binds nothing. ResyncHash, ResyncHashes: what cannot be read differs.</summary>
    Tentative = 128,
}

public enum FrameReadStatus : byte
{
    NeedMore,
    Frame,
    Violation,
}
