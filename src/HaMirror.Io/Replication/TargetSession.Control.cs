// What the source says on the control connection of a target.
using System.Text;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.Wire;
using HaMirror.Io.Crashes;
using HaMirror.Io.Native;
using HaMirror.Io.Peer;
using HaMirror.Io.Storage;

namespace HaMirror.Io.Replication;

public sealed unsafe partial class TargetSession
{
    private void ReadControl()
    {
        while (_end is null)
        {
            var status = _control.TryRead(out var header, out var payload);
            if (status == FrameReadStatus.NeedMore)
                break;
            if (status == FrameReadStatus.Violation)
                throw TargetException.Violation("the control connection has a wrong checksum or length.");
            OnControl(header, payload.IsSingleSegment ? payload.FirstSpan : System.Buffers.BuffersExtensions.ToArray(payload));
        }
        _control.Release();
    }

    private void OnControl(in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        switch (header.Type)
        {
            case FrameType.Plan when header.Argument <= (uint)ResyncPlan.CopyAll && _sourcePlan is null:
                Crash.At(CrashPoint.PlanReceived);
                _sourcePlan = (ResyncPlan)header.Argument;
                _events.PlanReceived(_link.Number, (ResyncPlan)header.Argument);
                ComparePlans();
                break;
            case FrameType.ComparisonBegun when payload.Length == 16 && _sourcePlan is not null:
                // Without it the next link compares everything anew, and nothing else.
                if (HeldComparison.Save(_settings.Roots, new Guid(payload)) is { } failure)
                    _log.ComparisonNotHeld(_link.Number, failure);
                break;
            case FrameType.Offer when payload.Length == 16 && HasPlan:
                Crash.At(CrashPoint.OfferReceived);
                _stream.EndTolerance();
                _patience.IsResyncing = false;
                Progress = null;
                _events.OfferReceived(_link.Number, new GenerationId(new Guid(payload)));
                break;
            case FrameType.ResyncProgress when _sourcePlan is { } plan:
                Progress = new ResyncStatus(
                    plan, false, 0, header.Sequence, header.Offset, header.File, (ulong)header.Argument * 1024,
                    header.Argument == 0 ? null : (header.Sequence - Math.Min(header.Offset, header.Sequence)) / (header.Argument * 1024.0));
                break;
            case FrameType.Detached when HasPlan:
                _events.PeerDetached(_link.Number);
                break;
            case FrameType.ReadRequest when HasPlan:
                _reads.Ask(header, payload);
                break;
            case FrameType.Handover:
                _events.HandoverReceived(_link.Number, (header.Flags & FrameFlags.Swap) != 0);
                break;
            case FrameType.Bye:
                End($"The peer ended the link: {Encoding.UTF8.GetString(payload)}");
                break;
            case FrameType.Probe:
                _link.Outgoing.Add(FrameType.ProbeReply, sequence: header.Sequence);
                break;
            case FrameType.ProbeReply:
                break;
            default:
                throw TargetException.Violation($"frame type {(byte)header.Type} does not belong on the control connection now.");
        }
    }

    private void ComparePlans()
    {
        if (_ownPlan is { } own && _sourcePlan is { } source && own != source)
            End($"The source wants to resync by {source}, this node by {own}: they read each other's records differently; "
                + "the link is tried again by itself.");
    }
}
