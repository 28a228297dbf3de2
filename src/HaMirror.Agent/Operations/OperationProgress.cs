namespace HaMirror.Agent.Operations;

/// <summary>How far something is.</summary>
/// <param name="Text">What it does now, as a sentence.</param>
internal sealed record OperationProgress(string Text, double? Percent = null, long? BytesDone = null, long? BytesTotal = null, double? BytesPerSecond = null, double? SecondsLeft = null)
{
    public static OperationProgress Of(Core.Api.VerifyReport report) => new(
        report.Repair ? "The replicas are compared, and what differs is repaired." : "The replicas are compared.", report.Percent, report.BytesDone, report.BytesTotal, report.BytesPerSecond, report.SecondsLeft);

    public static OperationProgress Of(Core.Api.SeedReport report) => new(
        report.Action == "export" ? $"The replica is copied to {report.Directory}." : $"The seed in {report.Directory} is put in place.",
        report.Percent, report.BytesDone, report.BytesTotal, report.BytesPerSecond, report.SecondsLeft);

    public static OperationProgress Of(Core.Api.ResyncStatus resync) => new(
        resync.Source ? "The other node's replica is made equal." : "This node's replica is made equal to the other one's.",
        resync.Percent, resync.BytesCompared, resync.BytesCompared + resync.BytesToDo, resync.BytesPerSecond, resync.SecondsLeft);
}
