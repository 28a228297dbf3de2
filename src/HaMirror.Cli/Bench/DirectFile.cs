// A file past the page cache, as the guest's disk is with cache="none": .NET has no O_DIRECT.
// Invariant: buffers and offsets are multiples of a page; the kernel refuses anything else.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace HaMirror.Cli.Bench;

/// <summary>Opens such files.</summary>
internal static partial class DirectFile
{
    private const int ReadWrite = 2, Create = 0x40, Exclusive = 0x80, CloseOnExec = 0x80000, OwnerOnly = 0x180; // 0600

    // These two differ between the architectures (asm/fcntl.h).
    private static readonly int Direct = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x10000 : 0x4000;
    private static readonly int Unnamed = 0x400000 | (RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000);

    /// <summary>A new file with a name.</summary>
    /// <exception cref="IOException">It cannot be made; the message says why.</exception>
    public static SafeFileHandle Make(string path) => Open(path, ReadWrite | Create | Exclusive | Direct | CloseOnExec);

    /// <summary>A file without a name in a directory: whatever happens to this process, it leaves nothing.</summary>
    /// <exception cref="IOException">The file system there has none, or none past its page cache.</exception>
    public static SafeFileHandle MakeUnnamed(string directory) => Open(directory, ReadWrite | Unnamed | Direct | CloseOnExec);

    /// <summary>fdatasync, as a database in the guest asks for it.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public static void Flush(SafeFileHandle file)
    {
        if (FlushFile(file) != 0)
        {
            throw new IOException(Marshal.GetLastPInvokeErrorMessage());
        }
    }

    private static SafeFileHandle Open(string path, int flags)
    {
        var descriptor = OpenFile(path, flags, OwnerOnly);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"{path}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FlushFile(SafeFileHandle file);
}
