namespace HaMirror.Io.Replication;

/// <summary>What a source link tells the pump that owns it; everything happens on the pump's thread.</summary>
internal interface ISourceOwner
{
    /// <summary>The peer holds (or has applied, as the module's mode asks) the frame that a slot waits for.</summary>
    void Acknowledged(int slot);

    /// <summary>The Flush or durable Write with this sequence is on the peer's stable storage.</summary>
    void Flushed(ulong sequence);

    /// <summary>The connection has taken the payload of a slot, or of a resync's buffer.</summary>
    void PayloadTaken(int owner);

    /// <summary>A change or flush of the guest is not answered yet.</summary>
    bool IsGuestWaiting { get; }

    /// <summary>What the peer lacks although its resync has ended: a verification has made it.</summary>
    void MarksReported(List<Core.Wire.FileMarks> marks);

    void OfferAccepted(long link);

    void SwapRequested(long link);

    /// <summary>The peer stands in for the local disk from now on.</summary>
    void DetachAccepted(long link);
}
