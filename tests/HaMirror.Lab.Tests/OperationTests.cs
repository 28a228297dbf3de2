namespace HaMirror.Lab.Tests;

/// <summary>What operators do to a healthy pair, and networks that break without a node being lost.</summary>
[Collection(LabCollection.Name)]
public sealed class OperationTests(LabFixture lab)
{
    private readonly GuestModule _vm = new(lab, "vm1");

    [Fact]
    public void SwapRestartStop_OfAHealthyPair_MoveTheGuestAndLoseNothing()
    {
        _vm.Make();
        _vm.Start();

        _vm.Act(LabPair.N1, "swap").Success();
        _vm.Is(LabPair.N2, "PRIM");
        _vm.Is(LabPair.N1, "SECOND");
        _vm.BootsOn(LabPair.N2, 0, _vm.AcknowledgedOn(LabPair.N1));
        _vm.GoesOn();

        int promised = _vm.AcknowledgedOn(LabPair.N2);
        _vm.Act(LabPair.N2, "restart").Success();
        _vm.BootsOn(LabPair.N2, 1, promised);
        _vm.Is(LabPair.N2, "PRIM");
        Assert.Equal("SECOND", _vm.Status(LabPair.N1)!.State);
        _vm.GoesOn();

        _vm.Act(LabPair.N2, "stop").Success();
        _vm.Is(LabPair.N2, "STOP", "NotReady");
        _vm.Is(LabPair.N1, "ALONE");
        _vm.BootsOn(LabPair.N1, 1, _vm.AcknowledgedOn(LabPair.N2));
        Assert.False(_vm.GuestRuns(LabPair.N2));

        _vm.Act(LabPair.N2, "start").Success();
        _vm.Is(LabPair.N2, "SECOND");
        _vm.GoesOn();
        _vm.ReplicasAreEqual();
    }

    [Fact]
    public void Isolation_OfThePrimaryFromEverything_StopsItsGuestAndStartsItOnThePeer()
    {
        _vm.Make();
        _vm.Start();
        lab.Lab("isolate", LabPair.N1).Success();
        _vm.BootsOn(LabPair.N2, 0, _vm.AcknowledgedOn(LabPair.N1));
        _vm.Is(LabPair.N2, "ALONE");
        var waiting = _vm.Is(LabPair.N1, "WAIT", "NotReady");
        Assert.False(string.IsNullOrEmpty(waiting.Reason));
        Assert.False(_vm.GuestRuns(LabPair.N1));
        _vm.GoesOn();
        lab.Lab("heal").Success();
        _vm.Is(LabPair.N1, "SECOND");
        _vm.Is(LabPair.N2, "PRIM");
        _vm.ReplicasAreEqual();
    }

    [Fact]
    public void Isolation_WithoutWitness_BothServeAndTheFormerPrimaryStays()
    {
        _vm.Make("LAB_WITNESS=none");
        _vm.Start();
        lab.Lab("isolate", "nodes").Success();
        _vm.Is(LabPair.N1, "ALONE");
        _vm.Is(LabPair.N2, "ALONE");
        lab.Lab("heal").Success();
        _vm.Is(LabPair.N1, "PRIM");
        _vm.Is(LabPair.N2, "SECOND");
        Assert.False(_vm.GuestRuns(LabPair.N2));
        Assert.Single(_vm.Boots(LabPair.N1));
        _vm.ReplicasAreEqual();
    }

    [Fact]
    public void ReplicationLanCut_WithHeartbeatsAlive_PrimaryGoesOnAloneAndResyncs()
    {
        _vm.Make("LAB_GUEST_KB=64");
        _vm.Start();
        lab.Lab("isolate", "repl").Success();
        _vm.Is(LabPair.N1, "ALONE");
        _vm.GoesOn();
        Assert.False(_vm.GuestRuns(LabPair.N2));
        lab.Lab("heal").Success();
        _vm.Is(LabPair.N1, "PRIM");
        _vm.Is(LabPair.N2, "SECOND");
        Assert.Single(_vm.Boots(LabPair.N1));
        _vm.ReplicasAreEqual();
    }

    [Fact]
    public void OneWayLoss_FromThePrimary_LeavesOneGuest()
    {
        _vm.Make();
        _vm.Start();
        lab.Lab("isolate", "one-way", LabPair.N1).Success();
        Eventually.True(LabModule.StateLimit, "the loss is noticed",
            () => _vm.Status(LabPair.N1)?.State is not "PRIM" || _vm.Status(LabPair.N2)?.State is not "SECOND");
        lab.Lab("heal").Success();
        Eventually.True(LabModule.StateLimit, "one node serves, the other stands by", () =>
            (_vm.Status(LabPair.N1)?.State, _vm.Status(LabPair.N2)?.State) is ("SECOND", "PRIM") or ("PRIM", "SECOND"));
        _vm.GoesOn();
        Assert.NotEqual(_vm.GuestRuns(LabPair.N1), _vm.GuestRuns(LabPair.N2));
        _vm.ReplicasAreEqual();
    }
}
