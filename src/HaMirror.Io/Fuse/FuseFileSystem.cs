// The file system over one replicated directory: decodes requests, executes all but the reads, writes and flushes of
// data, and knows every node and handle. It neither receives nor replies: the pump does both.
// Invariants:
//  1. One thread. Nothing here is locked, nothing waits, except for the underlying file system.
//  2. Take executes nothing. What changes the directory is executed by Execute, and only while Writable.
//  3. Whatever Execute has changed in a replicated place stands in the request, also when it ends with an error
//     half-way.
using HaMirror.Core.Configuration;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Fuse;

/// <summary>All file-system operations over one underlying directory held by descriptor.</summary>
public sealed unsafe class FuseFileSystem : IDisposable
{
    /// <summary>Largest read or write of one request, in bytes.</summary>
    public const int TransferBytesMax = 1 << 20;

    /// <summary>What <see cref="FuseRequest.DataCapacity"/> must be at least: the largest write, or the largest other
    /// request.</summary>
    public const int DataBytesMin = TransferBytesMax + 4096;

    private readonly LookupOperations lookups;
    private readonly NameOperations names;
    private readonly AttributeOperations attributes;
    private readonly XattrOperations xattrs;
    private readonly OpenOperations opens;
    private readonly RangeOperations ranges;
    private readonly DirectoryOperations directories;

    /// <summary>Takes the directory over.</summary>
    /// <param name="root">Index of the replicated directory in its module.</param>
    /// <param name="rootDescriptor">The underlying directory, opened before anything was mounted over it. The caller
    /// keeps it and may close it at once.</param>
    /// <param name="isReplicated">Whether a path (relative to the directory, "" for itself) is mirrored; must say no
    /// for everything beneath an excluded directory.</param>
    /// <exception cref="ShimException">The directory cannot be opened.</exception>
    public FuseFileSystem(int root, int rootDescriptor, Func<string, bool> isReplicated)
    {
        ArgumentNullException.ThrowIfNull(isReplicated);
        Nodes = new NodeTable(root, rootDescriptor, isReplicated);
        DirectAlignment = BlockAlignment.OfDevice(Nodes.Device);
        lookups = new LookupOperations(this);
        names = new NameOperations(this);
        attributes = new AttributeOperations(this);
        xattrs = new XattrOperations(this);
        opens = new OpenOperations(this);
        ranges = new RangeOperations(this);
        directories = new DirectoryOperations(this);
    }

    /// <summary>False: every change is refused with EROFS, and the kernel is told to keep nothing, because somebody
    /// else may change the directory. After a switch, run <see cref="SnapshotKernelCaches"/>'s result on another
    /// thread.</summary>
    public bool Writable
    {
        get;
        set
        {
            if (field == value)
            {
                return;
            }

            field = value;
            WritableEra++;
            if (value)
            {
                Nodes.Revalidate();
            }
        }
    }

    /// <summary>What is used of the kernel where it has it; to be set before the mount is made.</summary>
    public KernelUse Uses { get; set; } = KernelUse.Usual;

    /// <summary>Descriptor of the mount, once there is one.</summary>
    public int Device
    {
        get => Passed.Device;
        set => Passed.Device = value;
    }

    /// <summary>What was agreed with the kernel; null: nothing yet.</summary>
    public FuseAgreement? Agreement { get; internal set; }

    /// <summary>Files that the kernel reads by itself now.</summary>
    public int PassedCount => Passed.Count;

    /// <summary>The local disk is detached: content and attributes of replicated files are the peer's.</summary>
    public bool IsDetached
    {
        get;
        set => field = Nodes.IsDetached = value;
    }

    /// <summary>Every node that the kernel or a handle refers to.</summary>
    public IReadOnlyCollection<FileNode> KnownNodes => Nodes.All;

    internal NodeTable Nodes { get; }

    internal HandleTable<FileHandle> Handles { get; } = new();

    internal PassedFiles Passed { get; } = new();

    internal HandleTable<DirectoryHandle> DirectoryHandles { get; } = new();

    internal RequestBody Body { get; } = new();

    /// <summary>Direct I/O must begin and end at multiples of this many bytes.</summary>
    internal uint DirectAlignment { get; }

    /// <summary>Counts the switches of <see cref="Writable"/>.</summary>
    internal long WritableEra { get; private set; } = 1;

