// What differs between two replicas, file by file and block by block, in words.
using HaMirror.Core.Configuration;
using HaMirror.Files.Tests.Fuse;
using HaMirror.Io.Native;

namespace HaMirror.Files.Tests.Replication;

internal static unsafe class ReplicaDifference
{
    private const int LinesMax = 40;
    private const int BlocksMax = 12;

    /// <summary>More than this, and a quarter of what the source has allocated, a target must not have: holes stay holes.</summary>
    private const ulong SlackBytes = 1 << 20;

    /// <summary>Null: none.</summary>
    /// <param name="source">Underlying directory.</param>
    /// <param name="target">Underlying directory.</param>
    public static string? Between(int source, int target)
    {
        var (ours, theirs) = (Image(source), Image(target));
        var lines = new List<string>();
        if (ours != theirs)
        {
            var (here, there) = (ours.Split('\n'), theirs.Split('\n'));
            foreach (var line in here.Except(there).Take(LinesMax))
            {
                lines.Add($"source {line}");
                lines.AddRange(Blocks(source, target, line[..line.IndexOf("/ mode=", StringComparison.Ordinal)]));
            }
            lines.AddRange(there.Except(here).Take(LinesMax).Select(line => $"target {line}"));
        }
        foreach (var line in ours.Split('\n').Where(line => line.Contains(" content=", StringComparison.Ordinal)))
            Allocation(source, target, line[..line.IndexOf("/ mode=", StringComparison.Ordinal)], lines);
        return lines.Count == 0 ? null : string.Join('\n', lines);
    }

    /// <summary>A replica as text; what a node keeps for itself is no part of it.</summary>
    public static string Image(int root) => string.Join('\n', TreeImage.Of(root, times: false).Split('\n')
        .Where(line => !line.StartsWith(ReplicationFilter.KeptName + "/", StringComparison.Ordinal)));

    private static void Allocation(int source, int target, string path, List<string> lines)
    {
        NativeStat ours, theirs;
        if (Shim.StatAt(source, path, &ours) != 0 || Shim.StatAt(target, path, &theirs) != 0)
            return;
        var (here, there) = (ours.Blocks * 512, theirs.Blocks * 512);
        if (there > here + here / 4 + SlackBytes)
            lines.Add($"{path} takes {there} bytes at the target and {here} at the source: its holes are filled");
    }

    private static IEnumerable<string> Blocks(int source, int target, string path)
    {
        var lines = new List<string>();
        var (ours, theirs) = (Read(source, path), Read(target, path));
        if (ours is null || theirs is null)
            return lines;
        var count = 0;
        for (var at = 0; at < Math.Max(ours.Length, theirs.Length); at += StampedBlock.Bytes)
        {
            var here = Block(ours, at);
            var there = Block(theirs, at);
            if (here.SequenceEqual(there))
                continue;
            if (++count <= BlocksMax)
                lines.Add($"    {path} at {at}: expected {StampedBlock.Describe(here)} ({here.Length}), found "
                    + $"{StampedBlock.Describe(there)} ({there.Length}), from byte {here.CommonPrefixLength(there)}");
        }
        lines.Add($"    {path}: {count} blocks differ");
        return lines;
    }

    private static ReadOnlySpan<byte> Block(byte[] content, int at) =>
        at >= content.Length ? default : content.AsSpan(at, Math.Min(StampedBlock.Bytes, content.Length - at));

    private static byte[]? Read(int root, string path)
    {
        var place = $"/proc/self/fd/{root}/{path}";
        return File.Exists(place) && new FileInfo(place).LinkTarget is null ? File.ReadAllBytes(place) : null;
    }
}
