// The pump when the local disk fails, or does not let its thread go.
using HaMirror.Io.Replication;

namespace HaMirror.Io.Storage;

internal sealed unsafe partial class Pump
{
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
        var next = new Thread(Run) { IsBackground = true, Name = $"pump {_options.Module}" };
        Volatile.Write(ref _thread, next);
        next.Start();
    }
}
