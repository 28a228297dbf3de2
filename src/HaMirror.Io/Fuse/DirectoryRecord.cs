namespace HaMirror.Io.Fuse;

/// <summary>One entry of a directory. Valid until the stream goes on.</summary>
internal unsafe struct DirectoryRecord
{
    private const byte TypeUnknown = 0;
    private const byte TypeDirectory = 4;

    internal ulong Inode;

    /// <summary>Where the entry behind it begins.</summary>
    internal ulong NextOffset;

    /// <summary>DT_ number.</summary>
    internal byte Type;

    /// <summary>Ended by a zero.</summary>
    internal byte* Name;

    internal int NameBytes;

    /// <summary>"." and "..": no entries of their own.</summary>
    internal readonly bool IsDot => Name[0] == '.' && (NameBytes == 1 || (NameBytes == 2 && Name[1] == '.'));

    /// <summary>Some file systems do not tell the type here.</summary>
    internal readonly bool MayBeDirectory => Type is TypeDirectory or TypeUnknown;
}
