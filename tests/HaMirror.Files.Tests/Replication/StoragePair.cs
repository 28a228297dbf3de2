// Two nodes and the links between them, made by the real listener and dialler over the loopback.
using System.Collections.Concurrent;
using System.Net;
using HaMirror.Core.Configuration;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;
using HaMirror.Core.Wire;
using HaMirror.Io.Peer;
using Microsoft.Extensions.Logging.Abstractions;

namespace HaMirror.Files.Tests.Replication;

internal sealed class StoragePair : IDisposable
{
    private readonly PeerIdentity _identity;
    private readonly PeerListener _listener;
    private readonly BlockingCollection<PeerLink> _accepted = [];

    public StoragePair(
        bool encryption = false, Action<string>? prepareSource = null, Action<string>? prepareTarget = null,
        Func<ReplicationConfiguration, ReplicationConfiguration>? configure = null, IEnumerable<string>? excluded = null,
        string? sourceDisk = null, string? targetDisk = null, ulong? keepBytesMin = null)
    {
        _identity = new PeerIdentity(
            Guid.Parse("11111111-2222-3333-4444-555555555555"), "vm1",
            ClusterKey.Derive(Enumerable.Repeat((byte)7, 32).ToArray(), KeyUse.Replication), encryption);
        _listener = new PeerListener(
            _identity, new IPEndPoint(IPAddress.Loopback, 0), () => Hello("node1"), _accepted.Add, NullLogger.Instance);
        Source = new StorageNode("a", prepareSource, configure, excluded, sourceDisk);
        Target = new StorageNode("b", prepareTarget, configure, excluded, targetDisk, keepBytesMin);
        Source.Serve();
        Target.Mount();
    }

    public StorageNode Source { get; }

    public StorageNode Target { get; }

    /// <summary>Number of the source's end of the last link.</summary>
    public long Link { get; private set; }

    /// <summary>Dials and lets both ends begin.</summary>
    /// <param name="reverse">The target's node is the source now.</param>
    public void Connect(ResyncPlan plan, bool reverse = false)
    {
        Source.Plan = Target.Plan = plan;
        var outcome = StorageNode.Wait(PeerDialer.DialAsync(
            _identity, "127.0.0.1", _listener.LocalEndPoint.Port, null, Hello("node2"), StorageNode.Patience, CancellationToken.None));
        var target = outcome.Link ?? throw new InvalidOperationException(outcome.Refusal);
        Assert.True(_accepted.TryTake(out var source, StorageNode.Patience));
        Link = source.Number;
        (reverse ? Source : Target).Storage.Attach(target);
        (reverse ? Target : Source).Storage.Attach(source);
    }

    /// <summary>Connects and waits until the target has accepted that it is equal.</summary>
    public void Pair(ResyncPlan plan)
    {
        Connect(plan);
        Source.Expect($"paired {Link}");
    }

    /// <summary>Cuts the link at the source; the target applies what it received.</summary>
    public void Cut()
    {
        Source.Storage.CutLink(Link, "The test cuts the link.");
        Source.Expect("down");
        Target.Expect("down");
    }

    /// <summary>Everything that was written is applied over there, and both trees are the same.</summary>
    public void ExpectEqual()
    {
        Assert.Null(StorageNode.Wait(Source.Storage.DrainAsync()));
        Assert.Equal(Source.Image(), Target.Image());
        Assert.Empty(Source.Failures);
        Assert.Empty(Target.Failures);
        Source.LetIn();
    }

    public void Dispose()
    {
        Source.Dispose();
        Target.Dispose();
        _listener.Dispose();
        _accepted.Dispose();
    }

    private static PeerHello Hello(string node) => new(node, ReplicaRecord.New, ModuleState.Wait, false, 0);
}
