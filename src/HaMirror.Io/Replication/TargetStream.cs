// The data connection of a target: applies the source's frames in their order.
// Invariants: (1) a frame is applied after every earlier one, but for writes that do not overlap; (2) names, sizes and
// holes wait for the writes that they could meet; (3) an answer leaves only when what it says is true.
using HaMirror.Io.Crashes;
using System.Buffers;
using System.Buffers.Binary;
using HaMirror.Core.Extents;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Peer;
using HaMirror.Io.Preimages;

namespace HaMirror.Io.Replication;

/// <summary>One checked frame that waits to be applied.</summary>
internal readonly record struct TargetFrame(FrameHeader Header, ReadOnlySequence<byte> Payload)
{
    /// <summary>Its payload stands at <see cref="TargetStream.Reserve"/>.</summary>
    public bool IsInPlace => Payload.IsEmpty && Header.PayloadLength > 0;
}

/// <summary>Applies data frames; owned by the session's thread.</summary>
internal sealed unsafe partial class TargetStream : IDisposable
{
    private const int PunchHole = 2 | 1; // FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE

    private readonly ControlQueue _outgoing;
    private readonly TargetSettings _settings;
    private readonly TargetFiles _files;
    private readonly TargetTree _tree;
    private readonly TargetNames _names;
    private readonly TargetWrites _writes;
    private readonly TargetSync _sync;
    private readonly OwedZeros _zeros;
    private readonly PageBlock _scratch = new(FrameHeader.PayloadLengthMax);
    private readonly TargetComparison _comparison = new();
    private readonly TargetVerification _verification;
    private bool _hadData;
    private ulong _lastApplied;

    public TargetStream(TargetSettings settings, ControlQueue outgoing, WakeEvent wake)
    {
        (_settings, _outgoing) = (settings, outgoing);
        _files = new TargetFiles(settings);
        _preimages = new TargetPreimages(_files);
        _tree = new TargetTree(settings);
        _zeros = new OwedZeros(_scratch);
        _names = new TargetNames(settings, _tree, _zeros);
        _writes = new TargetWrites((sequence, file) => _outgoing.Add(FrameType.Flushed, sequence: sequence)) { Proof = settings.Proof };
        _sync = new TargetSync(settings, wake);
        _verification = new TargetVerification(settings, outgoing);
    }

    /// <summary>A resync runs: what a later visit repairs is no error (PROTOCOL.md, Tolerance).</summary>
    public bool IsTolerant { get; private set; } = true;

    /// <summary>The plan compares or copies everything anyway: what had to be made needs no report, until the first barrier
    /// behind data, behind which some of it is done.</summary>
    public bool CopiesEverything { get; set; }

    /// <summary>Called again and again while a visit of names copies much of what is replaced: nobody but the resync waits then.</summary>
    public Action? Copying { get; init; }

    /// <summary>All frames up to this sequence are applied.</summary>
    public ulong Applied => _writes.LowestUnderWay is > 0 and var lowest ? lowest - 1 : _lastApplied;

    /// <summary>The last frame that is applied or under way.</summary>
    public ulong LastBegun => _lastApplied;

    public bool IsIdle => _writes.UnderWay == 0 && _sync.Waiting == 0;

    /// <summary>To be polled while something is under way; -1: nothing to poll.</summary>
    public int RingDescriptor => _writes.UnderWay > 0 ? _writes.RingDescriptor : -1;

    /// <summary>As <see cref="TargetWrites.SilentSince"/>.</summary>
    public long WritesSilentSince => _writes.SilentSince;

    /// <summary>As <see cref="TargetSync.Since"/>.</summary>
    public long SyncSince => _sync.Since;

    /// <summary>Bytes that resync frames have compared, and written; for the status.</summary>
    public long ComparedBytes { get; private set; }

    public long CopiedBytes { get; private set; }

    /// <summary>The source has offered: from here on every failure counts.</summary>
    public void EndTolerance()
    {
        _zeros.Finish(Copying);
        IsTolerant = false;
        _tree.Forget();
    }

    /// <summary>Where the payload of the next write that is applied may be put beforehand: room for the largest.</summary>
    /// <param name="bytes">What will be put there.</param>
    public byte* Reserve(int bytes) => _writes.Reserve(bytes);

    /// <summary>Nothing has come for a while.</summary>
    public void Shrink() => _writes.Shrink();

