// What a journal holds, in memory: the names as they were, and for each file what is saved of it.
using HaMirror.Core.Wire;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Preimages;

/// <summary>The content of a journal.</summary>
internal sealed class PreimageCatalog
{
    private const uint TypeMask = 0xF000;
    private const uint TypeDirectory = 0x4000;
    private const uint TypeRegular = 0x8000;

    private readonly Dictionary<FileKey, PreimageFile> _files = [];
    private readonly List<DirectoryPart> _directories = [];

    /// <summary>Every directory, whole, a parent before what lies in it.</summary>
    public IReadOnlyList<DirectoryPart> Directories => _directories;

    /// <summary>Everything that is no directory, by what identifies it on this node.</summary>
    public IReadOnlyDictionary<FileKey, PreimageFile> Files => _files;

    /// <summary>The names are all here; without them nothing of the replica was changed.</summary>
    public bool HasAllNames { get; set; }

    /// <summary>Bytes of data that are saved.</summary>
    public ulong SavedBytes { get; private set; }

    /// <summary>Bytes of files that are kept as they are.</summary>
    public ulong KeptBytes { get; private set; }

    /// <summary>Of what the replica's files held when they were last changed, the newest, in ns since 1970; 0: it had none.</summary>
    public long NewestChange { get; private set; }

    public static bool IsDirectory(uint mode) => (mode & TypeMask) == TypeDirectory;

    public static bool IsRegular(uint mode) => (mode & TypeMask) == TypeRegular;

    /// <summary>Adds a directory, or a further part of the one that was added last.</summary>
    public void Add(DirectoryPart part)
    {
        if (part.Own is null && _directories.Count > 0)
            _directories[^1] = _directories[^1] with { Entries = _directories[^1].Entries.AddRange(part.Entries) };
        else
            _directories.Add(part);
        foreach (var entry in part.Entries)
        {
            if (IsDirectory(entry.Attributes.Mode))
                continue;
            var key = new FileKey(part.Root, entry.SameInode);
            if (!_files.TryGetValue(key, out var file))
                _files.Add(key, file = new PreimageFile(entry));
            file.Paths.Add(DirectorySnapshot.Join(part.Path, entry.Name));
            if (file.IsRegular)
                NewestChange = Math.Max(NewestChange, entry.Attributes.ModifyTime);
        }
    }

    /// <summary>The file, when it is one of those that the replica had and still has.</summary>
    public PreimageFile? Find(FileKey key) => _files.TryGetValue(key, out var file) && !file.IsGone ? file : null;

    /// <summary>A file is kept as it is.</summary>
    public void Kept(PreimageFile file, ulong bytes)
    {
        KeptBytes += bytes - file.KeptBytes;
        (file.IsKept, file.KeptBytes) = (true, bytes);
    }

    /// <summary>A range is saved.</summary>
    public void Saved(PreimageFile file, PreimageRange range, bool withRanges)
    {
        lock (file.Saved)
            file.Saved.Add(range.Offset, range.Length);
        if (range.Kind == PreimageKind.Bytes)
            SavedBytes += range.Length;
        if (withRanges)
            file.Ranges.Add(range);
    }
}
