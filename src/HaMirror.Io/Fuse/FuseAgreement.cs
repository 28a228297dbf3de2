namespace HaMirror.Io.Fuse;

/// <summary>What the kernel of a mount is able to do, whether it is used or not.</summary>
/// <param name="ParallelWrites">Direct writes to one file side by side.</param>
/// <param name="Passthrough">Reading files by itself.</param>
public sealed record FuseAgreement(bool ParallelWrites, bool Passthrough);
