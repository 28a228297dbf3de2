// Layout of struct hm_reply: 8+4+4+8 bytes, checked against hm_struct_size when the shim is loaded.
using System.Runtime.InteropServices;

namespace HaMirror.Io.Native;

/// <summary>One answer to a FUSE request.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct NativeReply
{
    /// <summary>The request's number, from its in header.</summary>
    public ulong Unique;

    /// <summary>0, or a positive errno; then there is no payload.</summary>
    public int Error;

    /// <summary>Bytes at <see cref="Payload"/>.</summary>
    public uint PayloadBytes;

    /// <summary>What follows the 16-byte out header. Must stay valid during the call only.</summary>
    public byte* Payload;
}