    /// <summary>Applies a batch, submits what it queued, takes what has completed.</summary>
    public void Apply(ReadOnlySpan<TargetFrame> frames)
    {
        _preimages.Begin();
        var alone = frames.Length == 1 && _writes.UnderWay == 0;
        _comparison.Foresee(frames, _files);
        for (var index = 0; index < frames.Length; index++)
        {
            ref readonly var frame = ref frames[index];
            _awaited = _preimages.Of(frames, index);
            Apply(frame, alone);
            _lastApplied = frame.Header.Sequence;
        }
        _writes.Submit();
        Settle();
    }

    /// <summary>Reads what a bound file holds behind every write that is under way there.</summary>
    /// <returns>Bytes, or -errno.</returns>
    public long Read(ulong number, ulong offset, uint bytes, byte* room)
    {
        var file = _files.Get(number);
        if (file.IsMissing)
            return -Errno.ENOENT;
        _writes.WaitForRange(file, offset, bytes);
        return Shim.ReadAt(file.Descriptor, room, bytes, offset);
    }

    /// <summary>Takes completions of writes and syncs without waiting.</summary>
    public void Settle()
    {
        Preimages?.ClearWake();
        _writes.Harvest();
        _preimages.Settle();
        SettleOwed();
        _writes.Submit(); // a durable write that completed has queued its sync
        while (_sync.TryTake(out var job))
            Answer(job);
    }

    /// <summary>Waits until everything that was received is applied (not: durable).</summary>
    public void Drain()
    {
        _writes.Submit();
        _writes.WaitForAll();
    }

    public void Dispose()
    {
        _writes.Dispose();
        _sync.Dispose();
        while (_sync.TryTake(out var job)) // Nobody is answered any more, but their files are open.
            foreach (var file in job.Files)
                file.Release();
        _ = EndPreimages();
        _preimages.Settle();
        _zeros.Dispose();
        foreach (var file in _awaiting)
            file.Release();
        _files.Dispose();
        _scratch.Dispose();
        _comparison.Dispose();
    }

    private void Apply(in TargetFrame frame, bool alone)
    {
        var header = frame.Header;
        if (_tree.IsInsideDirectory && header.Type != FrameType.ResyncDirectory)
            throw TargetException.Violation($"frame {header.Type} stands between the parts of a directory.");
        _hadData |= TargetPreimages.IsOfData(header.Type) && header.Type is not (FrameType.Barrier or FrameType.Flush);
        switch (header.Type)
        {
            case FrameType.Write:
                Write(frame, header.PayloadLength, alone);
                Crash.At(CrashPoint.WriteApplied);
                break;
            case FrameType.ResyncBlock:
                CopiedBytes += Block(frame, alone);
                Crash.At(CrashPoint.BlockApplied);
                break;
            case FrameType.Flush:
                Flush(header, alone);
                break;
            case FrameType.Barrier:
                Barrier(header);
                break;
            case FrameType.Bind:
                _files.Bind(
                    header.File, (int)Math.Min(header.Argument, int.MaxValue), ReadPath(frame),
                    IsTolerant || (header.Flags & FrameFlags.Tentative) != 0);
                break;
            case FrameType.Unbind:
                _files.Unbind(header.File);
                break;
            case FrameType.Fallocate:
                Allocate(frame, (int)header.Argument);
                break;
            case FrameType.ResyncZero:
                Zero(frame);
                Reach(frame);
                break;
            case FrameType.ResyncTimes:
                Times(frame);
                break;
            case FrameType.Change:
                Change(frame);
                Crash.At(CrashPoint.ChangeApplied);
                break;
            case FrameType.ResyncDirectory:
                Visit(frame);
                Crash.At(CrashPoint.DirectoryApplied);
                break;
            case FrameType.ResyncHash:
            case FrameType.ResyncHashes:
                Compare(frame);
                break;
            case FrameType.VerifyDirectory:
                _verification.Take(frame, Part(frame));
                break;
            default:
                throw TargetException.Violation($"frame type {(byte)header.Type} does not belong on the data connection.");
        }
    }

    private void Write(in TargetFrame frame, int bytes, bool alone)
    {
        var header = frame.Header;
        var file = _files.Get(header.File);
        if (bytes == 0 || header.Offset > long.MaxValue - (ulong)bytes)
            throw TargetException.Violation($"a write of {bytes} bytes at {header.Offset}.");
        var durable = (header.Flags & FrameFlags.Durable) != 0;
        if (IsLost(file, header, (ulong)bytes))
        {
            if (durable)
                _outgoing.Add(FrameType.Flushed, sequence: header.Sequence);
            return;
        }
        if (!frame.IsInPlace)
            frame.Payload.CopyTo(new Span<byte>(_writes.Reserve(bytes), bytes));
        AwaitBarrier(file);
        _zeros.Written(file.Key, header.Offset, (ulong)bytes);
        _writes.Write(file, header.Offset, bytes, header.Sequence, durable, alone, _awaited);
    }

