// The journal's file while it is written: appended to, never changed.
// Invariants: (1) what lies below Hardened is on stable storage, the file's length and name included; (2) records are gathered in
// one room while the other one is written and synced by a thread of its own, so that many share one sync and whoever appends goes
// on meanwhile; (3) a batch ends at a multiple of 4 KiB, with a record that means nothing where need be, so that it passes by the
// page cache, which costs more than the disk; (4) after a failure nothing more is written, and what no sync vouches for is cut off.
using HaMirror.Core.Wire;
using HaMirror.Io.Crashes;
using HaMirror.Io.Native;

namespace HaMirror.Io.Preimages;

/// <summary>Appends records to a journal. One appends at a time; the rest may be asked by any thread.</summary>
internal sealed unsafe class JournalFile : IDisposable
{
    /// <summary>Records are gathered up to this before whoever appends waits for the disk.</summary>
    private const int BatchBytes = 8 << 20;

    /// <summary>Granularity of O_DIRECT.</summary>
    private const int BlockBytes = 4096;

    private const int RoomBytes = BatchBytes + FrameHeader.PayloadLengthMax + (2 * PreimageHeader.Size) + (2 * BlockBytes);
    private const int RoomCount = 2;

    private readonly object _gate = new();
    private readonly PageBlock[] _rooms = [new(RoomBytes), new(RoomBytes)];
    private readonly string _path;
    private readonly Func<int, int> _flush;
    private readonly int _file;
    private readonly int _direct;
    private Thread? _thread;
    private int _room;
    private int _filled;
    private bool _isReserved;
    private bool _isStopped;
    private ulong _number;
    private long _begun;
    private long _demanded;
    private long _hardened;
    private ulong _hardenedNumber;
    private string? _failure;

