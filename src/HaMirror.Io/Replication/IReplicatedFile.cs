namespace HaMirror.Io.Replication;

/// <summary>A file as replication sees it: implemented by the file system's nodes.</summary>
public interface IReplicatedFile
{
    FileKey Key { get; }

    /// <summary>A name it has now, relative to its root; null when it has none left (its changes need no replication) or
    /// when it is excluded by <c>notreplicated</c>.</summary>
    string? ReplicatedPath { get; }

    /// <summary>The number under which the current link's target knows the file; 0 when not bound. Owned by the source;
    /// of no use when <see cref="BoundLink"/> is not the current one.</summary>
    ulong WireFile { get; set; }

    long BoundLink { get; set; }
}
