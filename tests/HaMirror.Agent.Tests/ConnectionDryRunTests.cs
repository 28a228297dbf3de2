using HaMirror.Agent.Modules;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;
using HaMirror.Io.Heartbeats;

namespace HaMirror.Agent.Tests;

public sealed class ConnectionDryRunTests
{
    private static readonly GenerationId Old = new(new Guid(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    private static readonly GenerationId New = new(new Guid(2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));

    private static ReplicaRecord Record(GenerationId current) =>
        new() { Current = current, Base = Old, Condition = ReplicaCondition.UpToDate };

    [Fact]
    public void DryRun_PeerNeverHeard_SaysThatNobodyCanSay()
    {
        using var stage = new DriverStage(Record(Old));
        var report = ConnectionDryRun.Of(stage.Driver);
        Assert.Equal(("Unknown", null), (report.Decision, report.Theirs));
        Assert.Contains("Nothing of this module was heard from n2", report.Sentence, StringComparison.Ordinal);
        Assert.Equal(("n1", "STOP", "UpToDate"), (report.Mine.Node, report.Mine.State, report.Mine.Condition));
    }

    [Fact]
    public void DryRun_OfAStoppedModule_ShowsWhatThePeerSaidLast()
    {
        using var stage = new DriverStage(Record(Old));
        var theirs = Record(New) with { History = [Old], Serving = true, Sole = true };
        stage.Driver.Hear(new ModuleAnnouncement("vm1", 5600, 7, new ModuleBeat(
            "n2", ModuleState.Alone, Phase.Ready, theirs, false, false, true, GenerationId.None, GenerationId.None, 9, false, 1, 0, 0))
        {
            MarkedBytes = 12288,
        });
        stage.Expect("the peer is heard", () => stage.Driver.Snapshot.View.PeerBeat is not null);

        var report = ConnectionDryRun.Of(stage.Driver);

        Assert.Equal(("Target", "Dirty"), (report.Decision, report.Plan));
        Assert.Contains("n2 went on from generation", report.Sentence, StringComparison.Ordinal);
        Assert.Equal(("n2", "ALONE", 12288L), (report.Theirs!.Node, report.Theirs.State, report.Theirs.MarkedBytes));
        Assert.Equal(["it serves", "it went on alone and may start without its peer"], report.Theirs.Flags.AsEnumerable());
        Assert.InRange(report.PeerHeardSeconds!.Value, 0, 60);
        Assert.Contains(report.Notes, note => note.Contains("n1 is stopped: it connects once it is started", StringComparison.Ordinal));
    }
}