    private int Block(in TargetFrame frame, bool alone)
    {
        var header = frame.Header;
        if ((header.Flags & FrameFlags.Lz4) == 0)
        {
            Write(frame, header.PayloadLength, alone);
            return header.PayloadLength;
        }
        var plain = header.Argument;
        if (plain is 0 or > FrameHeader.PayloadLengthMax || header.Offset > long.MaxValue - (ulong)plain)
            throw TargetException.Violation($"a block of {plain} bytes at {header.Offset}.");
        var file = _files.Get(header.File);
        if (IsLost(file, header, plain))
            return 0;
        frame.Payload.CopyTo(new Span<byte>(_scratch.Address, header.PayloadLength));
        if (Shim.Lz4Decompress(_scratch.Address, (ulong)header.PayloadLength, _writes.Reserve((int)plain), plain) != plain)
            throw TargetException.Violation($"the compressed block at {header.Offset} of {file.FullPath} is damaged.");
        AwaitBarrier(file);
        _zeros.Written(file.Key, header.Offset, plain);
        _writes.Write(file, header.Offset, (int)plain, header.Sequence, durable: false, alone, _awaited);
        return (int)plain;
    }

    /// <summary>True: the file is not here yet, and the source has been told that these bytes are missing.</summary>
    private bool IsLost(TargetFile file, in FrameHeader header, ulong bytes)
    {
        if (!file.IsMissing)
            return false;
        if (!file.IsNameless)
        {
            var extents = new ExtentSet();
            extents.Add(header.Offset, bytes);
            Report([new FileMarks(file.RootIndex, 0, file.Path, false, extents)]);
        }
        return true;
    }

    private void Report(IEnumerable<FileMarks> marks)
    {
        foreach (var payload in FileMarksCodec.Split(marks))
            _outgoing.Add(FrameType.Marks, payload: payload);
    }

    private void Allocate(in TargetFrame frame, int mode)
    {
        var header = frame.Header;
        var bytes = ReadLength(frame);
        var file = _files.Get(header.File);
        if (IsLost(file, header, bytes))
            return;
        AwaitBarrier(file);
        if (Owes(file, mode, header.Offset, bytes))
            return;
        _writes.WaitForFile(file);
        Preimages?.Wait(_awaited);
        var result = Shim.Allocate(file.Descriptor, mode, header.Offset, bytes);
        if (result == -Errno.EOPNOTSUPP)
            result = ZeroRange.Allocate(file.Descriptor, mode, header.Offset, bytes, new Span<byte>(_scratch.Address, (int)_scratch.Bytes));
        if (result < 0)
            throw new TargetException($"{bytes} bytes at {header.Offset} of {file.FullPath} could not be allocated or freed on this "
                + $"node (fallocate mode {mode}): {Errno.Describe(-result)}. Free space or repair the disk; the link is tried again by itself.",
                replicaFailed: true);
    }

    /// <summary>Where there is a hole already, as everywhere in a new file, none is made: that would wait for all of the file's writes, and
    /// the kernel for what the disk has of them.</summary>
    private void Zero(in TargetFrame frame)
    {
        var (offset, bytes) = (frame.Header.Offset, ReadLength(frame));
        var file = _files.Get(frame.Header.File);
        if (!file.IsMissing)
            _writes.WaitForRange(file, offset, bytes);
        if (file.IsMissing || !SparseFile.IsHole(file.Descriptor, offset, bytes))
        {
            Allocate(frame, PunchHole);
            return;
        }
        Preimages?.Wait(_awaited);
        AwaitBarrier(file); // it may be one in memory only: left by a link before this one
    }

    /// <summary>Zeros are bytes of the file: it is at least as long as they say. Freeing them does not see to that.</summary>
    private void Reach(in TargetFrame frame)
    {
        var file = _files.Get(frame.Header.File);
        if (file.IsMissing)
            return;
        NativeStat stat;
        var end = frame.Header.Offset + ReadLength(frame);
        _zeros.Reached(file.Key, end);
        var result = Shim.StatAt(file.Descriptor, "", &stat);
        if (result >= 0 && stat.Size < end)
            result = Shim.Truncate(file.Descriptor, end);
        if (result < 0)
            throw new TargetException($"{file.FullPath} could not be made {end} bytes long on this node: {Errno.Describe(-result)}. "
                + "Free space or repair the disk; the link is tried again by itself.", replicaFailed: true);
    }

