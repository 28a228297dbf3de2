using System.Collections.Immutable;
using HaMirror.Core.Configuration;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.Wire;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;
using HaMirror.Io.Storage;
using HaMirror.Io.Tests.Peer;
using Microsoft.Extensions.Logging.Abstractions;

namespace HaMirror.Files.Tests.Target;

/// <summary>A target session over a real directory, and a test as its source.</summary>
internal sealed class TargetFixture : IDisposable
{
    private readonly LinkPair _pair;
    private readonly int _root;
    private readonly bool _ownsDirectory;

    public TargetFixture(
        ResyncPlan? plan = ResyncPlan.Dirty, bool encryption = false, AckMode ack = AckMode.Received, string? directory = null,
        ImmutableArray<string> excluded = default, TimeSpan? lockTimeout = null, ImmutableArray<FileMarks> marks = default,
        bool offered = false)
    {
        _ownsDirectory = directory is null;
        Root = directory ?? Directory.CreateTempSubdirectory("hamirror-target-").FullName;
        _root = Shim.Check(Shim.Open(Shim.CurrentDirectory, Root, OpenFlags.ReadOnly | OpenFlags.Directory, 0), "open the root");
        _pair = new LinkPair(encryption);
        Source = new SourceEnd(_pair.Source);
        var filter = new ReplicationFilter(new ReplicatedDirectory(Root, excluded.IsDefault ? [] : excluded, [], []));
        Session = new TargetSession(
            _pair.Target,
            new TargetSettings([new TargetRoot(_root, Root, filter)], ack, lockTimeout ?? LinkPair.Deadline, marks.IsDefault ? [] : marks),
            Events, NullLogger.Instance);
        if (plan is not { } wanted)
            return;
        Session.Begin(wanted);
        Source.SendControl(FrameType.Plan, argument: (uint)wanted);
        if (offered)
            Offer();
    }

    public string Root { get; }

    public SourceEnd Source { get; }

    public TargetSession Session { get; }

    public RecordedEvents Events { get; } = new();

    public string PathOf(string name) => System.IO.Path.Combine(Root, name);

    /// <summary>Ends tolerance, as after a resync.</summary>
    public void Offer()
    {
        Source.SendControl(FrameType.Offer, Guid.NewGuid().ToByteArray());
        Events.Wait("OfferReceived");
    }

    /// <summary>The sentence with which the link ended; the session must end by itself.</summary>
    public string EndOfLink() => Events.Wait("LinkDown");

    public void Dispose()
    {
        Session.Dispose();
        _pair.Dispose();
        _ = Shim.Close(_root);
        if (_ownsDirectory)
            Directory.Delete(Root, recursive: true);
    }
}

/// <summary>Events of a session, in order, to be waited for.</summary>
internal sealed class RecordedEvents : IStorageEvents
{
    private readonly List<(string Name, string Text)> _events = [];

    /// <summary>Called after an offer was recorded, on the session's thread: a test keeps that thread here.</summary>
    public Action? AfterOffer { get; set; }

    public IReadOnlyList<string> Names
    {
        get
        {
            lock (_events)
                return [.. _events.Select(happened => happened.Name)];
        }
    }

    public string Wait(string name)
    {
        var deadline = Environment.TickCount64 + (long)LinkPair.Deadline.TotalMilliseconds;
        lock (_events)
            while (true)
            {
                foreach (var happened in _events)
                    if (happened.Name == name)
                        return happened.Text;
                var left = deadline - Environment.TickCount64;
                if (left <= 0 || !Monitor.Wait(_events, (int)left))
                    throw new TimeoutException($"No {name}; there were: {string.Join(", ", _events)}");
            }
    }

    public void GenerationNeeded() => Add("GenerationNeeded", "");

    public void LinkUp(long link, bool source, PeerHello peer) => Add("LinkUp", peer.NodeName);

    public void LinkDown(long link, string reason) => Add("LinkDown", reason);

    public void TargetFailed(long link, string reason) => Add("TargetFailed", reason);

    public void PlanReceived(long link, ResyncPlan plan) => Add("PlanReceived", plan.ToString());

    public void ResyncEnded(long link) => Add("ResyncEnded", "");

    public void OfferReceived(long link, GenerationId generation)
    {
        Add("OfferReceived", generation.ToString());
        AfterOffer?.Invoke();
    }

    public void OfferAccepted(long link) => Add("OfferAccepted", "");

    public void HandoverReceived(long link, bool swap) => Add("HandoverReceived", swap.ToString());

    public void SwapRequested(long link) => Add("SwapRequested", "");

    public void StorageFailed(string reason) => Add("StorageFailed", reason);

    private void Add(string name, string text)
    {
        lock (_events)
        {
            _events.Add((name, text));
            Monitor.PulseAll(_events);
        }
    }
}
