using HaMirror.Core.Wire;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Preimages;

/// <summary>The files that the losing side of a divergence has written to since the nodes parted: those that it has marked.</summary>
internal sealed class LosersFiles(IReadOnlyList<FileMarks> marks)
{
    private readonly HashSet<FileKey> _marked = [.. marks.Select(mark => new FileKey(mark.Root, mark.Inode))];

    private readonly List<(int Root, string Path)> _whole = [.. marks.Where(mark => mark.Whole).Select(mark => (mark.Root, mark.Path))];

    public bool Has(FileKey key, PreimageFile file) =>
        _marked.Contains(key) || _whole.Any(mark => mark.Root == key.Root && file.Paths.Any(path =>
            mark.Path.Length == 0 || path == mark.Path || path.StartsWith(mark.Path + "/", StringComparison.Ordinal)));
}
