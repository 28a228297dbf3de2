// One node of a pair: a replica in a scratch directory, its MirrorStorage, and a driver that answers as the machine would.
using System.Collections.Concurrent;
using HaMirror.Core.Configuration;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Files.Tests.Fuse;
using HaMirror.Io.IntentLog;
using HaMirror.Io.Native;
using HaMirror.Io.Preimages;
using HaMirror.Io.Replication;
using HaMirror.Io.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace HaMirror.Files.Tests.Replication;

internal sealed class StorageNode : IStorageEvents, IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly GenerationId Generation = new(Guid.Parse("00000000-0000-0000-0000-000000000007"));

    private readonly string _parent;
    private readonly string _state;
    private readonly bool _isStateOnDisk;
    private long _link;
    private int _root;

    public StorageNode(string name, Action<string>? prepare = null, Func<ReplicationConfiguration, ReplicationConfiguration>? configure = null,
        IEnumerable<string>? excluded = null, string? disk = null, ulong? keepBytesMin = null, string? stateDisk = null)
    {
        Shim.RaiseFileLimit();
        _parent = disk is null
            ? Directory.CreateTempSubdirectory($"hamirror-source-{name}-").FullName
            : Directory.CreateDirectory(Path.Combine(disk, "node")).FullName;
        _state = stateDisk is not null ? Directory.CreateDirectory(Path.Combine(stateDisk, "node")).FullName
            : disk is null ? _parent : Directory.CreateTempSubdirectory($"hamirror-state-{name}-").FullName;
        _isStateOnDisk = stateDisk is not null;
        File.SetUnixFileMode(_parent, (UnixFileMode)0b111_101_101);
        Folder = Path.Combine(_parent, "vm");
        Directory.CreateDirectory(Folder);
        prepare?.Invoke(Folder);
        _root = Shim.Check(Shim.Open(Shim.CurrentDirectory, Folder, OpenFlags.ReadOnly | OpenFlags.Directory, 0), "open");
        var configuration = new ReplicationConfiguration
        {
            Directories = [new ReplicatedDirectory(Folder, [.. excluded ?? []], [], [])],
            LockTimeout = TimeSpan.FromSeconds(20),
            SendTimeout = TimeSpan.FromSeconds(20),
        };
        Options = new MirrorStorageOptions(
            name, configure?.Invoke(configuration) ?? configuration, NewStore(),
            NullLogger.Instance)
        {
            Preimages = Preimages = keepBytesMin is { } least
                ? new PreimagePlace(StateFolder, name, "peer") { KeepBytesMin = least }
                : new PreimagePlace(StateFolder, name, "peer"),
        };
        Storage = new MirrorStorage(Options, this);
    }

    public string StateFolder => Path.Combine(_state, "state");

    public PreimagePlace Preimages { get; }

    /// <summary>What a target keeps of its next resync.</summary>
    public Preserving Keeps { get; set; } = Preserving.Nothing;

    /// <summary>What the storage has told.</summary>
    public ConcurrentQueue<string> Said { get; } = new();

    /// <summary>The underlying directory as a target's root.</summary>
    public TargetRoot Root => new(_root, Folder, new ReplicationFilter(Options.Replication.Directories[0]));

    public IntentStore NewStore() => new(Path.Combine(StateFolder, "marks"), Path.Combine(StateFolder, "intentlog"));

    public MirrorStorageOptions Options { get; }

    public MirrorStorage Storage { get; private set; }

    /// <summary>The mount; the underlying directory when not mounted.</summary>
    public string Folder { get; }

    public ResyncPlan Plan { get; set; } = ResyncPlan.Dirty;

    /// <summary>Whether the source offers as soon as the resync has ended.</summary>
    public bool Offers { get; set; } = true;

    /// <summary>Whether a generation is opened when one is asked for.</summary>
    public bool OpensGenerations { get; set; } = true;

    /// <summary>Whether the peer is to stand in for a disk that failed.</summary>
    public bool Detaches { get; set; } = true;

    public BlockingCollection<string> Happened { get; } = [];

    public ConcurrentQueue<string> Failures { get; } = new();

    public string At(string name) => Path.Combine(Folder, name);

    public string Image()
    {
        // What was written is in the page cache of the underlying file system, which both ways of looking share.
        return ReplicaDifference.Image(_root);
    }

    /// <summary>The underlying directory, mounted or not.</summary>
    public string Underlying => $"/proc/self/fd/{_root}";

    /// <summary>Null, or what differs from another replica, in words.</summary>
    public string? DifferenceFrom(StorageNode target) => ReplicaDifference.Between(_root, target._root);

    public void Mount() => Assert.Null(Wait(Storage.MountAsync()));

    public void Serve()
    {
        Mount();
        LetIn();
    }

    /// <summary>Lets changes in, and waits until it is so.</summary>
    public void LetIn()
    {
        Storage.SetWritable(true);
        Until(() => Storage.Status.Writable, "the mount becomes writable");
    }

    /// <summary>Stops in order and starts anew, as after a stop of the module.</summary>
    public void Restart()
    {
        Assert.Null(Wait(Storage.UnmountAsync()));
        Storage = new MirrorStorage(Options, this);
        Assert.Null(Storage.MarksUnknown);
    }

    /// <summary>Waits for an event; others that come before it are dropped.</summary>
    public string Expect(string prefix)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (DateTime.UtcNow < deadline)
        {
            if (Happened.TryTake(out var what, TimeSpan.FromSeconds(1)) && what.StartsWith(prefix, StringComparison.Ordinal))
                return what;
        }
        throw new TimeoutException($"'{prefix}' never happened; failures: {string.Join("; ", Failures)}; {Storage.Status}");
    }

    public static void Until(Func<bool> condition, string what)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, $"Waited in vain until {what}.");
            Thread.Yield();
            Thread.Sleep(1);
        }
    }

    public static T Wait<T>(Task<T> task) =>
        task.Wait(Patience) ? task.Result : throw new TimeoutException("A task never ended.");

    /// <summary>Waits for a task and passes its failure on.</summary>
    public static void Finish(Task task)
    {
        if (!task.Wait(Patience))
            throw new TimeoutException("A task never ended.");
    }

    public void Dispose()
    {
        Storage.Dispose();
        if (_root >= 0)
            _ = Shim.Close(_root);
        _root = -1;
        if (_parent == _state || _isStateOnDisk)
            Directory.Delete(_parent, true);
        else
            Directory.Delete(_state, true); // the disk goes as a whole, and may be broken
    }

    void IStorageEvents.GenerationNeeded()
    {
        Happened.Add("generation");
        if (OpensGenerations)
            Storage.OpenGeneration(Generation);
    }

    void IStorageEvents.LinkUp(long link, bool source, PeerHello peer)
    {
        _link = link;
        Happened.Add($"up {link}");
        if (source)
            Storage.BeginSource(link, Plan);
    }

    void IStorageEvents.PlanReceived(long link, ResyncPlan plan) => Storage.BeginTarget(link, Plan, Keeps);

    void IStorageEvents.Told(string sentence) => Said.Enqueue(sentence);

    void IStorageEvents.LinkDown(long link, string reason) => Happened.Add($"down {link} {reason}");

    void IStorageEvents.TargetFailed(long link, string reason) => Failures.Enqueue(reason);

    void IStorageEvents.ResyncEnded(long link)
    {
        Happened.Add($"resynced {link}");
        if (Offers)
            Storage.Offer(link, Generation);
    }

    void IStorageEvents.OfferReceived(long link, GenerationId generation) => Storage.AcceptOffer(link);

    void IStorageEvents.OfferAccepted(long link) => Happened.Add($"paired {link}");

    void IStorageEvents.HandoverReceived(long link, bool swap) => Happened.Add($"handover {link}");

    void IStorageEvents.SwapRequested(long link) => Happened.Add($"swap {link}");

    void IStorageEvents.DiskFailed(string reason)
    {
        Happened.Add($"disk {reason}");
        if (Detaches)
            Storage.Detach(_link);
        else
            Storage.KeepDisk();
    }

    void IStorageEvents.PeerDetached(long link)
    {
        Happened.Add($"peer detached {link}");
        Storage.AcceptDetach(link);
    }

    void IStorageEvents.DetachAccepted(long link) => Happened.Add($"detached {link}");

    void IStorageEvents.StorageFailed(string reason)
    {
        Failures.Enqueue(reason);
        Happened.Add($"failed {reason}");
    }
}
