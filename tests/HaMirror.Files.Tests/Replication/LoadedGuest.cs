// What runs on the source while it is resynchronised: a database's log, a machine's disk, files that grow, names that
// come and go. Every write is stamped (StampedBlock.cs). Each step is done behind a gate, which a test closes to look.
using HaMirror.Io.Native;

namespace HaMirror.Files.Tests.Replication;

internal sealed unsafe class LoadedGuest : IDisposable
{
    public const int LogBytes = 16 << 20;
    public const int DiskBytes = 24 << 20;

    private const int PageBytes = 8192;
    private const int GrowFiles = 6;
    private const int GrowBytesMax = 3 << 20;
    private const int NameFiles = 10;

    /// <summary>FALLOC_FL_ZERO_RANGE, _PUNCH_HOLE, _KEEP_SIZE</summary>
    private const int Zero = 16, Punch = 2, Keep = 1;

    private readonly string _folder;
    private readonly ReaderWriterLockSlim _gate = new();
    private readonly List<Thread> _threads = [];
    private volatile bool _stop;
    private long _generation = 100;

    public LoadedGuest(string folder, int seed)
    {
        _folder = folder;
        Start(new Random(seed + 1), random => Log(random, 0, LogBytes / 2));
        Start(new Random(seed + 2), random => Log(random, LogBytes / 2, LogBytes / 2));
        Start(new Random(seed + 3), Disk);
        Start(new Random(seed + 4), Disk);
        Start(new Random(seed + 5), random => Steps(() => Grow(random)));
        Start(new Random(seed + 6), random => Steps(() => Names(random)));
        Start(new Random(seed + 8), random => Steps(() => Names(random)));
        var other = new RandomGuest(Path.Combine(folder, "r"), seed + 7);
        Start(new Random(seed + 7), _ => Steps(() => other.Run(1)));
    }

    /// <summary>What a thread met that no guest should meet.</summary>
    public Exception? Failure { get; private set; }

    public long Steps0 => Volatile.Read(ref _generation);

    /// <summary>The files that the threads take for granted.</summary>
    public static void Prepare(string folder, ulong generation)
    {
        foreach (var name in (string[])["g", "n", "n/d", "r"])
            Directory.CreateDirectory(Path.Combine(folder, name));
        foreach (var (name, bytes) in ((string, int)[])[("log", LogBytes), ("disk", DiskBytes)])
        {
            var content = new byte[bytes];
            StampedBlock.Fill(content, generation, 0);
            for (var at = 0; at < bytes; at += 1 << 20)
                StampedBlock.Fill(content.AsSpan(at, 1 << 20), generation + (ulong)(at >> 20), at);
            File.WriteAllBytes(Path.Combine(folder, name), content);
        }
    }

    /// <summary>No step is under way while <paramref name="look"/> runs.</summary>
    public void Quietly(Action look)
    {
        if (!_gate.TryEnterWriteLock(StorageNode.Patience))
            throw new TimeoutException("The guest never paused.");
        try
        {
            look();
        }
        finally
        {
            _gate.ExitWriteLock();
        }
    }

    public void Dispose()
    {
        _stop = true;
        foreach (var thread in _threads)
            Assert.True(thread.Join(StorageNode.Patience), "The guest never ended.");
        _gate.Dispose();
    }

    private void Start(Random random, Action<Random> work)
    {
        var thread = new Thread(() =>
        {
            try
            {
                work(random);
            }
            catch (Exception failure)
            {
                Failure ??= failure;
            }
        }) { IsBackground = true, Name = "guest" };
        _threads.Add(thread);
        thread.Start();
    }

    private void Steps(Action step)
    {
        while (!_stop)
        {
            _gate.EnterReadLock();
            try
            {
                step();
            }
            finally
            {
                _gate.ExitReadLock();
            }
        }
    }

    private ulong Next() => (ulong)Interlocked.Increment(ref _generation);

