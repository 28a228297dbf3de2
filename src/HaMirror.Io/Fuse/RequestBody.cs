// The arguments behind a request's in header. The kernel delivers them in two pieces (40 bytes in the header's room,
// the rest in the data's room); here they are put together, and copied away from where the reply will be written.
using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using HaMirror.Io.Native;

namespace HaMirror.Io.Fuse;

/// <summary>The body of the request that is being executed.</summary>
internal sealed unsafe class RequestBody : IDisposable
{
    /// <summary>NAME_MAX</summary>
    internal const int NameBytesMax = 255;

    // The longest: a setxattr with a value of XATTR_SIZE_MAX (64 KiB), its name and its arguments.
    private const int BytesMax = 72 << 10;
    private const int InHeaderRoom = Shim.FuseHeaderBytes - FuseWire.InHeaderBytes;

    private readonly byte* bytes = (byte*)NativeMemory.Alloc(BytesMax + 1);
    private readonly char[] firstName = new char[NameBytesMax];
    private readonly char[] secondName = new char[NameBytesMax];
    private int length;
    private int at;
    private bool secondNameNext;

    public void Dispose() => NativeMemory.Free(bytes);

    /// <summary>Decodes a name strictly.</summary>
    /// <returns>False when it is not UTF-8.</returns>
    internal static bool TryDecode(byte* name, int nameBytes, Span<char> room, out ReadOnlySpan<char> text)
    {
        var status = Utf8.ToUtf16(new ReadOnlySpan<byte>(name, nameBytes), room, out _, out var chars,
            replaceInvalidSequences: false);
        text = room[..chars];
        return status == OperationStatus.Done;
    }

    /// <returns>False when the request is longer than any the kernel should send.</returns>
    internal bool Load(in FuseRequest request)
    {
        at = 0;
        secondNameNext = false;
        var total = request.Length - FuseWire.InHeaderBytes;
        if (total is < 0 or > BytesMax)
        {
            length = 0;
            return false;
        }

        length = (int)total;
        var first = Math.Min(length, InHeaderRoom);
        Buffer.MemoryCopy(request.Header + FuseWire.InHeaderBytes, bytes, BytesMax, first);
        Buffer.MemoryCopy(request.Data, bytes + first, BytesMax - first, length - first);
        bytes[length] = 0; // a text that the kernel did not end ends here
        return true;
    }

    /// <summary>The next struct; zeros behind the end, as for a kernel that knows fewer fields.</summary>
    internal T Take<T>()
        where T : unmanaged
    {
        T value = default;
        var there = Math.Min(sizeof(T), length - at);
        Buffer.MemoryCopy(bytes + at, &value, sizeof(T), there);
        at += there;
        return value;
    }

    /// <summary>The next text, ended by a zero.</summary>
    internal byte* TakeText(out int textBytes)
    {
        var text = bytes + at;
        textBytes = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text).Length;
        at = Math.Min(length, at + textBytes + 1);
        return text;
    }

    /// <summary>The next bytes, at most <paramref name="count"/>.</summary>
    internal ReadOnlySpan<byte> TakeBytes(uint count)
    {
        var there = (int)Math.Min(count, (uint)(length - at));
        var span = new ReadOnlySpan<byte>(bytes + at, there);
        at += there;
        return span;
    }

    /// <summary>The next name of a directory entry; at most two in a request.</summary>
    /// <returns>0, EINVAL for what is no single name, ENAMETOOLONG, or EILSEQ when the name is not UTF-8: the peer
    /// could not be told such a name.</returns>
    internal int TakeName(out EntryName name)
    {
        var text = TakeText(out var textBytes);
        name = default;
        if (textBytes is 0 or > NameBytesMax)
        {
            return textBytes == 0 ? Errno.EINVAL : Errno.ENAMETOOLONG;
        }

        var room = secondNameNext ? secondName : firstName;
        secondNameNext = true;
        if (!TryDecode(text, textBytes, room, out var decoded))
        {
            return Errno.EILSEQ;
        }

        name = new EntryName(text, decoded);
        return decoded is "." or ".." || decoded.Contains('/') ? Errno.EINVAL : 0;
    }

    /// <summary>The same for an entry that is to be changed.</summary>
    /// <returns>EPERM, too: the name is HaMirror's own.</returns>
    internal int TakeName(FileNode directory, out EntryName name)
    {
        var error = TakeName(out name);
        return error == 0 && OwnPlace.Is(directory, name) ? Errno.EPERM : error;
    }
}
