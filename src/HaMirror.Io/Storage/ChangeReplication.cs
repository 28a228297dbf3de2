// What becomes of a change besides its execution: a frame to the peer, or a mark.
// Invariants: with a peer that names are equal with, every change is sent and is in flight in the marks; else it is marked.
// Files that came to a name (made, renamed, linked) are marked whole: what the peer has under that name is not known.
using HaMirror.Core.Wire;
using HaMirror.Io.Crashes;
using HaMirror.Io.Fuse;
using HaMirror.Io.IntentLog;
using HaMirror.Io.Native;
using HaMirror.Io.Replication;

namespace HaMirror.Io.Storage;

/// <summary>Sends or marks changes. Belongs to the pump's thread.</summary>
internal sealed unsafe class ChangeReplication(MarkSet marks)
{
    private const uint Exchange = 2; // RENAME_EXCHANGE

    /// <summary>Null: no peer.</summary>
    public SourceLink? Source { get; set; }

    /// <summary>Null: changes are not recorded before they go.</summary>
    public IntentGate? Intent { get; set; }

    /// <summary>The link, when changes are sent over it now.</summary>
    private SourceLink? Streaming => Source is { IsStreaming: true } source ? source : null;

    /// <summary>A write that is about to be handed to the disk.</summary>
    public void Write(Slot slot)
    {
        ref var request = ref slot.Request;
        var node = request.Node!;
        if (Streaming is not { } source)
        {
            Mark(node, request.Offset, request.Bytes);
            return;
        }
        var file = source.Bind(node);
        if (file == 0)
            return;
        slot.PeerOwes++;
        slot.AwaitsSend = true;
        var sequence = source.SendInPlace(
            FrameType.Write, request.Durable ? FrameFlags.Durable : FrameFlags.None, file, request.Offset, 0, request.Data,
            (int)request.Bytes, slot.Index, request.Durable ? -1 : slot.Index);
        (slot.IsSent, slot.Sequence) = (true, sequence);
        marks.Sent(node.Key, request.Offset, request.Bytes);
        if (!request.Durable)
            return;
        slot.FlushSequence = sequence;
        source.FlushIsOwed();
    }

    /// <summary>A flush that is about to be handed to the disk.</summary>
    public void Flush(Slot slot)
    {
        if (Streaming is not { } source || source.Bind(slot.Request.Node!) is not (not 0 and var file))
            return;
        slot.PeerOwes++;
        slot.FlushSequence = source.Send(
            FrameType.Flush, slot.Request.DataOnly ? FrameFlags.DataOnly : FrameFlags.None, file);
        slot.IsSent = true;
        source.FlushIsOwed();
    }

    /// <summary>A change of names, attributes or ranges that was executed.</summary>
    public void Change(Slot slot)
    {
        ref var request = ref slot.Request;
        if (request.Range == RangeChange.Allocate && request.Node is { } node)
            Allocate(slot, node);
        else if (request.Range == RangeChange.Truncate && request.Change is not null && request.Node is { } file)
            Range(file, request.Offset, request.Bytes);
        Attributes(slot);
    }

    /// <summary>Only what stands in <see cref="FuseRequest.Change"/>.</summary>
    public void Attributes(Slot slot)
    {
        if (slot.Request.Change is { } first)
            Send(slot, first);
        if (slot.Request.FurtherChange is { } further)
            Send(slot, further);
        slot.Request.Change = slot.Request.FurtherChange = null;
    }

    private void Send(Slot slot, NamespaceChange change)
    {
        Crash.At(CrashPoint.ChangeMade);
        var root = slot.Mount!.Descriptor;
        if (change.Kind is ChangeKind.Create or ChangeKind.Mknod
            && Whole(root, change.Root, change.Path) is { } made && change.Kind == ChangeKind.Create)
            Intent?.Made(made);
        if (change.Kind is ChangeKind.Rename or ChangeKind.Link)
            Whole(root, change.Root, change.Other);
        if (change.Kind == ChangeKind.Rename && (change.Flags & Exchange) != 0)
            Whole(root, change.Root, change.Path);
        if (Streaming is { } source)
        {
            slot.PeerOwes++;
            slot.Sequence = source.SendChange(change, slot.Index);
        }
        Source?.Resync?.Changed(change);
        Source?.Verify?.Changed(change);
    }

    private void Allocate(Slot slot, FileNode node)
    {
        ref var request = ref slot.Request;
        Range(node, request.Offset, request.Bytes);
        if (request.Error != 0 || Streaming is not { } source || source.Bind(node) is not (not 0 and var file))
            return;
        slot.PeerOwes++;
        slot.Sequence = source.SendRange(FrameType.Fallocate, file, request.Offset, request.Bytes, (uint)request.AllocateMode, slot.Index);
    }

    private void Range(FileNode node, ulong offset, ulong bytes)
    {
        if (Streaming is null)
            Mark(node, offset, bytes);
        else if (node.ReplicatedPath is not null)
            marks.Sent(node.Key, offset, bytes);
    }

    /// <summary>The range may differ, sent or not.</summary>
    public void Mark(FileNode node, ulong offset, ulong bytes)
    {
        if (node.ReplicatedPath is null)
            return;
        marks.Mark(node.Key, offset, bytes);
        Source?.Resync?.Marked(node);
    }

    private FileKey? Whole(int directory, int root, string path)
    {
        NativeStat stat;
        if (Shim.StatAt(directory, path, &stat) != 0)
            return null;
        var key = new FileKey(root, stat.Inode);
        if (Streaming is null)
            marks.MarkWhole(key);
        else
            marks.SentWhole(key);
        return key;
    }
}
