namespace HaMirror.Io.Preimages;

/// <summary>What has to come before a range of a file may change; the default: nothing.</summary>
/// <param name="Ticket">Of the last range that has to be saved; 0: it was saved before.</param>
/// <param name="Bytes">Of the journal that have to be on stable storage; 0: none.</param>
internal readonly record struct PreimageWait(ulong Ticket, long Bytes)
{
    public bool IsNothing => this == default;
}
