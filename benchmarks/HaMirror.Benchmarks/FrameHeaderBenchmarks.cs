using BenchmarkDotNet.Attributes;
using HaMirror.Core.Wire;

namespace HaMirror.Benchmarks;

/// <summary>What framing costs per write, without its payload. Neither direction may allocate.</summary>
[MemoryDiagnoser]
public class FrameHeaderBenchmarks
{
    private readonly byte[] _bytes = new byte[FrameHeader.Size];
    private FrameHeader _header;

    [GlobalSetup]
    public void Fill()
    {
        _header = new FrameHeader((FrameType)1, 0, 4096, 0x12345678, 42, 7, 1 << 20, 3);
        _header.Write(_bytes);
    }

    [Benchmark]
    public void Write() => _header.Write(_bytes);

    [Benchmark]
    public FrameReadStatus Read() => FrameHeader.Read(_bytes, out _);
}
