// The source's end of a link: what is sent, what the peer has said, and when patience ends.
// Invariants: every frame is in the window until the peer has acknowledged it; every change that was sent is in the marks'
// open epoch until a barrier behind it is durable; at most one barrier a second.
using HaMirror.Io.Crashes;
using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using HaMirror.Core.Configuration;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.Wire;
using HaMirror.Io.Fuse;
using HaMirror.Io.Native;
using HaMirror.Io.Peer;

namespace HaMirror.Io.Replication;

/// <summary>A link on which this node is the source. Belongs to the pump's thread.</summary>
internal sealed unsafe class SourceLink : IDisposable
{
    /// <summary>Barriers come at most this often, and that often while anything is sent.</summary>
    private const long BarrierIntervalMs = 1000;

    /// <summary>A target hears this often how far the resync is.</summary>
    private const long ResyncTellMs = 500;

    private const long ProbeIntervalMs = 1000;

    /// <summary>Nobody waits for what a resync sends but the resync: a slow disk over there may take its time.</summary>
    private const long ResyncPatienceMs = 30_000;

    /// <summary>One receive from the control connection takes at most this.</summary>
    private const int ControlBudgetBytes = 256 << 10;

    /// <summary>Rises with every link and every new visit of names, so that no old binding is taken for a new one.</summary>
    private static long _lastBindEra;

    private readonly PeerLink _link;
    private ReplicationConfiguration _configuration;
    private readonly MarkSet _marks;
    private readonly ISourceOwner _owner;
    private readonly FrameReader _reader;
    private readonly Action<int> _acknowledged;
    private readonly byte[] _changeRoom = new byte[NamespaceChangeCodec.BytesMax];
    private readonly long _firstBindEra;
    private long _bindEra;
    private ulong _lastFile;
    private int _flushesOwed;
    private bool _wasOwing;
    private long _lastProgress;
    private long _lastResyncTold;

    // The reader counts from when the link was made; a source may be attached later than that.
    private readonly long _lastReceivedFloor = Environment.TickCount64;
    private long _lastBarrier;
    private ulong _lastDurable;
    private ulong _lastBarrierSequence;
    private readonly List<FileMarks> _earlyMarks = [];
    private bool _areEarlyMarksComplete;
    private bool _isResynced;
    private bool _wasVerified;

    public SourceLink(PeerLink link, ReplicationConfiguration configuration, MarkSet marks, ISourceOwner owner)
    {
        _link = link;
        _firstBindEra = _bindEra = Interlocked.Increment(ref _lastBindEra);
        _configuration = configuration;
        _marks = marks;
        _owner = owner;
        _reader = new FrameReader(link.Control);
        _acknowledged = owner.Acknowledged;
        Stream = new SourceStream(link.Data, owner.PayloadTaken);
        Reads = new PeerReads(link);
        Window = new AckWindow(configuration.Ack == AckMode.Applied);
        _lastProgress = _lastBarrier = Environment.TickCount64;
    }

    public long Number => _link.Number;

    public string PeerName => _link.Peer.NodeName;

    public SourceStream Stream { get; }

    public AckWindow Window { get; }

    /// <summary>Reads that the peer does for a detached disk.</summary>
    public PeerReads Reads { get; }

    /// <summary>The peer has accepted the offer.</summary>
    public bool IsAccepted { get; private set; }

    /// <summary>Sequence of the last Bind: a read of the file must come behind it.</summary>
    public ulong LastBind { get; private set; }

    /// <summary>The comparison that the target's replica is of; empty: of none.</summary>
    public Guid HeldComparison { get; private set; }

    /// <summary>Null once the resync has ended.</summary>
    public ResyncSource? Resync { get; private set; }

    /// <summary>Null: none runs. Only on a committed link.</summary>
    public VerifySource? Verify
    {
        get;
        set
        {
            field = value;
            _wasVerified = true;
        }
    }

    /// <summary>Changes are sent. Before, while a resync visits names, they are marked as if there were no link.</summary>
    public bool IsStreaming
    {
        get;
        set
        {
            field = value;
            if (value)
                Crash.At(CrashPoint.NamesDone);
        }
    }

    /// <summary>The peer was told that it is equal; losing it freezes.</summary>
    public bool IsCommitted { get; private set; }

    /// <summary>The peer must take more before further changes go.</summary>
    public bool IsFull => Window.Bytes >= _configuration.WindowBytes || Stream.Room < 512;

    public int DataDescriptor => _link.Data.Descriptor;

    public int ControlDescriptor => _link.Control.Descriptor;

