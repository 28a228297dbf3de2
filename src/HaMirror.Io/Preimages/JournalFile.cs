// The journal's file while it is written: appended to, never changed.
// Invariant: what Harden has returned for is on stable storage, its length and its name included.
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Io.Preimages;

/// <summary>Appends records to a journal.</summary>
internal sealed unsafe class JournalFile : IDisposable
{
    /// <summary>Records are gathered up to this before they are written.</summary>
    private const int BufferBytes = 4 << 20;

    private readonly PageBlock _buffer = new(BufferBytes + FrameHeader.PayloadLengthMax + (2 * PreimageHeader.Size));
    private readonly string _path;
    private readonly int _file;
    private int _filled;
    private ulong _number;
    private long _written;
    private long _hardened;

    /// <param name="bytes">Of the journal that is there already and good; what follows is cut off.</param>
    /// <exception cref="IOException">It cannot be opened; the message is a sentence.</exception>
    public JournalFile(string directory, long bytes, ulong lastNumber)
    {
        _path = Path.Combine(directory, PreimageReader.FileName);
        (_written, _number) = (bytes, lastNumber);
        _file = Shim.Check(
            Shim.Open(Shim.CurrentDirectory, _path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.CloseOnExec, 0x180), $"open {_path}");
        try
        {
            Shim.Check(Shim.Truncate(_file, (ulong)bytes), $"cut {_path}");
            Shim.Check(Shim.Sync(_file, 0), $"make {_path} durable");
            var parent = Shim.Check(Shim.Open(Shim.CurrentDirectory, directory, OpenFlags.ReadOnly | OpenFlags.Directory, 0), $"open {directory}");
            var synced = Shim.Sync(parent, 0);
            _ = Shim.Close(parent);
            Shim.Check(synced, $"make {directory} durable");
        }
        catch
        {
            Dispose();
            throw;
        }
        _hardened = bytes;
    }

    /// <summary>Bytes of the journal, with what waits to be written.</summary>
    public long Bytes => _written + _filled;

    public bool IsHard => _hardened == Bytes;

    /// <summary>Where the payload of the next record may be put: room for the largest.</summary>
    public byte* Reserve()
    {
        if (_filled > BufferBytes)
            Write();
        return _buffer.Address + _filled + PreimageHeader.Size;
    }

    /// <summary>Appends a record whose payload, if any, stands at <see cref="Reserve"/>.</summary>
    public void Append(PreimageKind kind, FrameFlags flags, int root, ulong inode, ulong offset, ulong length, int payloadBytes)
    {
        var payload = new Span<byte>(Reserve(), payloadBytes);
        var header = new PreimageHeader(
            kind, flags, root, ++_number, inode, offset, length, (ulong)_hardened, payloadBytes, Crc32C.Compute(payload));
        header.Write(new Span<byte>(_buffer.Address + _filled, PreimageHeader.Size));
        var end = PreimageHeader.Size + payloadBytes;
        new Span<byte>(_buffer.Address + _filled + end, (int)header.RecordBytes - end).Clear();
        _filled += (int)header.RecordBytes;
    }

    /// <summary>Makes everything appended durable.</summary>
    public void Harden()
    {
        if (IsHard)
            return;
        Write();
        var synced = Shim.Sync(_file, 1);
        if (synced < 0)
        {
            // The kernel counts what it failed to write as written, and the next sync would vouch for it: nothing of it may stay.
            _ = Shim.Truncate(_file, (ulong)_hardened);
            Shim.Check(synced, $"make {_path} durable");
        }
        _hardened = _written;
    }

    public void Dispose()
    {
        _ = Shim.Close(_file);
        _buffer.Dispose();
    }

    private void Write()
    {
        Shim.Check(Shim.WriteAt(_file, _buffer.Address, (ulong)_filled, (ulong)_written), $"write {_path}");
        _written += _filled;
        _filled = 0;
    }
}
