// Numbered log messages of the target: 320 to 339.
using Microsoft.Extensions.Logging;

namespace HaMirror.Io.Replication;

internal static partial class TargetLog
{
    [LoggerMessage(320, LogLevel.Information, "Link {Link} ended on the target's side: {Reason}")]
    public static partial void TargetEnded(this ILogger log, long link, string reason);

    [LoggerMessage(321, LogLevel.Error, "The target of link {Link} met something that should not be")]
    public static partial void TargetBroke(this ILogger log, long link, Exception exception);
}
