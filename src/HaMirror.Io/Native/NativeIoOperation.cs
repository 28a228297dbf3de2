// Numbers of the HM_IO_ constants in hamirror_shim.h.
namespace HaMirror.Io.Native;

/// <summary>What a <see cref="NativeIo"/> asks for.</summary>
public enum NativeIoOperation
{
    /// <summary>Read from the file.</summary>
    Read = 1,

    /// <summary>Write to the file.</summary>
    Write = 2,

    /// <summary>fsync.</summary>
    Fsync = 3,

    /// <summary>fdatasync.</summary>
    Fdatasync = 4,
}
