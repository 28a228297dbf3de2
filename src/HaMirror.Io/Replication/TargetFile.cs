// A file that the source has bound to a number.
// Invariants: (1) touched by the session's thread only; (2) descriptors close when the number is unbound AND nothing under
// way, a sync thread included, refers to the file.
using HaMirror.Io.Native;

namespace HaMirror.Io.Replication;

/// <summary>An open file of the target.</summary>
internal sealed class TargetFile
{
    private const int Untried = -1;
    private const int Unsupported = -2;

    private readonly TargetRoot _root;
    private int _direct = Untried;
    private int _references = 1;

    /// <summary>Takes the descriptor over.</summary>
    /// <param name="inodes">All inodes of the session's files.</param>
    /// <exception cref="TargetException">The file cannot be looked at; the descriptor is closed.</exception>
    public TargetFile(
        TargetRoot root, int rootIndex, string path, int descriptor, Dictionary<(ulong Device, ulong Inode), TargetInode> inodes)
    {
        (_root, RootIndex, Path) = (root, rootIndex, path);
        (Descriptor, Inode) = (descriptor, TargetInode.Take(inodes, descriptor));
    }

    public int RootIndex { get; }

    public FileKey Key => new(RootIndex, Inode.Number);

    /// <summary>The path that it was bound by, as renames during the resync have changed it.</summary>
    public string Path { get; set; }

    /// <summary>What it shares with other numbers of the same file: the order of what is under way.</summary>
    public TargetInode Inode { get; }

    /// <summary>Its name was removed: no visit of a directory brings it back.</summary>
    public bool IsNameless { get; set; }

    /// <summary>For sentences.</summary>
    public string FullPath => Path.Length == 0 ? _root.Path : $"{_root.Path}/{Path}";

    /// <summary>Buffered; -1: the path does not exist here (yet).</summary>
    public int Descriptor { get; }

    public bool IsMissing => Descriptor < 0;

    /// <summary>Written since the last barrier and in its list.</summary>
    public bool AwaitsBarrier { get; set; }

    /// <summary>For O_DIRECT; -1 when the file system refuses it.</summary>
    public int DirectDescriptor
    {
        get
        {
            if (_direct == Untried)
                _direct = Shim.Reopen(Descriptor, OpenFlags.ReadWrite | OpenFlags.Direct | OpenFlags.CloseOnExec) is >= 0 and var opened
                    ? opened
                    : Unsupported;
            return _direct >= 0 ? _direct : -1;
        }
    }

    /// <summary>O_DIRECT opened but does not work here.</summary>
    public void GiveUpDirect()
    {
        if (_direct >= 0)
            _ = Shim.Close(_direct);
        _direct = Unsupported;
    }

    public void Retain() => _references++;

    public void Release()
    {
        if (--_references == 0)
            Close();
    }

    private void Close()
    {
        Inode.Release();
        if (_direct >= 0)
            _ = Shim.Close(_direct);
        if (Descriptor >= 0)
            _ = Shim.Close(Descriptor);
    }
}
