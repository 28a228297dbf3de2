using HaMirror.Core.Hooks;

namespace HaMirror.Core.Tests.Hooks;

/// <summary>The order of SafeKit's script automaton (reference, section 3.1).</summary>
public sealed class HookTableTests
{
    [Theory]
    [InlineData(HookSequence.StopToWait, "transition prestart")]
    [InlineData(HookSequence.WaitToAlone, "transition start_both start_prim start_sec")]
    [InlineData(HookSequence.WaitToPrim, "transition start_both start_prim")]
    [InlineData(HookSequence.WaitToSecond, "transition start_both start_second start_sec")]
    [InlineData(HookSequence.AloneToPrim, "stop_sec transition")]
    [InlineData(HookSequence.PrimToAlone, "transition start_sec")]
    [InlineData(HookSequence.SecondToAlone, "stop_second transition start_prim")]
    [InlineData(HookSequence.AloneToSecond, "stop_prim transition start_second")]
    [InlineData(HookSequence.SwapPrimToSecond, "stop_prim transition start_second start_sec")]
    [InlineData(HookSequence.SwapSecondToPrim, "stop_sec stop_second transition start_prim")]
    [InlineData(HookSequence.RestartInPlace, "stop_prim stop_both start_both start_prim")]
    [InlineData(HookSequence.AloneToWait, "stop_sec stop_prim stop_both transition")]
    [InlineData(HookSequence.PrimToWait, "stop_prim stop_both transition")]
    [InlineData(HookSequence.SecondToWait, "stop_sec stop_second stop_both transition")]
    [InlineData(HookSequence.WaitToStop, "stop_sec stop_prim stop_second stop_both poststop transition")]
    [InlineData(HookSequence.ForcedEnd, "stop_prim stop_both transition")]
    public void Sequence_Called_RunsTheHooksInOrder(HookSequence sequence, string hooks) =>
        Assert.Equal(hooks, string.Join(' ', HookTable.Calls(sequence).Select(call => call.Hook)));

    [Fact]
    public void EverySequence_Known_HasCallsOfKnownHooksAndArguments()
    {
        foreach (var sequence in Enum.GetValues<HookSequence>())
        {
            Assert.All(HookTable.Calls(sequence), call => Assert.Contains(call.Hook, HookTable.Names));
            Assert.NotEmpty(HookTable.Arguments(sequence).Action);
        }
    }

    [Theory]
    [InlineData(HookSequence.WaitToStop)]
    [InlineData(HookSequence.ForcedEnd)]
    public void StopHooks_WhenTheGuestMustBeGone_AreForced(HookSequence sequence) =>
        Assert.All(HookTable.Calls(sequence).Where(call => call.Hook.StartsWith("stop_", StringComparison.Ordinal)),
            call => Assert.Equal(HookPass.Forced, call.Pass));

    [Fact]
    public void StopPrim_WhereverServiceEndsInOrder_IsForcedWhenItFails() =>
        Assert.All(
            Enum.GetValues<HookSequence>().SelectMany(sequence => HookTable.Calls(sequence)).Where(call => call.Hook == "stop_prim"),
            call => Assert.NotEqual(HookPass.Plain, call.Pass));
}
