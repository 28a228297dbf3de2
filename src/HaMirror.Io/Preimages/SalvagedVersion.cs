// One file as its losing node had it, written anew: content, holes, owner, mode, attributes, times.
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Preimages;

/// <summary>The losing version of a file.</summary>
internal sealed unsafe class SalvagedVersion(
    PreimageFile file, JournalContent journal, SalvageProgress? progress, CancellationToken cancellation)
{
    private const uint TypeMask = 0xF000;
    private const uint TypeSymlink = 0xA000;
    private const int PartBytes = 1 << 20;
    private const int SeekData = 3;
    private const int SeekHole = 4;

    /// <summary>Writes it; durable when it returns.</summary>
    /// <param name="path">Absolute; nothing is there.</param>
    /// <param name="rest">Where what is not saved is read from; null: all is saved.</param>
    /// <exception cref="IOException">The message is a sentence; nothing is left at <paramref name="path"/>.</exception>
    public void Write(string path, string? rest)
    {
        try
        {
            var wanted = file.Entry.Attributes;
            var type = wanted.Mode & TypeMask;
            Shim.Check(type == TypeSymlink
                ? Shim.SymbolicLink(file.Entry.LinkTarget, Shim.CurrentDirectory, path)
                : Shim.MakeNode(Shim.CurrentDirectory, path, type | 0x180, wanted.DeviceMajor, wanted.DeviceMinor), $"make {path}");
            if (file.IsRegular)
                WriteContent(path, rest);
            SetAttributes(path, wanted);
        }
        catch
        {
            _ = Shim.Unlink(Shim.CurrentDirectory, path, 0);
            throw;
        }
    }

    private void WriteContent(string path, string? rest)
    {
        var target = Shim.Check(Shim.Open(Shim.CurrentDirectory, path, OpenFlags.ReadWrite | OpenFlags.NoFollow, 0), $"open {path}");
        try
        {
            Shim.Check(Shim.Truncate(target, file.Size), $"set the size of {path}");
            if (rest is not null)
                CopyRest(rest, target, path);
            foreach (var range in file.Ranges)
                if (rest is not null || range.Kind != PreimageKind.Hole)
                {
                    cancellation.ThrowIfCancellationRequested();
                    journal.Restore(range, target, path);
                    progress?.Wrote(range.Kind == PreimageKind.Bytes ? range.Length : 0);
                }
            Shim.Check(Shim.Sync(target, 0), $"make {path} durable");
        }
        finally
        {
            _ = Shim.Close(target);
        }
    }

    /// <summary>What both versions had alike, as far as the replica has it still.</summary>
    private void CopyRest(string from, int target, string path)
    {
        var source = Shim.Open(Shim.CurrentDirectory, from, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking, 0);
        if (source < 0 && file.IsKept)
            throw new IOException($"{from}, where the losing version stands, cannot be opened: {Errno.Describe(-source)}. Somebody has removed it; "
                + "nothing else holds what it held.");
        if (source < 0)
            return; // It is gone: only what is saved can be written.
        var part = new PageBlock(PartBytes);
        try
        {
            for (ulong at = 0; at < file.Size && Shim.Seek(source, at, SeekData) is >= 0 and var data;)
            {
                var hole = Math.Min((ulong)Shim.Check(Shim.Seek(source, (ulong)data, SeekHole), $"read {from}"), file.Size);
                for (at = (ulong)data; at < hole;)
                {
                    var read = Shim.Check(Shim.ReadAt(source, part.Address, Math.Min(hole - at, PartBytes), at), $"read {from}");
                    if (read == 0)
                        return;
                    cancellation.ThrowIfCancellationRequested();
                    Shim.Check(Shim.WriteAt(target, part.Address, (ulong)read, at), $"write {path}");
                    progress?.Wrote((ulong)read);
                    at += (ulong)read;
                }
            }
        }
        finally
        {
            _ = Shim.Close(source);
            part.Dispose();
        }
    }

    private static void SetAttributes(string path, EntryAttributes wanted)
    {
        var opened = Shim.Check(Shim.Open(Shim.CurrentDirectory, path, OpenFlags.Path | OpenFlags.NoFollow, 0), $"open {path}");
        try
        {
            Shim.Check(Shim.ChangeOwner(opened, wanted.Uid, wanted.Gid), $"set the owner of {path}");
            if ((wanted.Mode & TypeMask) != TypeSymlink)
            {
                Shim.Check(Shim.ChangeMode(opened, wanted.Mode & 0xFFF), $"set the mode of {path}");
                ExtendedAttributes.Set(opened, wanted.Extended, result => Shim.Check(result, $"set an attribute of {path}"));
            }
            Shim.Check(TargetNames.SetTimes(opened, wanted.AccessTime, wanted.ModifyTime), $"set the times of {path}");
        }
        finally
        {
            _ = Shim.Close(opened);
        }
    }
}
