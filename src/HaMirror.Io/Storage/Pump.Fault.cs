// The pump when the local disk fails, or does not let its thread go.
using HaMirror.Io.Replication;

namespace HaMirror.Io.Storage;

internal sealed unsafe partial class Pump
{
    private readonly ManualResetEventSlim _ended = new();
    private readonly System.Collections.Concurrent.ConcurrentQueue<Thread> _threads = new();

    /// <summary>Asks the peer to stand in for the disk.</summary>
    public void Detach(long number) => WithLink(number, source => source.SendDetached());

    public void KeepDisk() => _flow.KeepDisk();

    void ISourceOwner.DetachAccepted(long link)
    {
        _options.Log.Detached(_options.Module, link);
        foreach (var mount in _mounts)
            mount.System.IsDetached = true;
        _flow.Detach();
        _events.DetachAccepted(link);
    }

    /// <summary>The pump's thread is stuck in the disk: another one goes on where it was.</summary>
    private void Succeed()
    {
        _options.Log.PumpLeft(_options.Module);
        Begin();
    }

    private void Begin()
    {
        var thread = new Thread(Run) { IsBackground = true, Name = $"pump {_options.Module}" };
        _threads.Enqueue(thread);
        thread.Start();
    }

    /// <summary>Why it did not end as it should, as a sentence: the marks in memory are not to be relied on. Null: it did.</summary>
    public string? EndFailure { get; private set; }

    private void End()
    {
        try
        {
            EndLink($"Module {_options.Module} ends its service here.");
            _disk.Finish(Harvest);
        }
        catch (Exception failure)
        {
            _options.Log.PumpFailed(_options.Module, failure.Message, failure);
            EndFailure = $"The data path of module {_options.Module} failed at its end: {failure.Message}";
        }
        _ended.Set();
    }

    /// <summary>Ends the pump after what was posted before, and waits until neither a thread nor a write of its is left in the disk,
    /// however long that hangs. Any thread but the pump's.</summary>
    public void Stop()
    {
        Post(() => _stop = true);
        _ended.Wait();
        // Those that were left in the disk by the pump still use the mount's files.
        while (_threads.TryDequeue(out var thread))
            thread.Join();
    }
}
