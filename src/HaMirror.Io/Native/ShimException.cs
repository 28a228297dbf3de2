// What is thrown when the shim itself is unusable, or when a call on it failed and the caller asked for an exception.
namespace HaMirror.Io.Native;

/// <summary>A failure of the native shim; the message is a sentence for an operator.</summary>
public sealed class ShimException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">A sentence that names the thing and the remedy.</param>
    /// <param name="errno">A positive errno, or 0 when there is none.</param>
    public ShimException(string message, int errno = 0)
        : base(message) => Errno = errno;

    /// <summary>The positive errno behind it, or 0.</summary>
    public int Errno { get; }
}
