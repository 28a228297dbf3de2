// File calls that take a name. Each is relative to a directory's descriptor and never follows a symlink at the end.
// Names come as zero-terminated bytes (Linux allows any) or as text; a failure is a negative errno.
using System.Runtime.InteropServices;

namespace HaMirror.Io.Native;

public static unsafe partial class Shim
{
    /// <summary>This process's working directory instead of a descriptor.</summary>
    public const int CurrentDirectory = -100;

    /// <summary>Opens beneath a directory; no symlink is followed anywhere on the path. An empty path opens the
    /// directory itself.
    /// <paramref name="flags"/> as open(2), see <see cref="OpenFlags"/>.</summary>
    [LibraryImport(Library, EntryPoint = "hm_open")]
    public static partial int Open(int directory, byte* path, int flags, uint mode);

    /// <inheritdoc cref="Open(int, byte*, int, uint)"/>
    [LibraryImport(Library, EntryPoint = "hm_open", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(int directory, string path, int flags, uint mode);

    /// <summary>Attributes of a name, or of the directory itself when the path is empty.</summary>
    [LibraryImport(Library, EntryPoint = "hm_stat_at")]
    public static partial int StatAt(int directory, byte* path, NativeStat* stat);

    /// <inheritdoc cref="StatAt(int, byte*, NativeStat*)"/>
    [LibraryImport(Library, EntryPoint = "hm_stat_at", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int StatAt(int directory, string path, NativeStat* stat);

    /// <summary>Makes a directory.</summary>
    [LibraryImport(Library, EntryPoint = "hm_mkdir")]
    public static partial int MakeDirectory(int directory, byte* name, uint mode);

    /// <inheritdoc cref="MakeDirectory(int, byte*, uint)"/>
    [LibraryImport(Library, EntryPoint = "hm_mkdir", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeDirectory(int directory, string name, uint mode);

    /// <summary>Makes a node: regular file, FIFO, socket or device, by the type bits of <paramref
    /// name="mode"/>.</summary>
    [LibraryImport(Library, EntryPoint = "hm_mknod")]
    public static partial int MakeNode(int directory, byte* name, uint mode, uint major, uint minor);

    /// <inheritdoc cref="MakeNode(int, byte*, uint, uint, uint)"/>
    [LibraryImport(Library, EntryPoint = "hm_mknod", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeNode(int directory, string name, uint mode, uint major, uint minor);

    /// <summary>Makes a symbolic link.</summary>
    [LibraryImport(Library, EntryPoint = "hm_symlink")]
    public static partial int SymbolicLink(byte* target, int directory, byte* name);

    /// <inheritdoc cref="SymbolicLink(byte*, int, byte*)"/>
    [LibraryImport(Library, EntryPoint = "hm_symlink", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SymbolicLink(string target, int directory, string name);

    /// <summary>Gives an existing file, opened with O_PATH, one more name.</summary>
    [LibraryImport(Library, EntryPoint = "hm_link")]
    public static partial int Link(int file, int directory, byte* name);

    /// <inheritdoc cref="Link(int, int, byte*)"/>
    [LibraryImport(Library, EntryPoint = "hm_link", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Link(int file, int directory, string name);

    /// <summary>Removes a name; <paramref name="isDirectory"/> 1 for an empty directory, 0 for anything else.</summary>
    [LibraryImport(Library, EntryPoint = "hm_unlink")]
    public static partial int Unlink(int directory, byte* name, int isDirectory);

    /// <inheritdoc cref="Unlink(int, byte*, int)"/>
    [LibraryImport(Library, EntryPoint = "hm_unlink", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unlink(int directory, string name, int isDirectory);

    /// <summary>Renames; <paramref name="flags"/> as renameat2(2).</summary>
    [LibraryImport(Library, EntryPoint = "hm_rename")]
    public static partial int Rename(int fromDirectory, byte* from, int toDirectory, byte* to, uint flags);

    /// <inheritdoc cref="Rename(int, byte*, int, byte*, uint)"/>
    [LibraryImport(Library, EntryPoint = "hm_rename", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Rename(int fromDirectory, string from, int toDirectory, string to, uint flags);

    /// <summary>1 when the path is a mount point of type "fuse.hamirror", 2 another mount point, 0 none.</summary>
    [LibraryImport(Library, EntryPoint = "hm_mount_kind", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MountKind(string path);
}
