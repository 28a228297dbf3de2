// What a replica may look like that was somebody else's, or lay about: old blocks, other sizes, names gone, added or
// tied together. Only for plans that look at everything; taking files away is allowed always, because a node that served
// alone may have removed them, and names have no marks.
using HaMirror.Core.Configuration;
using HaMirror.Io.Native;

namespace HaMirror.Files.Tests.Replication;

internal sealed class TargetDamage(string folder, Random random)
{
    private const double OldBlocks = 0.05;

    /// <summary>Removes some files.</summary>
    public void Remove(int count)
    {
        foreach (var file in Files().OrderBy(_ => random.Next()).Take(count))
            File.Delete(file);
    }

    /// <summary>Damages everything.</summary>
    public void Do()
    {
        // Else it would still be the replica of a comparison that was broken off, and nobody else's.
        if (Directory.Exists(Path.Combine(folder, ReplicationFilter.KeptName)))
            Directory.Delete(Path.Combine(folder, ReplicationFilter.KeptName), true);
        foreach (var file in Files())
            Blocks(file);
        foreach (var file in Files().Where(_ => random.Next(6) == 0).ToList())
            using (var open = new FileStream(file, FileMode.Open, FileAccess.Write))
                open.SetLength(random.NextInt64(open.Length * 2 + 1));
        Remove(2);
        File.WriteAllBytes(Path.Combine(folder, $"stale{random.Next(3)}"), new byte[random.Next(10_000)]);
        var files = Files().Where(file => new FileInfo(file).Length < 4 << 20).OrderBy(_ => random.Next()).Take(4).ToList();
        if (files.Count < 4)
            return;
        for (var pair = 0; pair < 4; pair += 2)
        {
            File.Delete(files[pair]);
            var other = Shim.Check(Shim.Open(Shim.CurrentDirectory, files[pair + 1], OpenFlags.ReadOnly, 0), "open");
            Shim.Check(Shim.Link(other, Shim.CurrentDirectory, files[pair]), "link");
            _ = Shim.Close(other);
        }
    }

    private List<string> Files() =>
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => new FileInfo(file).LinkTarget is null)
            .Where(file => !file.StartsWith(Path.Combine(folder, ReplicationFilter.KeptName), StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private void Blocks(string file)
    {
        using var open = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
        var block = new byte[StampedBlock.Bytes];
        for (long at = 0; at + block.Length <= open.Length; at += block.Length)
        {
            if (random.NextDouble() >= OldBlocks)
                continue;
            StampedBlock.Fill(block, (ulong)random.Next(6), at);
            open.Position = at;
            open.Write(block);
        }
    }
}
