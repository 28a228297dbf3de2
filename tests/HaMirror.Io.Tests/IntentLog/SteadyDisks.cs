// An intent log between a guest and disks that do what they are told at once, but for a local flush that may fail.
using HaMirror.Core.Intent;
using HaMirror.Io.IntentLog;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Tests.IntentLog;

internal sealed unsafe class SteadyDisks : IIntentHost, IDisposable
{
    private const uint RingBlocks = 512;
    private const int HotAreas = 64;

    private readonly string _folder = Directory.CreateTempSubdirectory("hamirror-steady-").FullName;
    private readonly IntentRing _ring;
    private readonly byte[] _blocks;
    private int _unconfirmed;
    private long _now = Environment.TickCount64;
    private byte[] _marksFile;

    public SteadyDisks()
    {
        _ring = IntentRing.Open(Path.Combine(_folder, "intentlog"), RingBlocks);
        _ring.Begin(1);
        _blocks = File.ReadAllBytes(_ring.Path);
        _marksFile = new MarksContent(_ring.Log, _ring.Start, _ring.BlockCount).Bytes.ToArray();
        Gate = new IntentGate(this, Marks, _ring, HotAreas);
    }

    public MarkSet Marks { get; } = new();

    public IntentGate Gate { get; }

    /// <summary>What the local disk says to a flush; null: it has flushed.</summary>
    public string? FlushFailure { get; set; }

    public int Flushes { get; private set; }

    /// <summary>Of the blocks that are asked for next, so many bytes are written.</summary>
    public int ShortBy { get; set; }

    public string? LogFailure { get; private set; }

    bool IIntentHost.AreAwaitedDone => true;

    /// <summary>Lets a change go once the log has it.</summary>
    public void Change(FileKey key, ulong offset, ulong bytes)
    {
        Assert.False(Gate.Enter(key, offset, bytes));
        Commit();
        Assert.True(Gate.Enter(key, offset, bytes));
    }

    public void Commit()
    {
        Gate.Commit();
        while (_unconfirmed > 0)
        {
            var bytes = _unconfirmed - ShortBy;
            (_unconfirmed, ShortBy) = (0, 0);
            Gate.Written(bytes);
        }
    }

    /// <summary>So much time that areas which nobody writes would have left.</summary>
    public void Idle()
    {
        for (var interval = 0; interval < 20; interval++)
        {
            Gate.Flushes.Tick(_now += 6000, false);
            Gate.Flushes.Tick(_now, false);
            Commit();
        }
    }

    /// <summary>Whether what a crash leaves says anything of the file.</summary>
    public bool SaysAnythingOf(FileKey key)
    {
        var recovered = new MarkSet();
        Assert.True(MarksContent.TryRead(_marksFile, recovered, out var log, out var start, out _));
        var replay = new IntentReplay();
        Assert.Null(replay.Read(_blocks, log, start));
        return recovered.Find(key) is not null || replay.Dirty.ContainsKey((key.Root, key.Inode))
            || replay.Hot.Concat(replay.Whole).Any(said => said.Root == key.Root && said.Inode == key.Inode);
    }

    public void Dispose()
    {
        Gate.Dispose();
        _ring.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    void IIntentHost.WriteBlocks(byte* blocks, int bytes, ulong offset)
    {
        new ReadOnlySpan<byte>(blocks, bytes).CopyTo(_blocks.AsSpan((int)offset));
        _unconfirmed += bytes;
    }

    void IIntentHost.ReplaceMarks(MarksContent content, Action<string?> done)
    {
        _marksFile = content.Bytes.ToArray();
        done(null);
    }

    void IIntentHost.AwaitChanges()
    {
        // None is under way.
    }

    void IIntentHost.FlushLocal(Action<string?> done)
    {
        Flushes++;
        done(FlushFailure);
    }

    bool IIntentHost.TrySendBarrier(out ulong barrier)
    {
        barrier = 0;
        return true;
    }

    bool IIntentHost.IsDurable(ulong barrier) => true;

    void IIntentHost.LogFailed(string reason) => LogFailure = reason;
}
