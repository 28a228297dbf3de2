// What differs between two replicas, read beneath all mounts: names, links, types, modes, owners, sizes, extended attributes,
// targets, every byte, and holes. Times are not compared: a write sets them on each node by its own clock.
using System.Text;
using HaMirror.Io.Native;
using HaMirror.Workload;

namespace HaMirror.Lab.Tests.PowerCuts;

/// <summary>Compares two directories.</summary>
internal static unsafe class ReplicaImage
{
    private const int LinesMax = 40, BlocksMax = 8;
    private const int ChunkBytes = 1 << 20;
    private const uint TypeMask = 0xF000, Regular = 0x8000, Link = 0xA000, Folder = 0x4000;

    /// <summary>A replica may have this much more on its disk than the other, and a quarter: holes stay holes.</summary>
    private const ulong SlackBytes = 1 << 20;

    /// <summary>SEEK_DATA, SEEK_HOLE</summary>
    private const int SeekData = 3, SeekHole = 4;

    private sealed record Entry(string Line, bool IsRegular, ulong Inode, ulong AllocatedBytes, ulong Size);

    /// <summary>Null: nothing does.</summary>
    public static string? Difference(PowerNode one, PowerNode two)
    {
        var (here, there) = (Read(one.Replica), Read(two.Replica));
        var lines = new List<string>();
        foreach (var path in here.Keys.Union(there.Keys).Order(StringComparer.Ordinal))
        {
            var (ours, theirs) = (here.GetValueOrDefault(path), there.GetValueOrDefault(path));
            if (ours?.Line != theirs?.Line)
                lines.Add($"{path}: {one.Name} has {ours?.Line ?? "nothing"}, {two.Name} has {theirs?.Line ?? "nothing"}");
            if (ours is { IsRegular: true } && theirs is { IsRegular: true })
            {
                Content($"{one.Replica}/{path}", $"{two.Replica}/{path}", path, one.Name, two.Name, lines);
                Holes(path, ours, theirs, one.Name, two.Name, lines);
            }
        }
        // Files of several names: the same names must lead to the same file on both sides.
        foreach (var group in here.Where(pair => pair.Value.IsRegular).GroupBy(pair => pair.Value.Inode).Where(group => group.Count() > 1))
            if (group.Select(pair => there.GetValueOrDefault(pair.Key)?.Inode).Distinct().Count() > 1)
                lines.Add($"{string.Join(", ", group.Select(pair => pair.Key))} are one file on {one.Name} and several on {two.Name}");
        return lines.Count == 0 ? null : string.Join('\n', lines.Take(LinesMax)) + (lines.Count > LinesMax ? $"\n... {lines.Count} differences" : "");
    }

    /// <summary>Bytes of a file's blocks of 4 KiB that differ.</summary>
    public static long DifferentBytes(PowerNode one, PowerNode two, string path)
    {
        var (here, there) = (Open($"{one.Replica}/{path}"), Open($"{two.Replica}/{path}"));
        var (left, right) = (new byte[ChunkBytes], new byte[ChunkBytes]);
        long different = 0;
        for (var at = NextData(here, there, 0); at < ulong.MaxValue; at = NextData(here, there, at + ChunkBytes))
        {
            var (leftBytes, rightBytes) = (ReadAt(here, left, at), ReadAt(there, right, at));
            for (var block = 0; block < Math.Max(leftBytes, rightBytes); block += StampedPage.Bytes)
                if (!Block(left, leftBytes, block).SequenceEqual(Block(right, rightBytes, block)))
                    different += StampedPage.Bytes;
        }
        _ = Shim.Close(here);
        _ = Shim.Close(there);
        return different;
    }

    private static Dictionary<string, Entry> Read(string root)
    {
        var entries = new Dictionary<string, Entry>(StringComparer.Ordinal);
        Visit(root, "", entries);
        return entries;
    }