    /// <summary>The page that is being filled is written again and again, then the next one: a log.</summary>
    private void Log(Random random, long start, long length)
    {
        using var file = new FileStream(Path.Combine(_folder, "log"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
        var page = new byte[PageBytes];
        var at = start;
        Steps(() =>
        {
            StampedBlock.Fill(page, Next(), at);
            RandomAccess.Write(file.SafeFileHandle, page, at);
            if (random.Next(12) == 0)
                Shim.Check(Shim.Sync((int)file.SafeFileHandle.DangerousGetHandle(), 1), "fdatasync");
            if (random.Next(4) == 0)
                at = random.Next(20) == 0 ? start + random.NextInt64(length / PageBytes) * PageBytes : start + (at - start + PageBytes) % length;
        });
    }

    private void Disk(Random random)
    {
        var file = Shim.Check(
            Shim.Open(Shim.CurrentDirectory, Path.Combine(_folder, "disk"), OpenFlags.ReadWrite | OpenFlags.Direct, 0), "open the disk");
        using var memory = new PageBlock(64 << 10);
        Steps(() =>
        {
            // Now and then a large one; else mostly in a narrow area, so that writes meet each other.
            var bytes = random.Next(10) == 0 ? 4096 * random.Next(1, 16) : 4096;
            var area = random.Next(3) == 0 ? DiskBytes : 2 << 20;
            var at = random.NextInt64((area - bytes) / 4096) * 4096;
            StampedBlock.Fill(new Span<byte>(memory.Address, bytes), Next(), at);
            Shim.Check(Shim.WriteAt(file, memory.Address, (ulong)bytes, (ulong)at), "write to the disk");
            if (random.Next(100) == 0)
                Shim.Check(Shim.Sync(file, 1), "flush the disk");
        });
        _ = Shim.Close(file);
    }

    private void Grow(Random random)
    {
        var path = Path.Combine(_folder, "g", $"f{random.Next(GrowFiles)}");
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, 0);
        var descriptor = (int)file.SafeFileHandle.DangerousGetHandle();
        var end = file.Length;
        for (var step = random.Next(1, 6); step > 0; step--, end = file.Length)
            switch (random.Next(9))
            {
                case 0:
                    RandomAccess.Write(file.SafeFileHandle, new byte[random.Next(1, 20_000)], end);
                    break;
                case 1:
                    _ = Shim.Allocate(descriptor, random.Next(2) == 0 ? 0 : Zero, (ulong)end, (ulong)random.Next(1, 40_000));
                    break;
                case 2:
                    // A gap, then data: what lies between are zeros.
                    Stamped(file, end + random.Next(30_000), random.Next(1, 9000));
                    break;
                case 3 when end > GrowBytesMax || random.Next(3) == 0:
                    file.SetLength(random.NextInt64(end + 1));
                    break;
                case 4:
                    file.SetLength(end + random.Next(20_000));
                    break;
                case 5:
                    _ = Shim.Allocate(descriptor, Punch | Keep, (ulong)random.NextInt64(end + 1), (ulong)random.Next(1, 60_000));
                    break;
                case 6 when random.Next(3) == 0:
                    file.Flush(true);
                    break;
                default:
                    if (end < GrowBytesMax)
                        Stamped(file, end, random.Next(4) == 0 ? random.Next(1, 200_000) : random.Next(1, 9000));
                    break;
            }
    }

    private void Stamped(FileStream file, long at, int bytes)
    {
        var room = new byte[bytes];
        var generation = Next();
        var skipped = (int)Math.Min(bytes, (StampedBlock.Bytes - at % StampedBlock.Bytes) % StampedBlock.Bytes);
        room.AsSpan(0, skipped).Fill((byte)generation);
        StampedBlock.Fill(room.AsSpan(skipped), generation, at + skipped);
        RandomAccess.Write(file.SafeFileHandle, room, at);
    }

    private string Name(Random random) =>
        Path.Combine(_folder, "n", random.Next(3) == 0 ? "d" : "", $"x{random.Next(NameFiles)}");

    private void Names(Random random)
    {
        try
        {
            switch (random.Next(9))
            {
                case 8:
                    using (var file = new FileStream(Name(random), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0))
                        file.SetLength(random.NextInt64(file.Length * 2 + 1));
                    break;
                case < 3:
                    Replace(random, byLink: random.Next(2) == 0);
                    break;
                case 3:
                    Link(Name(random), Name(random));
                    Link(Name(random), Name(random));
                    break;
                case 4:
                    File.Move(Name(random), Name(random), random.Next(2) == 0);
                    break;
                case 5:
                    File.Delete(Name(random));
                    break;
                default:
                    using (var file = new FileStream(Name(random), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 0))
                        Stamped(file, random.Next(8) * 10_000, random.Next(1, 30_000));
                    break;
            }
        }
        catch (IOException)
        {
            // A name that is taken, or not there: part of the game.
        }
    }

    /// <summary>Made beside, written, then given its name: by link and unlink, or by rename. The name it was made by goes while
    /// writes to it go on.</summary>
    private void Replace(Random random, bool byLink)
    {
        var (beside, final) = (Path.Combine(_folder, "n", $"temp{random.Next(4)}"), Name(random));
        using var file = new FileStream(beside, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 0);
        Stamped(file, 0, random.Next(1, 60_000));
        if (random.Next(3) == 0)
            file.Flush(true);
        if (byLink)
        {
            Link(beside, final);
            Stamped(file, random.Next(30_000), random.Next(1, 20_000));
            File.Delete(beside);
        }
        else
        {
            File.Move(beside, final, true);
        }
        Stamped(file, random.Next(60_000), random.Next(1, 20_000));
    }

    private static void Link(string from, string to)
    {
        var file = Shim.Open(Shim.CurrentDirectory, from, OpenFlags.Path | OpenFlags.NoFollow, 0);
        if (file < 0)
            return;
        _ = Shim.Link(file, Shim.CurrentDirectory, to);
        _ = Shim.Close(file);
    }
}
