namespace HaMirror.Io.Checkers;

/// <summary>How a <see cref="MountWatch"/> asks. One thread calls; only <see cref="IDisposable.Dispose"/> may come from another.</summary>
internal interface IMountQuestion : IDisposable
{
    /// <summary>What a question needs, before its time counts.</summary>
    /// <returns>Null, or why nothing can be asked at present, as a sentence.</returns>
    string? Prepare();

    /// <summary>Asks, and waits for the answer.</summary>
    /// <exception cref="IOException">The mount answered that it is gone.</exception>
    void Ask();
}
