// Entries of a directory in the order of the underlying file system.
// Invariant: the buffer holds whole records of getdents64(2) (u64 inode, s64 next offset, u16 length, u8 type, name,
// 0), and `at` is the first one that was not taken; its offset in the directory is `offset`.
using System.Runtime.InteropServices;
using HaMirror.Io.Native;

namespace HaMirror.Io.Fuse;

/// <summary>An open directory that is being listed.</summary>
internal sealed unsafe class DirectoryStream : IDisposable
{
    private const int BufferBytes = 16 << 10;
    private const int NameAt = 19;

    private readonly byte* buffer = (byte*)NativeMemory.Alloc(BufferBytes);
    private int at;
    private int filled;
    private ulong offset;

    /// <param name="descriptor">Opened for reading; the stream's from now on.</param>
    internal DirectoryStream(int descriptor) => Descriptor = descriptor;

    internal int Descriptor { get; }

    public void Dispose()
    {
        Shim.Close(Descriptor);
        NativeMemory.Free(buffer);
    }

    /// <summary>Goes to an offset that an entry named as its next one, or to 0.</summary>
    /// <returns>0 or a positive errno.</returns>
    internal int MoveTo(ulong wanted)
    {
        // From the beginning, always look again: rewinddir(3) promises to see what was added.
        if (wanted == offset && wanted != 0)
        {
            return 0;
        }

        at = filled = 0;
        offset = wanted;
        return (int)-Math.Min(Shim.Seek(Descriptor, wanted, 0), 0);
    }

    /// <summary>Looks at the entry that comes next.</summary>
    /// <returns>0; -1 at the end; or a positive errno.</returns>
    internal int Peek(out DirectoryRecord record)
    {
        record = default;
        if (at == filled)
        {
            var bytes = Shim.DirectoryEntries(Descriptor, buffer, BufferBytes);
            if (bytes <= 0)
            {
                return bytes == 0 ? -1 : (int)-bytes;
            }

            at = 0;
            filled = (int)bytes;
        }

        var entry = buffer + at;
        var name = entry + NameAt;
        record = new DirectoryRecord
        {
            Inode = *(ulong*)entry,
            NextOffset = *(ulong*)(entry + 8),
            Type = entry[18],
            Name = name,
            NameBytes = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name).Length,
        };
        return 0;
    }

    /// <summary>Goes on to the entry behind.</summary>
    internal void Take()
    {
        offset = *(ulong*)(buffer + at + 8);
        at += *(ushort*)(buffer + at + 16);
    }
}
