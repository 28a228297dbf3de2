// The file of an intent log: a ring of blocks, all of them allocated and written once, so that writing one again changes
// nothing but its content and a flush has nothing else to carry.
// Invariant: a write is on stable storage when it completes (O_DSYNC).
using HaMirror.Core.Intent;
using HaMirror.Io.Native;

namespace HaMirror.Io.IntentLog;

/// <summary>An open intent log.</summary>
internal sealed unsafe class IntentRing : IDisposable
{
    private const int FileMode = 0x180; // 0600
    private const int ZeroBytes = 1 << 20;

    private IntentRing(string path, int descriptor, uint blocks) => (Path, Descriptor, BlockCount) = (path, descriptor, blocks);

    public string Path { get; }

    public int Descriptor { get; }

    public uint BlockCount { get; }

    /// <summary>Number of the log.</summary>
    public ulong Log { get; private set; }

    /// <summary>Sequence of its first block.</summary>
    public ulong Start => 1;

    /// <exception cref="IOException">The file cannot be made; the message is a sentence.</exception>
    public static IntentRing Open(string path, uint blocks)
    {
        Records.AgentFiles.Ensure(System.IO.Path.GetDirectoryName(path)!);
        const int flags = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.DataSync | OpenFlags.CloseOnExec;
        var descriptor = Shim.Open(Shim.CurrentDirectory, path, flags | OpenFlags.Direct, FileMode);
        if (descriptor == -Errno.EINVAL)
            descriptor = Shim.Open(Shim.CurrentDirectory, path, flags, FileMode); // a file system without direct I/O
        if (descriptor < 0)
            throw new IOException($"The intent log {path} cannot be opened: {Errno.Describe(descriptor)}. Free space on that file system or repair it.");
        var ring = new IntentRing(path, descriptor, blocks);
        try
        {
            ring.Fill();
            return ring;
        }
        catch
        {
            ring.Dispose();
            throw;
        }
    }

    /// <summary>Writes the first block of a new log: nothing is hot.</summary>
    /// <exception cref="IOException">It cannot be written; the message is a sentence.</exception>
    public void Begin(ulong log)
    {
        Log = log;
        var transaction = new IntentTransaction();
        transaction.Begin(anew: true);
        using var memory = new PageBlock(IntentTransaction.BlockBytes);
        transaction.Seal(log, Start).CopyTo(new Span<byte>(memory.Address, IntentTransaction.BlockBytes));
        Check(Shim.WriteAt(Descriptor, memory.Address, IntentTransaction.BlockBytes, Start % BlockCount * IntentTransaction.BlockBytes));
    }

    public void Dispose() => _ = Shim.Close(Descriptor);

    private void Fill()
    {
        NativeStat stat;
        Check(Shim.StatAt(Descriptor, "", &stat));
        var bytes = (ulong)BlockCount * IntentTransaction.BlockBytes;
        if (stat.Size == bytes)
            return;
        Check(Shim.Truncate(Descriptor, 0));
        using var zeros = new PageBlock(ZeroBytes);
        for (ulong at = 0; at < bytes; at += ZeroBytes)
            Check(Shim.WriteAt(Descriptor, zeros.Address, Math.Min(ZeroBytes, bytes - at), at));
        Check(Shim.Sync(Descriptor, 0));
        var directory = Check(Shim.Open(
            Shim.CurrentDirectory, System.IO.Path.GetDirectoryName(Path)!, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec, 0));
        var synced = Shim.Sync((int)directory, 0);
        _ = Shim.Close((int)directory);
        Check(synced);
    }

    private long Check(long result) => result >= 0
        ? result
        : throw new IOException($"The intent log {Path} cannot be written: {Errno.Describe((int)result)}. Free space on that file system or repair it.");
}
