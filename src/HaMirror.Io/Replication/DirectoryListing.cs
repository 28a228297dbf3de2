using System.Buffers.Binary;
using System.Text;
using HaMirror.Io.Native;

namespace HaMirror.Io.Replication;

/// <summary>One name of a directory as the kernel has it: bytes, which need not be text.</summary>
/// <param name="Zero">The name with a zero at its end.</param>
internal readonly record struct ListedName(byte[] Zero)
{
    /// <summary>For comparing and for sentences; bytes that are no UTF-8 become U+FFFD, which no replicated name has.</summary>
    public string Text => Encoding.UTF8.GetString(Zero, 0, Zero.Length - 1);
}

/// <summary>Reads a directory.</summary>
internal static unsafe class DirectoryListing
{
    private const int BufferBytes = 32 << 10;

    /// <summary>Offset of the name in struct linux_dirent64.</summary>
    private const int NameOffset = 19;

    /// <summary>All names but <c>.</c> and <c>..</c>.</summary>
    /// <param name="directory">Open for reading.</param>
    /// <returns>0 or -errno.</returns>
    public static int Read(int directory, List<ListedName> names)
    {
        if (Shim.Seek(directory, 0, 0) is < 0 and var failure)
            return (int)failure;
        var buffer = new byte[BufferBytes];
        fixed (byte* at = buffer)
            while (true)
            {
                var bytes = Shim.DirectoryEntries(directory, at, BufferBytes);
                if (bytes <= 0)
                    return (int)bytes;
                for (var offset = 0; offset < bytes;)
                {
                    var length = BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(offset + 16));
                    var name = buffer.AsSpan(offset + NameOffset, length - NameOffset);
                    name = name[..(name.IndexOf((byte)0) + 1)];
                    if (!name.SequenceEqual(".\0"u8) && !name.SequenceEqual("..\0"u8))
                        names.Add(new ListedName(name.ToArray()));
                    offset += length;
                }
            }
    }
}
