namespace HaMirror.Core.Wire;

/// <summary>Numbers that both ends of a replication link must share.</summary>
public static class WireProtocol
{
    /// <summary>Version of everything behind the Hello. Two nodes with different ones refuse each other: both must run the
    /// same release to be linked. 1: the first.</summary>
    public const uint Version = 1;

    /// <summary>Bytes of UTF-8 in a module's or a node's name.</summary>
    public const int NameBytesMax = 255;

    /// <summary>Bytes of UTF-8 in a path, as PATH_MAX less its zero.</summary>
    public const int PathBytesMax = 4095;

    /// <summary>Bytes of UTF-8 in a sentence that says why a link ends.</summary>
    public const int SentenceBytesMax = 4096;

    /// <summary>Bytes of an attribute's value, as XATTR_SIZE_MAX.</summary>
    public const int AttributeBytesMax = 64 * 1024;
}
