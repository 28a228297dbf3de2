using HaMirror.Agent.Modules;
using HaMirror.Core.Generations;
using HaMirror.Core.Hooks;
using HaMirror.Core.Machine;
using HaMirror.Core.States;
using HaMirror.Io.Heartbeats;
using HaMirror.Io.Storage;

namespace HaMirror.Agent.Tests;

public sealed class ModuleDriverTests
{
    [Fact]
    public async Task Primary_Started_IsGuardedAndRecordedBeforeItServes()
    {
        using var stage = new DriverStage();
        Assert.Null(await stage.CommandAsync(OperatorCommand.StartAsPrimary));
        stage.Expect("it serves", () => stage.Driver.Snapshot.View is { State: ModuleState.Alone, Phase: Phase.Ready });
        var done = stage.Done.ToList();
        Assert.True(done.IndexOf("mount") < done.IndexOf("guard"));
        Assert.True(done.IndexOf("guard") < done.IndexOf("writable"));
        Assert.InRange(done.IndexOf("record serving"), 0, done.IndexOf("writable") - 1);
        Assert.True(done.IndexOf("writable") < done.IndexOf("WaitToAlone"));
        Assert.True(stage.Driver.Intent.Running);
    }

    [Fact]
    public async Task Record_ThatCannotBeWritten_IsNeitherFollowedByServiceNorToldToAnybody()
    {
        using var stage = new DriverStage { DiskFull = true };
        await stage.CommandAsync(OperatorCommand.StartAsPrimary);
        stage.Expect("the failure is shown", () => stage.Driver.Log.Last(null, 100).Any(line => line.Text.Contains("full on purpose", StringComparison.Ordinal)));
        Assert.DoesNotContain("writable", stage.Done);
        Assert.Equal(ReplicaRecord.New, stage.Driver.Announcement.Beat.Record);
    }

    [Fact]
    public async Task Driver_ThatFailsInside_EndsTheServiceByForceAndCanBeStartedAgain()
    {
        using var stage = new DriverStage { WritableThrows = true };
        await stage.CommandAsync(OperatorCommand.StartAsPrimary);
        stage.Expect("the service was ended", () => stage.Done.Contains("ForcedEnd") && stage.Done.Contains("unmount force"));
        stage.Expect("it is stopped", () => stage.Driver.Snapshot.View.State == ModuleState.Stop);

        stage.WritableThrows = false;
        stage.Expect("it can be started", () => stage.CommandAsync(OperatorCommand.StartAsPrimary).Result is null);
        stage.Expect("it serves", () => stage.Driver.Snapshot.View is { State: ModuleState.Alone, Phase: Phase.Ready });
    }

    [Fact]
    public async Task Module_Stopped_StillTellsWhatItHolds()
    {
        using var stage = new DriverStage();
        await stage.CommandAsync(OperatorCommand.StartAsPrimary);
        stage.Expect("it serves", () => stage.Driver.Snapshot.View is { State: ModuleState.Alone, Phase: Phase.Ready });
        Assert.Null(await stage.CommandAsync(OperatorCommand.Stop));
        Assert.True(await stage.Driver.WaitAsync(now => now.View.State == ModuleState.Stop, TimeSpan.FromSeconds(60), CancellationToken.None));
        var beat = stage.Driver.Announcement.Beat;
        Assert.True(beat.Leaving);
        Assert.Equal(stage.Record.Current, beat.Record.Current);
        Assert.False(beat.Record.Current.IsNone);
        Assert.False(stage.Driver.Intent.Running);
    }

