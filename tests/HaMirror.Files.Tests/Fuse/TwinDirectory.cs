// Does every operation twice, on the mount and on a plain directory beside it, which is the model: results must be equal.
using HaMirror.Io.Native;

namespace HaMirror.Files.Tests.Fuse;

internal sealed unsafe class TwinDirectory : IDisposable
{
    private const int BufferBytes = 256 << 10;

    private readonly int mount;
    private readonly int model;
    private readonly PageBlock data = new(BufferBytes);
    private readonly PageBlock expected = new(BufferBytes);
    private readonly List<TwinFile> files = [];
    private readonly Random random;

    internal TwinDirectory(string mountFolder, string modelFolder, Random random)
    {
        this.random = random;
        mount = Shim.Check(Shim.Open(Shim.CurrentDirectory, mountFolder, OpenFlags.ReadOnly, 0), mountFolder);
        model = Shim.Check(Shim.Open(Shim.CurrentDirectory, modelFolder, OpenFlags.ReadOnly, 0), modelFolder);
    }

    internal List<string> Log { get; } = [];

    /// <summary>How often each operation succeeded.</summary>
    internal Dictionary<string, int> Succeeded { get; } = [];

    private TwinFile? AnyFile => files.Count == 0 ? null : files[random.Next(files.Count)];

    public void Dispose()
    {
        while (files.Count != 0)
        {
            Close(0);
        }

        Shim.Close(mount);
        Shim.Close(model);
        data.Dispose();
        expected.Dispose();
    }

    internal void Both(string what, Func<int, long> operation)
    {
        var (here, there) = (operation(mount), operation(model));
        Note(what, here, there);
    }

    internal void MakeDirectory(string path) => Both($"mkdir {path}", at => Shim.MakeDirectory(at, path, 0x1ed));

    internal void Remove(string path, bool directory) =>
        Both($"unlink {path}", at => Shim.Unlink(at, path, directory ? 1 : 0));

    internal void Rename(string from, string to, uint flags) =>
        Both($"rename {from} {to} {flags}", at => Shim.Rename(at, from, at, to, flags));

    internal void Symlink(string target, string path) => Both($"symlink {path}", at => Shim.SymbolicLink(target, at, path));

    internal void Link(string from, string to) => Both($"link {from} {to}", at =>
    {
        var file = Shim.Open(at, from, OpenFlags.Path | OpenFlags.NoFollow, 0);
        return file < 0 ? file : Closing(file, Shim.Link(file, at, to));
    });

    internal void Stat(string path) => Both($"stat {path}", at =>
    {
        NativeStat stat;
        var error = Shim.StatAt(at, path, &stat);
        return error < 0 ? error : (long)((stat.Mode << 8) + (ulong)stat.Links + ((stat.Mode & 0x4000) != 0 ? 0 : stat.Size << 24));
    });

    internal void ChangeMode(string path, uint mode) => Both($"chmod {path} {mode}", at =>
    {
        var file = Shim.Open(at, path, OpenFlags.Path, 0);
        return file < 0 ? file : Closing(file, Shim.ChangeMode(file, mode));
    });

    internal void SetXattr(string path, byte value) => Both($"setxattr {path} {value}", at =>
    {
        var file = Shim.Open(at, path, OpenFlags.ReadOnly, 0);
        *data.Address = value;
        return file < 0 ? file : Closing(file, Shim.SetAttribute(file, "user.torture", data.Address, 1, 0));
    });

    /// <summary>Opens or makes a file in both and keeps it open.</summary>
    internal void Open(string path, int flags)
    {
        if (files.Count >= 12)
        {
            Close(random.Next(files.Count));
        }

        var (here, there) = (Shim.Open(mount, path, flags, 0x1a4), Shim.Open(model, path, flags, 0x1a4));
        Note($"open {path} {flags:x}", Math.Min(here, 0), Math.Min(there, 0));
        if (here >= 0)
        {
            files.Add(new TwinFile(here, there, (flags & OpenFlags.Direct) != 0, (flags & OpenFlags.AccessMask) != 0, path));
        }
    }

    internal void CloseAny()
    {
        if (files.Count != 0)
        {
            Close(random.Next(files.Count));
        }
    }

    internal void Write(bool aligned)
    {
        if (AnyFile is not { Writes: true } file)
        {
            return;
        }

        var (offset, bytes) = Range(aligned || file.Direct);
        random.NextBytes(new Span<byte>(data.Address, (int)bytes));
        Note($"write {file.Name} {offset}+{bytes} direct={file.Direct}", Shim.WriteAt(file.Here, data.Address, bytes, offset),
            Shim.WriteAt(file.There, data.Address, bytes, offset));
    }

    internal void Read()
    {
        if (AnyFile is not { } file)
        {
            return;
        }

        var (offset, bytes) = Range(file.Direct);
        var here = Shim.ReadAt(file.Here, data.Address, bytes, offset);
        Note($"read {file.Name} {offset}+{bytes} direct={file.Direct}", here, Shim.ReadAt(file.There, expected.Address, bytes, offset));
        if (here <= 0)
        {
            return;
        }

        var found = new Span<byte>(data.Address, (int)here);
        var common = found.CommonPrefixLength(new Span<byte>(expected.Address, (int)here));
        Assert.True(common == here, $"differs at {offset + (ulong)common}\n{Story()}");
    }

    internal void Truncate()
    {
        if (AnyFile is { Writes: true } file)
        {
            var size = Range(aligned: false).Offset;
            Note($"truncate {file.Name} {size}", Shim.Truncate(file.Here, size), Shim.Truncate(file.There, size));
        }
    }

    internal void Allocate(int mode)
    {
        if (AnyFile is { Writes: true } file)
        {
            var (offset, bytes) = Range(aligned: false);
            Note($"fallocate {file.Name} {mode} {offset}+{bytes}", Shim.Allocate(file.Here, mode, offset, bytes),
                Shim.Allocate(file.There, mode, offset, bytes));
        }
    }

    internal void Sync()
    {
        if (AnyFile is { } file)
        {
            Note($"fsync {file.Name}", Shim.Sync(file.Here, random.Next(2)), 0);
        }
    }

    private (ulong Offset, ulong Bytes) Range(bool aligned)
    {
        var offset = (ulong)random.Next(600_000);
        var bytes = (ulong)random.Next(1, random.Next(4) == 0 ? BufferBytes : 9000);
        return aligned ? (offset & ~4095ul, Math.Min((bytes + 4095) & ~4095ul, BufferBytes)) : (offset, bytes);
    }

    private void Close(int index)
    {
        Note($"close {files[index].Name}", Shim.Close(files[index].Here), Shim.Close(files[index].There));
        files.RemoveAt(index);
    }

    private void Note(string what, long here, long there)
    {
        Log.Add($"{what} = {here}");
        if (here >= 0)
        {
            var verb = what[..what.IndexOf(' ', StringComparison.Ordinal)];
            Succeeded[verb] = Succeeded.GetValueOrDefault(verb) + 1;
        }

        Assert.True(here == there, $"mount {here}, model {there}\n{Story()}");
    }

    private string Story() => string.Join('\n', Log.TakeLast(40));

    private static long Closing(int file, int result)
    {
        Shim.Close(file);
        return result;
    }

    private sealed record TwinFile(int Here, int There, bool Direct, bool Writes, string Name);
}
