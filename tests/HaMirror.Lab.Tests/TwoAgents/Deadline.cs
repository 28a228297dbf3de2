using System.Diagnostics;

namespace HaMirror.Lab.Tests.TwoAgents;

/// <summary>Waits for a condition that needs asking.</summary>
internal static class Deadline
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <param name="story">What to show when the time is over.</param>
    /// <returns>How long it took.</returns>
    public static async Task<TimeSpan> HoldsAsync(string what, TimeSpan limit, Func<Task<bool>> condition, Func<string> story)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(clock.Elapsed < limit, $"After {clock.Elapsed.TotalSeconds:0.0} s still not so: {what}.\n{story()}");
            await Task.Delay(Pause);
        }

        return clock.Elapsed;
    }
}
