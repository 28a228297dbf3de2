using BenchmarkDotNet.Attributes;
using HaMirror.Core.Extents;

namespace HaMirror.Benchmarks;

/// <summary>Marking while ALONE, and the walk of a resync: random 4 KiB writes over a large image.</summary>
[MemoryDiagnoser]
public class ExtentSetBenchmarks
{
    private const int Marks = 10_000;
    private const long ImageBytes = 64L << 30;
    private readonly ulong[] _offsets = new ulong[Marks];
    private readonly ExtentSet _marked = new();

    [GlobalSetup]
    public void Fill()
    {
        var random = new Random(1);
        for (int i = 0; i < Marks; i++)
        {
            _offsets[i] = (ulong)random.NextInt64(ImageBytes / ExtentSet.ExtentBytes) * ExtentSet.ExtentBytes;
            _marked.Add(_offsets[i], ExtentSet.ExtentBytes);
        }
    }

    /// <summary>Steady state: the extents are marked already, as under a guest that writes the same places again.</summary>
    [Benchmark(OperationsPerInvoke = Marks)]
    public void AddMarkedBefore()
    {
        foreach (ulong offset in _offsets)
        {
            _marked.Add(offset, ExtentSet.ExtentBytes);
        }
    }

    [Benchmark(OperationsPerInvoke = Marks)]
    public ulong Walk()
    {
        ulong bytes = 0, from = 0;
        while (_marked.TryNext(from, out var range))
        {
            bytes += range.Length;
            from = range.End;
        }

        return bytes;
    }
}
