// The salvage sets of a module, for an operator.
// Invariant: nothing here changes a set, but for Remove.
using HaMirror.Core.Wire;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Preimages;

/// <summary>Lists, exports and removes salvage sets.</summary>
/// <param name="directory">The module's directory under /var/lib/hamirror.</param>
/// <param name="roots">The replicated directories, as the module's users know them.</param>
public sealed class SalvageStore(string directory, IReadOnlyList<string> roots)
{
    /// <summary>Name of the set whose resync has not ended.</summary>
    private const string OpenId = "open";

    private string SalvageDirectory => Path.Combine(directory, "salvage");

    /// <summary>All sets, the oldest first.</summary>
    public IReadOnlyList<SalvageSet> List()
    {
        var sets = new List<SalvageSet>();
        if (Directory.Exists(SalvageDirectory))
            foreach (var place in Directory.GetDirectories(SalvageDirectory).Order(StringComparer.Ordinal))
                if (Read(place, Path.GetFileName(place)) is { } set)
                    sets.Add(set);
        if (Read(Path.Combine(directory, "undo"), OpenId) is { } open)
            sets.Add(open);
        return sets;
    }

    /// <returns>Null: there is no such set.</returns>
    public SalvageSet? Find(string id) => PlaceOf(id) is { } place ? Read(place, id) : null;

    /// <summary>Writes the losing versions of files.</summary>
    /// <param name="files">As <see cref="SalvagedFile.Path"/> has them; empty: all.</param>
    /// <param name="target">Says where a file goes, by its absolute path: a path that does not exist.</param>
    /// <param name="progress">Told of what is written.</param>
    /// <exception cref="IOException">The message is a sentence.</exception>
    /// <exception cref="OperationCanceledException">Files that were whole stay, nothing of the next one does.</exception>
    public IReadOnlyList<SalvagedFile> Write(
        string id, IReadOnlyCollection<string> files, Func<string, string> target, SalvageProgress? progress = null,
        CancellationToken cancellation = default)
    {
        var place = PlaceOf(id) ?? throw new IOException($"There is no salvage set '{id}'. 'hamirror salvage list' shows those that there are.");
        var origin = PreimageOrigin.Load(place) ?? throw new IOException(WithoutOrigin(place));
        var catalog = PreimageReader.Of(origin, place, withRanges: true).Catalog;
        var chosen = Changed(catalog).ToList();
        var known = chosen.SelectMany(file => file.Paths).ToHashSet(StringComparer.Ordinal);
        if (files.FirstOrDefault(file => !known.Contains(file)) is { } unknown)
            throw new IOException($"The salvage set '{id}' has no file {unknown}. 'hamirror salvage show {id}' shows those that it has.");
        chosen.RemoveAll(file => files.Count > 0 && !file.Paths.Exists(files.Contains));
        progress?.Expect(chosen.Sum(file => file.Shown.IsWhole ? file.Shown.SavedBytes : file.Shown.Size));
        using var journal = new JournalContent(Path.Combine(place, PreimageReader.FileName));
        var written = new List<SalvagedFile>();
        foreach (var (key, file, paths, shown) in chosen)
        {
            var first = paths.First(path => files.Count == 0 || files.Contains(path));
            var rest = file.IsKept ? $"{RootOf(key)}/{KeptFiles.PathOf(origin, key.Inode)}" : shown.IsWhole ? null : first;
            new SalvagedVersion(file, journal, progress, cancellation).Write(target(first), rest);
            written.Add(shown with { Path = first });
        }
        return written;
    }

    /// <summary>Removes a set for good.</summary>
    /// <returns>False: there is none.</returns>
    /// <exception cref="IOException">The message is a sentence.</exception>
    public bool Remove(string id)
    {
        if (id == OpenId || PlaceOf(id) is not { } place)
            return false;
        Directory.Delete(place, recursive: true);
        return true;
    }

    private string? PlaceOf(string id)
    {
        if (id == OpenId)
            return Path.Combine(directory, "undo");
        var place = Path.Combine(SalvageDirectory, id);
        return WirePath.IsName(id) && Directory.Exists(place) ? place : null;
    }

    private SalvageSet? Read(string place, string id)
    {
        try
        {
            if (PreimageOrigin.Load(place) is not { IsSalvage: true } origin)
                return id == OpenId ? null : throw new IOException(WithoutOrigin(place));
            var catalog = PreimageReader.Of(origin, place, withRanges: true, PreimageReader.Unverified).Catalog;
            return new SalvageSet(
                id, origin.Began, origin.Node, origin.Peer, origin.Before.Current.ToString(), origin.Source.ToString(), id == OpenId,
                [.. Changed(catalog).SelectMany(file => file.Paths.Select(path => file.Shown with { Path = path }))
                    .OrderBy(file => file.Path, StringComparer.Ordinal)], null);
        }
        catch (IOException failure)
        {
            return new SalvageSet(id, DateTimeOffset.UnixEpoch, "", "", "", "", id == OpenId, [], failure.Message);
        }
    }

    private static string WithoutOrigin(string place) =>
        $"{Path.Combine(place, PreimageOrigin.FileName)} is gone, so nothing says what the journal beside it is of. Nothing of it is used. Put the file back from "
        + "a copy if there is one; else move its directory away, or remove it when nothing of it is needed.";

    private string RootOf(FileKey key) => key.Root < roots.Count ? roots[key.Root] : $"/{key.Root}";

    private IEnumerable<(FileKey Key, PreimageFile File, List<string> Paths, SalvagedFile Shown)> Changed(PreimageCatalog catalog)
    {
        foreach (var (key, file) in catalog.Files.Where(file => file.Value.IsChanged))
        {
            var paths = file.Paths.Select(path => $"{RootOf(key)}/{path}").ToList();
            var saved = file.Ranges.Where(range => range.Kind == PreimageKind.Bytes).Sum(range => (long)range.Length);
            yield return (key, file, paths, new SalvagedFile(
                paths[0], (long)file.Size, file.IsKept ? Math.Min((long)file.KeptBytes, (long)file.Size) : saved, file.IsGone || file.IsKept, file.IsWhole));
        }
    }
}
