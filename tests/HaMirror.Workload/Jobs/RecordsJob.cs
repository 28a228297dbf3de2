using System.Globalization;
using System.Text;
using HaMirror.Io.Native;

namespace HaMirror.Workload.Jobs;

/// <summary>A log: numbered records of 64 bytes are appended, a few at a time are flushed.</summary>
internal sealed class RecordsJob : Job
{
    private const int RecordBytes = 64;
    private const int FlushedAtOnceMax = 8;

    private readonly string _path;
    private FileStream? _file;
    private ulong _last;
    private ulong _unflushed;

    public RecordsJob(string directory, string ledgers, Violations violations)
        : base(directory, "records", ledgers, violations) => _path = Path.Combine(directory, "records");

    public override IEnumerable<string> Verify(bool plain)
    {
        ulong written = 0, flushed = 0, issued = 0;
        foreach (var entry in Ledger.Read())
            _ = entry.Kind switch
            {
                EntryKind.Issued => issued = entry.Number,
                EntryKind.Written => written = entry.Number,
                _ => flushed = entry.Number,
            };
        var content = File.Exists(_path) ? File.ReadAllBytes(_path) : [];
        _last = 0;
        while ((int)(_last + 1) * RecordBytes <= content.Length
            && content.AsSpan((int)_last * RecordBytes, RecordBytes).SequenceEqual(Record(_last + 1)))
            _last++;
        if (_last < (plain ? written : flushed))
            yield return $"records holds {_last} whole records in {content.Length} bytes; {flushed} were flushed, {written} acknowledged, {issued} begun.";
        if (_last > issued)
            yield return $"records holds {_last} records and only {issued} were ever begun.";
    }

    public override void Begin()
    {
        _file = new FileStream(_path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, 0);
        _file.SetLength((long)_last * RecordBytes);
        _file.Seek(0, SeekOrigin.End);
        Sync();
        Ledger.Replace([new(EntryKind.Issued, _last, 0), new(EntryKind.Written, _last, 0), new(EntryKind.Flushed, _last, 0)]);
    }

    public override void Step(Random random)
    {
        Ledger.Issue(_last + 1);
        _file!.Write(Record(_last + 1));
        Ledger.Acknowledge(EntryKind.Written, ++_last);
        if (++_unflushed >= (ulong)random.Next(1, FlushedAtOnceMax))
            Flush();
    }

    public override void Flush()
    {
        if (_unflushed == 0)
            return;
        Sync();
        Ledger.Acknowledge(EntryKind.Flushed, _last);
        _unflushed = 0;
    }

    public override void Dispose()
    {
        _file?.Dispose();
        base.Dispose();
    }

    /// <summary>Not by FileStream.Flush, which says nothing when the disk refuses.</summary>
    private void Sync() => Shim.Check(Shim.Sync((int)_file!.SafeFileHandle.DangerousGetHandle(), 0), $"flush {_path}");

    private static byte[] Record(ulong number) => Encoding.ASCII.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{number:D20} {number * 0x9E3779B97F4A7C15:X16}").PadRight(RecordBytes - 1, '.') + "\n");
}
