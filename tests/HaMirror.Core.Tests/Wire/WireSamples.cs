using System.Collections.Immutable;
using System.Text;
using HaMirror.Core.Extents;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;
using HaMirror.Core.Wire;

namespace HaMirror.Core.Tests.Wire;

/// <summary>Random values of everything that crosses the wire, from a seed.</summary>
internal sealed class WireSamples(int seed)
{
    private static readonly string[] Letters = ["a", "Z", "é", "€", "😀", " ", "-", "9"];

    private readonly Random _random = new(seed);

    public string Name(int max = 20) => string.Concat(Enumerable.Range(0, _random.Next(1, max)).Select(_ => Letters[_random.Next(Letters.Length)]));

    public string Path() => string.Join('/', Enumerable.Range(0, _random.Next(1, 6)).Select(_ => Name()));

    public byte[] Bytes(int max)
    {
        var bytes = new byte[_random.Next(max)];
        _random.NextBytes(bytes);
        return bytes;
    }

    public GenerationId Generation() => new(new Guid(Enumerable.Range(0, 16).Select(_ => (byte)_random.Next(256)).ToArray()));

    public ReplicaRecord Record() => _random.Next(8) == 0
        ? ReplicaRecord.New
        : new ReplicaRecord
        {
            Current = Generation(),
            Base = Generation(),
            ResyncFrom = Generation(),
            History = [.. Enumerable.Range(0, _random.Next(ReplicaRecord.HistoryMax + 1)).Select(_ => Generation())],
            Condition = ReplicaCondition.UpToDate,
            Serving = _random.Next(2) == 0,
            Sole = _random.Next(2) == 0,
            HandedOver = _random.Next(2) == 0,
            CompareAll = _random.Next(2) == 0,
            MarksUnsaved = _random.Next(2) == 0,
            TookOver = _random.Next(2) == 0,
            PeerName = _random.Next(2) == 0 ? null : Name(),
        };

    public PeerHello Hello() => new(Name(), Record(), (ModuleState)_random.Next(5), _random.Next(2) == 0, _random.Next());

    public NamespaceChange Change()
    {
        var kind = (ChangeKind)_random.Next(1, 12);
        return new NamespaceChange(kind, _random.Next(65536), Path())
        {
            Other = kind is ChangeKind.Rename or ChangeKind.Link or ChangeKind.Symlink ? Path() : "",
            Name = kind is ChangeKind.SetXattr or ChangeKind.RemoveXattr ? "user." + Name() : "",
            Value = kind == ChangeKind.SetXattr ? Bytes(2000) : default,
            Flags = (uint)_random.Next(),
            Mask = (AttributeMask)_random.Next(32),
            Mode = (uint)_random.Next(),
            Uid = (uint)_random.Next(),
            Gid = (uint)_random.Next(),
            DeviceMajor = (uint)_random.Next(),
            DeviceMinor = (uint)_random.Next(),
            Size = (ulong)_random.NextInt64(),
            AccessTime = _random.NextInt64(long.MinValue, long.MaxValue),
            ModifyTime = _random.NextInt64(long.MinValue, long.MaxValue),
        };
    }

    public EntryAttributes Attributes() => new(
        (uint)_random.Next(), (uint)_random.Next(), (uint)_random.Next(), (ulong)_random.NextInt64(), _random.NextInt64(long.MinValue, 0),
        _random.NextInt64(), (uint)_random.Next(), (uint)_random.Next(),
        [.. Enumerable.Range(0, _random.Next(3)).Select(_ => new ExtendedAttribute("user." + Name(), Bytes(300)))]);

    public DirectoryEntry Entry(int number) =>
        new($"{Name()}{number}", _random.Next(3) == 0 ? (ulong)_random.NextInt64() : 0, _random.Next(4) == 0 ? Path() : "", Attributes());

    public FileMarks Marks()
    {
        var extents = new ExtentSet();
        for (var index = _random.Next(20); index > 0; index--)
            extents.Add((ulong)_random.NextInt64(1L << 41), (ulong)_random.Next(1, 1 << 24));
        return new FileMarks(_random.Next(65536), (ulong)_random.NextInt64(), Path(), _random.Next(2) == 0, extents);
    }

    /// <summary>A value as text: records compare arrays by identity, and this by content.</summary>
    public static string Show(object? value) => value switch
    {
        null => "none",
        NamespaceChange change => (change with { Value = default }) + Convert.ToHexString(change.Value.Span),
        ReplicaRecord record => (record with { History = [] }) + string.Join(',', record.History.Select(id => id.Value)),
        PeerHello hello => $"{hello.NodeName} {Show(hello.Record)} {hello.State} {hello.FullSync} {hello.MarkCount}",
        EntryAttributes at => (at with { Extended = [] }) + string.Join(',', at.Extended.Select(one => one.Name + Convert.ToHexString(one.Value.Span))),
        DirectoryEntry entry => $"{entry.Name} {entry.SameInode} {entry.LinkTarget} {Show(entry.Attributes)}",
        FileMarks marks => $"{marks.Root} {marks.Inode} {marks.Path} {marks.Whole} {string.Join(',', marks.Extents.Ranges())}",
        _ => value.ToString() ?? "",
    };

    /// <summary>A damaged copy: cut, lengthened, or with some bytes changed.</summary>
    public byte[] Damage(ReadOnlySpan<byte> whole)
    {
        var bytes = whole.ToArray();
        switch (_random.Next(4))
        {
            case 0:
                return bytes[.._random.Next(bytes.Length)];
            case 1:
                return [.. bytes, .. Bytes(40)];
            default:
                for (var count = _random.Next(1, 5); count > 0 && bytes.Length > 0; count--)
                    bytes[_random.Next(bytes.Length)] = (byte)_random.Next(256);
                return bytes;
        }
    }
}
