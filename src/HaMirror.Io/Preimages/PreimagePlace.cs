// Where a module's preimages lie: undo/ holds the journal of the resync that runs or was broken off, salvage/<id>/ those that are
// kept for an operator. Both have the same files.
// Invariant: undo/ counts only while the replica is inconsistent. Found at any other time it is what a crash left: of an undo
// record nothing is needed any more, a salvage set becomes one.
using System.Globalization;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Records;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Preimages;

/// <summary>The preimages of one module.</summary>
/// <param name="directory">The module's directory under /var/lib/hamirror.</param>
/// <param name="node">This node's name.</param>
/// <param name="peer">The peer's name.</param>
public sealed class PreimagePlace(string directory, string node, string peer)
{
    /// <summary>Of the space that is free when a journal begins, the part that it may take.</summary>
    private const double FreePart = 0.5;

    /// <summary>statfs(2): block size, available blocks.</summary>
    private const int AvailableField = 4;
    private const int FragmentField = 8;

    /// <summary>A removed file with at least this much allocated, in bytes, is not copied but keeps a name where nobody replicates it.</summary>
    internal ulong KeepBytesMin { get; init; } = 8 << 20;

    /// <summary>As <see cref="JournalFile"/> takes it.</summary>
    internal Func<int, int>? Flush { get; init; }

    private string UndoDirectory => Path.Combine(directory, "undo");

    /// <summary>How many salvage sets there are.</summary>
    public int SalvageCount => Directory.Exists(SalvageDirectory) ? Directory.GetDirectories(SalvageDirectory).Length : 0;

    private string SalvageDirectory => Path.Combine(directory, "salvage");

    /// <summary>What going back from a half-made resync would mean; null: there is nothing to go back to.</summary>
    /// <exception cref="IOException">What there is is damaged; the message is a sentence.</exception>
    public UndoOffer? Offer()
    {
        if (PreimageOrigin.Load(UndoDirectory) is not { } origin)
            return null;
        var catalog = PreimageReader.Of(origin, UndoDirectory, withRanges: false, PreimageReader.Unverified).Catalog;
        var newest = catalog.NewestChange == 0 ? (DateTimeOffset?)null : DateTimeOffset.FromUnixTimeMilliseconds(catalog.NewestChange / 1_000_000);
        return new UndoOffer(origin.Peer, origin.Began, newest, (long)catalog.SavedBytes);
    }

    /// <summary>The replica is not inconsistent: what a crash left of a resync's preimages is tidied away.</summary>
    public void Settle()
    {
        if (!Directory.Exists(UndoDirectory))
            return;
        PreimageOrigin? origin;
        try
        {
            origin = PreimageOrigin.Load(UndoDirectory);
        }
        catch (IOException)
        {
            // Its owner is told when it is asked for; what cannot be judged is not removed.
            return;
        }
        if (origin is { IsSalvage: true })
            Seal(Measured(origin));
        else
            Drop();
    }

    private static PreimageOrigin Measured(PreimageOrigin origin, (long Bytes, ulong LastNumber) journal) =>
        origin with { Bytes = journal.Bytes, LastNumber = journal.LastNumber };

    /// <summary>The origin of a set that nobody has closed, with the length that its journal has.</summary>
    private PreimageOrigin Measured(PreimageOrigin origin)
    {
        try
        {
            var read = PreimageReader.Of(origin, UndoDirectory, withRanges: false, PreimageReader.Unverified);
            // What no record says of that it was on stable storage may be torn.
            read = PreimageReader.Of(origin, UndoDirectory, withRanges: false, Math.Max(read.Hardened, origin.Bytes));
            return Measured(origin, (read.Bytes, read.LastNumber));
        }
        catch (IOException)
        {
            // Whoever looks at the set is told, for what was said of its length stays.
            return origin;
        }
    }

