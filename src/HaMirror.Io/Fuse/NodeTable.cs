// Every node of one replicated directory: by the kernel's number, by inode, and by name.
// Invariants:
//  1. An inode has at most one node. The node's open descriptor keeps its number from being used again.
//  2. The names of a node are entries that the underlying directory has (exactly those that the kernel has looked up or
//     made), because every change of names goes through here. While the replica is a target, others change the
//     directory: Revalidate brings names and entries back together before the first change of ours.
//  3. A directory stays in the table while one of its entries does, whether the kernel still knows it or not.
using System.Diagnostics.CodeAnalysis;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Fuse;

/// <summary>Nodes by number, inode and name. Belongs to the pump's thread.</summary>
internal sealed unsafe class NodeTable : IDisposable
{
    /// <summary>FUSE_ROOT_ID</summary>
    internal const ulong RootNumber = 1;

    private readonly Dictionary<ulong, FileNode> byNumber = [];
    private readonly Dictionary<ulong, FileNode> byInode = [];
    private readonly Func<string, bool> isReplicated;
    private readonly int root;
    private ulong lastNumber = RootNumber;

    /// <param name="root">Index of the replicated directory.</param>
    /// <param name="rootDescriptor">The underlying directory; a descriptor of its own is opened.</param>
    /// <param name="isReplicated">False for paths that are kept to this node, with all beneath them.</param>
    /// <exception cref="ShimException">The directory cannot be opened.</exception>
    internal NodeTable(int root, int rootDescriptor, Func<string, bool> isReplicated)
    {
        this.root = root;
        this.isReplicated = isReplicated;
        var descriptor = Shim.Check(
            Shim.Open(rootDescriptor, "", OpenFlags.Path | OpenFlags.Directory | OpenFlags.CloseOnExec, 0),
            "open the replicated directory");
        NativeStat stat;
        Shim.Check(Shim.StatAt(descriptor, "", &stat), "look at the replicated directory");
        Device = stat.Device;
        Root = new FileNode(this, RootNumber, new FileKey(root, stat.Inode), descriptor, stat.Mode) { Lookups = 1 };
        byNumber.Add(RootNumber, Root);
        byInode.Add(stat.Inode, Root);
    }

    internal FileNode Root { get; }

    /// <summary>The local disk is detached: what it says of replicated files does not count.</summary>
    internal bool IsDetached { get; set; }

    /// <summary>Told when a node leaves the table: its number at the peer is of no use any more.</summary>
    internal Action<FileNode>? Dropped { get; set; }

    /// <summary>The underlying file system: inode numbers mean nothing outside it.</summary>
    internal ulong Device { get; }

    /// <summary>Changes whenever a path may have changed.</summary>
    internal int Version { get; private set; }

    internal Dictionary<ulong, FileNode>.ValueCollection All => byNumber.Values;

    public void Dispose()
    {
        foreach (var node in byNumber.Values)
        {
            node.CloseDescriptors();
            Shim.Close(node.Descriptor);
        }

        byNumber.Clear();
        byInode.Clear();
    }

    internal bool IsReplicated(string path) => isReplicated(path);

    internal FileNode? Find(ulong number) => byNumber.GetValueOrDefault(number);

    internal bool TryFindInode(ulong inode, [MaybeNullWhen(false)] out FileNode node) =>
        byInode.TryGetValue(inode, out node);

    /// <summary>Takes an inode in that has no node; the descriptor (O_PATH) is the table's from now on.</summary>
    private FileNode Add(int descriptor, in NativeStat stat)
    {
        var node = new FileNode(this, ++lastNumber, new FileKey(root, stat.Inode), descriptor, stat.Mode);
        byNumber.Add(node.Number, node);
        byInode.Add(stat.Inode, node);
        return node;
    }

    /// <summary>Finds the node of an entry, or makes it.</summary>
    /// <param name="directory">Where to look.</param>
    /// <param name="name">The entry.</param>
    /// <param name="node">Valid when 0 is returned; not yet counted as known to the kernel.</param>
    /// <param name="stat">Its attributes.</param>
    /// <returns>0 or a positive errno; EXDEV when another file system is mounted there.</returns>
    internal int Resolve(FileNode directory, in EntryName name, out FileNode? node, out NativeStat stat)
    {
        node = null;
        NativeStat found = default;
        var error = -Shim.StatAt(directory.Descriptor, name.Bytes, &found);
        if (error == 0 && found.Device == Device && !byInode.TryGetValue(found.Inode, out node))
        {
            error = Open(directory, name, ref found, out node);
        }

        stat = found;
        if (error != 0)
        {
            if (error == Errno.ENOENT && RemoveName(directory, name.Text) is { } gone)
            {
                NameLost(gone);
            }

            return error;
        }

        if (node is null)
        {
            return Errno.EXDEV;
        }

        SetName(directory, name.Text, node);
        return 0;
    }