    private static void Visit(string root, string path, Dictionary<string, Entry> entries)
    {
        NativeStat stat;
        var full = path.Length == 0 ? root : $"{root}/{path}";
        if (Shim.StatAt(Shim.CurrentDirectory, full, &stat) != 0)
            return; // It has gone while we looked: the next look tells.
        var type = stat.Mode & TypeMask;
        var line = new StringBuilder($"mode {Convert.ToString(stat.Mode, 8)} owner {stat.Uid}:{stat.Gid}");
        if (type != Folder)
            line.Append($" links {stat.Links} size {stat.Size} device {stat.DeviceNodeMajor}:{stat.DeviceNodeMinor}");
        Attributes(full, line);
        if (type == Link)
            line.Append($" to {new FileInfo(full).LinkTarget}");
        entries[path.Length == 0 ? "." : path] = new Entry(line.ToString(), type == Regular, stat.Inode, stat.Blocks * 512, stat.Size);
        if (type == Folder)
            foreach (var child in Directory.GetFileSystemEntries(full))
                Visit(root, path.Length == 0 ? Path.GetFileName(child) : $"{path}/{Path.GetFileName(child)}", entries);
    }

    private static void Attributes(string path, StringBuilder line)
    {
        const int room = 64 << 10;
        var (list, value) = (new byte[room], new byte[room]);
        var file = Shim.Open(Shim.CurrentDirectory, path, OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
        if (file < 0)
            return;
        fixed (byte* names = list, bytes = value)
        {
            var length = (int)Math.Max(0, Shim.ListAttributes(file, names, room));
            foreach (var name in Encoding.UTF8.GetString(list, 0, length).Split('\0', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal))
                line.Append($" {name}={Convert.ToHexString(value, 0, (int)Math.Max(0, Shim.GetAttribute(file, name, bytes, room)))}");
        }
        _ = Shim.Close(file);
    }

    private static void Holes(string path, Entry ours, Entry theirs, string one, string two, List<string> lines)
    {
        var (less, more) = (Math.Min(ours.AllocatedBytes, theirs.AllocatedBytes), Math.Max(ours.AllocatedBytes, theirs.AllocatedBytes));
        if (more > less + less / 4 + SlackBytes)
            lines.Add($"{path} takes {ours.AllocatedBytes} bytes on {one} and {theirs.AllocatedBytes} on {two}: holes are filled");
    }

    private static void Content(string ours, string theirs, string path, string one, string two, List<string> lines)
    {
        var (here, there) = (Open(ours), Open(theirs));
        var (left, right) = (new byte[ChunkBytes], new byte[ChunkBytes]);
        var count = 0;
        for (var at = NextData(here, there, 0); at < ulong.MaxValue; at = NextData(here, there, at + ChunkBytes))
        {
            var (leftBytes, rightBytes) = (ReadAt(here, left, at), ReadAt(there, right, at));
            if (left.AsSpan(0, leftBytes).SequenceEqual(right.AsSpan(0, rightBytes)))
                continue;
            for (var block = 0; block < Math.Max(leftBytes, rightBytes); block += StampedPage.Bytes)
            {
                var a = Block(left, leftBytes, block);
                var b = Block(right, rightBytes, block);
                if (!a.SequenceEqual(b) && ++count <= BlocksMax)
                    lines.Add($"    {path} at {at + (ulong)block}: {one} has {StampedPage.Describe(a)}, {two} has {StampedPage.Describe(b)}, "
                        + $"equal up to byte {a.CommonPrefixLength(b)}");
            }
        }
        if (count > 0)
            lines.Add($"{path}: {count} blocks of 4 KiB differ");
        _ = Shim.Close(here);
        _ = Shim.Close(there);
    }

    private static int Open(string path) => Shim.Check(Shim.Open(Shim.CurrentDirectory, path, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0), $"open {path}");

    /// <summary>Where either has data, at or behind a place, rounded down to whole chunks unless that lies before the place.</summary>
    private static ulong NextData(int here, int there, ulong from)
    {
        var (a, b) = (Shim.Seek(here, from, SeekData), Shim.Seek(there, from, SeekData));
        var next = Math.Min(a < 0 ? ulong.MaxValue : (ulong)a, b < 0 ? ulong.MaxValue : (ulong)b);
        return next == ulong.MaxValue ? next : Math.Max(from, next / StampedPage.Bytes * StampedPage.Bytes);
    }

    private static int ReadAt(int file, byte[] room, ulong at)
    {
        fixed (byte* data = room)
            return (int)Shim.Check(Shim.ReadAt(file, data, (ulong)room.Length, at), "read a replica");
    }

    private static ReadOnlySpan<byte> Block(byte[] content, int bytes, int at) =>
        at >= bytes ? default : content.AsSpan(at, Math.Min(StampedPage.Bytes, bytes - at));
}
