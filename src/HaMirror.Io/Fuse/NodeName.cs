namespace HaMirror.Io.Fuse;

/// <summary>One name of a node: an entry of a directory.</summary>
internal readonly record struct NodeName(FileNode Directory, string Name);
