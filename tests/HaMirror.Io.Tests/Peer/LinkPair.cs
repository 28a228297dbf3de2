using System.Buffers;
using System.Net;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Peer;
using Microsoft.Extensions.Logging.Abstractions;

namespace HaMirror.Io.Tests.Peer;

/// <summary>Two ends of a link over the loopback, made by the real listener and dialler.</summary>
internal sealed class LinkPair : IDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly PeerListener _listener;

    public LinkPair(bool encryption, TimeSpan? deadline = null)
    {
        var identity = Identity(encryption);
        using var accepted = new BlockingCollectionOfOne<PeerLink>();
        _listener = new PeerListener(identity, new IPEndPoint(IPAddress.Loopback, 0), () => Hello("node1"), accepted.Set, NullLogger.Instance);
        var outcome = PeerDialer.DialAsync(identity, "127.0.0.1", _listener.LocalEndPoint.Port, null, Hello("node2"),
            deadline ?? Deadline, CancellationToken.None).GetAwaiter().GetResult();
        Target = outcome.Link ?? throw new InvalidOperationException(outcome.Refusal);
        Source = accepted.Take(Deadline);
    }

    public PeerLink Source { get; }

    public PeerLink Target { get; }

    public static readonly Guid Cluster = new("11111111-2222-3333-4444-555555555555");

    public static PeerIdentity Identity(bool encryption, string module = "vm1", byte seed = 7, Guid? cluster = null) =>
        new(cluster ?? Cluster, module, ClusterKey.Derive(Enumerable.Repeat(seed, 32).ToArray(), KeyUse.Replication), encryption);

    public static PeerHello Hello(string node) => new(
        node,
        new ReplicaRecord
        {
            Current = new GenerationId(new Guid("00000000-0000-0000-0000-000000000001")),
            Base = new GenerationId(new Guid("00000000-0000-0000-0000-000000000001")),
            History = [new GenerationId(new Guid("00000000-0000-0000-0000-000000000002"))],
            Condition = ReplicaCondition.UpToDate,
            PeerName = "the other",
        },
        ModuleState.Wait, FullSync: true, MarkCount: 3);

    public void Dispose()
    {
        Source.Close("The test ends.");
        Target.Close("The test ends.");
        _listener.Dispose();
    }
}

/// <summary>One value handed from thread to thread.</summary>
internal sealed class BlockingCollectionOfOne<T> : IDisposable
{
    private readonly System.Collections.Concurrent.BlockingCollection<T> _values = [];

    public void Set(T value) => _values.Add(value);

    public T Take(TimeSpan deadline) =>
        _values.TryTake(out var value, deadline) ? value : throw new TimeoutException("Nothing came.");

    public void Dispose() => _values.Dispose();
}

/// <summary>The source's end of a link, as a test drives it: blocking, with a deadline.</summary>
internal sealed unsafe class SourceEnd(PeerLink link)
{
    private readonly FrameReader _control = new(link.Control);
    private ulong _sequence;

    public ulong Sequence => _sequence;

    public List<FileMarks> Marks { get; } = [];

    public ulong Received { get; private set; }

    public ulong Applied { get; private set; }

    /// <summary>A frame on the data connection; its sequence.</summary>
    public ulong Send(
        FrameType type, ReadOnlySpan<byte> payload = default, ulong file = 0, ulong offset = 0, uint argument = 0,
        FrameFlags flags = FrameFlags.None)
    {
        SendRaw(Encode(type, payload, ++_sequence, file, offset, argument, flags));
        return _sequence;
    }

    public static byte[] Encode(
        FrameType type, ReadOnlySpan<byte> payload, ulong sequence, ulong file = 0, ulong offset = 0, uint argument = 0,
        FrameFlags flags = FrameFlags.None)
    {
        var frame = new byte[FrameHeader.Size + payload.Length];
        new FrameHeader(type, flags, payload.Length, Crc32C.Compute(payload), sequence, file, offset, argument).Write(frame);
        payload.CopyTo(frame.AsSpan(FrameHeader.Size));
        return frame;
    }

    /// <summary>Bytes as they are on the data connection. Throws when the target has closed it.</summary>
    public void SendRaw(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* at = bytes)
            for (var sent = 0; sent < bytes.Length;)
            {
                var part = new NativeVector { Data = at + sent, Bytes = (nuint)(bytes.Length - sent) };
                var taken = link.Data.Send(&part, 1);
                if (taken < 0)
                    throw new IOException($"errno {-taken}");
                if (taken == 0)
                    Poll(link.Data.Descriptor, NativePoll.Out, LinkPair.Deadline);
                sent += (int)taken;
            }
    }

    public ulong Change(NamespaceChange change)
    {
        var room = new byte[NamespaceChangeCodec.BytesMax];
        var bytes = NamespaceChangeCodec.Write(room, change);
        Assert.NotEqual(0, bytes);
        return Send(FrameType.Change, room.AsSpan(0, bytes));
    }

    public ulong Bind(ulong file, string path, int root = 0) =>
        Send(FrameType.Bind, System.Text.Encoding.UTF8.GetBytes(path), file, argument: (uint)root);

    public void SendControl(FrameType type, ReadOnlySpan<byte> payload = default, uint argument = 0, FrameFlags flags = FrameFlags.None)
    {
        link.Outgoing.Add(type, flags, argument: argument, payload: payload);
        while (link.Outgoing.IsWaiting)
        {
            if (link.Outgoing.Flush() is { } sentence)
                throw new IOException(sentence);
            if (link.Outgoing.IsWaiting)
                Poll(link.Control.Descriptor, NativePoll.Out, LinkPair.Deadline);
        }
    }

    /// <summary>Reads control frames until one of the type comes; marks and progress are noted on the way. Null with the
    /// link's end.</summary>
    public (FrameHeader Header, byte[] Payload)? Expect(FrameType type, Func<FrameHeader, bool>? when = null)
    {
        var deadline = Environment.TickCount64 + (long)LinkPair.Deadline.TotalMilliseconds;
        while (Environment.TickCount64 < deadline)
        {
            while (_control.TryRead(out var header, out var payload) == FrameReadStatus.Frame)
            {
                var bytes = payload.ToArray();
                _control.Release();
                Note(header, bytes);
                if (header.Type == type && (when is null || when(header)))
                    return (header, bytes);
            }
            _control.Release();
            if (_control.Ended is not null)
                return null;
            if (_control.Fill(1 << 20) == 0 && _control.Ended is null)
                Poll(link.Control.Descriptor, NativePoll.In, TimeSpan.FromMilliseconds(200));
        }
        throw new TimeoutException($"No {type} came.");
    }

    /// <summary>A barrier, and its Durable.</summary>
    public void Settle()
    {
        var sequence = Send(FrameType.Barrier);
        Assert.NotNull(Expect(FrameType.Durable, header => header.Sequence == sequence));
    }

    private void Note(FrameHeader header, byte[] payload)
    {
        if (header.Type == FrameType.Marks)
            Assert.True(FileMarksCodec.TryRead(payload, Marks));
        if (header.Type == FrameType.Progress)
        {
            Assert.True(header.Sequence >= Received && header.Offset >= Applied && header.Offset <= header.Sequence);
            (Received, Applied) = (header.Sequence, header.Offset);
        }
    }

    private static void Poll(int descriptor, short events, TimeSpan wait)
    {
        var entry = new NativePoll { Descriptor = descriptor, Events = events };
        _ = Shim.Poll(&entry, 1, (int)wait.TotalMilliseconds);
    }
}