    /// <summary>Undoes a half-made resync: the replica is what it was when the resync began, on stable storage.</summary>
    /// <returns>The record that it had then.</returns>
    /// <exception cref="IOException">It cannot be done, or not now; the message is a sentence. It may be tried again.</exception>
    /// <param name="step">Called before each step; a test ends it there.</param>
    internal ReplicaRecord Undo(IReadOnlyList<TargetRoot> roots, Action? step = null)
    {
        var origin = PreimageOrigin.Load(UndoDirectory)
            ?? throw new IOException("There is no undo record: this replica cannot go back. 'hamirror status' shows what it is worth.");
        var read = PreimageReader.Of(origin, UndoDirectory, withRanges: true);
        // Nothing was changed before all names were in the journal.
        if (read.Catalog.HasAllNames)
        {
            using var journal = new JournalContent(Path.Combine(UndoDirectory, PreimageReader.FileName));
            new PreimageUndo(read.Catalog, journal, roots, origin) { Step = step }.Run();
        }
        return origin.Before;
    }

    /// <summary>Begins to keep what a resync replaces, or goes on with what an earlier one kept.</summary>
    /// <param name="say">Told, in a sentence, why nothing is kept (any longer).</param>
    /// <returns>Null: nothing is kept.</returns>
    /// <exception cref="IOException">A salvage set cannot be begun; the message is a sentence.</exception>
    internal PreimageJournal? Begin(IReadOnlyList<TargetRoot> roots, Preserving keeps, Action<string> say)
    {
        if (keeps.Kind is not (Preservation.Continued or Preservation.ContinuedSalvage))
            Settle();
        if (keeps.Kind == Preservation.None)
            return null;
        PreimageOrigin? origin = null;
        try
        {
            var kept = keeps.Kind is Preservation.Continued or Preservation.ContinuedSalvage ? PreimageOrigin.Load(UndoDirectory) : null;
            if (kept is not null && kept.Before.Current != keeps.Before.Current)
            {
                // Of an earlier history: it knows nothing of the replica that is replaced now, and would pass for its salvage set.
                Settle();
                kept = null;
            }
            origin = kept;
            if (keeps.Kind != Preservation.Continued)
                origin ??= new PreimageOrigin(keeps.Kind != Preservation.Undo, DateTimeOffset.UtcNow, node, peer, keeps.Before, keeps.Source);
            return origin is null ? null : Begin(roots, origin, isNew: kept is null, say);
        }
        catch (IOException failure) when (origin is { IsSalvage: false })
        {
            GiveUp($"No undo record is kept of the resync: {failure.Message}", say);
            return null;
        }
    }

    /// <summary>The replica is equal: an undo record goes away, a salvage set is kept.</summary>
    /// <param name="origin">Says how long the journal is.</param>
    internal void End(PreimageOrigin origin)
    {
        if (origin.IsSalvage)
            Seal(origin);
        else
            Drop();
    }

    /// <summary>Removes kept files that no undo record and no salvage set needs, on a thread of its own: large ones take their time.</summary>
    /// <param name="say">Told, in a sentence, what went wrong.</param>
    internal Task SweepAsync(IReadOnlyList<TargetRoot> roots, Action<string> say)
    {
        // Descriptors of its own: the roots' may be closed meanwhile.
        var own = roots.Select(root => (File: Shim.Open(root.Descriptor, "", OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec, 0), root.Path))
            .Where(root => root.File >= 0).ToList();
        return Task.Run(() =>
        {
            foreach (var (file, path) in own)
            {
                if (KeptFiles.Sweep(file, path, Origins) is { } failure)
                    say($"Files that a resync removed are kept in {path} although nothing needs them any more: {failure} It is tried again at the next start.");
                _ = Shim.Close(file);
            }
        });
    }

    /// <summary>Of all journals that there are. In this order: undo/ becomes a salvage set, never the other way round.</summary>
    private List<PreimageOrigin> Origins()
    {
        var undo = PreimageOrigin.Load(UndoDirectory);
        var sets = Directory.Exists(SalvageDirectory) ? Directory.GetDirectories(SalvageDirectory) : [];
        return [.. sets.Select(PreimageOrigin.Load).Prepend(undo).OfType<PreimageOrigin>()];
    }

