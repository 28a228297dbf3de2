// One atomic look at a directory: everything that a resync tells of it.
// Names are bytes on disk and text on the wire; one that is no UTF-8 cannot be told and is an error, not a surprise later.
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Replication;

/// <summary>The entries of a directory with all their attributes.</summary>
internal sealed unsafe class DirectorySnapshot
{
    private const uint TypeMask = 0xF000;
    private const uint TypeDirectory = 0x4000;
    private const uint TypeRegular = 0x8000;
    private const uint TypeLink = 0xA000;
    private const int EntriesBytes = 64 << 10;
    private const int NameOffset = 19; // of d_name in struct linux_dirent64
    private const int ListBytes = 64 << 10;
    private const long NanosecondsPerSecond = 1_000_000_000;

    private readonly ResyncRoot _root;
    private readonly string _path;

    private DirectorySnapshot(ResyncRoot root, string path) => (_root, _path) = (root, path);

    public EntryAttributes Own { get; private set; } = null!;

    public ulong Inode { get; private set; }

    public List<DirectoryEntry> Entries { get; } = [];

    /// <summary>Of each entry, in the same order.</summary>
    public List<NativeStat> Stats { get; } = [];

    public static bool IsRegular(in NativeStat stat) => (stat.Mode & TypeMask) == TypeRegular;

    public static bool IsDirectory(in NativeStat stat) => (stat.Mode & TypeMask) == TypeDirectory;

    public static string Join(string directory, string name) => directory.Length == 0 ? name : directory + "/" + name;

    /// <returns>Null: no such directory (any more).</returns>
    /// <exception cref="IOException">It is there and cannot be read; the message is a sentence.</exception>
    public static DirectorySnapshot? Read(ResyncRoot root, string path)
    {
        var descriptor = Shim.Open(
            root.Descriptor, path, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec | OpenFlags.NoFollow, 0);
        if (descriptor is -Errno.ENOENT or -Errno.ENOTDIR or -Errno.ELOOP)
            return null;
        Shim.Check(descriptor, $"read the directory {Shown(path)}");
        try
        {
            var snapshot = new DirectorySnapshot(root, path);
            NativeStat stat;
            Shim.Check(Shim.StatAt(descriptor, "", &stat), $"look at {Shown(path)}");
            snapshot.Inode = stat.Inode;
            snapshot.Own = Attributes(descriptor, stat, path);
            foreach (var name in snapshot.Names(descriptor))
                snapshot.Add(descriptor, name);
            return snapshot;
        }
        finally
        {
            _ = Shim.Close(descriptor);
        }
    }

    private static string Shown(string path) => path.Length == 0 ? "(the replicated directory)" : path;

    private List<string> Names(int descriptor)
    {
        var names = new List<string>();
        var buffer = (byte*)NativeMemory.Alloc(EntriesBytes);
        try
        {
            long bytes;
            while ((bytes = Shim.Check(
                Shim.DirectoryEntries(descriptor, buffer, EntriesBytes), $"read the directory {Shown(_path)}")) > 0)
                for (var at = buffer; at < buffer + bytes; at += *(ushort*)(at + 16))
                {
                    var raw = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(at + NameOffset);
                    if (!Utf8.IsValid(raw))
                        throw new IOException(
                            $"{Shown(_path)} holds a name that is no UTF-8 ({Encoding.Latin1.GetString(raw)}): rename it, or exclude it with notreplicated.");
                    var name = Encoding.UTF8.GetString(raw);
                    if (name is not ("." or "..") && _root.IsReplicated(Join(_path, name)))
                        names.Add(name);
                }
            return names;
        }
        finally
        {
            NativeMemory.Free(buffer);
        }
    }

    private void Add(int directory, string name)
    {
        var descriptor = Shim.Open(directory, name, OpenFlags.Path | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
        if (descriptor == -Errno.ENOENT)
            return;
        var path = Join(_path, name);
        Shim.Check(descriptor, $"look at {path}");
        try
        {
            NativeStat stat;
            Shim.Check(Shim.StatAt(descriptor, "", &stat), $"look at {path}");
            var isLink = (stat.Mode & TypeMask) == TypeLink;
            Entries.Add(new DirectoryEntry(
                name, !IsDirectory(stat) && stat.Links > 1 ? stat.Inode : 0, isLink ? LinkTarget(descriptor, path) : "",
                Attributes(descriptor, stat, path)));
            Stats.Add(stat);
        }
        finally
        {
            _ = Shim.Close(descriptor);
        }
    }

    private static string LinkTarget(int descriptor, string path)
    {
        var buffer = stackalloc byte[WireProtocol.PathBytesMax + 1];
        var bytes = (int)Shim.Check(Shim.ReadLink(descriptor, buffer, WireProtocol.PathBytesMax + 1), $"read the link {path}");
        return Encoding.UTF8.GetString(buffer, bytes);
    }

    private static EntryAttributes Attributes(int descriptor, in NativeStat stat, string path) => new(
        stat.Mode, stat.Uid, stat.Gid, IsRegular(stat) ? stat.Size : 0,
        stat.AccessSeconds * NanosecondsPerSecond + stat.AccessNanoseconds,
        stat.ModifySeconds * NanosecondsPerSecond + stat.ModifyNanoseconds,
        stat.DeviceNodeMajor, stat.DeviceNodeMinor, Extended(descriptor, path));

    private static ImmutableArray<ExtendedAttribute> Extended(int descriptor, string path)
    {
        var first = Shim.ListAttributes(descriptor, null, 0);
        if (first is 0 or -Errno.EOPNOTSUPP)
            return [];
        var buffer = (byte*)NativeMemory.Alloc(ListBytes + WireProtocol.AttributeBytesMax);
        try
        {
            var bytes = Shim.Check(Shim.ListAttributes(descriptor, buffer, ListBytes), $"list the attributes of {path}");
            var attributes = ImmutableArray.CreateBuilder<ExtendedAttribute>();
            for (long at = 0; at < bytes;)
            {
                var raw = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer + at);
                at += raw.Length + 1;
                var name = Encoding.UTF8.GetString(raw);
                if (!ReplicatedAttribute.Counts(name))
                    continue;
                var value = buffer + ListBytes;
                var length = Shim.GetAttribute(descriptor, name, value, WireProtocol.AttributeBytesMax);
                if (length != -Errno.ENODATA)
                    attributes.Add(new ExtendedAttribute(
                        name, new ReadOnlySpan<byte>(value, (int)Shim.Check(length, $"read {name} of {path}")).ToArray()));
            }
            return attributes.ToImmutable();
        }
        finally
        {
            NativeMemory.Free(buffer);
        }
    }
}