    /// <summary>Bytes are here that a poll of the control connection would not show.</summary>
    public bool HasPending => _link.Control.HasPending || Reads.HasPending;

    public bool WaitsToSend => Stream.WaitingBytes > 0;

    public bool WaitsToSendControl => _link.Outgoing.IsWaiting;

    /// <summary>Tells the target the plan and begins the resync with the marks that it has sent so far.</summary>
    public void Begin(ResyncPlan plan, ResyncSource resync)
    {
        _link.Outgoing.Add(FrameType.Plan, argument: (uint)plan);
        Crash.At(CrashPoint.PlanQueued);
        Resync = resync;
        resync.TakeMarks(_earlyMarks, _areEarlyMarksComplete);
        _earlyMarks.Clear();
    }

    /// <summary>The resync has ended well.</summary>
    public void EndResync()
    {
        Resync?.Dispose();
        Resync = null;
        _isResynced = true;
    }

    /// <summary>The target has the barrier and all before it on stable storage.</summary>
    public bool IsDurable(ulong barrier) => _lastDurable >= barrier;

    /// <summary>The number under which the target knows the file; binds it on first use.</summary>
    /// <returns>0: the file has no replicated name, nothing of it is sent.</returns>
    public ulong Bind(IReplicatedFile file)
    {
        if (file.BoundLink == _bindEra && file.WireFile != 0)
            return file.WireFile;
        if (file.ReplicatedPath is not { } path)
            return 0;
        // The target would keep what it bound before names were visited again open until the link ends.
        if (file.BoundLink >= _firstBindEra && file.WireFile != 0)
            Unbind(file.WireFile);
        file.BoundLink = _bindEra;
        return file.WireFile = BindPath(file.Key.Root, path);
    }

    public ulong BindPath(int root, string path, FrameFlags flags = FrameFlags.None)
    {
        LastBind = Send(FrameType.Bind, flags, file: ++_lastFile, argument: (uint)root, payload: Encoding.UTF8.GetBytes(path));
        return _lastFile;
    }

    /// <summary>Names are visited again: what was bound may mean another file at the target afterwards.</summary>
    public void StopStreaming()
    {
        IsStreaming = false;
        _bindEra = Interlocked.Increment(ref _lastBindEra);
    }

    /// <summary>The file is no longer in use here: the target may close it.</summary>
    public void Unbind(IReplicatedFile file)
    {
        // Without room the target keeps it open until the link ends, which harms nothing.
        if (file.BoundLink < _firstBindEra || file.WireFile == 0 || IsFull)
            return;
        Unbind(file.WireFile);
        file.WireFile = 0;
    }

    public void Unbind(ulong file) => Send(FrameType.Unbind, file: file);

    /// <summary>Sends a frame whose payload stays in place.</summary>
    public ulong SendInPlace(
        FrameType type, FrameFlags flags, ulong file, ulong offset, uint argument, byte* payload, int bytes, int owner, int slot)
    {
        var sequence = Stream.Add(type, flags, file, offset, argument, payload, bytes, owner);
        Window.Add(sequence, FrameHeader.Size + bytes, slot);
        return sequence;
    }

    /// <summary>Sends a frame whose payload is copied.</summary>
    public ulong Send(
        FrameType type, FrameFlags flags = FrameFlags.None, ulong file = 0, ulong offset = 0, uint argument = 0,
        ReadOnlySpan<byte> payload = default, int slot = -1)
    {
        var sequence = Stream.Add(type, flags, file, offset, argument, payload);
        Window.Add(sequence, FrameHeader.Size + payload.Length, slot);
        return sequence;
    }

    public ulong SendChange(NamespaceChange change, int slot)
    {
        var bytes = NamespaceChangeCodec.Write(_changeRoom, change);
        if (bytes == 0)
            throw new InvalidOperationException($"A {change.Kind} of {change.Path} breaks a limit of the protocol.");
        return Send(FrameType.Change, payload: _changeRoom.AsSpan(0, bytes), slot: slot);
    }

