// Places at which a disk that does not answer keeps something of this process: threads in its calls, writes that may still land.
// Invariant: a place that is held is used by nobody else in this process until the disk has let it go. (The next process does not
// begin before this one has ended: AgentLock.)
using System.Collections.Concurrent;

namespace HaMirror.Io.Records;

/// <summary>What is held in this process. Any thread.</summary>
public static class HeldPlaces
{
    private static readonly ConcurrentDictionary<string, string> Held = new(StringComparer.Ordinal);

    /// <param name="places">Paths of files or directories.</param>
    /// <param name="sentence">What is held, and what helps.</param>
    public static void Hold(IEnumerable<string> places, string sentence)
    {
        foreach (var place in places)
            Held[place] = sentence;
    }

    public static void Release(IEnumerable<string> places)
    {
        foreach (var place in places)
            Held.TryRemove(place, out _);
    }

    /// <returns>Null, or what holds one of the places, as a sentence.</returns>
    public static string? Find(params IEnumerable<string> places)
    {
        foreach (var place in places)
            if (Held.TryGetValue(place, out var sentence))
                return sentence;
        return null;
    }
}
