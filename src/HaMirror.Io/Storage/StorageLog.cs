// Numbered log messages of the data path: 400 to 449.
using HaMirror.Core.Machine;
using Microsoft.Extensions.Logging;

namespace HaMirror.Io.Storage;

internal static partial class StorageLog
{
    [LoggerMessage(400, LogLevel.Information, "{Directory} is mounted for module {Module}, read-only until it serves.")]
    public static partial void Mounted(this ILogger log, string directory, string module);

    [LoggerMessage(401, LogLevel.Information, "Module {Module} sends to its peer over link {Link}, plan {Plan}, {Marks} marked files.")]
    public static partial void Attached(this ILogger log, string module, long link, ResyncPlan plan, int marks);

    [LoggerMessage(402, LogLevel.Warning, "Link {Link} of module {Module} ended: {Reason}")]
    public static partial void LinkEnded(this ILogger log, long link, string module, string reason);

    [LoggerMessage(403, LogLevel.Warning, "Module {Module} holds all changes until it is decided which node goes on.")]
    public static partial void Frozen(this ILogger log, string module);

    [LoggerMessage(404, LogLevel.Error, "A write of {Bytes} bytes at {Offset} of {Path} failed on the local disk: {Error}.")]
    public static partial void WriteFailed(this ILogger log, ulong bytes, ulong offset, string path, string error);

    [LoggerMessage(405, LogLevel.Critical, "The data path of module {Module} failed: {Reason}")]
    public static partial void PumpFailed(this ILogger log, string module, string reason, Exception failure);

    [LoggerMessage(406, LogLevel.Information, "Resync of module {Module} ended: {Directories} directories, {Done} bytes looked at, {Sent} sent.")]
    public static partial void ResyncEnded(this ILogger log, string module, long directories, ulong done, ulong sent);

    [LoggerMessage(407, LogLevel.Warning, "The marks of module {Module} are unknown: {Reason}")]
    public static partial void MarksUnknown(this ILogger log, string module, string reason);

    [LoggerMessage(409, LogLevel.Error, "{Operation} failed on the local disk: {Error}. Whoever asked gets the error; the disk is in question: {Asked}.")]
    public static partial void ChangeFailed(this ILogger log, Fuse.FuseOpcode operation, string error, bool asked);

    [LoggerMessage(410, LogLevel.Critical, "The disk of module {Module} is detached on this node: reads and writes go through the peer over link {Link}.")]
    public static partial void Detached(this ILogger log, string module, long link);

    [LoggerMessage(411, LogLevel.Warning, "The local disk keeps the pump of module {Module} for long: another thread takes its duties over.")]
    public static partial void PumpLeft(this ILogger log, string module);

    [LoggerMessage(408, LogLevel.Warning, "A resync of module {Module} cannot read {Path}: {Error}.")]
    public static partial void ResyncReadFailed(this ILogger log, string module, string path, string error);

    [LoggerMessage(426, LogLevel.Warning, "What a verification of module {Module} found is marked in memory only: {Reason}")]
    public static partial void MarksNotRecorded(this ILogger log, string module, string reason);

    [LoggerMessage(413, LogLevel.Error, "Module {Module}: {Reason} What was written since may be lost here; until the module is stopped and started, "
        + "all of it stays marked. Look at that disk.")]
    public static partial void FlushFailed(this ILogger log, string module, string reason);

    [LoggerMessage(427, LogLevel.Warning, "Link {Link}: a comparison of everything cannot be remembered here, so one that breaks off begins anew: {Reason}")]
    public static partial void ComparisonNotHeld(this ILogger log, long link, string reason);

    [LoggerMessage(428, LogLevel.Error, "Module {Module}: the mark of a comparison could not be removed: {Reason} Remove .hamirror-kept/comparison in the replicated "
        + "directory before this node is started as a secondary again.")]
    public static partial void ComparisonNotDropped(this ILogger log, string module, string reason);

    [LoggerMessage(429, LogLevel.Information, "The resync of module {Module} goes on over link {Link}: {Done} of {Total} bytes were done.")]
    public static partial void ResyncGoesOn(this ILogger log, string module, long link, ulong done, ulong total);

    [LoggerMessage(430, LogLevel.Error, "The end of module {Module} waits for a disk: {Reason}")]
    public static partial void EndHeld(this ILogger log, string module, string reason);

    [LoggerMessage(431, LogLevel.Error, "Module {Module}: {Reason}")]
    public static partial void MarksRefused(this ILogger log, string module, string reason);

    [LoggerMessage(412, LogLevel.Warning, "How long the last resync of module {Module} took is not kept: {Reason}")]
    public static partial void SummaryNotKept(this ILogger log, string module, string reason);
}
