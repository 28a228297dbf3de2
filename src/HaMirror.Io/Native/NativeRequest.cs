// Layout of struct hm_request: 8+8+8+8 bytes, checked against hm_struct_size when the shim is loaded.
using System.Runtime.InteropServices;

namespace HaMirror.Io.Native;

/// <summary>One FUSE request to be received.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct NativeRequest
{
    /// <summary>Room for <see cref="Shim.FuseHeaderBytes"/> bytes: the in header and, of a WRITE, its
    /// arguments.</summary>
    public byte* Header;

    /// <summary>Page-aligned room for what follows the header; the payload of a WRITE begins here.</summary>
    public byte* Data;

    /// <summary>Size of <see cref="Data"/> in bytes.</summary>
    public ulong DataCapacity;

    /// <summary>Filled in by the shim: bytes the kernel delivered in all, header included.</summary>
    public long Length;
}
