// The target half of a link: one thread that receives, acknowledges and applies.
// Invariants: (1) the link and everything beneath belong to this thread; others post to it; (2) nothing is read from the
// data connection before both ends have the same plan; (3) what was acknowledged as received is applied even when the
// link ends, and LinkDown comes after that; (4) when that fails, TargetFailed comes before LinkDown.
using HaMirror.Io.Crashes;
using System.Collections.Concurrent;
using System.Text;
using HaMirror.Core.Configuration;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Peer;
using HaMirror.Io.Preimages;
using HaMirror.Io.Storage;
using Microsoft.Extensions.Logging;

namespace HaMirror.Io.Replication;

/// <summary>Applies what a source sends, on a thread of its own.</summary>
public sealed unsafe partial class TargetSession : IDisposable
{
    /// <summary>Received in one round at most: beyond it acknowledgements would wait for the receive.</summary>
    private const long RoundBytes = 4 << 20;

    /// <summary>A write of at least this is received where it is written from; below it the copy costs less than the calls.</summary>
    private const int InPlaceBytesMin = 128 << 10;

    /// <summary>Frames applied in one round at most.</summary>
    private const int RoundFrames = 512;

    /// <summary>How long an "applied", or the receipt of what nobody waits for, may wait for something to travel with, in ms.</summary>
    private const int AppliedDelayMs = 5;

    /// <summary>Silence after which a Probe is sent, in ms.</summary>
    private const long ProbeAfterMs = 1000;

    /// <summary>The longest wait of the thread, in ms: time-outs are looked at this often.</summary>
    private const int PollMs = 200;

    private readonly PeerLink _link;
    private readonly TargetSettings _settings;
    private long _lockTimeoutMs;
    private readonly IStorageEvents _events;
    private readonly ILogger _log;
    private readonly WakeEvent _wake = new();
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly FrameReader _control;
    private readonly FrameReader _data;
    private readonly TargetStream _stream;
    private readonly TargetReads _reads;
    private readonly TargetPatience _patience;
    private AckMode _ack;
    private readonly TargetFrame[] _frames = new TargetFrame[RoundFrames];
    private readonly Thread _thread;
    private Guid _held;
    private ResyncPlan? _ownPlan;
    private ResyncPlan? _sourcePlan;
    private string? _end;
    private ulong _received;
    private ulong _receivedTold;
    private ulong _appliedTold;
    private bool _moreFrames;
    private long _appliedSince;
    private ResyncStatus? _progress;
    private long _compared;
    private long _copied;
    private long _lastHeard = Environment.TickCount64;
    private long _looked;

    /// <summary>Takes the link over and starts; <see cref="IStorageEvents.LinkUp"/> is the first event.</summary>
    public TargetSession(PeerLink link, TargetSettings settings, IStorageEvents events, ILogger log)
    {
        (_link, _settings, _events, _log) = (link, settings, events, log);
        _control = new FrameReader(link.Control);
        _data = new FrameReader(link.Data);
        _stream = new TargetStream(settings, link.Outgoing, _wake) { Copying = KeepAlive };
        _reads = new TargetReads(link, _stream);
        _ack = settings.Ack;
        _lockTimeoutMs = (long)settings.LockTimeout.TotalMilliseconds;
        _patience = new TargetPatience(link, settings.CheckTime, sentence => events.TargetFailed(link.Number, sentence));
        _thread = new Thread(Run) { IsBackground = true, Name = $"target {link.Number}" };
        _thread.Start();
    }

    public long Link => _link.Number;

    /// <summary>Another time-out for the source's silence, at once. Any thread.</summary>
    public void ChangePatience(TimeSpan lockTimeout) => Volatile.Write(ref _lockTimeoutMs, (long)lockTimeout.TotalMilliseconds);

    /// <summary>How far the source says that the resync is; null: none runs, or nothing was said yet. Any thread.</summary>
    public ResyncStatus? Progress
    {
        get => Volatile.Read(ref _progress);
        private set => Volatile.Write(ref _progress, value);
    }

    /// <summary>Bytes that the resync has compared here so far.</summary>
    public long ComparedBytes => Volatile.Read(ref _compared);

    /// <summary>Bytes that the resync has written here so far.</summary>
    public long CopiedBytes => Volatile.Read(ref _copied);

    /// <summary>The machine's BeginTarget: the record is durable, data may be applied. Ends the session when the source has
    /// another plan.</summary>
    public void Begin(ResyncPlan plan) => Begin(plan, null);

