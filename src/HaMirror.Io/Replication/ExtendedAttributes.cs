using System.Collections.Immutable;
using System.Text;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Replication;

/// <summary>Extended attributes of an open file (O_PATH will do), ACLs among them, as far as they are replicated.</summary>
internal static unsafe class ExtendedAttributes
{
    private const int ListBytesMax = 64 << 10;

    /// <summary>All that count, by name; empty where the file system has none.</summary>
    public static ImmutableArray<ExtendedAttribute> Read(int file)
    {
        var found = ImmutableArray.CreateBuilder<ExtendedAttribute>();
        foreach (var name in Names(file))
            if (ReplicatedAttribute.Counts(name) && Value(file, name) is { } value)
                found.Add(new ExtendedAttribute(name, value));
        found.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        return found.ToImmutable();
    }

    /// <summary>Removes what is not wanted.</summary>
    /// <param name="check">Is given the outcome of each call.</param>
    public static void Remove(int file, ImmutableArray<ExtendedAttribute> wanted, Action<int> check)
    {
        foreach (var name in Names(file))
            if (ReplicatedAttribute.Counts(name) && !wanted.Any(attribute => attribute.Name == name))
                check(Shim.RemoveAttribute(file, name));
    }

    /// <summary>Sets what is wanted where it differs.</summary>
    /// <param name="check">Is given the outcome of each call.</param>
    public static void Set(int file, ImmutableArray<ExtendedAttribute> wanted, Action<int> check)
    {
        foreach (var attribute in wanted)
        {
            if (!ReplicatedAttribute.Counts(attribute.Name)
                || (Value(file, attribute.Name) is { } value && value.AsSpan().SequenceEqual(attribute.Value.Span)))
                continue;
            fixed (byte* bytes = attribute.Value.Span)
                check(Shim.SetAttribute(file, attribute.Name, bytes, (ulong)attribute.Value.Length, 0));
        }
    }

    private static string[] Names(int file)
    {
        var list = new byte[2048]; // almost always enough, and this runs once per file of a resync
        long bytes;
        fixed (byte* at = list)
            bytes = Shim.ListAttributes(file, at, (ulong)list.Length);
        if (bytes == -Errno.ERANGE)
        {
            list = new byte[ListBytesMax];
            fixed (byte* at = list)
                bytes = Shim.ListAttributes(file, at, ListBytesMax);
        }
        return bytes <= 0 ? [] : Encoding.UTF8.GetString(list, 0, (int)bytes).Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }

    private static byte[]? Value(int file, string name)
    {
        var value = new byte[256];
        while (true)
        {
            long bytes;
            fixed (byte* at = value)
                bytes = Shim.GetAttribute(file, name, at, (ulong)value.Length);
            if (bytes >= 0)
                return value[..(int)bytes];
            if (bytes != -Errno.ERANGE || value.Length >= WireProtocol.AttributeBytesMax)
                return null;
            value = new byte[WireProtocol.AttributeBytesMax];
        }
    }
}