    /// <summary>Sends a range with its length as 8 bytes of payload: Fallocate, ResyncZero.</summary>
    public ulong SendRange(FrameType type, ulong file, ulong offset, ulong length, uint argument, int slot)
    {
        Span<byte> payload = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, length);
        return Send(type, FrameFlags.None, file, offset, argument, payload, slot);
    }

    /// <summary>Flushed will come for what was sent last.</summary>
    public void FlushIsOwed() => _flushesOwed++;

    public ulong SendBarrier()
    {
        _lastBarrier = Environment.TickCount64;
        _lastBarrierSequence = Send(FrameType.Barrier);
        _marks.Close(_lastBarrierSequence);
        Crash.At(CrashPoint.BarrierQueued);
        return _lastBarrierSequence;
    }

    /// <summary>From here on the peer may take over.</summary>
    public void Offer(GenerationId generation)
    {
        Crash.At(CrashPoint.BeforeOffer);
        IsCommitted = true;
        Span<byte> payload = stackalloc byte[16];
        generation.Value.TryWriteBytes(payload);
        _link.Outgoing.Add(FrameType.Offer, payload: payload);
    }

    /// <summary>A comparison of everything begins.</summary>
    public void SendComparison(Guid comparison) => _link.Outgoing.Add(FrameType.ComparisonBegun, payload: comparison.ToByteArray());

    /// <summary>Asks the peer to stand in for the local disk.</summary>
    public void SendDetached() => _link.Outgoing.Add(FrameType.Detached);

    public void SendHandover(bool swap)
    {
        _link.Outgoing.Add(FrameType.Handover, swap ? FrameFlags.Swap : FrameFlags.None);
        Crash.At(CrashPoint.HandoverQueued);
    }

    /// <summary>Sends what waits and takes what the peer has said.</summary>
    /// <returns>Null, or why the link is over, as a sentence.</returns>
    /// <param name="receive">The control connection has something.</param>
    public string? Exchange(bool receive) =>
        (WaitsToSend ? SendStream() : null) ?? (receive ? Receive() : null)
        ?? (_link.Outgoing.IsWaiting ? SendControl() : null);

    /// <summary>Barriers, probes and time-outs.</summary>
    /// <param name="now">In ms of TickCount64, as <paramref name="looked"/>.</param>
    /// <param name="looked">When what the peer says was last looked for: while a slow disk kept this thread, it has waited
    /// in the socket and was no silence.</param>
    /// <returns>Null, or why the link is over, as a sentence.</returns>
    public string? Tick(long now, long looked)
    {
        if (_marks.HasUnclosed && now - _lastBarrier >= BarrierIntervalMs && Stream.Room > 0)
            SendBarrier();
        if (now - _link.Outgoing.LastSent >= ProbeIntervalMs && !_link.Outgoing.IsWaiting)
            _link.Outgoing.Add(FrameType.Probe);
        if (Resync is { } resync && now - _lastResyncTold >= ResyncTellMs)
        {
            _lastResyncTold = now;
            var progress = resync.Progress;
            _link.Outgoing.Add(
                FrameType.ResyncProgress, sequence: progress.BytesTotal, file: progress.BytesSent, offset: progress.BytesDone,
                argument: (uint)Math.Min(progress.BytesPerSecond / 1024, uint.MaxValue));
        }
        var owing = Window.IsOwed || _flushesOwed > 0 || Reads.Owed > 0;
        _lastProgress = Math.Max(_lastProgress, Reads.LastAnswer);
        if (owing && !_wasOwing)
            _lastProgress = now;
        _wasOwing = owing;
        if (WaitsToSend && looked - Stream.LastTaken > (long)_configuration.SendTimeout.TotalMilliseconds)
            return $"{PeerName} has taken nothing for {_configuration.SendTimeout.TotalSeconds:0.#} s (sendtimeout).";
        var patience = (long)_configuration.LockTimeout.TotalMilliseconds;
        var owingPatience = IsCommitted || _owner.IsGuestWaiting ? patience : Math.Max(patience, ResyncPatienceMs);
        if (owing && looked - _lastProgress > owingPatience)
            return $"{PeerName} has acknowledged nothing for {owingPatience / 1000.0:0.#} s (locktimeout).";
        return looked - Math.Max(_reader.LastReceived, _lastReceivedFloor) > patience + ProbeIntervalMs
            ? $"{PeerName} has said nothing for {_configuration.LockTimeout.TotalSeconds:0.#} s (locktimeout)."
            : null;
    }

    /// <summary>Other time-outs, at once.</summary>
    public void ChangePatience(ReplicationConfiguration configuration) => _configuration = configuration;

    /// <summary>For how long the peer has owed an answer without any progress.</summary>
    public TimeSpan Owing => _wasOwing && (Window.IsOwed || _flushesOwed > 0 || Reads.Owed > 0)
        ? TimeSpan.FromMilliseconds(Math.Max(0, Environment.TickCount64 - _lastProgress))
        : TimeSpan.Zero;

    /// <summary>Tells the peer why and closes.</summary>
    public void Close(string reason) => _link.Close(reason);

    public void Dispose() => Stream.Dispose();

    private string? SendStream()
    {
        var failure = Stream.Send();
        Crash.At(CrashPoint.RoundSent);
        return failure;
    }

    private string? SendControl()
    {
        var failure = _link.Outgoing.Flush();
        if (IsCommitted)
            Crash.At(CrashPoint.OfferSent);
        return failure;
    }

    private string? Receive()
    {
        _reader.Fill(ControlBudgetBytes);
        string? reason = null;
        while (reason is null)
        {
            var status = _reader.TryRead(out var header, out var payload);
            if (status == FrameReadStatus.NeedMore)
                break;
            reason = status == FrameReadStatus.Violation
                ? $"{PeerName} sent a damaged frame on the control connection."
                : Take(header, payload);
        }
        _reader.Release();
        return reason ?? _reader.Ended;
    }

    private string? Take(in FrameHeader header, in ReadOnlySequence<byte> payload)
    {
        switch (header.Type)
        {
            case FrameType.Progress:
                _lastProgress = Environment.TickCount64;
                return Window.Progress(header.Sequence, header.Offset, _acknowledged)
                    ? null
                    : $"{PeerName} acknowledged frame {header.Sequence}, which does not fit what was sent.";
            case FrameType.Flushed:
                _lastProgress = Environment.TickCount64;
                Crash.At(CrashPoint.FlushedReceived);
                _flushesOwed = Math.Max(_flushesOwed - 1, 0);
                _owner.Flushed(header.Sequence);
                return null;
            case FrameType.Durable:
                if (header.Sequence > _lastBarrierSequence)
                    return $"{PeerName} reported barrier {header.Sequence} durable, which was never sent.";
                Crash.At(CrashPoint.DurableReceived);
                _lastDurable = header.Sequence;
                _marks.Durable(header.Sequence);
                return null;
            case FrameType.HashResult:
                Resync?.HashResult(header.Sequence, (header.Flags & FrameFlags.Equal) != 0);
                Verify?.HashResult(header.Sequence, (header.Flags & FrameFlags.Equal) != 0);
                return null;
            case FrameType.VerifyResult:
                if (NameFindingCodec.Read(payload.ToArray()) is not { } findings)
                    return $"{PeerName} compared a directory and sent what does not decode.";
                if ((header.Flags & FrameFlags.Equal) == 0 && findings.Count == 0)
                    findings.Add(new NameFinding("", NameFindingKind.Differs, "differs"));
                Verify?.NamesResult(header.Sequence, findings);
                return null;
            case FrameType.HashResults:
                Verify?.HashResults(header.Sequence, payload.ToArray());
                return Resync?.HashResults(header.Sequence, payload.ToArray()) is { } wrong ? $"{PeerName} {wrong}." : null;
            case FrameType.Marks:
                return TakeMarks(header, payload);
            case FrameType.ComparisonHeld when payload.Length == 16:
                HeldComparison = new Guid(payload.ToArray());
                return null;
            case FrameType.OfferAccepted:
                Crash.At(CrashPoint.OfferAccepted);
                IsAccepted = true;
                _owner.OfferAccepted(Number);
                return null;
            case FrameType.DetachAccepted:
                Window.UntilApplied = true;
                _owner.DetachAccepted(Number);
                return null;
            case FrameType.SwapRequest:
                _owner.SwapRequested(Number);
                return null;
            case FrameType.Probe:
                _link.Outgoing.Add(FrameType.ProbeReply, sequence: header.Sequence);
                return null;
            case FrameType.ProbeReply:
                return null;
            case FrameType.Bye:
                return $"{PeerName} ended the link: {Encoding.UTF8.GetString(payload)}";
            default:
                return $"{PeerName} sent a {header.Type} frame, which a source does not take.";
        }
    }

    private string? TakeMarks(in FrameHeader header, in ReadOnlySequence<byte> payload)
    {
        var marks = new List<FileMarks>();
        if (!FileMarksCodec.TryRead(payload.ToArray(), marks))
            return $"{PeerName} sent marks that do not decode.";
        var last = (header.Flags & FrameFlags.More) == 0;
        if (Resync is { } resync)
        {
            resync.TakeMarks(marks, last);
            return null;
        }
        if (_isResynced && _wasVerified)
        {
            // A verification that repairs, or one that has ended since: either way they are evidence.
            if (Verify is { } verify)
                verify.TakeMarks(marks);
            else
                _owner.MarksReported(marks);
            return null;
        }
        if (_isResynced && marks.Count > 0)
            return $"{PeerName} sent marks although its resync has ended.";
        _earlyMarks.AddRange(marks);
        _areEarlyMarksComplete |= last;
        return null;
    }
}
