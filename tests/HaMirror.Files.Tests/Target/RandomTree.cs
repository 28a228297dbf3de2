using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Files.Tests.Target;

/// <summary>A directory that random changes are made to, each told as the source would tell it.</summary>
internal sealed unsafe class RandomTree(int seed) : IDisposable
{
    private readonly Random _random = new(seed);
    private readonly List<string> _directories = [""];
    private readonly List<string> _files = [];
    private int _made;

    public string Root { get; } = Directory.CreateTempSubdirectory("hamirror-tree-").FullName;

    public Action<NamespaceChange>? Changed { get; set; }

    public void Grow(int changes)
    {
        for (var index = 0; index < changes; index++)
            Step();
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private string Full(string path) => path.Length == 0 ? Root : $"{Root}/{path}";

    private string NewName()
    {
        var directory = _directories[_random.Next(_directories.Count)];
        // Few names, so that two trees have many in common and of different kinds.
        var name = _random.Next(3) == 0 ? $"n{_random.Next(12)}" : $"f{_made++ % 40}é";
        var path = directory.Length == 0 ? name : $"{directory}/{name}";
        return Path.Exists(Full(path)) || new FileInfo(Full(path)).LinkTarget is not null ? "" : path;
    }

    private string? Any(List<string> from) => from.Count == 0 ? null : from[_random.Next(from.Count)];

    private void Step()
    {
        var path = NewName();
        if (path.Length == 0)
            return;
        switch (_random.Next(14))
        {
            case 0 or 1:
                Make(ChangeKind.Mkdir, path, 0x4000u | (uint)_random.Next(0x140, 0x1FF));
                _directories.Add(path);
                break;
            case 2 or 3 or 4:
                Make(ChangeKind.Create, path, 0x8000u | (uint)_random.Next(0, 0xFFF));
                _files.Add(path);
                break;
            case 5:
                Make(ChangeKind.Symlink, path, 0xA1FF);
                break;
            case 6:
                Make(ChangeKind.Mknod, path, 0x1000u | (uint)_random.Next(0, 0x1FF));
                break;
            case 7 when Any(_files) is { } old:
                Do(new NamespaceChange(ChangeKind.Link, 0, old) { Other = path }, $"ln|{Full(old)}|{Full(path)}");
                _files.Add(path);
                break;
            case 8 when Any(_files) is { } old:
                Do(new NamespaceChange(ChangeKind.Unlink, 0, old), $"rm|{Full(old)}");
                _files.Remove(old);
                break;
            case 9 when Any(_files) is { } old:
                Do(new NamespaceChange(ChangeKind.Rename, 0, old) { Other = path }, $"mv|{Full(old)}|{Full(path)}");
                _files.Remove(old);
                _files.Add(path);
                break;
            case 10 or 11 when Any(_files) is { } old:
                Attributes(old);
                break;
            case 12 when Any(_random.Next(2) == 0 ? _files : _directories) is { } old:
                Extended(old);
                break;
            case 13 when Any(_directories) is { } old:
                Acl(old);
                break;
        }
    }

    private void Make(ChangeKind kind, string path, uint mode)
    {
        var full = Full(path);
        switch (kind)
        {
            case ChangeKind.Mkdir:
                Directory.CreateDirectory(full);
                break;
            case ChangeKind.Create:
                File.WriteAllBytes(full, []);
                break;
            case ChangeKind.Symlink:
                File.CreateSymbolicLink(full, $"../text {_made}");
                break;
            case ChangeKind.Mknod:
                TargetSessionTests.Run("mkfifo", full);
                break;
        }
        var change = new NamespaceChange(kind, 0, path)
        {
            Other = kind == ChangeKind.Symlink ? $"../text {_made}" : "",
            Mask = AttributeMask.Mode | AttributeMask.Owner,
            Mode = mode,
            Uid = (uint)_random.Next(3),
            Gid = (uint)_random.Next(3),
        };
        TargetSessionTests.Run("chown", "-h", $"{change.Uid}:{change.Gid}", full);
        if (kind != ChangeKind.Symlink)
            TargetSessionTests.Run("chmod", Mode(mode), full);
        Changed?.Invoke(change);
    }

    /// <summary>Five digits: chmod keeps a directory's set-id bits when it is given four.</summary>
    private static string Mode(uint mode) => "0" + Convert.ToString(mode & 0xFFF, 8).PadLeft(4, '0');

    private void Attributes(string path)
    {
        var change = new NamespaceChange(ChangeKind.SetAttributes, 0, path)
        {
            Mask = AttributeMask.Mode | AttributeMask.Owner | AttributeMask.Size,
            Mode = (uint)_random.Next(0, 0xFFF),
            Uid = (uint)_random.Next(3),
            Gid = (uint)_random.Next(3),
            Size = (ulong)_random.Next(100_000),
        };
        TargetSessionTests.Run("chown", $"{change.Uid}:{change.Gid}", Full(path));
        TargetSessionTests.Run("truncate", "-s", change.Size.ToString(), Full(path));
        TargetSessionTests.Run("chmod", Mode(change.Mode), Full(path));
        Changed?.Invoke(change);
    }

    private void Extended(string path)
    {
        var name = $"user.a{_random.Next(3)}";
        var value = $"v{_random.Next()}";
        Do(new NamespaceChange(ChangeKind.SetXattr, 0, path) { Name = name, Value = System.Text.Encoding.ASCII.GetBytes(value) },
            $"setfattr|-n|{name}|-v|{value}|{Full(path)}");
    }

    private void Acl(string path)
    {
        TargetSessionTests.Run("setfacl", "-m", $"u:{_random.Next(3)}:rwx", Full(path));
        Tell(path, "system.posix_acl_access");
        TargetSessionTests.Run("setfacl", "-d", "-m", $"u:{_random.Next(3)}:rx,g::r,o::-", Full(path));
        Tell(path, "system.posix_acl_default");
    }

    private void Tell(string path, string name)
    {
        var file = Shim.Check(Shim.Open(Shim.CurrentDirectory, Full(path), OpenFlags.Path, 0), "open");
        var value = new byte[4096];
        long bytes;
        fixed (byte* at = value)
            bytes = Shim.Check(Shim.GetAttribute(file, name, at, 4096), "read an attribute");
        _ = Shim.Close(file);
        Changed?.Invoke(new NamespaceChange(ChangeKind.SetXattr, 0, path) { Name = name, Value = value[..(int)bytes] });
    }

    private void Do(NamespaceChange change, string command)
    {
        var parts = command.Split('|');
        TargetSessionTests.Run(parts[0], parts[1..]);
        Changed?.Invoke(change);
    }
}
