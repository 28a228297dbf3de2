using HaMirror.Core.Hooks;
using HaMirror.Io.Hooks;

namespace HaMirror.Io.Tests.Hooks;

public sealed class HookSequenceRunnerTests : IDisposable
{
    private const string Record = "echo \"${0##*/} $*\" >> $HAMIRROR_ROOT/trace";

    private readonly HookDirectory _module = new();

    public void Dispose() => _module.Dispose();

    private async Task<(string? Failure, string[] Trace)> RunAsync(HookSequence sequence, params (string Hook, string Body)[] special)
    {
        foreach (var name in HookTable.Names)
        {
            _module.Hook(name, Record);
        }

        foreach (var (hook, body) in special)
        {
            File.Delete(Path.Combine(_module.Places.Bin, hook));
            _module.Hook(hook, $"{Record}\n{body}");
        }

        var failure = await new HookSequenceRunner(_module.Runner(), _ => { }).RunAsync(sequence, default);
        return (failure, _module.Trace());
    }

    public static TheoryData<HookSequence> Sequences => [.. Enum.GetValues<HookSequence>()];

    [Theory]
    [MemberData(nameof(Sequences))]
    public async Task Sequence_AllSucceeding_CallsTheTableInOrder(HookSequence sequence)
    {
        var (failure, trace) = await RunAsync(sequence);
        var arguments = HookTable.Arguments(sequence);
        Assert.Null(failure);
        Assert.Equal(
            HookTable.Calls(sequence).Select(call =>
                $"{call.Hook} {(call.Pass == HookPass.Forced ? "force " : "")}{arguments.State} {arguments.Next} {arguments.Action}"),
            trace);
    }

    [Fact]
    public async Task StartHook_Failing_EndsTheSequence()
    {
        var (failure, trace) = await RunAsync(HookSequence.WaitToAlone, ("start_both", "exit 4"));
        Assert.Contains("start_both of module vm1 failed with exit code 4", failure, StringComparison.Ordinal);
        Assert.Equal(["transition WAIT ALONE start", "start_both WAIT ALONE start"], trace);
    }

    [Fact]
    public async Task StopHook_FailingPlainly_IsForced()
    {
        var (failure, trace) = await RunAsync(HookSequence.PrimToWait, ("stop_prim", "[ \"$1\" = force ]"));
        Assert.Null(failure);
        Assert.Equal(
            ["stop_prim PRIM WAIT stopwait", "stop_prim force PRIM WAIT stopwait", "stop_both PRIM WAIT stopwait", "transition PRIM WAIT stopwait"], trace);
    }

    [Fact]
    public async Task StopHook_FailingForced_RunsOtherStopsButStartsNothing()
    {
        var (failure, trace) = await RunAsync(HookSequence.RestartInPlace, ("stop_prim", "exit 1"));
        Assert.Contains("stop_prim force of module vm1 failed", failure, StringComparison.Ordinal);
        Assert.Equal(["stop_prim", "stop_prim", "stop_both"], trace.Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public async Task UnimportantHook_Failing_FailsNothing()
    {
        var (failure, trace) = await RunAsync(HookSequence.WaitToPrim, ("transition", "exit 1"));
        Assert.Null(failure);
        Assert.Equal(3, trace.Length);
    }

    [Fact]
    public async Task Sequence_Cancelled_StopsBetweenHooks()
    {
        using var cancel = new CancellationTokenSource();
        _module.Hook("transition", "exit 0");
        _module.Hook("start_both", Record);
        var runner = new HookSequenceRunner(_module.Runner(), _ => cancel.Cancel());
        var failure = await runner.RunAsync(HookSequence.WaitToPrim, cancel.Token);
        Assert.Contains("interrupted before start_both", failure, StringComparison.Ordinal);
        Assert.Empty(_module.Trace());
    }
}
