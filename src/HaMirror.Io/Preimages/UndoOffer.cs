using System.Globalization;

namespace HaMirror.Io.Preimages;

/// <summary>What going back from a half-made resync means.</summary>
/// <param name="Peer">The node that the resync copied from.</param>
/// <param name="Began">When it began.</param>
/// <param name="NewestChange">When the replica to go back to was last changed; null: it has no file.</param>
/// <param name="Bytes">Bytes that the resync has replaced or removed.</param>
public sealed record UndoOffer(string Peer, DateTimeOffset Began, DateTimeOffset? NewestChange, long Bytes)
{
    /// <summary>What is lost, as a sentence.</summary>
    public string Sentence
    {
        get
        {
            var since = NewestChange is { } newest
                ? string.Create(CultureInfo.InvariantCulture, $"the newest file in it was changed at {newest.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC")
                : "it had no file";
            return string.Create(CultureInfo.InvariantCulture,
                $"This replica is half-way through a resync from {Peer} that began at {Began.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, so it is no state that ever was. ")
                + $"It can go back to the consistent replica that it was before: {since}, and all that {Peer} wrote later is lost here, "
                + string.Create(CultureInfo.InvariantCulture, $"the copies that replaced {Bytes} bytes here included.");
        }
    }
}