    /// <summary>The replica is what it was: nothing of it is lost, and nothing needs to be kept.</summary>
    internal void Forget() => Drop();

    private PreimageJournal Begin(IReadOnlyList<TargetRoot> roots, PreimageOrigin origin, bool isNew, Action<string> say)
    {
        AgentFiles.Ensure(UndoDirectory);
        if (isNew)
            origin.Save(UndoDirectory);
        var read = PreimageReader.Of(origin, UndoDirectory, withRanges: false);
        var (catalog, bytes, number) = read.Catalog.HasAllNames ? (read.Catalog, read.Bytes, read.LastNumber) : (new PreimageCatalog(), 0, 0UL);
        var journal = new JournalFile(UndoDirectory, bytes, number, Flush);
        try
        {
            // Counted from what was free when it began: one that goes on after each break must not fill the disk of all records.
            var bytesMax = (long)((bytes + Available(UndoDirectory)) * FreePart);
            if (!catalog.HasAllNames)
                WriteNames(roots, catalog, journal);
            (origin = Measured(origin, journal.Extent)).Save(UndoDirectory);
            return new PreimageJournal(catalog, journal, origin, bytesMax, sentence =>
            {
                GiveUp(sentence, say);
                _ = SweepAsync(roots, say);
            })
            {
                KeptFiles = new KeptFiles(roots, origin, KeepBytesMin),
            };
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <summary>Nothing of the replica changes before this has returned.</summary>
    private static unsafe void WriteNames(IReadOnlyList<TargetRoot> roots, PreimageCatalog catalog, JournalFile journal)
    {
        ReplicaWalk.Visit(roots, part =>
        {
            catalog.Add(part);
            var frames = DirectoryPart.Split(part.Root, part.Path, part.Own!, part.Entries, out var culprit)
                ?? throw new IOException($"'{culprit}' in {roots[part.Root].Path} breaks a limit of the journal.");
            foreach (var (flags, payload) in frames)
            {
                payload.CopyTo(new Span<byte>(journal.Reserve(), payload.Length));
                journal.Append(PreimageKind.Directory, flags, part.Root, 0, 0, 0, payload.Length);
            }
        });
        journal.Append(PreimageKind.NamesEnd, FrameFlags.None, 0, 0, 0, 0, 0);
        catalog.HasAllNames = true;
        // What is not kept must be what stays: it is made durable too.
        foreach (var root in roots)
            Shim.Check(TargetSync.Sync(root), $"make {root.Path} durable");
        journal.Harden();
    }

    private static unsafe long Available(string place)
    {
        var descriptor = Shim.Check(Shim.Open(Shim.CurrentDirectory, place, OpenFlags.ReadOnly | OpenFlags.Directory, 0), $"open {place}");
        var fields = stackalloc ulong[9];
        var result = Shim.FileSystemStat(descriptor, fields);
        _ = Shim.Close(descriptor);
        Shim.Check(result, $"look at the file system of {place}");
        return (long)(fields[AvailableField] * fields[FragmentField]);
    }

    private void GiveUp(string sentence, Action<string> say)
    {
        say(sentence);
        Drop();
    }

    private void Drop()
    {
        try
        {
            // The origin first: without it the rest is nothing, whenever a crash comes.
            File.Delete(Path.Combine(UndoDirectory, PreimageOrigin.FileName));
            AtomicFile.SyncDirectory(UndoDirectory);
            Directory.Delete(UndoDirectory, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            return; // There was none.
        }
    }

    /// <param name="origin">Says how long the journal is: nothing is appended any more.</param>
    private void Seal(PreimageOrigin origin)
    {
        AgentFiles.Ensure(SalvageDirectory);
        origin.Save(UndoDirectory);
        var id = string.Create(CultureInfo.InvariantCulture, $"{origin.Began.UtcDateTime:yyyyMMdd-HHmmss}-{origin.Before.Current}");
        Directory.Move(UndoDirectory, Path.Combine(SalvageDirectory, id));
        AtomicFile.SyncDirectory(SalvageDirectory);
        AtomicFile.SyncDirectory(directory);
    }
}