    [Fact]
    public async Task Hooks_ThatHang_AreKilledByAForcedEndWhoseAnswerCounts()
    {
        using var stage = new DriverStage { Hangs = HookSequence.WaitToAlone };
        await stage.CommandAsync(OperatorCommand.StartAsPrimary);
        stage.Expect("the start hooks run", () => stage.Done.Contains("WaitToAlone"));
        Assert.Null(await stage.CommandAsync(OperatorCommand.ForceStop));
        stage.Expect("it is stopped", () => stage.Driver.Snapshot.View.State == ModuleState.Stop);
        var done = stage.Done.ToList();
        Assert.InRange(done.IndexOf("WaitToAlone killed"), 0, done.IndexOf("ForcedEnd") - 1);
        Assert.InRange(done.IndexOf("read-only"), 0, done.IndexOf("ForcedEnd") - 1);
    }

    [Fact]
    public async Task Generation_ThatCannotBeRecorded_IsNotOpenedAndTheGuestIsEnded()
    {
        using var stage = new DriverStage();
        await stage.CommandAsync(OperatorCommand.StartAsPrimary);
        stage.Expect("it serves", () => stage.Driver.Snapshot.View is { State: ModuleState.Alone, Phase: Phase.Ready });
        stage.DiskFull = true;
        ((IStorageEvents)stage.Driver).GenerationNeeded();
        stage.Expect("the guest is ended", () => stage.Done.Contains("ForcedEnd") && stage.Done.Contains("read-only"));
        Assert.DoesNotContain("open", stage.Done);
        Assert.Equal(stage.Record.Current, stage.Driver.Announcement.Beat.Record.Current);

        stage.DiskFull = false;
        Assert.Null(await stage.CommandAsync(OperatorCommand.StopStart));
        stage.Expect("it started again", () => stage.Done.Count(what => what == "mount") == 2);
    }

    [Fact]
    public void Record_OfACrashedPrimary_IsMadeToCompareEverythingByTheFirstStep()
    {
        var generation = new GenerationId(Guid.NewGuid());
        using var stage = new DriverStage(new ReplicaRecord { Current = generation, Condition = ReplicaCondition.UpToDate, Serving = true });
        stage.Expect("it is recorded", () => stage.Record is { CompareAll: true, MarksUnsaved: true });
        Assert.Equal(ModuleState.Stop, stage.Driver.Snapshot.View.State);
    }

    [Fact]
    public void Module_Stopped_RecordsThatThePrimaryGoesOnWithoutIt()
    {
        var generation = new GenerationId(Guid.NewGuid());
        var record = new ReplicaRecord { Current = generation, Base = generation, Condition = ReplicaCondition.UpToDate };
        using var stage = new DriverStage(record);
        stage.Driver.Hear(new ModuleAnnouncement("vm1", 5600, 7, new ModuleBeat(
            "n2", ModuleState.Prim, Phase.Transient, record with { Serving = true }, false, false, true, generation, GenerationId.None, 9,
            false, 1, 1, 1)));
        stage.Expect("it is recorded", () => stage.Record.Condition == ReplicaCondition.Outdated);
        stage.Expect("the primary is told", () => stage.Driver.Announcement.Beat.ConfirmsOutdated == generation);
    }

    [Fact]
    public void Beat_ThatComesWhileTheRecordsDiskHangs_IsSaidToBeReceivedAndNotToBeConfirmed()
    {
        var generation = new GenerationId(Guid.NewGuid());
        var record = new ReplicaRecord { Current = generation, Base = generation, Condition = ReplicaCondition.UpToDate };
        using var stage = new DriverStage(record);
        stage.DiskAnswers.Reset();
        stage.Driver.Hear(Asks(record, generation, 4));
        stage.Driver.Hear(Asks(record, generation, 5));
        stage.Driver.Hear(Asks(record, generation, 3)); // A late one.

        var beat = stage.Driver.Announcement.Beat;
        Assert.Equal((9ul, 5ul), (beat.ReceivedBoot, beat.Received));
        Assert.True(beat.ConfirmsOutdated.IsNone);

        stage.DiskAnswers.Set();
        stage.Expect("it is confirmed", () => stage.Driver.Announcement.Beat is { Echo: 5 } now && now.ConfirmsOutdated == generation);
    }

