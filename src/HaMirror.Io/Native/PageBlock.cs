// Owner of a range of pages from the shim.
// Invariant: the address is page aligned and does not move until the block is disposed.
using Microsoft.Win32.SafeHandles;

namespace HaMirror.Io.Native;

/// <summary>A page-aligned block of memory outside the managed heap.</summary>
public sealed unsafe class PageBlock : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Takes <paramref name="bytes"/> of zeroed memory.</summary>
    /// <exception cref="OutOfMemoryException">The system has none left.</exception>
    public PageBlock(long bytes)
        : base(ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        Bytes = bytes;
        SetHandle((nint)Shim.PagesAlloc((nuint)bytes));
        if (IsInvalid)
        {
            throw new OutOfMemoryException($"The system refuses {bytes} bytes of memory.");
        }
    }

    /// <summary>Size in bytes.</summary>
    public long Bytes { get; }

    /// <summary>First byte; valid until disposed.</summary>
    public byte* Address => (byte*)handle;

    /// <summary>Gives all physical pages back; the block then reads as zeros.</summary>
    public void Forget() => Shim.Check(Shim.PagesForget(Address, (nuint)Bytes), "give memory back");

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Shim.PagesFree((byte*)handle, (nuint)Bytes);
        return true;
    }
}