    /// <param name="bytes">Of the journal that is there already and good; what follows is cut off.</param>
    /// <param name="flush">Makes what was written to a descriptor durable: 0 or -errno; null: fdatasync(2). Tests look in here.</param>
    /// <exception cref="IOException">It cannot be opened; the message is a sentence.</exception>
    public JournalFile(string directory, long bytes, ulong lastNumber, Func<int, int>? flush = null)
    {
        _path = Path.Combine(directory, PreimageReader.FileName);
        _flush = flush ?? (file => Shim.Sync(file, 1));
        // The device is handed memory page by page; a kernel without large ones gives small ones.
        foreach (var room in _rooms)
            _ = Shim.PagesPreferHuge(room.Address, (nuint)room.Bytes);
        (_begun, _number) = (bytes, lastNumber);
        _file = Shim.Check(
            Shim.Open(Shim.CurrentDirectory, _path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.CloseOnExec, 0x180), $"open {_path}");
        _direct = Shim.Reopen(_file, OpenFlags.ReadWrite | OpenFlags.Direct | OpenFlags.CloseOnExec);
        try
        {
            Shim.Check(Shim.Truncate(_file, (ulong)bytes), $"cut {_path}");
            Align();
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
        (_hardened, _hardenedNumber) = (_begun, _number);
    }

    /// <summary>Bytes of the journal, with what waits to be written.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
                return _begun + _filled;
        }
    }

    /// <summary>Bytes of the journal that are on stable storage.</summary>
    public long Hardened => Volatile.Read(ref _hardened);

    /// <summary>How much of the journal is on stable storage, and the number of the last record of that.</summary>
    public (long Bytes, ulong LastNumber) Extent
    {
        get
        {
            lock (_gate)
                return (_hardened, _hardenedNumber);
        }
    }

    /// <summary>Why nothing more can be written, as a sentence; null: it can.</summary>
    public string? Failure => Volatile.Read(ref _failure);

    /// <summary>Called by the thread that writes, when <see cref="Hardened"/> has risen or <see cref="Failure"/> is set.</summary>
    public Action? Progressed { get; set; }

    /// <summary>Where the payload of the next record may be put: room for the largest. <see cref="Append"/> or
    /// <see cref="Unreserve"/> follows: until then nothing is written.</summary>
    /// <param name="aligned">To 4 KiB, as O_DIRECT wants it.</param>
    /// <exception cref="IOException">The journal cannot be written; the message is a sentence.</exception>
    public byte* Reserve(bool aligned = false)
    {
        lock (_gate)
        {
            Start();
            while (_filled >= BatchBytes && _failure is null)
                Monitor.Wait(_gate);
            ThrowFailure();
            if (aligned)
                Fill(PreimageHeader.Size);
            _isReserved = true;
            return _rooms[_room].Address + _filled + PreimageHeader.Size;
        }
    }

    /// <summary>Nothing is appended after all.</summary>
    public void Unreserve()
    {
        lock (_gate)
        {
            _isReserved = false;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Appends a record whose payload, if any, stands at <see cref="Reserve"/>.</summary>
    /// <exception cref="IOException">The journal cannot be written; the message is a sentence.</exception>
    public void Append(PreimageKind kind, FrameFlags flags, int root, ulong inode, ulong offset, ulong length, int payloadBytes)
    {
        var sum = Shim.Crc32C(0, Reserve(), (ulong)payloadBytes);
        lock (_gate)
        {
            Put(new PreimageHeader(kind, flags, root, ++_number, inode, offset, length, (ulong)_hardened, payloadBytes, sum));
            _isReserved = false;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>What was appended so far is to be made durable soon; nobody waits here.</summary>
    public void Demand()
    {
        lock (_gate)
        {
            _demanded = _begun + _filled;
            Start();
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Makes everything appended durable.</summary>
    /// <exception cref="IOException">It cannot be; the message is a sentence.</exception>
    public void Harden()
    {
        lock (_gate)
        {
            Demand();
            for (var wanted = _demanded; _hardened < wanted && _failure is null;)
                Monitor.Wait(_gate);
            ThrowFailure();
        }
    }

    /// <summary>Ends once what is being written is; what waits to be written is dropped.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isStopped = true;
            Monitor.PulseAll(_gate);
        }
        _thread?.Join();
        _ = Shim.Close(_file);
        if (_direct >= 0)
            _ = Shim.Close(_direct);
        foreach (var room in _rooms)
            room.Dispose();
    }

    private void Start()
    {
        if (_thread is not null || _isStopped)
            return;
        _thread = new Thread(Run) { IsBackground = true, Name = "preimage sync" };
        _thread.Start();
    }

    private void ThrowFailure()
    {
        if (_failure is { } failure)
            throw new IOException(failure);
    }

    /// <summary>Behind a journal that ends elsewhere, because its tail was torn.</summary>
    private void Align()
    {
        Fill(0);
        Shim.Check(Shim.WriteAt(_file, _rooms[_room].Address, (ulong)_filled, (ulong)_begun), $"write {_path}");
        (_begun, _filled) = (_begun + _filled, 0);
    }

    /// <summary>Fills up so that what follows begins so many bytes before a multiple of 4 KiB.</summary>
    private void Fill(int before)
    {
        if ((int)((_begun + _filled + before) % BlockBytes) is var past && past == 0)
            return;
        // Everything is a multiple of a header's size, so that one always fits.
        var payload = new Span<byte>(_rooms[_room].Address + _filled + PreimageHeader.Size, BlockBytes - past - PreimageHeader.Size);
        payload.Clear();
        Put(new PreimageHeader(
            PreimageKind.Filling, FrameFlags.None, 0, ++_number, 0, 0, 0, (ulong)_hardened, payload.Length, Crc32C.Compute(payload)));
    }

    private void Put(PreimageHeader header)
    {
        var record = new Span<byte>(_rooms[_room].Address + _filled, (int)header.RecordBytes);
        header.Write(record[..PreimageHeader.Size]);
        record[(PreimageHeader.Size + header.PayloadBytes)..].Clear();
        _filled += record.Length;
    }

    private bool IsDue => !_isReserved && _filled > 0 && (_filled >= BatchBytes || _demanded > _begun);

    private void Run()
    {
        while (Take() is var (room, bytes, at, number))
        {
            if ((bytes > 0 ? Write(_rooms[room].Address, bytes, at) : 0) is var written && written < 0)
            {
                Fail(written, $"write {_path}");
                return;
            }
            Crash.At(CrashPoint.PreimagesWritten);
            if (Volatile.Read(ref _demanded) <= _hardened)
                continue;
            var synced = _flush(_file);
            if (synced < 0)
            {
                Fail(synced, $"make {_path} durable");
                return;
            }
            Crash.At(CrashPoint.PreimagesSaved);
            lock (_gate)
            {
                (_hardened, _hardenedNumber) = (at + bytes, number);
                Monitor.PulseAll(_gate);
            }
            Progressed?.Invoke();
        }
    }

    /// <returns>The room that is to be written, which bytes of it, and where to; no bytes: a sync alone; the last number up to there. Null: it is over.</returns>
    private (int Room, int Bytes, long At, ulong Number)? Take()
    {
        lock (_gate)
        {
            // Demanded and without anything gathered: it was written for want of room, before anybody wanted it durable.
            while (!_isStopped && !IsDue && !(_filled == 0 && _demanded > _hardened))
                Monitor.Wait(_gate);
            if (_isStopped)
                return null;
            if (_filled > 0)
                Fill(0);
            var taken = (_room, _filled, _begun, _number);
            _room = (_room + 1) % RoomCount;
            (_begun, _filled) = (_begun + _filled, 0);
            Monitor.PulseAll(_gate);
            return taken;
        }
    }

    private long Write(byte* data, int bytes, long at)
    {
        var written = _direct >= 0 ? Shim.WriteAt(_direct, data, (ulong)bytes, (ulong)at) : -Errno.EINVAL;
        // A file system may take O_DIRECT at open and not at write.
        return written == -Errno.EINVAL ? Shim.WriteAt(_file, data, (ulong)bytes, (ulong)at) : written;
    }

    private void Fail(long error, string what)
    {
        lock (_gate)
        {
            // The kernel counts what it failed to write as written, and the next sync would vouch for it: nothing of it may stay.
            _ = Shim.Truncate(_file, (ulong)_hardened);
            _failure = $"It is not possible to {what}: {Errno.Describe((int)-error)}.";
            Monitor.PulseAll(_gate);
        }
        Progressed?.Invoke();
    }
}
