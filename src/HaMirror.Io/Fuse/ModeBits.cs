// Numbers of inode(7), the same on every Linux architecture.
namespace HaMirror.Io.Fuse;

/// <summary>File type and permission bits of st_mode.</summary>
internal static class ModeBits
{
    internal const uint TypeMask = 0xF000;
    internal const uint Directory = 0x4000;
    internal const uint Regular = 0x8000;
    internal const uint SymbolicLink = 0xA000;
    internal const uint SetUid = 0x800;
    internal const uint SetGid = 0x400;
    internal const uint GroupExecute = 0x8;

    /// <summary>read, write, execute of owner, group and others.</summary>
    internal const uint Access = 0x1FF;

    /// <summary><see cref="Access"/>, set-user-ID, set-group-ID and sticky.</summary>
    internal const uint Permissions = 0xFFF;

    internal static bool IsDirectory(uint mode) => (mode & TypeMask) == Directory;

    internal static bool IsRegular(uint mode) => (mode & TypeMask) == Regular;

    /// <summary>What remains of a mode after a change by somebody without CAP_FSETID: set-group-ID counts as a
    /// privilege only with group execute, else it means mandatory locking.</summary>
    internal static uint WithoutPrivileges(uint mode) =>
        mode & ~SetUid & ~((mode & GroupExecute) != 0 ? SetGid : 0u);
}
