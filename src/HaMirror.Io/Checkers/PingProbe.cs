using HaMirror.Io.Witness;

namespace HaMirror.Io.Checkers;

/// <summary>Addresses of which any must answer a ping.</summary>
public sealed class PingProbe(WitnessPing ping, IReadOnlyList<string> addresses, TimeSpan timeout) : IProbe
{
    public async Task<Look> LookAsync(CancellationToken cancellation)
    {
        var reachable = await ping.AnyAnswersAsync(addresses, timeout, cancellation).ConfigureAwait(false);
        var who = string.Join(", ", addresses);
        return new Look(reachable, reachable ? $"{who} answers" : $"{who} does not answer within {timeout.TotalSeconds:0.###} s");
    }
}
