// A file that the source has bound to a number.
// Invariants: (1) touched by the session's thread only; (2) descriptors close when the number is unbound AND nothing under
// way, a sync thread included, refers to the file.
using HaMirror.Io.Native;

namespace HaMirror.Io.Replication;

/// <summary>An open file of the target.</summary>
internal sealed class TargetFile(TargetRoot root, int rootIndex, string path, int descriptor)
{
    private const int Untried = -1;
    private const int Unsupported = -2;

    private int _direct = Untried;
    private int _references = 1;

    public int RootIndex { get; } = rootIndex;

    /// <summary>The path that it was bound by, as renames during the resync have changed it.</summary>
    public string Path { get; set; } = path;

    /// <summary>Its name was removed: no visit of a directory brings it back.</summary>
    public bool IsNameless { get; set; }

    /// <summary>For sentences.</summary>
    public string FullPath => Path.Length == 0 ? root.Path : $"{root.Path}/{Path}";

    /// <summary>Buffered; -1: the path does not exist here (yet).</summary>
    public int Descriptor { get; private set; } = descriptor;

    public bool IsMissing => Descriptor < 0;

    /// <summary>Written since the last barrier and in its list.</summary>
    public bool AwaitsBarrier { get; set; }

    /// <summary>Writes and syncs under way in the ring.</summary>
    public int UnderWay { get; set; }

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

    /// <summary>A resync has put another file in its place; nothing is under way.</summary>
    public void Replace(int descriptor)
    {
        Close();
        (Descriptor, _direct) = (descriptor, Untried);
    }

    public void Retain() => _references++;

    public void Release()
    {
        if (--_references == 0)
            Close();
    }

    private void Close()
    {
        if (_direct >= 0)
            _ = Shim.Close(_direct);
        if (Descriptor >= 0)
            _ = Shim.Close(Descriptor);
    }
}
