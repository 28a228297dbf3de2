// What a change has to pass before it goes (docs/architecture.md, "One round of the pump").
// Invariants: while frozen no change goes and none is acknowledged; a change that is not under a committed link goes only
// after a generation of its own was opened; a generation is opened for one stay as a writable replica and one separation:
// both ends take it back.
namespace HaMirror.Io.Storage;

/// <summary>The gates of a module's changes. Belongs to the pump's thread.</summary>
internal sealed class ChangeGates(IStorageEvents events)
{
    private bool _generationOpen;
    private bool _asked;

    public bool IsWritable { get; private set; }

    public bool IsFrozen { get; private set; }

    /// <summary>A generation is open, or the committed link's one is shared.</summary>
    public bool HasGeneration(bool isCommitted) => _generationOpen || isCommitted;

    public void SetWritable(bool writable)
    {
        IsWritable = writable;
        if (writable)
            return;
        // Both belong to one time of service: the next one begins with neither.
        IsFrozen = false;
        CloseGeneration();
    }

    public void Freeze() => IsFrozen = true;

    /// <summary>A generation that was opened while the link still stood is the one that the peer shares: this node goes on
    /// with one of its own.</summary>
    public void Thaw()
    {
        IsFrozen = false;
        CloseGeneration();
    }

    public void OpenGeneration()
    {
        _generationOpen = true;
        _asked = false;
    }

    /// <summary>What comes from here on belongs to another history, once the peer is lost or service begins anew.</summary>
    public void CloseGeneration()
    {
        _generationOpen = false;
        _asked = false;
    }

    /// <summary>Tells the driver, once, that a change waits for its generation.</summary>
    public void AskForGeneration()
    {
        if (_asked)
            return;
        _asked = true;
        events.GenerationNeeded();
    }
}
