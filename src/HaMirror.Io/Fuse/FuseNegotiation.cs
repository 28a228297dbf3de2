// The first exchange on a mount: which version, which abilities. What is not asked for here does not happen later.
using HaMirror.Io.Native;

namespace HaMirror.Io.Fuse;

/// <summary>Answers INIT.</summary>
internal static unsafe class FuseNegotiation
{
    private const uint Major = 7;

    /// <summary>The version whose structs <see cref="FuseWire"/> has (Linux 6.2).</summary>
    private const uint Minor = 38;

    /// <summary>The version of Linux 5.13; older ones lack HANDLE_KILLPRIV_V2 or SETXATTR_EXT.</summary>
    private const uint MinorMin = 33;

    private const uint AsyncRead = 1 << 0;
    private const uint AtomicTruncate = 1 << 3;
    private const uint BigWrites = 1 << 5;
    private const uint DontMask = 1 << 6;
    private const uint ReadDirectoryPlus = 1 << 13;
    private const uint ReadDirectoryPlusAuto = 1 << 14;
    private const uint AsyncDirectIo = 1 << 15;
    private const uint ParallelDirectoryOperations = 1 << 18;
    private const uint PosixAcl = 1 << 20;
    private const uint MaxPages = 1 << 22;
    private const uint HandleKillPrivilegesV2 = 1 << 28;
    private const uint SetXattrExtended = 1 << 29;

    /// <summary>Must be there, because nothing else is prepared for their absence.</summary>
    private const uint Needed = AtomicTruncate | BigWrites | DontMask | PosixAcl | MaxPages | HandleKillPrivilegesV2
        | SetXattrExtended;

    /// <summary>Makes it faster.</summary>
    private const uint Wanted = AsyncRead | ReadDirectoryPlus | ReadDirectoryPlusAuto | AsyncDirectIo
        | ParallelDirectoryOperations;

    /// <summary>Flags of the second word follow.</summary>
    private const uint Extended = 1 << 30;

    /// <summary>FUSE_PASSTHROUGH, in the second word.</summary>
    private const uint Passthrough = 1u << (37 - 32);

    /// <summary>From here on FOPEN_PARALLEL_DIRECT_WRITES means something.</summary>
    private const uint ParallelWritesMinor = 38;

    /// <summary>Requests of read-ahead and asynchronous direct I/O that the kernel keeps under way.</summary>
    private const ushort BackgroundMax = 192;

    internal static int Answer(ref FuseRequest request, FuseFileSystem system)
    {
        var kernel = system.Body.Take<FuseWire.InitIn>();
        var more = (kernel.Flags & Extended) != 0 ? system.Body.Take<FuseWire.InitInMore>() : default;
        if (kernel.Major != Major || kernel.Minor < MinorMin || (kernel.Flags & Needed) != Needed)
        {
            return Errno.EPROTO; // the mount stays unusable: Linux 5.15 is the oldest that the product supports
        }

        var uses = system.Uses;
        var hasPassthrough = (more.Flags2 & Passthrough) != 0;
        system.Passed.IsAgreed = hasPassthrough && uses.Passthrough;
        system.Agreement = new FuseAgreement(kernel.Minor >= ParallelWritesMinor, hasPassthrough);
        var answer = request.Answer<FuseWire.InitOut>();
        answer->Major = Major;
        answer->Minor = Math.Min(Minor, kernel.Minor);
        answer->ReadAheadMax = kernel.ReadAheadMax;
        answer->Flags = Needed | (Wanted & kernel.Flags);
        answer->BackgroundMax = BackgroundMax;
        answer->CongestionThreshold = BackgroundMax * 3 / 4;
        answer->WriteMax = (uint)uses.RequestBytes;
        answer->TimeGranularity = 1;
        answer->PagesMax = (ushort)(uses.RequestBytes / Environment.SystemPageSize);
        if (system.Passed.IsAgreed)
        {
            answer->Flags |= Extended;
            answer->Flags2 = Passthrough;
            answer->StackDepthMax = 1; // what is passed on must not lie on a stacked file system itself
        }

        return 0;
    }
}
