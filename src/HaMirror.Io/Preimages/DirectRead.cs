// Reads large parts of files past the page cache: what a resync replaces is read once, and pages of it would only have to be dropped
// again when it is written over.
// Invariant: the descriptor is this object's own and leads to the file that it was opened for.
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Preimages;

/// <summary>A descriptor for O_DIRECT of the file that was read last. One thread at a time.</summary>
internal sealed unsafe class DirectRead : IDisposable
{
    private FileKey _key;
    private int _file = -1;
    private int _fallback = -1;
    private bool _isRefused;

    /// <returns>-1: a file system has refused.</returns>
    public int Of(FileKey key, int file)
    {
        _fallback = file;
        if (_isRefused || (_file >= 0 && _key == key))
            return _isRefused ? -1 : _file;
        Dispose();
        _key = key;
        _file = Shim.Reopen(file, OpenFlags.ReadOnly | OpenFlags.Direct | OpenFlags.CloseOnExec);
        _isRefused = _file < 0;
        return _isRefused ? -1 : _file;
    }

    /// <summary>Reads from the file that <see cref="Of"/> was asked for; everything a multiple of 4 KiB.</summary>
    /// <returns>Bytes, fewer at the end of the file, or -errno.</returns>
    public long Read(byte* room, ulong bytes, ulong offset)
    {
        var read = Shim.ReadAt(_file, room, bytes, offset);
        // A file system may take O_DIRECT at open and not at read.
        _isRefused |= read == -Errno.EINVAL;
        return read == -Errno.EINVAL ? Shim.ReadAt(_fallback, room, bytes, offset) : read;
    }

    public void Dispose()
    {
        if (_file >= 0)
            _ = Shim.Close(_file);
        _file = -1;
    }
}