    /// <inheritdoc cref="Begin(ResyncPlan)"/>
    /// <param name="preimages">Keeps what is replaced until the offer is accepted; the session closes it.</param>
    internal void Begin(ResyncPlan plan, PreimageJournal? preimages) => Post(() =>
    {
        _ownPlan = plan;
        _stream.Preimages = preimages;
        // Only now: the source visits no names before it has all marks, so the time that preimages took harmed nobody.
        _link.Outgoing.Add(FrameType.Marks, payload: FileMarksCodec.Split([])[0]);
        _stream.CopiesEverything = _held == Guid.Empty && plan is (ResyncPlan.CompareAll or ResyncPlan.CopyAll);
        ComparePlans();
    });

    /// <summary>The machine's AcceptOffer: the offered generation is durable in the record.</summary>
    public void AcceptOffer() => AcceptOffer(null);

    /// <inheritdoc cref="AcceptOffer()"/>
    /// <param name="accepted">Told, on the session's thread, once the answer is on its way.</param>
    internal void AcceptOffer(Action? accepted) => Post(() =>
    {
        Crash.At(CrashPoint.OfferTaken);
        _link.Outgoing.Add(FrameType.OfferAccepted);
        accepted?.Invoke();
    });

    /// <summary>Keeps nothing more of what is replaced.</summary>
    /// <param name="ended">Told, on the session's thread, of what was kept; not called when nothing is.</param>
    internal void EndPreimages(Action<PreimageOrigin> ended) => Post(() =>
    {
        if (_stream.EndPreimages() is { } origin)
            ended(origin);
    });

    /// <summary>The machine's AcceptDetach: it is recorded that this replica alone is up to date. Writes are acknowledged once they
    /// are applied from now on.</summary>
    public void AcceptDetach() => Post(() =>
    {
        _ack = AckMode.Applied;
        _link.Outgoing.Add(FrameType.DetachAccepted);
    });

    /// <summary>Asks the source to exchange roles.</summary>
    public void SendSwapRequest() => Post(() => _link.Outgoing.Add(FrameType.SwapRequest));

    /// <summary>Ends the link; the source is told why. What was received is applied first.</summary>
    public void Cut(string reason) => Post(() => End(reason));

    /// <summary>Cuts the link if it still stands and waits until everything received is applied, syncs under way have ended
    /// and all files are closed. As slow as the disk; whoever cannot wait calls <see cref="Cut"/> and takes LinkDown.</summary>
    public void Dispose() => _ = TryEnd(Timeout.InfiniteTimeSpan);

    /// <summary>As <see cref="Dispose"/>, but waits for a disk that hangs no longer than that.</summary>
    /// <returns>False: it still has not ended.</returns>
    public bool TryEnd(TimeSpan patience)
    {
        if (_isEnded)
            return true;
        Cut("The target ended the link.");
        if (!_thread.Join(patience))
            return false;
        _isEnded = true;
        _wake.Dispose();
        return true;
    }

    /// <summary>It was said that the disk hangs under this session's thread. Any thread.</summary>
    public bool IsStuck => _patience.IsOver;

    /// <summary>Not all that was acknowledged could be applied. Once it has ended.</summary>
    public bool HasFailed { get; private set; }

    private bool _isEnded;

    private void Post(Action action)
    {
        _posted.Enqueue(action);
        _wake.Set();
    }

    private void End(string reason) => _end ??= reason;

    private void Run()
    {
        _events.LinkUp(_link.Number, false, _link.Peer);
        string? failure = null;
        try
        {
            SendMarks();
            while (_end is null)
                Round();
            ApplyRest();
        }
        catch (TargetException exception)
        {
            End(exception.Message);
            if (exception.ReplicaFailed)
                _stream.Preimages?.DiskRefused();
            failure = exception.ReplicaFailed ? exception.Message : null;
            failure ??= ApplyRestOf();
        }
        catch (Exception exception)
        {
            // The edge of this thread: whatever it was, the replica cannot be trusted to hold all that was acknowledged.
            failure = $"The target of link {_link.Number} failed at frame {_received}: {exception.Message}";
            _log.TargetBroke(_link.Number, exception);
            End(failure);
        }
        Finish(failure);
    }

