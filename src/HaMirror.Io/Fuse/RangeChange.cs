namespace HaMirror.Io.Fuse;

/// <summary>How a request that is no write changes a range of a file's content.</summary>
public enum RangeChange : byte
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>A new size. <see cref="FuseRequest.Change"/> carries it, the range is for gates and marks
    /// only.</summary>
    Truncate,

    /// <summary>fallocate: replicate the range with <see cref="FuseRequest.AllocateMode"/>, by a frame of its
    /// own.</summary>
    Allocate,
}
