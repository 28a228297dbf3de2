namespace HaMirror.Agent.Logging;

/// <summary>Numbered messages of the web side: 200 to 249.</summary>
internal static partial class WebMessages
{
    [LoggerMessage(200, LogLevel.Warning, "Listening for {What} on {Address} fails: {Reason}. It is tried again.")]
    public static partial void ListenFailed(this ILogger log, string what, string address, string reason);

    [LoggerMessage(201, LogLevel.Error, "The console's certificate {Path} cannot be used: {Reason}")]
    public static partial void CertificateRefused(this ILogger log, string path, string reason);

    [LoggerMessage(202, LogLevel.Error, "{Sentence}")]
    public static partial void FileRefused(this ILogger log, string sentence);

    [LoggerMessage(203, LogLevel.Warning, "A login as '{Name}' from {Address} failed.")]
    public static partial void LoginFailed(this ILogger log, string name, string address);

    [LoggerMessage(204, LogLevel.Information, "'{Name}' logged in from {Address} with the role {Role}.")]
    public static partial void LoggedIn(this ILogger log, string name, string address, string role);

    [LoggerMessage(205, LogLevel.Information, "{By}: {What}")]
    public static partial void AccessChanged(this ILogger log, string by, string what);

    [LoggerMessage(206, LogLevel.Warning, "A notification by {Channel} failed: {Reason}")]
    public static partial void NotificationFailed(this ILogger log, string channel, string reason);

    [LoggerMessage(207, LogLevel.Warning, "{Count} events were not notified: too many at once.")]
    public static partial void NotificationsDropped(this ILogger log, int count);

    [LoggerMessage(208, LogLevel.Warning, "Listening for {What} on {Address} had ended, and was begun anew.")]
    public static partial void ListensAnew(this ILogger log, string what, string address);

    [LoggerMessage(209, LogLevel.Error, "{Part}, a part of the API, failed and begins anew in {Seconds} s. No module rests on it.")]
    public static partial void PartFailed(this ILogger log, Exception error, string part, double seconds);

    [LoggerMessage(220, LogLevel.Information, "A change of {What} by {By} was carried out; its version is {Version}.")]
    public static partial void ChangeCarriedOut(this ILogger log, string what, string by, string version);

    [LoggerMessage(221, LogLevel.Warning, "An open change of the configuration waits: {Reason}")]
    public static partial void ChangeWaits(this ILogger log, string reason);

    [LoggerMessage(222, LogLevel.Warning, "{By}: an open change was {How} on this node alone: {What}.")]
    public static partial void ChangeForced(this ILogger log, string by, string how, string what);
}