    /// <summary>How long the kernel may believe names and attributes: the mount is the only way to the directory while
    /// it is writable, and not at all otherwise.</summary>
    internal ulong ValidSeconds => Writable ? 3600u : 0u;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var handle in DirectoryHandles.All)
        {
            handle.Stream.Dispose();
        }

        Nodes.Dispose();
        Body.Dispose();
    }

    /// <summary>The node of a file, if it has one now.</summary>
    public bool TryFind(FileKey key, out FileNode? node)
    {
        node = null;
        return key.Root == Nodes.Root.Key.Root && Nodes.TryFindInode(key.Inode, out node);
    }

    /// <summary>What the kernel may have cached now, to be dropped from another thread.</summary>
    public KernelCaches SnapshotKernelCaches() => new(Nodes);

    /// <summary>Decodes a received request and says what it is. Executes nothing but forgets.</summary>
    public FuseVerdict Take(ref FuseRequest request)
    {
        request.Clear();
        if (request.Length < FuseWire.InHeaderBytes)
        {
            return FuseVerdict.NoReply; // not even a number to answer to
        }

        request.Unique = request.In.Unique;
        request.Opcode = request.In.Opcode;
        switch (request.Opcode)
        {
            case FuseOpcode.Read:
                return opens.TakeRead(ref request);
            case FuseOpcode.Write:
                return opens.TakeWrite(ref request);
            case FuseOpcode.Sync or FuseOpcode.SyncDirectory:
                return opens.TakeSync(ref request);
            case FuseOpcode.Forget or FuseOpcode.BatchForget:
                lookups.Forget(ref request);
                return FuseVerdict.NoReply;
            case FuseOpcode.Interrupt:
                return FuseVerdict.NoReply; // what is under way ends soon by itself
            case FuseOpcode.Open:
                return opens.TakeOpen(ref request);
            case FuseOpcode.SetAttributes:
                return attributes.TakeSetAttributes(ref request);
            case FuseOpcode.Allocate:
                return ranges.TakeAllocate(ref request);
            default:
                return IsChangeOfNames(request.Opcode) ? TakeChange(ref request) : FuseVerdict.Immediate;
        }
    }

    /// <summary>Executes an Immediate or a Change (or drops the privileges of a file before a Write) and fills the
    /// reply.</summary>
    public void Execute(ref FuseRequest request)
    {
        request.Error = request.Refusal != 0 ? request.Refusal
            : !Body.Load(request) && request.Opcode != FuseOpcode.Write ? Errno.EIO
            : Run(ref request);
        if (request.Error != 0)
        {
            request.PayloadBytes = 0;
        }
    }

    /// <summary>Lets a change pass, or refuses it while the directory is read-only.</summary>
    internal FuseVerdict TakeChange(ref FuseRequest request)
    {
        request.Refusal = Writable ? request.Refusal : Errno.EROFS;
        return request.Refusal == 0 ? FuseVerdict.Change : FuseVerdict.Immediate;
    }

    private static bool IsChangeOfNames(FuseOpcode opcode) => opcode is FuseOpcode.SymbolicLink or FuseOpcode.MakeNode
        or FuseOpcode.MakeDirectory or FuseOpcode.Unlink or FuseOpcode.RemoveDirectory or FuseOpcode.Rename
        or FuseOpcode.Rename2 or FuseOpcode.Link or FuseOpcode.Create or FuseOpcode.SetXattr or FuseOpcode.RemoveXattr;

    private static bool IsChange(in FuseRequest request) => IsChangeOfNames(request.Opcode)
        || request.Opcode is FuseOpcode.SetAttributes or FuseOpcode.Allocate or FuseOpcode.Write
        || request.Range != RangeChange.None;

    private int Run(ref FuseRequest request)
    {
        // Asked again, because the pump may have held the request while the module's state changed.
        if (!Writable && IsChange(request))
        {
            return Errno.EROFS;
        }

        return request.Opcode switch
        {
            FuseOpcode.Init => FuseNegotiation.Answer(ref request, this),
            FuseOpcode.Lookup => lookups.Lookup(ref request),
            FuseOpcode.GetAttributes => lookups.GetAttributes(ref request),
            FuseOpcode.ReadLink => lookups.ReadLink(ref request),
            FuseOpcode.FileSystemStat => lookups.FileSystemStat(ref request),
            FuseOpcode.SymbolicLink => names.SymbolicLink(ref request),
            FuseOpcode.MakeNode => names.MakeNode(ref request),
            FuseOpcode.MakeDirectory => names.MakeDirectory(ref request),
            FuseOpcode.Unlink => names.Unlink(ref request, isDirectory: false),
            FuseOpcode.RemoveDirectory => names.Unlink(ref request, isDirectory: true),
            FuseOpcode.Rename => names.Rename(ref request, withFlags: false),
            FuseOpcode.Rename2 => names.Rename(ref request, withFlags: true),
            FuseOpcode.Link => names.Link(ref request),
            FuseOpcode.SetAttributes => attributes.SetAttributes(ref request),
            FuseOpcode.Write => attributes.DropPrivileges(ref request),
            FuseOpcode.SetXattr => xattrs.Set(ref request),
            FuseOpcode.GetXattr => xattrs.Get(ref request),
            FuseOpcode.ListXattr => xattrs.List(ref request),
            FuseOpcode.RemoveXattr => xattrs.Remove(ref request),
            FuseOpcode.Open => opens.Open(ref request),
            FuseOpcode.Create => opens.Create(ref request, names),
            FuseOpcode.Release => opens.Release(ref request),
            FuseOpcode.OpenDirectory => directories.Open(ref request),
            FuseOpcode.ReadDirectory => directories.Read(ref request, withAttributes: false),
            FuseOpcode.ReadDirectoryPlus => directories.Read(ref request, withAttributes: true),
            FuseOpcode.ReleaseDirectory => directories.Release(ref request),
            FuseOpcode.Allocate => ranges.Allocate(ref request),
            FuseOpcode.Seek => ranges.Seek(ref request),

            // A sync that Take did not pass on has nothing to do; after destroy nothing follows.
            FuseOpcode.Sync or FuseOpcode.SyncDirectory or FuseOpcode.Destroy => 0,
            FuseOpcode.Ioctl => Errno.ENOTTY,

            // The kernel notes ENOSYS for the whole mount and does the thing itself from then on: FLUSH (nothing to do
            // at close), ACCESS (default_permissions), COPY_FILE_RANGE (reads and writes, which are mirrored), BMAP,
            // POLL (always ready), STATX (GETATTR), TMPFILE (EOPNOTSUPP to the caller). SYNCFS is never sent to a mount
            // of this kind, locks are the kernel's because they were not negotiated.
            _ => Errno.ENOSYS,
        };
    }
}
