namespace HaMirror.Lab.Tests;

/// <summary>A node is lost, in every way that a machine allows; nothing that the guest flushed may be missing.</summary>
[Collection(LabCollection.Name)]
public sealed class FailoverTests(LabFixture lab)
{
    private readonly GuestModule _vm = new(lab, "vm1");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PowerCut_OfThePrimary_LosesNoAcknowledgedRecord(bool loseUnflushed)
    {
        _vm.Make();
        _vm.Start();
        lab.Cut(LabPair.N1, loseUnflushed);
        int promised = _vm.Acknowledged();
        _vm.BootsOn(LabPair.N2, 0, promised);
        _vm.Is(LabPair.N2, "ALONE");
        _vm.GoesOn();
        lab.Return(LabPair.N1);
        _vm.Is(LabPair.N1, "SECOND");
        _vm.Is(LabPair.N2, "PRIM");
        Assert.False(_vm.GuestRuns(LabPair.N1));
        _vm.ReplicasAreEqual();
    }

    [Fact]
    public void PowerCut_OfTheSecond_LeavesTheGuestRunningAndResyncs()
    {
        _vm.Make();
        _vm.Start();
        lab.Cut(LabPair.N2, loseUnflushed: true);
        _vm.Is(LabPair.N1, "ALONE");
        _vm.GoesOn();
        lab.Return(LabPair.N2);
        _vm.Is(LabPair.N2, "SECOND");
        _vm.Is(LabPair.N1, "PRIM");
        Assert.Single(_vm.Boots(LabPair.N1));
        _vm.ReplicasAreEqual();
    }

    [Fact]
    public void AgentKilled_OfThePrimary_GuardEndsTheGuestBeforeThePeerStartsIt()
    {
        _vm.Make();
        _vm.Start();
        // One shell in the node measures, so that no start of a program counts: milliseconds from the kill to the guest's end.
        string measured = lab.Shell(LabPair.N1, """
            agent=$(systemctl show -p MainPID --value hamirrord); guest=$(pgrep -f '[q]emu-system.*guest=vm1')
            kill -9 $agent; begun=$(date +%s%3N)
            while kill -0 $guest 2>/dev/null; do [ $(($(date +%s%3N) - begun)) -lt 10000 ] || break; sleep 0.01; done
            echo $(($(date +%s%3N) - begun))
            """).Success();
        int promised = _vm.AcknowledgedOn(LabPair.N1);
        Assert.InRange(int.Parse(measured, System.Globalization.CultureInfo.InvariantCulture), 0, 2000);
        // systemd starts the agent again; which node serves then is the machine's decision, losing nothing is not.
        Eventually.True(LabModule.StateLimit, "one node serves, the other stands by", () =>
            (_vm.Status(LabPair.N1)?.State, _vm.Status(LabPair.N2)?.State) is ("SECOND", "PRIM") or ("PRIM", "SECOND"));
        _vm.GoesOn();
        Assert.InRange(_vm.Boots(LabPair.N1).Concat(_vm.Boots(LabPair.N2)).Max(), promised, int.MaxValue);
        Assert.NotEqual(_vm.GuestRuns(LabPair.N1), _vm.GuestRuns(LabPair.N2));
        _vm.ReplicasAreEqual();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Pause_LongerThanEveryTimeout_LeavesOneGuestAndNothingLost(bool wholeNode)
    {
        _vm.Make();
        _vm.Start();
        string agent = lab.On(LabPair.N1, "systemctl", "show", "-p", "MainPID", "--value", "hamirrord").Success();
        if (wholeNode)
        {
            lab.Lab("freeze", LabPair.N1).Success();
        }
        else
        {
            lab.On(LabPair.N1, "kill", "-STOP", agent).Success();
        }

        _vm.BootsOn(LabPair.N2, 0, _vm.AcknowledgedOn(LabPair.N1));
        _vm.GoesOn();
        if (wholeNode)
        {
            lab.Lab("thaw", LabPair.N1).Success();
        }
        else
        {
            // The guard may have ended the agent's service meanwhile: then there is nothing to continue.
            lab.On(LabPair.N1, "kill", "-CONT", agent);
            // The guard took its mount away meanwhile: it stops and starts the module by itself.
        }

        _vm.Is(LabPair.N1, "SECOND");
        _vm.Is(LabPair.N2, "PRIM");
        Assert.False(_vm.GuestRuns(LabPair.N1));
        _vm.ReplicasAreEqual();
    }
}
