namespace HaMirror.Io.Replication;

/// <summary>Identity of a file on this node: which replicated directory, and its inode number there. Names come and go;
/// dirty extents and range locks hang on this.</summary>
public readonly record struct FileKey(int Root, ulong Inode);
