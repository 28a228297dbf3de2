// Numbered log messages of the peer link: 300 to 319.
using Microsoft.Extensions.Logging;

namespace HaMirror.Io.Peer;

internal static partial class PeerLog
{
    [LoggerMessage(300, LogLevel.Information, "Module {Module} listens for its peer on {EndPoint}.")]
    public static partial void Listening(this ILogger log, string module, string endPoint);

    [LoggerMessage(301, LogLevel.Warning, "A connection to module {Module} was refused: {Sentence}")]
    public static partial void Refused(this ILogger log, string module, string sentence);

    [LoggerMessage(302, LogLevel.Information, "{Remote} is linked to module {Module} as its target (link {Link}).")]
    public static partial void Linked(this ILogger log, string remote, string module, long link);

    [LoggerMessage(303, LogLevel.Error, "The listener of module {Module} failed and goes on: {Sentence}")]
    public static partial void ListenerFailed(this ILogger log, string module, string sentence);
}
