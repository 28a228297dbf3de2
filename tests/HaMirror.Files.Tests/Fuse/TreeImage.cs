// A directory as text: one line per entry with everything that a replica must have, so that a difference reads well.
using System.Security.Cryptography;
using System.Text;
using HaMirror.Io.Native;

namespace HaMirror.Files.Tests.Fuse;

internal static unsafe class TreeImage
{
    /// <summary>Describes every entry beneath a directory: path, type and mode, owner, links, size, device, target,
    /// extended attributes, content.</summary>
    /// <param name="folder">The directory.</param>
    /// <param name="times">Modification times too.</param>
    internal static string Of(string folder, bool times = false)
    {
        var root = Shim.Check(Shim.Open(Shim.CurrentDirectory, Path.GetFullPath(folder), OpenFlags.ReadOnly, 0), folder);
        try
        {
            return Of(root, times);
        }
        finally
        {
            Shim.Close(root);
        }
    }

    /// <summary>The same of an open directory.</summary>
    internal static string Of(int root, bool times)
    {
        var lines = new List<string>();
        Visit(root, "", lines, times);
        lines.Sort(StringComparer.Ordinal);
        return string.Join('\n', lines);
    }

    private static void Visit(int root, string path, List<string> lines, bool times)
    {
        NativeStat stat;
        Shim.Check(Shim.StatAt(root, path, &stat), $"look at {path}");
        var node = Shim.Check(Shim.Open(root, path, OpenFlags.Path | OpenFlags.NoFollow, 0), $"open {path}");
        var type = stat.Mode & 0xF000;
        var line = new StringBuilder($"{path}/ mode={Convert.ToString(stat.Mode, 8)} owner={stat.Uid}:{stat.Gid}");
        line.Append(type == 0x4000 ? "" : $" links={stat.Links} size={stat.Size}");
        line.Append($" device={stat.DeviceNodeMajor}:{stat.DeviceNodeMinor}");
        line.Append(times ? $" modified={stat.ModifySeconds}.{stat.ModifyNanoseconds:D9}" : "");
        AppendXattrs(node, line);
        switch (type)
        {
            case 0xA000:
                var target = stackalloc byte[4096];
                var bytes = Shim.Check(Shim.ReadLink(node, target, 4096), $"read link {path}");
                line.Append($" target={Encoding.UTF8.GetString(target, (int)bytes)}");
                break;
            case 0x8000:
                line.Append($" content={Hash(root, path)}");
                break;
            case 0x4000:
                foreach (var child in Entries(node))
                {
                    Visit(root, path.Length == 0 ? child : path + "/" + child, lines, times);
                }

                break;
        }

        Shim.Close(node);
        lines.Add(line.ToString());
    }

    private static List<string> Entries(int node)
    {
        var folder = Shim.Check(Shim.Reopen(node, OpenFlags.ReadOnly | OpenFlags.Directory), "open a directory");
        var names = new List<string>();
        const int room = 32 << 10;
        var buffer = stackalloc byte[room];
        long bytes;
        while ((bytes = Shim.Check(Shim.DirectoryEntries(folder, buffer, room), "list a directory")) > 0)
        {
            for (var at = 0L; at < bytes; at += *(ushort*)(buffer + at + 16))
            {
                names.Add(new string((sbyte*)(buffer + at + 19)));
            }
        }

        Shim.Close(folder);
        names.RemoveAll(name => name is "." or "..");
        return names;
    }

    private static void AppendXattrs(int node, StringBuilder line)
    {
        const int room = 64 << 10;
        var list = new byte[room];
        var value = new byte[room];
        fixed (byte* names = list, bytes = value)
        {
            var length = (int)Math.Max(0, Shim.ListAttributes(node, names, room));
            foreach (var name in Encoding.UTF8.GetString(list, 0, length).Split('\0',
                StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal))
            {
                var count = Shim.Check(Shim.GetAttribute(node, name, bytes, room), $"get {name}");
                line.Append($" {name}={Convert.ToHexString(value, 0, (int)count)}");
            }
        }
    }

    private static string Hash(int root, string path)
    {
        var file = Shim.Check(Shim.Open(root, path, OpenFlags.ReadOnly, 0), $"open {path}");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        var block = new byte[1 << 20];
        long bytes;
        ulong offset = 0;
        do
        {
            fixed (byte* to = block)
            {
                bytes = Shim.Check(Shim.ReadAt(file, to, (ulong)block.Length, offset), $"read {path}");
            }

            hash.AppendData(block, 0, (int)bytes);
            offset += (ulong)bytes;
        }
        while (bytes > 0);
        Shim.Close(file);
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
