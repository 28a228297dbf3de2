namespace HaMirror.Lab.Tests;

/// <summary>Disks without room, and a resync that has to keep up with a guest that writes.</summary>
[Collection(LabCollection.Name)]
public sealed class DiskTests(LabFixture lab)
{
    /// <summary>Random data beside each record, so that images grow and a resync has something to do.</summary>
    private const string BusyGuest = "LAB_GUEST_KB=256";

    private readonly GuestModule _vm = new(lab, "vm1");

    [Fact]
    public void FullDisk_OfTheSecond_LeavesTheGuestRunningAndSaysTheRemedy()
    {
        _vm.Make(BusyGuest);
        _vm.Start();
        try
        {
            lab.Lab("fill", LabPair.N2).Success();
            _vm.Is(LabPair.N1, "ALONE");
            _vm.GoesOn();
            // Its record lies on the same disk: it says so, and waits for an operator.
            var waiting = _vm.Is(LabPair.N2, "WAIT", "NotReady");
            Assert.Contains("space", waiting.Reason, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("stopstart", waiting.Reason, StringComparison.Ordinal);
        }
        finally
        {
            lab.Lab("drain", LabPair.N2).Success();
        }

        _vm.Act(LabPair.N2, "stopstart").Success();
        _vm.Is(LabPair.N2, "SECOND");
        _vm.Is(LabPair.N1, "PRIM");
        Assert.Single(_vm.Boots(LabPair.N1));
        _vm.ReplicasAreEqual();
    }

    [Fact]
    public void FullDisk_OfThePrimary_PausesTheGuestAndLosesNothing()
    {
        _vm.Make(BusyGuest);
        _vm.Start();
        try
        {
            lab.Lab("fill", LabPair.N1).Success();
            Eventually.True(LabModule.StateLimit, "the guest is paused, or runs on the other node", () =>
                lab.On(LabPair.N1, "virsh", "domstate", _vm.Name).Output.Contains("paused", StringComparison.Ordinal)
                || _vm.Boots(LabPair.N2).Count > 0);
            int promised = _vm.Acknowledged();
            Assert.InRange(promised, 1, int.MaxValue);
        }
        finally
        {
            lab.Lab("drain", LabPair.N1).Success();
        }

        lab.On(LabPair.N1, "virsh", "resume", _vm.Name);
        _vm.GoesOn();
        Eventually.True(LabModule.StateLimit, "one node serves, the other stands by", () =>
            (_vm.Status(LabPair.N1), _vm.Status(LabPair.N2)) is
                ({ State: "PRIM", Phase: "Ready" }, { State: "SECOND", Phase: "Ready" }) or ({ State: "SECOND", Phase: "Ready" }, { State: "PRIM", Phase: "Ready" }));
        Assert.NotEqual(_vm.GuestRuns(LabPair.N1), _vm.GuestRuns(LabPair.N2));
        _vm.ReplicasAreEqual();
    }

    [Fact]
    public void Resync_WhileTheGuestWrites_BecomesGreenAndEqual()
    {
        _vm.Make(BusyGuest);
        _vm.Start();
        for (int round = 0; round < Soak.Times(plain: 1, full: 10); round++)
        {
            lab.Cut(LabPair.N2, loseUnflushed: round % 2 == 0);
            _vm.Is(LabPair.N1, "ALONE");
            _vm.GoesOn();
            // Slow enough that the guest writes while extents are copied.
            lab.Lab("slow", LabPair.N2, "100mbit").Success();
            lab.Return(LabPair.N2);
            _vm.GoesOn();
            _vm.Is(LabPair.N2, "SECOND");
            _vm.Is(LabPair.N1, "PRIM");
            lab.Lab("heal").Success();
            _vm.GoesOn();
        }

        Assert.Single(_vm.Boots(LabPair.N1));
        _vm.ReplicasAreEqual();
    }
}
