namespace HaMirror.Io.IntentLog;

/// <summary>What an intent log needs of the pump and its disks. Everything is called on the pump's thread and returns at once;
/// what completes later is told on that thread, too.</summary>
internal interface IIntentHost
{
    /// <summary>Writes blocks to the ring; <see cref="IntentGate.Written"/> follows when they are on stable storage. At most two
    /// such writes are under way.</summary>
    /// <param name="offset">In the ring, in bytes.</param>
    unsafe void WriteBlocks(byte* blocks, int bytes, ulong offset);

    /// <summary>Replaces the marks file on another thread.</summary>
    /// <param name="done">Null, or what went wrong, as a sentence.</param>
    void ReplaceMarks(MarksContent content, Action<string?> done);

    /// <summary>From now on <see cref="AreAwaitedDone"/> speaks of the changes that are under way on the local disk now.</summary>
    void AwaitChanges();

    bool AreAwaitedDone { get; }

    /// <summary>Flushes the local disk on another thread: all that was written before.</summary>
    /// <param name="done">Null, or what went wrong, as a sentence.</param>
    void FlushLocal(Action<string?> done);

    /// <summary>Somebody's flush of the local disk has failed since the log was opened.</summary>
    bool HasFlushFailed => false;

    /// <summary>Asks the peer to make durable all that it was sent.</summary>
    /// <param name="barrier">For <see cref="IsDurable"/>; 0 when nothing is on its way.</param>
    /// <returns>False: not now.</returns>
    bool TrySendBarrier(out ulong barrier);

    /// <summary>The peer has it on stable storage, or its link has ended and all that was on its way is marked.</summary>
    bool IsDurable(ulong barrier);

    /// <summary>The marks file cannot be replaced, as a sentence, or can be again (null): the log goes on while it has room.</summary>
    void MarksRefused(string? reason)
    {
        // Whoever shows nothing of it only meets the end of the log.
    }

    /// <summary>The log cannot be written any more; the sentence names it.</summary>
    void LogFailed(string reason);
}
