using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using HaMirror.Io.Native;

namespace HaMirror.Benchmarks;

/// <summary>A resync's block of 128 KiB: what compression costs where it helps and where it does not, and the way back.</summary>
[MemoryDiagnoser]
public unsafe class Lz4Benchmarks
{
    private const int BlockBytes = 128 << 10;
    private const int TextPeriod = 61; // repeats, but not at once
    private byte* _plain, _packed, _back;
    private long _packedBytes;

    /// <summary>Of the block's bytes, those that repeat; the rest is random.</summary>
    [Params(0, 50, 100)]
    public int RepeatingPercent { get; set; }

    [GlobalSetup]
    public void Fill()
    {
        var bound = Shim.Lz4Bound(BlockBytes);
        _plain = (byte*)NativeMemory.Alloc(BlockBytes);
        _packed = (byte*)NativeMemory.Alloc((nuint)bound);
        _back = (byte*)NativeMemory.Alloc(BlockBytes);
        var block = new Span<byte>(_plain, BlockBytes);
        new Random(1).NextBytes(block);
        for (var at = BlockBytes * (100 - RepeatingPercent) / 100; at < BlockBytes; at++)
        {
            block[at] = (byte)(at % TextPeriod);
        }

        _packedBytes = Shim.Lz4Compress(_plain, BlockBytes, _packed, (ulong)bound);
    }

    [GlobalCleanup]
    public void Free()
    {
        NativeMemory.Free(_plain);
        NativeMemory.Free(_packed);
        NativeMemory.Free(_back);
    }

    [Benchmark]
    public long Compress() => Shim.Lz4Compress(_plain, BlockBytes, _packed, (ulong)Shim.Lz4Bound(BlockBytes));

    [Benchmark]
    public long Decompress() => Shim.Lz4Decompress(_packed, (ulong)_packedBytes, _back, BlockBytes);
}
