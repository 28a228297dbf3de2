namespace HaMirror.Io.Crashes;

/// <summary>The moments at which tests let an agent die or stop. The name in HAMIRROR_CRASH_AT is that of the member with
/// dashes: <see cref="RecordPersisted"/> is <c>record-persisted</c>. docs/lab.md says where each of them lies.</summary>
public enum CrashPoint
{
    /// <summary>A replica record is about to be written.</summary>
    RecordWanted,

    /// <summary>A replica record is durable; nothing that rests on it has been done.</summary>
    RecordPersisted,

    /// <summary>Source: the plan waits to leave.</summary>
    PlanQueued,

    /// <summary>Source: a directory was listed for the target.</summary>
    DirectoryListed,

    /// <summary>Source: names are equal, changes are sent from here on.</summary>
    NamesDone,

    /// <summary>Source: a block of a resync waits to leave.</summary>
    BlockQueued,

    /// <summary>Source: nothing differs any more, and nobody knows it.</summary>
    ResyncEnded,

    /// <summary>Source: the target is about to be told that it is equal.</summary>
    BeforeOffer,

    /// <summary>Source: what was waiting to leave on the control connection has left, the offer included.</summary>
    OfferSent,

    /// <summary>Source: the target has accepted.</summary>
    OfferAccepted,

    /// <summary>Source: a barrier waits to leave.</summary>
    BarrierQueued,

    /// <summary>Source: a barrier is durable over there, its marks are still kept.</summary>
    DurableReceived,

    /// <summary>Source: a guest's flush is durable over there, nobody has been answered.</summary>
    FlushedReceived,

    /// <summary>Source: a round's frames have left, its local writes have not been submitted.</summary>
    RoundSent,

    /// <summary>Source: a change of names was made here and not told.</summary>
    ChangeMade,

    /// <summary>Source: changes are held until it is decided who goes on.</summary>
    Frozen,

    /// <summary>Source: it is decided that this node goes on.</summary>
    Thawed,

    /// <summary>Source: a generation of its own is open.</summary>
    GenerationOpened,

    /// <summary>Source: the roles are handed over, the frame waits to leave.</summary>
    HandoverQueued,

    /// <summary>Target: its marks wait to leave.</summary>
    MarksQueued,

    /// <summary>Target: the plan has come.</summary>
    PlanReceived,

    /// <summary>Target: a directory was made equal.</summary>
    DirectoryApplied,

    /// <summary>Target: a block of a resync was put on its way to the file.</summary>
    BlockApplied,

    /// <summary>Target: a guest's write was put on its way to the file.</summary>
    WriteApplied,

    /// <summary>Target: a change of names was applied.</summary>
    ChangeApplied,

    /// <summary>Target: received frames are acknowledged and not applied.</summary>
    Received,

    /// <summary>Target: a barrier or a flush of names is durable and not told.</summary>
    BarrierDurable,

    /// <summary>Target: the offer has come.</summary>
    OfferReceived,

    /// <summary>Target: it is durable that this replica is up to date, and not told.</summary>
    OfferTaken,

    /// <summary>Target: the link is over and all that came is applied.</summary>
    TargetDrained,

    /// <summary>The module's directories are mounted.</summary>
    Mounted,

    /// <summary>The mount takes changes.</summary>
    MadeWritable,

    /// <summary>A hook sequence is about to run.</summary>
    HooksBegun,

    /// <summary>The marks of a clean stop are about to be written.</summary>
    MarksSaving,

    /// <summary>Source: a block of the intent log is about to be written.</summary>
    IntentQueued,

    /// <summary>Source: it is durable; no change that it allows has gone.</summary>
    IntentLogged,

    /// <summary>Source: the marks file is replaced, the log behind it still has its old beginning.</summary>
    MarksReplaced,

    /// <summary>Source: the local disk is flushed; what was hot is still hot.</summary>
    PeriodFlushed,

    /// <summary>Target: preimages were given to the disk and are not flushed; nothing that they are of is replaced.</summary>
    PreimagesWritten,

    /// <summary>Target: they are durable, and still nothing that they are of is replaced.</summary>
    PreimagesSaved,

    /// <summary>Coordinator: both nodes have prepared a change of their configuration, nothing is decided.</summary>
    ChangePrepared,

    /// <summary>Coordinator: the change is decided, and carried out nowhere.</summary>
    ChangeDecided,

    /// <summary>Coordinator: the other node was told to carry the change out, this one has not.</summary>
    ChangeCommitted,

    /// <summary>Participant: a change is prepared, and the coordinator has not heard so.</summary>
    ChangeHeld,
}
