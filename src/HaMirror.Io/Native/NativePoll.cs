// Layout of struct pollfd: 4+2+2 bytes, checked against hm_struct_size when the shim is loaded.
using System.Runtime.InteropServices;

namespace HaMirror.Io.Native;

/// <summary>One descriptor to wait for.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct NativePoll
{
    /// <summary>POLLIN: something can be read.</summary>
    public const short In = 0x001;

    /// <summary>POLLOUT: something can be written.</summary>
    public const short Out = 0x004;

    /// <summary>POLLERR: reported whether asked for or not.</summary>
    public const short Error = 0x008;

    /// <summary>POLLHUP: reported whether asked for or not.</summary>
    public const short HangUp = 0x010;

    /// <summary>POLLNVAL: the descriptor is not open.</summary>
    public const short Invalid = 0x020;

    /// <summary>The descriptor; -1 is skipped.</summary>
    public int Descriptor;

    /// <summary>What to wait for.</summary>
    public short Events;

    /// <summary>Filled in by the shim: what happened.</summary>
    public short Happened;
}
