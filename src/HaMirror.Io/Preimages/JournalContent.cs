using HaMirror.Io.Native;

namespace HaMirror.Io.Preimages;

/// <summary>Reads saved bytes of a journal that was checked.</summary>
internal sealed unsafe class JournalContent(string path) : IDisposable
{
    private readonly int _file = Shim.Check(
        Shim.Open(Shim.CurrentDirectory, path, OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0), $"open {path}");

    private readonly PageBlock _room = new(Core.Wire.FrameHeader.PayloadLengthMax);

    /// <summary>Writes a saved range to a file, a hole as a hole.</summary>
    /// <param name="name">Of the file, for the sentence.</param>
    public void Restore(in PreimageRange range, int target, string name)
    {
        const int punchHole = 2 | 1; // FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
        if (range.Kind == PreimageKind.Hole)
        {
            // A block is freed only whole; behind the last one the file ends.
            var length = Core.Extents.ExtentSet.RoundUp(range.Offset + range.Length) - range.Offset;
            var punched = Shim.Allocate(target, punchHole, range.Offset, length);
            if (punched == -Errno.EOPNOTSUPP)
                punched = Replication.ZeroRange.Allocate(
                    target, punchHole, range.Offset, range.Length, new Span<byte>(_room.Address, (int)_room.Bytes));
            Shim.Check(punched, $"free a range of {name}");
            return;
        }
        if (range.Kind == PreimageKind.Bytes)
        {
            var read = Shim.Check(Shim.ReadAt(_file, _room.Address, range.Length, (ulong)range.Position), $"read {path}");
            if ((ulong)read != range.Length)
                throw new IOException($"{path} was cut while it was read. Run it again.");
        }
        else
        {
            new Span<byte>(_room.Address, (int)range.Length).Clear();
        }
        Shim.Check(Shim.WriteAt(target, _room.Address, range.Length, range.Offset), $"write {name}");
    }

    public void Dispose()
    {
        _ = Shim.Close(_file);
        _room.Dispose();
    }
}
