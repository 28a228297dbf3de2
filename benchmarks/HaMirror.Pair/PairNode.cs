// A node without an agent: its data path, and a driver that agrees to everything as the machine of a healthy pair would.
// Invariant: a link that ends is never made again: what is measured or hunted would otherwise hide behind a new one.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using HaMirror.Core.Configuration;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;
using HaMirror.Core.Wire;
using HaMirror.Io.IntentLog;
using HaMirror.Io.Native;
using HaMirror.Io.Peer;
using HaMirror.Io.Preimages;
using HaMirror.Io.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace HaMirror.Pair;

/// <summary>One end of the pair.</summary>
internal sealed class PairNode : IStorageEvents, IDisposable
{
    private static readonly GenerationId Generation = new(Guid.Parse("00000000-0000-0000-0000-000000000007"));
    private static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(5);

    private readonly Arguments _arguments;
    private readonly PeerIdentity _identity;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _linked;
    private PeerListener? _listener;

    public PairNode(Arguments arguments)
    {
        _arguments = arguments;
        Shim.RaiseFileLimit();
        _identity = new PeerIdentity(
            Guid.Parse("11111111-2222-3333-4444-555555555555"), "pair",
            ClusterKey.Derive(Enumerable.Repeat((byte)7, 32).ToArray(), KeyUse.Replication), arguments.Encryption);
        File.Delete(arguments.MarksPath);
        var replication = new ReplicationConfiguration
        {
            Directories = [new ReplicatedDirectory(arguments.Directory, [], [], [])],
            Ack = arguments.Ack, Encryption = arguments.Encryption,
            LockTimeout = arguments.LockTimeout, SendTimeout = arguments.LockTimeout, HotAreas = arguments.HotAreas,
            ResyncStreams = arguments.Streams, Kernel = KernelUse.Usual with { Passthrough = arguments.Passthrough },
        };
        Storage = new MirrorStorage(
            new MirrorStorageOptions(
                "pair", replication, new IntentStore(arguments.MarksPath, arguments.MarksPath + ".intentlog"), NullLogger.Instance)
            {
                WithoutIntentLog = arguments.WithoutIntentLog,
                Preimages = arguments.UndoPath is { } undo ? new PreimagePlace(undo, "pair", "pair") : null,
            },
            this);
    }

    public MirrorStorage Storage { get; }

    /// <summary>Something ended that this node is for.</summary>
    public TaskCompletionSource<string> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Of a source: its target is equal.</summary>
    public TaskCompletionSource Paired { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Where a source listens.</summary>
    public IPEndPoint? Listening => _listener?.LocalEndPoint;

    /// <returns>Null, or what went wrong, as a sentence.</returns>
    public async Task<string?> StartAsync()
    {
        if (await Storage.MountAsync() is { } failure)
            return failure;
        Say(string.Create(CultureInfo.InvariantCulture, $"MOUNTED after {_clock.Elapsed.TotalSeconds:0.0000} s"));
        if (_arguments.IsSource)
        {
            Storage.SetWritable(true);
            _listener = new PeerListener(_identity, _arguments.Address, () => Hello("source"), Storage.Attach, NullLogger.Instance);
            return null;
        }
        var outcome = await PeerDialer.DialAsync(
            _identity, _arguments.Address.Address.ToString(), _arguments.Address.Port, null, Hello("target"), DialTimeout, CancellationToken.None);
        if (outcome.Link is not { } link)
            return outcome.Refusal;
        Storage.Attach(link);
        return null;
    }

    public void Dispose()
    {
        _listener?.Dispose();
        Storage.Dispose();
    }

    /// <summary>It is ready; how long that took.</summary>
    private void SayReady() => Say(string.Create(CultureInfo.InvariantCulture,
        $"READY after {_clock.Elapsed.TotalSeconds:0.0000} s, {(_clock.Elapsed - _linked).TotalSeconds:0.0000} s from the link"));

    public static void Say(string what) =>
        Console.WriteLine($"{DateTime.Now.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)} {what}");

    void IStorageEvents.GenerationNeeded() => Storage.OpenGeneration(Generation);

    void IStorageEvents.LinkUp(long link, bool source, PeerHello peer)
    {
        _linked = _clock.Elapsed;
        if (source)
            Storage.BeginSource(link, ResyncPlan.CompareAll);
    }

    void IStorageEvents.PlanReceived(long link, ResyncPlan plan) => Storage.BeginTarget(
        link, plan, _arguments.UndoPath is null ? Preserving.Nothing : new Preserving(Preservation.Undo, ReplicaRecord.New, Generation));

    void IStorageEvents.LinkDown(long link, string reason) => Ended.TrySetResult($"Link {link} is down: {reason}");

    void IStorageEvents.TargetFailed(long link, string reason) => Ended.TrySetResult($"The target failed: {reason}");

    void IStorageEvents.ResyncEnded(long link) => Storage.Offer(link, Generation);

    void IStorageEvents.OfferReceived(long link, GenerationId generation)
    {
        Storage.AcceptOffer(link);
        SayReady();
    }

    void IStorageEvents.OfferAccepted(long link)
    {
        Paired.TrySetResult();
        SayReady();
    }

    void IStorageEvents.Told(string sentence) => Say(sentence);

    void IStorageEvents.HandoverReceived(long link, bool swap) => Say("A hand-over came, which nobody here asks for.");

    void IStorageEvents.SwapRequested(long link) => Say("A swap was requested, which nobody here asks for.");

    void IStorageEvents.StorageFailed(string reason) => Ended.TrySetResult(reason);

    private static PeerHello Hello(string node) => new(node, ReplicaRecord.New, ModuleState.Wait, false, 0);
}
