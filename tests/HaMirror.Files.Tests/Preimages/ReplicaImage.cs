// A replica as text, with everything that going back to it must bring back: what TreeImage tells, times, and holes.
using HaMirror.Files.Tests.Fuse;
using HaMirror.Files.Tests.Replication;
using HaMirror.Io.Native;

namespace HaMirror.Files.Tests.Preimages;

internal static class ReplicaImage
{
    private const int SeekData = 3;
    private const int SeekHole = 4;

    public static string Of(StorageNode node)
    {
        var tree = TreeImage.Of(node.Root.Descriptor, times: true);
        var lines = tree.Split('\n').Select(line => line.Contains(" content=", StringComparison.Ordinal)
            ? line + " data=" + Data(node.Root.Descriptor, line[..line.IndexOf("/ mode=", StringComparison.Ordinal)])
            : line);
        return string.Join('\n', lines);
    }

    private static string Data(int root, string path)
    {
        var file = Shim.Check(Shim.Open(root, path, OpenFlags.ReadOnly, 0), path);
        var ranges = new List<string>();
        for (ulong at = 0; Shim.Seek(file, at, SeekData) is >= 0 and var data;)
        {
            at = (ulong)Shim.Check(Shim.Seek(file, (ulong)data, SeekHole), path);
            ranges.Add($"{data}-{at}");
        }
        _ = Shim.Close(file);
        return string.Join(',', ranges);
    }
}