    private void Times(in TargetFrame frame)
    {
        var header = frame.Header;
        var access = (long)ReadNumber(frame);
        var file = _files.Get(header.File);
        if (IsLost(file, header, 0))
            return;
        _writes.WaitForFile(file);
        AwaitBarrier(file);
        var result = TargetNames.SetTimes(file.Descriptor, access, (long)header.Offset);
        if (result < 0)
            throw new TargetException($"The times of {file.FullPath} could not be set on this node: {Errno.Describe(-result)}. "
                + "Repair the disk; the link is tried again by itself.", replicaFailed: true);
    }

    private void Change(in TargetFrame frame)
    {
        var change = NamespaceChangeCodec.Read(Contiguous(frame.Payload))
            ?? throw TargetException.Violation($"the change in frame {frame.Header.Sequence} does not decode.");
        _writes.WaitForAll();
        _names.Apply(change, IsTolerant);
        _namesChanged = true;
        if (!IsTolerant)
            return;
        if (change.Kind == ChangeKind.Rename)
        {
            _files.Renamed(change.Root, change.Path, change.Other, exchange: (change.Flags & 2) != 0);
            _tree.Forget(change.Root, change.Path);
            _tree.Forget(change.Root, change.Other);
        }
        else if (change.Kind == ChangeKind.Unlink)
        {
            _files.Unlinked(change.Root, change.Path);
            _tree.Forget(change.Root, change.Path);
        }
    }

    private void Visit(in TargetFrame frame)
    {
        _writes.WaitForAll();
        _zeros.Finish(Copying);
        Preimages?.Copying = IsTolerant ? Copying : null;
        _tree.Apply(Part(frame), (frame.Header.Flags & FrameFlags.First) != 0, more: (frame.Header.Flags & FrameFlags.More) != 0);
        Preimages?.Copying = null;
        _namesChanged = true;
        if (!IsTolerant && !_tree.IsInsideDirectory)
            _tree.Forget(); // a repair: live changes do not keep what it remembers true
        if (_tree.Replaced.Count > 0)
            _files.Replaced(_tree.Replaced);
        if (_tree.Missing.Count > 0 && !CopiesEverything)
        {
            // Kept here as well, before any of it comes: when the link ends before the source has read it, or both nodes die,
            // nothing else would say what is missing.
            if (_settings.Missing?.Invoke(_tree.Missing) is { } failure)
                throw new TargetException(failure, replicaFailed: true);
            Report(_tree.Missing);
        }
        _tree.Lengthen();
        _tree.Replaced.Clear();
        _tree.Missing.Clear();
    }

    private static DirectoryPart Part(in TargetFrame frame) =>
        DirectoryPart.Read(Contiguous(frame.Payload), (frame.Header.Flags & FrameFlags.First) != 0)
        ?? throw TargetException.Violation($"the directory in frame {frame.Header.Sequence} does not decode.");

    private void Compare(in TargetFrame frame)
    {
        var file = _files.Get(frame.Header.File);
        _zeros.Read(file.Key, Math.Min(frame.Header.Offset, long.MaxValue), frame.Header.Argument);
        if (frame.Header is { Type: FrameType.ResyncHashes, Argument: 0 })
            _verification.TakeShape(frame, file, _writes);
        else if (_comparison.Answer(frame, file, _writes, _outgoing))
            AwaitBarrier(file); // equal, and perhaps only in memory: left by a link before this one
        ComparedBytes += frame.Header.Argument;
    }

    private string ReadPath(in TargetFrame frame) =>
        WirePath.Read(Contiguous(frame.Payload)) ?? throw TargetException.Violation($"the path in frame {frame.Header.Sequence} is not valid.");

    private static ulong ReadNumber(in TargetFrame frame)
    {
        Span<byte> number = stackalloc byte[8];
        if (frame.Payload.Length != number.Length)
            throw TargetException.Violation($"frame {frame.Header.Sequence} has {frame.Payload.Length} bytes where a number belongs.");
        frame.Payload.CopyTo(number);
        return BinaryPrimitives.ReadUInt64LittleEndian(number);
    }

    private static ulong ReadLength(in TargetFrame frame)
    {
        var bytes = ReadNumber(frame);
        return bytes is > 0 and <= long.MaxValue && frame.Header.Offset <= long.MaxValue - bytes
            ? bytes
            : throw TargetException.Violation($"a range of {bytes} bytes at {frame.Header.Offset}.");
    }

    private static ReadOnlySpan<byte> Contiguous(in ReadOnlySequence<byte> payload) =>
        payload.IsSingleSegment ? payload.FirstSpan : payload.ToArray();
}
