// OPENDIR, READDIR, READDIRPLUS, RELEASEDIR.
// A reply is a run of fuse_dirent (each padded to 8 bytes), with READDIRPLUS a fuse_entry_out before each. Every entry
// with a node number in it counts as a look-up; "." and ".." and what cannot be looked up carry node 0.
using HaMirror.Io.Native;

namespace HaMirror.Io.Fuse;

/// <summary>Listing directories.</summary>
internal sealed unsafe class DirectoryOperations(FuseFileSystem system)
{
    private readonly char[] text = new char[RequestBody.NameBytesMax];

    internal int Open(ref FuseRequest request)
    {
        if (system.Nodes.Find(request.In.Node) is not { } node)
        {
            return Errno.ESTALE;
        }

        var descriptor = Shim.Reopen(node.Descriptor,
            OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec);
        if (descriptor < 0)
        {
            return -descriptor;
        }

        node.Opens++;
        request.Answer<FuseWire.OpenOut>()->Handle = system.DirectoryHandles.Add(
            new DirectoryHandle { Node = node, Stream = new DirectoryStream(descriptor) });
        return 0;
    }

    internal int Read(ref FuseRequest request, bool withAttributes)
    {
        var arguments = system.Body.Take<FuseWire.ReadIn>();
        if (system.DirectoryHandles.Find(arguments.Handle) is not { } handle)
        {
            return Errno.EBADF;
        }

        var error = handle.Stream.MoveTo(arguments.Offset);
        var room = Math.Min(arguments.Size, (uint)request.DataCapacity);
        var filled = 0u;
        while (error == 0 && (error = handle.Stream.Peek(out var record)) == 0)
        {
            if (OwnPlace.Is(handle.Node, record))
            {
                handle.Stream.Take();
                continue;
            }

            var added = Add(request.Data + filled, room - filled, handle.Node, record, withAttributes);
            if (added == 0)
            {
                break; // full
            }

            filled += added;
            handle.Stream.Take();
        }

        request.Payload = request.Data;
        request.PayloadBytes = filled;
        return filled > 0 ? 0 : Math.Max(error, 0); // an error behind good entries is met again by the next request
    }

    internal int Release(ref FuseRequest request)
    {
        var arguments = system.Body.Take<FuseWire.ReleaseIn>();
        if (system.DirectoryHandles.Remove(arguments.Handle) is not { } handle)
        {
            return Errno.EBADF;
        }

        handle.Stream.Dispose();
        handle.Node.Opens--;
        system.Nodes.Drop(handle.Node);
        return 0;
    }

    private uint Add(byte* to, uint room, FileNode directory, in DirectoryRecord record, bool withAttributes)
    {
        var front = withAttributes ? (uint)sizeof(FuseWire.EntryOut) : 0;
        var bytes = (front + (uint)sizeof(FuseWire.DirectoryEntry) + (uint)record.NameBytes + 7) & ~7u;
        if (bytes > room)
        {
            return 0;
        }

        new Span<byte>(to, (int)bytes).Clear();
        if (withAttributes)
        {
            AddAttributes((FuseWire.EntryOut*)to, directory, record);
        }

        var entry = (FuseWire.DirectoryEntry*)(to + front);
        entry->Inode = record.Inode;
        entry->NextOffset = record.NextOffset;
        entry->NameBytes = (uint)record.NameBytes;
        entry->Type = record.Type;
        Buffer.MemoryCopy(record.Name, entry + 1, record.NameBytes, record.NameBytes);
        return bytes;
    }

    private void AddAttributes(FuseWire.EntryOut* entry, FileNode directory, in DirectoryRecord record)
    {
        if (!record.IsDot && RequestBody.TryDecode(record.Name, record.NameBytes, text, out var name)
            && system.Nodes.Resolve(directory, new EntryName(record.Name, name), out var node, out var stat) == 0)
        {
            node!.Lookups++;
            EntryReply.Fill(entry, node, stat, system.ValidSeconds);
        }
    }
}
