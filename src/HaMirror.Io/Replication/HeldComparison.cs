// The number of the comparison of everything that a target's replica is of: ROOT/.hamirror-kept/comparison, 16 bytes (Records/FORMAT.md).
// It lies beside the data and not with the records, for a disk that was replaced must not pass for the one that was compared.
// Invariants: (1) it is gone, on stable storage, before anything but that comparison's source may change the replica; (2) it
// counts only when every root has the same one; a torn one is like none.
using HaMirror.Core.Configuration;
using HaMirror.Io.Native;
using HaMirror.Io.Preimages;

namespace HaMirror.Io.Replication;

/// <summary>Keeps the number of a comparison in each root of a replica.</summary>
internal static unsafe class HeldComparison
{
    private const string FileName = "comparison";
    private const string FilePath = ReplicationFilter.KeptName + "/" + FileName;
    private const int Bytes = 16;
    private const uint OwnerReadsAndWrites = 0x180;
    private const int DirectoryFlags = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec;

    /// <returns>Empty: it is of none, or of one that does not count.</returns>
    public static Guid Load(IReadOnlyList<TargetRoot> roots)
    {
        var held = roots.Select(root => Load(root.Descriptor)).Distinct().ToList();
        return held.Count == 1 ? held[0] : Guid.Empty;
    }

    /// <summary>The replica is of this comparison from now on.</summary>
    /// <returns>Null: it is on stable storage. Else why not, as a sentence: then it is of none.</returns>
    public static string? Save(IReadOnlyList<TargetRoot> roots, Guid comparison)
    {
        try
        {
            foreach (var root in roots)
                Save(root, comparison);
            return null;
        }
        catch (IOException failure)
        {
            return Drop(roots) ?? failure.Message;
        }
    }

    /// <summary>The replica is of no comparison from now on.</summary>
    /// <returns>Null: that is on stable storage. Else why not, as a sentence.</returns>
    public static string? Drop(IReadOnlyList<TargetRoot> roots)
    {
        string? failure = null;
        foreach (var root in roots)
            try
            {
                Drop(root);
            }
            catch (IOException trouble)
            {
                failure ??= trouble.Message;
            }
        return failure;
    }

    private static Guid Load(int root)
    {
        var file = Shim.Open(root, FilePath, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking | OpenFlags.CloseOnExec, 0);
        if (file < 0)
            return Guid.Empty;
        Span<byte> content = stackalloc byte[Bytes + 1];
        long read;
        fixed (byte* room = content)
            read = Shim.ReadAt(file, room, (ulong)content.Length, 0);
        _ = Shim.Close(file);
        return read == Bytes ? new Guid(content[..Bytes]) : Guid.Empty;
    }

    private static void Save(TargetRoot root, Guid comparison)
    {
        var top = Shim.Check(KeptFiles.OpenTop(root), $"make {ReplicationFilter.KeptName} in {root.Path}");
        // Not over what has the name: that may be another file's as well.
        _ = Shim.Unlink(top, FileName, 0);
        var file = Shim.Open(
            top, FileName, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow | OpenFlags.CloseOnExec, OwnerReadsAndWrites);
        try
        {
            Shim.Check(file, $"make {FilePath} in {root.Path}");
            Span<byte> content = stackalloc byte[Bytes];
            comparison.TryWriteBytes(content);
            fixed (byte* bytes = content)
                Shim.Check(Shim.WriteAt(file, bytes, Bytes, 0), $"write {FilePath} in {root.Path}");
            Shim.Check(Shim.Sync(file, 0), $"flush {FilePath} in {root.Path}");
            Shim.Check(Shim.Sync(top, 0), $"flush {ReplicationFilter.KeptName} in {root.Path}");
        }
        finally
        {
            _ = Shim.Close(top);
            if (file >= 0)
                _ = Shim.Close(file);
        }
    }

    private static void Drop(TargetRoot root)
    {
        var top = Shim.Open(root.Descriptor, ReplicationFilter.KeptName, DirectoryFlags, 0);
        if (top == -Errno.ENOENT)
            return;
        Shim.Check(top, $"open {ReplicationFilter.KeptName} in {root.Path}");
        try
        {
            var removed = Shim.Unlink(top, FileName, 0);
            if (removed == -Errno.ENOENT)
                return;
            Shim.Check(removed, $"remove {FilePath} in {root.Path}");
            Shim.Check(Shim.Sync(top, 0), $"flush {ReplicationFilter.KeptName} in {root.Path}");
        }
        finally
        {
            _ = Shim.Close(top);
        }
        KeptFiles.CloseTop(root);
    }
}
