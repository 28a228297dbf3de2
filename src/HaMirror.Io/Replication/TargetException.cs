namespace HaMirror.Io.Replication;

/// <summary>Why a target session ends, as a sentence: thrown where it is found, caught at the edge of the session's
/// thread.</summary>
internal sealed class TargetException(string sentence, bool replicaFailed) : Exception(sentence)
{
    /// <summary>Something that was acknowledged as received could not be applied: this replica must not take over.</summary>
    public bool ReplicaFailed { get; } = replicaFailed;

    /// <summary>The source broke the protocol; everything before the broken frame is applied.</summary>
    public static TargetException Violation(string what) =>
        new($"The source broke the replication protocol: {what} Both nodes must run the same release; "
            + "if they do, look for a damaged network path or memory.", replicaFailed: false);
}
