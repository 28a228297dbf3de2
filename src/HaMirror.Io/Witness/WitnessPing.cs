using System.Net;
using System.Net.Sockets;
using HaMirror.Io.Native;

namespace HaMirror.Io.Witness;

/// <summary>Asks witnesses by ping (design, section 8): any that answers makes this node not isolated.</summary>
/// <remarks>
/// All are asked at once, so the answer comes after one time-out at the latest, however many there are. Each ping waits in
/// the kernel on a thread of its own: this runs while writes are frozen, and must not queue behind busy pool threads.
/// </remarks>
public sealed class WitnessPing
{
    /// <summary>How long a witness may take.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMilliseconds(500);

    private readonly Func<string, TimeSpan, bool> _ping;

    public WitnessPing()
        : this((address, timeout) => Shim.Ping(address, (int)timeout.TotalMilliseconds) >= 0)
    {
    }

    /// <param name="ping">Waits for an answer of a literal address; true when it came in time.</param>
    public WitnessPing(Func<string, TimeSpan, bool> ping) => _ping = ping;

    /// <summary>True as soon as one answers, false when none did within <paramref name="timeout"/>.</summary>
    public async Task<bool> AnyAnswersAsync(IReadOnlyList<string> addresses, TimeSpan timeout, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeout);
        var waiting = addresses.Select(address => AnswersAsync(address, timeout, limit.Token)).ToList();
        try
        {
            while (waiting.Count > 0)
            {
                var first = await Task.WhenAny(waiting).WaitAsync(limit.Token).ConfigureAwait(false);
                if (await first.ConfigureAwait(false))
                {
                    return true;
                }

                waiting.Remove(first);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The time is over: nobody answered.
        }

        return false;
    }

    private async Task<bool> AnswersAsync(string address, TimeSpan timeout, CancellationToken cancellation)
    {
        try
        {
            // A name costs a look-up, which an isolated node rarely gets answered; operators should give addresses.
            string[] literals = IPAddress.TryParse(address, out _)
                ? [address]
                : [.. (await Dns.GetHostAddressesAsync(address, cancellation).ConfigureAwait(false)).Select(found => found.ToString())];
            foreach (var literal in literals.Take(1))
            {
                return await Task.Factory.StartNew(
                    () => _ping(literal, timeout), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            }
        }
        catch (SocketException)
        {
            // A name that does not resolve is a witness that cannot be reached.
        }

        return false;
    }
}
