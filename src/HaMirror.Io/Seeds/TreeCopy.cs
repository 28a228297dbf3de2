// Copies a replica's directories: names, attributes, extended attributes, hard links, holes.
// The source may change meanwhile: what is gone when its turn comes is left out, and a file may hold blocks of several moments.
// That is enough for a seed, which the first synchronisation compares block by block.
using HaMirror.Core.Configuration;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Seeds;

/// <summary>One copy, on the thread of whoever runs it; the counters may be read from any.</summary>
public sealed unsafe class TreeCopy(ReplicaView source, IReadOnlyList<ReplicatedDirectory> directories, IReadOnlyList<string> destinations)
{
    private const int BlockBytes = 1 << 20;
    private const string Remedy = "Free space or repair the disk, then run the command again.";

    private long _bytesTotal;
    private long _bytesDone;
    private long _files;

    /// <summary>Allocated by the files at the source; 0 until they were counted.</summary>
    public long BytesTotal => Volatile.Read(ref _bytesTotal);

    public long BytesDone => Volatile.Read(ref _bytesDone);

    public long Files => Volatile.Read(ref _files);

    /// <summary>Copies everything and makes it durable. What is in the destinations and not at the source is removed.</summary>
    /// <exception cref="IOException">It cannot go on; the message is a sentence.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public void Run(CancellationToken cancellation)
    {
        Volatile.Write(ref _bytesTotal, (long)MarkedBytes.Of(source, cancellation).AllBytes);
        var roots = new List<TargetRoot>();
        try
        {
            for (var root = 0; root < destinations.Count; root++)
            {
                Directory.CreateDirectory(destinations[root]);
                var descriptor = Shim.Check(
                    Shim.Open(Shim.CurrentDirectory, destinations[root], OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec, 0),
                    $"open {destinations[root]}");
                roots.Add(new TargetRoot(descriptor, destinations[root], new ReplicationFilter(directories[root])));
            }
            var tree = new TargetTree(new TargetSettings([.. roots], default, TimeSpan.Zero, []), "The copy", Remedy);
            using var room = new PageBlock(BlockBytes);
            for (var root = 0; root < roots.Count; root++)
                Copy(root, roots[root], tree, room, cancellation);
            foreach (var root in roots)
                Shim.Check(Shim.SyncFileSystem(root.Descriptor), $"flush {root.Path}");
        }
        catch (TargetException failure)
        {
            throw new IOException(failure.Message, failure);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new IOException(failure.Message, failure);
        }
        finally
        {
            foreach (var root in roots)
                _ = Shim.Close(root.Descriptor);
        }
    }

    private void Copy(int root, TargetRoot to, TargetTree tree, PageBlock room, CancellationToken cancellation)
    {
        var from = source.Roots[root];
        var copied = new HashSet<ulong>();
        var queue = new Queue<string>([""]);
        while (queue.TryDequeue(out var path))
        {
            cancellation.ThrowIfCancellationRequested();
            if (DirectorySnapshot.Read(from, path) is not { } snapshot)
                continue;
            var parts = DirectoryPart.Split(root, path, snapshot.Own, snapshot.Entries, out var culprit)
                ?? throw new IOException($"{DirectorySnapshot.Join(path, culprit)} has a name or attributes that are too long to be replicated.");
            foreach (var (flags, payload) in parts)
            {
                var isFirst = (flags & FrameFlags.First) != 0;
                tree.Apply(DirectoryPart.Read(payload, isFirst)!, isFirst, (flags & FrameFlags.More) != 0);
            }
            tree.Lengthen();
            tree.Missing.Clear();
            tree.Replaced.Clear();
            for (var index = 0; index < snapshot.Entries.Count; index++)
            {
                var child = DirectorySnapshot.Join(path, snapshot.Entries[index].Name);
                if (DirectorySnapshot.IsDirectory(snapshot.Stats[index]))
                    queue.Enqueue(child);
                else if (DirectorySnapshot.IsRegular(snapshot.Stats[index]) && copied.Add(snapshot.Stats[index].Inode))
                    CopyFile(from, to, child, snapshot.Stats[index].Inode, room, cancellation);
            }
        }
    }

    private void CopyFile(ResyncRoot from, TargetRoot to, string path, ulong inode, PageBlock room, CancellationToken cancellation)
    {
        var source = SparseFile.Open(from.Descriptor, path, inode, "the copy", out var stat);
        if (source < 0)
            return;
        var target = Shim.Open(to.Descriptor, path, OpenFlags.ReadWrite | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
        try
        {
            Shim.Check(target, $"open {path} in {to.Path}");
            ulong at = 0;
            while (at < stat.Size)
            {
                var data = Math.Min(SparseFile.Data(source, at, stat.Size), stat.Size);
                var end = data == stat.Size ? data : Math.Min(SparseFile.Hole(source, data, stat.Size), stat.Size);
                Clear(target, at, end, room, to.Path, path);
                at = data;
                while (at < end)
                {
                    cancellation.ThrowIfCancellationRequested();
                    var bytes = Shim.ReadAt(source, room.Address, Math.Min(end - at, BlockBytes), at);
                    Shim.Check(bytes, $"read {path}");
                    if (bytes == 0)
                        break; // it became shorter
                    if (Shim.IsZero(room.Address, (ulong)bytes) != 1)
                        Shim.Check(Shim.WriteAt(target, room.Address, (ulong)bytes, at), $"write {path} in {to.Path}");
                    at += (ulong)bytes;
                    Interlocked.Add(ref _bytesDone, bytes);
                }
                if (at < end)
                    break;
            }
            // It became shorter meanwhile: nothing of what was there before stays behind its end.
            if (at < stat.Size)
                Clear(target, at, stat.Size, room, to.Path, path);
            const long nanoseconds = 1_000_000_000;
            _ = TargetNames.SetTimes(
                target, stat.AccessSeconds * nanoseconds + stat.AccessNanoseconds, stat.ModifySeconds * nanoseconds + stat.ModifyNanoseconds);
            Interlocked.Increment(ref _files);
        }
        finally
        {
            _ = Shim.Close(source);
            if (target >= 0)
                _ = Shim.Close(target);
        }
    }

    /// <summary>An earlier copy, or a file that was there before, may have left other bytes where holes and zeros are skipped now.</summary>
    private static void Clear(int file, ulong from, ulong to, PageBlock room, string root, string path)
    {
        const int punchHole = 2 | 1; // FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
        if (SparseFile.Data(file, from, to) >= to)
            return;
        // A block is freed only whole; behind the last one the file ends.
        var end = Core.Extents.ExtentSet.RoundUp(to);
        var cleared = Shim.Allocate(file, punchHole, from, end - from);
        if (cleared == -Errno.EOPNOTSUPP)
            cleared = ZeroRange.Allocate(file, punchHole, from, to - from, new Span<byte>(room.Address, BlockBytes));
        Shim.Check(cleared, $"clear {path} in {root}");
    }
}
