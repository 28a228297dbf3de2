namespace HaMirror.Lab.Tests;

/// <summary>The lab itself: a fault that it only pretends to make would let every other test pass for nothing.</summary>
[Collection(LabCollection.Name)]
public sealed class NodeTests
{
    private readonly LabFixture _lab;

    public NodeTests(LabFixture lab)
    {
        _lab = lab;
        _lab.Ready();
    }

    [Fact]
    public void Node_Started_RunsSystemdAndLibvirtOfItsOwn()
    {
        foreach (string node in new[] { LabPair.N1, LabPair.N2 })
        {
            Assert.Equal("systemd", _lab.On(node, "cat", "/proc/1/comm").Success());
            Assert.Equal(node, _lab.On(node, "hostname").Success());
            Assert.Contains($"00000000000{node[1]}", _lab.On(node, "virsh", "capabilities").Success(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void PowerCut_WithLoss_KeepsOnlyWhatWasFlushed()
    {
        _lab.Shell(LabPair.N1, "echo flushed > /vm/flushed; sync /vm/flushed; sync /vm; echo lost > /vm/unflushed").Success();
        _lab.Cut(LabPair.N1, loseUnflushed: true);
        _lab.Return(LabPair.N1);
        Assert.Equal("flushed", _lab.On(LabPair.N1, "cat", "/vm/flushed").Success());
        Assert.NotEqual("lost", _lab.On(LabPair.N1, "cat", "/vm/unflushed").Output.Trim());
    }

    [Fact]
    public void PowerCut_Plain_EndsEveryProcessAndSilencesTheNode()
    {
        _lab.Cut(LabPair.N2);
        Assert.False(_lab.Runs(LabPair.N2));
        _lab.On(LabPair.N1, "ping", "-c", "1", "-W", "1", "10.77.0.2").Refusal();
        _lab.Return(LabPair.N2);
        _lab.On(LabPair.N1, "ping", "-c", "1", "-W", "5", "10.77.0.2").Success();
    }

    [Theory]
    [InlineData("nodes", false, true, false)]
    [InlineData("repl", true, true, false)]
    [InlineData("prod", false, true, true)]
    [InlineData("witness", true, false, true)]
    [InlineData("n1", false, false, false)]
    public void Isolation_OfAKind_CutsWhatItNames(string kind, bool peer, bool witness, bool replication)
    {
        try
        {
            _lab.Lab("isolate", kind).Success();
            Assert.Equal(
                (peer, witness, replication), (Reaches("10.77.0.2"), Reaches("10.77.0.254"), Reaches("10.78.0.2")));
        }
        finally
        {
            _lab.Lab("heal").Success();
        }

        // A port that comes up learns its neighbours anew: let it.
        Eventually.True(TimeSpan.FromSeconds(30), "the cables are whole", () => Reaches("10.77.0.2") && Reaches("10.78.0.2"));
    }

    [Fact]
    public void Freeze_ThenThaw_HoldsTheNodesProcesses()
    {
        _lab.Shell(LabPair.N1, "rm -f /run/ticks; systemd-run -q --unit ticks bash -c 'while :; do echo >> /run/ticks; sleep 0.02; done'").Success();
        Eventually.True(TimeSpan.FromSeconds(30), "the counter runs", () => Ticks() > 5);
        _lab.Lab("freeze", LabPair.N1).Success();
        long held;
        try
        {
            held = Ticks();
            using var pause = new ManualResetEventSlim(false);
            pause.Wait(TimeSpan.FromMilliseconds(500));
            Assert.Equal(held, Ticks());
        }
        finally
        {
            _lab.Lab("thaw", LabPair.N1).Success();
        }

        Eventually.True(TimeSpan.FromSeconds(30), "the counter runs again", () => Ticks() > held);
        _lab.On(LabPair.N1, "systemctl", "stop", "ticks").Success();
    }

    [Fact]
    public void Up_WhileALabIsUp_SaysSo() =>
        Assert.Contains("a lab stands on this machine already", _lab.Lab("up", "--bare").Refusal(), StringComparison.Ordinal);

    [Theory]
    [InlineData("demo.sh", "--auto")]
    [InlineData("test.sh", "--only", "lab")]
    [InlineData("lab/lab.sh", "up")]
    public void Run_OfAnother_RefusesAndLeavesTheLabAlone(string program, params string[] arguments)
    {
        string[] command =
        [
            "-u", "HAMIRROR_TEST_RUN", "HAMIRROR_LAB_OWNER=another", Path.Combine(LabPair.Project, program), .. arguments,
        ];
        string said = Command.Run(Command.DefaultLimit, "env", command).Refusal();
        Assert.Contains("lab.sh down", said, StringComparison.Ordinal);
        Assert.Single(said.Split('\n'));
        Command.Run(Command.DefaultLimit, "env", "-u", "HAMIRROR_TEST_RUN", "HAMIRROR_LAB_OWNER=another",
            Path.Combine(LabPair.Project, "lab", "lab.sh"), "down", "--own").Success();
        Assert.True(_lab.Runs(LabPair.N1) && _lab.Runs(LabPair.N2));
    }

    private bool Reaches(string address) => _lab.On(LabPair.N1, "ping", "-c", "1", "-W", "1", address).ExitCode == 0;

    private static long Ticks()
    {
        string pid = File.ReadAllText($"{LabPair.Work}/n1/init.pid").Trim();
        var file = new FileInfo($"/proc/{pid}/root/run/ticks");
        return file.Exists ? file.Length : 0;
    }
}
