// The life of the guard process; what it does to mounts is tested in native-shim/tests/test_guard.c, which needs root.
using System.Diagnostics;
using HaMirror.Io.Native;

namespace HaMirror.Io.Tests.Native;

public sealed class GuardProcessTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public void Dispose_RunningGuard_EndsItInOrder()
    {
        var guard = GuardProcess.Start();
        using var process = Process.GetProcessById(guard.ProcessId);
        guard.Add("/tmp");
        guard.Remove("/tmp");
        guard.Dispose();
        Assert.True(process.WaitForExit(Deadline));
        guard.Dispose(); // twice does no harm
    }

    [Fact]
    public void Guard_LongerThanItsSilence_IsKeptAlive()
    {
        using var died = new ManualResetEventSlim();
        using var guard = GuardProcess.Start(died.Set);
        Assert.False(died.Wait(2 * 1200)); // what is tried here is that nothing happens for twice its period
        using var process = Process.GetProcessById(guard.ProcessId);
        Assert.False(process.HasExited);
    }

    [Fact]
    public void Guard_Killed_IsReported()
    {
        using var died = new ManualResetEventSlim();
        using var guard = GuardProcess.Start(died.Set);
        using var process = Process.GetProcessById(guard.ProcessId);
        process.Kill();
        Assert.True(died.Wait(Deadline));
        guard.Add("/tmp"); // no exception: who must act has been told
    }

    [Fact]
    public void Start_MissingFile_SaysWhatToDo()
    {
        var refused = Assert.Throws<ShimException>(() => GuardProcess.Start("/none/hamirror-guard", died: null));
        Assert.Contains("/none/hamirror-guard", refused.Message);
        Assert.Contains("make -C native-shim", refused.Message);
    }

    [Theory]
    [InlineData("relative")]
    [InlineData("/with\nnewline")]
    public void Add_PathThatCannotBeTold_IsRefused(string path)
    {
        using var guard = GuardProcess.Start();
        Assert.Throws<ArgumentException>(() => guard.Add(path));
    }
}
