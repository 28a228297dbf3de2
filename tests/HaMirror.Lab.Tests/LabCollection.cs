namespace HaMirror.Lab.Tests;

/// <summary>The one lab of a test run: made when a test first wants one, removed after the last.</summary>
public sealed class LabFixture : LabPair, IDisposable
{
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(5);
    private readonly string _built;
    private bool _up;
    private string? _whole;

    public LabFixture()
    {
        // A run by test.sh has a mark; whatever lab stands without it is somebody's and is left alone.
        if (Environment.GetEnvironmentVariable("HAMIRROR_TEST_RUN") is null)
        {
            Environment.SetEnvironmentVariable("HAMIRROR_LAB_OWNER", $"tests-{Environment.ProcessId}");
        }

        var standing = Lab("standing", "--others");
        Assert.True(standing.ExitCode != 0, standing.Output);
        _built = Environment.GetEnvironmentVariable("HAMIRROR_OUT") ?? Path.Combine(Project, "out");
        if (Environment.GetEnvironmentVariable("HAMIRROR_OUT") is null)
        {
            Command.Run(BuildLimit, Path.Combine(Project, "install.sh"), "--build").Success();
        }
    }

    /// <summary>For tests of the lab itself: whatever lab there is, or a bare one.</summary>
    internal void Ready()
    {
        _whole = null;
        if (!_up)
        {
            Lab("up", "--bare").Success();
            _up = true;
        }
    }

    /// <summary>Two new nodes, HaMirror installed, joined to one cluster: nothing of the test before is left.</summary>
    internal void Fresh()
    {
        Release();
        Command.Run(TimeSpan.FromMinutes(3), "env", $"HAMIRROR_OUT={_built}", Path.Combine(Project, "lab", "lab.sh"), "up").Success();
        _up = true;
        Lab("cluster").Success();
    }

    /// <summary>Says that a test left this module stopped on two running, connected nodes, both replicas equal.</summary>
    internal void IsWhole(string module) => _whole = module;

    /// <summary>Whether a test can begin with the module as the one before left it; a test that fails leaves nothing to begin
    /// with. Saves most of a test's time.</summary>
    internal bool Takes(string module)
    {
        bool whole = _up && _whole == module;
        _whole = null;
        return whole;
    }

    /// <summary>No lab at all, for tests that make their own.</summary>
    internal void Release()
    {
        Lab("down", "--own").Success();
        (_up, _whole) = (false, null);
    }

    public void Dispose() => Lab("down", "--own").Success();
}

[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class LabCollection : ICollectionFixture<LabFixture>
{
    public const string Name = "lab";
}
