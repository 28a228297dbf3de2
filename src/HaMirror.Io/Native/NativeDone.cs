// Layout of struct hm_done: 8+8 bytes, checked against hm_struct_size when the shim is loaded.
using System.Runtime.InteropServices;

namespace HaMirror.Io.Native;

/// <summary>One completion of an io_uring operation.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct NativeDone
{
    /// <summary>The <see cref="NativeIo.User"/> of the operation that completed.</summary>
    public ulong User;

    /// <summary>Bytes done, or a negative errno.</summary>
    public long Result;
}
