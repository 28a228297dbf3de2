using System.Text;
using BenchmarkDotNet.Attributes;
using HaMirror.Core.Extents;
using HaMirror.Core.Wire;

namespace HaMirror.Benchmarks;

/// <summary>The frames that carry more than bytes of files: a change of a name, which every create and rename pays, and marks, which a resync does.
/// Writing a change may not allocate.</summary>
[MemoryDiagnoser]
public class FrameCodecBenchmarks
{
    private const int Ranges = 1000;
    private readonly byte[] _room = new byte[NamespaceChangeCodec.BytesMax];
    private readonly NamespaceChange _change = new(ChangeKind.Rename, 0, "images/vm1/disk.qcow2.new") { Other = "images/vm1/disk.qcow2" };
    private readonly List<FileMarks> _read = [];
    private byte[] _path = [];
    private FileMarks[] _marks = [];
    private byte[] _marksPayload = [];
    private int _changeBytes;

    [GlobalSetup]
    public void Fill()
    {
        _changeBytes = NamespaceChangeCodec.Write(_room, _change);
        _path = Encoding.UTF8.GetBytes("images/vm1/disk.qcow2");
        var extents = new ExtentSet();
        for (ulong index = 0; index < Ranges; index++)
        {
            extents.Add(index * 3 * ExtentSet.ExtentBytes, ExtentSet.ExtentBytes);
        }

        _marks = [new FileMarks(0, 1, "images/vm1/disk.qcow2", false, extents)];
        _marksPayload = FileMarksCodec.Split(_marks)[0];
    }

    [Benchmark]
    public int WriteChange() => NamespaceChangeCodec.Write(_room, _change);

    [Benchmark]
    public NamespaceChange? ReadChange() => NamespaceChangeCodec.Read(_room.AsSpan(0, _changeBytes));

    [Benchmark]
    public string? ReadPath() => WirePath.Read(_path);

    /// <summary>A file with a thousand ranges.</summary>
    [Benchmark]
    public int WriteMarks() => FileMarksCodec.Split(_marks).Count;

    [Benchmark]
    public bool ReadMarks()
    {
        _read.Clear();
        return FileMarksCodec.TryRead(_marksPayload, _read);
    }
}
