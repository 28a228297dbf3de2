// Memory of the shim: page-aligned, outside the garbage collector's heap, so that O_DIRECT and io_uring may hold it.
using System.Runtime.InteropServices;

namespace HaMirror.Io.Native;

public static unsafe partial class Shim
{
    /// <summary>Page-aligned, zeroed memory; untouched pages cost nothing. Null when there is none.</summary>
    [LibraryImport(Library, EntryPoint = "hm_pages_alloc")]
    public static partial byte* PagesAlloc(nuint bytes);

    /// <summary>Frees what <see cref="PagesAlloc"/> returned, with the same number of bytes.</summary>
    [LibraryImport(Library, EntryPoint = "hm_pages_free")]
    public static partial void PagesFree(byte* pages, nuint bytes);

    /// <summary>Gives the physical pages back and keeps the range, which then reads as zeros.</summary>
    [LibraryImport(Library, EntryPoint = "hm_pages_forget")]
    public static partial int PagesForget(byte* pages, nuint bytes);

    /// <summary>Wants pages of 2 MiB there: for ranges that are filled, because touching one byte takes 2 MiB. A kernel without
    /// them says -EINVAL, which harms nothing.</summary>
    [LibraryImport(Library, EntryPoint = "hm_pages_prefer_huge")]
    public static partial int PagesPreferHuge(byte* pages, nuint bytes);
}
