// A second directory that is made only from what a mount would replicate: when it equals the first one, nothing that the
// peer has to know was left out, and every path was right at its moment.
using HaMirror.Core.Wire;
using HaMirror.Io.Fuse;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Files.Tests.Fuse;

internal sealed unsafe class ReplayedReplica : IChangeObserver, IDisposable
{
    private readonly int root;
    private readonly Dictionary<FileKey, int> bound = [];

    internal ReplayedReplica(string folder)
    {
        Folder = folder;
        Directory.CreateDirectory(folder);
        root = Shim.Check(Shim.Open(Shim.CurrentDirectory, folder, OpenFlags.ReadOnly | OpenFlags.Directory, 0), "open");
    }

    internal string Folder { get; }

    internal List<NamespaceChange> Changes { get; } = [];

    public void Dispose()
    {
        foreach (var descriptor in bound.Values)
        {
            Shim.Close(descriptor);
        }

        Shim.Close(root);
    }

    public void Changed(NamespaceChange change)
    {
        Changes.Add(change);
        Assert.Equal(7, change.Root);
        var path = change.Path;
        switch (change.Kind)
        {
            case ChangeKind.Create:
            case ChangeKind.Mknod:
                Made(change, Shim.MakeNode(root, path, change.Mode, change.DeviceMajor, change.DeviceMinor));
                break;
            case ChangeKind.Mkdir:
                Made(change, Shim.MakeDirectory(root, path, change.Mode & 0xfff));
                break;
            case ChangeKind.Symlink:
                Made(change, Shim.SymbolicLink(change.Other, root, path));
                break;
            case ChangeKind.Link:
                On(change, file => Shim.Link(file, root, change.Other));
                break;
            case ChangeKind.Unlink:
            case ChangeKind.Rmdir:
                Check(change, Shim.Unlink(root, path, change.Kind == ChangeKind.Rmdir ? 1 : 0));
                break;
            case ChangeKind.Rename:
                Check(change, Shim.Rename(root, path, root, change.Other, change.Flags));
                break;
            case ChangeKind.SetAttributes:
                Set(change);
                break;
            case ChangeKind.SetXattr:
                using (var value = change.Value.Pin())
                {
                    On(change, file => Shim.SetAttribute(file, change.Name, (byte*)value.Pointer,
                        (ulong)change.Value.Length, (int)change.Flags));
                }

                break;
            case ChangeKind.RemoveXattr:
                On(change, file => Shim.RemoveAttribute(file, change.Name));
                break;
            default:
                Assert.Fail($"unknown change {change}");
                break;
        }
    }

    public void Written(FileNode node, ulong offset, ReadOnlySpan<byte> data)
    {
        if (Bind(node) is var descriptor and >= 0)
        {
            fixed (byte* bytes = data)
            {
                Assert.Equal(data.Length, Shim.WriteAt(descriptor, bytes, (ulong)data.Length, offset));
            }
        }
    }

    public void Allocated(FileNode node, int mode, ulong offset, ulong bytes)
    {
        if (Bind(node) is var descriptor and >= 0)
        {
            Assert.Equal(0, Shim.Allocate(descriptor, mode, offset, bytes));
        }
    }

    // As a link binds: the file that has this path when the node is first written to, by its descriptor from then on.
    private int Bind(FileNode node)
    {
        if (node.ReplicatedPath is not { } path)
        {
            return -1;
        }

        if (node.BoundLink != 1)
        {
            var opened = Shim.Open(root, path, OpenFlags.ReadWrite, 0);
            Assert.True(opened >= 0, $"bind {path}: {Errno.Describe(opened)}");
            bound.Remove(node.Key, out var old);
            if (old > 0)
            {
                Shim.Close(old);
            }

            bound[node.Key] = opened;
            node.BoundLink = 1;
        }

        return bound[node.Key];
    }

    private void Made(NamespaceChange change, int result)
    {
        Check(change, result);
        Set(change);
    }

    private void Set(NamespaceChange change) => On(change, file =>
    {
        var result = 0;
        if (change.Mask.HasFlag(AttributeMask.Owner))
        {
            result = Math.Min(result, Shim.ChangeOwner(file, change.Uid, change.Gid));
        }

        if (change.Mask.HasFlag(AttributeMask.Size))
        {
            result = Math.Min(result, Shim.Truncate(file, change.Size));
        }

        if (change.Mask.HasFlag(AttributeMask.Mode))
        {
            result = Math.Min(result, Shim.ChangeMode(file, change.Mode & 0xfff));
        }

        var access = change.Mask.HasFlag(AttributeMask.AccessTime);
        var modify = change.Mask.HasFlag(AttributeMask.ModifyTime);
        return access || modify
            ? Math.Min(result, Shim.SetTimes(file,
                change.AccessTime / 1_000_000_000, access ? change.AccessTime % 1_000_000_000 : Shim.TimeOmit,
                change.ModifyTime / 1_000_000_000, modify ? change.ModifyTime % 1_000_000_000 : Shim.TimeOmit))
            : result;
    });

    private void On(NamespaceChange change, Func<int, int> action)
    {
        var file = Shim.Open(root, change.Path, OpenFlags.Path | OpenFlags.NoFollow, 0);
        Check(change, file);
        Check(change, action(file));
        Shim.Close(file);
    }

    private static void Check(NamespaceChange change, int result) =>
        Assert.True(result >= 0, $"{change}: {Errno.Describe(result)}");
}
