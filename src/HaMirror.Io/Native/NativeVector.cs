// Layout of struct iovec: 8+8 bytes.
using System.Runtime.InteropServices;

namespace HaMirror.Io.Native;

/// <summary>One part of a gathered send.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct NativeVector
{
    /// <summary>First byte.</summary>
    public byte* Data;

    /// <summary>Number of bytes.</summary>
    public nuint Bytes;
}