    [Fact]
    public async Task Beat_ThatComesToANodeThatServes_IsNotSaidToBeReceived()
    {
        using var stage = new DriverStage();
        await stage.CommandAsync(OperatorCommand.StartAsPrimary);
        stage.Expect("it serves", () => stage.Driver.Snapshot.View is { State: ModuleState.Alone, Phase: Phase.Ready });
        stage.Driver.Hear(Asks(stage.Record with { Serving = true }, stage.Record.Current, 7));
        Assert.Equal(0ul, stage.Driver.Announcement.Beat.Received);
    }

    [Fact]
    public async Task Beat_ThatComesWhileAnEarlierOneIsCarriedOut_IsLookedAtBeforeWhatWaitedBehindThat()
    {
        var generation = new GenerationId(Guid.NewGuid());
        var record = new ReplicaRecord { Current = generation, Base = generation, Condition = ReplicaCondition.UpToDate };
        using var stage = new DriverStage(record);
        stage.IntentAnswers.Reset();
        var first = stage.CommandAsync(OperatorCommand.FailoverOff);
        stage.Expect("the driver is busy with it", () => stage.Driver.Intent.FailoverOn == false);
        var second = stage.CommandAsync(OperatorCommand.StartAsPrimary); // Refused while the peer is known to serve.
        stage.DiskAnswers.Reset();
        var begun = stage.SavesBegun;
        stage.Driver.Hear(Asks(record, generation, 4));
        stage.IntentAnswers.Set();
        Assert.Null(await first);
        stage.Expect("the beat is being recorded", () => stage.SavesBegun > begun);
        stage.Driver.Hear(new ModuleAnnouncement("vm1", 5600, 7, new ModuleBeat(
            "n2", ModuleState.Stop, Phase.NotReady, record, false, false, true, GenerationId.None, GenerationId.None, 9, false, 5, 1, 1)));
        Assert.Equal((9ul, 5ul), (stage.Driver.Announcement.Beat.ReceivedBoot, stage.Driver.Announcement.Beat.Received));

        stage.DiskAnswers.Set();
        Assert.Null(await second);
    }

    [Fact]
    public async Task Dialling_ThatIsRefused_IsSaidInTheStatusUntilNoLinkIsWanted()
    {
        var generation = new GenerationId(Guid.NewGuid());
        using var stage = new DriverStage(
            new ReplicaRecord { Current = generation, Base = generation, Condition = ReplicaCondition.UpToDate, PeerName = "n2" });
        var primary = stage.Record with { Serving = true, Sole = true };
        stage.Driver.Hear(new ModuleAnnouncement("vm1", 5600, 7, new ModuleBeat(
            "n2", ModuleState.Alone, Phase.Ready, primary, false, false, true, GenerationId.None, GenerationId.None, 9, false, 1, 1, 1)));
        await stage.CommandAsync(OperatorCommand.Start);
        stage.Expect("it is said", () => stage.Driver.LinkRefusal == "There is no replication link to n2: Nobody is there.");
        Assert.Contains(stage.Driver.LinkRefusal, StatusReport.Of(stage.Driver, "n1").Notes);
        await stage.CommandAsync(OperatorCommand.Stop);
        stage.Expect("it is said no more", () => stage.Driver.LinkRefusal is null);
    }

    private static ModuleAnnouncement Asks(ReplicaRecord record, GenerationId generation, ulong sequence) =>
        new("vm1", 5600, 7, new ModuleBeat(
            "n2", ModuleState.Prim, Phase.Transient, record with { Serving = true }, false, false, true, generation, GenerationId.None, 9,
            false, sequence, 1, 1));

    [Fact]
    public void Mount_ThatHangs_IsAborted()
    {
        using var stage = new DriverStage();
        stage.Driver.MountHung("/vm/one", "mount /vm/one has not answered for 10 s");
        Assert.Contains("abort /vm/one", stage.Done);
    }
}
