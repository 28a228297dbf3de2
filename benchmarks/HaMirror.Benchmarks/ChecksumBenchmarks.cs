using BenchmarkDotNet.Attributes;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;

namespace HaMirror.Benchmarks;

/// <summary>CRC-32C of a header, of the smallest and of the largest write: paid twice per write, once on each node.</summary>
[MemoryDiagnoser]
public class ChecksumBenchmarks
{
    private byte[] _payload = [];

    /// <summary>In bytes.</summary>
    [Params(FrameHeader.Size, 4096, FrameHeader.PayloadLengthMax)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Fill()
    {
        _payload = new byte[Length];
        new Random(1).NextBytes(_payload);
    }

    /// <summary>As headers and records are summed.</summary>
    [Benchmark]
    public uint Managed() => Crc32C.Compute(_payload);

    /// <summary>As payloads are: three lanes at a time.</summary>
    [Benchmark]
    public unsafe uint Native()
    {
        fixed (byte* at = _payload)
        {
            return Shim.Crc32C(0, at, (ulong)_payload.Length);
        }
    }
}
