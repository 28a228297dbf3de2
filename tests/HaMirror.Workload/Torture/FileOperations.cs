using System.IO.MemoryMappedFiles;
using HaMirror.Io.Native;

namespace HaMirror.Workload.Torture;

/// <summary>Content: some files stay open, whatever becomes of their names.</summary>
internal sealed unsafe class FileOperations : IDisposable
{
    private const int OpenMax = 6;
    private const int FileBytesMax = 1 << 20;
    private const int WriteBytesMax = 200_000;
    private const ulong Page = 4096;

    /// <summary>FALLOC_FL_KEEP_SIZE, _PUNCH_HOLE, _ZERO_RANGE</summary>
    private const int Keep = 1, Punch = 2, Zero = 16;

    /// <summary>SEEK_DATA, SEEK_HOLE</summary>
    private const int SeekData = 3, SeekHole = 4;

    private static readonly int[] AllocateModes = [0, Keep, Punch | Keep, Zero, Zero | Keep];

    private readonly Random _random;
    private readonly int _root;
    private readonly PageBlock _room = new(1 << 18);
    private readonly List<(int File, bool Direct)> _open = [];

    public FileOperations(string root, Random random)
    {
        _random = random;
        _root = Shim.Check(Shim.Open(Shim.CurrentDirectory, root, OpenFlags.ReadOnly | OpenFlags.Directory, 0), $"open {root}");
    }

    /// <returns>0 or -errno.</returns>
    public int Step()
    {
        if (_open.Count == 0 || (_open.Count < OpenMax && _random.Next(6) == 0))
            return Open();
        var index = _random.Next(_open.Count);
        var (file, direct) = _open[index];
        switch (_random.Next(16))
        {
            case 0 or 1:
                _open.RemoveAt(index);
                return Shim.Close(file);
            case 2:
                return Shim.Truncate(file, (ulong)_random.Next(FileBytesMax));
            case 3 or 4:
                return Shim.Allocate(file, AllocateModes[_random.Next(AllocateModes.Length)], (ulong)_random.Next(FileBytesMax), (ulong)_random.Next(1, 300_000));
            case 5:
                return Shim.Sync(file, _random.Next(2));
            case 6:
                return (int)Math.Min(0, Shim.Seek(file, (ulong)_random.Next(FileBytesMax), _random.Next(2) == 0 ? SeekData : SeekHole));
            case 7:
                var other = _open[_random.Next(_open.Count)].File;
                return (int)Math.Min(0, Shim.CopyRange(file, (ulong)_random.Next(FileBytesMax), other, (ulong)_random.Next(FileBytesMax), (ulong)_random.Next(1, 100_000)));
            case 8:
                return Map();
            case 9 or 10:
                return (int)Math.Min(0, direct
                    ? Shim.ReadAt(file, _room.Address, Page * (ulong)_random.Next(1, 16), Page * (ulong)_random.Next(FileBytesMax / (int)Page))
                    : Shim.ReadAt(file, _room.Address, (ulong)_random.Next(1, WriteBytesMax), (ulong)_random.Next(FileBytesMax)));
            default:
                return Write(file, direct);
        }
    }

    /// <summary>All that was written through the open files is on both disks.</summary>
    public void Flush()
    {
        foreach (var (file, _) in _open)
            _ = Shim.Sync(file, 0);
    }

    public void Dispose()
    {
        foreach (var (file, _) in _open)
            _ = Shim.Close(file);
        _ = Shim.Close(_root);
        _room.Dispose();
    }

    private int Open()
    {
        var direct = _random.Next(4) == 0;
        // Not blocking: a FIFO by that name must not hold us.
        var flags = OpenFlags.Create | OpenFlags.ReadWrite | OpenFlags.NoFollow | OpenFlags.NonBlocking
            | (direct ? OpenFlags.Direct : 0) | (_random.Next(8) == 0 ? OpenFlags.Truncate : 0) | (_random.Next(8) == 0 ? OpenFlags.Exclusive : 0);
        var file = Shim.Open(_root, Place.Any(_random), flags, 0x1A4);
        if (file < 0)
            return file;
        NativeStat stat;
        // A FIFO that took the name is none of ours.
        if (Shim.StatAt(file, "", &stat) != 0 || (stat.Mode & 0xF000) != 0x8000)
            return Shim.Close(file);
        _open.Add((file, direct));
        return 0;
    }

    private int Write(int file, bool direct)
    {
        var bytes = direct ? (int)Page * _random.Next(1, 32) : _random.Next(4) == 0 ? _random.Next(1, WriteBytesMax) : _random.Next(1, 9000);
        var offset = (ulong)_random.Next(FileBytesMax);
        var content = new Span<byte>(_room.Address, bytes);
        if (_random.Next(3) == 0)
            content.Fill((byte)_random.Next(256));
        else
            _random.NextBytes(content);
        return (int)Math.Min(0, Shim.WriteAt(file, _room.Address, (ulong)bytes, direct ? offset / Page * Page : offset));
    }

    /// <summary>Writes through memory. A file that is cut meanwhile would kill us (SIGBUS), so it is only done where nobody else
    /// cuts: in a file of our own.</summary>
    private int Map()
    {
        var name = $"map-{Environment.ProcessId}";
        var own = Shim.Open(_root, name, OpenFlags.Create | OpenFlags.ReadWrite, 0x1A4);
        if (own < 0)
            return own;
        try
        {
            var bytes = (long)_random.Next(1, 64) * (long)Page;
            using var stream = new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(own, ownsHandle: true), FileAccess.ReadWrite, 0);
            if (stream.Length < bytes)
                stream.SetLength(bytes);
            using var map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
            using var view = map.CreateViewAccessor(0, bytes);
            for (var count = _random.Next(1, 20); count > 0; count--)
                view.Write(_random.NextInt64(bytes / sizeof(long)) * sizeof(long), _random.NextInt64());
            view.Flush();
            if (_random.Next(8) == 0)
                return Shim.Unlink(_root, name, 0);
            return 0;
        }
        catch (IOException)
        {
            return -Errno.EIO;
        }
    }
}