    private int Open(FileNode directory, in EntryName name, ref NativeStat stat, out FileNode? node)
    {
        node = null;
        var descriptor = Shim.Open(directory.Descriptor, name.Bytes,
            OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
        if (descriptor < 0)
        {
            return -descriptor;
        }

        // Look again: while the replica is a target, the entry may have been replaced since.
        NativeStat opened;
        var error = -Shim.StatAt(descriptor, "", &opened);
        stat = opened;
        if (error != 0 || opened.Device != Device || byInode.TryGetValue(opened.Inode, out node))
        {
            Shim.Close(descriptor);
            return error;
        }

        node = Add(descriptor, opened);
        return 0;
    }

    /// <summary>Notes that an entry leads to a node; whatever it led to before has lost it.</summary>
    private void SetName(FileNode directory, ReadOnlySpan<char> name, FileNode node)
    {
        var children = directory.Children ??= new Dictionary<string, FileNode>(StringComparer.Ordinal);
        if (children.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var known))
        {
            if (ReferenceEquals(known, node))
            {
                return;
            }

            RemoveName(directory, name);
            NameLost(known);
        }

        if (node.IsDirectory && node.Names.Count != 0)
        {
            // A directory has one name: the other one is what others left behind when they renamed it.
            RemoveName(node.Names[0].Directory, node.Names[0].Name);
        }

        var text = name.ToString();
        children.Add(text, node);
        node.Names.Add(new NodeName(directory, text));
        Version++;
    }

    /// <summary>Notes that an entry is gone. Does nothing when the table never knew it.</summary>
    /// <returns>The node that lost it.</returns>
    internal FileNode? RemoveName(FileNode directory, ReadOnlySpan<char> name)
    {
        if (directory.Children is null
            || !directory.Children.GetAlternateLookup<ReadOnlySpan<char>>().Remove(name, out var text, out var node))
        {
            return null;
        }

        node.Names.Remove(new NodeName(directory, text));
        Version++;
        Drop(directory);
        return node;
    }

    /// <summary>Follows a rename that has been done.</summary>
    internal void Move(FileNode from, string oldName, FileNode to, string newName, bool exchange)
    {
        var moved = from.Children?.GetValueOrDefault(oldName);
        var other = to.Children?.GetValueOrDefault(newName);
        if (moved is not null && ReferenceEquals(moved, other))
        {
            return; // rename(2): two names of one inode both stay
        }

        RemoveName(from, oldName);
        RemoveName(to, newName);
        if (moved is not null)
        {
            SetName(to, newName, moved);
        }

        if (other is null)
        {
            return;
        }

        if (exchange)
        {
            SetName(from, oldName, other);
        }
        else
        {
            NameLost(other);
        }
    }

    /// <summary>After a node has lost a name: are there others, which were never looked up?</summary>
    internal void NameLost(FileNode node)
    {
        NativeStat stat;
        node.NamesUnknown = node.Names.Count == 0 && !node.IsDirectory
            && Shim.StatAt(node.Descriptor, "", &stat) == 0 && stat.Links > 0;
        Drop(node);
    }

    /// <summary>The kernel gives references back.</summary>
    internal void Forget(ulong number, ulong lookups)
    {
        if (number != RootNumber && byNumber.TryGetValue(number, out var node))
        {
            node.Lookups -= Math.Min(lookups, node.Lookups);
            Drop(node);
        }
    }

    /// <summary>Takes a node out that nothing refers to any more, and the directories that only it kept.</summary>
    internal void Drop(FileNode node)
    {
        if (node.Lookups != 0 || node.Opens != 0 || node.Children is { Count: > 0 } || !byNumber.Remove(node.Number))
        {
            return;
        }

        Dropped?.Invoke(node);
        byInode.Remove(node.Key.Inode);
        while (node.Names.Count != 0)
        {
            RemoveName(node.Names[^1].Directory, node.Names[^1].Name);
        }

        node.CloseDescriptors();
        Shim.Close(node.Descriptor);
    }

    /// <summary>Compares every name with the underlying directory and drops those that lead elsewhere.</summary>
    internal void Revalidate()
    {
        foreach (var node in byNumber.Values.ToArray())
        {
            foreach (var (directory, name) in node.Names.ToArray())
            {
                NativeStat stat;
                if (Shim.StatAt(directory.Descriptor, name, &stat) != 0 || stat.Inode != node.Key.Inode)
                {
                    RemoveName(directory, name);
                    NameLost(node);
                }
            }

            node.Unprivileged = false;
        }

        Version++;
    }

    /// <summary>Looks through the whole directory for names of a hard-linked node whose known names are all gone. Rare:
    /// a file with several names, changed after the one it was opened by was removed.</summary>
    internal void SearchNames(FileNode wanted)
    {
        wanted.NamesUnknown = false;
        DirectorySearch.Find(this, wanted);
    }
}
