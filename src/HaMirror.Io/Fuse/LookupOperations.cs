// Operations that find and look: LOOKUP, FORGET, GETATTR, READLINK, STATFS. Each returns 0 or a positive errno.
using HaMirror.Io.Native;

namespace HaMirror.Io.Fuse;

/// <summary>Names to nodes, nodes to attributes.</summary>
internal sealed unsafe class LookupOperations(FuseFileSystem system)
{
    private const uint AttributesOfHandle = 1; // FUSE_GETATTR_FH
    private const int ForgetsInHeader = (Shim.FuseHeaderBytes - FuseWire.InHeaderBytes - 8) / 16;

    private ulong[]? lastNumbers;

    internal int Lookup(ref FuseRequest request)
    {
        if (system.Nodes.Find(request.In.Node) is not { } directory)
        {
            return Errno.ESTALE;
        }

        var error = system.Body.TakeName(out var name);
        if (error == 0)
        {
            error = system.Nodes.Resolve(directory, name, out var node, out var stat);
            if (error == 0)
            {
                node!.Lookups++;
                EntryReply.Fill(request.Answer<FuseWire.EntryOut>(), node, stat, system.ValidSeconds);
            }
        }

        return error; // ENOENT is answered as an error, not as node 0: the kernel then remembers no absence
    }

    internal void Forget(ref FuseRequest request)
    {
        var body = request.Header + FuseWire.InHeaderBytes;
        if (request.Opcode == FuseOpcode.Forget)
        {
            system.Nodes.Forget(request.In.Node, ((FuseWire.ForgetIn*)body)->Lookups);
            return;
        }

        // The header's room ends behind the count and exactly two entries; the list goes on in the data's room.
        var first = (FuseWire.ForgetOne*)(body + sizeof(FuseWire.BatchForgetIn));
        var rest = (FuseWire.ForgetOne*)request.Data;
        var there = (request.Length - FuseWire.InHeaderBytes - sizeof(FuseWire.BatchForgetIn))
            / sizeof(FuseWire.ForgetOne);
        var count = Math.Min(((FuseWire.BatchForgetIn*)body)->Count, there);
        for (var i = 0; i < count; i++)
        {
            var one = i < ForgetsInHeader ? first[i] : rest[i - ForgetsInHeader];
            system.Nodes.Forget(one.Node, one.Lookups);
        }
    }

    internal int GetAttributes(ref FuseRequest request)
    {
        var arguments = system.Body.Take<FuseWire.GetAttributesIn>();
        var node = (arguments.Flags & AttributesOfHandle) != 0
            ? system.Handles.Find(arguments.Handle)?.Node
            : system.Nodes.Find(request.In.Node);
        if (node is null)
        {
            return Errno.ESTALE;
        }

        NativeStat stat;
        if (node.Detached is { IsKnown: true } detached)
        {
            EntryReply.Fill(request.Answer<FuseWire.AttributesOut>(), detached.Stat, system.ValidSeconds);
            return 0;
        }

        var error = -Shim.StatAt(node.Descriptor, "", &stat);
        if (error == 0)
        {
            EntryReply.Fill(request.Answer<FuseWire.AttributesOut>(), stat, system.ValidSeconds);
        }

        return error;
    }

    internal int ReadLink(ref FuseRequest request)
    {
        if (system.Nodes.Find(request.In.Node) is not { } node)
        {
            return Errno.ESTALE;
        }

        var bytes = Shim.ReadLink(node.Descriptor, request.Data, (ulong)Environment.SystemPageSize);
        request.Payload = request.Data;
        request.PayloadBytes = (uint)Math.Max(bytes, 0);
        return (int)-Math.Min(bytes, 0);
    }

    internal int FileSystemStat(ref FuseRequest request)
    {
        // type bsize blocks bfree bavail files ffree namelen frsize
        const int count = 9;
        var numbers = stackalloc ulong[count];
        var error = system.IsDetached && lastNumbers is not null
            ? Errno.EIO
            : -Shim.FileSystemStat(system.Nodes.Root.Descriptor, numbers);
        if (error == 0)
        {
            lastNumbers = new ReadOnlySpan<ulong>(numbers, count).ToArray();
        }
        else if (lastNumbers is not null)
        {
            // A broken disk is no broken mount: whoever watches the mounts would end one that serves through the peer.
            lastNumbers.CopyTo(new Span<ulong>(numbers, count));
            error = 0;
        }

        if (error == 0)
        {
            var answer = request.Answer<FuseWire.FileSystemStatOut>();
            answer->BlockSize = (uint)numbers[1];
            answer->Blocks = numbers[2];
            answer->FreeBlocks = numbers[3];
            answer->AvailableBlocks = numbers[4];
            answer->Files = numbers[5];
            answer->FreeFiles = numbers[6];
            answer->NameBytesMax = (uint)numbers[7];
            answer->FragmentSize = (uint)numbers[8];
        }

        return error;
    }
}
