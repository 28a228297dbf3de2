// What each kind of change needs of the intent log before it goes.
using HaMirror.Io.Fuse;
using HaMirror.Io.Native;
using HaMirror.Io.Storage;

namespace HaMirror.Io.IntentLog;

/// <summary>Asks the gate of cold areas for a request. Belongs to the pump's thread.</summary>
internal sealed unsafe class IntentChanges(IntentGate gate)
{
    private readonly TouchedNames _names = new();
    private Slot? _looked;

    public IntentGate Gate => gate;

    /// <summary>Whether a change may go. It goes at once, then.</summary>
    public bool Enter(Slot slot)
    {
        ref var request = ref slot.Request;
        if (request.Node is { } node && (slot.Verdict == FuseVerdict.Write || request.Range != RangeChange.None))
        {
            if (node.ReplicatedPath is null)
                return true;
            if (request.Range == RangeChange.Truncate)
                return EnterTruncate(node, request.Offset);
            return gate.Enter(node.Key, request.Offset, request.Bytes);
        }
        return !TouchedNames.Concerns(request.Opcode) || EnterNames(slot);
    }

    /// <summary>The change that was let go last was executed.</summary>
    public void Executed(Slot slot)
    {
        var looked = _looked;
        _looked = null;
        if (ReferenceEquals(looked, slot) && slot.Request.Error == 0 && _names.Removed is var (directory, name, file))
            gate.Removed(directory, name, file);
    }

    private bool EnterTruncate(FileNode node, ulong size)
    {
        NativeStat stat;
        // A file that grows gets a hole, and its length is told with its names.
        return Shim.StatAt(node.Descriptor, "", &stat) != 0 || stat.Size <= size || gate.Enter(node.Key, size, stat.Size - size);
    }

    private bool EnterNames(Slot slot)
    {
        _names.Look(slot.Mount!.System, ref slot.Request);
        foreach (var (directory, name) in _names.Taken)
            if (gate.TryFindRemoved(directory, name, out var file) && !_names.Whole.Contains(file))
                _names.Whole.Add(file);
        if (!gate.EnterWhole(_names.Whole))
            return false;
        _looked = slot;
        return true;
    }
}
