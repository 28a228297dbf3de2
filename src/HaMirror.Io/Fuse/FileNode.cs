// A file, directory or other inode that the kernel, a handle or a name beneath it refers to.
// Invariants: the O_PATH descriptor is open as long as the node is in its table, so the inode number cannot be given to
// another file meanwhile; every name here is an entry of its directory's Children and the reverse.
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Fuse;

/// <summary>One inode of a replicated directory. Belongs to the pump's thread.</summary>
public sealed class FileNode : IReplicatedFile
{
    private readonly NodeTable table;
    private int reader = -1;
    private int writer = -1;
    private int directReader = -1;
    private int directWriter = -1;
    private bool directRefused;
    private int pathVersion = -1;
    private string? path;
    private string? replicatedPath;

    internal FileNode(NodeTable table, ulong number, FileKey key, int descriptor, uint mode)
    {
        this.table = table;
        Number = number;
        Key = key;
        Descriptor = descriptor;
        Type = mode & ModeBits.TypeMask;
    }

    /// <inheritdoc/>
    public FileKey Key { get; }

    /// <summary>The kernel's number of this node.</summary>
    public ulong Number { get; }

    /// <summary>O_PATH descriptor; owned by the node.</summary>
    public int Descriptor { get; }

    /// <summary>True for a directory.</summary>
    public bool IsDirectory => Type == ModeBits.Directory;

    /// <summary>True for a file with content.</summary>
    public bool IsRegular => Type == ModeBits.Regular;

    /// <inheritdoc/>
    public string? ReplicatedPath
    {
        get
        {
            RefreshPaths();
            return replicatedPath;
        }
    }

    /// <inheritdoc/>
    public ulong WireFile { get; set; }

    /// <inheritdoc/>
    public long BoundLink { get; set; }

    /// <summary>A name it has now, excluded ones too; empty for the root; null when it has none left.</summary>
    internal string? Path
    {
        get
        {
            RefreshPaths();
            return path;
        }
    }

    /// <summary>Null: they are the local disk's.</summary>
    internal DetachedAttributes? Detached { get; private set; }

    /// <summary>From here on what the local disk says of the file does not count.</summary>
    internal unsafe DetachedAttributes Detach()
    {
        if (Detached is not null)
        {
            return Detached;
        }

        NativeStat stat = default;
        var isKnown = Shim.StatAt(Descriptor, "", &stat) == 0; // from memory: the node keeps the inode there
        return Detached = new DetachedAttributes(stat, isKnown);
    }

    internal uint Type { get; }

    internal List<NodeName> Names { get; } = new(1);

    /// <summary>Directories: entries whose nodes are in the table.</summary>
    internal Dictionary<string, FileNode>? Children { get; set; }

    /// <summary>References that the kernel holds.</summary>
    internal ulong Lookups { get; set; }

    /// <summary>Open handles.</summary>
    internal int Opens { get; set; }

    /// <summary>The kernel reads it by itself under this number; 0: it does not.</summary>
    internal int PassedAs { get; set; }

    /// <summary>True when the inode has names that the table has never seen (hard links): they must be searched for
    /// before the node counts as nameless.</summary>
    internal bool NamesUnknown { get; set; }

    /// <summary>Syncs that failed: content that any of its handles had written may be lost.</summary>
    internal int Losses { get; set; }

    /// <summary>Known to have neither set-user-ID nor set-group-ID, so that writes need not look.</summary>
    internal bool Unprivileged { get; set; }

    /// <summary>The writable era in which the file was opened last: pages that the kernel kept are right only when they
    /// come from the present one.</summary>
    internal long CacheEra { get; set; }

    /// <summary>The descriptor for buffered I/O, or -1 when no handle has opened one for it.</summary>
    internal int Buffered(bool write) => writer >= 0 || write ? writer : reader;

    /// <summary>The descriptor for direct I/O, or -1.</summary>
    internal int Direct(bool write) => directWriter >= 0 || write ? directWriter : directReader;

    /// <summary>Opens what a handle needs and does not find open. Descriptors are shared by all handles of the node
    /// (rights are the kernel's affair: default_permissions) and writable ones are opened for reading too.</summary>
    /// <returns>0 or a positive errno.</returns>
    internal int OpenDescriptors(bool write, bool direct)
    {
        ref var buffered = ref (write ? ref writer : ref reader);
        var access = write ? OpenFlags.ReadWrite : OpenFlags.ReadOnly;
        if (buffered < 0 && (write || writer < 0))
        {
            var opened = Shim.Reopen(Descriptor, access | OpenFlags.CloseOnExec | OpenFlags.LargeFile);
            if (opened < 0)
            {
                // Nothing is read or written through it while the peer stands in for the disk.
                return table.IsDetached && ReplicatedPath is not null ? 0 : -opened;
            }

            buffered = opened;
        }

        ref var unbuffered = ref (write ? ref directWriter : ref directReader);
        if (direct && !directRefused && unbuffered < 0 && (write || directWriter < 0))
        {
            var opened = Shim.Reopen(Descriptor,
                access | OpenFlags.Direct | OpenFlags.CloseOnExec | OpenFlags.LargeFile);
            if (opened < 0 && opened != -Errno.EINVAL)
            {
                return table.IsDetached && ReplicatedPath is not null ? 0 : -opened;
            }

            // EINVAL: the underlying file system has no direct I/O; buffered I/O gives the same content.
            directRefused = opened < 0;
            unbuffered = Math.Max(opened, -1);
        }

        return 0;
    }

    internal void CloseDescriptors()
    {
        Close(ref reader);
        Close(ref writer);
        Close(ref directReader);
        Close(ref directWriter);
    }

    private static void Close(ref int descriptor)
    {
        if (descriptor >= 0)
        {
            Shim.Close(descriptor);
            descriptor = -1;
        }
    }

    private void RefreshPaths()
    {
        if (Names.Count == 0 && NamesUnknown)
        {
            table.SearchNames(this);
        }

        if (pathVersion == table.Version)
        {
            return;
        }

        path = Number == NodeTable.RootNumber ? "" : null;
        replicatedPath = path is not null && table.IsReplicated(path) ? path : null;
        foreach (var (directory, name) in Names)
        {
            if (directory.ChildPath(name) is { } found)
            {
                path ??= found;
                replicatedPath ??= table.IsReplicated(found) ? found : null;
            }
        }

        pathVersion = table.Version;
    }

    /// <summary>The same, but null for an excluded entry too.</summary>
    internal string? ReplicatedChildPath(string name) =>
        ChildPath(name) is { } child && table.IsReplicated(child) ? child : null;

    /// <summary>Path of an entry of this directory; null when the directory has no name left.</summary>
    internal string? ChildPath(string name) => Path switch
    {
        null => null,
        "" => name,
        var parent => parent + "/" + name,
    };
}
