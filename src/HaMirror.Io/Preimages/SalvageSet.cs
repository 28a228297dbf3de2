namespace HaMirror.Io.Preimages;

/// <summary>What a node held alone when it lost a divergence.</summary>
/// <param name="Id">Name of its directory under salvage/.</param>
/// <param name="Began">When the resync began that replaced it.</param>
/// <param name="Node">The losing node.</param>
/// <param name="Peer">The node that was kept.</param>
/// <param name="Generation">The losing generation, in short.</param>
/// <param name="Kept">The generation that was kept, in short.</param>
/// <param name="IsOpen">The resync has not ended yet, or more of its files is still being saved.</param>
/// <param name="Fault">Why it cannot be used, as a sentence; null when it can.</param>
public sealed record SalvageSet(
    string Id, DateTimeOffset Began, string Node, string Peer, string Generation, string Kept, bool IsOpen, IReadOnlyList<SalvagedFile> Files,
    string? Fault)
{
    /// <summary>Bytes that are saved.</summary>
    public long Bytes => Files.Sum(file => file.SavedBytes);
}

/// <summary>A file of which the losing version differs from the one that was kept.</summary>
/// <param name="Path">As the module's users know it, absolute.</param>
/// <param name="Size">Of the losing version, in bytes.</param>
/// <param name="SavedBytes">Of it, holes and zeros left out.</param>
/// <param name="IsGone">The node that was kept had no such file.</param>
/// <param name="IsWhole">All of it is saved; else the rest is what the replica holds now.</param>
public sealed record SalvagedFile(string Path, long Size, long SavedBytes, bool IsGone, bool IsWhole);
