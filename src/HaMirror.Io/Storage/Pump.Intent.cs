// The pump and its intent log, whose blocks go through the same ring as the replica's data.
using HaMirror.Io.IntentLog;
using HaMirror.Io.Native;

namespace HaMirror.Io.Storage;

internal sealed unsafe partial class Pump
{
    /// <summary>In <see cref="NativeIo.User"/>: a write of the intent log.</summary>
    private const ulong IntentUser = 1 << 17;

    private IntentHost? _intents;

    /// <summary>Null: no intent log is kept.</summary>
    public IntentHost? Intents => _intents;

    private void OpenIntents(IntentRing? ring)
    {
        if (ring is null)
            return;
        _intents = new IntentHost(_options, ring, _disk, Marks, _mounts, _flow, IntentUser) { Post = Post };
        _drain.Drained = _intents.Drained;
    }

    private void Harvest()
    {
        while (_disk.Harvest() is { Length: > 0 } batch)
            foreach (var done in batch)
                if (done.User < ResyncUser)
                    _flow.DiskDone(_slots[(int)done.User], done.Result);
                else if (done.User < IntentUser)
                    ResyncRead((int)(done.User - ResyncUser), done.Result);
                else
                    _intents?.Written(done.Result);
    }
}
