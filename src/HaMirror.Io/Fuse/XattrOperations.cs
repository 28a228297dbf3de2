// Extended attributes, access lists included: the kernel's form of an ACL and the file system's are the same.
using System.Runtime.InteropServices;
using System.Text;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Fuse;

/// <summary>SETXATTR, GETXATTR, LISTXATTR, REMOVEXATTR.</summary>
internal sealed unsafe class XattrOperations(FuseFileSystem system)
{
    private const uint KillSetGid = 1; // FUSE_SETXATTR_ACL_KILL_SGID
    private const string Trusted = "trusted.";

    /// <summary>libvirt counts here how many domains of this host use a file: true on this node only.</summary>
    private const string HostLocal = "trusted.libvirt.security.";

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    internal int Set(ref FuseRequest request)
    {
        var arguments = system.Body.Take<FuseWire.SetXattrIn>();
        var error = Target(request, out var node, out var nameBytes, out var name);
        if (error != 0)
        {
            return error;
        }

        var value = system.Body.TakeBytes(arguments.Size);
        fixed (byte* bytes = value)
        {
            error = -Shim.SetAttribute(node!.Descriptor, nameBytes, bytes, (ulong)value.Length, (int)arguments.Flags);
        }

        if (error != 0)
        {
            return error;
        }

        node.Unprivileged = false;
        if (Describe(ChangeKind.SetXattr, node, name) is { } change)
        {
            request.Change = change with { Flags = 0, Value = value.ToArray() };
        }

        return (arguments.SetFlags & KillSetGid) != 0 ? DropSetGid(ref request, node) : 0;
    }

    internal int Get(ref FuseRequest request)
    {
        var arguments = system.Body.Take<FuseWire.GetXattrIn>();
        var error = Target(request, out var node, out var nameBytes, out _);
        if (error != 0)
        {
            return error;
        }

        var capacity = Math.Min(arguments.Size, request.DataCapacity);
        return Answer(ref request, arguments.Size,
            Shim.GetAttribute(node!.Descriptor, nameBytes, request.Data, capacity));
    }

    internal int List(ref FuseRequest request)
    {
        var arguments = system.Body.Take<FuseWire.GetXattrIn>();
        if (system.Nodes.Find(request.In.Node) is not { } node)
        {
            return Errno.ESTALE;
        }

        var bytes = Shim.ListAttributes(node.Descriptor, request.Data, request.DataCapacity);
        if (bytes > 0 && request.In.Uid != 0)
        {
            bytes = WithoutTrusted(new Span<byte>(request.Data, (int)bytes));
        }

        return Answer(ref request, arguments.Size, bytes);
    }

    internal int Remove(ref FuseRequest request)
    {
        var error = Target(request, out var node, out var nameBytes, out var name);
        if (error != 0)
        {
            return error;
        }

        error = -Shim.RemoveAttribute(node!.Descriptor, nameBytes);
        if (error == 0)
        {
            request.Change = Describe(ChangeKind.RemoveXattr, node, name);
        }

        return error;
    }

    private static NamespaceChange? Describe(ChangeKind kind, FileNode node, string name) =>
        name.StartsWith(HostLocal, StringComparison.Ordinal) || node.ReplicatedPath is not { } path
            ? null
            : new NamespaceChange(kind, node.Key.Root, path) { Name = name };

    private static int DropSetGid(ref FuseRequest request, FileNode node)
    {
        NativeStat stat;
        var error = -Shim.StatAt(node.Descriptor, "", &stat);
        if (error != 0 || (stat.Mode & ModeBits.SetGid) == 0)
        {
            return error;
        }

        error = -Shim.ChangeMode(node.Descriptor, stat.Mode & ModeBits.Permissions & ~ModeBits.SetGid);
        if (error == 0)
        {
            request.FurtherChange = AttributeOperations.Describe(node, AttributeMask.Mode);
        }

        return error;
    }

    // A size of 0 asks for the length; anything else for the content, if it fits.
    private static int Answer(ref FuseRequest request, uint asked, long bytes)
    {
        if (bytes < 0)
        {
            return (int)-bytes;
        }

        if (asked == 0)
        {
            request.Answer<FuseWire.GetXattrOut>()->Size = (uint)bytes;
            return 0;
        }

        request.Payload = request.Data;
        request.PayloadBytes = (uint)bytes;
        return bytes > asked ? Errno.ERANGE : 0;
    }

    // Names of trusted attributes are for CAP_SYS_ADMIN, as every file system has it.
    private static int WithoutTrusted(Span<byte> list)
    {
        var kept = 0;
        for (var at = 0; at < list.Length;)
        {
            var length = list[at..].IndexOf((byte)0) + 1;
            if (length == 0)
            {
                break;
            }

            if (!list.Slice(at, length).StartsWith("trusted."u8))
            {
                list.Slice(at, length).CopyTo(list[kept..]);
                kept += length;
            }

            at += length;
        }

        return kept;
    }

    private int Target(in FuseRequest request, out FileNode? node, out byte* nameBytes, out string name)
    {
        name = "";
        node = system.Nodes.Find(request.In.Node);
        nameBytes = system.Body.TakeText(out _);
        if (node is null)
        {
            return Errno.ESTALE;
        }

        try
        {
            name = Strict.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(nameBytes));
        }
        catch (DecoderFallbackException)
        {
            return Errno.EILSEQ;
        }

        var known = name.StartsWith("user.", StringComparison.Ordinal)
            || name.StartsWith("security.", StringComparison.Ordinal)
            || name.StartsWith(Trusted, StringComparison.Ordinal)
            || name is "system.posix_acl_access" or "system.posix_acl_default";
        return known ? 0 : Errno.EOPNOTSUPP;
    }
}
