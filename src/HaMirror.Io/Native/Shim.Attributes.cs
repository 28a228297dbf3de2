// Attributes of files. Every descriptor here may be O_PATH; a failure is a negative errno.
using System.Runtime.InteropServices;

namespace HaMirror.Io.Native;

public static unsafe partial class Shim
{
    /// <summary>As nanoseconds of <see cref="SetTimes"/>: the present time.</summary>
    public const long TimeNow = 0x3fffffff;

    /// <summary>As nanoseconds of <see cref="SetTimes"/>: leave it as it is.</summary>
    public const long TimeOmit = 0x3ffffffe;

    /// <summary>As uid or gid of <see cref="ChangeOwner"/>: leave it as it is.</summary>
    public const uint KeepId = 0xffffffff;

    /// <summary>Sets the permission bits.</summary>
    [LibraryImport(Library, EntryPoint = "hm_chmod")]
    public static partial int ChangeMode(int file, uint mode);

    /// <summary>Sets owner and group; <see cref="KeepId"/> keeps one.</summary>
    [LibraryImport(Library, EntryPoint = "hm_chown")]
    public static partial int ChangeOwner(int file, uint uid, uint gid);

    /// <summary>Sets both times; nanoseconds may be <see cref="TimeNow"/> or <see cref="TimeOmit"/>.</summary>
    [LibraryImport(Library, EntryPoint = "hm_utimens")]
    public static partial int SetTimes(int file, long accessSeconds, long accessNanoseconds, long modifySeconds,
        long modifyNanoseconds);

    /// <summary>Value of an extended attribute; its length, also when <paramref name="capacity"/> is 0. -ENODATA: not
    /// set.</summary>
    [LibraryImport(Library, EntryPoint = "hm_getxattr")]
    public static partial long GetAttribute(int file, byte* name, byte* value, ulong capacity);

    /// <inheritdoc cref="GetAttribute(int, byte*, byte*, ulong)"/>
    [LibraryImport(Library, EntryPoint = "hm_getxattr", StringMarshalling = StringMarshalling.Utf8)]
    public static partial long GetAttribute(int file, string name, byte* value, ulong capacity);

    /// <summary>Sets an extended attribute; <paramref name="flags"/>: 0, XATTR_CREATE (1) or XATTR_REPLACE
    /// (2).</summary>
    [LibraryImport(Library, EntryPoint = "hm_setxattr")]
    public static partial int SetAttribute(int file, byte* name, byte* value, ulong bytes, int flags);

    /// <inheritdoc cref="SetAttribute(int, byte*, byte*, ulong, int)"/>
    [LibraryImport(Library, EntryPoint = "hm_setxattr", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetAttribute(int file, string name, byte* value, ulong bytes, int flags);

    /// <summary>Names of the extended attributes, each ended by a zero; bytes, also when <paramref name="capacity"/>
    /// is 0.</summary>
    [LibraryImport(Library, EntryPoint = "hm_listxattr")]
    public static partial long ListAttributes(int file, byte* list, ulong capacity);

    /// <summary>Removes an extended attribute.</summary>
    [LibraryImport(Library, EntryPoint = "hm_removexattr")]
    public static partial int RemoveAttribute(int file, byte* name);

    /// <inheritdoc cref="RemoveAttribute(int, byte*)"/>
    [LibraryImport(Library, EntryPoint = "hm_removexattr", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RemoveAttribute(int file, string name);

    /// <summary>From now on this thread makes and checks files as uid:gid, with its capabilities kept; 0, 0 ends
    /// it.</summary>
    [LibraryImport(Library, EntryPoint = "hm_act_as")]
    public static partial int ActAs(uint uid, uint gid);

    /// <summary>Sets the umask of the process; the old one.</summary>
    [LibraryImport(Library, EntryPoint = "hm_umask")]
    public static partial int SetUmask(uint mask);
}
