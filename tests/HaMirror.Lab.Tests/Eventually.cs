using System.Diagnostics;

namespace HaMirror.Lab.Tests;

/// <summary>Waits for conditions: polls until one holds, fails with the last thing seen when the deadline is over.</summary>
internal static class Eventually
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Returns the first value that <paramref name="holds"/>; the time that it took is a bound, not a measurement.</summary>
    public static T Is<T>(TimeSpan deadline, string what, Func<T> look, Func<T, bool> holds)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            T seen = look();
            if (holds(seen))
            {
                return seen;
            }

            if (clock.Elapsed > deadline)
            {
                Assert.Fail($"After {clock.Elapsed.TotalSeconds:F0} s still not so: {what}. Last seen: {seen}\n{LabPair.Story()}");
            }

            using var pause = new ManualResetEventSlim(false);
            pause.Wait(PollInterval);
        }
    }

    public static void True(TimeSpan deadline, string what, Func<bool> holds) => Is(deadline, what, holds, held => held);
}
