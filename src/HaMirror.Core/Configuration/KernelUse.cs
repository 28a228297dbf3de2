namespace HaMirror.Core.Configuration;

/// <summary>Which abilities of the kernel a module's mounts use where it has them: switches of <c>rfs</c>.</summary>
public sealed record KernelUse
{
    /// <summary>As a module has them that says nothing.</summary>
    public static readonly KernelUse Usual = new();

    /// <summary>Direct writes to one file go side by side (parallelwrites; Linux 6.2). Without, the kernel lets one in after the
    /// other.</summary>
    public bool ParallelWrites { get; init; } = true;

    /// <summary>The largest read or write of one request, in bytes (requestsize).</summary>
    public int RequestBytes { get; init; } = 1 << 20;

    /// <summary>The kernel reads files by itself that nobody may write to and that are opened for reading only (passthrough;
    /// Linux 6.9). While the local disk has failed, the peer does not read for these.</summary>
    public bool Passthrough { get; init; }
}
