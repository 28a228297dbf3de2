namespace HaMirror.Io.Fuse;

/// <summary>The name of a directory entry, as bytes for the kernel and as text for tables and the peer.</summary>
internal readonly unsafe ref struct EntryName
{
    internal EntryName(byte* bytes, ReadOnlySpan<char> text)
    {
        Bytes = bytes;
        Text = text;
    }

    /// <summary>UTF-8, ended by a zero.</summary>
    internal byte* Bytes { get; }

    internal ReadOnlySpan<char> Text { get; }
}
