using System.Buffers.Binary;
using System.Collections.Immutable;

namespace HaMirror.Io.Heartbeats;

/// <summary>Sends every module's beat over every LAN each pulse, and tells what the peer's say.</summary>
/// <remarks>
/// One sending thread and one receiving thread per LAN, all of their own: neither the thread pool nor any disk or lock of
/// the rest of the agent stands between two pulses (design, G8). The content of a datagram is a count u16 and that many
/// announcements, each with its length u16 before it; a pulse with more than fits goes out as several datagrams.
/// </remarks>
public sealed class HeartbeatService : IDisposable
{
    public const int PortDefault = 4800;

    /// <summary>Unproven datagrams answered a second: enough for a peer that restarts, too few to be used as an amplifier.</summary>
    private const int AnswersPerSecondMax = 20;

    private const int CountBytes = 2, LengthBytes = 2;

    private readonly HeartbeatSession _session;
    private readonly IHeartbeatEvents _events;
    private readonly ImmutableArray<HeartbeatLan> _lans;
    private readonly TimeProvider _clock;
    private readonly ManualResetEventSlim _wake = new();
    private readonly Lock _refusalLock = new();
    private readonly Dictionary<HeartbeatVerdict, long> _refusalSaid = [];
    private Thread? _sender;
    private long _answerSecond;
    private int _answers;
    private volatile bool _stopped;
    private long _pulseTicks = TimeSpan.FromMilliseconds(200).Ticks;
    private long _timeoutTicks = TimeSpan.FromSeconds(3).Ticks;

    public HeartbeatService(
        HeartbeatSession session, IEnumerable<LanPath> lans, int port, IHeartbeatEvents events, TimeProvider clock)
    {
        _session = session;
        _events = events;
        _clock = clock;
        _lans = [.. lans.Select(path => new HeartbeatLan(path, port, clock))];
    }

    /// <summary>Time between two pulses: the smallest of the modules'.</summary>
    public TimeSpan Pulse
    {
        get => new(Interlocked.Read(ref _pulseTicks));
        set => Interlocked.Exchange(ref _pulseTicks, value.Ticks);
    }

    /// <summary>Silence after which a LAN counts as lost: the smallest of the modules' time-outs.</summary>
    public TimeSpan Timeout
    {
        get => new(Interlocked.Read(ref _timeoutTicks));
        set => Interlocked.Exchange(ref _timeoutTicks, value.Ticks);
    }

    public ImmutableArray<LanHearing> Lans => [.. _lans.Select(lan => lan.Hearing(Timeout))];

    public void Start()
    {
        _sender = StartThread("heartbeat", Send);
        foreach (var lan in _lans) StartThread("heartbeat " + lan.Path.Name, () => Receive(lan));
    }

    /// <summary>Sends now, without waiting for the pulse: something that beats say has changed.</summary>
    public void BeatNow() => _wake.Set();

    public void Dispose()
    {
        _stopped = true;
        _wake.Set();
        _sender?.Join();
        foreach (var lan in _lans) lan.Dispose();
        _session.Dispose();
    }

    private static Thread StartThread(string name, Action body)
    {
        var thread = new Thread(() =>
        {
            ThreadUrgency.Raise();
            body();
        })
        { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }

    private void Send()
    {
        while (!_stopped)
        {
            var began = _clock.GetTimestamp();
            _wake.Reset();
            SendAll();
            foreach (var lan in _lans)
            {
                if (lan.TakeChange(Timeout) is { } lost) _events.LanChanged(lan.Path.Name, lost);
                if (lan.TakeTrouble() is { } sentence) _events.Trouble(sentence);
            }

            var left = Pulse - _clock.GetElapsedTime(began);
            if (left > TimeSpan.Zero) _wake.Wait(left);
        }
    }

    private void SendAll()
    {
        Span<byte> content = stackalloc byte[HeartbeatSession.ContentBytesMax];
        Span<byte> one = stackalloc byte[BeatCodec.BytesMax];
        int count = 0, length = CountBytes, sent = 0;
        foreach (var announcement in _events.Announcements())
        {
            var bytes = BeatCodec.Write(one, announcement);
            if (length + LengthBytes + bytes > content.Length)
            {
                SendOne(content, count, length);
                sent++;
                count = 0;
                length = CountBytes;
            }

            BinaryPrimitives.WriteUInt16LittleEndian(content[length..], (ushort)bytes);
            one[..bytes].CopyTo(content[(length + LengthBytes)..]);
            length += LengthBytes + bytes;
            count++;
        }

        // A node without modules beats too: that is how LANs are known to work.
        if (count > 0 || sent == 0) SendOne(content, count, length);
    }

    private void SendOne(Span<byte> content, int count, int length)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(content, (ushort)count);
        Span<byte> datagram = stackalloc byte[HeartbeatSession.DatagramBytesMax];
        foreach (var lan in _lans)
        {
            var bytes = _session.Seal(content[..length], datagram);
            lan.Send(datagram[..bytes]);
        }
    }

