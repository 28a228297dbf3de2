namespace HaMirror.Io.Fuse;

/// <summary>What <see cref="FuseFileSystem.Take"/> found a request to be, before anything of it is executed.</summary>
public enum FuseVerdict : byte
{
    /// <summary>Changes nothing (or is refused): <see cref="FuseFileSystem.Execute"/> it at once and reply.</summary>
    Immediate,

    /// <summary>Changes names, attributes or ranges: let it pass the gates, then <see cref="FuseFileSystem.Execute"/>,
    /// replicate what it leaves in the request, and reply.</summary>
    Change,

    /// <summary>Read <see cref="FuseRequest.Bytes"/> from <see cref="FuseRequest.Descriptor"/> into the request's data,
    /// then <see cref="FuseRequest.CompleteRead"/>.</summary>
    Read,

    /// <summary>Write the request's data to <see cref="FuseRequest.Descriptor"/>, then
    /// <see cref="FuseRequest.CompleteWrite"/>. When <see cref="FuseRequest.DropsPrivileges"/>, execute it
    /// first.</summary>
    Write,

    /// <summary>Make <see cref="FuseRequest.Node"/> durable through <see cref="FuseRequest.Descriptor"/>, then
    /// <see cref="FuseRequest.CompleteFlush"/>.</summary>
    Flush,

    /// <summary>Done; the kernel waits for no reply.</summary>
    NoReply,
}
