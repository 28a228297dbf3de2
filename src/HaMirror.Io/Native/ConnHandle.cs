// Owner of a connection of the shim. Invariant: does not own the socket, which is closed after it.
using Microsoft.Win32.SafeHandles;

namespace HaMirror.Io.Native;

/// <summary>A plain or encrypted connection over a socket that the caller keeps.</summary>
public sealed class ConnHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>For the marshaller; use <see cref="Shim.ConnPlain"/> or <see cref="Shim.ConnTls"/>.</summary>
    public ConnHandle()
        : base(ownsHandle: true)
    {
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Shim.ConnClose(handle);
        return true;
    }
}