    private void Receive(HeartbeatLan lan)
    {
        var datagram = new byte[HeartbeatSession.DatagramBytesMax + 1];
        var content = new byte[HeartbeatSession.DatagramBytesMax];
        var met = BootId.None;
        while (!_stopped)
        {
            var bytes = lan.Receive(datagram, out var fromPeer);
            if (bytes <= 0) continue;
            var verdict = _session.Open(datagram.AsSpan(0, bytes), content, out var length, out var sender);
            switch (verdict)
            {
                case HeartbeatVerdict.Accepted:
                    lan.MarkHeard();
                    if (sender != met)
                    {
                        met = sender;
                        BeatNow(); // So that a peer that has just restarted can accept us at once.
                    }

                    Tell(content.AsSpan(0, length), sender);
                    break;
                case HeartbeatVerdict.Unproven:
                    Answer(lan, sender);
                    break;
                default:
                    Refuse(lan, verdict, fromPeer);
                    break;
            }
        }
    }

    private void Tell(ReadOnlySpan<byte> content, BootId sender)
    {
        if (content.Length < CountBytes) return;
        int count = BinaryPrimitives.ReadUInt16LittleEndian(content);
        var at = CountBytes;
        for (var index = 0; index < count; index++)
        {
            if (content.Length - at < LengthBytes) return;
            int bytes = BinaryPrimitives.ReadUInt16LittleEndian(content[at..]);
            at += LengthBytes;
            if (content.Length - at < bytes) return;
            if (BeatCodec.Read(content.Slice(at, bytes), sender.Short) is { } announcement) _events.Heard(announcement);
            at += bytes;
        }
    }

    /// <summary>Names the sender's life to it, so that its next heartbeat can name ours; and wakes the pulse, so that a peer
    /// that has just accepted us does not wait for a whole one.</summary>
    private void Answer(HeartbeatLan lan, BootId sender)
    {
        var second = _clock.GetTimestamp() / _clock.TimestampFrequency;
        if (Interlocked.Exchange(ref _answerSecond, second) != second) Interlocked.Exchange(ref _answers, 0);
        if (Interlocked.Increment(ref _answers) > AnswersPerSecondMax) return;
        Span<byte> empty = stackalloc byte[CountBytes];
        empty.Clear();
        Span<byte> datagram = stackalloc byte[HeartbeatSession.DatagramBytesMax];
        var bytes = _session.Seal(empty, datagram, sender);
        lan.Send(datagram[..bytes]);
        BeatNow();
    }

    private void Refuse(HeartbeatLan lan, HeartbeatVerdict verdict, bool fromPeer)
    {
        var why = verdict switch
        {
            HeartbeatVerdict.OtherCluster => "it is of another cluster; join one of the nodes to the other's with 'hamirror cluster join'",
            HeartbeatVerdict.OtherVersion => "it is of another version; install the same release of HaMirror on both nodes",
            HeartbeatVerdict.Forged => "it is forged or damaged, or the nodes hold different cluster keys; 'hamirror cluster join' makes them equal",
            HeartbeatVerdict.Replayed => "it was received before",
            HeartbeatVerdict.Retired => "its sender has restarted since",
            _ => "it is no heartbeat; another program may use the port",
        };
        // One that was received before, or comes from an ended life, says nothing of what the peer is.
        if (fromPeer && verdict is not (HeartbeatVerdict.Replayed or HeartbeatVerdict.Retired)) lan.MarkRefused(why);
        var now = _clock.GetTimestamp();
        lock (_refusalLock)
        {
            if (_refusalSaid.TryGetValue(verdict, out var last) && _clock.GetElapsedTime(last, now) < TimeSpan.FromMinutes(1)) return;
            _refusalSaid[verdict] = now;
        }

        _events.Trouble($"A heartbeat on LAN {lan.Path.Name} was refused: {why}.");
    }
}