    private void Finish(string? failure)
    {
        var reason = _end!;
        HasFailed = failure is not null;
        Crash.At(CrashPoint.TargetDrained);
        _link.Close(reason);
        _log.TargetEnded(_link.Number, reason);
        var isSaid = _patience.IsOver;
        _patience.Dispose();
        if (failure is not null && !isSaid)
            _events.TargetFailed(_link.Number, failure);
        _events.LinkDown(_link.Number, reason);
        // Last: a barrier under way may take seconds, and a failover must not wait for it. All is applied already.
        _stream.Dispose();
        _reads.Dispose();
    }

    /// <summary>After a violation: what came whole before it was acknowledged and must be applied.</summary>
    private string? ApplyRestOf()
    {
        try
        {
            _stream.Drain();
            return null;
        }
        catch (TargetException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>The link has ended in order or was lost: everything that arrived whole is applied.</summary>
    private void ApplyRest()
    {
        if (HasPlan)
            while (ReadFrames() is > 0 and var count)
                ApplyFrames(count);
        _stream.Drain();
    }

    private bool HasPlan => _ownPlan is { } own && own == _sourcePlan;

    private void SendMarks()
    {
        _held = HeldComparison.Load(_settings.Roots);
        if (_held != Guid.Empty)
            _link.Outgoing.Add(FrameType.ComparisonHeld, payload: _held.ToByteArray());
        var payloads = FileMarksCodec.Split(_settings.Marks);
        foreach (var payload in payloads)
            _link.Outgoing.Add(FrameType.Marks, FrameFlags.More, payload: payload);
        Crash.At(CrashPoint.MarksQueued);
        FlushOutgoing();
    }

    private void Round()
    {
        _patience.End();
        var heard = Wait();
        _patience.Begin(_looked);
        while (_posted.TryDequeue(out var action))
            action();
        if (heard.Control)
            _control.Fill(RoundBytes);
        ReadControl();
        if (HasPlan)
        {
            if (heard.Data && !_moreFrames)
                _data.Fill(RoundBytes);
            var count = ReadFrames();
            if (count > 0)
                ApplyFrames(count);
        }
        _stream.Settle();
        Volatile.Write(ref _compared, _stream.ComparedBytes);
        Volatile.Write(ref _copied, _stream.CopiedBytes);
        TellApplied();
        if (_reads.Serve() is { } broken)
            End(broken);
        FlushOutgoing();
        Judge();
    }

    private (bool Control, bool Data) Wait()
    {
        const int count = 5;
        var entries = stackalloc NativePoll[count];
        entries[0] = new NativePoll { Descriptor = _wake.Descriptor, Events = NativePoll.In };
        entries[1] = new NativePoll
        {
            Descriptor = _link.Control.Descriptor,
            Events = (short)(NativePoll.In | (_link.Outgoing.IsWaiting ? NativePoll.Out : 0)),
        };
        entries[2] = new NativePoll { Descriptor = HasPlan ? _link.Data.Descriptor : -1, Events = (short)(NativePoll.In | (_reads.WaitsToSend ? NativePoll.Out : 0)) };
        entries[3] = new NativePoll { Descriptor = _stream.RingDescriptor, Events = NativePoll.In };
        entries[4] = new NativePoll { Descriptor = _stream.PreimagesDescriptor, Events = NativePoll.In };
        var patience = WaitMs();
        var ready = Shim.Poll(entries, count, patience);
        if (ready == 0 && patience == PollMs)
            _stream.Shrink();
        if (ready < 0)
            throw new TargetException($"Waiting for the source failed: {Errno.Describe(-ready)}.", replicaFailed: true);
        if (entries[0].Happened != 0)
            _wake.Clear();
        _looked = Environment.TickCount64;
        const int arrived = NativePoll.In | NativePoll.Error | NativePoll.HangUp;
        return ((entries[1].Happened & arrived) != 0 || _link.Control.HasPending,
            (entries[2].Happened & arrived) != 0 || (HasPlan && _link.Data.HasPending));
    }

    private int WaitMs()
    {
        if (_moreFrames || _link.Control.HasPending || (HasPlan && _link.Data.HasPending))
            return 0;
        return (_stream.Applied != _appliedTold && _stream.IsIdle) || _received != _receivedTold ? AppliedDelayMs : PollMs;
    }

    /// <summary>Whole frames of the data connection into <see cref="_frames"/>; a batch was acknowledged as received when
    /// this returns.</summary>
    private int ReadFrames()
    {
        var count = 0;
        while (count < RoundFrames)
        {
            var status = _data.TryRead(out var header, out var payload);
            if (status == FrameReadStatus.NeedMore)
                break;
            if (status == FrameReadStatus.Violation || header.Sequence != _received + 1)
            {
                ApplyFrames(count); // they are whole, and may have been acknowledged
                throw TargetException.Violation(status == FrameReadStatus.Violation
                    ? $"what follows frame {_received} has a wrong checksum or length."
                    : $"frame {header.Sequence} follows frame {_received}.");
            }
            _received = header.Sequence;
            _frames[count++] = new TargetFrame(header, payload);
        }
        _moreFrames = count == RoundFrames;
        if (count == 0)
            ReleaseData();
        return count;
    }

    private void ApplyFrames(int count)
    {
        // Before applying: the source waits for it, and the disk does not change what this memory holds. Where it waits
        // for "applied", or for the end of a flush alone, the one message says both.
        if (_ack == AckMode.Received && _end is null && IsReceiptAwaited(count))
        {
            TellProgress();
            FlushOutgoing();
            Crash.At(CrashPoint.Received);
        }
        try
        {
            _stream.Apply(_frames.AsSpan(0, count));
        }
        catch (TargetException exception) when (!exception.ReplicaFailed)
        {
            // A violation inside the batch: what follows it was acknowledged and cannot be applied any more.
            throw new TargetException(exception.Message, replicaFailed: true);
        }
        Array.Clear(_frames, 0, count); // the payloads' memory goes back to its pool
        ReleaseData();
    }

    /// <summary>What was read is applied. Of a large write behind it the rest goes to its final place.</summary>
    private void ReleaseData()
    {
        if (_end is null && _data.Incomplete is { Type: FrameType.Write or FrameType.ResyncBlock, PayloadLength: >= InPlaceBytesMin } next
            && (next.Flags & FrameFlags.Lz4) == 0)
            _data.ReceiveInPlace(_stream.Reserve(next.PayloadLength));
        _data.Release();
    }

    private bool IsReceiptAwaited(int count)
    {
        for (var index = 0; index < count; index++)
            if (_frames[index].Header.Type is not (FrameType.Flush or FrameType.Barrier))
                return true;
        return false;
    }

    private void TellProgress()
    {
        _receivedTold = _received;
        _appliedTold = _stream.Applied;
        // Counted from here too: under load each receipt tells what was applied before it, and a message of its own would wake the
        // source once more for each write.
        _appliedSince = Environment.TickCount64;
        _link.Outgoing.Add(FrameType.Progress, sequence: _receivedTold, offset: _appliedTold);
    }

    /// <summary>This thread is busy with what a resync replaces, and the source must not take it for a disk that hangs.</summary>
    private void KeepAlive()
    {
        var now = Environment.TickCount64;
        // A salvage set's files are made whole on another thread.
        if (Thread.CurrentThread != _thread || now - _link.Outgoing.LastSent < ProbeAfterMs)
            return;
        _patience.Begin(now);
        TellProgress();
        FlushOutgoing();
    }

    private void TellApplied()
    {
        var applied = _stream.Applied;
        if (applied != _appliedTold && _ack == AckMode.Applied)
            TellProgress();
        else if (applied == _appliedTold && _received == _receivedTold)
            _appliedSince = Environment.TickCount64;
        else if (Environment.TickCount64 - _appliedSince >= AppliedDelayMs || _link.Outgoing.IsWaiting)
            TellProgress();
    }

    private void FlushOutgoing()
    {
        if (_link.Outgoing.IsWaiting && _link.Outgoing.Flush() is { } sentence)
            End(sentence);
    }

    /// <summary>Silence counts up to when this thread last looked: while a slow disk kept it, what the source said has
    /// waited in the socket.</summary>
    private void Judge()
    {
        var now = Environment.TickCount64;
        _patience.Judge(now, _stream.WritesSilentSince, _stream.SyncSince);
        _lastHeard = Math.Max(_lastHeard, Math.Max(_control.LastReceived, _data.LastReceived));
        if (_control.Ended is { } control)
            End(control);
        else if (_data.Ended is { } data)
            End(data);
        else if (_looked - _lastHeard > Volatile.Read(ref _lockTimeoutMs))
            End($"The source at {_link.Control.Remote} has said nothing for {Volatile.Read(ref _lockTimeoutMs) / 1000.0:0.#} s (locktimeout).");
        else if (now - _link.Outgoing.LastSent > ProbeAfterMs)
            _link.Outgoing.Add(FrameType.Probe);
    }
}
