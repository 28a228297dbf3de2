using HaMirror.Core.Api;

namespace HaMirror.Agent.Notify;

/// <summary>One way of telling people.</summary>
internal interface INotifyChannel
{
    /// <summary>mail, webhook or command.</summary>
    string Kind { get; }

    /// <summary>For the operator; without secrets.</summary>
    string Target { get; }

    /// <exception cref="NotifyException">It did not arrive; the message is a sentence.</exception>
    Task SendAsync(Notification notification, CancellationToken cancellation);
}

/// <summary>A message did not arrive, and why.</summary>
internal sealed class NotifyException(string message, Exception? inner = null) : Exception(message, inner);
