// The data connection of a target that keeps what it replaces, without a link: a test is its thread and hands it frames.
using System.Buffers;
using System.Buffers.Binary;
using HaMirror.Core.Configuration;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Peer;
using HaMirror.Io.Preimages;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Tests.Preimages;

internal sealed unsafe class JournalledTarget : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static readonly ReplicaRecord Before = new()
    {
        Current = new GenerationId(Guid.Parse("00000000-0000-0000-0000-000000000001")), Condition = ReplicaCondition.Outdated,
    };

    private const uint PunchHole = 3;

    private readonly WakeEvent _wake = new();
    private readonly ControlQueue _outgoing = new(null!); // Nothing ever leaves.
    private readonly int _root;
    private ulong _sequence;
    private bool _isCut;

    /// <param name="parent">Of the replica and of what the node keeps.</param>
    /// <param name="prepare">Makes the replica, unless it is there.</param>
    /// <param name="flush">As the journal takes it.</param>
    public JournalledTarget(string parent, Action<string>? prepare = null, Func<int, int>? flush = null)
    {
        Folder = Path.Combine(parent, "replica");
        State = Path.Combine(parent, "state");
        if (!Directory.Exists(Folder))
        {
            Directory.CreateDirectory(Folder);
            prepare?.Invoke(Folder);
        }
        _root = Shim.Check(Shim.Open(Shim.CurrentDirectory, Folder, OpenFlags.ReadOnly | OpenFlags.Directory, 0), "open");
        Root = new TargetRoot(_root, Folder, new ReplicationFilter(new ReplicatedDirectory(Folder, [], [], [])));
        Place = new PreimagePlace(State, "n1", "n2") { Flush = flush };
        Stream = new TargetStream(new TargetSettings([Root], AckMode.Received, Patience, []), _outgoing, _wake);
    }

    public string Folder { get; }

    public string State { get; }

    public TargetRoot Root { get; }

    public PreimagePlace Place { get; }

    public TargetStream Stream { get; }

    /// <summary>Why nothing is kept any longer.</summary>
    public List<string> Said { get; } = [];

    /// <summary>Called before <see cref="Said"/> gets a sentence.</summary>
    public Action? Saying { get; set; }

    /// <summary>Bytes of answers so far.</summary>
    public int Answered => _outgoing.WaitingBytes;

    public PreimageJournal Journal => Stream.Preimages!;

    public static Preserving Keeping(Preservation kind) =>
        new(kind, Before, new GenerationId(Guid.Parse("00000000-0000-0000-0000-000000000002")));

    public string At(string name) => Path.Combine(Folder, name);

    /// <summary>From here on it is kept what is replaced.</summary>
    public void Begin(Preservation kind = Preservation.Undo) => Stream.Preimages = Place.Begin([Root], Keeping(kind), sentence =>
    {
        Saying?.Invoke();
        Said.Add(sentence);
    });

    /// <summary>The offer is accepted, and nothing is kept any more.</summary>
    public void End() => Place.End(Stream.EndPreimages()!);

    public TargetFrame Bind(ulong file, string name) => Frame(FrameType.Bind, System.Text.Encoding.UTF8.GetBytes(name), file);

    public TargetFrame Write(ulong file, long offset, byte[] content) => Frame(FrameType.Write, content, file, (ulong)offset);

    public TargetFrame Block(ulong file, long offset, byte[] content) => Frame(FrameType.ResyncBlock, content, file, (ulong)offset);

    public TargetFrame Punch(ulong file, long offset, long bytes) => Frame(FrameType.Fallocate, Number(bytes), file, (ulong)offset, PunchHole);

    public TargetFrame Zero(ulong file, long offset, long bytes) => Frame(FrameType.ResyncZero, Number(bytes), file, (ulong)offset);

    public TargetFrame Cut(string name, long size) => Change(
        new NamespaceChange(ChangeKind.SetAttributes, 0, name) { Mask = AttributeMask.Size, Size = (ulong)size });

    public TargetFrame Unlink(string name) => Change(new NamespaceChange(ChangeKind.Unlink, 0, name));

    public TargetFrame Rename(string name, string other) => Change(new NamespaceChange(ChangeKind.Rename, 0, name) { Other = other });

    public TargetFrame Barrier() => Frame(FrameType.Barrier, []);

    /// <summary>Hands over a batch. Frames must be in the order in which they were made.</summary>
    public void Apply(params TargetFrame[] frames) => Stream.Apply(frames);

    /// <summary>Lives until something has come.</summary>
    public void Until(Func<bool> condition, string what)
    {
        for (var deadline = DateTime.UtcNow + Patience; !condition(); Thread.Sleep(1))
        {
            Stream.Settle();
            Assert.True(DateTime.UtcNow < deadline, $"Waited in vain until {what}.");
        }
    }

    /// <summary>All frames are applied, and durable.</summary>
    public void Finish()
    {
        var before = Answered;
        Apply(Barrier());
        Until(() => Answered > before, "a barrier is durable");
    }

    /// <summary>The link is lost.</summary>
    public void Cut()
    {
        if (!_isCut)
            Stream.Dispose();
        _isCut = true;
    }

    public void Dispose()
    {
        Cut();
        _wake.Dispose();
        _ = Shim.Close(_root);
    }

    private TargetFrame Change(NamespaceChange change)
    {
        var room = new byte[NamespaceChangeCodec.BytesMax];
        return Frame(FrameType.Change, room[..NamespaceChangeCodec.Write(room, change)]);
    }

    private TargetFrame Frame(FrameType type, byte[] payload, ulong file = 0, ulong offset = 0, uint argument = 0) =>
        new(new FrameHeader(type, FrameFlags.None, payload.Length, 0, ++_sequence, file, offset, argument), new ReadOnlySequence<byte>(payload));

    private static byte[] Number(long value)
    {
        var bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes;
    }
}
