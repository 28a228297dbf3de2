using System.Globalization;

namespace HaMirror.Simulator;

/// <summary>What a pair is and lives in all its life: the first line of a story.</summary>
/// <remarks>A word each, in any order: <c>pair witness lans plain quiet lossy lastprim manual seed 7</c>.</remarks>
public sealed record PairOptions
{
    public static readonly PairOptions None = new();

    /// <summary>A pinged witness.</summary>
    public bool Witness { get; init; }

    /// <summary>Heartbeats have a second LAN beside the one that carries the replication.</summary>
    public bool Lans { get; init; }

    /// <summary>Half of the writes are plain, acknowledged when the peer has received them (async="second"); flushes cover them.</summary>
    public bool Plain { get; init; }

    /// <summary>The guest writes seldom: what a fault has left of a block is not overwritten before anybody can see it.</summary>
    public bool Quiet { get; init; }

    /// <summary>One heartbeat in ten is lost, some come twice.</summary>
    public bool Lossy { get; init; }

    /// <summary>defaultprim="lastprim".</summary>
    public bool LastPrim { get; init; }

    /// <summary>divergence="manual": a divergence waits for an operator.</summary>
    public bool Manual { get; init; }

    /// <summary>What delays and the guests' writes are drawn from.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Probability that a heartbeat is dropped.</summary>
    public double Loss => Lossy ? 0.1 : 0;

    /// <exception cref="FormatException">A word is not understood.</exception>
    public static PairOptions Parse(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var options = None;
        for (var index = 1; index < words.Length; index++)
            options = words[index] switch
            {
                "witness" => options with { Witness = true },
                "lans" => options with { Lans = true },
                "plain" => options with { Plain = true },
                "quiet" => options with { Quiet = true },
                "lossy" => options with { Lossy = true },
                "lastprim" => options with { LastPrim = true },
                "manual" => options with { Manual = true },
                "seed" when index + 1 < words.Length => options with { Seed = int.Parse(words[++index], CultureInfo.InvariantCulture) },
                _ => throw new FormatException($"'{words[index]}' of '{line}' is not understood."),
            };
        return options;
    }

    /// <summary>The options with one of them left out, each in turn.</summary>
    public IEnumerable<PairOptions> Simpler()
    {
        if (Lossy) yield return this with { Lossy = false };
        if (LastPrim) yield return this with { LastPrim = false };
        if (Manual) yield return this with { Manual = false };
        if (Lans) yield return this with { Lans = false };
        if (Quiet) yield return this with { Quiet = false };
        if (Plain) yield return this with { Plain = false };
        if (Witness) yield return this with { Witness = false };
    }

    public override string ToString() =>
        $"pair{(Witness ? " witness" : "")}{(Lans ? " lans" : "")}{(Plain ? " plain" : "")}{(Quiet ? " quiet" : "")}{(Lossy ? " lossy" : "")}"
        + $"{(LastPrim ? " lastprim" : "")}{(Manual ? " manual" : "")}{(Seed == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" seed {Seed}"))}";
}
