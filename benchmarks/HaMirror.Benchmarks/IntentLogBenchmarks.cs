using BenchmarkDotNet.Attributes;
using HaMirror.Core.Extents;
using HaMirror.Core.Intent;

namespace HaMirror.Benchmarks;

/// <summary>What the intent log costs before it reaches a disk: what every write pays, what a cold area pays, and a transaction's blocks. None of
/// it may allocate; reading all of it again, after a crash, may.</summary>
[MemoryDiagnoser]
public class IntentLogBenchmarks
{
    private const int Areas = 2560; // hotareas
    private const int Writes = 10_000;
    private const int PerTransaction = 64;
    private const ulong Log = 7;

    private readonly HotSet _hot = new(Areas);
    private readonly IntentTransaction _transaction = new();
    private readonly IntentKey[] _keys = new IntentKey[Writes];
    private readonly ulong[] _few = new ulong[HotSet.MapWords];
    private byte[] _ring = [];
    private ulong _next = Areas;

    [GlobalSetup]
    public void Fill()
    {
        for (ulong area = 0; area < Areas; area++)
        {
            _hot.Add(new IntentKey(0, 1, area), entering: false);
        }

        var random = new Random(1);
        for (var index = 0; index < Writes; index++)
        {
            _keys[index] = new IntentKey(0, 1, (ulong)random.Next(Areas));
        }

        _few[0] = 0b1011;
        _ring = Transaction().ToArray();
    }

    /// <summary>A write into a hot area, anywhere.</summary>
    [Benchmark(OperationsPerInvoke = Writes)]
    public void WriteHot()
    {
        for (var index = 0; index < Writes; index++)
        {
            var slot = _hot.Find(_keys[index]);
            _hot.Touch(slot, index);
            _hot.Write(slot, index % (int)(ExtentSet.AreaBytes / ExtentSet.ExtentBytes), index % (int)(ExtentSet.AreaBytes / ExtentSet.ExtentBytes) + 1);
        }
    }

    /// <summary>The oldest area goes, another one comes.</summary>
    [Benchmark]
    public int Exchange()
    {
        _hot.Remove(_hot.Oldest);
        return _hot.Add(new IntentKey(0, 1, _next++), entering: true);
    }

    /// <summary>64 areas become hot and as many cold: its blocks, summed.</summary>
    [Benchmark]
    public int Commit() => Transaction().Length;

    /// <summary>One transaction read again.</summary>
    [Benchmark]
    public string? Replay() => new IntentReplay().Read(_ring, Log, 0);

    private ReadOnlySpan<byte> Transaction()
    {
        _transaction.Begin(anew: true);
        for (ulong area = 0; area < PerTransaction; area++)
        {
            _transaction.Hot(new IntentKey(0, 1, area));
            _transaction.Cold(new IntentKey(0, 2, area), _few);
        }

        return _transaction.Seal(Log, 0);
    }
}
