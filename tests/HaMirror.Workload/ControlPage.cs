// A page of memory that the processes of a workload and the test share, in a file outside of both nodes.
// Format: 64-bit words. 0 epoch; 1 ticket of the pause that is asked for, 0: none; 2 what the next start may rely on
// (0 flushes, 1 plain writes too); 3 epoch whose service has checked what it found and writes; 8 + slot: ticket under which
// that process pauses; 64 + slot: its steps; 128 + byte: who holds the lock of that byte.
using System.IO.MemoryMappedFiles;

namespace HaMirror.Workload;

/// <summary>The words that steer a workload.</summary>
public sealed unsafe class ControlPage : IDisposable
{
    public const int SlotCount = 8, LockCount = 8;

    private const int Bytes = 4096, ParkedWord = 8, StepsWord = 64, LockWord = 128;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly long* _words;

    /// <param name="directory">The ledger's; the page is made there when it is missing.</param>
    public ControlPage(string directory)
    {
        var stream = new FileStream(Path.Combine(directory, "control"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        if (stream.Length < Bytes)
            stream.SetLength(Bytes);
        _file = MemoryMappedFile.CreateFromFile(stream, null, Bytes, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor();
        byte* address = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref address);
        _words = (long*)address;
    }

    /// <summary>Number of the service that was started last.</summary>
    public long Epoch => Volatile.Read(ref _words[0]);

    /// <summary>Not 0: everybody pauses at the end of a step.</summary>
    public long Ticket
    {
        get => Volatile.Read(ref _words[1]);
        set => Volatile.Write(ref _words[1], value);
    }

    /// <summary>No power was lost where the module is served next: plain writes that were acknowledged must be there too.</summary>
    public bool PlainWritesCount
    {
        get => Volatile.Read(ref _words[2]) != 0;
        set => Volatile.Write(ref _words[2], value ? 1 : 0);
    }

    /// <summary>The epoch whose service has found all that it was promised.</summary>
    public long Verified
    {
        get => Volatile.Read(ref _words[3]);
        set => Volatile.Write(ref _words[3], value);
    }

    public long BeginEpoch() => Interlocked.Increment(ref _words[0]);

    public long Parked(int slot) => Volatile.Read(ref _words[ParkedWord + slot]);

    public void Park(int slot, long ticket) => Volatile.Write(ref _words[ParkedWord + slot], ticket);

    public long Steps(int slot) => Volatile.Read(ref _words[StepsWord + slot]);

    public void CountStep(int slot) => Interlocked.Increment(ref _words[StepsWord + slot]);

    /// <summary>Who holds a lock: 0 nobody, else slot + 1 above the epoch.</summary>
    public long LockHolder(int index) => Volatile.Read(ref _words[LockWord + index]);

    public void SetLockHolder(int index, long holder) => Volatile.Write(ref _words[LockWord + index], holder);

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }
}
