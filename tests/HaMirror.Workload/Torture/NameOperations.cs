using System.Buffers.Binary;
using HaMirror.Io.Native;

namespace HaMirror.Workload.Torture;

/// <summary>Names and attributes.</summary>
internal sealed unsafe class NameOperations : IDisposable
{
    private const uint Fifo = 0x1000, Socket = 0xC000;
    private const string Attribute = "user.torture", Acl = "system.posix_acl_access";
    private const int ValueBytesMax = 200;

    private readonly Random _random;
    private readonly int _root;

    public NameOperations(string root, Random random)
    {
        _random = random;
        _root = Shim.Check(Shim.Open(Shim.CurrentDirectory, root, OpenFlags.ReadOnly | OpenFlags.Directory, 0), $"open {root}");
    }

    /// <returns>0 or -errno.</returns>
    public int Step() => _random.Next(20) switch
    {
        0 or 1 => Shim.MakeDirectory(_root, Place.Directory(_random), 0x1ED),
        2 => Shim.Unlink(_root, Place.Directory(_random), 1),
        3 or 4 => Shim.Unlink(_root, Place.Any(_random), 0),
        5 or 6 or 7 => Shim.Rename(_root, Place.Any(_random), _root, Place.Any(_random), (uint)_random.Next(3)),
        8 => Shim.Rename(_root, Place.Directory(_random), _root, Place.Directory(_random), (uint)_random.Next(3)),
        9 or 10 => With(file => Shim.Link(file, _root, Place.Any(_random))),
        11 => Shim.SymbolicLink($"to-{_random.Next(4)}", _root, Place.Any(_random)),
        12 => Shim.MakeNode(_root, Place.Any(_random), (_random.Next(2) == 0 ? Fifo : Socket) | 0x1A4, 0, 0),
        13 => With(file => Shim.ChangeMode(file, (uint)_random.Next(0x1000) | 0x180)),
        14 => With(file => Shim.ChangeOwner(file, (uint)_random.Next(3), (uint)_random.Next(3))),
        15 => With(file => Shim.SetTimes(file, _random.Next(), 5, _random.Next(), 7)),
        16 => With(SetAttribute),
        17 => With(file => Shim.RemoveAttribute(file, _random.Next(2) == 0 ? Attribute : Acl)),
        18 => With(SetAcl),
        _ => List(),
    };

    public void Dispose() => _ = Shim.Close(_root);

    private int With(Func<int, int> action)
    {
        var file = Shim.Open(_root, _random.Next(4) == 0 ? Place.Directory(_random) : Place.Any(_random), OpenFlags.Path | OpenFlags.NoFollow, 0);
        if (file < 0)
            return file;
        var result = action(file);
        _ = Shim.Close(file);
        return result;
    }

    private int SetAttribute(int file)
    {
        var value = stackalloc byte[ValueBytesMax];
        var bytes = _random.Next(ValueBytesMax);
        _random.NextBytes(new Span<byte>(value, bytes));
        return Shim.SetAttribute(file, Attribute, value, (ulong)bytes, _random.Next(3));
    }

    /// <summary>Format of the kernel: version 2, then entries of tag, permissions and id.</summary>
    private int SetAcl(int file)
    {
        const int entryBytes = 8;
        ReadOnlySpan<(ushort Tag, uint Id)> entries = [(1, uint.MaxValue), (2, (uint)_random.Next(1, 4)), (4, uint.MaxValue), (16, uint.MaxValue), (32, uint.MaxValue)];
        Span<byte> acl = stackalloc byte[4 + entryBytes * entries.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(acl, 2);
        for (var index = 0; index < entries.Length; index++)
        {
            var entry = acl[(4 + index * entryBytes)..];
            BinaryPrimitives.WriteUInt16LittleEndian(entry, entries[index].Tag);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], (ushort)_random.Next(8));
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], entries[index].Id);
        }
        fixed (byte* value = acl)
            return Shim.SetAttribute(file, Acl, value, (ulong)acl.Length, 0);
    }

    private int List()
    {
        var directory = Shim.Open(_root, Place.Directory(_random), OpenFlags.ReadOnly | OpenFlags.Directory, 0);
        if (directory < 0)
            return directory;
        const int room = 8 << 10;
        var entries = stackalloc byte[room];
        var nine = stackalloc ulong[9];
        long bytes;
        do
            bytes = Shim.DirectoryEntries(directory, entries, room);
        while (bytes > 0);
        if (bytes == 0)
            bytes = _random.Next(2) == 0 ? Shim.Sync(directory, 0) : Shim.FileSystemStat(directory, nine);
        _ = Shim.Close(directory);
        return (int)Math.Min(bytes, 0);
    }
}
