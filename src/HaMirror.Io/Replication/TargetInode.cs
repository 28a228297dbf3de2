// What is under way on one inode of the target, whatever number its frames name.
// The source binds one file under several numbers: a resync's own beside that of whoever has it open, and an earlier one whose
// writes are still under way. The order of the stream holds for the file's bytes, so it is kept here and not per number.
// Invariant: an inode is known as long as an open file refers to it, and that one does until nothing of it is under way: two
// files with one inode always share one entry.
using HaMirror.Io.Native;

namespace HaMirror.Io.Replication;

/// <summary>One inode that open files of a target share. Belongs to the session's thread.</summary>
internal sealed class TargetInode
{
    private readonly Dictionary<(ulong Device, ulong Inode), TargetInode>? _known;
    private readonly (ulong Device, ulong Inode) _key;
    private int _references;

    private TargetInode()
    {
    }

    private TargetInode(Dictionary<(ulong Device, ulong Inode), TargetInode> known, (ulong Device, ulong Inode) key) =>
        (_known, _key) = (known, key);

    /// <summary>On this node; 0: the file is not here.</summary>
    public ulong Number => _key.Inode;

    /// <summary>Writes and syncs under way in the ring.</summary>
    public int UnderWay { get; set; }

    /// <summary>The entry of an open file, to be given back with <see cref="Release"/>.</summary>
    /// <param name="known">All inodes of the session.</param>
    /// <param name="descriptor">-1: the file is not here, and shares nothing with anybody.</param>
    /// <exception cref="TargetException">The file cannot be looked at.</exception>
    public static unsafe TargetInode Take(Dictionary<(ulong Device, ulong Inode), TargetInode> known, int descriptor)
    {
        if (descriptor < 0)
            return new TargetInode();
        NativeStat stat;
        if (Shim.StatAt(descriptor, "", &stat) is < 0 and var error)
        {
            _ = Shim.Close(descriptor);
            throw new TargetException(
                $"A file that was just opened on this node cannot be looked at: {Errno.Describe(-error)}. Repair the disk.", replicaFailed: true);
        }
        var key = (stat.Device, stat.Inode);
        if (!known.TryGetValue(key, out var inode))
            known.Add(key, inode = new TargetInode(known, key));
        inode._references++;
        return inode;
    }

    public void Release()
    {
        if (--_references == 0)
            _known?.Remove(_key);
    }
}
