// Owner of an io_uring. Invariant: used by one thread at a time; buffers of unfinished operations outlive it.
using Microsoft.Win32.SafeHandles;

namespace HaMirror.Io.Native;

/// <summary>An io_uring of the shim.</summary>
public sealed class RingHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>For the marshaller; use <see cref="Shim.RingCreate"/>.</summary>
    public RingHandle()
        : base(ownsHandle: true)
    {
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Shim.RingDestroy(handle);
        return true;
    }
}
