namespace HaMirror.Io.Checkers;

/// <summary>One way of looking at a resource.</summary>
public interface IProbe
{
    /// <summary>Looks once. Never throws for what it sees, and never takes much longer than its own time-out.</summary>
    Task<Look> LookAsync(CancellationToken cancellation);
}

/// <param name="Detail">A clause such as <c>10.0.0.1 port 80 refuses</c>.</param>
public readonly record struct Look(bool Up, string Detail);
