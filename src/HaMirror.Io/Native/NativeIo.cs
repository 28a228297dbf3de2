// Layout of struct hm_io: 4+4+8+8+8+8 bytes, checked against hm_struct_size when the shim is loaded.
using System.Runtime.InteropServices;

namespace HaMirror.Io.Native;

/// <summary>One file operation to be queued to an io_uring.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct NativeIo
{
    /// <summary>What to do.</summary>
    public NativeIoOperation Operation;

    /// <summary>The file's descriptor.</summary>
    public int Descriptor;

    /// <summary>Must stay valid and unmoved until the completion has been harvested. Unused by flushes.</summary>
    public byte* Data;

    /// <summary>Bytes to read or write; at most 2 GiB - 4 KiB, as for read(2).</summary>
    public ulong Bytes;

    /// <summary>Byte offset in the file.</summary>
    public ulong Offset;

    /// <summary>Returned unchanged in <see cref="NativeDone.User"/>.</summary>
    public ulong User;
}
